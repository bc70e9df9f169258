//! One attempt: a worker of the pool, then its answer, within the time that it may take.
//!
//! Invariant: while an attempt is under way it alone writes the task's record; the start is durable
//! before the request leaves.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::{FutureExt, StreamExt, stream::BoxStream};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::field;

use super::{cost::Cost, keeping::Keeper, outcome, seats::Slot};
use crate::{
    budget::Exhausted,
    conversation::{Workshop, over_budget},
    limits,
    model::{AgentName, Fault, FinishReason, Reason, Task, TaskId, Traced},
    pool::{Asker, Origin, Pool, Progress, Prompt, Worker},
    provider::{Failure, Item, Piece, Retry},
    route::Context,
    store::{StoreError, Write},
};

/// What an attempt works with.
#[derive(Clone)]
pub(super) struct Bench {
    pub(super) workshop: Workshop,
    pub(super) keeper: Keeper,
}

/// A task whose pool has no worker for it.
pub(super) struct Unseated {
    pub(super) task: Task,
    pub(super) pool: Arc<Pool>,
}

/// A task that has a worker.
pub(super) struct Seated {
    pub(super) task: Task,
    pub(super) pool: Arc<Pool>,
    worker: Worker,
}

/// How a part of an attempt came out.
pub(super) enum Step {
    /// There is a worker for it.
    Seated(Box<Seated>),
    /// All workers of its pool are busy.
    Unseated(Box<Unseated>),
    /// Nothing was begun; it waits again, so long at the least.
    Back(TaskId, Duration),
    /// It was broken off and does not count.
    HandedBack(Box<Task>),
    /// It is over, and kept.
    Over(Box<Task>),
}

/// Finds a worker for the task, where one is free.
pub(super) async fn seat(bench: Bench, id: TaskId, stop: CancellationToken) -> Step {
    match stop.run_until_cancelled(find_worker(&bench, id)).await {
        None => Step::Back(id, Duration::ZERO),
        Some(Ok(Found::Worker(seated))) => Step::Seated(seated),
        Some(Ok(Found::NoWorker(unseated))) => Step::Unseated(unseated),
        Some(Ok(Found::NoPool(mut task))) => {
            let fault = Fault::Attempt { reason: Reason::ProviderUnavailable, retryable: false };
            outcome::fail(&mut task, fault, None, bench.keeper.now());
            keep_surely(&bench.keeper, &mut task, &[]).await;
            Step::Over(task)
        }
        Some(Err(error)) => {
            tracing::warn!(task = %id, %error, "a task cannot begin yet");
            Step::Back(id, limits::TASK_RETRY_EVERY)
        }
    }
}

enum Found {
    Worker(Box<Seated>),
    NoWorker(Box<Unseated>),
    /// The pool that it names is there no more.
    NoPool(Box<Task>),
}

async fn find_worker(bench: &Bench, id: TaskId) -> Result<Found, StoreError> {
    let store = &bench.workshop.store;
    let task = store.task(id).await?.ok_or(StoreError::Damaged("a task"))?;
    let asked_in = match task.conversation {
        Some(conversation) => store.conversation(conversation).await?,
        None => None,
    };
    let pinned = asked_in.as_ref().and_then(|record| record.pool.as_ref());
    let pinned_agent = asked_in.as_ref().and_then(|record| record.agent.as_ref());
    let named = task.pool.as_ref();
    // An agent that is no more leaves the task to the others of its pool.
    let pool = named.and_then(|pool| bench.workshop.pools.get(pool.as_str()));
    let there = |agent: &&AgentName| pool.as_ref()?.as_agent(agent.as_str());
    let agent = task.agent.as_ref().filter(|agent| there(agent).is_some());
    let pinned_agent = pinned_agent.filter(|_| named.is_none() || named == pinned);
    let context = Context { named, pinned, agent, pinned_agent, ..Context::default() };
    let Ok((pool, _)) = bench.workshop.choose(&task.text, context) else {
        return Ok(Found::NoPool(Box::new(task)));
    };
    Ok(match pool.try_worker(Origin::Task) {
        Some(worker) => Found::Worker(Box::new(Seated { task, pool, worker })),
        None => Found::NoWorker(Box::new(Unseated { task, pool })),
    })
}

