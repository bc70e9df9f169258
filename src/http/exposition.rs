//! Prometheus' text format: each family with its help and type, its samples together.
//!
//! Invariant: only families of `FAMILIES` are told; what labels say comes from settings and from
//! closed lists, never from users or providers.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::meter::Histogram;

/// How a family is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
    Summary,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
        }
    }
}

/// Every family: its name, its kind, and what it says.
pub(super) const FAMILIES: &[(&str, Kind, &str)] = &[
    ("operatoros_info", Kind::Gauge, "The version that runs; always 1."),
    ("process_cpu_seconds_total", Kind::Counter, "Processor time of the process."),
    ("process_resident_memory_bytes", Kind::Gauge, "Resident memory of the process."),
    (
        "operatoros_memory_part_bytes",
        Kind::Gauge,
        "Where that goes, by part; `other` is what no part knows of.",
    ),
    ("process_open_fds", Kind::Gauge, "Files and sockets that the process has open."),
    ("process_max_fds", Kind::Gauge, "Files and sockets that it may have open."),
    ("process_start_time_seconds", Kind::Gauge, "When the process began, since 1970."),
    ("operatoros_connections", Kind::Gauge, "Open connections."),
    ("operatoros_sessions", Kind::Gauge, "Users who are connected."),
    ("operatoros_conversations", Kind::Gauge, "Conversations in memory."),
    ("operatoros_turns_open", Kind::Gauge, "Turns that run or wait."),
    ("operatoros_tasks_running", Kind::Gauge, "Background tasks that run."),
    ("operatoros_tasks_waiting", Kind::Gauge, "Background tasks that wait."),
    ("operatoros_task_lag_seconds", Kind::Gauge, "How late the most overdue background task is."),
    (
        "operatoros_loop_lag_seconds",
        Kind::Gauge,
        "How late the event loop was at the worst, lately.",
    ),
    ("operatoros_store_bytes", Kind::Gauge, "What the store takes on disk."),
    ("operatoros_store_commit_seconds", Kind::Summary, "How long the newest commits took."),
    ("operatoros_check_state", Kind::Gauge, "A health check: 0 is ok, 1 degraded, 2 failing."),
    (
        "operatoros_certificate_expires_seconds",
        Kind::Gauge,
        "For how long the port's certificate is still good, where it has one.",
    ),
    ("operatoros_pool_workers", Kind::Gauge, "Answers that a pool may give at a time."),
    ("operatoros_pool_running", Kind::Gauge, "Workers of a pool that are busy."),
    ("operatoros_pool_waiting", Kind::Gauge, "Turns and tasks that wait for a worker of a pool."),
    (
        "operatoros_pool_oldest_wait_seconds",
        Kind::Gauge,
        "How long the turn among them that came first has waited.",
    ),
    ("operatoros_turns_total", Kind::Counter, "Turns of a pool that ended, by outcome."),
    ("operatoros_first_token_seconds", Kind::Histogram, "From a turn's start to its first text."),
    ("operatoros_turn_seconds", Kind::Histogram, "From a turn's acceptance to its end."),
    ("operatoros_answer_bytes_total", Kind::Counter, "Text of answers that was written."),
    (
        "operatoros_tokens_per_second",
        Kind::Gauge,
        "Tokens of answers a second, over the last minute.",
    ),
    (
        "operatoros_hedges_total",
        Kind::Counter,
        "Times a second provider was asked, the first being silent.",
    ),
    ("operatoros_hedges_won_total", Kind::Counter, "Times that it spoke first."),
    (
        "operatoros_cost_today_dollars",
        Kind::Gauge,
        "What a pool's turns and tasks of today have cost, UTC.",
    ),
    (
        "operatoros_tool_calls_total",
        Kind::Counter,
        "Calls of a tool: what it looked for was found, or why not.",
    ),
    ("operatoros_tool_seconds", Kind::Histogram, "How long calls of a tool took."),
    (
        "operatoros_model_up",
        Kind::Gauge,
        "1 where the model is asked, 0 while it fails or wants to be left alone.",
    ),
    (
        "operatoros_provider_up",
        Kind::Gauge,
        "1 where a probe found that the provider answers and takes its key, else 0.",
    ),
    (
        "operatoros_provider_probe_seconds",
        Kind::Gauge,
        "How long the provider took to answer the last probe.",
    ),
    ("operatoros_attempts_total", Kind::Counter, "Times a model was asked."),
    ("operatoros_attempts_answered_total", Kind::Counter, "Times its answer was whole."),
    ("operatoros_attempts_failed_total", Kind::Counter, "Times it failed, by reason."),
    (
        "operatoros_attempt_first_token_seconds",
        Kind::Histogram,
        "From the asking of a model to its first text.",
    ),
    (
        "operatoros_machine_cpu_ratio",
        Kind::Gauge,
        "Processor time of the machine that is in use, 0 to 1.",
    ),
    (
        "operatoros_machine_memory_used_bytes",
        Kind::Gauge,
        "Memory of the machine, or of the container, in use.",
    ),
    ("operatoros_machine_memory_bytes", Kind::Gauge, "How much it has."),
    ("operatoros_machine_swap_used_bytes", Kind::Gauge, "Swap of the machine in use."),
    ("operatoros_machine_swap_bytes", Kind::Gauge, "How much it has."),
    ("operatoros_disk_free_bytes", Kind::Gauge, "What is free on the disk of the data directory."),
    ("operatoros_disk_bytes", Kind::Gauge, "How much it has."),
    ("operatoros_machine_load1", Kind::Gauge, "The machine's load over one minute."),
    (
        "operatoros_machine_network_receive_bytes_total",
        Kind::Counter,
        "What the machine received, without loopback.",
    ),
    (
        "operatoros_machine_network_transmit_bytes_total",
        Kind::Counter,
        "What the machine sent, without loopback.",
    ),
];

