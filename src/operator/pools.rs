//! The pools of specialists: which there are, how they stand, and who goes to which.

use std::{fmt::Write as _, sync::Arc};

use serde_json::{Value, json};

use super::{
    Operator,
    report::{Here, Outcome, Report, Then},
    table::table,
};
use crate::{
    conversation::{Ask, Refusal},
    intent::{Operation, Whom, Workers},
    limits,
    model::{AgentName, ConversationId, Day, Event, LegLoad, PoolName, PoolVitals, Priority},
    pool::{BadSize, Pool},
    route::DEFAULT_POOL,
};

/// Events that are looked through for the last decision.
const EVENTS_LOOKED_AT: u64 = 64;

impl Operator {
    pub(super) fn pools(&self) -> Report {
        let today = self.today();
        let pools = self.registry.workshop().pools.iter();
        let known: Vec<_> = pools.map(|pool| (pool.clone(), pool.vitals(today))).collect();
        let row = |(pool, vitals): &(Arc<Pool>, PoolVitals)| {
            [
                pool.name.to_string(),
                format!("{}/{}", vitals.running, vitals.workers),
                vitals.waiting().to_string(),
                vitals.first_token_ms.map_or_else(String::new, |(half, _)| format!("{half} ms")),
                vitals.error_rate.map_or_else(String::new, |rate| format!("{:.1} %", rate * 100.0)),
                agents(pool),
                pool.description.to_string(),
            ]
        };
        let rows: Vec<_> = known.iter().map(row).collect();
        let data: Vec<Value> = known.iter().map(|(pool, vitals)| facts(pool, vitals)).collect();
        let text =
            table(["pool", "running", "waiting", "first word", "failed", "agents", "for"], &rows);
        Report::new(text, json!({ "pools": data }))
    }

    pub(super) fn pool(&self, name: &PoolName) -> Report {
        let Some(pool) = self.registry.workshop().pools.get(name.as_str()) else {
            return self.no_pool(name);
        };
        let vitals = pool.vitals(self.today());
        let mut text = format!(
            "{name}: {}. {} of {} workers are busy, {} messages wait{}. It asks {}.",
            pool.description,
            vitals.running,
            vitals.workers,
            vitals.waiting(),
            vitals.lately(),
            pool.route().join(", then "),
        );
        for leg in vitals.legs.iter().filter(|leg| !leg.is_asked()) {
            let (provider, model) = (&leg.provider, &leg.model);
            let _infallible = write!(text, " {provider}/{model} is not asked for now.");
        }
        for (agent, of) in pool.agents() {
            let route = of.route();
            let asks = if route == pool.route() {
                String::new()
            } else {
                format!("; it asks {}", route.join(", then "))
            };
            let _infallible = write!(text, "\n  {agent}: {}{asks}", of.description);
        }
        Report::new(text, facts(&pool, &vitals))
    }

    fn today(&self) -> Day {
        Day::of(self.registry.workshop().clock.now())
    }

    /// The pool shall have more or fewer workers; asks back first, unless that was agreed to.
    pub(super) fn scale(&self, name: &PoolName, workers: Workers, agreed: bool) -> Report {
        let Some(pool) = self.registry.workshop().pools.get(name.as_str()) else {
            return self.no_pool(name);
        };
        let before = pool.load().workers;
        let wanted = match workers {
            Workers::To(count) => count,
            Workers::By(change) => before.saturating_add_signed(change),
        };
        let out_of_range = |bad: BadSize| {
            let data = json!({ "pool": name.as_str(), "workers": before });
            Report::new(format!("It stays as it is: {bad}."), data)
        };
        if !agreed {
            if let Err(bad) = Pool::allows(wanted) {
                return out_of_range(bad);
            }
            // The question is about this number, whatever the pool has by the time of the answer.
            let exactly = Operation::Scale(name.clone(), Workers::To(wanted));
            let question = format!("Give {name} {wanted} workers instead of {before}?");
            return Report::consent(&question, &exactly);
        }
        match pool.scale(wanted) {
            Ok(before) => Report::new(
                format!("{name} has {wanted} workers now, instead of {before}."),
                json!({ "pool": name.as_str(), "workers": wanted, "before": before }),
            ),
            Err(bad) => out_of_range(bad),
        }
    }