/// Waits for a worker of the pool, behind the turns for which somebody waits.
pub(super) async fn wait(Unseated { task, pool }: Unseated, stop: CancellationToken) -> Step {
    let asker = Asker::task(task.user, task.priority);
    let called = async { pool.queue_up(asker)?.worker().await };
    match stop.run_until_cancelled(called).await {
        None => Step::Back(task.id, Duration::ZERO),
        Some(Ok(worker)) => Step::Seated(Box::new(Seated { task, pool, worker })),
        Some(Err(busy)) => {
            tracing::warn!(task = %task.id, %busy, "a task cannot begin yet");
            Step::Back(task.id, limits::TASK_RETRY_EVERY)
        }
    }
}

/// Has the pool answer the task's text, and keeps what comes of it.
pub(super) async fn run(bench: Bench, seated: Seated, slot: Slot, stop: CancellationToken) -> Step {
    let keeper = &bench.keeper;
    let Seated { mut task, pool, worker } = seated;
    let items = vec![Item::User(task.text.clone())];
    let mut cost = match Cost::reserve(&bench.workshop, &pool, &task, &items) {
        Ok(cost) => cost,
        Err(exhausted) => return put_off(keeper, task, &exhausted).await,
    };
    task.pool = Some(pool.name.clone());
    task.agent = pool.agent_name().cloned();
    outcome::begin(&mut task, keeper.now());
    if stop.is_cancelled() {
        return Step::Back(task.id, Duration::ZERO);
    }
    if keeper.keep(&mut task).await.is_err() {
        return Step::Back(task.id, limits::TASK_RETRY_EVERY);
    }
    let limit = task.time_limit();
    let (max_output_tokens, span) = (cost.output_tokens(), span(&task));
    // Nobody waits for the first word of a task, so nobody is asked as well.
    let prompt = Prompt { items, max_output_tokens, span: span.clone(), ..Prompt::default() };
    let answer = answer(&bench, &mut task, pool.answer(prompt), &mut cost);
    let answer = AssertUnwindSafe(answer).catch_unwind();
    let ended = stop.run_until_cancelled(timeout(limit, answer)).await;
    // Whoever is called by the worker that comes back finds that it may run.
    drop((slot, worker));
    let now = keeper.now();
    let bill = cost.bill(&bench.workshop, now);
    match ended {
        None => {
            outcome::hand_back(&mut task);
            // Where that cannot be kept it counts, as if the process had been killed.
            let handed_back = Write::Task(task.clone());
            if keeper.write(bill.iter().cloned().chain([handed_back]).collect()).await.is_ok() {
                cost.settle(&bill, now);
            }
            return Step::HandedBack(Box::new(task));
        }
        Some(Ok(Ok(Ok(result)))) => outcome::succeed(&mut task, result.into(), now),
        Some(Ok(Ok(Err(failure)))) => {
            let (fault, pause) = fault(&failure);
            outcome::fail(&mut task, fault, pause, now);
        }
        Some(Ok(Err(_panicked))) => outcome::fail(&mut task, OURS, None, now),
        Some(Err(_elapsed)) => outcome::fail(&mut task, TOO_LONG, None, now),
    }
    task.answer = cost.answer();
    span.record("outcome", field::debug(task.status));
    keep_surely(keeper, &mut task, &bill).await;
    cost.settle(&bill, now);
    Step::Over(Box::new(task))
}

/// It waits until there is something to spend. That may be long before the budget renews: what others
/// have set aside comes back when they end, and settings may raise the limit.
async fn put_off(keeper: &Keeper, mut task: Task, exhausted: &Exhausted) -> Step {
    let says: Arc<str> = format!("waits for the budget {}", exhausted.budget).into();
    if task.progress.as_ref() != Some(&says) {
        task.progress = Some(says);
        // One that cannot be kept is followed by another.
        drop(keeper.keep(&mut task).await);
    }
    Step::Back(task.id, exhausted.renews_in.min(limits::TASK_BUDGET_LOOK_EVERY))
}

