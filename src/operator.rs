//! Does what a command says, and tells it twice: in a sentence and as data.
//!
//! Invariants: a command that its key shows to be done already is not done again; what destroys or
//! reaches far is asked back first, unless that was agreed to.

mod alerts;
mod answer;
mod chart;
mod conversations;
mod demos;
mod help;
mod meaning;
mod period;
mod pools;
mod report;
mod search;
mod settings;
mod summary;
mod system;
mod table;
mod tasks;
mod tools;
mod usage;

use std::sync::Arc;

use arc_swap::ArcSwap;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tracing::{Instrument as _, Span, field};

pub use demos::names as demo_names;
pub use meaning::{NoCommand, Order};
pub use report::Here;

use crate::{
    alert::Alerts,
    auth::Identity,
    config::LiveSettings,
    conversation::{Ask, Change, Executed, Handle, Refusal, Registry, Sent, part_span},
    intent::{Operation, Vocabulary},
    model::{Subject, Traced},
    monitor::Monitor,
    task::Tasks,
};
use demos::Tours;
use meaning::Wish;
use report::{Outcome, Report, Then};

/// Carries operator commands out.
pub struct Operator {
    registry: Registry,
    tasks: Tasks,
    alerts: Alerts,
    monitor: Arc<Monitor>,
    settings: LiveSettings,
    /// Knows the pools that there are now.
    vocabulary: ArcSwap<Vocabulary>,
    tours: Tours,
}

/// Who gives a command, in which conversation, and over what.
#[derive(Clone)]
pub struct Caller {
    /// Who.
    pub identity: Identity,
    /// Where.
    pub handle: Handle,
    /// Hears what a command does to the connection over which it came. A demonstration keeps it, so
    /// it may outlive the command and the connection.
    pub here: mpsc::Sender<Here>,
}

/// What was said.
#[derive(Debug, Clone)]
pub struct Said {
    /// As it was written.
    pub text: Arc<str>,
    /// The client's idempotency key.
    pub key: Option<Arc<str>>,
    /// Whatever comes of it stands in this.
    pub span: Traced,
}

impl Operator {
    /// Works on what is in `registry`, on the tasks and the alerts; tells what the monitor knows.
    pub fn new(
        registry: Registry,
        tasks: Tasks,
        alerts: Alerts,
        settings: LiveSettings,
        monitor: Arc<Monitor>,
    ) -> Arc<Self> {
        let vocabulary = ArcSwap::from_pointee(vocabulary(&registry));
        let tours = Tours::default();
        Arc::new(Self { registry, tasks, alerts, monitor, settings, vocabulary, tours })
    }

    /// Other pools may be there by now; they can be called by their names.
    pub fn adopt(&self) {
        self.vocabulary.store(Arc::new(vocabulary(&self.registry)));
    }

    /// Carries the order out and has it noted in the conversation, as a turn of its own.
    pub async fn carry_out(
        self: &Arc<Self>,
        order: Order,
        caller: Caller,
        said: Said,
    ) -> Result<Sent, Refusal> {
        let span = said.span.clone();
        span.record("conversation", field::display(caller.conversation()));
        span.record("intent", order.name().0);
        let done = self.carry_out_once(order, caller, said).instrument(Span::clone(&span)).await;
        if let Ok(sent) = &done {
            span.record("turn", field::display(sent.accepted.turn));
        }
        span.record("outcome", if done.is_ok() { "completed" } else { "refused" });
        done
    }

    async fn carry_out_once(
        self: &Arc<Self>,
        order: Order,
        caller: Caller,
        said: Said,
    ) -> Result<Sent, Refusal> {
        let workshop = self.registry.workshop();
        if workshop.lifecycle.draining().is_reached() {
            return Err(Refusal::Draining);
        }
        if let Some(key) = &said.key {
            let now = workshop.clock.now();
            let before = workshop.store.keyed(caller.identity.user, key, now).await?;
            if let Some(accepted) = before {
                return Ok(Sent { accepted, duplicate: true, parts: None });
            }
        }
        let (intent, slots) = order.name();
        match self.execute(order, &caller, &said).await? {
            Outcome::Asked(ask) => {
                let ask = Ask { key: said.key, span: part_span(&said.span), ..ask };
                caller.handle.ask(ask).known().await
            }
            Outcome::Told(report) => self.tell(report, (intent, slots), caller, said).await,
        }
    }

