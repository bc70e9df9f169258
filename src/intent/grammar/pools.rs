//! Rules about pools: which there are, who answers here and why, and how many work.

use serde_json::json;

use crate::{
    intent::{Operation, Workers, concepts::*, reading::Heard, sentence::Sentence},
    model::PoolName,
};

/// A pool, and who is in it.
const POOLS: Concepts = POOL.or(CREW).or(WORKER).or(NAMED);
const LOOKING: Concepts = SHOW.or(SEND).or(WHAT).or(HOW).or(MANY).or(ABOUT).or(WHERE);
const STATES: Concepts = STATUS.or(STATE).or(DETAILS).or(HEALTH).or(FINE).or(BUSY).or(FATE);

/// What it seems to be where something is missing.
const SCALING: &str = "pool.scale";

// ---- how many work ----------------------------------------------------------------------------

pub(super) fn scale(sentence: &Sentence<'_>) -> Option<Heard> {
    let changing = SCALE | MORE | LESS | SET | CREATE | START | SWITCH | DELETE | STOP | LET;
    let allowed = changing | POOLS | NUMBER | MANY | BY | THIS | ALL | STATE | USE | FATE;
    // `my business` is somebody's own.
    let own = sentence.row(&[MY, NAMED]) && !sentence.has(POOL);
    let set = sentence.row(&[SET | MORE | LESS, NAMED, TO, NUMBER]);
    let about =
        set || sentence.has(WORKER | SCALE) || (sentence.has(POOL) && sentence.has(changing));
    if own
        || tells_of_workers(sentence)
        || !about
        || (sentence.has(MANY) && !changes_number(sentence))
        || sentence.opens(BE | WHAT | HOW)
        || !sentence.only(allowed)
    {
        return None;
    }
    let all = sentence.several(POOL) && sentence.has(ALL) && sentence.has(WORKER | SCALE);
    if all || sentence.names_several_pools() {
        let question = "Pools are scaled one at a time. Say /scale POOL N for each.";
        let many = all || sentence.has(NUMBER) || wants_scaling(sentence);
        return many.then(|| Heard::ask(question, (SCALING, json!({}))));
    }
    match (sentence.pool(), workers(sentence)) {
        (Some(pool), Said::Clearly(workers)) => Some(Operation::Scale(pool, workers).into()),
        (Some(pool), said) if matches!(said, Said::Unclearly) || wants_scaling(sentence) => {
            let question = format!("How many workers shall {pool} have? Say /scale {pool} N.");
            Some(Heard::ask(&question, (SCALING, json!({ "pool": pool.as_str() }))))
        }
        (None, Said::Clearly(workers)) if sentence.has(changing | WISH) => {
            Some(which_pool(sentence, workers))
        }
        (None, _) if sentence.has(SCALE) && sentence.has(POOL | WORKER) => {
            let question = "Which pool, and how many workers? Say /scale POOL N.";
            Some(Heard::ask(question, (SCALING, json!({}))))
        }
        _ => None,
    }
}

/// `the business has 5 workers`, `I run a business with 5 workers`: somebody tells how it is.
fn tells_of_workers(sentence: &Sentence<'_>) -> bool {
    let wanted = sentence.has(WISH) || sentence.opens(LET | CAN | PLEASE | SET);
    let has = sentence.row(&[NAMED | POOL | I, DO]) && !wanted;
    let ordinary = sentence.row(&[THE, NAMED, DO | BE | WISH])
        || (sentence.row(&[A, NAMED]) && !sentence.row(&[NAMED, POOLS]));
    has || ordinary
}

/// `decrease the number of …`, which asks for none.
fn changes_number(sentence: &Sentence<'_>) -> bool {
    let changing = MORE | LESS | SET;
    sentence.row(&[changing, THE, MANY]) || sentence.row(&[changing, MANY])
}

