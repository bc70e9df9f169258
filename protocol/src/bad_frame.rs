//! Reading a client's frame, and saying what is wrong with one that cannot be read.
//!
//! Invariant: no input panics, recurses without bound or is echoed at length.

use std::fmt;

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json, value::RawValue};

use crate::client_frame::{ClientFrame, Request};

/// Bytes of a frame's `id`.
pub const FRAME_ID_BYTES_MAX: usize = 64;
/// Characters of the client's own words that an error repeats.
const ECHO_CHARS_MAX: usize = 40;
/// Characters of an explanation.
const EXPLANATION_CHARS_MAX: usize = 200;

/// The two fields that every frame shares, unread, so that one wrong field does not hide the other.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

impl ClientFrame {
    /// Reads one frame. The text is scanned twice but never copied into a tree.
    pub fn parse(text: &str) -> Result<Self, BadFrame> {
        // serde reads a struct from an array, too; the protocol does not.
        if !text.trim_ascii_start().starts_with('{') {
            let json = serde_json::from_str::<IgnoredAny>(text);
            return Err(BadFrame::of(
                None,
                json.map_or_else(|error| not_json(&error), |_| Problem::NotAnObject),
            ));
        }
        let head: Head<'_> =
            serde_json::from_str(text).map_err(|error| BadFrame::of(None, head_problem(&error)))?;
        let id = read_id(head.id).map_err(|problem| BadFrame::of(None, problem))?;
        match read_request(head.kind, text) {
            Ok(request) => Ok(Self { request, id }),
            Err(problem) => Err(BadFrame::of(id, problem)),
        }
    }
}

fn not_json(error: &serde_json::Error) -> Problem {
    Problem::NotJson { line: error.line(), column: error.column() }
}

fn head_problem(error: &serde_json::Error) -> Problem {
    if error.is_data() {
        // All that an object with two unread fields can get wrong is naming one of them twice.
        return Problem::WrongShape { field: String::new(), explanation: explain(error) };
    }
    not_json(error)
}

fn read_id(raw: Option<&RawValue>) -> Result<Option<String>, Problem> {
    let Some(raw) = raw.filter(|raw| raw.get() != "null") else { return Ok(None) };
    let id: String = serde_json::from_str(raw.get()).map_err(|error| Problem::WrongShape {
        field: "id".to_owned(),
        explanation: explain(&error),
    })?;
    if id.len() > FRAME_ID_BYTES_MAX {
        return Err(Problem::IdTooLong { bytes: id.len() });
    }
    Ok(Some(id))
}

fn read_request(kind: Option<&RawValue>, text: &str) -> Result<Request, Problem> {
    let kind = kind.filter(|raw| raw.get() != "null").ok_or(Problem::NoType)?;
    let kind: String = serde_json::from_str(kind.get()).map_err(|error| Problem::WrongShape {
        field: "type".to_owned(),
        explanation: explain(&error),
    })?;
    match Request::read(&kind, &mut serde_json::Deserializer::from_str(text)) {
        Some(Ok(request)) => Ok(request),
        Some(Err(_)) => Err(locate(&kind, text)),
        None => Err(Problem::UnknownType(shorten(&kind, ECHO_CHARS_MAX))),
    }
}

/// Reads the frame again, slowly, to learn which field is wrong.
fn locate(kind: &str, text: &str) -> Problem {
    let mut json = serde_json::Deserializer::from_str(text);
    let mut track = serde_path_to_error::Track::new();
    let fields = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let explanation = match Request::read(kind, fields) {
        Some(Err(error)) => explain(&error),
        Some(Ok(_)) | None => String::new(),
    };
    let field = track.path().to_string();
    let field = if field == "." { String::new() } else { shorten(&field, ECHO_CHARS_MAX) };
    Problem::WrongShape { field, explanation }
}

/// Serde's words without the position, which means nothing to who wrote the frame by program.
fn explain(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let words = words.rsplit_once(" at line ").map_or(words.as_str(), |(words, _)| words);
    shorten(words, EXPLANATION_CHARS_MAX)
}

fn shorten(text: &str, chars_max: usize) -> String {
    let mut chars = text.chars();
    let mut short: String = chars.by_ref().take(chars_max).collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short
}

/// A frame that cannot be read; answered with an `error` of code `bad_frame`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFrame {
    /// The frame's `id`, where that at least could be read.
    pub id: Option<String>,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// It is not JSON.
    NotJson {
        /// The line where it ceases to be, counted from 1.
        line: usize,
        /// The column in that line, in bytes, counted from 1.
        column: usize,
    },
    /// It is JSON, but no object.
    NotAnObject,
    /// It has no `type`.
    NoType,
    /// Its `type` is none of the protocol's.
    UnknownType(String),
    /// A field is missing or of the wrong kind.
    WrongShape {
        /// The path of the field; empty: the frame itself.
        field: String,
        /// What was expected there.
        explanation: String,
    },
    /// Its `id` is longer than [`FRAME_ID_BYTES_MAX`].
    IdTooLong {
        /// How long it is.
        bytes: usize,
    },
}

impl BadFrame {
    const fn of(id: Option<String>, problem: Problem) -> Self {
        Self { id, problem }
    }

