//! Asking several: because the message wants it, or because it is about the matters of several.
//!
//! A message is about several where it is as a whole about two alike, or where its clauses, each read
//! by itself, are clearly about different ones.

use super::{Choice, Context, DEFAULT_POOL, Router, choose::short};
use crate::{
    limits,
    model::{PoolName, Routing},
};

/// Two pools that are both at least this likely share a message: little is left to the others.
const ALIKE: f32 = 0.4;
/// A clause that is about a pool is at least this likely to be.
const CLEAR: f32 = 0.65;
/// A clause with fewer telling words says too little by itself.
const CLAUSE_WORDS: usize = 2;

/// The message wants these to be asked.
pub(super) fn asked(context: Context<'_>) -> Choice {
    let default = PoolName::from(DEFAULT_POOL);
    let pool = context.named.or(context.pinned).unwrap_or(&default);
    let because = format!(
        "the message asks for {}, and {pool} makes one answer of theirs",
        list(context.asked)
    );
    Choice { specialists: context.asked.to_vec(), ..Choice::by("message", pool, because) }
}

impl Router {
    /// The choice, or several where the message is about the matters of several.
    pub(super) fn spanning(&self, text: &str, choice: Choice) -> Choice {
        let (specialists, confidence) = alike(&choice).unwrap_or_else(|| self.by_clauses(text));
        if specialists.len() < 2 {
            return choice;
        }
        let together = PoolName::from(DEFAULT_POOL);
        let because = format!(
            "it is about the matters of {}, so they are asked and {together} makes one answer of \
             theirs",
            list(&specialists)
        );
        let routing = Routing {
            by: "spanning".into(),
            because: because.into(),
            confidence: Some(short(confidence)),
            ..choice.routing
        };
        Choice { pool: together, routing, specialists, ..choice }
    }

    /// The specialists that the clauses are clearly about, in their order, and how clearly at the
    /// least.
    fn by_clauses(&self, text: &str) -> (Vec<PoolName>, f32) {
        let (mut pools, mut least) = (Vec::new(), 1.0_f32);
        for clause in clauses(text).take(limits::ROUTED_CLAUSES_MAX) {
            let judgement = self.judge(clause);
            let telling = judgement.telling >= CLAUSE_WORDS && judgement.proved;
            let clear = judgement.best().filter(|(_, chance)| telling && *chance >= CLEAR);
            match clear {
                Some((pool, chance)) if pool.as_str() != DEFAULT_POOL && !pools.contains(pool) => {
                    pools.push(pool.clone());
                    least = least.min(chance);
                }
                _ => {}
            }
        }
        pools.truncate(limits::SPECIALISTS_MAX);
        (pools, least)
    }
}

/// Both of two pools that share a message, and how likely it is theirs.
fn alike(choice: &Choice) -> Option<(Vec<PoolName>, f32)> {
    let (first, second) = (&choice.pool, choice.routing.second.as_ref()?);
    let chance = |of: &PoolName| choice.routing.scores.get(of).copied().unwrap_or_default();
    let (of_first, of_second) = (chance(first), chance(second));
    (of_first.min(of_second) >= ALIKE)
        .then(|| (vec![first.clone(), second.clone()], of_first + of_second))
}

/// The message at its marks and at the words that join what could stand alone.
fn clauses(text: &str) -> impl Iterator<Item = &str> {
    let end = text.floor_char_boundary(limits::ROUTED_BYTES_MAX);
    let (text, _) = text.split_at(end);
    let marks = text.split(['.', '?', '!', ';', ',', ':', '\n']);
    marks.flat_map(|part| part.split(" and ")).flat_map(|part| part.split(" but "))
}

/// `one, two and three`.
fn list(pools: &[PoolName]) -> String {
    let names: Vec<_> = pools.iter().map(PoolName::as_str).collect();
    match names.split_last() {
        Some((last, first)) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}