fn wants_scaling(sentence: &Sentence<'_>) -> bool {
    sentence.has(SCALE) || (sentence.has(WORKER) && sentence.has(MORE | LESS))
}

fn which_pool(sentence: &Sentence<'_>, workers: Workers) -> Heard {
    let known = match workers {
        Workers::To(count) => json!({ "workers": count }),
        Workers::By(change) => json!({ "workers_delta": change }),
    };
    let pools = sentence.vocabulary.pools();
    let choices = pools.map(|pool| (pool, Operation::Scale(PoolName::from(pool), workers)));
    Heard::choose("Which pool?", (SCALING, known), choices)
}

/// How many workers somebody asks for.
enum Said {
    Clearly(Workers),
    /// There is a number, and it may mean several things or none.
    Unclearly,
    Nothing,
}

/// A number behind `to` is a goal; one that is added or taken away is a change.
fn workers(sentence: &Sentence<'_>) -> Said {
    let Some((at, count)) = sentence.numbers().last() else {
        return one_worker(sentence).map_or(Said::Nothing, Said::Clearly);
    };
    let Some((at, count)) = the_number(sentence, (at, count)) else { return Said::Unclearly };
    change(sentence, at, count).map_or(Said::Unclearly, Said::Clearly)
}

/// The number that counts: the only one, or with `from 4` the other one.
fn the_number(sentence: &Sentence<'_>, last: (usize, u32)) -> Option<(usize, u32)> {
    let from = |at: usize| at > 0 && sentence.word(at - 1) == "from";
    let numbers: Vec<(usize, u32)> = sentence.numbers().collect();
    match *numbers.as_slice() {
        [_] => Some(last),
        [first, second] if from(first.0) => Some(second),
        [first, second] if from(second.0) => Some(first),
        _ => None,
    }
}

fn change(sentence: &Sentence<'_>, at: usize, count: u32) -> Option<Workers> {
    let change = i32::try_from(count).ok()?;
    let behind = |kind| at > 0 && sentence.is_at(at - 1, kind);
    match sentence.mark_at(at) {
        '+' => return Some(Workers::By(change)),
        // Less than nothing is no goal.
        '-' if sentence.is_signed(at) && (behind(TO) || sentence.has(SET)) => return None,
        '-' if sentence.is_signed(at) || !sentence.has(SET | SCALE) => {
            return Some(Workers::By(-change));
        }
        _ => {}
    }
    let made_it = behind(IT) && at > 1 && sentence.is_at(at - 2, SET);
    let set = behind(SCALE | SET | BE) && !sentence.has(BY);
    if (behind(TO) || made_it || set) && !sentence.is_at(at + 1, MORE | LESS) {
        return Some(Workers::To(count));
    }
    match (sentence.position(MORE), sentence.position(LESS | DELETE)) {
        (Some(more), Some(less)) if more <= less => Some(Workers::By(change)),
        (_, Some(_)) => Some(Workers::By(-change)),
        (Some(_), None) => Some(Workers::By(change)),
        // `scale it by 10` may be ten more, or ten times as many.
        (None, None) => (!sentence.has(BY)).then_some(Workers::To(count)),
    }
}

/// `add a worker`, `another worker`.
fn one_worker(sentence: &Sentence<'_>) -> Option<Workers> {
    if sentence.row(&[MORE.or(CREATE), A, WORKER]) || sentence.row(&[NEW, WORKER]) {
        return Some(Workers::By(1));
    }
    sentence.row(&[LESS, A, WORKER]).then_some(Workers::By(-1))
}

// ---- who answers here -------------------------------------------------------------------------

