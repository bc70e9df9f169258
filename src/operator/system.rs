//! How the gateway is: overall, and part by part.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Operator, report::Report};
use crate::{intent::Component, model::Vitals, store};

const MIB: u64 = 1_048_576;

/// How well something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Ok,
    Degraded,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
        }
    }
}

/// One part and how it is.
struct Check {
    part: Component,
    state: State,
    says: String,
}

impl Operator {
    pub(super) fn status(&self) -> Report {
        let (workshop, vitals) = (self.registry.workshop(), (self.vitals)());
        let store = workshop.store.health();
        let draining = workshop.lifecycle.draining().is_reached();
        let health = match (draining, store.writable) {
            (true, _) => "draining",
            (false, true) => "ok",
            (false, false) => "degraded",
        };
        let (open, live) = (workshop.lifecycle.turns_running(), self.registry.live());
        let mut text = format!(
            "{health}: up {}, {} connections, {live} conversations in memory, {open} turns open",
            uptime(&vitals),
            vitals.connections,
        );
        if let Some(bytes) = vitals.memory_bytes {
            let _infallible = write!(text, ", {} MiB", bytes / MIB);
        }
        if !store.writable {
            text.push_str("; the store cannot write, so new messages are refused");
        }
        Report::new(
            text,
            json!({
                "health": health,
                "uptime_ms": vitals.uptime_ms,
                "connections": vitals.connections,
                "conversations": live,
                "turns_open": open,
                "memory_bytes": vitals.memory_bytes,
                "store": {"writable": store.writable, "bytes": store.bytes},
            }),
        )
    }

    pub(super) fn health(&self, of: Option<Component>) -> Report {
        let (vitals, store) = ((self.vitals)(), self.registry.workshop().store.health());
        let asked = Component::ALL.iter().filter(|part| of.is_none_or(|of| of == **part));
        let checks: Vec<Check> = asked.map(|part| check(*part, &vitals, &store)).collect();
        let worst = checks.iter().map(|check| check.state).max().unwrap_or(State::Ok);
        let rows: Vec<Value> = checks.iter().map(Check::data).collect();
        let mut text = match of {
            Some(_) => String::new(),
            None if worst == State::Ok => "All is well.\n".to_owned(),
            None => "Not all is well.\n".to_owned(),
        };
        for Check { part, state, says } in &checks {
            let _infallible = writeln!(text, "{part:8}  {:8}  {says}", state.word());
        }
        Report::new(text.trim_end(), json!({ "health": worst.word(), "checks": rows }))
    }
}

impl Check {
    fn data(&self) -> Value {
        json!({"component": self.part.word(), "state": self.state.word(), "says": self.says})
    }
}

fn check(part: Component, vitals: &Vitals, store: &store::Health) -> Check {
    let unknown = || "the system does not tell".to_owned();
    let mut state = State::Ok;
    let says = match part {
        Component::Memory => {
            let process = vitals.memory_bytes.map(|bytes| format!("{} MiB", bytes / MIB));
            process.map_or_else(unknown, |process| match vitals.machine_memory_bytes {
                Some((used, total)) => {
                    let machine = format!("{} of {} MiB", used / MIB, total / MIB);
                    format!("{process} for the gateway; {machine} of the machine are in use")
                }
                None => format!("{process} for the gateway"),
            })
        }
        Component::Cpu => vitals.load.map_or_else(unknown, |load| {
            let [one, five, fifteen] = load;
            format!("load {one:.2}, {five:.2}, {fifteen:.2} over 1, 5 and 15 minutes")
        }),
        Component::Disk => {
            let free = store.free_bytes.map(|bytes| format!("{} MiB free", bytes / MIB));
            let own = store.bytes.map(|bytes| format!("the database takes {} MiB", bytes / MIB));
            let known: Vec<String> = free.into_iter().chain(own).collect();
            if known.is_empty() { unknown() } else { known.join("; ") }
        }
        Component::Database if store.writable => "reads and writes".to_owned(),
        Component::Database => {
            state = State::Degraded;
            "reads, but cannot write: free space on its disk; new messages are refused".to_owned()
        }
        Component::Uptime => format!("up {}", uptime(vitals)),
        Component::Network => format!("{} connections", vitals.connections),
    };
    Check { part, state, says }
}

/// Hours, minutes and seconds since the start.
fn uptime(vitals: &Vitals) -> String {
    let seconds = vitals.uptime_ms / 1_000;
    format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}
