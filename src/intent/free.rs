//! Commands with a free text: what a task is to do, and what is looked for.

use std::sync::Arc;

use serde_json::json;

use super::{NewTask, Operation, concepts::*, guards, reading::Heard, sentence::Sentence, words};

// ---- a task -----------------------------------------------------------------------------------

const THING: Concepts = TASK.or(JOB);
/// What may stand around a task's text.
const SLOTS: Concepts =
    THING.or(NEW).or(POOL).or(CREW).or(NAMED).or(URGENCY).or(PRIORITY).or(QUEUE).or(BACKGROUND);
const HANDING: Concepts = CREATE.or(START).or(QUEUE).or(SWITCH);

/// `add task “…” to business`, `queue a job for healthcare: …`, `submit a task to …`.
pub(super) fn submit(sentence: &Sentence<'_>) -> Option<Heard> {
    if !sentence.has(THING | BACKGROUND | POOL) || guards::asks_how_to(sentence) {
        return None;
    }
    let begin = beginning(sentence)?;
    let (from, to) = match quoted(sentence, begin) {
        Some(quoted) => quoted,
        None => (begin, before_slots(sentence, begin)),
    };
    let outside = |at: usize| at < from || at >= to;
    if !(from..sentence.terms.len()).filter(|at| outside(*at)).all(|at| is_slot(sentence, at)) {
        return None;
    }
    let description = between(sentence, from, to);
    let named = (0..sentence.terms.len()).filter(|at| outside(*at) && sentence.is_name(*at)).last();
    let pool =
        named.and_then(|at| sentence.vocabulary.pool(sentence.terms.get(at)?.meaning.named?));
    let priority =
        (0..sentence.terms.len()).filter(|at| outside(*at)).find_map(|at| sentence.priority_at(at));
    (!description.is_empty()).then(|| {
        let description = Arc::from(description);
        Operation::Submit(NewTask { description, pool, priority, at: None }).into()
    })
}

/// Where the task's text begins: behind a head of which every word is explained.
fn beginning(sentence: &Sentence<'_>) -> Option<usize> {
    let first =
        sentence.terms.iter().position(|term| !term.is(GLUE) || term.is(HANDING | THING | NEW))?;
    let verb = sentence.is_at(first, HANDING);
    let asked = sentence.is_at(first, ASKED | SEND | SET) && sentence.has(POOL);
    let head_only = sentence.is_at(first, THING | NEW | URGENCY | NAMED | POOL | BACKGROUND);
    if !(verb || head_only || asked) {
        return None;
    }
    let mut thing = false;
    let mut pool = false;
    for at in first + usize::from(verb && !sentence.is_at(first, THING))..sentence.terms.len() {
        let term = sentence.terms.get(at)?;
        let apart = matches!(term.place.mark, ':' | '"' | '\n')
            || (term.place.mark == '-' && !term.place.joined);
        if at > first && apart && (thing || sentence.has(BACKGROUND)) {
            return Some(at);
        }
        let leads = at > first && sentence.is_at(at - 1, TO.or(CALLED)) && (verb || asked);
        if leads
            && (thing || (pool && asked))
            && !is_slot(sentence, at)
            && !term.is(I | THE | A | IT)
        {
            return Some(at);
        }
        thing |= term.is(THING) && !term.is(PLURAL);
        pool |= term.is(POOL);
        if !is_slot(sentence, at) || term.is(I) {
            return None;
        }
    }
    None
}

fn is_slot(sentence: &Sentence<'_>, at: usize) -> bool {
    sentence.is_at(at, SLOTS | GLUE | CALLED | SET)
}

/// The terms between quotation marks, where the text begins with one.
fn quoted(sentence: &Sentence<'_>, begin: usize) -> Option<(usize, usize)> {
    if sentence.terms.get(begin)?.place.mark != '"' {
        return None;
    }
    let behind = begin + 1..sentence.terms.len();
    let closed =
        behind.into_iter().find(|at| sentence.terms.get(*at).is_some_and(|t| t.place.mark == '"'));
    Some((begin, closed.unwrap_or(sentence.terms.len())))
}

/// Where slots begin that stand behind the text: `…, with high priority`, `… in the business pool`.
fn before_slots(sentence: &Sentence<'_>, begin: usize) -> usize {
    let end = sentence.terms.len();
    if sentence.is_cut() {
        return end;
    }
    let behind =
        (begin + 1..end).rev().take_while(|at| is_slot(sentence, *at)).last().unwrap_or(end);
    let says = |from: usize| {
        let has = |kind| (from..end).any(|at| sentence.is_at(at, kind));
        (has(URGENCY) && has(PRIORITY)) || (has(NAMED) && has(POOL))
    };
    let starts = |at: &usize| {
        let comma =
            sentence.terms.get(*at).is_some_and(|t| matches!(t.place.mark, ',' | ';' | '.' | '-'));
        comma || sentence.is_at(*at, WITH | FOR | TO | PRIORITY)
    };
    (behind..end).filter(starts).find(|at| says(*at)).unwrap_or(end)
}

// ---- a search ---------------------------------------------------------------------------------

