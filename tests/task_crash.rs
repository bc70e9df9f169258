//! `kill -9` at any moment: no task is lost, none is tried too often, none is told twice.
//!
//! More rounds: `cargo test --test task_crash -- killed rounds=200`.

#![expect(clippy::unwrap_used, reason = "a test may fail")]
#![expect(clippy::print_stdout, reason = "the victim says what it does")]

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use async_stream::stream;
use futures_util::{FutureExt, StreamExt, future::BoxFuture};
use operatoros::{
    budget::Ledger,
    config::{Settings, TaskSettings},
    conversation::{Registry, Workshop},
    lifecycle::Lifecycle,
    model::{Clock, ConversationId, Event, FinishReason, ProviderName, TaskFilter, UserId},
    pool::Pools,
    provider::{
        Answer, Ending, Failure, Item, OFFLINE, Piece, Prices, Provider, Providers, Request,
    },
    route::Router,
    store::{LocalStore, Store},
    task::{NewTask, Tasks},
};

const ROUNDS: usize = 12;
const ATTEMPTS: u32 = 3;
const DIRECTORY: &str = "directory=";
const COUNT: &str = "rounds=";
/// The victim hands in nothing more and ends once every task has ended.
const LAST: &str = "last=";

/// What the victims said before they died.
#[derive(Default)]
struct Said {
    submitted: BTreeSet<u64>,
    asked: BTreeMap<u64, u32>,
}

#[tokio::test]
async fn killed_at_any_moment_no_task_is_lost_tried_too_often_or_told_twice() {
    let dir = tempfile::tempdir().unwrap();
    let rounds = argument(COUNT).map_or(ROUNDS, |count| count.parse().unwrap());
    let mut said = Said::default();
    for _ in 0..rounds {
        run_victim(dir.path(), Some(fastrand::u64(1..250)), &mut said);
    }
    run_victim(dir.path(), None, &mut said);

    let store = LocalStore::open(dir.path()).unwrap();
    let told = told(&store).await;
    for number in &said.submitted {
        let task = store.task_numbered(*number).await.unwrap().expect("it was acknowledged");
        assert!(!task.is_unsettled(), "{task:?}");
        assert!(task.attempts <= ATTEMPTS, "{task:?}");
        assert_eq!(told.get(number), Some(&1), "how often {number} was told");
    }
    assert!(told.values().all(|times| *times == 1), "{told:?}");
    let most = said.asked.values().max();
    assert!(most.is_some_and(|most| *most <= ATTEMPTS), "asked {most:?} times");
    println!(
        "{rounds} kills, {} tasks, {} asked for more than once, at most {most:?} times",
        said.submitted.len(),
        said.asked.values().filter(|asked| **asked > 1).count(),
    );
}

/// How often the outcome of each task was told.
async fn told(store: &LocalStore) -> BTreeMap<u64, u32> {
    let mut told = BTreeMap::new();
    let conversation = store.conversations(user(), None, 1).await.unwrap().remove(0);
    for event in store.events(conversation.id, 0, usize::MAX).await.unwrap() {
        if let Event::CommandResult { slots, .. } = &event.event {
            *told.entry(slots["task_id"].as_u64().unwrap()).or_default() += 1;
        }
    }
    told
}

/// Starts a victim and kills it after so many lines; without a number it ends by itself.
fn run_victim(dir: &Path, lines: Option<u64>, said: &mut Said) {
    let mut victim = Command::new(std::env::current_exe().unwrap());
    victim.args(["--ignored", "--exact", "victim", "--nocapture"]);
    victim.arg(format!("{DIRECTORY}{}", dir.display()));
    if lines.is_none() {
        victim.arg(format!("{LAST}1"));
    }
    let mut victim = victim.stdout(Stdio::piped()).spawn().unwrap();
    let mut seen = 0;
    // After the kill the pipe still holds what was said before it.
    for line in BufReader::new(victim.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let number = |word| line.split_once(word).and_then(|(_, n)| n.trim().parse().ok());
        if let Some(number) = number("submitted ") {
            said.submitted.insert(number);
        } else if let Some(number) = number("asked ") {
            *said.asked.entry(number).or_default() += 1;
        }
        seen += 1;
        if Some(seen) == lines {
            victim.kill().unwrap();
        }
    }
    let ended = victim.wait().unwrap();
    assert_eq!(ended.success(), lines.is_none(), "the victim died by itself");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "started and killed by the test above"]
async fn victim() {
    let Some(dir) = argument(DIRECTORY) else { return };
    let last = argument(LAST).is_some();
    let store: Arc<dyn Store> = Arc::new(LocalStore::open(Path::new(&dir)).unwrap());
    let registry = registry(store.clone(), Clock::system());
    operatoros::conversation::recover_all(registry.workshop()).await.unwrap();
    let conversation = conversation(&registry).await;
    let settings = TaskSettings { workers: 4, max_attempts: ATTEMPTS, ..TaskSettings::default() };
    let tasks = Tasks::start(registry.clone(), &settings).await.unwrap();
    let first = store.highest_task_number().await.unwrap() + 1;
    for number in first.. {
        if last {
            break;
        }
        let text = number.to_string().into();
        let new = NewTask { text, conversation: Some(conversation), ..NewTask::default() };
        let submitted = tasks.submit(user(), new).await.unwrap();
        println!("submitted {}", submitted.task.number);
        assert_eq!(submitted.task.number, number);
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..20))).await;
    }
    while !store.open_tasks().await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    registry.workshop().lifecycle.drain(Duration::ZERO).await;
    store.close().await;
}