pub(super) fn switch(sentence: &Sentence<'_>) -> Option<Heard> {
    let moving = SWITCH | TALK | USE | HANDLE | SET | PICK | ROUTING | LET | ORDER | START | CREATE;
    let allowed = moving | POOLS | CHAT | MESSAGE | THIS | AUTO | NEW | SEND | LAST | ALL | STOP;
    let asked = sentence.opens(WHAT | BE | HOW) || (sentence.opens(DO) && !sentence.opens(SET));
    if asked || sentence.several(CHAT) || sentence.has(MANY | NUMBER) || !sentence.only(allowed) {
        return None;
    }
    if let Some(pool) = sentence.pool() {
        // What is done to all pools is done to no conversation.
        if sentence.several(POOL) && sentence.has(ALL) {
            return None;
        }
        return moves_to_pool(sentence).then(|| Operation::Use(Some(pool)).into());
    }
    if sentence.has(AUTO) && sentence.has(ROUTING | POOL | PICK | USE | SWITCH) {
        return Some(Operation::Use(None).into());
    }
    let changed = sentence.terms.iter().any(|term| term.is(SWITCH) && term.is(SET));
    let other = sentence.has(NEW) && sentence.has(USE | SWITCH);
    let open = sentence.has(POOL) && (changed || other) && !sentence.has(NAMED | SHOW | A);
    open.then(|| {
        let pools = sentence.vocabulary.pools();
        let choices = pools.map(|pool| (pool, Operation::Use(Some(PoolName::from(pool)))));
        Heard::choose("Which pool shall it be?", ("conversation.switch_pool", json!({})), choices)
    })
}

/// `switch to the triage agent`, `use the medication agent from now on`.
pub(super) fn agent(sentence: &Sentence<'_>) -> Option<Heard> {
    let moving = SWITCH | TALK | USE | HANDLE | SET | ROUTING | LET | SEND | START;
    let (agent, pools) = sentence.agent()?;
    let asked = sentence.opens(WHAT | BE | HOW) || (sentence.opens(DO) && !sentence.opens(SET));
    let meant = sentence.has(moving | WISH) && !sentence.has(MANY | NUMBER | STOP);
    if asked || !meant || !sentence.only(moving | POOLS | ROLE | CHAT | MESSAGE | THIS | ALL) {
        return None;
    }
    let named = sentence.pool();
    let of = |pool: PoolName| Operation::UseAgent(pool, agent.clone());
    match (named, pools.as_slice()) {
        (Some(pool), _) => Some(of(pool).into()),
        (None, [pool]) => Some(of(pool.clone()).into()),
        (None, pools) => {
            let question = format!("Several pools have an agent called {agent}. Which one?");
            let known = ("conversation.switch_pool", json!({ "agent": agent.as_str() }));
            let choices = pools.iter().map(|pool| (pool.as_str(), of(pool.clone())));
            Some(Heard::choose(&question, known, choices))
        }
    }
}

/// `stop using the triage agent`, `unpin the sports pool`; `don't` is part of it.
pub(super) fn leave(sentence: &Sentence<'_>) -> Option<Heard> {
    let using = USE | SWITCH | TALK | ROUTING | AUTO;
    let ending = STOP | NOT | UNSUBSCRIBE;
    let named = sentence.agent().is_some()
        || (sentence.has(POOL | CREW) && sentence.pool().is_some() && !sentence.has(ROLE));
    let said = sentence.has(ending) && sentence.has(using);
    let left = (said && sentence.opens(ending)) || sentence.opens(AUTO);
    let whole = sentence.only(using | ending | POOLS | ROLE | CHAT | THIS | FOR);
    (named && left && whole && !sentence.has(NUMBER | MANY)).then(|| Operation::Use(None).into())
}

