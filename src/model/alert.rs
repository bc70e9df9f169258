//! Alerts: what is watched for, and what came of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{ConversationId, IncidentId, Metric, Timestamp, Unit, UserId};

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should look.
    Warning,
    /// Somebody must act.
    Critical,
}

impl Severity {
    /// All of them, the least first.
    pub const ALL: &[Self] = &[Self::Info, Self::Warning, Self::Critical];

    /// As settings and people name it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// On which side of a threshold something needs attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Beyond it.
    Above,
    /// Short of it.
    Below,
}

impl Side {
    /// As settings and people name it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
        }
    }
}

/// When a metric needs attention, and when no longer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// What is looked at.
    #[serde(with = "named")]
    pub metric: Metric,
    /// On which side of the threshold it needs attention.
    pub side: Side,
    /// From where on.
    pub threshold: f64,
    /// It must have been so for this long.
    pub for_ms: u64,
    /// It is well again once it is back here: some way back, so that a value on the threshold does
    /// not raise and clear in turn.
    pub clear: f64,
    /// And has been for this long.
    pub clear_for_ms: u64,
}

impl Condition {
    /// Where it is well again, where nobody says so: a tenth back. Of what is counted the next
    /// whole number is back far enough, or `above 1` would only be well again at none.
    pub fn usual_clear(metric: Metric, side: Side, threshold: f64) -> f64 {
        let counted = metric.unit() == Unit::Count && metric != Metric::Load;
        match side {
            Side::Above if counted => (threshold * 0.9).ceil().min(threshold),
            Side::Below if counted => (threshold * 1.1).floor().max(threshold),
            Side::Above => threshold * 0.9,
            Side::Below => threshold * 1.1,
        }
    }

    /// It needs attention.
    pub fn is_met(&self, value: f64) -> bool {
        match self.side {
            Side::Above => value > self.threshold,
            Side::Below => value < self.threshold,
        }
    }

    /// It is well again.
    pub fn is_clear(&self, value: f64) -> bool {
        match self.side {
            Side::Above => value <= self.clear,
            Side::Below => value >= self.clear,
        }
    }

    /// In words: `turns queued above 50 for 5 minutes`.
    pub fn words(&self) -> String {
        let Self { metric, side, threshold, for_ms, .. } = *self;
        let mut words =
            format!("{} {} {}", metric.label(), side.word(), amount(metric.unit(), threshold));
        if for_ms > 0 {
            words = format!("{words} for {}", lasting(for_ms));
        }
        words
    }
}

impl Metric {
    /// As people call it: what it counts is said by its numbers.
    pub fn label(self) -> String {
        let name = self.name();
        let units = ["_percent", "_bytes", "_1m", "_ms", "_seconds"];
        let bare = units.iter().find_map(|unit| name.strip_suffix(unit)).unwrap_or(name);
        bare.replace('_', " ")
    }
}

/// A condition that somebody wants to be told of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// Whose it is.
    pub user: UserId,
    /// What they call it; no two of a user's have the same.
    pub number: u64,
    /// Where they asked for it, and are told.
    pub conversation: ConversationId,
    /// When they want to be told.
    pub condition: Condition,
    /// When they asked.
    pub created_at: Timestamp,
}

/// A time in which something needed attention, with all its ups and downs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// The name of the rule, or of what is watched.
    pub alert: Arc<str>,
    /// Whose watch it is, and its number; none where it is the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<(UserId, u64)>,
    /// How much it matters.
    pub severity: Severity,
    /// What was watched for when it began.
    pub condition: Condition,
    /// The newest value.
    pub value: f64,
    /// The value that was furthest beyond the threshold.
    pub worst: f64,
    /// When it began.
    pub since: Timestamp,
    /// Since when it is well again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleared_at: Option<Timestamp>,
    /// How often it came back soon after it was well again.
    #[serde(default)]
    pub returns: u32,
    /// How often there was something to tell: that it is there (odd), that it is well again (even).
    pub news: u32,
    /// When there was last.
    pub news_at: Timestamp,
    /// How much of that was told in the conversation of its watch.
    #[serde(default)]
    pub told: u32,
    /// How much of that the webhook has.
    #[serde(default)]
    pub delivered: u32,
}

impl Incident {
    /// What is watched, as people call it.
    pub fn label(&self) -> String {
        self.condition.metric.label()
    }

    /// Whose it is; nobody's where it is the system's.
    pub fn owner(&self) -> Option<UserId> {
        self.watch.map(|(user, _)| user)
    }

    /// Something needs attention now.
    pub fn is_open(&self) -> bool {
        self.cleared_at.is_none()
    }

    /// A start must know of it.
    pub fn is_unsettled(&self) -> bool {
        let told = self.watch.is_none() || self.told >= self.news;
        let delivered = self.watch.is_some() || self.delivered >= self.news;
        self.is_open() || self.says_open() || !told || !delivered
    }

    /// What was last to be told is that it is there.
    pub fn says_open(&self) -> bool {
        self.news % 2 == 1
    }