    /// The conversation goes to that pool from now on; to none in particular where it is `None`.
    pub(super) fn switch(&self, pool: Option<&PoolName>) -> Report {
        let (pin, text) = match pool {
            None => (PoolName::from(""), "Each message here is routed by itself again.".to_owned()),
            Some(name) if self.registry.workshop().pools.get(name.as_str()).is_none() => {
                return self.no_pool(name);
            }
            Some(name) => (name.clone(), format!("This conversation goes to {name} from now on.")),
        };
        let data = json!({ "pinned": pool.map(PoolName::as_str) });
        Report { pin: Some(pin), ..Report::new(text, data) }
    }

    /// The conversation goes to that agent of the pool from now on.
    pub(super) fn switch_to_agent(&self, pool: &PoolName, agent: &AgentName) -> Report {
        let pools = &self.registry.workshop().pools;
        let Some(known) = pools.get(pool.as_str()) else { return self.no_pool(pool) };
        if known.as_agent(agent.as_str()).is_none() {
            return self.no_agent(&known, agent);
        }
        let text = format!("This conversation goes to the {agent} agent of {pool} from now on.");
        let data = json!({ "pinned": pool.as_str(), "agent": agent.as_str() });
        let (pin, pin_agent) = (Some(pool.clone()), Some(agent.clone()));
        Report { pin, pin_agent, ..Report::new(text, data) }
    }

    pub(super) fn no_agent(&self, pool: &Pool, agent: &AgentName) -> Report {
        let (name, there_are) = (&pool.name, self.registry.workshop().pools.agent_names(pool));
        let text = format!("No agent of {name} is called {agent}. There are: {there_are}.");
        Report::new(text, json!({ "unknown": agent.as_str(), "pool": name.as_str() }))
    }

    pub(super) fn no_pool(&self, name: &PoolName) -> Report {
        let names = self.registry.workshop().pools.names();
        let text = format!("No pool is called {name}. There are: {names}.");
        Report::new(text, json!({ "unknown": name.as_str() }))
    }

    /// Has several pools asked, or the one that was named.
    pub(super) fn ask(&self, whom: Whom, text: Arc<str>) -> Outcome {
        let pools = &self.registry.workshop().pools;
        let named = match whom {
            Whom::These(named) => named,
            // The one for everything else makes one answer of theirs.
            Whom::All => {
                let names = pools.iter().map(|pool| pool.name.clone());
                let specialists = names.filter(|name| name.as_str() != DEFAULT_POOL);
                specialists.take(limits::SPECIALISTS_MAX).collect()
            }
        };
        if let Some(unknown) = named.iter().find(|name| pools.get(name.as_str()).is_none()) {
            return self.no_pool(unknown).into();
        }
        let most = limits::SPECIALISTS_MAX;
        if named.len() > most {
            let text = format!("At most {most} pools are asked at once, not {}.", named.len());
            return Report::new(text, json!({ "most": most })).into();
        }
        let ask = Ask { text, ..Ask::default() };
        Outcome::Asked(match named.as_slice() {
            [alone] => Ask { pool: Some(alone.clone()), ..ask },
            _ => Ask { pools: named, ..ask },
        })
    }

