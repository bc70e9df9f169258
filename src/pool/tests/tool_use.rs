//! Answers that stop for tools: what is asked in each round, what is told, and when it is enough.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use tokio::time::{Instant, sleep};

use super::{piece, step};
use crate::{
    config::{PoolSettings, Restart, Settings},
    limits,
    model::{Day, ProviderName, Reason},
    pool::{Pool, Pools, Progress, Prompt},
    provider::{Answer, Failure, Item, Piece, Provider, Request},
    tool::{Toolbox, tests::echo},
};

/// A model that does what its plans say, in the letters of the other tests, and notes what it reads.
struct Model {
    name: ProviderName,
    plans: Mutex<VecDeque<String>>,
    read: Arc<Mutex<Vec<String>>>,
}

impl Provider for Model {
    fn name(&self) -> &ProviderName {
        &self.name
    }

    fn ask(&self, request: Request) -> BoxFuture<'static, Result<Answer, Failure>> {
        let items = request.items.iter().map(item).collect::<Vec<_>>().join(" ");
        let closed = if request.tools.closed { " closed" } else { "" };
        let read = format!("{}{closed}: {items}", request.tools.tools.len());
        self.read.lock().unwrap().push(read);
        let plan = self.plans.lock().unwrap().pop_front().unwrap_or_else(|| "N".to_owned());
        let pieces: Vec<_> = plan.chars().map(piece).collect();
        async move { Ok(stream::iter(pieces).boxed()) }.boxed()
    }
}

fn item(item: &Item) -> String {
    match item {
        Item::User(text) => text.to_string(),
        Item::Assistant(text) => format!("{text:?}"),
        Item::Replay(replay) => format!("<{}>", replay.body.get()),
        Item::ToolCall(call) => format!("{}()", call.name),
        Item::ToolResult { output, failed, .. } => {
            format!("{}{output}", if *failed { "!" } else { "=" })
        }
        Item::Briefing(_) => "briefing".to_owned(),
    }
}

/// The pool, and what its models have read.
fn pool(
    restart: Restart,
    slow: Duration,
    plans: [&str; 2],
) -> (Arc<Pool>, Arc<Mutex<Vec<String>>>) {
    let read = Arc::new(Mutex::new(Vec::new()));
    let model = |(name, plans): (&str, &str)| -> (ProviderName, Arc<dyn Provider>) {
        let plans = Mutex::new(plans.split_whitespace().map(str::to_owned).collect());
        (name.into(), Arc::new(Model { name: name.into(), plans, read: read.clone() }))
    };
    let providers = ["a", "b"].into_iter().zip(plans).map(model).collect();
    let settings = PoolSettings {
        route: vec!["a".to_owned(), "b".to_owned()],
        tools: vec!["echo".to_owned(), "slow".to_owned()],
        restart,
        ..PoolSettings::default()
    };
    let pools = BTreeMap::from([("only".to_owned(), settings)]);
    let settings = Settings { pools, ..Settings::default() };
    let tools = Toolbox::of(
        [echo("echo", Duration::ZERO), echo("slow", slow), echo("another", Duration::ZERO)],
        BTreeMap::new(),
    );
    (Pools::new(&settings, &providers, &tools).get("only").unwrap(), read)
}

async fn told(pool: &Arc<Pool>) -> String {
    let prompt = Prompt { items: vec![Item::User("Q".into())], ..Prompt::default() };
    let mut told = String::new();
    let mut answer = pool.clone().answer(prompt);
    while let Some(progress) = answer.next().await {
        match &progress {
            Progress::Piece(Piece::Text(text)) => told.push_str(text),
            other => told.push_str(&step(other)),
        }
    }
    told
}

