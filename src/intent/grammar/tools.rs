//! The rule about the tools that agents have.

use serde_json::json;

use crate::{
    intent::{Operation, concepts::*, reading::Heard, sentence::Sentence},
    model::{AgentName, PoolName},
};

/// `which tools are there?`, `what tools does the analyst have?`
pub(super) fn tools(sentence: &Sentence<'_>) -> Option<Heard> {
    let looking = SHOW | SEND | WHAT | MANY | ALL | HOW;
    let about = TOOL | USE | START | LINKED | FINE | SYSTEM | POOL | CREW | NAMED | ROLE | THIS;
    if !sentence.several(TOOL) || !sentence.only(looking | about) {
        return None;
    }
    // `what tools do I have?` is asked of a workshop.
    let given = sentence.has(SHOW | SEND);
    let somebodys = sentence.has(A | MY | FOLK | NUMBER) || (sentence.has(I) && !given);
    let asked = sentence.has(WHAT | SHOW | MANY) || sentence.begins(&[BE, ANY]);
    if somebodys || sentence.has(WISH) || !asked {
        return None;
    }
    if let Some((agent, pools)) = called(sentence) {
        let of = |pool: &_| Operation::AgentTools(PoolName::clone(pool), agent.clone());
        return Some(match (sentence.pool(), pools.as_slice()) {
            (Some(pool), _) => of(&pool).into(),
            (None, [pool]) => of(pool).into(),
            (None, pools) => {
                let question = format!("Several pools have an agent called {agent}. Which one?");
                let known = ("tools.list", json!({ "agent": agent.as_str() }));
                Heard::choose(&question, known, pools.iter().map(|pool| (pool.as_str(), of(pool))))
            }
        });
    }
    let pool = sentence.pool();
    // `which business tools are there?` is asked of the world.
    let has = sentence.has(POOL | CREW) || sentence.row(&[TOOL, DO, NAMED, DO]);
    let named = !sentence.has(NAMED | ROLE) || (pool.is_some() && has);
    named.then(|| Operation::Tools(pool).into())
}

/// The agent whose tools they are: `the analyst`, and not `the analyst tools`.
fn called<'s>(sentence: &'s Sentence<'_>) -> Option<&'s (AgentName, Vec<PoolName>)> {
    let the = |at: &usize| {
        let before = *at > 0 && sentence.is_at(at - 1, THE);
        sentence.is_at(*at, ROLE) && before && !sentence.is_at(at + 1, TOOL)
    };
    let plainly = || (0..sentence.terms.len()).find(the).and_then(|at| sentence.agent_at(at));
    sentence.agent().or_else(plainly)
}
