//! What can be asked of the gateway itself: typed, named, and written as a slash command.

use std::{fmt, sync::Arc};

use serde_json::{Map, Value};

use super::{
    alerts::AlertWish,
    slots::{
        Component, NewTask, Period, Priority, Targets, TaskFilter, TaskNumbers, TaskStatus, Which,
        Whom, Workers,
    },
};
use crate::model::{AgentName, Metric, PoolName};

/// A command to the gateway itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// What can be said here, or what there is to a topic.
    Help(Option<Arc<str>>),
    /// How the gateway is.
    Status,
    /// Whether it is well, or a part of it.
    Health(Option<Component>),
    /// How something that is measured was.
    Chart(Metric, Option<Period>),
    /// Which pools there are.
    Pools,
    /// How one pool is.
    Pool(PoolName),
    /// Which tools a pool and its agents have; all of them where it is `None`.
    Tools(Option<PoolName>),
    /// Which tools that agent has.
    AgentTools(PoolName, AgentName),
    /// That pool shall have more or fewer workers.
    Scale(PoolName, Workers),
    /// Ask several pools the same, and make one answer of theirs.
    Ask(Whom, Arc<str>),
    /// Which background tasks there are.
    Tasks(TaskFilter),
    /// Hand in a background task.
    Submit(NewTask),
    /// How these tasks stand.
    ShowTasks(TaskNumbers),
    /// Take tasks back.
    CancelTasks(Targets),
    /// Try tasks again that failed or were cancelled.
    RetryTasks(Targets),
    /// These tasks run at that time, so much later, by that rule, behind others, or once more and not
    /// again, as it was written.
    Reschedule(TaskNumbers, Arc<str>),
    /// These tasks are wanted so soon.
    Prioritise(TaskNumbers, Priority),
    /// Which conversations there are.
    Conversations,
    /// This conversation goes to that pool from now on; to none in particular where it is `None`.
    Use(Option<PoolName>),
    /// The same with one agent of it.
    UseAgent(PoolName, AgentName),
    /// Begin another conversation, with that pool.
    New(Option<PoolName>),
    /// What a conversation was about, in short.
    Summarise(Which),
    /// Delete a conversation.
    Delete(Which),
    /// Find what was said about something.
    Search {
        /// What to look for, as it was written.
        query: Arc<str>,
        /// When it was said.
        period: Option<Period>,
    },
    /// Which demonstrations there are.
    Demos,
    /// Begin that demonstration; the first one where none is named.
    Demo(Option<Arc<str>>),
    /// The running demonstration's next step.
    NextDemo,
    /// End the running demonstration.
    StopDemo,
    /// Read the settings anew.
    Reload,
    /// Tell the status now and then, every so many seconds.
    Subscribe(Option<u32>),
    /// Tell of the pools whenever they change.
    WatchPools,
    /// Tell nothing by itself any more.
    Unsubscribe,
    /// Something about alerts.
    Alerts(AlertWish),
    /// How many tokens were used, and what they cost.
    Usage(Option<Period>),
    /// Which models answer, and who offers them.
    Providers,
    /// Why the last message went to its pool.
    Why,
}

