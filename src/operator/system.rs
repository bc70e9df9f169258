//! How the gateway is: overall, and part by part.

use std::{fmt::Write as _, time::Duration};

use serde_json::{Value, json};

use super::{
    Operator,
    report::{Here, Report, Then},
    settings::standing,
};
use crate::{
    intent::Component,
    model::{Check, Gauges, Part, State, Unit, Vitals, amount, counted, in_bytes, lasting},
    monitor, store,
};

const MIB: u64 = 1_048_576;
/// How often the status is told to whoever names no number.
const STATUS_SECONDS: u32 = 10;

/// What is said of a part that is not looked at here, as a certificate that nobody is shown.
const NOTHING: &str = "there is none to look at";

/// One part, how it is, and what is to be said about it.
struct Row {
    part: &'static str,
    state: State,
    says: String,
    advice: Option<&'static str>,
}

impl Operator {
    pub(super) fn status(&self) -> Report {
        let ((vitals, checks), store) =
            (self.monitor.look(), self.registry.workshop().store.health());
        let Gauges { health, connections, conversations, turns_open, .. } = vitals.gauges;
        let bad = checks.iter().filter(|check| check.state != State::Ok);
        let bad: Vec<Value> = bad.map(|check| Row::of(check).data()).collect();
        Report::new(
            monitor::line(&vitals, &checks),
            json!({
                "health": health.word(),
                "uptime_ms": vitals.uptime_ms,
                "connections": connections,
                "conversations": conversations,
                "turns_open": turns_open,
                "tasks_queued": vitals.gauges.tasks_queued,
                "tasks_running": vitals.gauges.tasks_running,
                "memory_bytes": vitals.memory_bytes,
                "memory_by_part": by_part(&vitals),
                "cpu_percent": vitals.cpu_percent,
                "tokens_per_second": vitals.pace.tokens_per_second,
                "store": {"writable": store.writable, "bytes": store.bytes},
                "not_well": bad,
            }),
        )
    }

    /// Of the whole: what is checked, the bad first. Of a part: its figures, and its check.
    pub(super) fn health(&self, of: Option<Component>) -> Report {
        let (vitals, checks) = self.monitor.look();
        let checked = |part: Part| checks.iter().find(move |check| check.part == part);
        let mut rows: Vec<Row> = match of {
            None => checks.iter().map(Row::of).collect(),
            Some(component) => {
                let figures = self.figures(component, &vitals);
                vec![match part(component).and_then(checked) {
                    Some(check) => Row::of_part(component, figures, check),
                    None => Row::known(component, figures.unwrap_or_else(|| NOTHING.to_owned())),
                }]
            }
        };
        rows.sort_by_key(|row| std::cmp::Reverse(row.state));
        if of.is_none() {
            let figures = [Component::Cpu, Component::Network, Component::Uptime];
            rows.extend(
                figures
                    .iter()
                    .filter_map(|part| Some(Row::known(*part, self.figures(*part, &vitals)?))),
            );
        }
        let worst = rows.iter().map(|row| row.state).max().unwrap_or_default();
        let bad = rows.iter().filter(|row| row.state != State::Ok).count();
        let mut text = match (of, bad) {
            (Some(_), _) => String::new(),
            (None, 0) => "All is well.\n".to_owned(),
            (None, 1) => "One thing is not well.\n".to_owned(),
            (None, bad) => format!("{bad} things are not well.\n"),
        };
        for Row { part, state, says, advice } in &rows {
            let _infallible = writeln!(text, "{part:11}  {:8}  {says}", state.word());
            if let Some(advice) = advice {
                let _infallible = writeln!(text, "{:11}  {:8}  → {advice}", "", "");
            }
        }
        let data: Vec<Value> = rows.iter().map(Row::data).collect();
        Report::new(text.trim_end(), json!({ "health": worst.word(), "checks": data }))
    }

    /// The status is told from now on, every so many seconds.
    pub(super) fn keep_posted(&self, seconds: Option<u32>) -> Report {
        let every = Duration::from_secs(seconds.unwrap_or(STATUS_SECONDS).into());
        let every = every.max(self.monitor.every());
        let seconds = every.as_secs_f64();
        let often = lasting(u64::try_from(every.as_millis()).unwrap_or(u64::MAX));
        let text = format!(
            "The status comes every {often} from now on, and at once when something changes; \
             “stop the updates” ends it."
        );
        let data = json!({ "subscribed": true, "interval_s": seconds });
        Report { then: Then::Here(Here::Status(Some(every))), ..Report::new(text, data) }
    }

    fn figures(&self, of: Component, vitals: &Vitals) -> Option<String> {
        if of == Component::Settings {
            return Some(standing(&self.settings.state()).1);
        }
        figures(of, vitals, &self.registry.workshop().store.health())
    }
}