type Labels<'a> = &'a [(&'a str, &'a str)];

/// Samples, gathered by family.
#[derive(Default)]
pub(super) struct Exposition(BTreeMap<&'static str, String>);

impl Exposition {
    /// One number of a family that has one for these labels.
    pub(super) fn one(&mut self, family: &'static str, labels: Labels<'_>, value: f64) {
        self.sample(family, "", &written(labels, None), value);
    }

    /// The same without labels, where it is known.
    pub(super) fn maybe(&mut self, family: &'static str, value: Option<f64>) {
        if let Some(value) = value {
            self.one(family, &[], value);
        }
    }

    /// Times, by how long they were.
    pub(super) fn histogram(&mut self, family: &'static str, labels: Labels<'_>, of: &Histogram) {
        for (bound, times) in of.cumulative() {
            let bound = bound.map_or("+Inf".to_owned(), |bound| bound.as_secs_f64().to_string());
            self.sample(family, "_bucket", &written(labels, Some(&bound)), number(times));
        }
        let labels = written(labels, None);
        self.sample(family, "_sum", &labels, of.sum.as_secs_f64());
        self.sample(family, "_count", &labels, number(of.total()));
    }

    fn sample(&mut self, family: &'static str, part: &str, labels: &str, value: f64) {
        let samples = self.0.entry(family).or_default();
        let _infallible = writeln!(samples, "{family}{part}{labels} {value}");
    }

    /// All of it, in the order of `FAMILIES`.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (name, kind, help) in FAMILIES {
            if let Some(samples) = self.0.get(name) {
                let kind = kind.word();
                let _infallible =
                    write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{samples}");
            }
        }
        text
    }
}

/// `{pool="sports",le="0.5"}`; nothing where there is no label.
fn written(labels: Labels<'_>, bound: Option<&str>) -> String {
    let all = labels.iter().copied().chain(bound.map(|bound| ("le", bound)));
    let each: Vec<String> =
        all.map(|(name, text)| format!("{name}=\"{}\"", escaped(text))).collect();
    if each.is_empty() { String::new() } else { format!("{{{}}}", each.join(",")) }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[expect(clippy::cast_precision_loss, reason = "2^53 of anything is beyond what is counted")]
fn number(whole: u64) -> f64 {
    whole as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_reads_as_prometheus_wants_it() {
        let mut out = Exposition::default();
        out.one("operatoros_model_up", &[("provider", "a"), ("model", "x\"y\\z")], 1.0);
        out.maybe("operatoros_connections", Some(3.0));
        out.maybe("operatoros_sessions", None);
        let times = Histogram { sum: Duration::from_millis(30), ..Histogram::default() };
        out.histogram("operatoros_turn_seconds", &[("pool", "p")], &times);
        let text = out.text();
        for line in [
            "# HELP operatoros_connections Open connections.",
            "# TYPE operatoros_connections gauge",
            "operatoros_connections 3",
            r#"operatoros_model_up{provider="a",model="x\"y\\z"} 1"#,
            r#"operatoros_turn_seconds_bucket{pool="p",le="0.005"} 0"#,
            r#"operatoros_turn_seconds_bucket{pool="p",le="+Inf"} 0"#,
            r#"operatoros_turn_seconds_sum{pool="p"} 0.03"#,
        ] {
            assert!(text.lines().any(|other| other == line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains("sessions"), "{text}");
    }

    /// Where a name of ours stands in a text.
    fn names(text: &str) -> Vec<String> {
        let own = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let words = text.split(|c: char| !own(c));
        let named = words.filter(|word| {
            let metric = word.starts_with("operatoros_") || word.starts_with("process_");
            metric && *word != "operatoros_"
        });
        named.map(str::to_owned).collect()
    }

    #[test]
    fn the_readme_lists_every_family() {
        let readme = include_str!("../../README.md");
        for (name, kind, help) in FAMILIES {
            let row = format!("| `{name}` | {} | {help} |", kind.word());
            assert!(readme.contains(&row), "README.md lacks\n{row}");
        }
    }

    #[test]
    fn the_examples_ask_for_what_there_is() {
        for (file, text) in [
            ("grafana-dashboard.json", include_str!("../../examples/grafana-dashboard.json")),
            ("prometheus-rules.yml", include_str!("../../examples/prometheus-rules.yml")),
        ] {
            let asked = names(text);
            assert!(asked.len() > 5, "{file} asks for nothing");
            for name in asked {
                let family = ["_bucket", "_sum", "_count"]
                    .iter()
                    .find_map(|part| name.strip_suffix(part))
                    .unwrap_or(&name);
                assert!(FAMILIES.iter().any(|(known, ..)| *known == family), "{file}: {name}");
            }
        }
    }
}
