//! Which pool a message belongs to, and why.
//!
//! Invariant: a decision explains itself; no network and no model call is made for it.

use crate::model::{PoolName, Routing};

/// The pool for what nobody else was named for.
pub const DEFAULT_POOL: &str = "general";

/// A pool and the reason for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Who answers.
    pub pool: PoolName,
    /// Why.
    pub routing: Routing,
}

/// The pool that the message names, else the one pinned to its conversation, else the default.
pub fn choose(named: Option<&PoolName>, pinned: Option<&PoolName>) -> Choice {
    let (pool, by, because) = match (named, pinned) {
        (Some(pool), _) => (pool.clone(), "message", format!("the message asks for {pool}")),
        (None, Some(pool)) => (pool.clone(), "pinned", format!("{pool} is pinned here")),
        (None, None) => (
            PoolName::from(DEFAULT_POOL),
            "default",
            format!("no pool was named, so {DEFAULT_POOL} answers"),
        ),
    };
    Choice { pool, routing: Routing { by: by.into(), confidence: None, because: because.into() } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_goes_before_the_pin_and_the_pin_before_the_default() {
        let (a, b) = (PoolName::from("sports"), PoolName::from("business"));
        for (named, pinned, pool, by) in [
            (Some(&a), Some(&b), "sports", "message"),
            (None, Some(&b), "business", "pinned"),
            (None, None, "general", "default"),
        ] {
            let choice = choose(named, pinned);
            assert_eq!((choice.pool.as_str(), &*choice.routing.by), (pool, by));
        }
    }
}
