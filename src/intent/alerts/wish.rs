//! What can be asked about alerts: typed, named, and written as a slash command.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::{
    intent::slots::Period,
    model::{Metric, Side, Unit},
};

/// Something that is asked about alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertWish {
    /// What needs attention now and what one watches; with a period, what there was.
    List(Option<Period>),
    /// Tell me here when this is so.
    Set(NewAlert),
    /// Tell me of these no more.
    Remove(WhichAlerts),
    /// Tell alerts as they come.
    Subscribe,
}

impl AlertWish {
    /// The command's stable name.
    pub(in crate::intent) fn intent(self) -> &'static str {
        match self {
            Self::List(_) => "alerts.list",
            Self::Set(_) => "alert.set",
            Self::Remove(_) => "alert.remove",
            Self::Subscribe => "subscribe.alerts",
        }
    }

    /// Its parameters, as JSON.
    pub(in crate::intent) fn slots(self) -> Map<String, Value> {
        let mut slots = Map::new();
        let mut put = |name: &str, value: Value| drop(slots.insert(name.to_owned(), value));
        match self {
            Self::List(Some(period)) => put("period", json!(period.to_string())),
            Self::Set(alert) => {
                put("metric", json!(alert.metric.name()));
                put(alert.side.word(), alert.number());
                if alert.for_seconds > 0 {
                    put("for_s", json!(alert.for_seconds));
                }
            }
            Self::Remove(WhichAlerts::Number(number)) => put("alert", json!(number)),
            Self::Remove(WhichAlerts::Metric(metric)) => put("metric", json!(metric.name())),
            Self::Remove(WhichAlerts::All) => put("scope", json!("all")),
            Self::List(None) | Self::Subscribe => {}
        }
        slots
    }
}

impl fmt::Display for AlertWish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(None) => f.write_str("/alerts"),
            Self::List(Some(period)) => write!(f, "/alerts {period}"),
            Self::Set(alert) => write!(f, "/alert {alert}"),
            Self::Remove(which) => write!(f, "/alert remove {which}"),
            Self::Subscribe => f.write_str("/subscribe alerts"),
        }
    }
}

/// What shall be told when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewAlert {
    /// What is looked at.
    pub metric: Metric,
    /// On which side of the number it is told.
    pub side: Side,
    /// The number, in thousandths.
    pub thousandths: u64,
    /// It must have been so for this long.
    pub for_seconds: u32,
}

impl NewAlert {
    /// The number.
    #[expect(clippy::cast_precision_loss, reason = "2^53 of anything is beyond what is measured")]
    pub fn threshold(&self) -> f64 {
        self.thousandths as f64 / 1_000.0
    }

    /// As JSON: without a fraction where there is none.
    fn number(&self) -> Value {
        match self.thousandths % 1_000 {
            0 => json!(self.thousandths / 1_000),
            _ => json!(self.threshold()),
        }
    }
}

/// As a slash command has it: `turns_queued > 50 for 300s`.
impl fmt::Display for NewAlert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.side {
            Side::Above => '>',
            Side::Below => '<',
        };
        write!(f, "{} {sign} {}", self.metric.name(), self.thousandths / 1_000)?;
        if !self.thousandths.is_multiple_of(1_000) {
            write!(f, ".{:03}", self.thousandths % 1_000)?;
        }
        match self.metric.unit() {
            Unit::Bytes | Unit::BytesPerSecond => f.write_str(" bytes")?,
            Unit::Milliseconds => f.write_str(" ms")?,
            Unit::Seconds => f.write_str(" seconds")?,
            Unit::Percent => f.write_str(" %")?,
            Unit::Count => {}
        }
        if self.for_seconds > 0 {
            write!(f, " for {}s", self.for_seconds)?;
        }
        Ok(())
    }
}

/// Which of one's alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichAlerts {
    /// The one with this number.
    Number(u32),
    /// Those of that metric.
    Metric(Metric),
    /// All.
    All,
}

impl fmt::Display for WhichAlerts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Metric(metric) => f.write_str(metric.name()),
            Self::All => f.write_str("all"),
        }
    }
}
