//! Topics: what whoever subscribes is told.

use operatoros_protocol::{self as protocol, Outcome, ServerFrame, TopicResult};

use super::{
    Frame, Topic,
    outbound::{frame, reply},
};
use crate::model::{Health, Timestamp, Vitals};

/// The answer to `subscribe` and `unsubscribe`.
pub fn topic_reply(re: String, topic: Topic) -> Frame {
    let topic = match topic {
        Topic::Tasks => protocol::Topic::Tasks,
        Topic::Status => protocol::Topic::Status,
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
