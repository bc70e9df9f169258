//! One question worked on by several pools: what is seen of the whole and of each part, in a play.
//!
//! `ask small,reset | whole accepted, whole started …` reads as in `play`; each thing seen begins
//! with `whole`, or with the pool of the specialist in whose conversation it is seen.

use std::collections::BTreeMap;

use futures_util::FutureExt;

use super::{
    client::{Client, Seen},
    stage::{Call, Gate, Stage, settle},
};
use crate::{
    auth::{Authority, Identity},
    conversation::{
        Ask, Catchup, Handle, Outcome, Part, Place, Reading, Refusal, Sent, catch_up, recover_all,
    },
    model::{ConversationId, Day, Event, PoolName, SPECIALIST, ToolPhase, TurnId},
    pool::{Asker, Queued, Worker},
    provider::{Item, Retry},
    store::Store,
};

/// Plays the script from nothing and compares what is seen.
async fn check(script: &str) {
    check_within("", script).await;
}

async fn check_within(budgets: &str, script: &str) {
    let mut play = Play::new(Stage::over(Gate::new(), toml::from_str(budgets).unwrap()));
    play.check(script).await;
    play.finish().await;
}

struct Play {
    stage: Stage,
    me: Identity,
    /// The whole, and then its parts.
    scenes: Vec<Scene>,
    calls: Vec<Call>,
    sent: Vec<Outcome<Sent>>,
    asked: Vec<Sent>,
    turn: TurnId,
    /// What keeps pools busy.
    busy: Vec<(Option<Worker>, Option<Queued>)>,
}

struct Scene {
    name: String,
    id: ConversationId,
    handle: Option<Handle>,
    place: Place,
    client: Client,
}

impl Scene {
    fn new(name: &str, handle: Handle) -> Self {
        let id = handle.feed().conversation();
        let beginning = crate::model::Cursor { epoch: 1, seq: 0, reading: None };
        let client = Client { epoch: 1, ..Client::default() };
        let place = Place::at(beginning);
        Self { name: name.to_owned(), id, handle: Some(handle), place, client }
    }

    /// What is new here.
    async fn read(&mut self, store: &dyn Store) -> Vec<String> {
        let mut seen = Vec::new();
        while let Some(handle) = &self.handle {
            let feed = handle.feed().clone();
            self.client.room = 64;
            let reading = feed.read(&mut self.place, &mut self.client);
            let shown = std::mem::take(&mut self.client.seen);
            seen.extend(shown.into_iter().filter_map(told));
            match reading {
                Reading::More => {}
                Reading::UpToDate => break,
                Reading::Behind => {
                    let caught_up = catch_up(store, &feed, &self.place.cursor).await.unwrap();
                    let Catchup::Snapshot(snapshot) = caught_up else { panic!("in the ring") };
                    self.client.know(&snapshot.cursor, None);
                    self.place = Place::at(snapshot.cursor);
                    let answers = snapshot.messages.iter().filter_map(|m| m.status);
                    seen.push(answers.map(|status| format!("{status:?}")).collect());
                }
                over => {
                    seen.push(format!("{over:?}").to_lowercase());
                    self.handle = None;
                }
            }
        }
        seen.into_iter().map(|seen| format!("{} {seen}", self.name)).collect()
    }
}

fn told(seen: Seen) -> Option<String> {
    Some(match seen {
        Seen::Text(_, text) if text.is_empty() => return None,
        Seen::Text(_, text) => format!("+{}", text.replace('\n', "⏎")),
        Seen::Position(_, position) => format!("at {position}"),
        Seen::Event(event) => match event {
            Event::MessageAccepted { .. } => "accepted".to_owned(),
            Event::TurnQueued { position, .. } => format!("queued {position}"),
            Event::TurnStarted { specialists, part_of, .. } => {
                let part = if part_of.is_some() { " as part" } else { "" };
                let names: Vec<_> = specialists.iter().map(|of| of.pool.as_str()).collect();
                format!("started{part} {}", names.join("+")).trim_end().to_owned()
            }
            Event::TurnTool { tool, phase, summary, error, .. } => {
                assert_eq!(&*tool, SPECIALIST);
                let why = error.map(|error| format!(" {:?}", error.reason)).unwrap_or_default();
                let phase = match phase {
                    ToolPhase::Started => return None,
                    ToolPhase::Finished => "heard",
                    ToolPhase::Failed => "misses",
                };
                format!("{phase} {}{why}", summary.unwrap())
            }
            Event::TurnCompleted { .. } => "completed".to_owned(),
            Event::TurnFailed { error, .. } => format!("failed {:?}", error.reason),
            Event::TurnCancelled { .. } => "cancelled".to_owned(),
            Event::TurnInterrupted { .. } => "interrupted".to_owned(),
            Event::ConversationDeleted => "deleted".to_owned(),
            other => format!("{other:?}"),
        },
    })
}