    /// What is told of it, where it is `open` or well again.
    pub fn text(&self, open: bool) -> String {
        let Condition { metric, side, threshold, .. } = self.condition;
        let shown = |value| amount(metric.unit(), value);
        let name = metric.label();
        let times = match self.returns {
            0 => String::new(),
            1 => "; it came back once".to_owned(),
            more => format!("; it came back {more} times"),
        };
        let (side, threshold) = (side.word(), shown(threshold));
        if open {
            format!("{name} is {side} {threshold}: {}{times}", shown(self.value))
        } else {
            let (value, worst) = (shown(self.value), shown(self.worst));
            format!("{name} is no longer {side} {threshold}: {value}, at worst {worst}{times}")
        }
    }
}

/// A number with what it counts: `2.5 GB`, `91 %`.
pub fn amount(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Bytes => bytes(value),
        Unit::BytesPerSecond => format!("{}/s", bytes(value)),
        Unit::Milliseconds => format!("{} ms", decimal(value)),
        Unit::Seconds => seconds(value),
        Unit::Percent => format!("{} %", decimal(value)),
        Unit::Count => decimal(value),
    }
}

/// As people write memory: a KB is 1,024 bytes.
fn bytes(value: f64) -> String {
    let mut value = value;
    for unit in ["bytes", "KB", "MB", "GB"] {
        if value < 1_024.0 {
            return format!("{} {unit}", decimal(value));
        }
        value /= 1_024.0;
    }
    format!("{} TB", decimal(value))
}

/// So many bytes, in the unit in which people write them.
#[expect(clippy::cast_precision_loss, reason = "2^53 bytes are beyond what is measured")]
pub fn in_bytes(count: u64) -> String {
    bytes(count as f64)
}

/// In the largest unit of which there is one.
fn seconds(value: f64) -> String {
    let units = [(86_400.0, "days"), (3_600.0, "hours"), (60.0, "minutes")];
    match units.into_iter().find(|(unit, _)| value >= *unit) {
        Some((unit, name)) => format!("{} {name}", decimal(value / unit)),
        None => format!("{} s", decimal(value)),
    }
}

/// Two digits behind the point at the most, and no zeros at its end.
fn decimal(value: f64) -> String {
    let text = format!("{value:.2}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

/// A length of time in the largest unit that is whole: `90 seconds`, `5 minutes`.
pub fn lasting(ms: u64) -> String {
    let units = [(86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1_000, "second")];
    let fits = |(unit, _): &(u64, &str)| ms >= *unit && ms.is_multiple_of(*unit);
    match units.into_iter().find(fits) {
        Some((unit, name)) if ms == unit => format!("1 {name}"),
        Some((unit, name)) => format!("{} {name}s", ms / unit),
        None => format!("{ms} ms"),
    }
}

/// In the store a metric stands by its name.
mod named {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::Metric;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    pub(super) fn serialize<S: Serializer>(metric: &Metric, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(metric.name())
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Metric, D::Error> {
        let name = Box::<str>::deserialize(from)?;
        Metric::named(&name).ok_or_else(|| D::Error::custom("no such metric"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_again_is_a_tenth_back() {
        let (count, load) = (Metric::Connections, Metric::Load);
        for (metric, side, threshold, expected) in [
            (count, Side::Above, 50.0, 45.0),
            (count, Side::Above, 1.0, 1.0),
            (count, Side::Above, 0.0, 0.0),
            (count, Side::Above, 0.5, 0.5),
            (count, Side::Below, 1.0, 1.0),
            (load, Side::Above, 2.0, 1.8),
            (Metric::Swap, Side::Above, 50.0, 45.0),
        ] {
            let found = Condition::usual_clear(metric, side, threshold);
            assert!((found - expected).abs() < 1e-9, "{threshold}: {found}");
        }
    }

    #[test]
    fn numbers_are_told_as_people_write_them() {
        for (unit, value, expected) in [
            (Unit::Count, 50.0, "50"),
            (Unit::Count, 0.5, "0.5"),
            (Unit::Percent, 91.234, "91.23 %"),
            (Unit::Percent, -0.001, "0 %"),
            (Unit::Bytes, 512.0, "512 bytes"),
            (Unit::BytesPerSecond, 2_048.0, "2 KB/s"),
            (Unit::Milliseconds, 1.504, "1.5 ms"),
            (Unit::Seconds, 0.0, "0 s"),
            (Unit::Seconds, 90.0, "1.5 minutes"),
            (Unit::Seconds, 14.0 * 86_400.0, "14 days"),
            (Unit::Bytes, 2.5 * 1_073_741_824.0, "2.5 GB"),
            (Unit::Bytes, 3e15, "2728.48 TB"),
        ] {
            assert_eq!(amount(unit, value), expected);
        }
        for (ms, expected) in [
            (1_000, "1 second"),
            (90_000, "90 seconds"),
            (300_000, "5 minutes"),
            (86_400_000, "1 day"),
            (1_500, "1500 ms"),
        ] {
            assert_eq!(lasting(ms), expected);
        }
    }
}
