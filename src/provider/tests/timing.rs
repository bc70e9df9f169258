//! Deadlines and the offline provider's pace, in a time that the tests own.

use std::time::Duration;

use futures_util::{StreamExt, future, stream};
use tokio::time::{Instant, sleep};

use super::{assistant, request, told, user};
use crate::{
    config::{OfflineSettings, ProviderKind, ProviderSettings},
    model::FinishReason,
    provider::{
        self, Briefing, Ending, Failure, Item, OFFLINE, Opinion, Piece, Request,
        deadline::{self, Deadlines, Pulse},
    },
};

const PASSED: &str = "failure DeadlineExceeded (status None, code None), retry Soon";

fn deadlines(first_token_ms: u64, silence_ms: u64, turn_ms: u64) -> Deadlines {
    Deadlines::from(&ProviderSettings {
        kind: ProviderKind::OpenaiChat,
        base_url: String::new(),
        api_key: None,
        model: String::new(),
        server_state: false,
        connect_ms: 0,
        first_token_ms,
        silence_ms,
        turn_ms,
        max_concurrent: None,
        trace: false,
    })
}

/// What happens upstream, each after so many milliseconds.
#[derive(Clone, Copy)]
enum Does {
    Headers,
    Pings,
    Broods,
    Thinks,
    Says,
    Ends,
}

type Script = &'static [(u64, Does)];

/// What is told of an upstream that does this, and after how many milliseconds it is over.
async fn upstream(deadlines: Deadlines, script: Script) -> (String, u128) {
    let began = Instant::now();
    let ask = move |pulse: Pulse| async move {
        let mut script = script.iter();
        for (ms, does) in script.by_ref() {
            sleep(Duration::from_millis(*ms)).await;
            if matches!(does, Does::Headers) {
                break;
            }
        }
        let done = stream::iter(script.as_slice()).filter_map(move |(ms, does)| {
            let pulse = pulse.clone();
            async move {
                sleep(Duration::from_millis(*ms)).await;
                pulse.beat();
                piece(*does)
            }
        });
        Ok(done.chain(stream::once(future::pending())).boxed())
    };
    let told = match deadline::within(deadlines, ask).await {
        Ok(answer) => told(answer).await,
        Err(failure) => format!("failure {failure}, retry {:?}", failure.retry),
    };
    (told, began.elapsed().as_millis())
}

fn piece(does: Does) -> Option<Result<Piece, Failure>> {
    let end = Ending { finish_reason: FinishReason::Stop, usage: None, model: None };
    match does {
        Does::Headers | Does::Pings => None,
        Does::Broods => Some(Ok(Piece::Reasoning(String::new()))),
        Does::Thinks => Some(Ok(Piece::Reasoning("hm".to_owned()))),
        Does::Says => Some(Ok(Piece::Text("a".to_owned()))),
        Does::Ends => Some(Ok(Piece::End(end))),
    }
}