impl Play {
    fn new(stage: Stage) -> Self {
        let me = Authority::new(None).anonymous().unwrap();
        let (_, handle) = stage.registry.begin(me.user, Some("titled".into()), None).unwrap();
        let scenes = vec![Scene::new("whole", handle)];
        let (calls, turn) = (Vec::new(), TurnId::default());
        Self { stage, me, scenes, calls, sent: vec![], asked: vec![], turn, busy: vec![] }
    }

    async fn check(&mut self, script: &str) {
        let lines = script.lines().map(str::trim).filter(|line| !line.is_empty());
        for (number, line) in (1..).zip(lines) {
            let (act, expected) = line.split_once('|').unwrap_or((line, ""));
            self.act(act.trim()).await;
            let seen = self.seen().await.join(", ");
            assert_eq!(seen, expected.trim(), "line {number}: {act}\n{script}");
        }
    }

    fn whole(&self) -> Handle {
        self.scenes[0].handle.clone().expect("the script opened it")
    }

    async fn act(&mut self, act: &str) {
        let (verb, rest) = act.split_once(' ').unwrap_or((act, ""));
        let (first, more) = rest.split_once(' ').unwrap_or((rest, ""));
        match verb {
            "ask" => {
                let pools = first.split(',').map(PoolName::from).collect();
                let key = more.strip_prefix("key=").map(Into::into);
                let ask = Ask { text: "question".into(), pools, key, ..Ask::default() };
                let sent = self.whole().ask(ask);
                self.sent.push(sent);
            }
            "retry" => {
                let sent = self.whole().retry(self.turn);
                self.sent.push(sent);
            }
            "cancel" => drop(self.whole().cancel(self.turn)),
            "stop" => {
                let scene = self.scenes.iter().rev().find(|scene| scene.name == first);
                let handle = scene.and_then(|scene| scene.handle.clone()).unwrap();
                let (turn, _) = handle.feed().end_with_answer().1.unwrap();
                drop(handle.cancel(turn));
            }
            "delete" => drop(self.whole().delete()),
            "say" => self.call(first).say(more),
            "end" => self.call(first).end(),
            "fail" => self.call(first).fail(Retry::Never),
            "panic" => self.call(first).panic(),
            "occupy" => {
                let pools = &self.stage.registry.workshop().pools;
                self.busy.push((pools.get(first).unwrap().try_worker(), None));
            }
            "free" => self.busy.clear(),
            "fill" => {
                let pool = self.stage.registry.workshop().pools.get(first).unwrap().clone();
                self.busy.push((pool.try_worker(), None));
                let user = self.me.user;
                while let Ok(queued) = pool.queue_up(Asker::turn(user)) {
                    self.busy.push((None, Some(queued)));
                }
            }
            "asked" => {}
            "crash" => self.crash().await,
            unknown => panic!("there is no {unknown}"),
        }
        settle().await;
        while let Ok(call) = self.stage.calls.try_recv() {
            self.calls.push(call);
        }
    }

    /// The newest request of that pool.
    fn call(&self, pool: &str) -> &Call {
        let mut calls = self.calls.iter().rev();
        calls.find(|call| call.request.pool.as_str() == pool).expect("that pool was asked")
    }

    async fn crash(&mut self) {
        self.stage = Stage::over(self.stage.store.crash(), BTreeMap::new());
        self.calls.clear();
        recover_all(self.stage.registry.workshop()).await.unwrap();
        let store = self.stage.store.clone();
        for scene in &mut self.scenes {
            let record = store.conversation(scene.id).await.unwrap().expect("it was kept");
            let granted = self.me.grant(&record).expect("it is mine");
            scene.handle = Some(self.stage.registry.open(granted).await.unwrap());
        }
    }

    async fn seen(&mut self) -> Vec<String> {
        let mut seen = Vec::new();
        for sent in std::mem::take(&mut self.sent) {
            match sent.known().await {
                Ok(sent) => {
                    self.turn = sent.accepted.turn;
                    if sent.duplicate {
                        seen.push("again".to_owned());
                    }
                    self.asked.push(sent);
                }
                Err(refusal) => seen.push(format!("no: {refusal:?}")),
            }
        }
        for sent in &mut self.asked {
            let parts = sent.parts.as_mut().and_then(|parts| parts.now_or_never());
            if let Some(Ok(parts)) = parts {
                sent.parts = None;
                let scene =
                    |Part { specialist, handle }| Scene::new(specialist.pool.as_str(), handle);
                self.scenes.extend(parts.into_iter().map(scene));
            }
        }
        let store = self.stage.store.clone();
        for scene in &mut self.scenes {
            seen.extend(scene.read(&*store).await);
        }
        seen
    }

