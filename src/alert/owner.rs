//! The one who decides about alerts: takes each sample, keeps what it changes, and has it told.
//!
//! Invariants: of an incident one thing is told at a time; what cannot be kept is shown and posted,
//! and kept as soon as that is possible, but not told before.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::sync::{Semaphore, mpsc, watch};

use super::{
    board::Board,
    command::{Command, Overview, Refusal, Which},
    course::{Course, Rule, Step},
    rules,
    telling::{self, End, Heard},
    webhook::Courier,
};
use crate::{
    config::AlertSettings,
    conversation::Registry,
    limits,
    model::{
        Condition, ConversationId, Incident, IncidentId, Severity, Timestamp, UserId, Vitals, Watch,
    },
    monitor::Sample,
    store::{Batch, Commit, Expect, StoreError, Write},
};

/// The owner of all rules.
pub(super) struct Owner {
    pub(super) registry: Registry,
    pub(super) board: Board,
    pub(super) courier: Option<Courier>,
    pub(super) system: Vec<Course>,
    watched: BTreeMap<(UserId, u64), Watched>,
    /// What the store did not take yet.
    unkept: HashMap<IncidentId, Incident>,
    telling: HashSet<IncidentId>,
    work: FuturesUnordered<BoxFuture<'static, Heard>>,
    at_once: Arc<Semaphore>,
}

struct Watched {
    watch: Watch,
    course: Course,
}

/// Everything that can happen to the owner.
enum Wake {
    Draining,
    Sample,
    Heard(Heard),
    Command(Command),
}

impl Owner {
    /// Takes up what the last run left: what was open is still open.
    pub(super) async fn take_up(
        registry: Registry,
        rules: &BTreeMap<String, AlertSettings>,
        board: Board,
        courier: Option<Courier>,
    ) -> Result<Self, StoreError> {
        let store = registry.workshop().store.clone();
        let mut owner = Self {
            registry,
            board,
            courier,
            system: Vec::new(),
            watched: BTreeMap::new(),
            unkept: HashMap::new(),
            telling: HashSet::new(),
            work: FuturesUnordered::new(),
            at_once: Arc::new(Semaphore::new(limits::ALERTS_TOLD_AT_ONCE_MAX)),
        };
        let mut left = Left::of(store.unsettled_incidents().await?);
        left.add_recent(store.incidents(None, limits::INCIDENTS_LISTED_MAX).await?);
        let watches = store.watches().await?;
        let users: HashSet<UserId> = watches.iter().map(|watch| watch.user).collect();
        for user in users {
            left.add_recent(store.incidents(Some(user), limits::INCIDENTS_LISTED_MAX).await?);
        }
        let now = owner.now();
        for rule in rules::system(rules) {
            let left = left.take(&rule.alert, None, now);
            owner.system.push(Course::new(rule, left));
        }
        for watch in watches {
            let key = (watch.user, watch.number);
            let incident = left.take(watch.condition.metric.name(), Some(key), now);
            owner.watched.insert(key, Watched::of(watch, incident));
        }
        owner.settle(left, now).await;
        owner.show_what_is_open(now);
        owner.tell_all();
        Ok(owner)
    }

    /// What nobody watches any more is over, and what was not delivered goes on.
    async fn settle(&mut self, left: Left, now: Timestamp) {
        let mut ended = Vec::new();
        for incident in left.unsettled {
            let rule = Rule {
                alert: incident.alert.clone(),
                watch: incident.watch,
                severity: incident.severity,
                condition: incident.condition,
            };
            ended.extend(Course::new(rule, Some(incident)).end(now));
        }
        for incident in &mut ended {
            match incident.watch.and_then(|key| self.watched.get(&key)) {
                Some(watched) => self.begin_telling(watched.watch.conversation, incident.clone()),
                None if incident.watch.is_some() => incident.told = incident.news,
                None => {}
            }
        }
        let current = self.system.iter().filter_map(Course::incident);
        let undelivered: Vec<Incident> = current.chain(&ended).cloned().collect();
        self.keep(ended).await;
        for incident in undelivered {
            self.deliver(incident);
        }
    }

    /// Looks at samples and does what is asked until the drain, and hears what is under way then.
    pub(super) async fn run(
        mut self,
        mut samples: watch::Receiver<Arc<Sample>>,
        mut inbox: mpsc::Receiver<Command>,
    ) {
        let draining = self.registry.workshop().lifecycle.draining().clone();
        let mut told = draining.reached();
        let mut drains = false;
        while !(drains && self.work.is_empty()) {
            let wake = tokio::select! {
                () = &mut told, if !drains => Wake::Draining,
                Some(heard) = self.work.next() => Wake::Heard(heard),
                Some(command) = inbox.recv(), if !drains => Wake::Command(command),
                Ok(()) = samples.changed(), if !drains => Wake::Sample,
                else => return,
            };
            match wake {
                Wake::Draining => {
                    drains = true;
                    inbox.close();
                }
                Wake::Sample => {
                    let sample = samples.borrow_and_update().clone();
                    self.look(sample.at, &sample.vitals).await;
                }
                Wake::Heard(heard) => self.heard(heard).await,
                Wake::Command(command) => self.heed(command).await,
            }
        }
    }

