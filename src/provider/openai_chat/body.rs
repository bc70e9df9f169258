//! Chat Completions: what is sent. Nothing that a compatible server may refuse to know.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::{RawValue, Value};

use super::Again;
use crate::{
    model::{ProviderName, ToolSpec},
    provider::{
        Item, Request,
        sampling::{self, Sampling},
    },
};

/// `POST /chat/completions`.
#[derive(Debug, Serialize)]
pub(in crate::provider) struct ChatBody<'a> {
    model: &'a str,
    stream: bool,
    stream_options: StreamOptions,
    messages: Vec<ChatMessage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ChatTool<'a>>,
    /// Said only where none may be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    /// The name that compatible servers know.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    /// The name that OpenAI's own server and models that reason insist on.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
}

#[derive(Debug, Serialize)]
struct ChatTool<'a> {
    r#type: &'static str,
    function: ChatSpec<'a>,
}

#[derive(Debug, Serialize)]
struct ChatSpec<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

impl<'a> From<&'a ToolSpec> for ChatTool<'a> {
    fn from(tool: &'a ToolSpec) -> Self {
        let ToolSpec { name, description, parameters } = tool;
        Self { r#type: "function", function: ChatSpec { name, description, parameters } }
    }
}

#[derive(Debug, Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Debug, Default, Serialize)]
struct ChatMessage<'a> {
    role: &'static str,
    /// Null beside tool calls only.
    content: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ChatCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct ChatCall<'a> {
    id: &'a str,
    r#type: &'static str,
    function: ChatFunction<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_content: Option<&'a RawValue>,
}

#[derive(Debug, Serialize)]
struct ChatFunction<'a> {
    name: &'a str,
    arguments: &'a str,
}

impl<'a> ChatBody<'a> {
    /// `official`: the server is OpenAI's own.
    pub(in crate::provider) fn new(
        request: &'a Request,
        provider: &ProviderName,
        official: bool,
    ) -> Self {
        let Sampling { temperature, effort } = Sampling::of_openai(request);
        let tokens = Some(request.style.max_output_tokens).filter(|tokens| *tokens > 0);
        let modern = official || sampling::reasons(&request.model);
        Self {
            model: &request.model,
            stream: true,
            stream_options: StreamOptions { include_usage: true },
            messages: messages(request, provider),
            tools: request.tools.tools.iter().map(ChatTool::from).collect(),
            tool_choice: (request.tools.closed && !request.tools.tools.is_empty())
                .then_some("none"),
            reasoning_effort: effort,
            temperature,
            max_tokens: tokens.filter(|_| !modern),
            max_completion_tokens: tokens.filter(|_| modern),
        }
    }
}

fn messages<'a>(request: &'a Request, provider: &ProviderName) -> Vec<ChatMessage<'a>> {
    let mut extra = None;
    let mut messages = Vec::with_capacity(request.items.len() + 1);
    if !request.system.is_empty() {
        messages.push(said("system", &request.system));
    }
    for item in &request.items {
        match item {
            Item::User(text) | Item::Assistant(text) if text.is_empty() => {}
            Item::User(text) => messages.push(said("user", text)),
            Item::Briefing(briefing) => messages.push(said("user", briefing.prompt())),
            // Results have to follow on their calls, so all of an answer goes into one message.
            Item::Assistant(text) => match &mut answer(&mut messages).content {
                Some(said) => said.to_mut().push_str(text),
                nothing => *nothing = Some((&**text).into()),
            },
            Item::Replay(replay) if replay.provider != *provider => {}
            Item::Replay(replay) => {
                let again: Again<'_> = serde_json::from_str(replay.body.get()).unwrap_or_default();
                if again.reasoning_content.is_some() {
                    answer(&mut messages).reasoning_content = again.reasoning_content;
                }
                extra = again.extra_content;
            }
            Item::ToolCall(call) => {
                let function = ChatFunction { name: &call.name, arguments: call.object().get() };
                let (id, extra_content) = (&call.id, extra.take());
                let call = ChatCall { id, r#type: "function", function, extra_content };
                answer(&mut messages).tool_calls.push(call);
            }
            Item::ToolResult { call, output, .. } => {
                messages.push(ChatMessage { tool_call_id: Some(call), ..said("tool", output) });
            }
        }
    }
    messages
}

fn said<'a>(role: &'static str, text: &'a str) -> ChatMessage<'a> {
    ChatMessage { role, content: Some(text.into()), ..ChatMessage::default() }
}

/// The assistant's message that goes on, or a new one.
fn answer<'m, 'a>(messages: &'m mut Vec<ChatMessage<'a>>) -> &'m mut ChatMessage<'a> {
    if messages.last().is_none_or(|last| last.role != "assistant") {
        messages.push(ChatMessage { role: "assistant", ..ChatMessage::default() });
    }
    messages.last_mut().expect("one was just pushed, or was there")
}