    /// Whatever happened: every turn has ended, and no worker is kept.
    async fn finish(mut self) {
        self.busy.clear();
        self.stage.registry.workshop().lifecycle.interrupting().reach();
        settle().await;
        assert_eq!(self.stage.store.open_turns(None).await.unwrap(), []);
        let pools = &self.stage.registry.workshop().pools;
        assert!(pools.iter().all(|pool| pool.load().running == 0), "no worker is kept");
    }
}

const BEGUN: &str = "whole accepted, whole started small+reset, small accepted, \
                     small started as part, reset accepted, reset started as part";

/// The script, with the beginning of two specialists put in.
fn begun(script: &str) -> String {
    script.replace("BEGUN", BEGUN)
}

#[tokio::test(start_paused = true)]
async fn specialists_stream_side_by_side_and_then_one_answer_is_made_of_theirs() {
    let mut play = Play::new(Stage::new());
    play.check(&begun(
        "ask small,reset | BEGUN
         say small Save. | small +Save.
         say reset Run.  | reset +Run.
         say small More. | small +More.
         end reset       | whole heard reset, reset completed
         end small       | whole heard small, small completed",
    ))
    .await;
    let Some(Item::Briefing(briefing)) = play.call("general").request.items.last() else {
        panic!("general is told what they have said")
    };
    let heard: Vec<_> = briefing.heard().map(|(pool, text)| format!("{pool}: {text}")).collect();
    assert_eq!(heard, ["small: Save.More.", "reset: Run."]);
    play.check(
        "say general Small says save, reset says run. | whole +Small says save, reset says run.
         end general                                  | whole completed",
    )
    .await;
    let listed = play.stage.store.conversations(play.me.user, None, 9).await.unwrap();
    assert_eq!(listed.len(), 1, "a part is in no list");
    play.finish().await;
}

