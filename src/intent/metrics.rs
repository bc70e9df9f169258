//! What people call the things that are measured, as a table for charts and alerts; a comma separates
//! the names.

use std::ops::Range;

use super::{lexicon::APART, slots::Component, values::COMPONENTS, words::Words};
use crate::model::Metric;

/// Something that is measured.
#[derive(Debug)]
pub(super) struct Measured {
    /// What an alert about it looks at: of several the first that the unit of the number fits.
    pub(super) watched: &'static [Metric],
    /// What a chart of it draws, where that is not the first of those.
    drawn: Option<Metric>,
    /// The part of the gateway of which it is what is measured; the names of that are its own as well.
    part: Option<Component>,
    /// Names that mean nothing else.
    pub(super) own: &'static str,
    /// Names of words that mean other things to other commands, or nothing.
    shared: &'static str,
}

impl Measured {
    const fn is(self, part: Component) -> Self {
        Self { part: Some(part), ..self }
    }

    const fn drawn_as(self, metric: Metric) -> Self {
        Self { drawn: Some(metric), ..self }
    }

    /// What a chart of it draws.
    pub(super) fn drawn(&self) -> Option<Metric> {
        self.drawn.or_else(|| self.watched.first().copied())
    }

    /// Its names, and whether they mean nothing else.
    pub(super) fn names(&self) -> impl Iterator<Item = (&'static str, bool)> {
        let of_part = COMPONENTS.iter().find(|(part, _)| Some(*part) == self.part);
        let of_part = of_part.map_or("", |(_, names)| *names);
        let own = of_part.split(',').chain(self.own.split(',')).map(|name| (name, true));
        let shared = self.shared.split(',').map(|name| (name, false));
        own.chain(shared).map(|(name, own)| (name.trim(), own)).filter(|(name, _)| !name.is_empty())
    }
}

const fn row(watched: &'static [Metric], own: &'static str, shared: &'static str) -> Measured {
    Measured { watched, drawn: None, part: None, own, shared }
}