impl Operation {
    /// The command's stable name.
    pub fn intent(&self) -> &'static str {
        match self {
            Self::Help(_) => "help",
            Self::Status => "status",
            Self::Health(_) => "health",
            Self::Chart(..) => "metrics.chart",
            Self::Pools => "pools.list",
            Self::Pool(_) => "pool.show",
            Self::Tools(_) | Self::AgentTools(..) => "tools.list",
            Self::Scale(..) => "pool.scale",
            Self::Ask(..) => "pools.ask",
            Self::Tasks(_) => "tasks.list",
            Self::Submit(_) => "task.submit",
            Self::ShowTasks(_) => "task.show",
            Self::CancelTasks(_) => "task.cancel",
            Self::RetryTasks(_) => "task.retry",
            Self::Reschedule(..) => "task.reschedule",
            Self::Prioritise(..) => "task.priority",
            Self::Conversations => "conversations.list",
            Self::Use(_) | Self::UseAgent(..) => "conversation.switch_pool",
            Self::New(_) => "conversation.new",
            Self::Summarise(_) => "conversation.summary",
            Self::Delete(_) => "conversation.delete",
            Self::Search { .. } => "history.search",
            Self::Demos => "demo.list",
            Self::Demo(_) => "demo.start",
            Self::NextDemo => "demo.next",
            Self::StopDemo => "demo.stop",
            Self::Reload => "settings.reload",
            Self::Subscribe(_) => "subscribe.status",
            Self::WatchPools => "subscribe.pools",
            Self::Unsubscribe => "unsubscribe.status",
            Self::Alerts(wish) => wish.intent(),
            Self::Usage(_) => "usage.show",
            Self::Providers => "providers.list",
            Self::Why => "routing.explain",
        }
    }

    /// Whether it destroys something or reaches far, so that a sentence alone is not enough.
    pub fn needs_consent(&self) -> bool {
        let far = matches!(self, Self::Scale(..) | Self::RetryTasks(_) | Self::Reload);
        far || matches!(self, Self::CancelTasks(_) | Self::Delete(_))
    }

    /// Whether it only tells something, and changes nothing.
    pub fn only_looks(&self) -> bool {
        matches!(
            self,
            Self::Help(_)
                | Self::Status
                | Self::Health(_)
                | Self::Chart(..)
                | Self::Pools
                | Self::Pool(_)
                | Self::Tools(_)
                | Self::AgentTools(..)
                | Self::Tasks(_)
                | Self::ShowTasks(_)
                | Self::Conversations
                | Self::Search { .. }
                | Self::Demos
                | Self::Usage(_)
                | Self::Providers
                | Self::Alerts(AlertWish::List(_))
                | Self::Why
        )
    }

    /// The same with another number, which [`A_NUMBER`] stands for: `no, 12` may be said to it.
    pub fn with_another_number(&self) -> Option<String> {
        match self {
            Self::Scale(pool, _) => Some(format!("/scale {pool} {A_NUMBER}")),
            _ => None,
        }
    }

    /// The only task that it is about.
    pub fn task(&self) -> Option<u32> {
        match self {
            Self::ShowTasks(numbers)
            | Self::CancelTasks(Targets::Numbered(numbers))
            | Self::RetryTasks(Targets::Numbered(numbers))
            | Self::Reschedule(numbers, _)
            | Self::Prioritise(numbers, _) => match *numbers.as_slice() {
                [number] => Some(number),
                _ => None,
            },
            _ => None,
        }
    }

    /// Its parameters, as JSON.
    pub fn slots(&self) -> Value {
        let mut slots = Slots::default();
        match self {
            Self::Help(topic) => slots.put("topic", topic.as_deref()),
            Self::Health(component) => slots.put("component", component.map(Component::word)),
            Self::Chart(metric, period) => slots.chart(*metric, *period),
            Self::Pool(pool) => slots.put("pool", Some(pool.as_str())),
            Self::Tools(pool) | Self::New(pool) => {
                slots.put("pool", pool.as_ref().map(PoolName::as_str));
            }
            Self::Scale(pool, workers) => {
                slots.put("pool", Some(pool.as_str()));
                slots.workers(*workers);
            }
            Self::Ask(whom, text) => {
                slots.put("pools", Some(whom.slot()));
                slots.put("text", Some(&**text));
            }
            Self::Tasks(filter) => slots.filter(filter),
            Self::Submit(task) => slots.task(task),
            Self::ShowTasks(numbers)
            | Self::CancelTasks(Targets::Numbered(numbers))
            | Self::RetryTasks(Targets::Numbered(numbers)) => {
                slots.put("task_id", Some(numbers.slot()));
            }
            Self::Reschedule(numbers, at) => {
                slots.put("task_id", Some(numbers.slot()));
                slots.put("at", Some(&**at));
            }
            Self::CancelTasks(Targets::All(filter)) | Self::RetryTasks(Targets::All(filter)) => {
                slots.put("scope", Some("all"));
                slots.filter(filter);
            }
            Self::Prioritise(numbers, priority) => {
                slots.put("task_id", Some(numbers.slot()));
                slots.put("priority", Some(priority.word()));
            }
            Self::Use(pool) => {
                slots.put("pool", Some(pool.as_ref().map_or(AUTO, PoolName::as_str)));
            }
            Self::UseAgent(pool, agent) | Self::AgentTools(pool, agent) => {
                slots.put("pool", Some(pool.as_str()));
                slots.put("agent", Some(agent.as_str()));
            }
            Self::Summarise(which) | Self::Delete(which) => {
                slots.put("conversation", Some(which.slot()));
            }
            Self::Search { query, period } => {
                slots.put("query", Some(&**query));
                slots.put("period", period.map(|period| period.to_string()));
            }
            Self::Demo(name) => slots.put("demo", name.as_deref()),
            Self::Subscribe(seconds) => slots.put("interval_s", *seconds),
            Self::Alerts(wish) => slots.0 = wish.slots(),
            Self::Usage(period) => slots.put("period", period.map(|period| period.to_string())),
            Self::Status
            | Self::Pools
            | Self::Conversations
            | Self::Demos
            | Self::NextDemo
            | Self::StopDemo
            | Self::Reload
            | Self::WatchPools
            | Self::Unsubscribe
            | Self::Providers
            | Self::Why => {}
        }
        Value::Object(slots.0)
    }

    /// The slash command that says exactly this.
    pub fn to_slash(&self) -> String {
        self.to_string()
    }
}

/// What stands, among the answers to a question and at the end of a command, for any number.
pub const A_NUMBER: &str = "N";

/// What stands for no pool in particular.
pub(super) const AUTO: &str = "auto";

/// Parameters by name; what is absent is left out.
#[derive(Default)]
struct Slots(Map<String, Value>);