    // ---- samples --------------------------------------------------------------------------

    async fn look(&mut self, at: Timestamp, vitals: &Vitals) {
        let (mut changed, mut shown) = (Vec::new(), Vec::new());
        let watched = self.watched.values_mut().map(|watched| &mut watched.course);
        for course in self.system.iter_mut().chain(watched) {
            let value = course.rule().condition.metric.of(vitals);
            let Some(step) = course.step(at, value) else { continue };
            let Some(incident) = course.incident_mut() else { continue };
            if step > Step::Quiet && incident.watch.is_none() {
                shown.push((step, incident.clone()));
            }
            changed.push(incident.clone());
        }
        self.keep(changed).await;
        if !shown.is_empty() {
            for (_, incident) in shown.iter().filter(|(step, _)| *step == Step::News) {
                self.deliver(incident.clone());
            }
            let shown = shown.into_iter().map(|(_, incident)| incident).collect();
            self.board.show(at, shown, self.active());
        }
        self.tell_all();
    }

    /// Keeps these, and what could not be kept before.
    pub(super) async fn keep(&mut self, incidents: Vec<Incident>) {
        for mut incident in incidents {
            // What nobody outside is told of now is nothing to catch up on later.
            if self.courier.is_none() {
                incident.delivered = incident.news;
            }
            self.unkept.insert(incident.id, incident);
        }
        if self.unkept.is_empty() {
            return;
        }
        let writes = self.unkept.values().cloned().map(Write::Incident).collect();
        match self.write(writes).await {
            Ok(()) => self.unkept.clear(),
            Err(error) => tracing::debug!(%error, "incidents cannot be kept yet"),
        }
    }

    fn write(&self, writes: Vec<Write>) -> Commit {
        self.registry.workshop().store.commit(Batch { expect: Expect::Nothing, writes })
    }

    pub(super) fn deliver(&self, incident: Incident) {
        if let Some(courier) = &self.courier
            && incident.delivered < incident.news
        {
            courier.bring(incident);
        }
    }

    fn show_what_is_open(&self, at: Timestamp) {
        let active = self.active();
        if !active.is_empty() {
            self.board.show(at, active.clone(), active);
        }
    }

    /// What of the system's is open, what matters most first.
    pub(super) fn active(&self) -> Vec<Incident> {
        let open = self.system.iter().filter_map(Course::incident).filter(|of| of.is_open());
        let mut active: Vec<_> = open.cloned().collect();
        active.sort_by_key(|incident| (std::cmp::Reverse(incident.severity), incident.since));
        active
    }

    // ---- telling --------------------------------------------------------------------------

    fn tell_all(&mut self) {
        let untold = self.watched.values().filter_map(|Watched { watch, course }| {
            let incident = course.incident().filter(|incident| incident.told < incident.news)?;
            let kept = !self.unkept.contains_key(&incident.id);
            kept.then(|| (watch.conversation, incident.clone()))
        });
        for (conversation, incident) in untold.collect::<Vec<_>>() {
            self.begin_telling(conversation, incident);
        }
    }

    fn begin_telling(&mut self, conversation: ConversationId, incident: Incident) {
        let Some(watch) = incident.watch else { return };
        if incident.told >= incident.news || !self.telling.insert(incident.id) {
            return;
        }
        let (registry, at_once) = (self.registry.clone(), self.at_once.clone());
        let telling = async move {
            let _seat = at_once.acquire_owned().await;
            telling::tell(registry, conversation, watch, incident).await
        };
        self.work.push(telling.boxed());
    }

    async fn heard(&mut self, heard: Heard) {
        let Heard { incident, conversation, end } = heard;
        self.telling.remove(&incident.id);
        let Some(key) = incident.watch else { return };
        match end {
            End::Draining => return,
            End::Told => {}
            End::Gone => {
                // Nobody is there to hear it any more, nor what may follow.
                let told = Write::IncidentTold(key.0, incident.id, incident.told);
                drop(self.write(vec![told]).await);
                drop(self.forget(key, self.now()).await);
                return;
            }
        }
        let course = self.watched.get_mut(&key).map(|watched| &mut watched.course);
        match course.and_then(Course::incident_mut).filter(|known| known.id == incident.id) {
            Some(known) => {
                known.told = known.told.max(incident.told);
                self.tell_all();
            }
            None => self.begin_telling(conversation, incident),
        }
    }

    // ---- what is asked --------------------------------------------------------------------

    async fn heed(&mut self, command: Command) {
        match command {
            Command::Watch(user, conversation, condition, reply) => {
                drop(reply.send(self.watch(user, conversation, condition).await));
            }
            Command::Forget(user, which, reply) => {
                drop(reply.send(self.forget_some(user, which).await));
            }
            Command::Adopt(new) => self.adopt(new).await,
            Command::Look(user, reply) => drop(reply.send(Ok(self.overview(user)))),
        }
    }