/// Everything that is measured and has a name among people.
pub(super) const MEASURED: &[Measured] = &[
    // What is as long as the name of a part is meant before it.
    row(
        &[Metric::Load],
        "load, machine load",
        "load average, system load, server load, average load, load of the machine",
    ),
    row(&[Metric::MachineCpu, Metric::Load], "", "cpu load, processor load").drawn_as(Metric::Load),
    // An alert is about what runs out, and that is the machine's.
    row(&[Metric::MachineCpu], "", "cpu usage, processor usage, system cpu, host cpu")
        .is(Component::Cpu)
        .drawn_as(Metric::Cpu),
    row(
        &[Metric::Cpu],
        "",
        "process cpu, gateway cpu, gateways cpu, own cpu, cpu of the gateway, cpu of the process",
    ),
    row(
        &[Metric::MachineCpu],
        "machine cpu, cpu of the machine, server cpu",
        "machines cpu, servers cpu, cpu of the server",
    ),
    row(
        &[Metric::Memory, Metric::MachineMemory],
        "",
        "memory usage, memory consumption, memory use, gateway memory, gateways memory, system \
         memory, process memory",
    )
    .is(Component::Memory),
    row(
        &[Metric::MachineMemory],
        "machine memory, memory of the machine, server memory",
        "machines memory, servers memory, host memory, memory of the server",
    ),
    row(&[Metric::Swap], "swap, swap space, swap usage", "swap memory, swapped memory"),
    row(&[Metric::DiskUsed, Metric::DiskFree], "", "disk usage, disk use").is(Component::Disk),
    row(
        &[Metric::DiskFree],
        "",
        "free disk space, disk space free, free space, free space on the disk, space on the disk, \
         disk space left, disk space is left, disk space was left, space left on the disk",
    ),
    row(&[Metric::NetworkReceived], "", "").is(Component::Network),
    row(
        &[Metric::NetworkReceived],
        "network traffic, incoming traffic, network received",
        "received traffic",
    ),
    row(&[Metric::NetworkSent], "outgoing traffic, network sent", "sent traffic"),
    row(
        &[Metric::OpenFiles],
        "open files, file descriptors, descriptors, open file descriptors",
        "files open, fds, files are open, files were open",
    ),
    row(
        &[Metric::LoopLag],
        "event loop lag, loop lag, event loop",
        "event loop lags, event loop delay",
    ),
    row(
        &[Metric::StoreBytes],
        "database size, store size, size of the database, size of the store",
        "databases size, stores size",
    ),
    // What is slow about it is a commit, and what is big its size.
    row(&[Metric::Commit, Metric::StoreBytes], "", "").is(Component::Database),
    row(
        &[Metric::Commit],
        "commit time, commit times, commit latency, database latency, store latency",
        "commit, commits, a commit, commits take, a commit takes",
    ),
    row(
        &[Metric::Connections],
        "connections, open connections, connection count, sockets, number of connections, \
         connected clients, clients connected, clients were connected, clients are connected",
        "connection, active connections, clients, websockets, websocket connections, live \
         connections, connections are open, connections were open",
    ),
    row(
        &[Metric::Sessions],
        "connected users, users connected, users online, online users",
        "users are online, users were online, users are connected, users were connected",
    ),
    row(
        &[Metric::Conversations],
        "live conversations, conversations in memory",
        "conversations, open conversations, active conversations",
    ),
    row(
        &[Metric::TurnsRunning],
        "running turns, turns running, active turns",
        "turns are running, turns were running, turns run, running answers, answers running, \
         answers are running",
    ),
    row(
        &[Metric::TurnsQueued],
        "queued turns, waiting turns, turns waiting",
        "queue, queue length, queue depth, queue size, length of the queue, turn queue, turns \
         queue, message queue, turns queued, turns are waiting, turns were waiting, turns are \
         queued, turns wait, backlog, waiting messages, messages waiting, messages are waiting, \
         messages were waiting, messages wait, queued messages, messages are queued, waiting line, \
         request queue, queued requests, requests waiting, requests are waiting, turns in the \
         queue, messages in the queue, queue of turns, waiting queue, queues length, queues size, \
         gateways queue, gateway queue",
    ),
    row(
        &[Metric::QueueAge],
        "queue age, queue time, waiting time, waiting times, wait time, wait times",
        "somebody waits, anybody waits, somebody has to wait, anybody has to wait, someone waits, \
         anyone waits, a turn waits, a message waits",
    ),
    row(
        &[Metric::TasksQueued],
        "",
        "queued tasks, tasks queued, waiting tasks, tasks waiting, tasks are waiting, tasks were \
         waiting, tasks are queued, tasks were queued, tasks wait, task queue, task queue length, \
         tasks queue, length of the task queue, task backlog, pending tasks, tasks pending, tasks \
         are pending, job queue, queued jobs, waiting jobs, jobs waiting, jobs are waiting, jobs \
         are queued, tasks in the queue, queue of tasks, background tasks waiting, pending jobs",
    ),
    row(
        &[Metric::TasksRunning],
        "",
        "running tasks, tasks running, active tasks, tasks are running, tasks were running, tasks \
         run, running jobs, jobs running, jobs are running",
    ),
    row(
        &[Metric::CertificateExpires],
        "certificate expiry, certificate expiration, tls certificate",
        "certificate, certificate expires in, certificate runs out in, certificate ends in, \
         certificate is good for, certificate is valid for, tls certificate is good for, tls \
         certificate expires in, tls certificate runs out in, certificate lifetime, cert, cert \
         expires in",
    ),
    row(
        &[Metric::TaskLag],
        "task lag, task delay",
        "tasks lag, delay of tasks, delay of the tasks",
    ),
    row(
        &[Metric::ModelsDown],
        "",
        "models down, models are down, models were down, models that are down, model is down, \
         models that were down",
    ),
    row(
        &[Metric::ChecksFailing],
        "",
        "failing checks, checks failing, checks fail, checks are failing, failed checks",
    ),
    row(&[Metric::ChecksDegraded], "", "degraded checks, checks degraded, checks are degraded"),
    row(
        &[Metric::TurnsEnded],
        "turns, turn count, number of turns",
        "turns ended, turns were ended",
    ),
    row(
        &[Metric::TurnsFailed, Metric::ErrorRate],
        "failed turns, turn failures, turns failed",
        "turns fail, turns are failing, turns have failed, turns that fail",
    ),
    row(
        &[Metric::ErrorRate],
        "error rate, failure rate, error percentage",
        "rate of errors, rate of failures, percentage of errors, share of errors",
    ),
    row(
        &[Metric::Tokens],
        "tokens per second, token rate, token throughput, throughput",
        "tokens a second",
    ),
    row(
        &[Metric::FirstTokenP95],
        "latency, response time, response times, first token time, first token times, time to \
         first token, times to first token, first token latency",
        "answers take, an answer takes, replies take, a reply takes, first tokens take, a first \
         token takes, first token takes, first words take, first word takes",
    ),
];

/// A name for everything that is measured, of those that people use.
pub fn measured_names() -> String {
    let mut known: Vec<(Metric, &str)> = Vec::new();
    // One that is drawn as another has that one's name.
    for of in MEASURED.iter().filter(|of| of.drawn.is_none() || of.part.is_some()) {
        if let (Some(metric), Some((name, _))) = (of.watched.first(), of.names().next())
            && !known.iter().any(|(known, _)| known == metric)
        {
            known.push((*metric, name));
        }
    }
    known.into_iter().map(|(_, name)| name).collect::<Vec<_>>().join(", ")
}

/// The longest name of something measured among those words: what it is, and the words of the name.
pub(super) fn among(words: &Words) -> Option<(&'static Measured, Range<usize>)> {
    let stands = |at: usize, name: &str| {
        let count = name.split(' ').count();
        let apart = |at| words.get(at).is_some_and(|word| APART.contains(&word.place.mark));
        let is = |(at, word): (usize, &str)| words.get(at).is_some_and(|known| known.text == word);
        let whole = (at..).zip(name.split(' ')).all(is) && !(at + 1..at + count).any(apart);
        whole.then_some(at..at + count)
    };
    let named = |of: &'static Measured| {
        let found = move |(name, _)| (0..words.len()).find_map(|at| stands(at, name));
        of.names().filter_map(found).map(move |range| (of, range))
    };
    // Of two that are as long the first one is meant.
    MEASURED
        .iter()
        .flat_map(named)
        .reduce(|best, next| if next.1.len() > best.1.len() { next } else { best })
}

/// The metric of this name, or that people or the gateway call so.
pub(super) fn called(name: &str) -> Option<Metric> {
    let people = |of: &&Measured| of.names().any(|(known, _)| known == name);
    let known = || MEASURED.iter().find(people).and_then(Measured::drawn);
    Metric::named(name).or_else(known)
}