fn by_part(vitals: &Vitals) -> Value {
    let parts = vitals.memory_parts.iter();
    parts.map(|(part, bytes)| (part.name().to_owned(), Value::from(bytes))).collect()
}

/// Neither it nor alerts are told any more.
pub(super) fn stop_posting() -> Report {
    let data = json!({ "subscribed": false });
    Report { then: Then::Here(Here::Status(None)), ..Report::new("No more updates.", data) }
}

impl Row {
    fn of(check: &Check) -> Self {
        let part = if check.part == Part::Store { "database" } else { check.part.word() };
        let Check { state, advice, .. } = *check;
        Self { part, state, says: check.says.clone().into_owned(), advice }
    }

    /// What is told and not judged.
    fn known(of: Component, says: String) -> Self {
        Self { part: of.word(), state: State::Ok, says, advice: None }
    }

    /// What the check saw comes first, where it saw something bad or there is nothing else.
    fn of_part(of: Component, figures: Option<String>, check: &Check) -> Self {
        let says = match figures {
            None => check.says.clone().into_owned(),
            // How the settings stand says all of it.
            Some(figures) if check.state == State::Ok || of == Component::Settings => figures,
            Some(figures) => format!("{}; {figures}", check.says),
        };
        Self { part: of.word(), says, ..Self::of(check) }
    }

    fn data(&self) -> Value {
        json!({
            "component": self.part,
            "state": self.state.word(),
            "says": self.says,
            "advice": self.advice,
        })
    }
}

/// What is checked of it.
fn part(of: Component) -> Option<Part> {
    match of {
        Component::Memory => Some(Part::Memory),
        Component::Disk => Some(Part::Disk),
        Component::Database => Some(Part::Store),
        Component::Network | Component::Files => Some(Part::Files),
        Component::Cpu | Component::Loop => Some(Part::Loop),
        Component::Settings => Some(Part::Settings),
        Component::Providers => Some(Part::Providers),
        Component::Queue => Some(Part::Queue),
        Component::Tasks => Some(Part::Tasks),
        Component::Clock => Some(Part::Clock),
        Component::Certificate => Some(Part::Certificate),
        Component::Uptime => None,
    }
}

/// Its figures; `None` where its check says all there is.
fn figures(of: Component, vitals: &Vitals, store: &store::Health) -> Option<String> {
    Some(match of {
        Component::Files
        | Component::Providers
        | Component::Queue
        | Component::Tasks
        | Component::Loop
        | Component::Clock
        | Component::Certificate => return None,
        Component::Memory => {
            let of = |(used, total)| format!("{} of {}", in_bytes(used), in_bytes(total));
            let process = vitals.memory_bytes.map(in_bytes);
            let machine =
                vitals.machine_memory_bytes.map(|of_it| format!("the machine {}", of(of_it)));
            let swap = vitals.swap_bytes.filter(|(used, _)| *used > 0);
            let swap = swap.map(|of_it| format!("swap {}", of(of_it)));
            told([process, machine, swap, parts(vitals)])
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
            let free = store.free_bytes.map(|bytes| format!("{} free", in_bytes(bytes)));
            let own = store.bytes.map(|bytes| format!("the database takes {}", in_bytes(bytes)));
            told([free, own])
        }
        Component::Database => {
            let writes = store.writable.then(|| "reads and writes".to_owned());
            let ms = |time: Duration| amount(Unit::Milliseconds, time.as_secs_f64() * 1_000.0);
            let commit = vitals.commit.map(|[half, most]| {
                format!("a commit takes {}, 19 of 20 at most {}", ms(half), ms(most))
            });
            let size = store.bytes.map(in_bytes);
            told([writes, commit, size])
        }
        Component::Uptime | Component::Settings => format!("up {}", vitals.uptime()),
        Component::Network => {
            let files = vitals.open_files.map(|files| format!("{files} files and sockets open"));
            let traffic = vitals.network.map(|[received, sent]| {
                let show = |bytes| amount(Unit::BytesPerSecond, bytes);
                format!("receives {}, sends {}", show(received), show(sent))
            });
            told([Some(counted(vitals.gauges.connections as u64, "connection")), files, traffic])
        }
    })
}

/// Where the memory goes: the largest parts first; what is less than a tenth of a MiB is not worth
/// a word.
fn parts(vitals: &Vitals) -> Option<String> {
    let largest = vitals.memory_parts.largest().into_iter();
    let worth = largest.filter(|(_, bytes)| *bytes >= MIB / 10);
    let each: Vec<String> =
        worth.map(|(part, bytes)| format!("{} {}", part.words(), in_bytes(bytes))).collect();
    (!each.is_empty()).then(|| format!("of the gateway's: {}", each.join(", ")))
}

/// Whatever of it is known.
fn told<const N: usize>(known: [Option<String>; N]) -> String {
    let known: Vec<String> = known.into_iter().flatten().collect();
    if known.is_empty() { "the system does not tell".to_owned() } else { known.join("; ") }
}
