//! The pools of specialists: which there are, how they stand, and who goes to which.

use serde_json::{Value, json};

use super::{Operator, report::Report, table::table};
use crate::{
    conversation::Refusal,
    model::{ConversationId, Event, PoolName},
    pool::Pool,
};

/// Events that are looked through for the last decision.
const EVENTS_LOOKED_AT: u64 = 64;

impl Operator {
    pub(super) fn pools(&self) -> Report {
        let pools = &self.registry.workshop().pools;
        let row = |pool: &std::sync::Arc<Pool>| {
            let load = pool.load();
            [
                pool.name.to_string(),
                format!("{}/{}", load.running, load.workers),
                load.waiting.to_string(),
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
        let text = format!(
            "{name}: {}. {} of {} workers are busy, {} messages wait. It asks {}.",
            pool.description,
            load.running,
            load.workers,
            load.waiting,
            pool.route().join(", then "),
        );
        Report::new(text, facts(pool))
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

    /// The models that may answer, and for which pools.
    pub(super) fn providers(&self) -> Report {
        let mut stops: Vec<(String, Vec<String>)> = Vec::new();
        for pool in self.registry.workshop().pools.iter() {
            for stop in pool.route() {
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
                format!("{pool}: {}.", routing.because),
                json!({ "pool": pool.as_str(), "routing": routing }),
            ),
            None => Report::new("Nothing was asked here lately.", json!({ "pool": null })),
        })
    }
}

fn facts(pool: &Pool) -> Value {
    let load = pool.load();
    json!({
        "pool": pool.name.as_str(),
        "description": &*pool.description,
        "route": pool.route(),
        "workers": load.workers,
        "running": load.running,
        "waiting": load.waiting,
    })
}
