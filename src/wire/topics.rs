//! Topics: what whoever subscribes is told.

use operatoros_protocol::{
    self as protocol, CheckState, HealthCheck, Outcome, ServerFrame, TopicResult,
};
use serde_json::Value;

use super::{
    Frame, Topic,
    outbound::{frame, reply},
};
use crate::model::{
    BreakerState, Check, Health, Incident, LegLoad, Metric, PoolHealth, PoolVitals, Severity,
    State, Timestamp, Vitals,
};

/// The answer to `subscribe` and `unsubscribe`.
pub fn topic_reply(re: String, topic: Topic) -> Frame {
    let topic = match topic {
        Topic::Tasks => protocol::Topic::Tasks,
        Topic::Status => protocol::Topic::Status,
        Topic::Alerts => protocol::Topic::Alerts,
        Topic::Pools => protocol::Topic::Pools,
    };
    reply(re, Outcome::Topic(TopicResult { topic }))
}

/// How the gateway is, for those who subscribed to it.
pub fn status(rev: u64, at: Timestamp, vitals: &Vitals, checks: &[Check]) -> Frame {
    let n = |count: usize| count as u64;
    let gauges = &vitals.gauges;
    frame(&ServerFrame::Status(Box::new(protocol::Status {
        rev,
        at: at.to_utc().into(),
        health: match gauges.health {
            Health::Ok => protocol::Health::Ok,
            Health::Degraded => protocol::Health::Degraded,
            Health::Draining => protocol::Health::Draining,
        },
        uptime_ms: vitals.uptime_ms,
        connections: n(gauges.connections),
        conversations: n(gauges.conversations),
        turns_running: n(gauges.turns_running),
        turns_queued: n(gauges.turns_open.saturating_sub(gauges.turns_running)),
        tasks_running: n(gauges.tasks_running),
        tasks_queued: n(gauges.tasks_queued),
        cpu_percent: vitals.cpu_percent.unwrap_or_default(),
        memory_bytes: vitals.memory_bytes.unwrap_or_default(),
        memory_by_part: vitals
            .memory_parts
            .iter()
            .map(|(part, bytes)| (part.name().to_owned(), bytes))
            .collect(),
        checks: checks.iter().map(check).collect(),
        more: Metric::ALL
            .iter()
            .filter(|metric| !FIELDS.contains(&metric.name()))
            .filter_map(|metric| Some((metric.name().to_owned(), decimal(metric.of(vitals)?))))
            .collect(),
    })))
}

/// Metrics that have a field of their own.
const FIELDS: &[&str] = &[
    "connections",
    "conversations",
    "turns_running",
    "turns_queued",
    "tasks_running",
    "tasks_queued",
    "cpu_percent",
    "memory_bytes",
];

/// A number with as many decimals as anybody reads; a whole one without.
fn decimal(number: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return Value::from(number as i64);
    }
    Value::from((number * 1_000.0).round() / 1_000.0)
}

/// What is as it should be needs no words.
fn check(check: &Check) -> HealthCheck {
    let bad = check.state != State::Ok;
    HealthCheck {
        check: check.part.word().to_owned(),
        state: match check.state {
            State::Ok => CheckState::Ok,
            State::Degraded => CheckState::Degraded,
            State::Failing => CheckState::Failing,
        },
        says: bad.then(|| check.says.clone().into_owned()),
        advice: check.advice.filter(|_| bad).map(str::to_owned),
    }
}

/// How the system's alerts stand; none while there was never one.
pub fn alerts(rev: u64, at: Timestamp, changed: &[Incident], active: &[Incident]) -> Option<Frame> {
    let newest = changed.last().or(active.first())?;
    let all = |incidents: &[Incident]| incidents.iter().map(alert).collect();
    Some(frame(&ServerFrame::Alert(Box::new(protocol::AlertChange {
        rev,
        at: at.to_utc().into(),
        alert: alert(newest),
        changed: if changed.len() > 1 { all(changed) } else { Vec::new() },
        active: all(active),
    }))))
}

/// An alert for a program.
pub fn alert_value(incident: &Incident) -> Value {
    serde_json::to_value(alert(incident)).unwrap_or_default()
}

fn alert(incident: &Incident) -> protocol::Alert {
    let open = incident.is_open();
    protocol::Alert {
        alert: incident.alert.as_ref().into(),
        severity: match incident.severity {
            Severity::Info => protocol::Severity::Info,
            Severity::Warning => protocol::Severity::Warning,
            Severity::Critical => protocol::Severity::Critical,
        },
        text: incident.text(open),
        since: incident.since.to_utc().into(),
        resolved: !open,
        metric: Some(incident.condition.metric.name().into()),
        value: Some(incident.value),
        threshold: Some(incident.condition.threshold),
        returns: Some(incident.returns),
        incident: Some(incident.id.to_string()),
    }
}

/// How the pools are, for those who subscribed to them.
pub fn pools(rev: u64, at: Timestamp, pools: &[PoolVitals]) -> Frame {
    let pools = pools.iter().map(pool_status).collect();
    frame(&ServerFrame::Pools(protocol::Pools { rev, at: at.to_utc().into(), pools }))
}

fn pool_status(pool: &PoolVitals) -> protocol::PoolStatus {
    let [urgent, high, normal, low] = pool.queued.map(|count| count as u64);
    protocol::PoolStatus {
        pool: pool.pool.to_string(),
        health: match pool.health() {
            PoolHealth::Ok => protocol::Health::Ok,
            PoolHealth::Degraded => protocol::Health::Degraded,
            PoolHealth::Down => protocol::Health::Down,
        },
        workers: pool.workers.into(),
        running: pool.running.into(),
        queued: protocol::Queued { urgent, high, normal, low },
        waiting: pool.waiting() as u64,
        first_token_ms: pool.first_token_ms.map(|(p50, p95)| protocol::FirstToken { p50, p95 }),
        tokens_per_second: pool.tokens_per_second,
        error_rate: pool.error_rate,
        cost_today_usd: pool.cost_today.usd(),
        models: pool.legs.iter().map(model_status).collect(),
        more: serde_json::Map::new(),
    }
}

fn model_status(leg: &LegLoad) -> protocol::ModelStatus {
    protocol::ModelStatus {
        provider: leg.provider.to_string(),
        model: leg.model.to_string(),
        breaker: match leg.breaker {
            BreakerState::Closed => protocol::Breaker::Closed,
            BreakerState::Open => protocol::Breaker::Open,
            BreakerState::HalfOpen => protocol::Breaker::HalfOpen,
        },
        asked: leg.is_asked(),
        first_token_ms: leg.first_token_ms,
        more: serde_json::Map::new(),
    }
}
