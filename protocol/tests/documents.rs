//! The published documents are those that the types would generate today.

#[path = "../examples/generate/example.rs"]
mod example;

use std::{collections::BTreeSet, fs, path::Path};

use operatoros_protocol::{Event, Request, ServerFrame, documents};
use serde_json::Value;

#[track_caller]
fn fresh(path: &str, generated: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    assert!(
        fs::read_to_string(file).unwrap_or_default() == generated,
        "{path} is out of date; run `cargo run -p operatoros-protocol --example generate`"
    );
}

#[test]
fn the_schemas_are_fresh() {
    fresh("schema/client-frame.json", &format!("{:#}\n", documents::client_schema()));
    fresh("schema/server-frame.json", &format!("{:#}\n", documents::server_schema()));
}

#[test]
fn the_asyncapi_description_is_fresh() {
    fresh("asyncapi.json", &format!("{:#}\n", documents::asyncapi()));
}

#[test]
fn the_tables_of_the_specification_are_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("SPEC.md");
    fresh("SPEC.md", &documents::spec(&fs::read_to_string(path).unwrap(), &example::of).unwrap());
}

#[test]
fn the_asyncapi_description_names_every_frame_and_refers_to_nothing_that_is_not_there() {
    let document = documents::asyncapi();
    let messages: BTreeSet<_> = document["components"]["messages"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let frames: BTreeSet<_> = Request::TYPES
        .iter()
        .map(|(name, _)| *name)
        .chain(ServerFrame::TYPES)
        .chain(Event::TYPES)
        .collect();
    assert_eq!(messages, frames);
    let mut references = 0;
    walk(&document, &mut |reference| {
        references += 1;
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    });
    assert!(references > 100);
}

fn walk(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                assert_eq!(fields.len(), 1, "{reference} hides what stands beside it");
                found(reference);
            }
            fields.values().for_each(|value| walk(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| walk(value, found)),
        _ => {}
    }
}
