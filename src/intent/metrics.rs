//! What people call the things that are measured, as a table; a comma separates the names.

use super::slots::Component;
use crate::model::Metric;

/// Names of metrics. What is also a part of the gateway stands with those.
pub(super) const METRICS: &[(Metric, &str)] = &[
    (Metric::Load, "load, machine load"),
    (Metric::Swap, "swap, swap space, swap usage"),
    (Metric::MachineMemory, "machine memory, memory of the machine, server memory"),
    (Metric::MachineCpu, "machine cpu, cpu of the machine, server cpu"),
    (Metric::NetworkReceived, "network traffic, incoming traffic, network received"),
    (Metric::NetworkSent, "outgoing traffic, network sent"),
    (Metric::OpenFiles, "open files, file descriptors, descriptors, open file descriptors"),
    (Metric::LoopLag, "event loop lag, loop lag, event loop"),
    (Metric::StoreBytes, "database size, store size, size of the database, size of the store"),
    (Metric::Commit, "commit time, commit times, commit latency, database latency, store latency"),
    (
        Metric::Connections,
        "connections, open connections, connection count, sockets, number of connections",
    ),
    (Metric::Sessions, "connected users, users connected, users online, online users"),
    (Metric::Conversations, "live conversations, conversations in memory"),
    (Metric::TurnsRunning, "running turns, turns running, active turns"),
    (Metric::TurnsQueued, "queued turns, waiting turns, turns waiting"),
    (Metric::QueueAge, "queue age, queue time, waiting time, waiting times, wait time, wait times"),
    (Metric::CertificateExpires, "certificate expiry, certificate expiration, tls certificate"),
    (Metric::TaskLag, "task lag, task delay"),
    (Metric::TurnsEnded, "turns, turn count, number of turns"),
    (Metric::TurnsFailed, "failed turns, turn failures, turns failed"),
    (Metric::ErrorRate, "error rate, failure rate, error percentage"),
    (Metric::Tokens, "tokens per second, token rate, token throughput, throughput"),
    (
        Metric::FirstTokenP95,
        "latency, response time, response times, first token time, first token times, time to \
         first token, times to first token, first token latency",
    ),
];

/// What is measured of a part.
pub(super) fn of(part: Component) -> Option<Metric> {
    match part {
        Component::Memory => Some(Metric::Memory),
        Component::Cpu => Some(Metric::Cpu),
        Component::Disk => Some(Metric::DiskUsed),
        Component::Database => Some(Metric::Commit),
        Component::Network => Some(Metric::NetworkReceived),
        Component::Uptime | Component::Settings => None,
    }
}

/// The metric of this name, or that people or the gateway call by this word.
pub(super) fn called(word: &str) -> Option<Metric> {
    let named = || word.parse().ok().and_then(of);
    let called = || {
        let mut rows = METRICS.iter();
        rows.find(|(_, names)| names.split(',').any(|name| name.trim() == word)).map(|(m, _)| *m)
    };
    Metric::named(word).or_else(named).or_else(called)
}
