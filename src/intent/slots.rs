//! The values that a command carries, each with the one word or phrase that writes it.

use std::{fmt, str::FromStr, sync::Arc};

use serde_json::{Value, json};

use crate::model::{ConversationId, PoolName};

/// The text names no such value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a value of this kind")]
pub struct NotAValue;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$what:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$what])* $variant),+ }

        impl $name {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word for it.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $name {
            type Err = NotAValue;

            fn from_str(text: &str) -> Result<Self, NotAValue> {
                Self::ALL.iter().copied().find(|value| value.word() == text).ok_or(NotAValue)
            }
        }
    };
}

/// Who is asked, where several are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// All specialists.
    All,
    /// These pools.
    These(Vec<PoolName>),
}

impl Whom {
    const ALL: &str = "all";

    /// As a parameter in JSON.
    pub(super) fn slot(&self) -> Value {
        match self {
            Self::All => Self::ALL.into(),
            Self::These(pools) => pools.iter().map(PoolName::as_str).collect(),
        }
    }
}

/// Each pool once, in the order in which they were named first.
pub(super) fn named_once(pools: &[PoolName]) -> Vec<PoolName> {
    let mut once = Vec::with_capacity(pools.len());
    for pool in pools {
        if !once.contains(pool) {
            once.push(pool.clone());
        }
    }
    once
}

impl fmt::Display for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str(Self::ALL),
            Self::These(pools) => {
                f.write_str(&pools.iter().map(PoolName::as_str).collect::<Vec<_>>().join(","))
            }
        }
    }
}

impl FromStr for Whom {
    type Err = NotAValue;

    fn from_str(text: &str) -> Result<Self, NotAValue> {
        if text == Self::ALL {
            return Ok(Self::All);
        }
        let names: Vec<_> = text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(PoolName::from)
            .collect();
        if names.is_empty() { Err(NotAValue) } else { Ok(Self::These(named_once(&names))) }
    }
}

words! {
    /// How a background task stands.
    TaskStatus {
        /// It waits for its time or for a worker.
        Queued = "queued",
        /// A worker is at it.
        Running = "running",
        /// It has a result.
        Completed = "completed",
        /// All its attempts failed.
        Failed = "failed",
        /// Somebody took it back.
        Cancelled = "cancelled",
    }
}

words! {
    /// How soon a task is wanted.
    Priority {
        /// When nothing else waits.
        Low = "low",
        /// In its turn.
        Normal = "normal",
        /// Before what is normal.
        High = "high",
        /// Before everything.
        Urgent = "urgent",
    }
}

words! {
    /// A part of the gateway whose health can be asked for.
    Component {
        /// What the process holds in memory.
        Memory = "memory",
        /// How busy the processors are.
        Cpu = "cpu",
        /// The room on the disk.
        Disk = "disk",
        /// The store.
        Database = "database",
        /// How long the process has been up.
        Uptime = "uptime",
        /// The connections to the outside.
        Network = "network",
        /// The settings and the file that they come from.
        Settings = "settings",
        /// What is open of files and sockets.
        Files = "files",
        /// The models that the pools ask.
        Providers = "providers",
        /// The turns that wait for a worker.
        Queue = "queue",
        /// The background tasks that wait.
        Tasks = "tasks",
        /// The event loop.
        Loop = "loop",
        /// The wall clock.
        Clock = "clock",
        /// What the port shows to clients.
        Certificate = "certificate",
    }
}

words! {
    /// A unit of time that periods are counted in.
    Unit {
        /// Sixty seconds.
        Minute = "minute",
        /// Sixty minutes.
        Hour = "hour",
        /// From midnight to midnight.
        Day = "day",
        /// From Monday on.
        Week = "week",
        /// A month of the calendar.
        Month = "month",
        /// A year of the calendar.
        Year = "year",
    }
}

/// A stretch of the past, up to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// Since midnight.
    Today,
    /// The day before.
    Yesterday,
    /// The unit that has begun and not ended.
    This(Unit),
    /// The whole unit before this one.
    Last(Unit),
    /// So many units, counted back from now; two at the least.
    Past(u32, Unit),
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Today => f.write_str("today"),
            Self::Yesterday => f.write_str("yesterday"),
            Self::This(unit) => write!(f, "this {unit}"),
            Self::Last(unit) => write!(f, "last {unit}"),
            Self::Past(count, unit) => write!(f, "last {count} {unit}s"),
        }
    }
}

