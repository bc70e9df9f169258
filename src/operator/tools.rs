//! The tools of agents: which they have, and what those want that cannot be used.

use std::{fmt::Write as _, sync::Arc};

use serde_json::{Value, json};

use super::{Operator, report::Report, table::table};
use crate::{
    model::{AgentName, PoolName},
    pool::Pool,
};

impl Operator {
    /// The tools of a pool and its agents, or of all pools.
    pub(super) fn tools(&self, of: Option<&PoolName>) -> Report {
        let pools = &self.registry.workshop().pools;
        let asked: Vec<Arc<Pool>> = match of.map(|name| (name, pools.get(name.as_str()))) {
            Some((name, None)) => return self.no_pool(name),
            Some((_, Some(pool))) => vec![pool],
            None => pools.iter().collect(),
        };
        let seats = asked.iter().flat_map(|pool| {
            let agents = pool.agents().map(|(agent, of)| Seat::of(pool, Some(agent), of));
            std::iter::once(Seat::of(pool, None, pool)).chain(agents)
        });
        told(&seats.collect::<Vec<_>>())
    }

    /// The tools of one agent.
    pub(super) fn agent_tools(&self, pool: &PoolName, agent: &AgentName) -> Report {
        let pools = &self.registry.workshop().pools;
        let Some(known) = pools.get(pool.as_str()) else { return self.no_pool(pool) };
        match known.as_agent(agent.as_str()) {
            Some(of) => told(&[Seat::of(&known, Some(agent), of)]),
            None => self.no_agent(&known, agent),
        }
    }
}

/// Who has tools.
struct Seat {
    pool: PoolName,
    agent: Option<AgentName>,
    /// Those that it can use.
    has: Vec<Arc<str>>,
    /// Those that it cannot use, each with what has to be set for it.
    lacks: Vec<(Arc<str>, &'static str)>,
}

impl Seat {
    fn of(pool: &Pool, agent: Option<&AgentName>, of: &Pool) -> Self {
        let tools = of.tools();
        Self {
            pool: pool.name.clone(),
            agent: agent.cloned(),
            has: tools.specs().iter().map(|spec| spec.name.clone()).collect(),
            lacks: tools.missing().map(|(name, wants)| (name.clone(), wants)).collect(),
        }
    }

    fn row(&self) -> [String; 4] {
        let agent = self.agent.as_ref().map_or_else(String::new, ToString::to_string);
        let lacks: Vec<&str> = self.lacks.iter().map(|(name, _)| &**name).collect();
        [self.pool.to_string(), agent, self.has.join(", "), lacks.join(", ")]
    }

    fn data(&self) -> Value {
        let lacks = |(name, wants): &(Arc<str>, &str)| json!({ "tool": &**name, "wants": wants });
        json!({
            "pool": self.pool.as_str(),
            "agent": self.agent.as_ref().map(AgentName::as_str),
            "tools": self.has.iter().map(|name| &**name).collect::<Vec<_>>(),
            "missing": self.lacks.iter().map(lacks).collect::<Vec<_>>(),
        })
    }
}

fn told(seats: &[Seat]) -> Report {
    let rows: Vec<_> = seats.iter().map(Seat::row).collect();
    let mut text = table(["pool", "agent", "tools", "not usable"], &rows);
    let mut wanted: Vec<(&'static str, Vec<&str>)> = Vec::new();
    for (name, wants) in seats.iter().flat_map(|seat| &seat.lacks) {
        match wanted.iter_mut().find(|(known, _)| known == wants) {
            Some((_, names)) if names.contains(&&**name) => {}
            Some((_, names)) => names.push(name),
            None => wanted.push((wants, vec![name])),
        }
    }
    for (wants, names) in wanted {
        let _infallible = write!(text, "\nTo use {}, set {wants}.", names.join(", "));
    }
    let data: Vec<Value> = seats.iter().map(Seat::data).collect();
    Report::new(text, json!({ "seats": data }))
}
