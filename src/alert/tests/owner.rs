//! The owner: what it keeps, tells, shows and takes up again.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{
    alert::{Alerts, Refusal, Which},
    auth::Identity,
    config::{AlertSettings, WebhookSettings},
    conversation::tests::stage::{Stage, settle},
    limits::{WATCH_CLEAR_FOR, WATCHES_PER_USER_MAX},
    model::{
        Condition, ConversationId, Event, Gauges, Metric, Severity, Side, Timestamp, UserId, Vitals,
    },
    monitor::Sample,
    store::{Store, StoreError},
};

/// Alerts over a stage; a test measures.
pub(super) struct Play {
    stage: Stage,
    pub(super) alerts: Alerts,
    samples: watch::Sender<Arc<Sample>>,
    now: Timestamp,
    user: UserId,
    conversation: ConversationId,
}

pub(super) fn rules() -> BTreeMap<String, AlertSettings> {
    let crowded = AlertSettings {
        metric: "connections".to_owned(),
        above: Some(5.0),
        below: None,
        for_seconds: 0,
        clear: None,
        clear_for_seconds: 0,
        severity: Severity::Critical,
        enabled: true,
    };
    let off = AlertSettings { enabled: false, ..crowded.clone() };
    BTreeMap::from([("crowded".to_owned(), crowded), ("off".to_owned(), off)])
}

fn queue(threshold: f64) -> Condition {
    Condition {
        metric: Metric::TurnsQueued,
        side: Side::Above,
        threshold,
        for_ms: 0,
        clear: threshold * 0.9,
        clear_for_ms: 0,
    }
}

impl Play {
    pub(super) async fn new() -> Self {
        let stage = Stage::new();
        let user = UserId::named("ada");
        let (record, _) = stage.registry.create(user, None, None).await.unwrap();
        Self::over(stage, user, record.id, Timestamp(1_000)).await
    }

    async fn over(
        stage: Stage,
        user: UserId,
        conversation: ConversationId,
        now: Timestamp,
    ) -> Self {
        let (samples, watched) = watch::channel(Arc::default());
        let quiet = WebhookSettings::default();
        let alerts =
            Alerts::start(stage.registry.clone(), watched, &rules(), &quiet).await.unwrap();
        Self { stage, alerts, samples, now, user, conversation }
    }

    /// The process ends here; another one begins over what it kept.
    async fn crash(self) -> Self {
        let store = self.stage.store.crash();
        let stage = Stage::over(store, BTreeMap::new());
        Self::over(stage, self.user, self.conversation, self.now).await
    }

    /// Measures this, two seconds later.
    pub(super) async fn measure(&mut self, connections: usize, queued: usize) {
        self.measure_after(Duration::from_secs(2), connections, queued).await;
    }

    async fn measure_after(&mut self, after: Duration, connections: usize, queued: usize) {
        self.now = self.now.plus(after);
        let gauges = Gauges { connections, turns_open: queued, ..Gauges::default() };
        let vitals = Vitals { gauges, ..Vitals::default() };
        let rev = self.samples.borrow().rev + 1;
        self.samples.send_replace(Arc::new(Sample::of(rev, self.now, &vitals)));
        settle().await;
    }

    /// What was told in the conversation so far.
    async fn told(&self) -> Vec<String> {
        let events = self.stage.store.events(self.conversation, 0, 999).await.unwrap();
        let told = events.iter().filter_map(|event| match &event.event {
            Event::CommandResult { intent, text, .. } => Some(format!("{intent} {text}")),
            _ => None,
        });
        told.collect()
    }

    /// What the topic shows: what changed last, and how much is open.
    pub(super) fn shown(&self) -> (u64, Vec<(String, bool)>, usize) {
        let shown = self.alerts.shown().borrow().clone();
        let changed =
            shown.changed.iter().map(|incident| (incident.alert.to_string(), incident.is_open()));
        (shown.rev, changed.collect(), shown.active.len())
    }
}

const RAISED: &str = "alert.raised Alert 1: turns queued is above 3: 4.";
const CLEARED: &str = "alert.cleared Alert 1: turns queued is no longer above 3: 1, at worst 4.";

#[tokio::test(start_paused = true)]
async fn a_watch_is_told_once_when_it_is_so_and_once_when_it_is_over() {
    let mut play = Play::new().await;
    let watch = play.alerts.watch(play.user, play.conversation, queue(3.0)).await.unwrap();
    assert_eq!(watch.number, 1);
    for queued in [3, 4, 5, 6, 3] {
        play.measure(0, queued).await;
    }
    assert_eq!(play.told().await, [RAISED]);
    assert_eq!(play.shown(), (0, vec![], 0), "the topic shows the system's");
    play.measure(0, 1).await;
    play.measure(0, 0).await;
    let cleared = CLEARED.replace("worst 4", "worst 6");
    assert_eq!(play.told().await, [RAISED.to_owned(), cleared]);
}

