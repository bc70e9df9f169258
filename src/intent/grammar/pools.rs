//! Rules about pools: which there are, who answers here and why, and how many work.

use serde_json::json;

use crate::{
    intent::{Operation, Workers, concepts::*, reading::Heard, sentence::Sentence},
    model::PoolName,
};

/// Words for what a pool has and is.
const ABOUT_POOLS: Concepts = POOL.or(CREW).or(WORKER).or(NAMED);

pub(super) fn scale(sentence: &Sentence<'_>) -> Option<Heard> {
    let changing = SCALE | MORE | LESS | SET | CREATE | START | SWITCH | WISH;
    let allowed =
        changing | ABOUT_POOLS | NUMBER | BY | THIS | ALL | STATE | USE | DO | DELETE | STOP;
    if !sentence.only(allowed) || !sentence.has(WORKER | POOL | SCALE) || asks(sentence) {
        return None;
    }
    let workers = workers(sentence);
    let pool = sentence.pool();
    let meant = sentence.has(WORKER)
        || sentence.has(SCALE)
        || (sentence.has(POOL) && sentence.has(MORE | LESS | SET));
    match (pool, workers) {
        (Some(pool), Some(workers)) if meant => Some(Operation::Scale(pool, workers).into()),
        (Some(pool), None) if sentence.has(SCALE | MORE | LESS) && meant => {
            if !sentence.has(SCALE) && !sentence.has(WORKER) {
                return None;
            }
            let question = format!("How many workers shall {pool} have? Say /scale {pool} N.");
            Some(Heard::ask(&question, ("pool.scale", json!({ "pool": pool.as_str() })), []))
        }
        (None, Some(workers)) if meant && sentence.has(changing) => {
            Some(which_pool(sentence, workers))
        }
        (None, None) if sentence.has(SCALE) && sentence.has(POOL | WORKER) => {
            let question = "Which pool, and how many workers? Say /scale POOL N.";
            Some(Heard::ask(question, ("pool.scale", json!({})), []))
        }
        _ => None,
    }
}

fn which_pool(sentence: &Sentence<'_>, workers: Workers) -> Heard {
    let pools = sentence.vocabulary.pools();
    let choices = pools.map(|pool| Operation::Scale(PoolName::from(pool), workers));
    let slots = match workers {
        Workers::To(count) => json!({ "workers": count }),
        Workers::By(change) => json!({ "workers_delta": change }),
    };
    Heard::ask("Which pool?", ("pool.scale", slots), choices)
}

/// A number behind `to` is a goal; a number that is added or taken is a change.
fn workers(sentence: &Sentence<'_>) -> Option<Workers> {
    let last = sentence.numbers().last();
    let Some((at, count)) = last else {
        let one_more = sentence.row(&[MORE.or(CREATE), A, WORKER]) || sentence.row(&[NEW, WORKER]);
        let one_less = sentence.row(&[LESS, A, WORKER]);
        return match (one_more, one_less) {
            (true, _) => Some(Workers::By(1)),
            (_, true) => Some(Workers::By(-1)),
            _ => None,
        };
    };
    let change = i32::try_from(count).ok()?;
    let behind = |kind| at > 0 && sentence.is_at(at - 1, kind);
    match sentence.terms.get(at)?.place.mark {
        '+' => return Some(Workers::By(change)),
        '-' if !sentence.has(SET | SCALE) => return Some(Workers::By(-change)),
        _ => {}
    }
    let goal = behind(TO) || (behind(SCALE | SET | BE) && !sentence.has(BY));
    let goal = goal && !sentence.is_at(at + 1, MORE.without(WORKER))
        || sentence.is_at(at + 1, TO) && false;
    if goal {
        return Some(Workers::To(count));
    }
    let less = sentence.position(LESS);
    let more = sentence.position(MORE);
    match (more, less) {
        (Some(more), Some(less)) if more <= less => Some(Workers::By(change)),
        (_, Some(_)) => Some(Workers::By(-change)),
        (Some(_), None) => Some(Workers::By(change)),
        (None, None) => Some(Workers::To(count)),
    }
}

fn asks(sentence: &Sentence<'_>) -> bool {
    sentence.has(MANY)
        || sentence.begins(&[WHAT])
        || sentence.begins(&[BE])
        || sentence.begins(&[HOW])
        || sentence.begins(&[SHOW])
}

