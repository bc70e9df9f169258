//! Sentences that say when a task shall run, around what they say without that.
//!
//! The time is cut out, and the rest has to be a command by itself. What stands inside of a task's own
//! text stays there: `list the games tomorrow` is the task's business, `tomorrow at 9, …` the gateway's.

use std::{ops::Range, sync::Arc};

use serde_json::json;

use super::{submit, tasks};
use crate::intent::{
    NewTask, Operation, TaskNumbers,
    concepts::*,
    guards,
    moments::{self, Moment, PUT_ON},
    reading::Heard,
    sentence::Sentence,
};

/// A task that is handed in for a time, by a rule or behind other tasks.
pub(super) fn submit(sentence: &Sentence<'_>) -> Option<Heard> {
    let text = sentence.text;
    // What is said before the task's text is never a part of it.
    for said in moments::early(text).into_iter().take(SAID_MAX) {
        let heard = submitted(sentence, &said.place, |task, before, behind| {
            behind.contains(task) && !is_quoting(before)
        });
        if heard.is_some() {
            return heard;
        }
    }
    let said = moments::late(text).filter(|said| said.last)?;
    submitted(sentence, &said.place, |task, before, _| ends_task(&said, task, before))
}

/// Times that are tried: a sentence has one, and may speak of another.
const SAID_MAX: usize = 3;

/// The task of a text without what says when, where `outside` agrees that this is none of its own text:
/// it is given that text, and what stands before and behind the time.
fn submitted(
    sentence: &Sentence<'_>,
    at: &Range<usize>,
    outside: impl Fn(&str, &str, &str) -> bool,
) -> Option<Heard> {
    let text = sentence.text;
    let (before, said, behind) =
        (text.get(..at.start)?, text.get(at.clone())?, text.get(at.end..)?);
    let marks = behind.chars().all(|c| !c.is_alphanumeric());
    let (rest, said) = with_its_clock(without(before, if marks { "" } else { behind }), said);
    let plain = Sentence::read(&rest, sentence.vocabulary);
    let Some(Heard::Command(Operation::Submit(task))) = submit::plain(&plain) else { return None };
    outside(&task.description, before, behind)
        .then(|| Operation::Submit(NewTask { at: Some(said.into()), ..task }).into())
}

/// `a daily task at 7:30`, `a weekly one on monday` say when in two places.
fn with_its_clock(rest: String, said: &str) -> (String, String) {
    let leads = |clock: &&str| clock.starts_with("at ") || clock.starts_with("on ");
    let cut = |at: Moment| {
        let (before, behind) = (rest.get(..at.place.start)?, rest.get(at.place.end..)?);
        let clock = rest.get(at.place.clone()).filter(leads)?;
        Some((without(before, behind), format!("{said} {clock}")))
    };
    let alone = !said.contains(char::is_whitespace);
    let found = alone.then(|| moments::early(&rest).into_iter().find_map(cut)).flatten();
    found.unwrap_or_else(|| (rest, said.to_owned()))
}

/// A time at the end is apart from the task's text where a mark or a slot stands between them. Without
/// those only a whole rule is, and only where nothing sets the text apart from its head.
fn ends_task(said: &Moment, task: &str, before: &str) -> bool {
    let Some(at) = before.rfind(task) else { return false };
    let (head, behind) = before.split_at(at);
    let between = behind.get(task.len()..).unwrap_or_default().trim_matches(is_mark);
    let joined = between.is_empty() || LEADS.contains(&between);
    !joined || said.apart || (said.exact && !head.contains(':'))
}

fn is_mark(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ':' | ';' | '-' | '–' | '—')
}

/// A quotation has begun and not ended.
fn is_quoting(text: &str) -> bool {
    text.chars().filter(|c| matches!(c, '"' | '“' | '”' | '„')).count() % 2 == 1
}

/// A text without what stood between these two parts, and without the words that led to it.
fn without(before: &str, behind: &str) -> String {
    let before = before.trim_end();
    let led = LEADS.iter().find_map(|lead| {
        let rest = before.strip_suffix(lead)?;
        rest.ends_with(char::is_whitespace).then_some(rest)
    });
    // A colon before the time is the one before the task's text.
    let before = led.unwrap_or(before).trim_end_matches(|c| is_mark(c) && c != ':');
    if before.trim().is_empty() {
        return behind.trim_start_matches(is_mark).to_owned();
    }
    let joined = behind.starts_with([':', ',', ';', '.', '?', '!']);
    format!("{}{}{}", before.trim_end(), if joined { "" } else { " " }, behind.trim_start())
}