impl Slots {
    fn put(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.into());
        }
    }

    fn chart(&mut self, metric: Metric, period: Option<Period>) {
        self.put("metric", Some(metric.name()));
        self.put("period", period.map(|period| period.to_string()));
    }

    fn workers(&mut self, workers: Workers) {
        match workers {
            Workers::To(count) => self.put("workers", Some(count)),
            Workers::By(change) => self.put("workers_delta", Some(change)),
        }
    }

    fn filter(&mut self, filter: &TaskFilter) {
        self.put("status", filter.status.map(TaskStatus::word));
        self.put("priority", filter.priority.map(Priority::word));
        self.put("pool", filter.pool.as_ref().map(PoolName::as_str));
        self.put("before", filter.before);
    }

    fn task(&mut self, task: &NewTask) {
        self.put("description", Some(&*task.description));
        self.put("pool", task.pool.as_ref().map(PoolName::as_str));
        self.put("priority", task.priority.map(Priority::word));
        self.put("at", task.at.as_deref());
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Help(topic) => form(f, "/help", topic.as_ref()),
            Self::Status => f.write_str("/status"),
            Self::Health(component) => form(f, "/health", component.as_ref()),
            Self::Chart(metric, period) => {
                write!(f, "/chart {}", metric.name())?;
                form(f, "", period.as_ref())
            }
            Self::Pools => f.write_str("/pools"),
            Self::Pool(pool) => write!(f, "/pool {pool}"),
            Self::Tools(pool) => form(f, "/tools", pool.as_ref()),
            Self::AgentTools(pool, agent) => write!(f, "/tools {pool}/{agent}"),
            Self::Scale(pool, workers) => write!(f, "/scale {pool} {workers}"),
            Self::Ask(whom, text) => write!(f, "/ask {whom} {text}"),
            Self::Tasks(filter) => filtered(f, "/tasks", filter),
            Self::Submit(task) => submit(f, task),
            Self::ShowTasks(numbers) => write!(f, "/task {numbers}"),
            Self::CancelTasks(Targets::Numbered(numbers)) => write!(f, "/task cancel {numbers}"),
            Self::CancelTasks(Targets::All(filter)) => filtered(f, "/task cancel all", filter),
            Self::RetryTasks(Targets::Numbered(numbers)) => write!(f, "/task retry {numbers}"),
            Self::RetryTasks(Targets::All(filter)) => filtered(f, "/task retry all", filter),
            Self::Reschedule(numbers, at) => write!(f, "/task at {} {at}", numbers.joined()),
            Self::Prioritise(numbers, priority) => write!(f, "/task priority {numbers} {priority}"),
            Self::Conversations => f.write_str("/conversations"),
            Self::Use(pool) => write!(f, "/use {}", pool.as_ref().map_or(AUTO, PoolName::as_str)),
            Self::UseAgent(pool, agent) => write!(f, "/use {pool}/{agent}"),
            Self::New(pool) => form(f, "/new", pool.as_ref()),
            Self::Summarise(which) => write!(f, "/summary {which}"),
            Self::Delete(which) => write!(f, "/delete {which}"),
            Self::Search { query, period } => {
                f.write_str("/search")?;
                if let Some(period) = period {
                    write!(f, " --period {}", period.to_string().replace(' ', "-"))?;
                }
                free_text(f, query)
            }
            Self::Demos => f.write_str("/demos"),
            Self::Demo(name) => form(f, "/demo", name.as_ref()),
            Self::NextDemo => f.write_str("/demo next"),
            Self::StopDemo => f.write_str("/demo stop"),
            Self::Reload => f.write_str("/reload"),
            Self::Subscribe(seconds) => form(f, "/subscribe", seconds.as_ref()),
            Self::WatchPools => f.write_str("/subscribe pools"),
            Self::Unsubscribe => f.write_str("/unsubscribe"),
            Self::Alerts(wish) => wish.fmt(f),
            Self::Usage(period) => form(f, "/usage", period.as_ref()),
            Self::Providers => f.write_str("/providers"),
            Self::Why => f.write_str("/why"),
        }
    }
}

fn filtered(f: &mut fmt::Formatter<'_>, command: &str, filter: &TaskFilter) -> fmt::Result {
    form(f, command, filter.status.as_ref())?;
    form(f, "", filter.priority.as_ref())?;
    form(f, if filter.pool.is_some() { " --pool" } else { "" }, filter.pool.as_ref())?;
    form(f, if filter.before.is_some() { " --before" } else { "" }, filter.before.as_ref())
}

fn submit(f: &mut fmt::Formatter<'_>, task: &NewTask) -> fmt::Result {
    f.write_str("/task submit")?;
    if let Some(pool) = &task.pool {
        write!(f, " --pool {pool}")?;
    }
    if let Some(priority) = task.priority {
        write!(f, " --priority {priority}")?;
    }
    if let Some(at) = &task.at {
        write!(f, " --at \"{at}\"")?;
    }
    free_text(f, &task.description)
}

/// A command and its argument, where it has one.
fn form(
    f: &mut fmt::Formatter<'_>,
    command: &str,
    argument: Option<&impl fmt::Display>,
) -> fmt::Result {
    f.write_str(command)?;
    argument.map_or(Ok(()), |argument| write!(f, " {argument}"))
}

/// What looks like an option is set apart by a `--` of its own.
fn free_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let apart = if text.starts_with("--") { " --" } else { "" };
    write!(f, "{apart} {text}")
}