/// `search my history for …`, `what did I ask about …?`, `look up … in my chats`.
pub(super) fn search(sentence: &Sentence<'_>) -> Option<Heard> {
    if !sentence.has(SEARCH | ASKED) || guards::asks_how_to(sentence) {
        return None;
    }
    let begin = behind_talk(sentence).or_else(|| behind_place(sentence));
    let (from, to) = match begin {
        Some(begin) => (begin, sentence.terms.len()),
        None => before_place(sentence)?,
    };
    let (from, to) = quoted(sentence, from).unwrap_or((from, to));
    let to = (from..to).rev().take_while(|at| ends(sentence, *at)).last().unwrap_or(to);
    let query = between(sentence, from, to).trim_end_matches(['.', '!', '?', ' ', ',']);
    let query = words::unquoted(query);
    if query.is_empty() {
        return None;
    }
    let period = sentence.period();
    Some(Operation::Search { query: Arc::from(query), period }.into())
}

/// What does not belong to the query it stands behind.
fn ends(sentence: &Sentence<'_>, at: usize) -> bool {
    sentence.is_at(at, PERIOD)
        || (sentence.is_at(at, PLEASE) && !sentence.is_at(at, ABOUT))
        || (sentence.is_at(at, FOR.or(TO)) && (sentence.is_at(at + 1, PERIOD)))
        || in_place(sentence, at)
}

/// `… in my chats`.
fn in_place(sentence: &Sentence<'_>, at: usize) -> bool {
    let rest = at..sentence.terms.len();
    let place = |at: usize| {
        sentence
            .is_at(at, FOR | I | CHAT | HISTORY | ALL | LAST | THE | OF | PLEASE | PERIOD | MESSAGE)
    };
    (at..sentence.terms.len()).all(place)
        && rest.into_iter().any(|at| sentence.is_at(at, CHAT | HISTORY))
}

/// Behind `I asked about`, where all before belongs to the question.
fn behind_talk(sentence: &Sentence<'_>) -> Option<usize> {
    let head = WHAT
        | WHERE
        | DO
        | SEARCH
        | SHOW
        | CHAT
        | MESSAGE
        | ALL
        | ANY
        | ABOUT
        | HISTORY
        | GLUE
        | PERIOD
        | LAST;
    let asked = sentence.position(ASKED)?;
    let before = sentence.terms.get(..asked)?;
    let mine = before.iter().any(|term| term.is(I) && !term.is(WISH));
    let about = before.iter().any(|term| term.is(WHAT | WHERE | DO | SEARCH | CHAT)) && mine;
    if !about || !before.iter().all(|term| term.is(head)) {
        return None;
    }
    let link = (asked..sentence.terms.len()).find(|at| sentence.is_at(*at, ABOUT))?;
    let filled = sentence.terms.get(asked + 1..link).unwrap_or_default();
    filled.iter().all(|term| term.is(YOU | TO | PERIOD | ALL | I | WITH | GLUE)).then_some(())?;
    Some(begin_query(sentence, link + 1))
}

/// Behind `search my history for`.
fn behind_place(sentence: &Sentence<'_>) -> Option<usize> {
    let verb = sentence.position(SEARCH | SHOW)?;
    let place = sentence.position(CHAT | HISTORY | MESSAGE).filter(|place| *place > verb)?;
    let link =
        (place + 1..sentence.terms.len()).find(|at| sentence.is_at(*at, ABOUT | FOR | WITH))?;
    let head = SEARCH
        | SHOW
        | SEND
        | CHAT
        | HISTORY
        | MESSAGE
        | ALL
        | LAST
        | ANY
        | I
        | THIS
        | THE
        | YOU
        | OF
        | GLUE
        | FOR
        | PERIOD;
    let strong = sentence.has(SEARCHING);
    let own =
        sentence.row(&[I, CHAT.or(HISTORY).or(MESSAGE)]) || sentence.has(LAST | ALL) || strong;
    let plural = sentence.terms.get(place)?.is(PLURAL | HISTORY);
    let fits = sentence.terms.get(..link)?.iter().all(|term| term.is(head));
    let linked = sentence.is_at(link, ABOUT) || (strong && sentence.is_at(link, FOR.or(WITH)));
    (fits && own && plural && linked).then(|| begin_query(sentence, link + 1))
}

/// Between `look for` and `in my chats`.
fn before_place(sentence: &Sentence<'_>) -> Option<(usize, usize)> {
    let verb = sentence.position(SEARCHING)?;
    sentence.terms.get(..verb)?.iter().all(|term| term.is(GLUE)).then_some(())?;
    let end = (verb + 2..sentence.terms.len())
        .find(|at| sentence.is_at(*at, FOR) && in_place(sentence, *at))?;
    let from = if sentence.is_at(verb + 1, FOR) { verb + 2 } else { verb + 1 };
    Some((begin_query(sentence, from), end))
}

/// `anything about`, `all mentions of` and `the word` are not looked for themselves.
fn begin_query(sentence: &Sentence<'_>, from: usize) -> usize {
    let mut from = from;
    while sentence.is_at(from, ANY | ALL | MESSAGE | ABOUT) && sentence.is_at(from + 1, ABOUT | OF)
    {
        from += 2;
    }
    from
}

// ---- texts ------------------------------------------------------------------------------------

/// The text of those terms, as it was written.
fn between<'t>(sentence: &Sentence<'t>, from: usize, to: usize) -> &'t str {
    let Some(first) = sentence.terms.get(from) else { return "" };
    let last = sentence.terms.get(to).map(|term| term.place.start);
    let behind = sentence.text.get(first.place.start..last.unwrap_or(sentence.text.len()));
    let opened = sentence.text.get(..first.place.start).unwrap_or_default();
    words::unquoted_from(opened, behind.unwrap_or_default())
}

#[expect(dead_code, reason = "settles")]
fn open_question() -> Heard {
    Heard::ask("What shall I look for? Say /search TEXT.", ("history.search", json!({})), [])
}
