//! Which tools the offline provider calls: those that the message names, each with what stands behind
//! its name.

use std::cmp::Reverse;

use serde_json::{Map, Value, value::RawValue};

use crate::{
    limits::TOOL_CALLS_MAX,
    model::ToolSpec,
    provider::{Item, Request, ToolCall},
};

/// The calls that the message asks for; none where no tool may be called, or has been.
pub(super) fn calls(request: &Request) -> Vec<ToolCall> {
    let mut calls = Vec::new();
    let asked = request.items.last().filter(|_| request.tools.is_open());
    let Some(Item::User(text)) = asked else { return calls };
    let mut rest = &**text;
    while calls.len() < TOOL_CALLS_MAX
        && let Some((tool, behind)) = named(&request.tools.tools, rest)
    {
        let (arguments, after) = arguments(tool, behind);
        let id = format!("call_{}", calls.len() + 1).into();
        calls.push(ToolCall { id, name: tool.name.clone(), arguments: arguments.into() });
        rest = after;
    }
    calls
}

/// The first tool that the text names as a word, and what stands behind it.
fn named<'t, 'a>(tools: &'t [ToolSpec], text: &'a str) -> Option<(&'t ToolSpec, &'a str)> {
    let first = |tool: &'t ToolSpec| {
        let places = text.match_indices(&*tool.name);
        let mut around = places.map(|(at, name)| {
            let (before, rest) = text.split_at(at);
            (tool, before, rest.split_at(name.len()).1)
        });
        around.find(|(_, before, behind)| {
            !before.ends_with(in_a_word) && !behind.starts_with(in_a_word)
        })
    };
    let first = tools.iter().filter_map(first).min_by_key(|(_, _, behind)| Reverse(behind.len()));
    first.map(|(tool, _, behind)| (tool, behind))
}

fn in_a_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The arguments that stand behind a tool's name, and what stands behind them: a JSON object, or the
/// rest of the line where the tool wants exactly one text.
fn arguments<'a>(tool: &ToolSpec, behind: &'a str) -> (String, &'a str) {
    let said = behind.trim_start_matches([' ', '\t', ':']);
    let mut objects = serde_json::Deserializer::from_str(said).into_iter::<&RawValue>();
    if said.starts_with('{')
        && let Some(Ok(object)) = objects.next()
    {
        return (object.get().to_owned(), said.split_at(objects.byte_offset()).1);
    }
    let (line, after) = said.split_once('\n').unwrap_or((said, ""));
    let line = line.trim().trim_end_matches(['?', '.', '!']).trim_end();
    match only_text(&tool.parameters) {
        Some(name) if !line.is_empty() => {
            let arguments = Map::from_iter([(name.to_owned(), line.into())]);
            (Value::Object(arguments).to_string(), after)
        }
        // What stands behind it may name another tool.
        _ => ("{}".to_owned(), behind),
    }
}

/// The one property that must be there, where it is a text.
fn only_text(schema: &Value) -> Option<&str> {
    let [Value::String(name)] = &schema.get("required")?.as_array()?[..] else { return None };
    let property = schema.get("properties")?.get(name)?;
    (property.get("type")? == "string").then_some(name)
}