/// Both plans, what readers see, and what the models read round by round.
async fn check(restart: Restart, plans: [&str; 2], expected: &str, read: &[&str]) {
    let (pool, noted) = pool(restart, Duration::from_secs(2), plans);
    assert_eq!(told(&pool).await, expected, "{plans:?}");
    assert_eq!(*noted.lock().unwrap(), read, "{plans:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_stops_for_its_tools_and_goes_on() {
    let keep = Restart::Keep;
    check(keep, ["te", ""], "a:te", &["2: Q"]).await;
    check(
        keep,
        ["tcw ttcw te", ""],
        "a:t‖echo(echo=echo)>a:\n\ntt‖echo(echo=echo)>a:\n\nte",
        &["2: Q", r#"2: Q "t" echo() =echo"#, r#"2: Q "t" echo() =echo "tt" echo() =echo"#],
    )
    .await;
    // At the same time, told as they end and read as they were called; in what order they stood.
    check(
        keep,
        ["psptcuw te", ""],
        "a:t‖slow(echo(unknown(echo=echo)unknown!tool_rejected)slow=slow)>a:\n\nte",
        &[
            "2: Q",
            "2: Q <1> slow() <1> \"t\" echo() unknown() =slow =echo !there is no such tool; there \
             are: echo, slow",
        ],
    )
    .await;
    // An answer that was cut off calls nothing, and neither does one that says it has ended.
    check(keep, ["cce", ""], "a:e", &["2: Q"]).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_shown_stays_when_another_provider_goes_on() {
    let (keep, reset) = (Restart::Keep, Restart::Reset);
    // Nothing of a call is shown, so whoever is next takes over unseen.
    check(
        keep,
        ["pcN", "cw te"],
        "a:b:‖echo(echo=echo)>a:b:te",
        &["2: Q", "2: Q", "2: Q echo() =echo", "2: Q echo() =echo"],
    )
    .await;
    check(
        keep,
        ["tcw tN", "te"],
        "a:t‖echo(echo=echo)>a:\n\ntN",
        &["2: Q", r#"2: Q "t" echo() =echo"#],
    )
    .await;
    check(
        reset,
        ["tcw tcN", "te"],
        "a:t‖echo(echo=echo)>a:\n\ntb:!t\n\nte",
        &["2: Q", r#"2: Q "t" echo() =echo"#, r#"2: Q "t" echo() =echo"#],
    )
    .await;
    check(
        reset,
        ["tcN", "cw te"],
        "a:tb:!‖echo(echo=echo)>a:b:te",
        &["2: Q", "2: Q", "2: Q echo() =echo", "2: Q echo() =echo"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn tools_have_their_limits() {
    // One that takes too long has failed; the model is told, and goes on.
    let (pool, read) = pool(Restart::Keep, limits::TOOL_TIME_MAX * 2, ["sw te", ""]);
    let before = Instant::now();
    assert_eq!(told(&pool).await, "a:‖slow(slow!deadline_exceeded)>a:te");
    assert_eq!(before.elapsed(), limits::TOOL_TIME_MAX);
    assert_eq!(read.lock().unwrap()[1], "2: Q slow() !it took too long");

    // Whoever never comes to an end is told that it is enough.
    let rounds = limits::TOOL_ROUNDS_MAX as usize;
    let (pool, read) = self::pool(Restart::Keep, Duration::ZERO, [&"cw ".repeat(99), ""]);
    assert_eq!(told(&pool).await.matches("echo=").count(), rounds);
    let read = read.lock().unwrap().clone();
    assert_eq!(read.len(), rounds + 1);
    assert_eq!(read.iter().position(|read| read.starts_with("2 closed")), Some(rounds));

    // Of many calls at once the first are carried out, and each of the others is answered.
    let calls = format!("{}w te", "c".repeat(limits::TOOL_CALLS_AT_ONCE_MAX + 2));
    let (pool, read) = self::pool(Restart::Keep, Duration::ZERO, [&calls, ""]);
    let told = told(&pool).await;
    assert_eq!(told.matches("echo=").count(), limits::TOOL_CALLS_AT_ONCE_MAX);
    assert_eq!(told.matches("echo!tool_rejected").count(), 2);
    assert_eq!(read.lock().unwrap()[1].matches("!only the first").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn calls_are_counted_by_tool_and_outcome_but_for_names_that_a_model_makes_up() {
    let slow = limits::TOOL_TIME_MAX * 2;
    let (pool, _) = pool(Restart::Keep, slow, ["csuw cw te", ""]);
    told(&pool).await;
    let calls = pool.meter().figures(Day(0)).calls;
    assert_eq!(calls.keys().map(|tool| &**tool).collect::<Vec<_>>(), ["echo", "slow"]);
    assert_eq!((calls["echo"].found, &calls["echo"].failed), (2, &BTreeMap::new()));
    let late = BTreeMap::from([(Reason::DeadlineExceeded, 1)]);
    assert_eq!((calls["slow"].found, &calls["slow"].failed), (0, &late));
    assert_eq!(
        (calls["echo"].duration.total(), calls["slow"].duration.sum),
        (2, limits::TOOL_TIME_MAX)
    );
}

#[tokio::test(start_paused = true)]
async fn each_call_of_an_answer_has_an_id_of_its_own() {
    let (pool, _) = pool(Restart::Keep, Duration::ZERO, ["ccw cw te", ""]);
    let steps: Vec<_> = pool.answer(Prompt::default()).collect().await;
    let ids = steps.iter().filter_map(|step| match step {
        Progress::Calling(call) => Some(&*call.id),
        _ => None,
    });
    assert_eq!(ids.collect::<Vec<_>>(), ["echo", "echo_1", "echo_4"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_ends_what_tools_have_begun() {
    let (pool, read) = pool(Restart::Keep, Duration::from_secs(9), ["sw te", ""]);
    let mut answer = pool.answer(Prompt::default());
    while let Some(progress) = answer.next().await {
        if matches!(progress, Progress::Calling(_)) {
            break;
        }
    }
    drop(answer);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(read.lock().unwrap().len(), 1, "nobody is asked any more");
}
