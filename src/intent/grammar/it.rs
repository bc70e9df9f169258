//! Sentences that say `it` of the task that was spoken of last.
//!
//! Its number is put in the place of the word, and what that makes has to be a command about a task.

use super::{Rule, tasks, timed};
use crate::intent::{concepts::*, guards, reading::Heard, sentence::Sentence};

/// Rules that may say `no`, and those for what is left.
const OUTSPOKEN: &[Rule] = &[timed::reschedule, timed::repeat_no_more];
const PLAIN: &[Rule] = &[tasks::cancel, tasks::retry, tasks::prioritise, tasks::show];

/// What people say instead of a task's number; the longer ones first.
const WORDS: &[&str] = &["that task", "this task", "the task", "that one", "this one", "it"];

/// `run it tomorrow at noon`, `make it urgent`, `is it done?`
pub(super) fn task(sentence: &Sentence<'_>, number: u32) -> Option<Heard> {
    let text = numbered(sentence.text, number)?;
    let sentence = Sentence::read(&text, sentence.vocabulary);
    if let Some(heard) = OUTSPOKEN.iter().find_map(|rule| rule(&sentence)) {
        return Some(heard);
    }
    // `what is it?` and `how does it work?` are asked of anything.
    let vague = sentence.opens(WHAT | WHY) || sentence.begins(&[HOW, DO]);
    if sentence.is_open() || vague || guards::is_chat(&sentence) {
        return None;
    }
    // `run it by me again` has it told.
    let told = sentence.row(&[NUMBER, BY, I]);
    if told { None } else { PLAIN.iter().find_map(|rule| rule(&sentence)) }
}

/// The text with the task's number in the place of the only `it`.
fn numbered(text: &str, number: u32) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let outside = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || "'’".contains(c));
    let mut found = WORDS.iter().filter_map(|word| {
        let mut places = lower.match_indices(word).filter(|(at, word)| {
            let (before, behind) = (lower.get(..*at), lower.get(at + word.len()..));
            outside(before.and_then(|text| text.chars().next_back()))
                && outside(behind.and_then(|text| text.chars().next()))
        });
        let place = places.next().map(|(at, word)| at..at + word.len())?;
        places.next().is_none().then_some(place)
    });
    let place = found.next()?;
    let (before, behind) = (text.get(..place.start)?, text.get(place.end..)?);
    Some(format!("{before}task {number}{behind}"))
}