#[tokio::test(start_paused = true)]
async fn whoever_an_answer_leaves_out_is_named_at_its_end() {
    check(&begun(
        "ask small,reset   | BEGUN
         end small         | whole heard small, small completed
         end reset         | whole heard reset, reset completed
         say general Save. | whole +Save.
         end general       | whole +⏎⏎(This answer is made of what small and reset said.), whole completed",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_is_told_and_the_others_are_heard() {
    check(&begun(
        "ask small,reset | BEGUN
         fail small      |
         fail small      | whole misses small ProviderUnavailable, small failed ProviderUnavailable
         end reset       | whole heard reset, reset completed
         say general Only reset spoke; small could not. | whole +Only reset spoke; small could not.
         end general     | whole completed",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_user_may_stop_one_of_them() {
    check(&begun(
        "ask small,reset | BEGUN
         stop small      | whole misses small Cancelled, small cancelled
         end reset       | whole heard reset, reset completed
         say general reset, not small | whole +reset, not small
         end general     | whole completed",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn where_none_answers_the_turn_fails() {
    check(&begun(
        "ask small,reset | BEGUN
         fail small      |
         fail small      | whole misses small ProviderUnavailable, small failed ProviderUnavailable
         fail reset      |
         fail reset      | whole misses reset ProviderUnavailable, whole failed SpecialistsFailed, reset failed ProviderUnavailable",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_that_a_full_pool_or_an_empty_budget_refuses_is_told() {
    check(
        "fill small      |
         ask small,reset | whole accepted, whole started small+reset, whole misses small QueueFull, reset accepted, reset started as part
         end reset       | whole heard reset, reset completed
         say general reset without small | whole +reset without small
         end general     | whole completed",
    )
    .await;
    let budgets = "[tight]\npool = \"small\"\ntokens = 1\nper = \"day\"\nhard = true";
    check_within(
        budgets,
        "ask small,reset | whole accepted, whole started small+reset, whole misses small BudgetExhausted, reset accepted, reset started as part
         end reset       | whole heard reset, reset completed
         say general reset without small | whole +reset without small
         end general     | whole completed",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_for_a_worker_is_waited_for_and_holds_up_nobody() {
    check(
        "occupy small    |
         ask small,reset | whole accepted, whole started small+reset, small accepted, small queued 1, reset accepted, reset started as part
         end reset       | whole heard reset, reset completed
         free            | small started as part
         end small       | whole heard small, small completed
         say general small, reset | whole +small, reset
         end general     | whole completed",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn whoever_makes_one_answer_takes_a_worker_only_then() {
    // With itself among the specialists, a pool of one worker serves both, one after the other.
    let script = "ask small,reset | BEGUN
         end reset       | whole heard reset, reset completed
         end small       | whole heard small, small completed";
    let mut play = Play::new(Stage::new());
    let handle = play.whole();
    let pool = Some("small".into());
    let change = crate::conversation::Change { pool, ..Default::default() };
    handle.change(change).known().await.unwrap();
    play.seen().await;
    drop(handle);
    play.check(&begun(script)).await;
    play.check(
        "say small small, reset | whole +small, reset
         end small              | whole completed",
    )
    .await;
    play.finish().await;
}

#[tokio::test(start_paused = true)]
async fn cancelled_the_turn_takes_its_specialists_along() {
    let mut play = Play::new(Stage::new());
    play.check(&begun(
        "ask small,reset | BEGUN
         say small S     | small +S
         end reset       | whole heard reset, reset completed
         cancel          | whole cancelled, small cancelled",
    ))
    .await;
    assert!(play.call("small").is_dropped());
    play.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_used_starts_nothing_twice() {
    let mut play = Play::new(Stage::new());
    play.check(&begun(
        "ask small,reset key=k | BEGUN
         ask small,reset key=k | again
         end reset             | whole heard reset, reset completed
         end small             | whole heard small, small completed
         say general small, reset | whole +small, reset
         end general           | whole completed
         ask small,reset key=k | again",
    ))
    .await;
    assert_eq!(play.calls.len(), 3);
    assert_eq!(play.stage.store.parts(play.scenes[0].id).await.unwrap().len(), 2);
    play.finish().await;
}

#[tokio::test(start_paused = true)]
async fn asked_again_they_are_all_asked_again() {
    check(&begun(
        "ask small,reset | BEGUN
         end reset       | whole heard reset, reset completed
         end small       | whole heard small, small completed
         say general small, reset | whole +small, reset
         end general     | whole completed
         retry           | BEGUN
         end reset       | whole heard reset, reset completed
         end small       | whole heard small, small completed
         say general reset, small | whole +reset, small
         end general     | whole completed",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_a_crash_leaves_of_them_is_interrupted() {
    check(&begun(
        "ask small,reset | BEGUN
         end reset       | whole heard reset, reset completed
         crash           | whole Interrupted, small Interrupted
         ask small,reset | BEGUN",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_counts_whoever_was_asked_and_nobody_else() {
    let asked = "ask small,reset | BEGUN
         end reset       | whole heard reset, reset completed";
    let both = "end small    | whole heard small, small completed
         say general S   | whole +S";
    for (script, pools) in [(asked, "reset small"), (both, "general reset small")] {
        let mut play = Play::new(Stage::new());
        play.check(&begun(asked)).await;
        if script == both {
            play.check(both).await;
        }
        play.act("crash").await;
        let spent = play.stage.store.spent(Some(play.me.user), Day(0)..Day(9)).await.unwrap();
        let mut counted: Vec<_> =
            spent.iter().map(|(account, spend)| (account.pool.to_string(), spend.turns)).collect();
        counted.sort();
        let once: Vec<_> = pools.split(' ').map(|pool| (pool.to_owned(), 1)).collect();
        assert_eq!(counted, once);
        play.finish().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_one_is_its_failure_and_one_of_the_whole_stops_them() {
    check(&begun(
        "ask small,reset | BEGUN
         panic small     | whole misses small Internal, small lost
         end reset       | whole heard reset, reset completed
         panic general   | whole lost",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn deleted_the_whole_takes_its_parts_along() {
    let mut play = Play::new(Stage::new());
    play.check(&begun(
        "ask small,reset | BEGUN
         end reset       | whole heard reset, reset completed
         delete          | whole cancelled, whole deleted, whole gone, small cancelled, small deleted, small gone, reset deleted, reset gone",
    ))
    .await;
    for scene in &play.scenes {
        assert_eq!(play.stage.store.conversation(scene.id).await.unwrap(), None);
    }
    play.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_specialist_asks_nobody_in_turn() {
    let mut play = Play::new(Stage::new());
    play.check(&begun("ask small,reset | BEGUN")).await;
    let part = play.scenes[1].handle.clone().unwrap();
    let pools = vec!["small".into(), "reset".into()];
    let ask = Ask { text: "deeper".into(), pools, ..Ask::default() };
    let refused = part.ask(ask.clone()).known().await;
    assert!(matches!(refused, Err(Refusal::NoSpecialists)), "{refused:?}");
    let unknown = Ask { pools: vec!["small".into(), "moon".into()], ..ask };
    let refused = play.whole().ask(unknown).known().await;
    assert!(matches!(refused, Err(Refusal::UnknownPool(_))), "{refused:?}");
    play.finish().await;
}
