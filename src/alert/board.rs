//! The topic `alerts`: what changed last, and all that is open.
//!
//! Invariant: who listens gets the newest value and never a queue of them; it is encoded once for
//! all who do.

use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

use crate::{
    model::{Incident, Timestamp},
    wire::{self, Frame},
};

/// What every subscriber sees.
#[derive(Debug, Clone)]
pub(super) struct Board(watch::Sender<Arc<Shown>>);

/// How the system's alerts stand.
#[derive(Debug, Default)]
pub struct Shown {
    /// Which value, from 1.
    pub rev: u64,
    /// When this was so.
    pub at: Timestamp,
    /// What changed last.
    pub changed: Vec<Incident>,
    /// All that is open.
    pub active: Vec<Incident>,
    frame: OnceLock<Option<Frame>>,
    lines: OnceLock<Option<Frame>>,
}

impl Board {
    pub(super) fn new() -> Self {
        Self(watch::channel(Arc::default()).0)
    }

    /// Shows what changed, and all that is open.
    pub(super) fn show(&self, at: Timestamp, changed: Vec<Incident>, active: Vec<Incident>) {
        let rev = self.0.borrow().rev + 1;
        self.0.send_replace(Arc::new(Shown { rev, at, changed, active, ..Shown::default() }));
    }

    pub(super) fn news(&self) -> watch::Receiver<Arc<Shown>> {
        self.0.subscribe()
    }
}

impl Shown {
    /// For a program; none while there was nothing yet.
    pub fn frame(&self) -> Option<Frame> {
        let encode = || wire::alerts(self.rev, self.at, &self.changed, &self.active);
        self.frame.get_or_init(encode).clone()
    }

    /// For a person: a line for each change.
    pub fn lines(&self) -> Option<Frame> {
        let say = || {
            let lines: Vec<_> = self.changed.iter().map(line).collect();
            (!lines.is_empty()).then(|| wire::note(&lines.join("\n")))
        };
        self.lines.get_or_init(say).clone()
    }
}

/// `critical: memory is above 95 %: 97 %`.
pub(super) fn line(incident: &Incident) -> String {
    let open = incident.is_open();
    let word = if open { incident.severity.word() } else { "over" };
    format!("{word}: {} ({})", incident.text(open), incident.alert)
}
