//! The rule for handing in a task: a head, the task's text as it was written, and slots around it.

use std::sync::Arc;

use serde_json::json;

use crate::intent::{NewTask, Operation, concepts::*, guards, reading::Heard, sentence::Sentence};

const THING: Concepts = TASK.or(JOB);
const HANDING: Concepts = CREATE.or(START).or(QUEUE).or(SWITCH);
/// What may stand around a task's text.
const SLOTS: Concepts = THING.or(NEW).or(POOL).or(CREW).or(NAMED).or(URGENCY).or(PRIORITY);

/// `add task “…” to business`, `queue a job for healthcare: …`, `ask the sports pool to …`.
pub(super) fn plain(sentence: &Sentence<'_>) -> Option<Heard> {
    if !sentence.has(THING | BACKGROUND | POOL | QUEUE | AGENT | NAMED)
        || guards::asks_how_to(sentence)
    {
        return None;
    }
    let from = beginning(sentence)?;
    let (description, to) = sentence.quoted(from).unwrap_or_else(|| {
        let to = slots_behind(sentence, from);
        (sentence.between(from, to), to)
    });
    let end = sentence.terms.len();
    if description.is_empty() || !(to..end).all(|at| is_slot(sentence, at)) {
        return None;
    }
    let around = || (0..from).chain(to..end);
    let task = NewTask {
        description: Arc::from(description),
        pool: around().rev().find_map(|at| sentence.pool_at(at)),
        priority: around().find_map(|at| sentence.priority_at(at)),
        at: None,
    };
    Some(Operation::Submit(task).into())
}

/// `submit a task to sports`, `submit a task at nine-ish: …`: a task is handed in, and what it shall do is
/// missing, or what stands before that is not understood.
pub(super) fn asked(sentence: &Sentence<'_>) -> Option<Heard> {
    let first = sentence.terms.iter().position(|term| term.is(HANDING))?;
    let opens = sentence.terms.get(..first)?.iter().all(|term| term.is(GLUE));
    let verb = sentence.between(first, first + 1).to_lowercase();
    let thing = sentence.position(TASK).filter(|at| *at > first && !sentence.is_at(*at, PLURAL))?;
    if !opens || !HANDING_IN.contains(&verb.as_str()) || guards::asks_how_to(sentence) {
        return None;
    }
    let head = (first + 1..thing).all(|at| sentence.is_at(at, SLOTS | GLUE | BACKGROUND));
    let apart =
        verb == "submit" && (thing..sentence.terms.len()).any(|at| sentence.mark_at(at) == ':');
    let bare = sentence.only(SLOTS | HANDING | BACKGROUND | NUMBER | UNIT | PERIOD);
    let question = "What shall it do, and when? Say for example “submit a task tomorrow at 9: list the games”.";
    (head && (apart || bare)).then(|| Heard::ask(question, ("task.submit", json!({}))))
}

const HANDING_IN: &[&str] = &["submit", "create", "queue", "enqueue"];

/// How the head of a task begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opening {
    /// `create …`
    Handing,
    /// `new task: …`
    Naming,
    /// `have the sports pool …`
    Letting,
    /// `ask the sports pool to …`
    Ordering,
}

impl Opening {
    fn of(sentence: &Sentence<'_>, first: usize) -> Option<Self> {
        let yours = sentence.terms.get(..first)?.iter().any(|term| term.is(YOU));
        let naming = TASK | NEW | MORE | URGENCY | NAMED | POOL | BACKGROUND;
        let working = sentence.is_at(first, HANDLE | TALK) && sentence.has(BACKGROUND);
        // `new job: …` tells of something else, unless it is for a pool.
        let apart = (first + 1..sentence.terms.len()).find(|at| sentence.is_apart(*at));
        let head = || sentence.terms.get(first..apart?).map(<[_]>::iter);
        let living = head().is_some_and(|mut head| head.any(|term| term.is(JOB)))
            && !head().is_some_and(|mut head| head.any(|term| term.is(NAMED)));
        let wished = sentence.terms.get(..first)?.iter().any(|term| term.is(WISH));
        let ordered = wished || sentence.is_at(first, ORDER);
        let begged = sentence.opens(CAN) && sentence.row(&[POOL | AGENT, PLEASE]);
        let made = sentence.is_at(first, LET) && sentence.has(POOL | AGENT) && !sentence.has(THING);
        if begged || made {
            Some(Self::Letting)
        } else if ordered && sentence.row(&[POOL | AGENT, TO]) {
            Some(Self::Ordering)
        } else if working || sentence.is_at(first, HANDING) {
            Some(Self::Handing)
        } else if sentence.is_at(first, LET) && sentence.has(POOL | AGENT) {
            Some(Self::Letting)
        } else if sentence.is_at(first, naming) && !yours && !living {
            // So does `your task: …`.
            Some(Self::Naming)
        } else {
            None
        }
    }
}

