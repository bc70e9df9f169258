//! How something was in the last day: a row of bars for a person, the points for a program.

use std::fmt::Write as _;

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::{Operator, period, report::Report};
use crate::{
    intent::{Period, Unit},
    limits,
    model::{Metric, Timestamp, amount},
    monitor::{Chart, ChartPoint},
};

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Where nothing was measured.
const GAP: char = '·';

impl Operator {
    /// The last hour, where no period is named.
    pub(super) fn chart(&self, metric: Metric, of: Option<Period>) -> Report {
        let now = self.registry.workshop().clock.now();
        let asked = of.unwrap_or(Period::Last(Unit::Hour));
        let zone = self.tasks.zone();
        let span = period::span(asked, now, zone);
        let chart = self.monitor.chart(metric, &span);
        let kept = Timestamp(now.0.saturating_sub(kept_ms()));
        let mut text = say(&chart, &phrase(asked), zone);
        if span.start < kept {
            text += "\nMeasurements are remembered for 24 hours.";
        }
        Report::new(text, data(&chart, asked))
    }
}

fn kept_ms() -> i64 {
    let kept = limits::HISTORY_POINT.as_millis() * limits::HISTORY_POINTS_MAX as u128;
    i64::try_from(kept).unwrap_or(i64::MAX)
}

/// `in the last hour`, `today`.
fn phrase(period: Period) -> String {
    match period {
        Period::Today | Period::Yesterday => period.to_string(),
        Period::This(unit @ (Unit::Minute | Unit::Hour)) => format!("in the last {unit}"),
        Period::This(_) | Period::Last(_) | Period::Past(..) => format!("in the {period}"),
    }
}

fn say(chart: &Chart, when: &str, zone: Tz) -> String {
    let (metric, unit) = (chart.metric, chart.metric.unit());
    let Some([min, mean, max]) = chart.all else {
        return format!("{}: nothing was measured {when}.", metric.label());
    };
    let mut text = match chart.total {
        Some(total) => format!("{}: {} {when}", metric.label(), amount(unit, total)),
        None => format!(
            "{} {when}: {} to {}, {} on average",
            metric.label(),
            amount(unit, min),
            amount(unit, max),
            amount(unit, mean)
        ),
    };
    let (first, every) = (chart.points.first().map(|point| point.at), minutes(chart.every_s));
    let local = |at: Timestamp| at.to_utc().with_timezone(&zone).format("%H:%M %Z").to_string();
    let since = first.map(local).unwrap_or_default();
    let _infallible =
        write!(text, "\n{}\nfrom {since} on, {every} a bar", bars(&chart.points, metric));
    text
}

fn minutes(seconds: i64) -> String {
    match seconds / 60 {
        1 => "a minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

/// From nothing, or from the least where that is far from nothing, to the most.
fn bars(points: &[ChartPoint], metric: Metric) -> String {
    let tops: Vec<Option<f64>> =
        points.iter().map(|point| point.value.map(|[_, mean, _]| mean)).collect();
    let known = || tops.iter().flatten().copied();
    let (least, most) = (known().fold(f64::MAX, f64::min), known().fold(f64::MIN, f64::max));
    // Memory of 90 to 100 MiB says more from 90 on; a queue of 0 to 10 begins at nothing.
    let from = if !metric.adds_up() && least > most / 2.0 { least } else { least.min(0.0) };
    let bar = |value: &Option<f64>| match value {
        None => GAP,
        Some(_) if most <= from => BARS[0],
        Some(value) => bar(((value - from) / (most - from)).clamp(0.0, 1.0)),
    };
    tops.iter().map(bar).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of one, of eight bars"
)]
fn bar(share: f64) -> char {
    let at = (share * 7.0).round() as usize;
    BARS.get(at).copied().unwrap_or('█')
}

fn data(chart: &Chart, period: Period) -> Value {
    let triple = |value: &Option<[f64; 3]>| match value {
        Some([min, mean, max]) => json!({"min": min, "mean": mean, "max": max}),
        None => Value::Null,
    };
    let points: Vec<Value> = chart
        .points
        .iter()
        .filter_map(|point| {
            // Where nothing was measured there is a time and no value.
            let mut row = point.value.as_ref().map_or_else(|| json!({}), |_| triple(&point.value));
            let at = point.at.to_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string();
            row.as_object_mut()?.insert("at".to_owned(), Value::from(at));
            Some(row)
        })
        .collect();
    json!({
        "metric": chart.metric.name(),
        "period": period.to_string(),
        "every_s": chart.every_s,
        "all": triple(&chart.all),
        "total": chart.total,
        "points": points,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(metric: Metric, means: &[Option<f64>], expected: &str) {
        let points: Vec<ChartPoint> = means
            .iter()
            .map(|mean| ChartPoint { at: Timestamp(0), value: mean.map(|mean| [mean; 3]) })
            .collect();
        assert_eq!(bars(&points, metric), expected, "{means:?}");
    }

    #[test]
    fn bars_go_from_nothing_or_from_the_least() {
        check(Metric::TurnsQueued, &[Some(0.0), None, Some(5.0), Some(10.0)], "▁·▅█");
        check(Metric::Memory, &[Some(90.0), Some(95.0), Some(100.0)], "▁▅█");
        check(Metric::TurnsEnded, &[Some(6.0), Some(7.0)], "▇█");
        check(Metric::Cpu, &[Some(3.0), Some(3.0)], "▁▁");
        check(Metric::Cpu, &[None, None], "··");
    }
}
