//! The rule for finding what was said: a head, what is looked for as it was written, and a period.

use std::sync::Arc;

use serde_json::json;

use crate::intent::{Operation, concepts::*, guards, reading::Heard, sentence::Sentence, words};

/// Where something was said.
const PLACE: Concepts = CHAT.or(HISTORY).or(MESSAGE);
/// What may stand before what is looked for.
const HEAD: Concepts =
    PLACE.or(WHAT).or(SEARCH).or(SHOW).or(SEND).or(ALL).or(LAST).or(THIS).or(PERIOD).or(GLUE);

/// `search my history for …`, `what did I ask about …?`, `look up … in my chats`.
pub(super) fn search(sentence: &Sentence<'_>) -> Option<Heard> {
    let asked = sentence.has(SEARCH | ASKED | ABOUT) && !guards::asks_how_to(sentence);
    if !asked || sentence.is_cut() {
        return None;
    }
    let end = sentence.terms.len();
    let behind = behind_talk(sentence).or_else(|| behind_place(sentence)).map(|from| (from, end));
    let (from, to) = behind.or_else(|| before_place(sentence))?;
    let query = sentence.quoted(from).map_or_else(|| query(sentence, from, to), |(query, _)| query);
    let period = sentence.period();
    if !query.is_empty() {
        return Some(Operation::Search { query: Arc::from(query), period }.into());
    }
    // `what did we talk about yesterday?`
    period.map(|period| {
        let known = ("history.search", json!({ "period": period.to_string() }));
        Heard::ask("What shall I look for? Say /search TEXT.", known)
    })
}

/// Behind `I asked about`, where all before it belongs to the question.
fn behind_talk(sentence: &Sentence<'_>) -> Option<usize> {
    let first = sentence.position(I)?;
    let asked = (first..sentence.terms.len()).find(|at| sentence.is_at(*at, ASKED))?;
    let before = sentence.terms.get(..asked)?;
    let meant = before.iter().any(|term| term.is(WHAT | WHERE | DO | SEARCH | CHAT));
    let speaker = before.iter().rev().find(|term| term.is(I | YOU));
    let mine = speaker.is_some_and(|term| term.is(I));
    // `did I ever tell you about my dog?` begins a story.
    let story = sentence.opens(DO) && sentence.is_at(asked, SEND);
    let explained = before.iter().all(|term| term.is(HEAD | WHERE | DO | ANY | ABOUT));
    let mut links = (asked..sentence.terms.len()).filter(|at| sentence.is_at(*at, ABOUT));
    let link = links.next()?;
    // `what did we discuss yesterday about …?`
    let when = |later: &usize| (link + 1..*later).all(|at| sentence.is_at(at, PERIOD));
    let link = links.next().filter(|later| *later > link + 1 && when(later)).unwrap_or(link);
    let between = sentence.terms.get(asked + 1..link).unwrap_or_default();
    let led = between.iter().all(|term| term.is(PERIOD | ALL | GLUE));
    // `who can I talk to about …` looks for somebody.
    let able = sentence.row(&[CAN | WISH, I, ASKED]);
    // `did I mention I love you?` says it.
    let says = sentence.is_at(link + 1, I) && !sentence.is_at(link + 1, MY);
    let about = !able && !says && !sentence.is_at(link + 1, IN);
    (meant && mine && !story && about && explained && led).then(|| first_sought(sentence, link + 1))
}

/// Behind `search my history for`.
fn behind_place(sentence: &Sentence<'_>) -> Option<usize> {
    let verb = sentence.position(SEARCH | SHOW | WHAT | ANY)?;
    let place = sentence.position(PLACE).filter(|place| *place > verb)?;
    let links =
        |at: &usize| sentence.is_at(*at, ABOUT | FOR | WITH | SEARCHING) || sentence.is_apart(*at);
    let link = (place + 1..sentence.terms.len()).find(links)?;
    let about = sentence.is_at(link, ABOUT);
    let searching = sentence.has(SEARCHING);
    let mine = sentence.row(&[I, PLACE]);
    let named = about && sentence.row(&[THE | WHAT | IT, CHAT]);
    let ours = searching || sentence.has(LAST | ALL) || sentence.is_at(place, MESSAGE);
    let several = ours && sentence.is_at(place, PLURAL | HISTORY);
    let explained = sentence.terms.get(..link)?.iter().all(|term| term.is(HEAD));
    let begin = if sentence.is_apart(link) { link } else { link + 1 };
    (explained && (mine || named || several) && (about || searching))
        .then(|| first_sought(sentence, begin))
}

/// Between `look for` and `in my chats`.
fn before_place(sentence: &Sentence<'_>) -> Option<(usize, usize)> {
    let verb = sentence.position(SEARCHING)?;
    let polite = sentence.terms.get(..verb)?.iter().all(|term| term.is(GLUE));
    let from = if sentence.is_at(verb + 1, FOR) { verb + 2 } else { verb + 1 };
    let to = (verb + 2..sentence.terms.len())
        .find(|at| sentence.is_at(*at, IN) && is_place(sentence, *at))?;
    // `my old school` is looked for in other archives than one's own here.
    let place = || (to..sentence.terms.len()).any(|at| sentence.is_at(at, CHAT | MY));
    let own = place() || !(from..to).any(|at| sentence.is_at(at, MY));
    (polite && own).then(|| (first_sought(sentence, from), to))
}

/// All from there on is `in my chats`.
fn is_place(sentence: &Sentence<'_>, from: usize) -> bool {
    let place = PLACE | IN | FOR | I | ALL | LAST | THE | OF | PLEASE | PERIOD;
    let rest = || (from..sentence.terms.len()).filter_map(|at| sentence.terms.get(at));
    rest().all(|term| term.is(place)) && rest().any(|term| term.is(CHAT | HISTORY))
}

/// `anything about`, `all mentions of` and `the word` are not looked for themselves.
fn first_sought(sentence: &Sentence<'_>, from: usize) -> usize {
    let mut from = from;
    while sentence.is_at(from, ANY | ALL | MESSAGE | ABOUT) && sentence.is_at(from + 1, ABOUT | OF)
    {
        from += 2;
    }
    // `all mentions of …`
    if sentence.is_at(from, OF) && sentence.is_at(from - 1, ABOUT) {
        from += 1;
    }
    let leads = |at| {
        let about = sentence.is_at(at, ABOUT) && !sentence.is_at(at, ASKED);
        about || sentence.is_at(at, CALLED)
    };
    while leads(from) {
        from += 1;
    }
    from
}

/// What is looked for, without the period, the place and the thanks that stand behind it.
fn query<'t>(sentence: &Sentence<'t>, from: usize, to: usize) -> &'t str {
    let ends = |at: &usize| {
        let the = sentence.is_at(*at, THE) && sentence.is_at(*at + 1, PERIOD);
        let behind = sentence.is_at(*at + 1, PERIOD) || sentence.row_at(*at + 1, &[THE, PERIOD]);
        let when = sentence.is_at(*at, FOR | IN | TO) && behind;
        the || when || sentence.is_at(*at, PERIOD | PLEASE) || is_place(sentence, *at)
    };
    let to = (from..to).rev().take_while(ends).last().unwrap_or(to);
    let hollow = THIS | LAST | PERIOD | CHAT | IN | HISTORY;
    if (from..to).all(|at| sentence.is_at(at, hollow)) {
        return "";
    }
    words::unquoted(sentence.between(from, to).trim_end_matches(['.', '!', '?', ' ', ',']))
}
