//! A play of one question that several pools work on: what is seen of the whole and of each part.
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
        Ask, Catchup, Handle, Outcome, Part, Place, Reading, Sent, catch_up, recover_all,
    },
    model::{ConversationId, Event, PoolName, SPECIALIST, ToolPhase, TurnId},
    pool::{Asker, Origin, Queued, Worker},
    provider::Retry,
    store::Store,
};

/// Plays the script from nothing and compares what is seen.
pub(super) async fn check(script: &str) {
    check_within("", script).await;
}

pub(super) async fn check_within(budgets: &str, script: &str) {
    let mut play = Play::new(Stage::over(Gate::new(), toml::from_str(budgets).unwrap()));
    play.check(script).await;
    play.finish().await;
}

pub(super) struct Play {
    pub(super) stage: Stage,
    pub(super) me: Identity,
    /// The whole, and then its parts.
    pub(super) scenes: Vec<Scene>,
    pub(super) calls: Vec<Call>,
    sent: Vec<Outcome<Sent>>,
    asked: Vec<Sent>,
    turn: TurnId,
    /// What keeps pools busy.
    busy: Vec<(Option<Worker>, Option<Queued>)>,
}

pub(super) struct Scene {
    pub(super) name: String,
    pub(super) id: ConversationId,
    pub(super) handle: Option<Handle>,
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
                    self.place = Place::of_snapshot(snapshot.cursor);
                    let answers = snapshot.messages.iter().filter_map(|m| m.status);
                    let answers: Vec<_> = answers.map(|status| format!("{status:?}")).collect();
                    seen.push(answers.join("/"));
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
        Seen::Event(event) => match *event {
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
    pub(super) fn new(stage: Stage) -> Self {
        let me = Authority::new(None).anonymous().unwrap();
        let (_, handle) = stage.registry.begin(me.user, Some("titled".into()), None).unwrap();
        let scenes = vec![Scene::new("whole", handle)];
        let (calls, turn) = (Vec::new(), TurnId::default());
        Self { stage, me, scenes, calls, sent: vec![], asked: vec![], turn, busy: vec![] }
    }

    pub(super) async fn check(&mut self, script: &str) {
        let lines = script.lines().map(str::trim).filter(|line| !line.is_empty());
        for (number, line) in (1..).zip(lines) {
            let (act, expected) = line.split_once('|').unwrap_or((line, ""));
            self.act(act.trim()).await;
            let seen = self.seen().await.join(", ");
            assert_eq!(seen, expected.trim(), "line {number}: {act}\n{script}");
        }
    }

    pub(super) fn whole(&self) -> Handle {
        self.scenes[0].handle.clone().expect("the script opened it")
    }

    pub(super) async fn act(&mut self, act: &str) {
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
                let sent = self.whole().retry(self.turn, None);
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
                self.busy.push((pools.get(first).unwrap().try_worker(Origin::Turn), None));
            }
            "free" => self.busy.clear(),
            "fill" => {
                let pool = self.stage.registry.workshop().pools.get(first).unwrap().clone();
                self.busy.push((pool.try_worker(Origin::Turn), None));
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
    pub(super) fn call(&self, pool: &str) -> &Call {
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

    pub(super) async fn seen(&mut self) -> Vec<String> {
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
            let parts = sent.parts.as_mut().and_then(FutureExt::now_or_never);
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
    pub(super) async fn finish(mut self) {
        self.busy.clear();
        self.stage.registry.workshop().lifecycle.interrupting().reach();
        settle().await;
        assert_eq!(self.stage.store.open_turns(None).await.unwrap(), []);
        let pools = &self.stage.registry.workshop().pools;
        assert!(pools.iter().all(|pool| pool.load().running == 0), "no worker is kept");
    }
}