pub(super) fn switch(sentence: &Sentence<'_>) -> Option<Heard> {
    let allowed = SWITCH
        | TALK
        | USE
        | HANDLE
        | SET
        | PICK
        | ROUTING
        | ABOUT_POOLS
        | CHAT
        | MESSAGE
        | THIS
        | AUTO
        | START
        | CREATE
        | SEND
        | LAST
        | NEXT
        | ALL
        | STOP
        | NOT;
    if !sentence.only(allowed) || sentence.has(MANY | NUMBER) {
        return None;
    }
    let asked = sentence.begins(&[WHAT])
        || sentence.begins(&[BE])
        || sentence.begins(&[DO])
        || sentence.begins(&[HOW]);
    if asked || sentence.has(PLURAL) && !sentence.has(CREW | MESSAGE) {
        return None;
    }
    let verb = SWITCH | USE | ROUTING | PICK;
    let Some(pool) = sentence.pool() else {
        if sentence.has(AUTO) && sentence.has(verb | SET | STOP | AUTO) && auto(sentence) {
            return Some(Operation::Use(None).into());
        }
        let open = sentence.has(SWITCH | USE) && sentence.has(POOL) && !sentence.has(NAMED);
        return open.then(|| {
            let pools = sentence.vocabulary.pools();
            let choices = pools.map(|pool| Operation::Use(Some(PoolName::from(pool))));
            Heard::ask("Which pool shall it be?", ("conversation.switch_pool", json!({})), choices)
        });
    };
    let to = |verb: Concepts| sentence.row(&[verb, TO]) || sentence.row(&[verb, WITH]);
    let addressed = sentence.has(POOL | CREW);
    let here = sentence.has(CHAT | MESSAGE | THIS | I | IT);
    let moved = sentence.has(SWITCH)
        && (sentence.has(TO) || sentence.has(WITH))
        && !sentence.has(START.without(SWITCH).without(CREATE));
    let talked =
        to(TALK) || (sentence.has(TALK) && addressed && sentence.has(TO | WITH | OF | FOR));
    let used = sentence.has(USE) && (addressed || here || sentence.terms.len() <= 3);
    let handled = sentence.has(HANDLE) && (addressed || here);
    let routed = sentence.has(ROUTING) && (sentence.has(TO) || addressed);
    let set = sentence.has(SET) && (sentence.has(POOL) || sentence.has(CHAT));
    let own = sentence.row(&[I, NAMED]) && !addressed;
    let fits = moved || talked || used || handled || routed || set;
    (fits && !own).then(|| Operation::Use(Some(pool)).into())
}

/// What is automatic is the choice of a pool.
fn auto(sentence: &Sentence<'_>) -> bool {
    sentence.has(ROUTING | POOL | PICK | USE | SWITCH)
}

pub(super) fn why(sentence: &Sentence<'_>) -> Option<Heard> {
    let allowed = WHY
        | HOW
        | PICK
        | ROUTING
        | ABOUT_POOLS
        | THIS
        | CHAT
        | MESSAGE
        | HANDLE
        | LAST
        | TALK
        | SWITCH
        | USE
        | WHAT;
    if !sentence.only(allowed) {
        return None;
    }
    let object = sentence.has(POOL | CREW | ROUTING) || sentence.pool().is_some();
    let why = sentence.has(WHY) && object;
    let how = sentence.begins(&[HOW])
        && sentence.has(PICK.or(ROUTING))
        && sentence.has(POOL | ROUTING | CREW);
    let which = sentence.has(WHAT)
        && sentence.has(POOL | CREW)
        && !sentence.has(PLURAL | NAMED)
        && sentence.has(I | IT | THIS | HANDLE | YOU | ROUTING | PICK)
        && !sentence.has(CAN);
    (why || how || which).then(|| Operation::Why.into())
}

pub(super) fn show(sentence: &Sentence<'_>) -> Option<Heard> {
    let pool = sentence.pool()?;
    let allowed = SHOW
        | SEND
        | STATUS
        | STATE
        | DETAILS
        | WHAT
        | HOW
        | MANY
        | ABOUT_POOLS
        | HEALTH
        | FINE
        | QUEUE
        | BUSY
        | UPDATE
        | FATE
        | STANDING
        | THIS
        | ABOUT
        | ALL
        | SUMMARY
        | TASK
        | JOB
        | HANDLE
        | TALK
        | PROVIDER
        | WHERE;
    if !sentence.only(allowed) || sentence.has(NUMBER) {
        return None;
    }
    let looking = sentence
        .has(SHOW | WHAT | HOW | MANY | STATUS | STATE | HEALTH | ABOUT | DETAILS | BUSY | QUEUE);
    let workers = sentence.has(WORKER) && looking;
    let one = sentence.has(POOL)
        && (looking || sentence.begins(&[BE]) || sentence.bare(POOL | NAMED | WORKER));
    (workers || one).then(|| Operation::Pool(pool).into())
}

pub(super) fn list(sentence: &Sentence<'_>) -> Option<Heard> {
    let allowed = SHOW
        | SEND
        | WHAT
        | MANY
        | POOL
        | CREW
        | WORKER
        | STATUS
        | STATE
        | ALL
        | HEALTH
        | HOW
        | DETAILS
        | TALK
        | USE
        | WHERE
        | BUSY
        | FINE
        | SYSTEM
        | SWITCH
        | HANDLE
        | THIS
        | ABOUT
        | FATE
        | CHAT;
    if !sentence.only(allowed) || sentence.has(NUMBER | NAMED) {
        return None;
    }
    let plural = |kind| sentence.terms.iter().any(|term| term.is(kind) && term.is(PLURAL));
    let looking = sentence.has(SHOW | WHAT | MANY | HOW | ALL | STATUS | STATE | ANY | HEALTH);
    let pools = plural(POOL) && (looking || sentence.bare(POOL) || sentence.begins(&[BE]));
    let crews = plural(CREW) && sentence.has(SHOW | WHAT | MANY | ALL);
    let whom = sentence.has(WHAT) && sentence.has(TALK) && sentence.has(CAN) && sentence.has(I);
    (pools || crews || whom).then(|| Operation::Pools.into())
}
