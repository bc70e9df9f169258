//! The names that a gateway has given: its pools and its demonstrations.

use std::sync::Arc;

use super::{
    concepts::{NAMED, ROLE, Value},
    lexicon::{Lexicon, Meaning},
    values::NAMES,
};
use crate::model::{AgentName, PoolName};

/// The names that commands may use.
#[derive(Debug, Default)]
pub struct Vocabulary {
    pub(super) lexicon: Lexicon,
    named: Vec<Named>,
    /// The agents, and the pools that have one of that name.
    staff: Vec<(AgentName, Vec<PoolName>)>,
}

#[derive(Debug)]
struct Named {
    name: Arc<str>,
    is_pool: bool,
    is_demo: bool,
    weak: bool,
}

impl Vocabulary {
    /// The names of those pools and demonstrations. The built-in ones are known by other names, too.
    pub fn new<'n>(
        pools: impl IntoIterator<Item = &'n str>,
        demos: impl IntoIterator<Item = &'n str>,
    ) -> Self {
        let mut vocabulary = Self::default();
        let mut named: Vec<Named> = Vec::new();
        let pools = pools.into_iter().map(|name| (name, true));
        for (name, is_pool) in pools.chain(demos.into_iter().map(|name| (name, false))) {
            if let Some(known) = named.iter_mut().find(|known| &*known.name == name) {
                known.is_demo |= !is_pool;
            } else {
                named.push(Named { name: name.into(), is_pool, is_demo: !is_pool, weak: false });
            }
        }
        for Named { name, is_pool, is_demo, .. } in named {
            vocabulary.call(&name.replace('-', " "), &name, (is_pool, is_demo), false);
            if let Some((_, also, beside)) = NAMES.iter().find(|(known, ..)| *known == &*name) {
                vocabulary.call(also, &name, (is_pool, is_demo), false);
                vocabulary.call(beside, &name, (is_pool, is_demo), true);
            }
        }
        vocabulary
    }

    /// The same with these agents, each with its pool.
    #[must_use]
    pub fn staffed<'n>(mut self, agents: impl IntoIterator<Item = (&'n str, &'n str)>) -> Self {
        for (pool, agent) in agents {
            let (pool, agent) = (PoolName::from(pool), AgentName::from(agent));
            if let Some((_, pools)) = self.staff.iter_mut().find(|(known, _)| *known == agent) {
                pools.push(pool);
                continue;
            }
            let name = agent.as_str().replace('-', " ");
            self.lexicon.add(&name, Meaning { concepts: ROLE, ..Meaning::default() });
            self.staff.push((agent, vec![pool]));
        }
        self
    }

    /// The agent of that name, and the pools that have it.
    pub(super) fn agent(&self, name: &str) -> Option<&(AgentName, Vec<PoolName>)> {
        let is = |agent: &AgentName| agent.as_str().replace('-', " ") == name;
        self.staff.iter().find(|(agent, _)| is(agent))
    }

    fn call(
        &mut self,
        phrases: &str,
        name: &Arc<str>,
        (is_pool, is_demo): (bool, bool),
        weak: bool,
    ) {
        let named = Some(self.named.len());
        for phrase in phrases.split(',') {
            self.lexicon.add(phrase, Meaning { concepts: NAMED, value: Value::None, named });
        }
        self.named.push(Named { name: name.clone(), is_pool, is_demo, weak });
    }

    /// The pools, in the order in which they were given.
    pub(super) fn pools(&self) -> impl Iterator<Item = &str> {
        let own = self.named.iter().enumerate().filter(|(at, named)| {
            let before = self.named.get(..*at).unwrap_or_default();
            named.is_pool && before.iter().all(|known| known.name != named.name)
        });
        own.map(|(_, named)| &*named.name)
    }

    pub(super) fn pool(&self, at: usize) -> Option<PoolName> {
        self.named.get(at).filter(|named| named.is_pool).map(|named| PoolName::from(&*named.name))
    }

    pub(super) fn demo(&self, at: usize) -> Option<Arc<str>> {
        self.named.get(at).filter(|named| named.is_demo).map(|named| named.name.clone())
    }

    pub(super) fn is_weak(&self, at: usize) -> bool {
        self.named.get(at).is_some_and(|named| named.weak)
    }
}
