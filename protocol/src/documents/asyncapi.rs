//! The AsyncAPI 3.0 description: one channel, the frames it carries each way, and their schemas.

use serde_json::{Map, Value, json};

use super::{Frame, client_frames, client_schema, events, server_frames, server_schema};
use crate::{SUBPROTOCOL_JSON, SUBPROTOCOL_TEXT};

/// The AsyncAPI 3.0 description, seen from the server: it receives what a client sends.
pub fn asyncapi() -> Value {
    let (client, server) = (client_schema(), server_schema());
    let mut schemas = Map::new();
    for root in [&client, &server] {
        for (name, schema) in root["$defs"].as_object().into_iter().flatten() {
            schemas.insert(name.clone(), portable(schema));
        }
    }
    let mut received = Map::new();
    for frame in client_frames(&client) {
        received.insert(frame.name.to_owned(), message(&frame, &portable(&client["properties"])));
    }
    let mut sent = Map::new();
    for frame in server_frames(&server) {
        sent.insert(frame.name.to_owned(), message(&frame, &json!({})));
    }
    let place = portable(&server["$defs"]["ConversationEvent"]["properties"]);
    for event in events(&server) {
        sent.insert(event.name.to_owned(), message(&event, &place));
    }
    let channel: Map<_, _> = received.keys().chain(sent.keys()).map(in_components).collect();
    let operations = json!({
        "hear": operation("receive", "What a client says.", &received),
        "say": operation("send", "What the server says.", &sent),
    });
    let messages: Map<_, _> = received.into_iter().chain(sent).collect();
    document(&channel, &operations, &messages, &schemas)
}

fn document(
    channel: &Map<String, Value>,
    operations: &Value,
    messages: &Map<String, Value>,
    schemas: &Map<String, Value>,
) -> Value {
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "OperatorOS gateway",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "One WebSocket, many conversations. `SPEC.md` says what the frames mean.",
            "license": { "name": env!("CARGO_PKG_LICENSE") },
        },
        "defaultContentType": "application/json",
        "servers": {
            "local": {
                "host": "localhost:8000",
                "protocol": "ws",
                "description": "A gateway on this machine.",
                "security": [{ "$ref": "#/components/securitySchemes/bearer" }],
            },
        },
        "channels": {
            "ws": {
                "address": "/ws",
                "description": format!(
                    "One JSON object per text message under the subprotocol `{SUBPROTOCOL_JSON}`; \
                     `{SUBPROTOCOL_TEXT}` is for people and not described here."
                ),
                "messages": channel,
                "bindings": { "ws": {
                    "method": "GET",
                    "query": {
                        "type": "object",
                        "properties": { "ticket": {
                            "type": "string",
                            "description": "A one-time ticket from `POST /v1/tickets`.",
                        } },
                    },
                    "bindingVersion": "0.1.0",
                } },
            },
        },
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": schemas,
            "securitySchemes": { "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token; a gateway without accounts needs none.",
            } },
        },
    })
}

fn in_components(name: &String) -> (String, Value) {
    (name.clone(), json!({ "$ref": format!("#/components/messages/{name}") }))
}

fn operation(action: &str, summary: &str, messages: &Map<String, Value>) -> Value {
    let messages: Vec<_> = messages
        .keys()
        .map(|name| json!({ "$ref": format!("#/channels/ws/messages/{name}") }))
        .collect();
    let channel = json!({ "$ref": "#/channels/ws" });
    json!({ "action": action, "summary": summary, "channel": channel, "messages": messages })
}

/// A frame with its `type`, its own fields and those it shares with others of its kind.
fn message(frame: &Frame<'_>, shared: &Value) -> Value {
    let mut payload = portable(frame.fields);
    let mut required = vec![json!("type")];
    if let Some(own) = payload["required"].as_array() {
        required.extend(own.iter().filter(|name| *name != "type").cloned());
    }
    // What the events share is required of them all, but for the `seq` that `turn.queued` may lack.
    let places = ["conversation", "epoch", "at"].into_iter();
    required.extend(places.filter(|name| shared.get(name).is_some()).map(Value::from));
    payload["required"] = required.into();
    payload["properties"]["type"] = json!({ "type": "string", "const": frame.name });
    for (name, schema) in shared.as_object().into_iter().flatten() {
        payload["properties"][name] = schema.clone();
    }
    json!({ "name": frame.name, "title": frame.name, "summary": frame.summary, "payload": payload })
}

/// The schema with references into `components`, alone in their object: AsyncAPI's own schemas are
/// of an older draft, in which a reference hides whatever stands beside it.
fn portable(schema: &Value) -> Value {
    match schema {
        Value::Object(keywords) => {
            let mut beside: Map<_, _> = keywords
                .iter()
                .filter(|(keyword, _)| *keyword != "$ref")
                .map(|(keyword, value)| (keyword.clone(), portable(value)))
                .collect();
            let Some(target) = keywords.get("$ref").and_then(Value::as_str) else {
                return Value::Object(beside);
            };
            let target = target.replace("#/$defs/", "#/components/schemas/");
            let reference = json!({ "$ref": target });
            if beside.is_empty() {
                return reference;
            }
            beside.insert("allOf".to_owned(), json!([reference]));
            Value::Object(beside)
        }
        Value::Array(values) => values.iter().map(portable).collect(),
        other => other.clone(),
    }
}
