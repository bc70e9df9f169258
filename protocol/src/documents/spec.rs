//! The generated sections of `SPEC.md`: whatever a table can say is said by the types.

use std::{collections::BTreeSet, fmt::Write as _};

use serde_json::Value;

use super::{Frame, client_frames, client_schema, events, server_frames, server_schema};
use crate::codes::{CloseCode, ErrorCode};

/// A marker that the text must have, and has not.
#[derive(Debug, thiserror::Error)]
#[error("SPEC.md has no `<!-- generated:{0} -->` … `<!-- /generated:{0} -->`: put it back")]
pub struct MissingSection(&'static str);

/// The specification with its generated sections written anew. `example` knows one of each frame,
/// by `type`, as a line of JSON.
pub fn spec(
    text: &str,
    example: &dyn Fn(&str) -> Option<String>,
) -> Result<String, MissingSection> {
    let (client, server) = (client_schema(), server_schema());
    let sections = [
        ("client-frames", frames(&client_frames(&client), example)),
        ("server-frames", frames(&server_frames(&server), example)),
        ("events", frames(&events(&server), example)),
        ("objects", objects(&[&client, &server])),
        ("error-codes", error_codes()),
        ("close-codes", close_codes()),
    ];
    sections.into_iter().try_fold(text.to_owned(), |text, (name, section)| {
        replace(&text, name, &section).ok_or(MissingSection(name))
    })
}

fn replace(text: &str, name: &str, section: &str) -> Option<String> {
    let (begin, end) =
        (format!("<!-- generated:{name} -->\n"), format!("<!-- /generated:{name} -->"));
    let (before, rest) = text.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some([before, &begin, "\n", section, "\n", &end, after].concat())
}

fn frames(frames: &[Frame<'_>], example: &dyn Fn(&str) -> Option<String>) -> String {
    let mut text = String::new();
    for frame in frames {
        writeln!(text, "#### `{}`\n\n{}\n", frame.name, frame.summary).expect(GROWS);
        if let Some(example) = example(frame.name) {
            writeln!(text, "```json\n{example}\n```\n").expect(GROWS);
        }
        let fields = fields(frame.fields);
        if !fields.is_empty() {
            writeln!(text, "{fields}").expect(GROWS);
        }
    }
    text.trim_end().to_owned() + "\n"
}

/// Writing to a string has nothing to fail on.
const GROWS: &str = "a string grows";

/// A table of an object's fields: those that must be there first.
fn fields(schema: &Value) -> String {
    let properties = schema["properties"].as_object();
    let required: Vec<_> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let optional = properties.into_iter().flatten().map(|(name, _)| name.as_str());
    let optional: Vec<_> = optional.filter(|name| !required.contains(name)).collect();
    let mut text = String::new();
    for (name, mark) in
        required.iter().map(|name| (*name, "")).chain(optional.into_iter().map(|name| (name, "?")))
    {
        // The `type` is the heading already.
        if name == "type" {
            continue;
        }
        let field = &schema["properties"][name];
        let says = field["description"].as_str().unwrap_or_default().replace('\n', " ");
        let nullable = mark.is_empty() && field["type"].as_array().is_some();
        let or_null = if nullable { " or null" } else { "" };
        writeln!(text, "| `{name}{mark}` | {}{or_null} | {says} |", kind(field)).expect(GROWS);
    }
    if text.is_empty() {
        text
    } else {
        format!("| field | kind | what it says |\n|---|---|---|\n{text}")
    }
}

/// The kind of a value, in a word or a link.
fn kind(schema: &Value) -> String {
    if let Some(name) = referred(schema) {
        return match name {
            "Moment" => "moment".to_owned(),
            "ErrorCode" => "[code](#error-codes)".to_owned(),
            // A frame may have the same name, so that the type's name alone is no good anchor.
            name => format!("[{name}](#type-{})", name.to_lowercase()),
        };
    }
    if let Some(of) = schema["anyOf"].as_array().and_then(|kinds| kinds.first()) {
        return kind(of);
    }
    let first =
        schema["type"].as_array().and_then(|kinds| kinds.first()).unwrap_or(&schema["type"]);
    if first == "array" {
        return format!("list of {}", kind(&schema["items"]));
    }
    first.as_str().unwrap_or("any JSON").to_owned()
}

fn referred(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/$defs/")
}

/// Everything that fields refer to.
fn objects(roots: &[&Value]) -> String {
    let mut named = BTreeSet::new();
    for root in roots {
        for (_, schema) in root["$defs"].as_object().into_iter().flatten() {
            referred_in(&schema["properties"], &mut named);
            referred_in(&schema["anyOf"], &mut named);
        }
    }
    // A moment is a plain string, and the codes have a section of their own.
    named.retain(|name| !["Moment", "ErrorCode"].contains(name));
    let mut text = String::new();
    for name in named {
        let schema = roots.iter().find_map(|root| root["$defs"].get(name));
        let Some(schema) = schema else { continue };
        let summary = schema["description"].as_str().unwrap_or_default().replace('\n', " ");
        writeln!(text, "#### Type {name}\n\n{summary}\n\n{}", body(schema)).expect(GROWS);
    }
    text.trim_end().to_owned() + "\n"
}

fn referred_in<'a>(schema: &'a Value, named: &mut BTreeSet<&'a str>) {
    named.extend(referred(schema));
    let within: Vec<&Value> = match schema {
        Value::Object(keywords) => keywords.values().collect(),
        Value::Array(values) => values.iter().collect(),
        _ => return,
    };
    for schema in within {
        referred_in(schema, named);
    }
}

/// An object's fields, or the words or kinds it may be.
fn body(schema: &Value) -> String {
    let variants = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    let Some(variants) = variants else { return fields(schema) };
    let mut text = String::from("| value | what it says |\n|---|---|\n");
    for variant in variants {
        let says = variant["description"].as_str().unwrap_or_default().replace('\n', " ");
        let value = match variant["const"].as_str() {
            Some(word) => format!("`{word}`"),
            None => kind(variant),
        };
        writeln!(text, "| {value} | {says} |").expect(GROWS);
    }
    text
}

fn error_codes() -> String {
    let mut text = String::from("| code | retry | HTTP | what it means |\n|---|---|---|---|\n");
    for code in ErrorCode::all() {
        let (retry, status) = (if code.retryable() { "yes" } else { "no" }, code.http_status());
        writeln!(text, "| `{code}` | {retry} | {status} | {} |", code.meaning()).expect(GROWS);
    }
    text
}

fn close_codes() -> String {
    let mut text =
        String::from("| number | reason | come back | what it means |\n|---|---|---|---|\n");
    for code in CloseCode::all() {
        let back = if code.may_reconnect() { "yes" } else { "no" };
        let (number, reason, meaning) = (code.number(), code.reason(), code.meaning());
        writeln!(text, "| {number} | {reason} | {back} | {meaning} |").expect(GROWS);
    }
    text
}