/// `my business` is somebody's own, and `talk business` goes nowhere.
fn moves_to_pool(sentence: &Sentence<'_>) -> bool {
    let addressed = sentence.has(POOL | CREW);
    let here = sentence.has(CHAT | MESSAGE | THIS | I | IT);
    let towards = TO | WITH;
    if sentence.row(&[MY, NAMED]) && !addressed {
        return false;
    }
    let talked = sentence.row(&[TALK, towards]) || (sentence.has(TALK) && addressed);
    // `go into business` is a way to make a living.
    let inside = sentence
        .terms
        .windows(2)
        .any(|row| matches!(row, [into, named] if into.is(TO) && into.is(IN) && named.is(NAMED)));
    let into = inside && !(addressed || sentence.has(CHAT));
    let led = sentence.has(towards) && !into;
    let fetched = sentence.row(&[THE, NAMED, AGENT]);
    let moved = sentence.has(SWITCH) && (led || fetched || sentence.row(&[CREW, IN]));
    let routed = sentence.has(ROUTING) && (sentence.has(TO) || addressed);
    let used = sentence.has(USE) && (addressed || here || sentence.core().len() <= 3);
    // `I have a question for finance people` goes nowhere.
    let used = used && !sentence.row(&[USE, A, MESSAGE]);
    let handled = sentence.has(HANDLE) && (addressed || here || sentence.opens(LET));
    let wanted = sentence.has(WISH) && (sentence.has(POOL) || fetched) && !sentence.has(SHOW);
    let set = sentence.has(SET) && sentence.has(POOL | CHAT);
    let addressed_to = sentence.has(MESSAGE) && sentence.has(FOR) && sentence.has(POOL);
    addressed_to || talked || moved || routed || used || handled || wanted || set
}

pub(super) fn why(sentence: &Sentence<'_>) -> Option<Heard> {
    let choosing = PICK | ROUTING | HANDLE | TALK | SWITCH | USE;
    let allowed = WHY | HOW | WHAT | choosing | POOLS | THIS | CHAT | MESSAGE | LAST;
    if !sentence.has(WHY | HOW | WHAT) || !sentence.only(allowed) {
        return None;
    }
    if sentence.word(0) == "explain" && sentence.bare(WHY | POOL) && sentence.several(POOL) {
        return Some(Operation::Help(Some("pools".into())).into());
    }
    let about = sentence.has(POOL | CREW | ROUTING);
    let why = sentence.has(WHY) && (about || sentence.pool().is_some());
    let how = sentence.opens(HOW) && sentence.has(PICK | ROUTING) && about;
    let here = sentence.has(I | IT | THIS | HANDLE | YOU | ROUTING | PICK) && !sentence.has(CAN);
    let one = sentence.has(POOL | CREW) && !sentence.has(PLURAL | NAMED);
    let which = sentence.has(WHAT) && one && here;
    (why || how || which).then(|| Operation::Why.into())
}

/// `why did you pick that?`, right after an answer.
pub(super) fn why_that(sentence: &Sentence<'_>) -> Option<Heard> {
    let choosing = CHOSEN | PICK | POOL | CREW | THIS | IT;
    if !sentence.opens(WHY | HOW) || !sentence.only(WHY | HOW | choosing) {
        return None;
    }
    let picked = sentence.has(CHOSEN) && sentence.has(YOU | HAIL) && sentence.has(IT | THIS);
    let core = sentence.core();
    let last = core.last().and_then(|term| sentence.text.get(term.place.start..term.place.end));
    let that_one = core.len() == 2
        && sentence.opens(WHY)
        && sentence.has(IT)
        && last.is_some_and(|last| last.to_lowercase().ends_with(" one"));
    (picked || that_one).then(|| Operation::Why.into())
}

// ---- how they are, from now on ----------------------------------------------------------------

