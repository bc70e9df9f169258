//! Does what a command says, and tells it twice: in a sentence and as data.

use std::{fmt::Write as _, sync::Arc};

use serde_json::{Value, json};

use crate::{
    conversation::Registry,
    intent::Operation,
    model::{PoolName, Priority, Vitals},
    pool::{Load, Pool},
};

/// What came of a command.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// For a person.
    pub text: Arc<str>,
    /// For a program.
    pub data: Value,
    /// The pool that the conversation goes to from now on; an empty name unpins.
    pub pin: Option<PoolName>,
}

impl Report {
    fn new(text: impl Into<Arc<str>>, data: Value) -> Self {
        Self { text: text.into(), data, pin: None }
    }
}

/// What can be typed, and what it does.
const COMMANDS: &[(&str, &str)] = &[
    ("/help", "this list"),
    ("/status", "how the gateway is"),
    ("/pools", "the pools of specialists and their routes"),
    ("/tasks", "background tasks"),
    ("/use POOL", "this conversation goes to that pool from now on; /use auto undoes it"),
];

/// Carries operator commands out.
pub struct Operator {
    registry: Registry,
}

impl Operator {
    /// Works on what is in `registry`.
    pub fn new(registry: Registry) -> Self {
        Self { registry }
    }

    /// Carries the command out, or says why not.
    pub fn execute(&self, operation: &Operation, vitals: &Vitals) -> Report {
        match operation {
            Operation::Help => help(),
            Operation::Status => self.status(vitals),
            Operation::Pools => self.pools(),
            Operation::Tasks => Report::new(
                "This gateway runs no background tasks; messages are answered as they come.",
                json!({ "tasks": [] }),
            ),
            Operation::Use(Some(pool)) => self.pin(pool),
            Operation::Use(None) => Report {
                pin: Some(PoolName::from("")),
                ..Report::new(
                    "Each message here is routed by itself again.",
                    json!({ "pinned": null }),
                )
            },
        }
    }

    fn status(&self, vitals: &Vitals) -> Report {
        let workshop = self.registry.workshop();
        let store = workshop.store.health();
        let draining = workshop.lifecycle.draining().is_reached();
        let health = match (draining, store.writable) {
            (true, _) => "draining",
            (false, true) => "ok",
            (false, false) => "degraded",
        };
        let running = workshop.lifecycle.turns_running();
        let live = self.registry.live();
        let seconds = vitals.uptime_ms / 1_000;
        let mut text = format!(
            "{health}: up {}:{:02}:{:02}, {} connections, {live} conversations in memory, \
             {running} turns open",
            seconds / 3_600,
            seconds / 60 % 60,
            seconds % 60,
            vitals.connections,
        );
        if let Some(bytes) = vitals.memory_bytes {
            let _infallible = write!(text, ", {} MiB", bytes / 1_048_576);
        }
        if !store.writable {
            text.push_str("; the store cannot write, so new messages are refused");
        }
        Report::new(
            text,
            json!({
                "health": health,
                "uptime_ms": vitals.uptime_ms,
                "connections": vitals.connections,
                "conversations": live,
                "turns_open": running,
                "memory_bytes": vitals.memory_bytes,
                "store": {"writable": store.writable, "bytes": store.bytes},
            }),
        )
    }

    fn pools(&self) -> Report {
        let pools = &self.registry.workshop().pools;
        let width = pools.iter().map(|pool| pool.name.as_str().len()).max().unwrap_or(0);
        let mut text = String::new();
        let mut rows = Vec::new();
        for pool in pools.iter() {
            let load = pool.load();
            let _infallible = writeln!(
                text,
                "{:width$}  {}/{} running, {} waiting  {}  ({})",
                pool.name.as_str(),
                load.running,
                load.workers,
                load.waiting(),
                pool.description,
                pool.route().join(", then "),
            );
            for leg in pool.legs().iter().filter(|leg| !leg.is_asked()) {
                let (provider, model) = (&leg.provider, &leg.model);
                let _infallible =
                    writeln!(text, "{:width$}  {provider}/{model} is not asked for now", "");
            }
            rows.push(row(pool, &load));
        }
        Report::new(text.trim_end(), json!({ "pools": rows }))
    }

    fn pin(&self, pool: &PoolName) -> Report {
        let pools = &self.registry.workshop().pools;
        if pools.get(pool.as_str()).is_none() {
            let text = format!("No pool is called {pool}. There are: {}.", pools.names());
            return Report::new(text, json!({ "pinned": null, "unknown": pool.as_str() }));
        }
        let text = format!("This conversation goes to {pool} from now on.");
        let pin = Some(pool.clone());
        Report { pin, ..Report::new(text, json!({ "pinned": pool.as_str() })) }
    }
}

/// A pool for a program.
fn row(pool: &Pool, load: &Load) -> Value {
    let name = |class| serde_json::to_value(class).ok()?.as_str().map(str::to_owned);
    let classes = Priority::ALL.into_iter().zip(load.queued);
    let queued: Value =
        classes.filter_map(|(class, count)| Some((name(class)?, Value::from(count)))).collect();
    let models: Vec<Value> = pool
        .legs()
        .iter()
        .map(|leg| {
            json!({
                "provider": leg.provider.as_str(),
                "model": &*leg.model,
                "breaker": leg.breaker.as_str(),
                "rests_ms": leg.rests_ms,
                "first_token_ms": leg.first_token_ms,
            })
        })
        .collect();
    json!({
        "pool": pool.name.as_str(),
        "description": &*pool.description,
        "route": pool.route(),
        "workers": load.workers,
        "running": load.running,
        "waiting": load.waiting(),
        "queued": queued,
        "models": models,
    })
}

fn help() -> Report {
    let width = COMMANDS.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
    let mut text = "Ask anything in plain language, or type:".to_owned();
    for (command, does) in COMMANDS {
        let _infallible = write!(text, "\n{command:width$}  {does}");
    }
    let rows: Vec<Value> =
        COMMANDS.iter().map(|(command, does)| json!({"command": command, "does": does})).collect();
    Report::new(text, json!({ "commands": rows }))
}
