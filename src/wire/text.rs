//! What a person sees in text mode: `#` starts a line that is not the answer, `!` an error.

use super::{Complaint, Frame, objects};
use crate::{
    limits,
    model::{AnswerStatus, Event, SPECIALIST, ToolPhase, TurnError, Usage},
};

/// Something that is not the answer; each line of it is marked.
pub fn note(text: &str) -> Frame {
    marked('#', text)
}

/// An error.
pub fn warning(complaint: &Complaint) -> Frame {
    marked('!', complaint.message())
}

/// A part of an answer. A line of it that looks like one of ours is set in by a space.
pub fn answer(text: &str) -> Frame {
    let looks_like_ours = |line: &str| line.starts_with(['#', '!']);
    if !text.lines().any(looks_like_ours) {
        return text.into();
    }
    let set_in = text
        .lines()
        .map(|line| if looks_like_ours(line) { format!(" {line}") } else { line.to_owned() });
    set_in.collect::<Vec<_>>().join("\n").into()
}

fn marked(mark: char, text: &str) -> Frame {
    let mut lines = String::with_capacity(text.len() + 16);
    for line in text.lines() {
        if !lines.is_empty() {
            lines.push('\n');
        }
        lines.push(mark);
        lines.push(' ');
        lines.push_str(line);
    }
    lines.into()
}

/// What a tool is asked, and what it has found.
fn tool_line(tool: &str, phase: ToolPhase, summary: &str) -> String {
    match (phase, summary) {
        (ToolPhase::Started, "") => format!("calling {tool}"),
        (ToolPhase::Started, asked) => format!("calling {tool}: {asked}"),
        (ToolPhase::Finished, "") => format!("{tool} has answered"),
        (ToolPhase::Finished, found) => format!("{tool}: {found}"),
        (ToolPhase::Failed, "") => format!("{tool} has failed"),
        (ToolPhase::Failed, because) => format!("{tool} has failed: {because}"),
    }
}

/// The line that tells a person of an event, where it needs one.
pub fn line(event: &Event) -> Option<Frame> {
    Some(match event {
        Event::TurnQueued { position, .. } => note(&format!("waiting, number {position}")),
        Event::TurnStarted { specialists, .. } if !specialists.is_empty() => {
            let names: Vec<_> = specialists.iter().map(|one| one.pool.as_str()).collect();
            note(&format!("asking {}", names.join(", ")))
        }
        Event::TurnStarted { .. } => note(&voice(event)),
        Event::TurnTool { tool, phase, summary, error, .. } if &**tool == SPECIALIST => {
            specialist(*phase, summary.as_deref().unwrap_or(tool), error.as_ref())?
        }
        Event::TurnTool { tool, phase, summary, .. } => {
            note(&tool_line(tool, *phase, summary.as_deref().unwrap_or_default()))
        }
        Event::TurnReset { .. } => note("the answer starts over with another provider"),
        Event::TurnCompleted { usage, timing, cost_usd, model, .. } if usage.output > 0 => {
            note(&completed(usage, timing.total, *cost_usd, model))
        }
        Event::TurnFailed { error, .. } => {
            let failure = objects::failure(error);
            marked('!', &format!("{} ({})", failure.message, failure.code))
        }
        Event::TurnCancelled { .. } => note(ended(AnswerStatus::Cancelled)),
        Event::TurnInterrupted { .. } => note(ended(AnswerStatus::Interrupted)),
        Event::ConversationDeleted => note("this conversation was deleted"),
        Event::MessageAccepted { .. }
        | Event::TurnCompleted { .. }
        | Event::CommandResult { .. }
        | Event::ConversationUpdated { .. } => return None,
    })
}

/// Who speaks in a turn that has started.
pub fn voice(started: &Event) -> String {
    match started {
        Event::TurnStarted { pool, agent, provider, model, .. } => {
            let agent = agent.as_ref().map_or_else(String::new, |agent| format!(" ({agent})"));
            format!("{pool}{agent} · {provider}/{model}")
        }
        _ => String::new(),
    }
}

