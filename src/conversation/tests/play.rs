//! A play: what a test does, line by line, beside what a reader sees and the askers are told.
//!
//! `ask | a accepted, a started, ok a` reads: somebody sends a message; the reader sees turn `a`
//! accepted and started; the sender is told that it is `a`. Turns are named in order of appearance.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};

use super::{
    client::{Client, Seen},
    stage::{Call, Gate, Stage, settle},
};
use crate::{
    auth::{Authority, Identity},
    budget::Standing,
    config::BudgetSettings,
    conversation::{
        Ask, Catchup, Change, Done, Ended, Executed, Handle, IfBusy, Parent, Place, Reading,
        Refusal, Sent, Tour, Workshop, catch_up, recall_spending, recover_all,
    },
    meter::{Outcomes, TurnFigures},
    model::{AnswerStatus, ConversationId, Day, Event, FinishReason, Spend, TurnId, Usage},
    provider::Retry,
    store::{Page, Store, StoreError},
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Plays the script from nothing and compares what is seen.
pub(super) async fn check(script: &str) {
    check_within("", script).await;
}

/// The same within budgets, in the words of the settings.
pub(super) async fn check_within(budgets: &str, script: &str) {
    let mut play = Play::new(toml::from_str(budgets).unwrap());
    let lines = script.lines().map(str::trim).filter(|line| !line.is_empty());
    for (number, line) in (1..).zip(lines) {
        let (act, expected) = line.split_once('|').unwrap_or((line, ""));
        play.act(act.trim()).await;
        let seen = play.seen().await.join(", ");
        assert_eq!(seen, expected.trim(), "line {number}: {act}\n{script}");
    }
    play.finish().await;
}

/// The answer to a command.
enum Told {
    Sent(Sent),
    Ended(Ended),
    Changed,
    Done(Done),
}

type Outcome = BoxFuture<'static, Result<Told, Refusal>>;

struct Play {
    stage: Stage,
    me: Identity,
    /// The conversations and their readers; the one that is played in comes last.
    scenes: Vec<Scene>,
    turns: Vec<TurnId>,
    calls: Vec<Call>,
    outcomes: Vec<Outcome>,
    budgets: Budgets,
    /// What the test asked to see.
    noted: Vec<String>,
}

type Budgets = BTreeMap<String, BudgetSettings>;

struct Scene {
    id: ConversationId,
    handle: Option<Handle>,
    place: Place,
    client: Client,
}

impl Play {
    fn new(budgets: Budgets) -> Self {
        let stage = Stage::over(Gate::new(), budgets.clone());
        let me = Authority::new(None).anonymous().unwrap();
        let mut play = Self {
            stage,
            me,
            scenes: Vec::new(),
            turns: Vec::new(),
            calls: Vec::new(),
            outcomes: Vec::new(),
            budgets,
            noted: Vec::new(),
        };
        play.begin(Some("titled"));
        play
    }

    fn begin(&mut self, title: Option<&str>) {
        let title = title.map(Into::into);
        let (id, handle) = self.stage.registry.begin(self.me.user, title, None).unwrap();
        let place = Place::at(handle.feed().end());
        let client = Client { epoch: 1, ..Client::default() };
        self.scenes.push(Scene { id, handle: Some(handle), place, client });
    }

    fn scene(&mut self) -> &mut Scene {
        self.scenes.last_mut().expect("there is always one")
    }

    fn handle(&mut self) -> Handle {
        self.scene().handle.clone().expect("the script opened it")
    }

    fn call(&self) -> &Call {
        self.calls.last().expect("a provider was asked")
    }

    // ---- what a line does -----------------------------------------------------------------

    async fn act(&mut self, act: &str) {
        let (verb, rest) = act.split_once(' ').unwrap_or((act, ""));
        match verb {
            "say" => self.call().say(rest),
            "say-much" => self.call().say(&"x".repeat(rest.parse().unwrap())),
            "end" => self.call().end_as(FinishReason::Stop, counted(rest)),
            "call" => self.call().tool(rest),
            "stop" => self.call().end_as(FinishReason::ToolCalls, counted(rest)),
            "cut" => self.call().end_as(FinishReason::Length, counted(rest)),
            "asked" => {
                self.noted.push(self.call().request.style.max_output_tokens.to_string());
            }
            "count" => self.noted = self.count().await,
            "meter" => self.noted = self.metered(),
            "tomorrow" => self.stage.registry.workshop().clock.advance(DAY),
            "fail" => self.call().fail(retry(rest)),
            "panic" => self.call().panic(),
            "other" => self.calls.rotate_right(1),
            "hold" => self.stage.store.hold(),
            "through" => self.stage.store.let_one_through(),
            "open-gate" => self.stage.store.open(),
            "refuse" => self.stage.store.refuse(Some(refusal(rest))),
            "full" => self.stage.store.fill(true),
            "room" => self.stage.store.fill(false),
            "heal" => self.stage.store.refuse(None),
            "wait" => tokio::time::sleep(Duration::from_millis(rest.parse().unwrap())).await,
            "another" => self.begin(Some("titled")),
            "untitled" => self.begin(None),
            "back" => self.scenes.rotate_right(1),
            "leave" => self.scene().handle = None,
            "return" => self.open().await,
            "crash" => self.crash().await,
            "interrupt-all" => self.stage.registry.workshop().lifecycle.interrupting().reach(),
            "drain" => self.stage.registry.workshop().lifecycle.draining().reach(),
            _ => self.command(verb, rest).await,
        }
        settle().await;
        while let Ok(call) = self.stage.calls.try_recv() {
            self.calls.push(call);
        }
    }

    async fn command(&mut self, verb: &str, rest: &str) {
        let handle = self.handle();
        let outcome = match verb {
            "ask" => {
                let ask = self.ask(rest).await;
                told(handle.ask(ask).known(), Told::Sent)
            }
            "note" => told(handle.note(executed(rest)).known(), Told::Sent),
            "retry" => told(handle.retry(self.turn(rest), None).known(), Told::Sent),
            "cancel" => told(handle.cancel(self.turn(rest)).known(), Told::Ended),
            "change" => {
                let change = self.changed(rest).await;
                told(handle.change(change).known(), |_| Told::Changed)
            }
            "delete" => told(handle.delete().known(), Told::Done),
            unknown => panic!("there is no {unknown}"),
        };
        self.outcomes.push(outcome);
    }

    /// `ask [queue|interrupt|reject] [text=T] [key=K] [pool=P] [pools=P,P] [after=root|TURN]`
    async fn ask(&mut self, how: &str) -> Ask {
        let mut ask = Ask { text: "question".into(), ..Ask::default() };
        for word in how.split_whitespace() {
            match word.split_once('=') {
                None if word == "interrupt" => ask.if_busy = IfBusy::Interrupt,
                None if word == "reject" => ask.if_busy = IfBusy::Reject,
                Some(("text", text)) => ask.text = text.into(),
                Some(("key", key)) => ask.key = Some(key.into()),
                Some(("pool", pool)) => ask.pool = Some(pool.into()),
                Some(("pools", pools)) => ask.pools = pools.split(',').map(Into::into).collect(),
                Some(("after", "root")) => ask.parent = Parent::Root,
                Some(("after", turn)) => ask.parent = Parent::Message(self.answer(turn).await),
                _ => panic!("there is no {word}"),
            }
        }
        ask
    }

    /// `change title=T | pool=P | head=TURN`
    async fn changed(&mut self, what: &str) -> Change {
        match what.split_once('=') {
            Some(("title", title)) => Change { title: Some(title.into()), ..Change::default() },
            Some(("pool", pool)) => Change { pool: Some(pool.into()), ..Change::default() },
            Some(("head", turn)) => {
                Change { head: Some(self.answer(turn).await), ..Change::default() }
            }
            _ => panic!("there is no {what}"),
        }
    }

    fn turn(&self, name: &str) -> TurnId {
        let at = name.bytes().next().map_or(usize::MAX, |letter| usize::from(letter - b'a'));
        self.turns.get(at).copied().unwrap_or_default()
    }

    /// The message that answers a turn.
    async fn answer(&self, name: &str) -> crate::model::MessageId {
        self.stage.store.turn(self.turn(name)).await.unwrap().expect("a kept turn").answer
    }

    async fn open(&mut self) {
        let id = self.scene().id;
        let record = self.stage.store.conversation(id).await.unwrap().expect("it was kept");
        let granted = self.me.grant(&record).expect("it is mine");
        self.scene().handle = Some(self.stage.registry.open(granted).await.unwrap());
    }

    /// The process dies and another starts over what the store holds, twice.
    async fn crash(&mut self) {
        self.stage = Stage::over(self.stage.store.crash(), self.budgets.clone());
        self.calls.clear();
        let workshop = self.stage.registry.workshop();
        recall_spending(workshop).await.unwrap();
        recover_all(workshop).await.unwrap();
        assert_eq!(recover_all(workshop).await.unwrap(), 0, "nothing is left");
        self.open().await;
    }

    /// What was spent with each provider, and how each budget stands.
    async fn count(&self) -> Vec<String> {
        let workshop = self.stage.registry.workshop();
        let spent = self.stage.store.spent(Some(self.me.user), Day(0)..Day(9)).await.unwrap();
        let mut providers: BTreeMap<String, Spend> = BTreeMap::new();
        for (account, spend) in spent {
            *providers.entry(account.provider.to_string()).or_default() += spend;
        }
        let told = providers.into_iter().map(|(name, spend)| {
            let Spend { turns, input, output, estimated, .. } = spend;
            format!("{name} {turns}x {input}+{output}~{estimated}")
        });
        let pools: Vec<_> = workshop.pools.iter().map(|pool| pool.name.clone()).collect();
        let rows = workshop.ledger.standing(self.me.user, &pools, workshop.clock.now());
        let budget = |row: Standing| format!("{} {}/{}", row.budget, row.spent, row.reserved);
        told.chain(rows.into_iter().map(budget)).collect()
    }

    /// What each pool has done: turns that were completed, failed, cancelled and interrupted; first
    /// tokens; bytes; what it cost.
    fn metered(&self) -> Vec<String> {
        let Workshop { pools, clock, .. } = self.stage.registry.workshop();
        let told = pools.meter().figures(Day::of(clock.now())).pools.into_iter();
        let told = told.map(|(pool, TurnFigures { ended, first_token, written_bytes, cost_today, .. })| {
            let Outcomes { completed, failed, cancelled, interrupted } = ended;
            let (first, cost) = (first_token.total(), cost_today.0);
            format!("{pool} {completed}/{failed}/{cancelled}/{interrupted} {first} {written_bytes}B {cost}n")
        });
        told.filter(|row| !row.ends_with("0/0/0/0 0 0B 0n")).collect()
    }

    // ---- what is seen ---------------------------------------------------------------------

    async fn seen(&mut self) -> Vec<String> {
        let mut seen = std::mem::take(&mut self.noted);
        seen.extend(self.read().await);
        let mut pending = Vec::new();
        for mut outcome in std::mem::take(&mut self.outcomes) {
            match (&mut outcome).now_or_never() {
                Some(told) => seen.push(self.describe(told)),
                None => pending.push(outcome),
            }
        }
        self.outcomes = pending;
        seen
    }

    /// Reads to the end of what there is, as a connection does.
    async fn read(&mut self) -> Vec<String> {
        let store = self.stage.store.clone();
        let mut seen = Vec::new();
        loop {
            let scene = self.scene();
            let Some(handle) = &scene.handle else { return seen };
            let feed = handle.feed().clone();
            scene.client.room = 64;
            let reading = feed.read(&mut scene.place, &mut scene.client);
            let shown = std::mem::take(&mut scene.client.seen);
            seen.extend(shown.into_iter().filter_map(|shown| self.name(shown)));
            match reading {
                Reading::More => {}
                Reading::UpToDate => return seen,
                Reading::Gone => {
                    seen.push("gone".to_owned());
                    self.scene().handle = None;
                }
                Reading::Lost => {
                    seen.push("lost".to_owned());
                    self.scene().handle = None;
                }
                Reading::Behind => {
                    let scene = self.scene();
                    let caught_up = catch_up(&*store, &feed, &scene.place.cursor).await.unwrap();
                    let Catchup::Snapshot(snapshot) = caught_up else {
                        panic!("a play does not leave the ring")
                    };
                    let growing = snapshot.answer.as_ref().map(|(turn, text)| (*turn, &**text));
                    scene.client.know(&snapshot.cursor, growing);
                    scene.place = Place::of_snapshot(snapshot.cursor);
                    let texts = snapshot.messages.iter().filter(|m| m.status.is_some());
                    let texts: Vec<String> = texts
                        .map(|m| {
                            format!("{:?} {}", m.status.unwrap(), one_line(&m.text)).trim().into()
                        })
                        .collect();
                    seen.push(format!("snapshot {}", texts.join("/")));
                }
            }
        }
    }

    fn name(&mut self, seen: Seen) -> Option<String> {
        Some(match seen {
            Seen::Text(_, text) if text.is_empty() => return None,
            Seen::Text(turn, text) if text.len() > 40 => {
                format!("{} +{} bytes", self.letter(turn), text.len())
            }
            Seen::Text(turn, text) => {
                format!("{} +{}", self.letter(turn), one_line(&text))
            }
            Seen::Position(turn, position) => format!("{} at {position}", self.letter(turn)),
            Seen::Event(event) => {
                let what = match &*event {
                    Event::MessageAccepted { .. } => "accepted".to_owned(),
                    Event::TurnQueued { position, .. } => format!("queued {position}"),
                    Event::TurnStarted { pool, .. } if pool.as_str() == "general" => {
                        "started".to_owned()
                    }
                    Event::TurnStarted { pool, .. } => format!("started {pool}"),
                    Event::TurnReset { .. } => "reset".to_owned(),
                    Event::TurnCompleted { provider, .. } if provider.as_str() == "second" => {
                        "completed second".to_owned()
                    }
                    Event::TurnCompleted { .. } => "completed".to_owned(),
                    Event::TurnFailed { error, .. } => format!("failed {:?}", error.reason),
                    Event::TurnCancelled { .. } => "cancelled".to_owned(),
                    Event::TurnInterrupted { .. } => "interrupted".to_owned(),
                    Event::CommandResult { .. } => "result".to_owned(),
                    Event::ConversationUpdated { .. } => "updated".to_owned(),
                    Event::ConversationDeleted => "deleted".to_owned(),
                    Event::TurnTool { tool, phase, .. } => {
                        format!("{phase:?} {tool}").to_lowercase()
                    }
                };
                event.turn().map_or(what.clone(), |turn| format!("{} {what}", self.letter(turn)))
            }
        })
    }

    fn letter(&mut self, turn: TurnId) -> char {
        let at = self.turns.iter().position(|known| *known == turn).unwrap_or_else(|| {
            self.turns.push(turn);
            self.turns.len() - 1
        });
        ('a'..='z').nth(at).expect("few turns")
    }

    fn describe(&mut self, told: Result<Told, Refusal>) -> String {
        match told {
            Ok(Told::Sent(Sent { accepted, duplicate: true, .. })) => {
                format!("again {}", self.letter(accepted.turn))
            }
            Ok(Told::Sent(Sent { accepted, .. })) => format!("ok {}", self.letter(accepted.turn)),
            Ok(Told::Ended(ended)) => {
                format!("{:?} {} of {}", ended.status, self.letter(ended.turn), ended.length)
            }
            Ok(Told::Changed) => "changed".to_owned(),
            Ok(Told::Done(Done)) => "done".to_owned(),
            Err(Refusal::BudgetExhausted(exhausted)) => format!("no: budget {}", exhausted.budget),
            Err(refusal) => format!("no: {refusal:?}"),
        }
    }

    // ---- what holds in the end ------------------------------------------------------------

    /// Whatever happened: every accepted turn has ended once, and no number is missing.
    async fn finish(self) {
        self.stage.store.refuse(None);
        self.stage.store.open();
        self.stage.registry.workshop().lifecycle.interrupting().reach();
        settle().await;
        let store = self.stage.store.clone();
        recover_all(self.stage.registry.workshop()).await.unwrap();
        assert_eq!(store.open_turns(None).await.unwrap(), []);
        let mut count = self.count().await.into_iter().filter(|row| row.contains('/'));
        assert!(count.all(|row| row.ends_with("/0")), "all that was reserved is settled");
        for scene in &self.scenes {
            holds_in_the_end(&*store, scene.id).await;
        }
    }
}

async fn holds_in_the_end(store: &dyn Store, id: ConversationId) {
    let log = store.events(id, 0, 10_000).await.unwrap();
    let record = store.conversation(id).await.unwrap();
    assert_eq!(log.len() as u64, record.as_ref().map_or(0, |record| record.seq));
    for (event, seq) in log.iter().zip(1..) {
        assert_eq!(event.seq, seq, "seq rises by one");
    }
    for event in &log {
        let Event::MessageAccepted { turn, .. } = event.event else { continue };
        let ends: Vec<_> = log.iter().filter_map(|e| e.event.ends()).collect();
        let ends: Vec<_> = ends.iter().filter(|(ended, _)| *ended == turn).collect();
        assert_eq!(ends.len(), 1, "{turn} ends once");
        let kept = store.turn(turn).await.unwrap().expect("a turn is kept for ever");
        let answer = store.message(id, kept.answer).await.unwrap().expect("its answer as well");
        assert_eq!(answer.text.len() as u64, ends[0].1, "history has what was announced");
        assert_ne!(answer.status, Some(AnswerStatus::Running));
    }
    if let Some(head) = record.and_then(|record| record.head) {
        let page = Page { rows: 1_000, bytes: usize::MAX };
        assert!(!store.branch(id, head, page).await.unwrap().is_empty(), "the head is there");
    }
}

fn told<T: Send + 'static>(
    outcome: impl Future<Output = Result<T, Refusal>> + Send + 'static,
    as_told: impl FnOnce(T) -> Told + Send + 'static,
) -> Outcome {
    outcome.map(|known| known.map(as_told)).boxed()
}

fn one_line(text: &str) -> String {
    text.replace('\n', "⏎")
}

fn retry(how: &str) -> Retry {
    match how.parse() {
        Ok(seconds) => Retry::After(Duration::from_secs(seconds)),
        Err(_) if how == "soon" => Retry::Soon,
        Err(_) => Retry::Never,
    }
}

fn refusal(how: &str) -> StoreError {
    match how {
        "stale" => StoreError::Stale,
        _ => StoreError::Unwritable(std::sync::Arc::new(std::io::ErrorKind::StorageFull.into())),
    }
}

/// `100+20`; nothing where the provider does not count.
fn counted(tokens: &str) -> Option<Usage> {
    let (input, output) = tokens.split_once('+')?;
    let (input, output) = (input.parse().unwrap(), output.parse().unwrap());
    Some(Usage { input, output, ..Usage::default() })
}

fn executed(key: &str) -> Executed {
    Executed {
        asked: "/status".into(),
        key: key.strip_prefix("key=").map(Into::into),
        intent: "status".into(),
        slots: serde_json::Value::Null,
        text: "fine".into(),
        data: serde_json::Value::Null,
        offers: Some([].into()),
        tour: Tour::AsItWas,
        subject: None,
        tells: None,
    }
}