    /// Has the report noted, and does what follows from it.
    async fn tell(
        self: &Arc<Self>,
        report: Report,
        (intent, slots): (&str, Value),
        caller: Caller,
        said: Said,
    ) -> Result<Sent, Refusal> {
        let Report { text, data, offers, keeps, pin, pin_agent, tour, subject, then } = report;
        if let Some(pool) = pin {
            // Its own event tells of it; only that the command was noted is waited for.
            let change = Change { pool: Some(pool), agent: pin_agent, ..Change::default() };
            drop(caller.handle.change(change));
        }
        let executed = Executed {
            asked: said.text,
            key: said.key,
            intent: intent.into(),
            slots,
            text: text.into(),
            data,
            offers: (!keeps).then_some(offers),
            tour,
            subject,
            tells: None,
        };
        let sent = caller.handle.note(executed).known().await?;
        match then {
            Then::Nothing => {}
            Then::Delete => drop(caller.handle.delete().known().await?),
            Then::Tour => self.guide(caller),
            // A connection that is gone wants nothing any more.
            Then::Here(here) => drop(caller.here.try_send(here)),
        }
        Ok(sent)
    }

    async fn execute(
        &self,
        order: Order,
        caller: &Caller,
        said: &Said,
    ) -> Result<Outcome, Refusal> {
        let (operation, agreed) = match order.0 {
            Wish::Do { operation, agreed } => (operation, agreed),
            Wish::Clarify(unsure) => return Ok(Report::clarify(unsure).into()),
            Wish::Leave => {
                return Ok(Report::new("Nothing was changed.", json!({ "done": false })).into());
            }
        };
        let subject = operation.task().map(Subject::Task);
        let looks = operation.only_looks();
        let report = match operation {
            Operation::Help(topic) => help::help(topic.as_deref()),
            Operation::Status => self.status(),
            Operation::Health(component) => self.health(component),
            Operation::Chart(metric, period) => self.chart(metric, period),
            Operation::Pools => self.pools(),
            Operation::Pool(pool) => self.pool(&pool),
            Operation::Use(pool) => self.switch(pool.as_ref()),
            Operation::UseAgent(pool, agent) => self.switch_to_agent(&pool, &agent),
            Operation::Tools(pool) => self.tools(pool.as_ref()),
            Operation::AgentTools(pool, agent) => self.agent_tools(&pool, &agent),
            Operation::Providers => self.providers(),
            Operation::Why => self.why(caller.conversation()).await?,
            Operation::Conversations => self.conversations(caller).await?,
            Operation::New(pool) => self.begin(caller, pool.as_ref()).await?,
            Operation::Delete(which) => self.delete(caller, which, agreed).await?,
            Operation::Summarise(which) => return self.summarise(caller, which, &said.text).await,
            Operation::Search { query, period } => self.search(caller, &query, period).await?,
            Operation::Demos => demos::list(),
            Operation::Demo(name) => demos::start(name.as_deref()),
            Operation::NextDemo => self.next_demo(caller),
            Operation::StopDemo => self.stop_demo(caller),
            Operation::Ask(whom, text) => return Ok(self.ask(whom, text)),
            Operation::Tasks(filter) => self.list_tasks(caller, &filter).await?,
            Operation::Submit(new) => self.submit_task(caller, new, said).await?,
            Operation::ShowTasks(numbers) => self.show_tasks(caller, &numbers).await?,
            Operation::CancelTasks(targets) => self.cancel_tasks(caller, targets, agreed).await?,
            Operation::RetryTasks(targets) => self.retry_tasks(caller, targets, agreed).await?,
            Operation::Reschedule(numbers, at) => {
                self.reschedule_tasks(caller, &numbers, &at).await?
            }
            Operation::Prioritise(numbers, priority) => {
                self.prioritise_tasks(caller, &numbers, priority).await?
            }
            Operation::Scale(pool, workers) => self.scale(&pool, workers, agreed),
            Operation::Reload => self.reload(agreed).await,
            Operation::Subscribe(seconds) => self.keep_posted(seconds),
            Operation::WatchPools => pools::keep_posted(),
            Operation::Unsubscribe => system::stop_posting(),
            Operation::Alerts(wish) => self.about_alerts(caller, wish).await?,
            Operation::Usage(period) => self.usage(caller, period).await?,
        };
        // Who looks something up may still answer what was asked before.
        let keeps = looks && report.offers.is_empty();
        Ok(Report { keeps, subject: report.subject.or(subject), ..report }.into())
    }
}

/// The words that are names here.
fn vocabulary(registry: &Registry) -> Vocabulary {
    let pools: Vec<_> = registry.workshop().pools.iter().collect();
    let agents = pools
        .iter()
        .flat_map(|pool| pool.agents().map(|(agent, _)| (pool.name.as_str(), agent.as_str())));
    Vocabulary::new(pools.iter().map(|pool| pool.name.as_str()), demo_names()).staffed(agents)
}

impl Order {
    /// The command's stable name, and its parameters.
    fn name(&self) -> (&'static str, Value) {
        match &self.0 {
            Wish::Do { operation, .. } => (operation.intent(), operation.slots()),
            Wish::Clarify(unsure) => (unsure.intent, unsure.slots.clone()),
            Wish::Leave => ("leave", json!({})),
        }
    }
}
