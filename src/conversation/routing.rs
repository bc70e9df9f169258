//! Who answers a text: the pool that there is by now for what was chosen.
//!
//! Pools come and go with the settings. What is named in a message must be there; what was pinned or
//! asked before falls back, and says so.

use std::sync::Arc;

use super::{Workshop, command::Refusal};
use crate::{
    model::{AgentName, PoolName},
    pool::Pool,
    route::{Choice, Context, DEFAULT_POOL},
};

impl Workshop {
    /// The pool that answers a text, or the agent of it, and why.
    pub fn choose(&self, text: &str, context: Context<'_>) -> Result<(Arc<Pool>, Choice), Refusal> {
        if let Some(name) = context.named {
            self.pool(name)?;
        }
        let there = |name: &&PoolName| self.pools.get(name.as_str()).is_some();
        let (pinned, last) = (context.pinned.filter(there), context.last.filter(there));
        let mut choice = self.router.load().choose(text, Context { pinned, last, ..context });
        // The settings may change between one look and the next.
        let pool = self.pool(&choice.pool).or_else(|_| self.pool(&DEFAULT_POOL.into()))?;
        choice.pool = pool.name.clone();
        let gone = context.pinned.filter(|_| context.named.is_none() && pinned.is_none());
        if let Some(gone) = gone {
            let because = &choice.routing.because;
            let because =
                format!("{gone} is pinned here, but there is no such pool now; {because}");
            choice.routing.because = because.into();
        }
        match choice.agent.clone() {
            None => Ok((pool, choice)),
            Some(agent) => match self.agent(&pool, &agent) {
                Ok(agent) => Ok((agent, choice)),
                Err(unknown) if context.agent.is_some() => Err(unknown),
                Err(_gone) => Ok((pool, Choice { agent: None, ..choice })),
            },
        }
    }

    /// The pool as that agent of it.
    pub(super) fn agent(&self, pool: &Pool, name: &AgentName) -> Result<Arc<Pool>, Refusal> {
        let there_are = || Refusal::UnknownAgent(self.pools.agent_names(pool));
        pool.as_agent(name.as_str()).cloned().ok_or_else(there_are)
    }

    /// The pool of this name.
    pub(super) fn pool(&self, name: &PoolName) -> Result<Arc<Pool>, Refusal> {
        let pool = self.pools.get(name.as_str());
        pool.ok_or_else(|| Refusal::UnknownPool(self.pools.names()))
    }
}