/// Where the task's text begins: behind a head of which every word is explained.
fn beginning(sentence: &Sentence<'_>) -> Option<usize> {
    let own = HANDING | THING | NEW | LET;
    let first = sentence.terms.iter().position(|term| !term.is(GLUE) || term.is(own))?;
    let opening = Opening::of(sentence, first)?;
    for at in first + 1..sentence.terms.len() {
        if begins_text(sentence, opening, first, at) {
            return Some(at);
        }
        if !is_slot(sentence, at) || sentence.is_at(at, I) {
            return None;
        }
    }
    None
}

/// A mark sets the text apart, or `to` leads to its verb.
fn begins_text(sentence: &Sentence<'_>, opening: Opening, first: usize, at: usize) -> bool {
    let head = || (first..at).filter_map(|at| sentence.terms.get(at));
    let handing = opening == Opening::Handing;
    let one = head().any(|term| term.is(THING) && (!term.is(PLURAL) || handing));
    let queued = handing && head().any(|term| term.is(QUEUE));
    let thing = one || queued;
    if sentence.is_apart(at) {
        // `submit “…” to the sports pool`
        let kinds =
            if sentence.is_at(first, CREATE) { THING | QUEUE | POOL } else { THING | QUEUE };
        let behind = sentence.quoted(at).map_or(usize::MAX, |(_, behind)| behind);
        let named_behind =
            handing && (behind..sentence.terms.len()).any(|at| sentence.is_at(at, kinds));
        return thing
            || named_behind
            || sentence.has(BACKGROUND)
            || hands_over(sentence, first, at);
    }
    // `to business` and `to the sports pool` say whose task it is.
    if sentence.is_at(at, NAMED | POOL | CREW | QUEUE | URGENCY | I | THE | A | IT) {
        return false;
    }
    let led = sentence.is_at(at - 1, TO | CALLED) && !sentence.is_at(at - 1, IN);
    let doing = SUMMARY | SEARCH | SHOW | CREATE;
    // `to write a report`, but not `to talk to me`.
    let unknown = (at + 1..sentence.terms.len()).any(|at| sentence.is_unknown(at));
    let making = sentence.is_at(at, ASKED | SET | START) && !sentence.is_at(at, TALK | HANDLE);
    // `write a summary`
    let made = unknown || (at + 1..sentence.terms.len()).any(|at| sentence.is_at(at, SUMMARY));
    let verb = sentence.is_unknown(at) || sentence.is_at(at, doing) || (making && made);
    let pool = head().any(|term| term.is(POOL | AGENT)) && verb;
    match opening {
        Opening::Naming => false,
        Opening::Handing => led && thing,
        Opening::Ordering => led && (thing || pool),
        Opening::Letting => {
            (led && (thing || pool)) || (pool && sentence.is_at(at - 1, POOL | AGENT | PLEASE))
        }
    }
}

/// `delegate to the business pool: …`
fn hands_over(sentence: &Sentence<'_>, first: usize, at: usize) -> bool {
    let named = (first..at).any(|at| sentence.is_name(at));
    let given = sentence.is_at(first, CREATE) && sentence.is_at(first + 1, TO);
    given && named && sentence.mark_at(at) == ':'
}

fn is_slot(sentence: &Sentence<'_>, at: usize) -> bool {
    sentence.is_at(at, SLOTS | MORE | QUEUE | BACKGROUND | CALLED | SET | GLUE)
}

/// Where slots begin that stand behind the text: `…, with high priority`, `… in the business pool`.
fn slots_behind(sentence: &Sentence<'_>, begin: usize) -> usize {
    let all = sentence.terms.len();
    if sentence.is_cut() {
        return all;
    }
    let thanked = |at: &usize| sentence.is_at(*at, PLEASE) && sentence.is_at(*at, HAIL);
    let end = (begin + 1..all).rev().take_while(thanked).last().unwrap_or(all);
    let all_slots = (begin + 1..end).rev().take_while(|at| is_slot(sentence, *at));
    let earliest = all_slots.last().unwrap_or(end);
    let says = |from: usize| {
        let has = |kind| (from..end).any(|at| sentence.is_at(at, kind));
        (has(URGENCY) && has(PRIORITY)) || (has(NAMED) && has(POOL)) || has(BACKGROUND)
    };
    let leads = |at: &usize| {
        let marked = matches!(sentence.mark_at(*at), ',' | ';' | '.' | '-');
        marked || sentence.is_at(*at, WITH | FOR | IN | TO | PRIORITY | BACKGROUND)
    };
    (earliest..end).filter(leads).find(|at| says(*at)).unwrap_or(end)
}