#[tokio::test(start_paused = true)]
async fn a_crash_neither_loses_nor_repeats_it() {
    let mut play = Play::new().await;
    play.alerts.watch(play.user, play.conversation, queue(3.0)).await.unwrap();
    play.measure(9, 4).await;
    assert_eq!(play.shown(), (1, vec![("crowded".into(), true)], 1));
    play = play.crash().await;
    assert_eq!(play.shown(), (1, vec![("crowded".into(), true)], 1), "it is still open");
    play.measure(9, 4).await;
    assert_eq!(play.told().await, [RAISED]);
    assert_eq!(play.shown().0, 1, "it is not raised again");
    play.measure(1, 1).await;
    assert_eq!(play.told().await, [RAISED, CLEARED]);
    assert_eq!(play.shown(), (2, vec![("crowded".into(), false)], 0));
    play = play.crash().await;
    play.measure(1, 4).await;
    assert_eq!(play.told().await.len(), 2, "what returns is not told at once");
    play.measure_after(Duration::from_secs(700), 1, 4).await;
    let last = play.told().await.pop();
    assert_eq!(last.as_deref(), Some(&*RAISED.replace("4.", "4; it came back once.")));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_kept_is_told_once_it_can() {
    let mut play = Play::new().await;
    play.alerts.watch(play.user, play.conversation, queue(3.0)).await.unwrap();
    let broken = Arc::new(std::io::Error::other("full"));
    play.stage.store.refuse(Some(StoreError::Unwritable(broken)));
    play.measure(9, 4).await;
    assert_eq!(play.shown().2, 1, "a full disk is no reason to show nothing");
    assert_eq!(play.told().await, [""; 0]);
    play.stage.store.refuse(None);
    play.measure(9, 4).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(play.told().await, [RAISED]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_taken_back_says_nothing_more() {
    let mut play = Play::new().await;
    let other = UserId::named("bob");
    for threshold in [3.0, 4.0, 3.0] {
        play.alerts.watch(play.user, play.conversation, queue(threshold)).await.unwrap();
    }
    play.measure(0, 4).await;
    let overview = play.alerts.look(play.user).await.unwrap();
    let open: Vec<_> =
        overview.watches.iter().map(|(w, open)| (w.number, open.is_some())).collect();
    assert_eq!(open, [(1, true), (2, false)], "the same is not watched twice");
    assert!(play.alerts.look(other).await.unwrap().watches.is_empty());
    assert_eq!(play.alerts.forget(other, Which::All).await.unwrap(), []);
    let forgotten = play.alerts.forget(play.user, Which::Number(1)).await.unwrap();
    assert_eq!(forgotten.len(), 1);
    play = play.crash().await;
    play.measure(0, 0).await;
    assert_eq!(play.told().await, [RAISED]);
    assert_eq!(play.stage.store.unsettled_incidents().await.unwrap(), []);
    assert_eq!(play.alerts.forget(play.user, Which::Metric(Metric::Load)).await.unwrap(), []);
    assert_eq!(
        play.alerts.forget(play.user, Which::Metric(Metric::TurnsQueued)).await.unwrap().len(),
        1
    );
    assert_eq!(play.alerts.incidents(play.user, 9).await.unwrap().len(), 1, "it stays known");
    assert_eq!(play.alerts.incidents(other, 9).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_user_has_so_many_and_no_more() {
    let play = Play::new().await;
    for n in 0..WATCHES_PER_USER_MAX {
        let condition = queue(f64::from(u32::try_from(n).unwrap()));
        play.alerts.watch(play.user, play.conversation, condition).await.unwrap();
    }
    let one_more = play.alerts.watch(play.user, play.conversation, queue(99.5)).await;
    assert!(matches!(one_more, Err(Refusal::UserFull)), "{one_more:?}");
    assert!(WATCH_CLEAR_FOR > Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn who_deletes_the_conversation_takes_the_watch_back() {
    let mut play = Play::new().await;
    play.alerts.watch(play.user, play.conversation, queue(3.0)).await.unwrap();
    let record = play.stage.store.conversation(play.conversation).await.unwrap().unwrap();
    let granted = Identity::absent(play.user).grant(&record).unwrap();
    let handle = play.stage.registry.open(granted).await.unwrap();
    handle.delete().known().await.unwrap();
    play.measure(0, 4).await;
    assert!(play.alerts.look(play.user).await.unwrap().watches.is_empty());
    assert_eq!(play.stage.store.unsettled_incidents().await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_is_gone_ends_what_it_raised() {
    let mut play = Play::new().await;
    play.measure(9, 0).await;
    let store = play.stage.store.crash();
    let stage = Stage::over(store, BTreeMap::new());
    let samples = watch::channel(Arc::default()).1;
    let quiet = WebhookSettings::default();
    let alerts =
        Alerts::start(stage.registry.clone(), samples, &BTreeMap::new(), &quiet).await.unwrap();
    assert!(alerts.look(play.user).await.unwrap().active.is_empty());
    let incidents = stage.store.incidents(None, 9).await.unwrap();
    assert!(!incidents[0].is_unsettled(), "{incidents:?}");
}
