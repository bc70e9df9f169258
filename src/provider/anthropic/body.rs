//! Messages: what is sent.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::{RawValue, Value};

use crate::{
    model::{ProviderName, ToolSpec},
    provider::{Item, Request, sampling::Sampling},
};

/// What `max_tokens`, which must be sent, is where the pool sets no limit.
const MAX_TOKENS_DEFAULT: u32 = 4_096;

/// `POST /v1/messages`.
#[derive(Debug, Serialize)]
pub(in crate::provider) struct MessagesBody<'a> {
    model: &'a str,
    max_tokens: u32,
    stream: bool,
    /// They come before the system prompt, so that what is cached with it holds them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
}

/// How long the model may think.
#[derive(Debug, Serialize)]
struct OutputConfig<'a> {
    effort: &'a str,
}

#[derive(Debug, Serialize)]
struct Tool<'a> {
    name: &'a str,
    description: &'a str,
    input_schema: &'a Value,
}

impl<'a> From<&'a ToolSpec> for Tool<'a> {
    fn from(tool: &'a ToolSpec) -> Self {
        let ToolSpec { name, description, parameters } = tool;
        Self { name, description, input_schema: parameters }
    }
}

/// Said only where no tool may be called.
#[derive(Debug, Serialize)]
struct Choice {
    r#type: &'static str,
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
#[serde(untagged)]
enum Block<'a> {
    /// Of ours.
    Made {
        #[serde(flatten)]
        content: Content<'a>,
        /// The provider caches everything up to and with this block.
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    /// As the provider sent it.
    Again(&'a RawValue),
}

impl<'a> From<Content<'a>> for Block<'a> {
    fn from(content: Content<'a>) -> Self {
        Self::Made { content, cache_control: None }
    }
}

impl Block<'_> {
    /// Has the provider cache what comes up to it; it takes no such wish for what it has sent itself.
    fn cache(&mut self) {
        if let Self::Made { cache_control, .. } = self {
            *cache_control = Some(CACHED);
        }
    }
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
        id: Cow<'a, str>,
        name: &'a str,
        input: &'a RawValue,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        content: &'a str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
    },
}

impl<'a> MessagesBody<'a> {
    pub(in crate::provider) fn new(request: &'a Request, provider: &ProviderName) -> Self {
        let mut system: Vec<_> = text(&request.system).into_iter().collect();
        system.iter_mut().for_each(Block::cache);
        let Sampling { temperature, effort } = Sampling::of_messages(request);
        let tools = &request.tools;
        let none = tools.closed && !tools.tools.is_empty();
        let max_tokens = match request.style.max_output_tokens {
            0 => MAX_TOKENS_DEFAULT,
            tokens => tokens,
        };
        Self {
            model: &request.model,
            max_tokens,
            stream: true,
            tools: tools.tools.iter().map(Tool::from).collect(),
            tool_choice: none.then_some(Choice { r#type: "none" }),
            system,
            messages: messages(&request.items, provider),
            temperature,
            output_config: effort.map(|effort| OutputConfig { effort }),
        }
    }
}

/// Roles alternate, the user begins, results of tools come first in their message and calls last;
/// and everything before the new message is to be cached.
fn messages<'a>(items: &'a [Item], provider: &ProviderName) -> Vec<Message<'a>> {
    let mut messages: Vec<Message<'_>> = Vec::with_capacity(items.len());
    for (role, block) in items.iter().filter_map(|item| block(item, provider)) {
        match messages.last_mut() {
            Some(last) if last.role == role => last.content.push(block),
            // A history that was cut may begin with an answer, which would be refused.
            None if role == Role::Assistant => {}
            _ => messages.push(Message { role, content: vec![block] }),
        }
    }
    for message in &mut messages {
        message.put_in_order();
    }
    if let Some(block) = messages.iter_mut().rev().nth(1).and_then(|held| held.content.last_mut()) {
        block.cache();
    }
    messages
}

impl Message<'_> {
    fn put_in_order(&mut self) {
        // What the provider itself has thought, said and called in turn it wants back in that order.
        if self.content.iter().any(|block| matches!(block, Block::Again(_))) {
            return;
        }
        self.content.sort_by_key(|block| match block {
            Block::Made { content: Content::ToolResult { .. }, .. } => 0,
            Block::Made { content: Content::ToolUse { .. }, .. } => 2,
            _ => 1,
        });
    }
}

fn block<'a>(item: &'a Item, provider: &ProviderName) -> Option<(Role, Block<'a>)> {
    Some(match item {
        Item::User(said) => (Role::User, text(said)?),
        Item::Briefing(briefing) => (Role::User, text(briefing.prompt())?),
        Item::Assistant(said) => (Role::Assistant, text(said)?),
        Item::Replay(replay) if replay.provider != *provider => return None,
        Item::Replay(replay) => (Role::Assistant, Block::Again(&replay.body)),
        Item::ToolCall(call) => {
            let (id, name, input) = (plain(&call.id), &call.name, call.object());
            (Role::Assistant, Content::ToolUse { id, name, input }.into())
        }
        Item::ToolResult { call, output, failed } => {
            let (tool_use_id, content, is_error) = (plain(call), output, *failed);
            (Role::User, Content::ToolResult { tool_use_id, content, is_error }.into())
        }
    })
}

/// The id of a call in letters, digits, `_` and `-`, which Messages insist on and other servers do not.
/// Ids that differ stay different.
fn plain(id: &str) -> Cow<'_, str> {
    let keeps = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if id.bytes().all(|byte| keeps(byte) || byte == b'_') {
        return id.into();
    }
    let letter = |byte: u8| match byte {
        byte if keeps(byte) => char::from(byte).to_string(),
        byte => format!("_{byte:02x}"),
    };
    id.bytes().map(letter).collect::<String>().into()
}

/// Text without a character in it would be refused.
fn text(text: &str) -> Option<Block<'_>> {
    (!text.trim().is_empty()).then_some(Content::Text { text }.into())
}
