//! Health checks: how each part of the gateway is, why, and what to do about it.

use std::borrow::Cow;

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The store reads and writes.
    Store,
    /// There is room on the disk of the data directory.
    Disk,
    /// There is memory left.
    Memory,
    /// There are descriptors left for files and sockets.
    Files,
    /// Each pool has a model that can be asked.
    Providers,
    /// Turns get a worker in time.
    Queue,
    /// Background tasks begin in time.
    Tasks,
    /// The event loop keeps up.
    Loop,
    /// The wall clock goes as time does.
    Clock,
    /// The settings are those of their file.
    Settings,
    /// The port shows a certificate that is good; looked at where it shows one.
    Certificate,
}

impl Part {
    /// All there are.
    pub const ALL: [Self; 11] = [
        Self::Store,
        Self::Disk,
        Self::Memory,
        Self::Files,
        Self::Providers,
        Self::Queue,
        Self::Tasks,
        Self::Loop,
        Self::Clock,
        Self::Settings,
        Self::Certificate,
    ];

    /// As frames and people name it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Disk => "disk",
            Self::Memory => "memory",
            Self::Files => "files",
            Self::Providers => "providers",
            Self::Queue => "queue",
            Self::Tasks => "tasks",
            Self::Loop => "loop",
            Self::Clock => "clock",
            Self::Settings => "settings",
            Self::Certificate => "certificate",
        }
    }

    /// Another instance may do better where it fails. All of them ask the same providers, and
    /// show the same certificate, so sending people elsewhere helps nobody.
    pub fn is_own(self) -> bool {
        !matches!(self, Self::Providers | Self::Certificate)
    }
}

/// How well it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum State {
    /// As it should be.
    #[default]
    Ok,
    /// It works, and somebody should look.
    Degraded,
    /// It does not work.
    Failing,
}

impl State {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Failing => "failing",
        }
    }
}

/// How one part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub part: Part,
    /// How well it is.
    pub state: State,
    /// What was seen.
    pub says: Cow<'static, str>,
    /// What to do about it, where there is something.
    pub advice: Option<&'static str>,
}

impl Check {
    /// It is as it should be.
    pub fn ok(part: Part, says: impl Into<Cow<'static, str>>) -> Self {
        Self { part, state: State::Ok, says: says.into(), advice: None }
    }

    /// It is not, and this is to be done.
    pub fn bad(
        part: Part,
        state: State,
        says: impl Into<Cow<'static, str>>,
        advice: &'static str,
    ) -> Self {
        Self { part, state, says: says.into(), advice: Some(advice) }
    }
}
