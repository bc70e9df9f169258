//! Topics: what whoever subscribes is told.

use operatoros_protocol::{self as protocol, Outcome, ServerFrame, TopicResult};

use super::{
    Frame, Topic,
    outbound::{frame, reply},
};
use crate::model::{
    BreakerState, Health, Incident, LegLoad, PoolHealth, PoolVitals, Severity, Timestamp, Vitals,
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
pub fn status(rev: u64, at: Timestamp, vitals: &Vitals) -> Frame {
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
        more: serde_json::Map::new(),
    })))
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
pub fn alert_value(incident: &Incident) -> serde_json::Value {
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