    /// Whoever asks for the same again has it already.
    async fn watch(
        &mut self,
        user: UserId,
        conversation: ConversationId,
        condition: Condition,
    ) -> Result<Watch, Refusal> {
        let own: Vec<&Watch> = self.of(user).map(|(_, watched)| &watched.watch).collect();
        let same =
            |watch: &&&Watch| watch.condition == condition && watch.conversation == conversation;
        if let Some(known) = own.iter().find(same) {
            return Ok((**known).clone());
        }
        if own.len() >= limits::WATCHES_PER_USER_MAX {
            return Err(Refusal::UserFull);
        }
        if self.watched.len() >= limits::WATCHES_MAX {
            return Err(Refusal::Full);
        }
        let number = own.iter().map(|watch| watch.number).max().unwrap_or(0) + 1;
        let watch = Watch { user, number, conversation, condition, created_at: self.now() };
        self.write(vec![Write::Watch(watch.clone())]).await?;
        self.watched.insert((user, number), Watched::of(watch.clone(), None));
        Ok(watch)
    }

    async fn forget_some(&mut self, user: UserId, which: Which) -> Result<Vec<Watch>, Refusal> {
        let meant = |watch: &Watch| match which {
            Which::Number(number) => watch.number == number,
            Which::Metric(metric) => watch.condition.metric == metric,
            Which::All => true,
        };
        let keys: Vec<_> =
            self.of(user).filter(|(_, known)| meant(&known.watch)).map(|(key, _)| *key).collect();
        let mut forgotten = Vec::new();
        for key in keys {
            forgotten.extend(self.forget(key, self.now()).await?);
        }
        Ok(forgotten)
    }

    /// Once that is kept, nothing more is told of it.
    async fn forget(
        &mut self,
        (user, number): (UserId, u64),
        now: Timestamp,
    ) -> Result<Option<Watch>, StoreError> {
        let key = (user, number);
        if !self.watched.contains_key(&key) {
            return Ok(None);
        }
        self.write(vec![Write::ForgetWatch(user, number)]).await?;
        let Some(Watched { watch, course }) = self.watched.remove(&key) else { return Ok(None) };
        if let Some(ended) = course.end(now) {
            let told = ended.news;
            self.keep(vec![Incident { told, ..ended }]).await;
        }
        Ok(Some(watch))
    }

    fn overview(&self, user: UserId) -> Overview {
        let open = |watched: &Watched| watched.course.incident().filter(|of| of.is_open()).cloned();
        let watches = self.of(user).map(|(_, known)| (known.watch.clone(), open(known)));
        Overview { active: self.active(), watches: watches.collect() }
    }

    fn of(&self, user: UserId) -> impl Iterator<Item = (&(UserId, u64), &Watched)> {
        self.watched.range((user, 0)..=(user, u64::MAX))
    }

    pub(super) fn now(&self) -> Timestamp {
        self.registry.workshop().clock.now()
    }
}

impl Watched {
    fn of(watch: Watch, left: Option<Incident>) -> Self {
        let rule = Rule {
            alert: watch.condition.metric.name().into(),
            watch: Some((watch.user, watch.number)),
            severity: Severity::Warning,
            condition: watch.condition,
        };
        Self { watch, course: Course::new(rule, left) }
    }
}

/// What the last run left.
struct Left {
    unsettled: Vec<Incident>,
    recent: Vec<Incident>,
}

impl Left {
    fn of(unsettled: Vec<Incident>) -> Self {
        Self { unsettled, recent: Vec::new() }
    }

    fn add_recent(&mut self, recent: Vec<Incident>) {
        self.recent.extend(recent.into_iter().filter(|incident| !incident.is_unsettled()));
    }

    /// The newest of a rule, where it is open or may return.
    fn take(
        &mut self,
        alert: &str,
        watch: Option<(UserId, u64)>,
        now: Timestamp,
    ) -> Option<Incident> {
        let of_it = |incident: &Incident| &*incident.alert == alert && incident.watch == watch;
        let returns = |incident: &Incident| {
            incident.cleared_at.is_none_or(|at| now.since(at) < limits::INCIDENT_RETURNS_WITHIN)
        };
        let newest = |all: &[Incident]| {
            let of_rule = all.iter().enumerate().filter(|(_, incident)| of_it(incident));
            of_rule.max_by_key(|(_, incident)| incident.id).map(|(at, incident)| (at, incident.id))
        };
        let (unsettled, recent) = (newest(&self.unsettled), newest(&self.recent));
        match (unsettled, recent) {
            (Some((at, id)), recent) if recent.is_none_or(|(_, other)| other < id) => {
                let fits = self.unsettled.get(at).is_some_and(|incident| {
                    incident.is_open() || incident.says_open() || returns(incident)
                });
                fits.then(|| self.unsettled.remove(at))
            }
            (_, Some((at, _))) => {
                Some(self.recent.swap_remove(at)).filter(|incident| returns(incident))
            }
            _ => None,
        }
    }
}
