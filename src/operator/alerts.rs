//! Alerts: what needs attention, what somebody wants to be told of, and what there was.

use std::fmt::Write as _;

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::{
    Caller, Operator, period,
    report::{Here, Report, Then},
    table::table,
};
use crate::{
    alert::{self, Which},
    conversation::Refusal,
    intent::{AlertWish, NewAlert, Period, WhichAlerts},
    limits::{INCIDENTS_KEPT_MAX, INCIDENTS_LISTED_MAX, WATCH_CLEAR_FOR},
    model::{Condition, Incident, Timestamp, Watch, amount},
    wire,
};

impl Operator {
    pub(super) async fn about_alerts(
        &self,
        caller: &Caller,
        wish: AlertWish,
    ) -> Result<Report, Refusal> {
        match wish {
            AlertWish::List(None) => self.alerts(caller).await,
            AlertWish::List(Some(period)) => self.past_alerts(caller, period).await,
            AlertWish::Set(alert) => self.watch(caller, &alert).await,
            AlertWish::Remove(which) => self.unwatch(caller, which).await,
            AlertWish::Subscribe => self.subscribe_alerts(caller).await,
        }
    }

    /// What needs attention now, and what the caller watches.
    async fn alerts(&self, caller: &Caller) -> Result<Report, Refusal> {
        let overview = match self.alerts.look(caller.user()).await {
            Ok(overview) => overview,
            Err(refusal) => return refused(refusal),
        };
        let raised = overview.watches.iter().any(|(_, open)| open.is_some());
        let mut text = match overview.active.as_slice() {
            [] if raised => "Nothing else needs attention.".to_owned(),
            [] => "Nothing needs attention.".to_owned(),
            active => lines(active),
        };
        text.push('\n');
        let rows: Vec<_> =
            overview.watches.iter().map(|(watch, open)| row(watch, open.as_ref())).collect();
        match rows.as_slice() {
            [] => text.push_str("You watch nothing."),
            rows => text += &table(["#", "tells you when", "raised"], rows),
        }
        let active: Vec<Value> = overview.active.iter().map(wire::alert_value).collect();
        let watches: Vec<Value> = overview
            .watches
            .iter()
            .map(|(watch, open)| watch_value(watch, open.as_ref()))
            .collect();
        Ok(Report::new(text, json!({ "active": active, "watches": watches })))
    }

    /// What there was in that period.
    async fn past_alerts(&self, caller: &Caller, of: Period) -> Result<Report, Refusal> {
        let zone = self.tasks.zone();
        let span = period::span(of, self.registry.workshop().clock.now(), zone);
        let all = self.alerts.incidents(caller.user(), INCIDENTS_KEPT_MAX).await?;
        let within = |incident: &&Incident| {
            incident.since < span.end && incident.cleared_at.is_none_or(|at| at >= span.start)
        };
        let found: Vec<&Incident> = all.iter().filter(within).collect();
        let shown = found.get(..INCIDENTS_LISTED_MAX).unwrap_or(&found);
        let rows: Vec<_> = shown.iter().map(|incident| past_row(incident, zone)).collect();
        let mut text = match rows.as_slice() {
            [] => format!("There were no alerts {of}."),
            rows => {
                let since = format!("since ({zone})");
                table([since.as_str(), "until", "alert", "what"], rows)
            }
        };
        if found.len() > shown.len() {
            let _infallible = write!(text, "\nand {} older ones", found.len() - shown.len());
        }
        let data: Vec<Value> = shown.iter().map(|incident| wire::alert_value(incident)).collect();
        Ok(Report::new(text, json!({ "alerts": data })))
    }

    /// Tells the caller here when that is so.
    async fn watch(&self, caller: &Caller, wanted: &NewAlert) -> Result<Report, Refusal> {
        let condition = condition(wanted);
        let set = self.alerts.watch(caller.user(), caller.conversation(), condition).await;
        let watch = match set {
            Ok(watch) => watch,
            Err(refusal) => return refused(refusal),
        };
        let metric = condition.metric;
        let mut text = format!(
            "Alert {}: I tell you here when {} is {}.",
            watch.number,
            metric.label(),
            told(&condition),
        );
        match metric.of(&self.monitor.look().0) {
            Some(value) => {
                let _infallible = write!(text, " It is {} now.", amount(metric.unit(), value));
            }
            None => text += " This system does not tell it, so nothing will come.",
        }
        let _infallible = write!(text, " “remove alert {}” ends it.", watch.number);
        Ok(Report::new(text, watch_value(&watch, None)))
    }