#[tokio::test(start_paused = true)]
async fn each_deadline_breaks_off_in_its_own_time() {
    use Does::{Broods, Ends, Headers, Pings, Says, Thinks};
    let end = "end Ending { finish_reason: Stop, usage: None, model: None }";
    let rows: [(Script, String, u128); 8] = [
        (&[(600, Headers)], PASSED.to_owned(), 500),
        (&[(300, Headers)], PASSED.to_owned(), 500),
        (&[(300, Headers), (100, Pings), (300, Says)], PASSED.to_owned(), 500),
        (&[(10, Headers), (10, Says)], format!("text a\n{PASSED}"), 120),
        // A thought that is not shown is a beginning, too, and no piece.
        (
            &[(450, Headers), (40, Broods), (90, Pings), (90, Says)],
            format!("text a\n{PASSED}"),
            770,
        ),
        (
            &[(10, Headers), (400, Thinks), (90, Pings), (90, Says)],
            format!("reasoning hm\ntext a\n{PASSED}"),
            690,
        ),
        (
            &[
                (0, Headers),
                (0, Says),
                (90, Pings),
                (90, Pings),
                (90, Pings),
                (90, Pings),
                (90, Pings),
                (90, Pings),
                (90, Pings),
                (90, Pings),
                (90, Pings),
                (90, Pings),
                (90, Pings),
                (90, Pings),
            ],
            format!("text a\n{PASSED}"),
            1_000,
        ),
        (&[(10, Headers), (10, Says), (10, Ends)], format!("text a\n{end}"), 1_000),
    ];
    for (script, expected, after) in rows {
        let (told, ms) = upstream(deadlines(500, 100, 1_000), script).await;
        assert_eq!((told, ms), (expected, after));
    }
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_never_pauses_is_broken_off_too() {
    let ask = |_| async { Ok(stream::repeat_with(|| Ok(Piece::Text("a".to_owned()))).boxed()) };
    let mut answer = deadline::within(deadlines(500, 100, 1_000), ask).await.unwrap();
    assert!(answer.next().await.unwrap().is_ok());
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(answer.next().await.unwrap().is_err());
    assert_eq!(answer.next().await, None);
}

async fn offline(request: Request, settings: OfflineSettings) -> (String, u128) {
    let providers = provider::build(&[].into(), &settings).unwrap();
    let began = Instant::now();
    let told = told(providers[OFFLINE].ask(request).await.unwrap()).await;
    (told, began.elapsed().as_millis())
}

fn pace(words_per_second: u32, words: Option<u32>, fails: Option<u32>) -> OfflineSettings {
    OfflineSettings { words_per_second, first_word_ms: 150, words, fail_after_words: fails }
}

#[tokio::test(start_paused = true)]
async fn offline_too_it_is_said_who_said_what_and_who_did_not() {
    let settings = OfflineSettings::default();
    let (said, _) = offline(request(&[user("How do bonds work?")]), settings.clone()).await;
    let opinion = |pool: &str, said| Opinion { pool: pool.into(), said };
    let opinions = vec![
        opinion("financial", Ok("Bonds pay interest.".into())),
        opinion("business", Err("queue_full")),
        opinion("general", Ok(said.into())),
    ];
    let briefing = Briefing::new("How do bonds work?".into(), opinions, 1_000);
    let (told, _) = offline(request(&[Item::Briefing(briefing.into())]), settings).await;
    insta::assert_snapshot!("offline_briefing", told.replace("\\n", "\n"));
}

#[tokio::test(start_paused = true)]
async fn the_offline_answer_says_what_it_is_and_what_arrived() {
    let items = [user("What is\nflu?"), assistant("A virus."), user("And   a cold?")];
    let (told, _) = offline(request(&items), OfflineSettings::default()).await;
    insta::assert_snapshot!("offline", told.replace("\\n", "\n"));
    assert!((140..180).contains(&told.split_whitespace().count()));
}

#[tokio::test(start_paused = true)]
async fn it_varies_with_pool_and_history_and_with_nothing_else() {
    let mut answers = std::collections::BTreeSet::new();
    for pool in ["healthcare", "financial", "sports", "business", "general", "gardening"] {
        for items in [&[user("hello")][..], &[user("hi"), assistant("yes?"), user("hello")], &[]] {
            let mut request = request(items);
            request.pool = pool.into();
            let again = offline(request.clone(), pace(0, None, None)).await;
            let (told, ms) = offline(request, pace(0, None, None)).await;
            assert_eq!((&told, ms), (&again.0, 150));
            assert!(told.starts_with("text No model is connected:"), "{told}");
            answers.insert(told);
        }
    }
    assert_eq!(answers.len(), 18);
}

#[tokio::test(start_paused = true)]
async fn words_come_at_their_pace_and_exactly_as_many_as_were_ordered() {
    // words a second, words, fails after: (words, milliseconds, failed)
    let rows = [
        (pace(40, Some(41), None), (41, 1_150, false)),
        (pace(1_000, Some(1_001), None), (1_001, 1_150, false)),
        (pace(0, Some(10_000), None), (10_000, 150, false)),
        (pace(40, Some(1), None), (1, 150, false)),
        (pace(40, None, Some(41)), (41, 2 * 150 + 875, true)),
        (pace(40, Some(5), Some(9)), (5, 250, true)),
        (pace(40, None, Some(0)), (0, 150, true)),
    ];
    for (settings, (words, ms, failed)) in rows {
        let (told, elapsed) = offline(request(&[user("hello")]), settings.clone()).await;
        let text = told.lines().next().unwrap().strip_prefix("text ").unwrap_or_default();
        assert_eq!(text.replace("\\n", " ").split_whitespace().count(), words, "{settings:?}");
        assert_eq!(elapsed, ms, "{settings:?}");
        assert_eq!(told.contains("failure ProviderTruncated"), failed, "{settings:?}");
        assert_ne!(told.contains("end Ending"), failed, "{settings:?}");
    }
}

#[test]
fn only_what_can_be_asked_is_made() {
    let settings = crate::config::Settings::default();
    let names = |providers: &std::collections::BTreeMap<String, ProviderSettings>| {
        let made = provider::build(providers, &settings.offline).unwrap();
        made.keys().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(names(&settings.providers), [OFFLINE]);
    let mut keyed = settings.providers.clone();
    keyed.get_mut("openai").unwrap().api_key = Some("sk-test".to_owned().into());
    keyed.get_mut("anthropic").unwrap().api_key = Some(String::new().into());
    assert_eq!(names(&keyed), [OFFLINE, "openai"]);
    let mut own = settings.providers.clone();
    own.get_mut("openai").unwrap().base_url = "http://127.0.0.1:11434/v1".to_owned();
    assert_eq!(names(&own), [OFFLINE, "openai"]);
    let mut bad = keyed.clone();
    bad.get_mut("openai").unwrap().api_key = Some("sk\n".to_owned().into());
    assert!(provider::build(&bad, &settings.offline).is_err());
    bad.get_mut("openai").unwrap().base_url = "not a url".to_owned();
    assert!(provider::build(&bad, &settings.offline).is_err());
}