/// Where the outcomes are told.
async fn conversation(registry: &Registry) -> ConversationId {
    let store = &registry.workshop().store;
    match store.conversations(user(), None, 1).await.unwrap().pop() {
        Some(record) => record.id,
        None => registry.create(user(), None, None).await.unwrap().0.id,
    }
}

fn registry(store: Arc<dyn Store>, clock: Clock) -> Registry {
    let settings = Settings::default();
    let provider = Arc::new(Telling(OFFLINE.into())) as Arc<dyn Provider>;
    let providers = Providers::from([(OFFLINE.into(), provider)]);
    Registry::new(Workshop {
        store,
        router: Arc::new(ArcSwap::from_pointee(Router::of(&settings).unwrap())),
        pools: Pools::new(&settings, &providers, &operatoros::tool::Toolbox::default()),
        ledger: Ledger::default(),
        prices: Arc::new(ArcSwap::from_pointee(Prices::new(settings.prices))),
        clock,
        lifecycle: Lifecycle::default(),
    })
}

/// A provider that says what it is asked, takes its time, and answers.
struct Telling(ProviderName);

impl Provider for Telling {
    fn name(&self) -> &ProviderName {
        &self.0
    }

    fn ask(&self, request: Request) -> BoxFuture<'static, Result<Answer, Failure>> {
        if let Some(Item::User(number)) = request.items.last() {
            println!("asked {number}");
        }
        let answer = stream! {
            for word in ["it ", "is ", "done"] {
                tokio::time::sleep(Duration::from_millis(fastrand::u64(0..30))).await;
                yield Ok(Piece::Text(word.to_owned()));
            }
            let ending = Ending { finish_reason: FinishReason::Stop, usage: None, model: None };
            yield Ok(Piece::End(ending));
        };
        async move { Ok(answer.boxed()) }.boxed()
    }
}

fn argument(name: &str) -> Option<String> {
    std::env::args().find_map(|arg| arg.strip_prefix(name).map(String::from))
}

fn user() -> UserId {
    UserId::named("somebody")
}

/// Submitting, taking, listing and starting with as many tasks as there may be of one user.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes half a minute; says how long things take"]
async fn a_hundred_thousand_tasks() {
    const TASKS: usize = 100_000;
    const AT_ONCE: usize = 512;
    let dir = tempfile::tempdir().unwrap();
    let later = Clock::system().now().plus(Duration::from_secs(3_600));
    let store: Arc<dyn Store> = Arc::new(LocalStore::open(dir.path()).unwrap());
    let registry1 = registry(store.clone(), Clock::system());
    let tasks = Tasks::start(registry1.clone(), &TaskSettings::default()).await.unwrap();
    let submit = |n: usize| {
        let text = format!("task {n}").into();
        let new = NewTask { text, run_at: Some(later), ..NewTask::default() };
        let tasks = tasks.clone();
        async move { tasks.submit(user(), new).await.unwrap() }
    };
    let mut slices = Vec::new();
    for slice in 0..10 {
        let began = tokio::time::Instant::now();
        let all = futures_util::stream::iter(slice * TASKS / 10..(slice + 1) * TASKS / 10);
        all.map(submit).buffer_unordered(AT_ONCE).for_each(|_| async {}).await;
        slices.push(began.elapsed());
    }
    println!("submitted, by tenths: {slices:.2?}");
    let began = tokio::time::Instant::now();
    submit(0).await;
    println!("one more: {:.2?}", began.elapsed());
    let filters = [
        ("all", TaskFilter::default()),
        (
            "failed",
            TaskFilter {
                status: Some(operatoros::model::TaskStatus::Failed),
                ..TaskFilter::default()
            },
        ),
        ("of a pool", TaskFilter { pool: Some("sports".into()), ..TaskFilter::default() }),
    ];
    for (what, filter) in filters {
        let began = tokio::time::Instant::now();
        let page = tasks.list(user(), &filter, None, 50).await.unwrap();
        println!("a page of {what}: {:.2?}, {} rows", began.elapsed(), page.tasks.len());
    }
    registry1.workshop().lifecycle.drain(Duration::ZERO).await;
    store.close().await;
    drop((tasks, registry1, store));
    let began = tokio::time::Instant::now();
    let store: Arc<dyn Store> = Arc::new(LocalStore::open(dir.path()).unwrap());
    let opened = began.elapsed();
    let tasks = Tasks::start(registry(store.clone(), Clock::system()), &TaskSettings::default())
        .await
        .unwrap();
    println!("started in {:.2?}, of which {opened:.2?} opened the store", began.elapsed());
    assert_eq!(tasks.load().queued, TASKS + 1);
}