    /// Tells the caller of those no more.
    async fn unwatch(&self, caller: &Caller, which: WhichAlerts) -> Result<Report, Refusal> {
        let wanted = match which {
            WhichAlerts::Number(number) => Which::Number(number.into()),
            WhichAlerts::Metric(metric) => Which::Metric(metric),
            WhichAlerts::All => Which::All,
        };
        let forgotten = match self.alerts.forget(caller.user(), wanted).await {
            Ok(forgotten) => forgotten,
            Err(refusal) => return refused(refusal),
        };
        let numbers: Vec<u64> = forgotten.iter().map(|watch| watch.number).collect();
        let named: Vec<String> = numbers.iter().map(u64::to_string).collect();
        let text = match (named.as_slice(), which) {
            ([], WhichAlerts::Number(number)) => format!("You have no alert {number}."),
            ([], WhichAlerts::Metric(metric)) => {
                format!("You have no alert about {}.", metric.label())
            }
            ([], WhichAlerts::All) => "You have no alerts.".to_owned(),
            ([one], _) => format!("Alert {one} is removed."),
            (several, _) => format!("Alerts {} are removed.", several.join(", ")),
        };
        Ok(Report::new(text, json!({ "removed": numbers })))
    }

    /// Tells over this connection what comes to need attention.
    async fn subscribe_alerts(&self, caller: &Caller) -> Result<Report, Refusal> {
        let overview = match self.alerts.look(caller.user()).await {
            Ok(overview) => overview,
            Err(refusal) => return refused(refusal),
        };
        let now = match overview.active.as_slice() {
            [] => "Nothing needs attention now.".to_owned(),
            active => lines(active),
        };
        let text = format!("Alerts come as they are raised; “stop the updates” ends it.\n{now}");
        let active: Vec<Value> = overview.active.iter().map(wire::alert_value).collect();
        let data = json!({ "subscribed": true, "active": active });
        Ok(Report { then: Then::Here(Here::Alerts), ..Report::new(text, data) })
    }
}

fn condition(wanted: &NewAlert) -> Condition {
    let threshold = wanted.threshold();
    Condition {
        metric: wanted.metric,
        side: wanted.side,
        threshold,
        for_ms: u64::from(wanted.for_seconds) * 1_000,
        clear: Condition::usual_clear(wanted.metric, wanted.side, threshold),
        clear_for_ms: u64::try_from(WATCH_CLEAR_FOR.as_millis()).unwrap_or(u64::MAX),
    }
}

/// `above 50 for 5 minutes`.
fn told(condition: &Condition) -> String {
    let words = condition.words();
    words.strip_prefix(&condition.metric.label()).unwrap_or(&words).trim().to_owned()
}

fn lines(active: &[Incident]) -> String {
    let line = |incident: &Incident| {
        let since = incident.since.to_utc().format("%H:%M UTC");
        let (severity, text) = (incident.severity.word(), incident.text(true));
        format!("{severity}: {text}, since {since} ({})", incident.alert)
    };
    active.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn row(watch: &Watch, open: Option<&Incident>) -> [String; 3] {
    let now = match open {
        Some(incident) => format!("since {}", incident.since.to_utc().format("%H:%M UTC")),
        None => String::new(),
    };
    [watch.number.to_string(), watch.condition.words(), now]
}

fn past_row(incident: &Incident, zone: Tz) -> [String; 4] {
    let at = |at: Timestamp| at.to_utc().with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string();
    let alert = match incident.watch {
        Some((_, number)) => format!("your {number}"),
        None => incident.alert.to_string(),
    };
    let until = incident.cleared_at.map_or_else(|| "still".to_owned(), at);
    [at(incident.since), until, alert, incident.text(incident.is_open())]
}

fn watch_value(watch: &Watch, open: Option<&Incident>) -> Value {
    let Condition { metric, side, threshold, for_ms, .. } = watch.condition;
    let mut value = json!({
        "number": watch.number,
        "metric": metric.name(),
        "for_s": for_ms / 1_000,
        "conversation": watch.conversation,
        "active": open.map(wire::alert_value),
    });
    if let Some(fields) = value.as_object_mut() {
        fields.insert(side.word().to_owned(), json!(threshold));
    }
    value
}

/// A command that cannot be carried out is told, unless the gateway itself is at its end.
fn refused(refusal: alert::Refusal) -> Result<Report, Refusal> {
    match refusal {
        alert::Refusal::UserFull | alert::Refusal::Full => {
            Ok(Report::new(format!("That cannot be: {refusal}."), json!({ "done": false })))
        }
        alert::Refusal::Busy => Err(Refusal::Overloaded),
        alert::Refusal::Draining => Err(Refusal::Draining),
        alert::Refusal::Lost => Err(Refusal::Lost),
        alert::Refusal::Store(error) => Err(error.into()),
    }
}
