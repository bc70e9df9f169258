//! Messages: what is sent.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::provider::{Item, Request, sampling::Sampling};

/// What `max_tokens`, which must be sent, is where the pool sets no limit.
const MAX_TOKENS_DEFAULT: u32 = 4_096;

/// `POST /v1/messages`.
#[derive(Debug, Serialize)]
pub(in crate::provider) struct MessagesBody<'a> {
    model: &'a str,
    max_tokens: u32,
    stream: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
}

#[derive(Debug, Serialize)]
struct Message<'a> {
    role: Role,
    content: Vec<Block<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    User,
    Assistant,
}

#[derive(Debug, Serialize)]
struct Block<'a> {
    #[serde(flatten)]
    content: Content<'a>,
    /// The provider caches everything up to and with this block.
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Debug, Serialize)]
struct CacheControl {
    r#type: &'static str,
}

const CACHED: CacheControl = CacheControl { r#type: "ephemeral" };

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Content<'a> {
    Text {
        text: &'a str,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        input: &'a RawValue,
    },
    ToolResult {
        tool_use_id: &'a str,
        content: &'a str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
    },
}

impl<'a> MessagesBody<'a> {
    pub(in crate::provider) fn new(request: &'a Request) -> Self {
        let system = text(&request.system)
            .map(|content| Block { content, cache_control: Some(CACHED) })
            .into_iter()
            .collect();
        let max_tokens = match request.style.max_output_tokens {
            0 => MAX_TOKENS_DEFAULT,
            tokens => tokens,
        };
        Self {
            model: &request.model,
            max_tokens,
            stream: true,
            system,
            messages: messages(&request.items),
            temperature: Sampling::of_messages(request).temperature,
        }
    }
}

/// Roles alternate, the user begins, results of tools come first in their message and calls last;
/// and everything before the new message is to be cached.
fn messages(items: &[Item]) -> Vec<Message<'_>> {
    let mut messages: Vec<Message<'_>> = Vec::with_capacity(items.len());
    for (role, content) in items.iter().filter_map(block) {
        let block = Block { content, cache_control: None };
        match messages.last_mut() {
            Some(last) if last.role == role => last.content.push(block),
            // A history that was cut may begin with an answer, which would be refused.
            None if role == Role::Assistant => {}
            _ => messages.push(Message { role, content: vec![block] }),
        }
    }
    for message in &mut messages {
        message.content.sort_by_key(|block| match block.content {
            Content::ToolResult { .. } => 0,
            Content::Text { .. } => 1,
            Content::ToolUse { .. } => 2,
        });
    }
    if let Some(block) = messages.iter_mut().rev().nth(1).and_then(|held| held.content.last_mut()) {
        block.cache_control = Some(CACHED);
    }
    messages
}

fn block(item: &Item) -> Option<(Role, Content<'_>)> {
    Some(match item {
        Item::User(said) => (Role::User, text(said)?),
        Item::Briefing(briefing) => (Role::User, text(briefing.prompt())?),
        Item::Assistant(said) => (Role::Assistant, text(said)?),
        Item::Replay(_) => return None,
        Item::ToolCall(call) => {
            // What is no JSON the API would refuse, and with it the whole request.
            let input = serde_json::from_str(&call.arguments).ok()?;
            (Role::Assistant, Content::ToolUse { id: &call.id, name: &call.name, input })
        }
        Item::ToolResult { call, output, failed } => (
            Role::User,
            Content::ToolResult { tool_use_id: call, content: output, is_error: *failed },
        ),
    })
}

/// Text without a character in it would be refused.
fn text(text: &str) -> Option<Content<'_>> {
    (!text.trim().is_empty()).then_some(Content::Text { text })
}