    /// The models that may answer, for which pools, and how they are.
    pub(super) fn providers(&self) -> Report {
        let mut stops: Vec<(LegLoad, Vec<String>)> = Vec::new();
        for pool in self.registry.workshop().pools.iter() {
            for leg in pool.legs() {
                let is =
                    |known: &LegLoad| known.provider == leg.provider && known.model == leg.model;
                match stops.iter_mut().find(|(known, _)| is(known)) {
                    Some((_, pools)) => pools.push(pool.name.to_string()),
                    None => stops.push((leg, vec![pool.name.to_string()])),
                }
            }
        }
        let findings = self.monitor.findings();
        let state = |leg: &LegLoad| match findings.get(&leg.provider) {
            _ if !leg.is_asked() => "is not asked for now".into(),
            Some(finding) => finding.says(&leg.model),
            None => "is asked".into(),
        };
        let row = |(leg, pools): &(LegLoad, Vec<String>)| {
            let (provider, model) = (leg.provider.to_string(), leg.model.to_string());
            [provider, model, state(leg).into_owned(), pools.join(", ")]
        };
        let rows: Vec<_> = stops.iter().map(row).collect();
        let data = |(leg, pools): &(LegLoad, Vec<String>)| {
            let found = findings.get(&leg.provider);
            json!({
                "provider": leg.provider.as_str(),
                "model": &*leg.model,
                "pools": pools,
                "asked": leg.is_asked(),
                "up": found.map(|found| found.is_up() && !found.lacks(&leg.model)),
                "says": state(leg),
            })
        };
        let data: Vec<Value> = stops.iter().map(data).collect();
        let text = table(["provider", "model", "state", "for"], &rows);
        Report::new(text, json!({ "providers": data }))
    }

    /// Why the conversation's last message went to its pool.
    pub(super) async fn why(&self, conversation: ConversationId) -> Result<Report, Refusal> {
        let store = &self.registry.workshop().store;
        let seq = store.conversation(conversation).await?.map_or(0, |record| record.seq);
        let after = seq.saturating_sub(EVENTS_LOOKED_AT);
        let rows = usize::try_from(EVENTS_LOOKED_AT).unwrap_or(usize::MAX);
        let events = store.events(conversation, after, rows).await?;
        let last = events.iter().rev().find_map(|shown| match &shown.event {
            Event::TurnStarted { pool, agent, routing, .. } => Some((pool, agent, routing)),
            _ => None,
        });
        Ok(match last {
            Some((pool, agent, routing)) => Report::new(
                routing.explain(pool),
                json!({ "pool": pool.as_str(), "agent": agent, "routing": routing }),
            ),
            None => Report::new("Nothing was asked here lately.", json!({ "pool": null })),
        })
    }
}

/// The names of a pool's agents.
fn agents(pool: &Pool) -> String {
    let names: Vec<_> = pool.agents().map(|(agent, _)| agent.as_str()).collect();
    names.join(", ")
}

/// It is told how the pools are, from now on, whenever that changes.
pub(super) fn keep_posted() -> Report {
    let text = "You are told of the pools whenever they change; “stop the updates” ends it.";
    let data = json!({ "subscribed": true, "topic": "pools" });
    Report { then: Then::Here(Here::Pools), ..Report::new(text, data) }
}

fn facts(pool: &Pool, vitals: &PoolVitals) -> Value {
    let name = |class| serde_json::to_value(class).ok()?.as_str().map(str::to_owned);
    let classes = Priority::ALL.into_iter().zip(vitals.queued);
    let queued: Value =
        classes.filter_map(|(class, count)| Some((name(class)?, Value::from(count)))).collect();
    let models: Vec<Value> = vitals
        .legs
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
    let agents: Vec<Value> = pool
        .agents()
        .map(|(agent, of)| {
            json!({ "agent": agent.as_str(), "role": &*of.description, "route": of.route() })
        })
        .collect();
    json!({
        "pool": pool.name.as_str(),
        "description": &*pool.description,
        "agents": agents,
        "route": pool.route(),
        "workers": vitals.workers,
        "running": vitals.running,
        "waiting": vitals.waiting(),
        "queued": queued,
        "first_token_ms": vitals.first_token_ms.map(|(p50, p95)| json!({"p50": p50, "p95": p95})),
        "tokens_per_second": vitals.tokens_per_second,
        "error_rate": vitals.error_rate,
        "cost_today_usd": vitals.cost_today.usd(),
        "models": models,
    })
}