/// That a specialist is asked has been said with the turn's start.
fn specialist(phase: ToolPhase, pool: &str, error: Option<&TurnError>) -> Option<Frame> {
    match (phase, error) {
        (ToolPhase::Started, _) => None,
        (ToolPhase::Failed, Some(error)) => {
            let failure = objects::failure(error);
            let why = format!("{pool} has not answered: {} ({})", failure.message, failure.code);
            Some(marked('!', &why))
        }
        (ToolPhase::Finished | ToolPhase::Failed, _) => Some(note(&format!("{pool} has answered"))),
    }
}

fn completed(usage: &Usage, total_ms: u64, cost_usd: Option<f64>, model: &str) -> String {
    let Usage { input, output, estimated, .. } = usage;
    let about = if *estimated { "about " } else { "" };
    let cost = cost_usd.map_or_else(String::new, |usd| format!(" · ${usd:.5}"));
    let seconds = std::time::Duration::from_millis(total_ms).as_secs_f64();
    format!("{about}{input} + {output} tokens · {seconds:.1} s{cost} · {model}")
}

fn ended(status: AnswerStatus) -> &'static str {
    match status {
        AnswerStatus::Cancelled => "stopped",
        _ => "interrupted: the gateway went down; /retry asks again",
    }
}

/// Bytes of `text` up to and with its last paragraph that is whole. What is longer than
/// `limits::TEXT_LINE_BYTES_MAX` without an end is cut at a line, a sentence or a word.
pub fn at_paragraph_end(text: &str) -> usize {
    match text.rfind("\n\n") {
        Some(end) => end + 2,
        None if text.len() < limits::TEXT_LINE_BYTES_MAX => 0,
        None => at_sentence_end(text),
    }
}

/// Bytes of `text` up to and with its last line or sentence that is whole. What is longer than
/// `limits::TEXT_LINE_BYTES_MAX` without an end is cut at a word.
pub fn at_sentence_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_end = |at: &usize| match bytes.get(*at) {
        Some(b'\n') => true,
        Some(b' ') => at
            .checked_sub(1)
            .is_some_and(|before| matches!(bytes.get(before), Some(b'.' | b'!' | b'?'))),
        _ => false,
    };
    if let Some(end) = (0..bytes.len()).rev().find(is_end) {
        return end + 1;
    }
    if bytes.len() < limits::TEXT_LINE_BYTES_MAX {
        return 0;
    }
    bytes
        .iter()
        .rposition(|byte| *byte == b' ')
        .map_or_else(|| text.floor_char_boundary(limits::TEXT_LINE_BYTES_MAX), |space| space + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_flushed_by_line_or_sentence() {
        for (text, whole) in [
            ("", ""),
            ("Hello wor", ""),
            ("Hello. ", "Hello. "),
            ("Hello. World", "Hello. "),
            ("3.14 is pi", ""),
            ("a\nb\nc", "a\nb\n"),
            ("Really? Yes! N", "Really? Yes! "),
            ("Grüße. ä", "Grüße. "),
        ] {
            let (cut, _) = text.split_at(at_sentence_end(text));
            assert_eq!(cut, whole, "{text:?}");
        }
    }

    #[test]
    fn whoever_speaks_beside_others_does_so_by_the_paragraph() {
        for (text, whole) in [
            ("", ""),
            ("One. Two.\nThree.", ""),
            ("One.\n\nTwo. Th", "One.\n\n"),
            ("One.\n\nTwo.\n\n", "One.\n\nTwo.\n\n"),
        ] {
            let (cut, _) = text.split_at(at_paragraph_end(text));
            assert_eq!(cut, whole, "{text:?}");
        }
        let long = "A sentence. ".repeat(200);
        assert_eq!(at_paragraph_end(&long), long.len());
    }

    #[test]
    fn what_has_no_end_is_cut_at_a_word_or_a_character() {
        let words = "word ".repeat(1_000);
        assert_eq!(at_sentence_end(&words), words.len());
        let one = "ä".repeat(2_000);
        assert!(one.is_char_boundary(at_sentence_end(&one)));
        assert!(at_sentence_end(&one) > 0);
    }

    #[test]
    fn each_line_is_marked() {
        assert_eq!(note("a\nb").as_str(), "# a\n# b");
    }
}