impl FromStr for Period {
    type Err = NotAValue;

    /// A hyphen is as good as a space, where a period has to be one word.
    fn from_str(text: &str) -> Result<Self, NotAValue> {
        let words: Vec<&str> = text.split([' ', '-']).filter(|word| !word.is_empty()).collect();
        match *words {
            ["today" | "day"] | ["this", "day"] => Ok(Self::Today),
            ["yesterday"] | ["last", "day"] => Ok(Self::Yesterday),
            [unit] | ["this", unit] => unit.parse().map(Self::This),
            ["last", unit] => unit.parse().map(Self::Last),
            ["last", "half", "hour"] | ["last", "half", "an", "hour"] => {
                Ok(Self::Past(30, Unit::Minute))
            }
            ["last", count, units] => {
                let unit = units.strip_suffix('s').unwrap_or(units).parse()?;
                let count = count.parse().ok().filter(|count| *count > 1).ok_or(NotAValue)?;
                Ok(Self::Past(count, unit))
            }
            _ => Err(NotAValue),
        }
    }
}

/// How many workers a pool shall have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Workers {
    /// So many.
    To(u32),
    /// So many more, or fewer.
    By(i32),
}

/// Written with a sign it is a change.
impl fmt::Display for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::To(count) => write!(f, "{count}"),
            Self::By(change) => write!(f, "{change:+}"),
        }
    }
}

impl FromStr for Workers {
    type Err = NotAValue;

    fn from_str(text: &str) -> Result<Self, NotAValue> {
        let workers = if text.starts_with(['+', '-']) {
            text.parse().map(Self::By)
        } else {
            text.parse().map(Self::To)
        };
        workers.map_err(|_| NotAValue)
    }
}

/// The numbers of tasks; one at the least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskNumbers(Vec<u32>);

impl TaskNumbers {
    /// Those numbers, each once, in the order in which they were named.
    pub fn new(numbers: impl IntoIterator<Item = u32>) -> Option<Self> {
        let mut kept = Vec::new();
        for number in numbers {
            if !kept.contains(&number) {
                kept.push(number);
            }
        }
        (!kept.is_empty()).then_some(Self(kept))
    }

    /// The numbers.
    pub fn as_slice(&self) -> &[u32] {
        &self.0
    }

    /// As one word.
    pub(super) fn joined(&self) -> String {
        self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }

    /// A number, or a list where there are several.
    pub(super) fn slot(&self) -> Value {
        match *self.0 {
            [number] => json!(number),
            _ => json!(self.0),
        }
    }
}

impl fmt::Display for TaskNumbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, number) in self.0.iter().enumerate() {
            write!(f, "{}{number}", if place == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

/// Which of one's conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Which {
    /// The one in which it is said.
    Current,
    /// The one before it.
    Last,
    /// The one with that number in the list.
    Number(u32),
    /// Exactly this one.
    Id(ConversationId),
}

impl Which {
    pub(super) fn slot(self) -> Value {
        match self {
            Self::Number(number) => json!(number),
            named => json!(named.to_string()),
        }
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Current => f.write_str("current"),
            Self::Last => f.write_str("last"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Id(id) => write!(f, "{id}"),
        }
    }
}

impl FromStr for Which {
    type Err = NotAValue;

    fn from_str(text: &str) -> Result<Self, NotAValue> {
        match text {
            "current" => Ok(Self::Current),
            "last" => Ok(Self::Last),
            named => match named.parse() {
                Ok(id) => Ok(Self::Id(id)),
                Err(_) => named.parse().map(Self::Number).map_err(|_| NotAValue),
            },
        }
    }
}

/// Which tasks: all that fit what is named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Those that stand so.
    pub status: Option<TaskStatus>,
    /// Those that are wanted so soon.
    pub priority: Option<Priority>,
    /// Those of that pool.
    pub pool: Option<PoolName>,
    /// Those before the task of that number.
    pub before: Option<u32>,
}

/// Which tasks are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Targets {
    /// These.
    Numbered(TaskNumbers),
    /// Every one that fits.
    All(TaskFilter),
}

/// A task to be handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// What is to be done, as it was written.
    pub description: Arc<str>,
    /// Who shall do it; where nobody is named it is routed.
    pub pool: Option<PoolName>,
    /// How soon; `normal` where nothing is said.
    pub priority: Option<Priority>,
    /// Not before this, as it was written; at once where nothing is said.
    pub at: Option<Arc<str>>,
}