/// Words that lead to a time.
const LEADS: &[&str] = &[
    "for",
    "for the",
    "the",
    "at",
    "due",
    "starting",
    "beginning",
    "running",
    "scheduled for",
    "to run",
    "to be run",
    "that runs",
    "which runs",
    "to be done",
];

// ---- a task that is there ---------------------------------------------------------------------

/// `move task 5 to tomorrow at 9`, `run task 5 after task 3`.
pub(super) fn reschedule(sentence: &Sentence<'_>) -> Option<Heard> {
    if let Some(numbers) = at_once(sentence) {
        return Some(Operation::Reschedule(numbers, "now".into()).into());
    }
    let said = |text| moments::late(text).or_else(|| moments::shift(text));
    let last = sentence.core().last().map_or(0, |last| last.place.end);
    let unthanked = || sentence.text.get(..last).and_then(said);
    if let Some(said) = said(sentence.text).or_else(unthanked) {
        let before = sentence.text.get(..said.place.start)?;
        let at: Arc<str> = sentence.text.get(said.place)?.into();
        // `run task 5 for 2 hours` puts nothing off.
        let verbs = if at.to_lowercase().starts_with("for ") { LATER } else { MOVING };
        let moving = Sentence::read(before, sentence.vocabulary);
        let numbers = moved(&moving, verbs)?;
        // `bring forward task 5 by 2 hours`
        let sooner = PUT_ON.iter().find(|lead| at.starts_with("by ") && moving.says(lead));
        let at = sooner.map_or(at.clone(), |lead| format!("{lead} {at}").into());
        return Some(Operation::Reschedule(numbers, at).into());
    }
    let numbers = moved(sentence, if sentence.says("forward") { MOVING } else { LATER })?;
    let question =
        format!("When shall task {numbers} run? Say /task at {} WHEN.", numbers.joined());
    Some(Heard::ask(&question, ("task.reschedule", json!({ "task_id": numbers.slot() }))))
}

/// `run task 5 now`, `do task 5 at once`.
fn at_once(sentence: &Sentence<'_>) -> Option<TaskNumbers> {
    let text = sentence.text.trim_end_matches(is_end);
    let before = NOW.iter().find_map(|now| {
        let (before, last) = text.split_at_checked(text.len().checked_sub(now.len())?)?;
        (last.eq_ignore_ascii_case(now) && before.ends_with(is_end)).then_some(before)
    })?;
    let plain = Sentence::read(before, sentence.vocabulary);
    let run = RUN.iter().any(|verb| plain.between(0, 1).eq_ignore_ascii_case(verb));
    let only = plain.only(START | SET | HANDLE | TASK | JOB | NUMBER);
    tasks::numbers(&plain).filter(|_| run && only && plain.has(TASK | JOB))
}

fn is_end(c: char) -> bool {
    !c.is_alphanumeric()
}

const RUN: &[&str] = &["run", "start", "do", "execute"];
const NOW: &[&str] = &["right now", "now", "at once"];

const MOVING: Concepts =
    LATER.or(SWITCH).or(SEND).or(START).or(SET).or(HANDLE).or(REPEAT).or(LET).or(LESS);

/// `stop repeating task 4`, `task 4 shall not repeat any more`.
pub(super) fn repeat_no_more(sentence: &Sentence<'_>) -> Option<Heard> {
    let ending = STOP | NOT | CANCEL | DELETE | UNSUBSCRIBE;
    let asked = sentence.asks() || guards::asks_how_to(sentence);
    let said = sentence.has(REPEAT) && sentence.has(ending) && sentence.has(TASK | JOB);
    if asked || !said || !sentence.only(ending | REPEAT | START | SET | LET | TASK | JOB | NUMBER) {
        return None;
    }
    Some(Operation::Reschedule(tasks::numbers(sentence)?, ONCE.into()).into())
}

/// How it is said that a task runs once more and not again.
const ONCE: &str = "once";

/// The tasks that are moved by such a verb, where nothing else is said.
fn moved(sentence: &Sentence<'_>, verbs: Concepts) -> Option<TaskNumbers> {
    let moves = sentence.has(verbs) && sentence.has(TASK | JOB) && !sentence.asks();
    let only = sentence.only(MOVING | TASK | JOB | NUMBER);
    tasks::numbers(sentence).filter(|_| moves && only)
}