    /// What is wrong and what to do next, for people.
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// The same for programs: the `details` of the `error`.
    pub fn details(&self) -> Value {
        match &self.problem {
            Problem::NotJson { line, column } => {
                json!({"problem": "not_json", "line": line, "column": column})
            }
            Problem::NotAnObject => json!({"problem": "not_an_object"}),
            Problem::NoType => json!({"problem": "no_type"}),
            Problem::UnknownType(kind) => json!({"problem": "unknown_type", "type": kind}),
            Problem::WrongShape { field, .. } => json!({"problem": "wrong_shape", "field": field}),
            Problem::IdTooLong { bytes } => {
                json!({"problem": "id_too_long", "bytes": bytes, "bytes_max": FRAME_ID_BYTES_MAX})
            }
        }
    }
}

impl fmt::Display for BadFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::NotJson { line, column } => write!(
                f,
                "This is not JSON (line {line}, column {column}). Send one JSON object per message."
            ),
            Problem::NotAnObject => {
                f.write_str("This is JSON but no object. Send one object with a `type`.")
            }
            Problem::NoType => {
                f.write_str(r#"The frame has no `type`. Send for example {"type":"ping"}."#)
            }
            Problem::UnknownType(kind) => {
                write!(f, "There is no frame type `{kind}`. The types are: ")?;
                let names = Request::TYPES.iter().map(|(name, _)| *name);
                f.write_str(&names.collect::<Vec<_>>().join(", "))?;
                f.write_str(".")
            }
            Problem::WrongShape { field, explanation } if field.is_empty() => {
                write!(
                    f,
                    "The frame has the wrong shape: {explanation}. Correct it and send again."
                )
            }
            Problem::WrongShape { field, explanation } => {
                write!(f, "`{field}` is wrong: {explanation}. Correct it and send again.")
            }
            Problem::IdTooLong { bytes } => write!(
                f,
                "The `id` has {bytes} bytes; at most {FRAME_ID_BYTES_MAX} are allowed. Shorten it."
            ),
        }
    }
}

impl std::error::Error for BadFrame {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_frame::Hello;

    #[track_caller]
    fn refused(text: &str, id: Option<&str>, says: &str) {
        let bad = ClientFrame::parse(text).unwrap_err();
        assert_eq!(bad.id.as_deref(), id);
        assert!(bad.message().contains(says), "{bad}");
        assert!(bad.message().chars().count() < 700, "{bad}");
    }

    #[test]
    fn a_bad_frame_is_told_what_is_wrong_and_keeps_its_id() {
        let long = "x".repeat(100_000);
        refused("", None, "not JSON");
        refused("hello", None, "not JSON (line 1, column 1)");
        refused(r#"{"type":"ping""#, None, "not JSON");
        refused("[1]", None, "no object");
        refused(r#"["ping",null]"#, None, "no object");
        refused("{}", None, "no `type`");
        refused(r#"{"id":"1","type":null}"#, Some("1"), "no `type`");
        refused(r#"{"id":"1","type":5}"#, Some("1"), "`type` is wrong");
        refused(r#"{"id":"1","type":"sing"}"#, Some("1"), "no frame type `sing`");
        refused(&format!(r#"{{"id":"1","type":"{long}"}}"#), Some("1"), "xxx…`");
        refused(r#"{"id":5,"type":"ping"}"#, None, "`id` is wrong");
        refused(&format!(r#"{{"id":"{long}","type":"ping"}}"#), None, "100000 bytes");
        refused(r#"{"id":"1","type":"message.send"}"#, Some("1"), "missing field `text`");
        refused(r#"{"id":"1","type":"message.send","text":7}"#, Some("1"), "`text` is wrong");
        refused(
            &format!(r#"{{"id":"1","type":"message.send","text":"","if_busy":"{long}"}}"#),
            Some("1"),
            "`if_busy` is wrong",
        );
        refused(
            r#"{"type":"hello","resume":[{"conversation":"c","epoch":-1,"seq":0}]}"#,
            None,
            "`resume[0].epoch` is wrong",
        );
        refused(r#"{"type":"ping","type":"ping"}"#, None, "duplicate");
        refused(r#"{"type":"ping"} {"type":"ping"}"#, None, "not JSON");
    }

    #[test]
    fn depth_costs_no_stack() {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let deep = format!("{}0{}", open.repeat(10_000), close.repeat(10_000));
            let metadata = format!(r#"{{"type":"message.send","text":"","metadata":{deep}}}"#);
            refused(&metadata, None, "recursion limit");
            assert!(ClientFrame::parse(&deep).is_err());
            // A field that nobody reads is passed over without descending into it.
            assert!(ClientFrame::parse(&format!(r#"{{"type":"ping","x":{deep}}}"#)).is_ok());
        }
    }

    #[test]
    fn null_is_absent_and_what_is_unknown_is_ignored() {
        let frame = ClientFrame::parse(
            r#" {"type":"hello","id":null,"token":null,"client":null,"resume":null,"new":[1]}"#,
        );
        let expected = ClientFrame { id: None, request: Request::Hello(Hello::default()) };
        assert_eq!(frame, Ok(expected));
    }
}
