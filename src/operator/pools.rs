//! The pools of specialists: which there are, how they stand, and who goes to which.

use std::{fmt::Write as _, sync::Arc};

use serde_json::{Value, json};

use super::{
    Operator,
    report::{Outcome, Report},
    table::table,
};
use crate::{
    conversation::{Ask, Refusal},
    intent::{Operation, Whom, Workers},
    limits,
    model::{ConversationId, Event, PoolName, Priority},
    pool::Pool,
    route::DEFAULT_POOL,
};

/// Events that are looked through for the last decision.
const EVENTS_LOOKED_AT: u64 = 64;

impl Operator {
    pub(super) fn pools(&self) -> Report {
        let pools = &self.registry.workshop().pools;
        let row = |pool: &Arc<Pool>| {
            let load = pool.load();
            [
                pool.name.to_string(),
                format!("{}/{}", load.running, load.workers),
                load.waiting().to_string(),
                pool.description.to_string(),
            ]
        };
        let rows: Vec<_> = pools.iter().map(row).collect();
        let data: Vec<Value> = pools.iter().map(|pool| facts(pool)).collect();
        let text = table(["pool", "running", "waiting", "for"], &rows);
        Report::new(text, json!({ "pools": data }))
    }

    pub(super) fn pool(&self, name: &PoolName) -> Report {
        let Some(pool) = self.registry.workshop().pools.get(name.as_str()) else {
            return self.no_pool(name);
        };
        let load = pool.load();
        let mut text = format!(
            "{name}: {}. {} of {} workers are busy, {} messages wait. It asks {}.",
            pool.description,
            load.running,
            load.workers,
            load.waiting(),
            pool.route().join(", then "),
        );
        for leg in pool.legs().iter().filter(|leg| !leg.is_asked()) {
            let (provider, model) = (&leg.provider, &leg.model);
            let _infallible = write!(text, " {provider}/{model} is not asked for now.");
        }
        Report::new(text, facts(pool))
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
        if !agreed {
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
            Err(bad) => Report::new(
                format!("It stays as it is: {bad}."),
                json!({ "pool": name.as_str(), "workers": before }),
            ),
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

    /// The models that may answer, and for which pools.
    pub(super) fn providers(&self) -> Report {
        let mut stops: Vec<(String, Vec<String>)> = Vec::new();
        for pool in self.registry.workshop().pools.iter() {
            for leg in pool.legs() {
                let stop = format!("{}/{}", leg.provider, leg.model);
                match stops.iter_mut().find(|(known, _)| *known == stop) {
                    Some((_, pools)) => pools.push(pool.name.to_string()),
                    None => stops.push((stop, vec![pool.name.to_string()])),
                }
            }
        }
        let split = |stop: &str| {
            let (provider, model) = stop.split_once('/').unwrap_or((stop, ""));
            (provider.to_owned(), model.to_owned())
        };
        let row = |(stop, pools): &(String, Vec<String>)| {
            let (provider, model) = split(stop);
            [provider, model, pools.join(", ")]
        };
        let rows: Vec<_> = stops.iter().map(row).collect();
        let data: Vec<Value> = stops
            .iter()
            .map(|(stop, pools)| {
                let (provider, model) = split(stop);
                json!({"provider": provider, "model": model, "pools": pools})
            })
            .collect();
        Report::new(table(["provider", "model", "for"], &rows), json!({ "providers": data }))
    }

    /// Why the conversation's last message went to its pool.
    pub(super) async fn why(&self, conversation: ConversationId) -> Result<Report, Refusal> {
        let store = &self.registry.workshop().store;
        let seq = store.conversation(conversation).await?.map_or(0, |record| record.seq);
        let after = seq.saturating_sub(EVENTS_LOOKED_AT);
        let rows = usize::try_from(EVENTS_LOOKED_AT).unwrap_or(usize::MAX);
        let events = store.events(conversation, after, rows).await?;
        let last = events.iter().rev().find_map(|shown| match &shown.event {
            Event::TurnStarted { pool, routing, .. } => Some((pool, routing)),
            _ => None,
        });
        Ok(match last {
            Some((pool, routing)) => Report::new(
                routing.explain(pool),
                json!({ "pool": pool.as_str(), "routing": routing }),
            ),
            None => Report::new("Nothing was asked here lately.", json!({ "pool": null })),
        })
    }
}

fn facts(pool: &Pool) -> Value {
    let load = pool.load();
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
