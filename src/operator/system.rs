//! How the gateway is: overall, and part by part.

use std::{fmt::Write as _, time::Duration};

use serde_json::{Value, json};

use super::{
    Operator,
    report::{Here, Report, Then},
    settings::standing,
};
use crate::{
    config::SettingsState,
    intent::Component,
    limits,
    model::{Gauges, Vitals},
    store,
};

const MIB: u64 = 1_048_576;
/// How often the status is told to whoever names no number.
const STATUS_SECONDS: u32 = 10;

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
        let (vitals, store) = ((self.vitals)(), self.registry.workshop().store.health());
        let Gauges { health, connections, conversations, turns_open, .. } = vitals.gauges;
        Report::new(
            vitals.line(),
            json!({
                "health": health.word(),
                "uptime_ms": vitals.uptime_ms,
                "connections": connections,
                "conversations": conversations,
                "turns_open": turns_open,
                "tasks_queued": vitals.gauges.tasks_queued,
                "tasks_running": vitals.gauges.tasks_running,
                "memory_bytes": vitals.memory_bytes,
                "cpu_percent": vitals.cpu_percent,
                "store": {"writable": store.writable, "bytes": store.bytes},
            }),
        )
    }

    pub(super) fn health(&self, of: Option<Component>) -> Report {
        let (vitals, store) = ((self.vitals)(), self.registry.workshop().store.health());
        let settings = self.settings.state();
        let asked = Component::ALL.iter().filter(|part| of.is_none_or(|of| of == **part));
        let checks: Vec<Check> =
            asked.map(|part| check(*part, &vitals, &store, &settings)).collect();
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

/// The status is told from now on, every so many seconds.
pub(super) fn keep_posted(seconds: Option<u32>) -> Report {
    let every = Duration::from_secs(seconds.unwrap_or(STATUS_SECONDS).into());
    let every = every.max(limits::SAMPLE_EVERY);
    let seconds = every.as_secs();
    let text = format!(
        "The status comes every {seconds} seconds from now on; “stop the updates” ends it."
    );
    let data = json!({ "subscribed": true, "interval_s": seconds });
    Report { then: Then::Here(Here::Status(Some(every))), ..Report::new(text, data) }
}

/// Neither it nor alerts are told any more.
pub(super) fn stop_posting() -> Report {
    let data = json!({ "subscribed": false });
    Report { then: Then::Here(Here::Status(None)), ..Report::new("No more updates.", data) }
}

impl Check {
    fn data(&self) -> Value {
        json!({"component": self.part.word(), "state": self.state.word(), "says": self.says})
    }
}

fn check(
    part: Component,
    vitals: &Vitals,
    store: &store::Health,
    settings: &SettingsState,
) -> Check {
    let mut state = State::Ok;
    let says = match part {
        Component::Settings => {
            let (well, says) = standing(settings);
            state = if well { State::Ok } else { State::Degraded };
            says
        }
        Component::Memory => {
            let of = |(used, total)| format!("{} of {} MiB", used / MIB, total / MIB);
            let process = vitals.memory_bytes.map(|bytes| format!("{} MiB", bytes / MIB));
            let machine =
                vitals.machine_memory_bytes.map(|of_it| format!("the machine {}", of(of_it)));
            let swap = vitals.swap_bytes.filter(|(used, _)| *used > 0);
            told([process, machine, swap.map(|of_it| format!("swap {}", of(of_it)))])
        }
        Component::Cpu => {
            let process = vitals.cpu_percent.map(|cpu| format!("{cpu:.0} % of a core"));
            let machine = vitals.machine_cpu_percent.map(|cpu| format!("the machine {cpu:.0} %"));
            let load = vitals.load.map(|[one, five, fifteen]| {
                format!("load {one:.2}, {five:.2}, {fifteen:.2} over 1, 5 and 15 minutes")
            });
            told([process, machine, load])
        }
        Component::Disk => {
            let free = store.free_bytes.map(|bytes| format!("{} MiB free", bytes / MIB));
            let own = store.bytes.map(|bytes| format!("the database takes {} MiB", bytes / MIB));
            told([free, own, None])
        }
        Component::Database if store.writable => "reads and writes".to_owned(),
        Component::Database => {
            state = State::Degraded;
            "reads, but cannot write: free space on its disk; new messages are refused".to_owned()
        }
        Component::Uptime => format!("up {}", vitals.uptime()),
        Component::Network => {
            let files = vitals.open_files.map(|files| format!("{files} files and sockets open"));
            told([Some(format!("{} connections", vitals.gauges.connections)), files, None])
        }
    };
    Check { part, state, says }
}

/// Whatever of it is known.
fn told(known: [Option<String>; 3]) -> String {
    let known: Vec<String> = known.into_iter().flatten().collect();
    if known.is_empty() { "the system does not tell".to_owned() } else { known.join("; ") }
}