/// `keep me posted on the pools`, `show me the pools live`; `which pools are live?` asks once.
pub(super) fn watch(sentence: &Sentence<'_>) -> Option<Heard> {
    let telling = SUBSCRIBE | WATCH | SHOW | SEND | SET | CREATE | START | MORE | NEW | LET;
    let about = POOLS | STATES | UPDATE | QUEUE | ABOUT | ALL | THIS | WHERE | SWITCH | EVERY;
    if !sentence.has(POOL)
        || sentence.opens(WHAT | BE | HOW | MANY)
        || !sentence.only(telling | about | HOW)
    {
        return None;
    }
    // `the live pools` are those that work.
    let adjective = sentence.row(&[SHOW | SEND | THE | ALL, WATCH, POOL]);
    let several = sentence.several(POOL) || sentence.has(NAMED | CREW | WORKER);
    let told = sentence.has(SUBSCRIBE) || (sentence.has(WATCH) && !adjective);
    let news = sentence.several(UPDATE) && !sentence.has(ANY | NAMED);
    let fed = news && (sentence.has(SEND | SHOW | WISH | CREATE | ABOUT) || sentence.opens(POOL));
    let changed = sentence.row(&[POOL, SWITCH]) && sentence.has(WHERE | EVERY);
    let fed = fed || (changed && sentence.several(POOL) && sentence.has(SHOW | SEND));
    (fed || (told && (several || sentence.has(UPDATE | STATUS | STATE))))
        .then(|| Operation::WatchPools.into())
}

// ---- which there are --------------------------------------------------------------------------

pub(super) fn show(sentence: &Sentence<'_>) -> Option<Heard> {
    let pool = sentence.pool()?;
    let own = QUEUE | TASK | JOB | PROVIDER | HANDLE | TALK | STANDING | UPDATE | SUMMARY | USE;
    // `sports pools` are bets.
    let owned = sentence.row(&[MY, NAMED]) && !sentence.has(POOL);
    let owned = owned || sentence.several(POOL);
    if owned || sentence.has(NUMBER) || !sentence.only(LOOKING | STATES | POOLS | own | THIS | ALL)
    {
        return None;
    }
    let looking = sentence.has(LOOKING | STATES | QUEUE);
    let workers = looking
        && (sentence.has(WORKER)
            || (sentence.has(CREW) && sentence.has(MANY) && !sentence.has(FOLK)));
    let agents = (0..sentence.terms.len()).any(|at| sentence.word(at) == "agents");
    let theirs = sentence.row(&[CREW, OF | IN | FOR, NAMED]) || sentence.row(&[CREW, DO, NAMED]);
    let workers = workers || (agents && theirs && looking);
    let workers = workers || (sentence.has(THIS) && sentence.bare(WORKER | NAMED | THIS));
    let asked = looking || sentence.opens(BE) || sentence.bare(POOLS);
    // `details about business`, but no news of it.
    let details = sentence.has(DEPTH) && sentence.bare(DEPTH | NAMED | SHOW | ABOUT);
    (workers || details || (sentence.has(POOL) && asked)).then(|| Operation::Pool(pool).into())
}

pub(super) fn list(sentence: &Sentence<'_>) -> Option<Heard> {
    let own = POOL | CREW | WORKER | TALK | USE | HANDLE | SWITCH | SYSTEM | CHAT | NEW;
    let allowed = LOOKING | STATES | own | ALL | THIS;
    if sentence.has(NUMBER | NAMED) || !sentence.only(allowed) {
        return None;
    }
    let looking = sentence.has(LOOKING | STATES | ALL | ANY) || sentence.opens(BE);
    let any = sentence.has(POOL) && sentence.has(ALL | STATUS) && !sentence.has(THE | THIS | A);
    // `show pool list` and `pool list` are commands.
    let opens = sentence.begins(&[SHOW, POOL]) || sentence.begins(&[POOL, SHOW]);
    let shown = opens && sentence.bare(SHOW | POOL) && !sentence.has(THE | A | IT);
    let named = sentence.bare(POOL | DETAILS) && sentence.has(POOL) && sentence.has(DETAILS);
    let any = any || shown || named;
    let pools = (any || sentence.several(POOL)) && (looking || sentence.bare(POOL));
    let crews = sentence.several(CREW) && sentence.has(SHOW | WHAT | MANY | ALL);
    let whom = sentence.has(WHAT) && sentence.has(TALK) && sentence.has(CAN) && sentence.has(I);
    (pools || crews || whom).then(|| Operation::Pools.into())
}
