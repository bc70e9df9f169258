//! The published documents, generated from the types: JSON Schemas, the AsyncAPI description, and
//! the tables of `SPEC.md`.

mod asyncapi;
mod spec;

use schemars::generate::SchemaSettings;
use serde_json::Value;

pub use asyncapi::asyncapi;
pub use spec::{MissingSection, spec};

use crate::{client_frame::ClientFrame, server_frame::ServerFrame};

/// The JSON Schema (2020-12) of every frame that a client sends.
pub fn client_schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    generator.into_root_schema_for::<ClientFrame>().to_value()
}

/// The JSON Schema (2020-12) of every frame that a server sends.
pub fn server_schema() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<ServerFrame>().to_value()
}

/// One frame in the words of its schema.
struct Frame<'a> {
    /// Its `type`.
    name: &'a str,
    /// What it is for.
    summary: &'a str,
    /// The schema of its own fields.
    fields: &'a Value,
}

/// The frames that a client sends.
fn client_frames(schema: &Value) -> Vec<Frame<'_>> {
    frames(schema, &schema["oneOf"])
}

/// The frames that a server sends, conversation events aside.
fn server_frames(schema: &Value) -> Vec<Frame<'_>> {
    frames(schema, &schema["anyOf"])
}

/// The conversation events. Their place in the conversation is not among their fields.
fn events(schema: &Value) -> Vec<Frame<'_>> {
    frames(schema, &schema["$defs"]["ConversationEvent"]["anyOf"])
}

fn frames<'a>(schema: &'a Value, variants: &'a Value) -> Vec<Frame<'a>> {
    let variants = variants.as_array().into_iter().flatten();
    variants
        .filter_map(|variant| {
            let name = variant["properties"]["type"]["const"].as_str()?;
            let summary = variant["description"].as_str().unwrap_or_default();
            let fields = definition(schema, variant).unwrap_or(variant);
            Some(Frame { name, summary, fields })
        })
        .collect()
}

/// What a schema's `$ref` points to.
fn definition<'a>(root: &'a Value, schema: &Value) -> Option<&'a Value> {
    root["$defs"].get(schema["$ref"].as_str()?.strip_prefix("#/$defs/")?)
}
