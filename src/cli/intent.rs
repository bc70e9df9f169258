//! `operatoros intent`: which command each message is, as lines of JSON.

use std::io::{self, BufRead, Read as _, Write};

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    intent::{Reading, Situation, Vocabulary, slash, understand},
    limits::FRAME_BYTES_MAX,
};

/// What is to be understood.
#[derive(Debug, Args)]
pub struct Intent {
    /// The messages
    #[arg(required_unless_present = "jsonl", value_name = "MESSAGE")]
    pub messages: Vec<String>,
    /// Read them from the standard input, as lines of {"text": …}
    #[arg(long, conflicts_with = "messages")]
    pub jsonl: bool,
}

/// Why it ended before its input did.
#[derive(Debug, thiserror::Error)]
pub enum IntentError {
    /// It could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A line is no message.
    #[error("line {line} of the input is not {{\"text\": …}}: {reason}")]
    Line {
        /// Counted from one.
        line: usize,
        /// What is wrong with it.
        reason: serde_json::Error,
    },
    /// A line is longer than any message.
    #[error("line {line} of the input is longer than {FRAME_BYTES_MAX} bytes")]
    Long {
        /// Counted from one.
        line: usize,
    },
}

/// A line of the input; what else is in it is for others.
#[derive(Deserialize)]
struct Message {
    text: String,
}

/// Answers each message with one line, in the same order and as it comes.
pub fn run(
    asked: &Intent,
    vocabulary: &Vocabulary,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> Result<(), IntentError> {
    for message in &asked.messages {
        writeln!(output, "{}", answer(message, vocabulary))?;
    }
    if asked.jsonl { answer_lines(vocabulary, input, output) } else { Ok(()) }
}

fn answer_lines(
    vocabulary: &Vocabulary,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> Result<(), IntentError> {
    let most = u64::try_from(FRAME_BYTES_MAX + 1).unwrap_or(u64::MAX);
    let mut text = String::new();
    for line in 1.. {
        text.clear();
        if input.by_ref().take(most).read_line(&mut text)? == 0 {
            break;
        }
        if text.len() > FRAME_BYTES_MAX {
            return Err(IntentError::Long { line });
        }
        if text.trim().is_empty() {
            continue;
        }
        let message: Message =
            serde_json::from_str(&text).map_err(|reason| IntentError::Line { line, reason })?;
        writeln!(output, "{}", answer(&message.text, vocabulary))?;
        output.flush()?;
    }
    Ok(())
}

/// A slash command is certain; anything else is understood as far as it can be.
fn answer(text: &str, vocabulary: &Vocabulary) -> Value {
    if let Some(Ok(slash)) = slash(text) {
        let operation = slash.operation;
        return row(operation.intent(), operation.slots(), 1.0);
    }
    let reading = understand(text, vocabulary, Situation::default());
    let confidence = reading.confidence();
    match reading {
        Reading::Command { operation, .. } => {
            row(operation.intent(), operation.slots(), confidence)
        }
        Reading::Unsure(unsure) => row(unsure.intent, unsure.slots, confidence),
        Reading::Chat => row("none", json!({}), confidence),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the macro takes what it is given")]
fn row(intent: &str, slots: Value, confidence: f64) -> Value {
    json!({ "intent": intent, "slots": slots, "confidence": confidence })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(messages: &[&str], input: &str, expected: &str) {
        let asked = Intent {
            messages: messages.iter().map(|message| (*message).to_owned()).collect(),
            jsonl: messages.is_empty(),
        };
        let vocabulary = Vocabulary::new(["sports"], []);
        let mut output = Vec::new();
        let ended = run(&asked, &vocabulary, &mut input.as_bytes(), &mut output);
        let mut found = String::from_utf8(output).unwrap();
        if let Err(error) = ended {
            found.push_str(&error.to_string());
        }
        assert_eq!(found.trim_end(), expected, "{messages:?} {input}");
    }

    #[test]
    fn each_message_is_answered_in_its_place() {
        let rows = r#"{"confidence":1.0,"intent":"conversation.switch_pool","slots":{"pool":"sports"}}
{"confidence":0.9,"intent":"none","slots":{}}"#;
        check(&["/use sports", "who won the cup?"], "", rows);
        let lines = "{\"text\":\"/use sports\"}\n\n{\"id\":7,\"text\":\"who won the cup?\"}";
        check(&[], lines, rows);
    }

    #[test]
    fn a_line_that_is_no_message_is_named() {
        let rows = r#"{"confidence":0.95,"intent":"help","slots":{}}
line 2 of the input is not {"text": …}: missing field `text` at line 1 column 2"#;
        check(&[], "{\"text\":\"help\"}\n{}\n{\"text\":\"help\"}", rows);
        let long = format!("{{\"text\":\"{}\"}}", "a".repeat(FRAME_BYTES_MAX));
        check(&[], &long, "line 1 of the input is longer than 262144 bytes");
    }
}