/// The span of an attempt: what is logged about it stands in this, and a trace begins with it.
fn span(task: &Task) -> Traced {
    let conversation = task.conversation.map(field::display);
    let (id, attempt) = (task.id, task.attempts);
    // Runs of a task may be years apart, so each has a trace of its own and names the first.
    let submitted_in = task.trace.map(field::display);
    Traced::begin(None, |trace, _| {
        tracing::error_span!(
            "task",
            %trace,
            conversation,
            task = %id,
            attempt,
            submitted_in,
            outcome = field::Empty,
        )
    })
}

const OURS: Fault = Fault::Attempt { reason: Reason::Internal, retryable: true };
/// Thoughts alone have taken all the tokens.
const NOTHING_SAID: Failure =
    Failure { reason: Reason::AnswerTooLong, retry: Retry::Never, status: None, code: None };
const TOO_LONG: Fault = Fault::Attempt { reason: Reason::DeadlineExceeded, retryable: true };

/// Keeps the task and what it cost, however long that takes; only a store that is closed gives up.
pub(super) async fn keep_surely(keeper: &Keeper, task: &mut Task, bill: &[Write]) {
    while let Err(error) = keeper.keep_with(task, bill).await {
        if matches!(error, StoreError::Closed) {
            return;
        }
        tracing::warn!(task = %task.id, %error, "how a task stands cannot be kept yet");
        sleep(limits::TASK_RETRY_EVERY).await;
    }
}

/// The pool's answer, as far as it is kept.
async fn answer(
    Bench { workshop, keeper }: &Bench,
    task: &mut Task,
    mut progress: BoxStream<'static, Progress>,
    cost: &mut Cost,
) -> Result<String, Failure> {
    let mut text = String::new();
    let mut told: Option<Instant> = None;
    while let Some(step) = progress.next().await {
        cost.note(&step);
        match step {
            Progress::Piece(Piece::Text(piece)) => {
                text.push_str(&piece);
                if text.len() > limits::TASK_RESULT_BYTES_MAX {
                    text.truncate(text.floor_char_boundary(limits::TASK_RESULT_BYTES_MAX));
                    return Ok(text);
                }
                if told.is_none_or(|told| told.elapsed() >= limits::TASK_PROGRESS_EVERY) {
                    told = Some(Instant::now());
                    cost.meter();
                    let words = text.split_whitespace().count();
                    task.progress = Some(format!("answering, {words} words so far").into());
                    // One that cannot be kept is followed by another.
                    drop(keeper.keep(task).await);
                }
            }
            Progress::Reset { kept, .. } => text = kept.to_string(),
            Progress::Piece(Piece::End(end))
                if text.is_empty() && end.finish_reason == FinishReason::Length =>
            {
                return Err(NOTHING_SAID);
            }
            Progress::Piece(Piece::End(_)) => return Ok(text),
            Progress::Failed(failure) => return Err(failure),
            Progress::Calling(call) => {
                task.progress = Some(format!("asking {}", call.name).into());
                drop(keeper.keep(task).await);
            }
            Progress::GoingOn { prompt_bytes } => {
                cost.go_on(workshop, prompt_bytes).map_err(|exhausted| over_budget(&exhausted))?;
            }
            Progress::Asking { .. }
            | Progress::Paused(_)
            | Progress::Called { .. }
            | Progress::Hedging { .. }
            | Progress::Dropped { .. }
            | Progress::Piece(_) => {}
        }
    }
    let (reason, retry) = (Reason::ProviderTruncated, Retry::Soon);
    Err(Failure { reason, retry, status: None, code: None })
}

/// The same for the record, and how long the provider wants to be left alone.
fn fault(failure: &Failure) -> (Fault, Option<Duration>) {
    let pause = match failure.retry {
        Retry::After(pause) => Some(pause),
        Retry::Soon | Retry::Never => None,
    };
    (Fault::Attempt { reason: failure.reason, retryable: failure.retry != Retry::Never }, pause)
}
