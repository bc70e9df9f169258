//! Responses and Conversations: what is sent.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, Value};

use crate::{
    model::{ProviderName, ToolSpec},
    provider::{
        Item, Request,
        lenient::Text,
        sampling::{self, Sampling},
    },
};

/// `POST /responses`.
#[derive(Debug, Serialize)]
pub(in crate::provider) struct ResponseBody<'a> {
    model: &'a str,
    stream: bool,
    stream_options: StreamOptions,
    /// Whether the provider keeps the response; only one that belongs to its conversation.
    store: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<&'a str>,
    /// Sent every time: a conversation does not inherit them.
    #[serde(skip_serializing_if = "str::is_empty")]
    instructions: &'a str,
    input: Vec<InputItem<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<FunctionTool<'a>>,
    /// Said only where none may be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    /// What the answer is to hold besides: how the model thought, in a form that can be sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    include: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
}

#[derive(Debug, Serialize)]
struct StreamOptions {
    /// Padding against eavesdroppers doubles what is on the wire, which is encrypted.
    include_obfuscation: bool,
}

#[derive(Debug, Serialize)]
struct FunctionTool<'a> {
    r#type: &'static str,
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
    /// A strict schema may leave nothing optional; ours do.
    strict: bool,
}

impl<'a> From<&'a ToolSpec> for FunctionTool<'a> {
    fn from(tool: &'a ToolSpec) -> Self {
        let ToolSpec { name, description, parameters } = tool;
        Self { r#type: "function", name, description, parameters, strict: false }
    }
}

#[derive(Debug, Serialize)]
struct Reasoning<'a> {
    effort: &'a str,
}

impl<'a> ResponseBody<'a> {
    /// With everything in it or, where the provider holds the conversation, with what is new.
    pub(in crate::provider) fn new(
        request: &'a Request,
        provider: &ProviderName,
        conversation: Option<&'a str>,
    ) -> Self {
        let items = match conversation {
            Some(_) => new_items(&request.items),
            None => &request.items,
        };
        let Sampling { temperature, effort } = Sampling::of_openai(request);
        let tools = &request.tools;
        // A model that does not reason refuses to be asked for it.
        let thinks = tools.is_open() && sampling::reasons(&request.model);
        Self {
            model: &request.model,
            stream: true,
            stream_options: StreamOptions { include_obfuscation: false },
            store: conversation.is_some(),
            conversation,
            instructions: &request.system,
            input: inputs(items, provider),
            tools: tools.tools.iter().map(FunctionTool::from).collect(),
            tool_choice: (tools.closed && !tools.tools.is_empty()).then_some("none"),
            include: thinks.then_some(["reasoning.encrypted_content"]),
            reasoning: effort.map(|effort| Reasoning { effort }),
            temperature,
            max_output_tokens: (request.style.max_output_tokens > 0)
                .then_some(request.style.max_output_tokens),
        }
    }
}

/// The last item; with the results of tools, all that the last answer asked for.
fn new_items(items: &[Item]) -> &[Item] {
    let is_result = |item: &&Item| matches!(item, Item::ToolResult { .. });
    let new = items.iter().rev().take_while(is_result).count().max(1).min(items.len());
    items.split_at(items.len() - new).1
}

/// `POST /conversations` and `POST /conversations/{id}/items`.
#[derive(Debug, Serialize)]
pub(in crate::provider) struct ItemsBody<'a> {
    items: &'a [InputItem<'a>],
}

impl<'a> ItemsBody<'a> {
    /// At most 20 items at once, which is the provider's limit.
    pub(in crate::provider) fn batches(
        items: &'a [InputItem<'a>],
    ) -> impl Iterator<Item = Self> + Send {
        const ITEMS_MAX: usize = 20;
        items.chunks(ITEMS_MAX).map(|items| Self { items })
    }
}

/// One item of input.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(in crate::provider) enum InputItem<'a> {
    /// Somebody wrote.
    Message {
        /// `user` or `assistant`.
        role: &'static str,
        /// What.
        content: &'a str,
        /// As what the model said it: on the way, or in the end.
        #[serde(skip_serializing_if = "Option::is_none")]
        phase: Option<Cow<'a, str>>,
    },
    /// The model called a tool.
    FunctionCall {
        /// Which call.
        call_id: &'a str,
        /// The tool.
        name: &'a str,
        /// A JSON object, as text.
        arguments: &'a str,
    },
    /// The tool answered.
    FunctionCallOutput {
        /// Which call.
        call_id: &'a str,
        /// What.
        output: &'a str,
    },
    /// An item as the provider sent it.
    #[serde(untagged)]
    Again(&'a RawValue),
}

/// The items as this provider wants them; a message without text says nothing and is left out.
pub(in crate::provider) fn inputs<'a>(
    items: &'a [Item],
    provider: &ProviderName,
) -> Vec<InputItem<'a>> {
    let mut phase = None;
    let input = |item: &'a Item| {
        if matches!(item, Item::Replay(replay) if replay.provider != *provider) {
            return None;
        }
        // It is of what the model said next.
        let phase_of_this = phase.take();
        match item {
            Item::User(text) => message("user", text, None),
            Item::Briefing(briefing) => message("user", briefing.prompt(), None),
            Item::Assistant(text) => message("assistant", text, phase_of_this),
            Item::Replay(replay) => {
                let sent: Sent<'_> = serde_json::from_str(replay.body.get()).unwrap_or_default();
                phase = Some(sent.phase.0).filter(|phase| !phase.is_empty());
                (&*sent.kind != "message").then_some(InputItem::Again(&replay.body))
            }
            Item::ToolCall(call) => Some(InputItem::FunctionCall {
                call_id: &call.id,
                name: &call.name,
                arguments: call.object().get(),
            }),
            Item::ToolResult { call, output, .. } => {
                Some(InputItem::FunctionCallOutput { call_id: call, output })
            }
        }
    };
    items.iter().filter_map(input).collect()
}

fn message<'a>(
    role: &'static str,
    content: &'a str,
    phase: Option<Cow<'a, str>>,
) -> Option<InputItem<'a>> {
    (!content.trim().is_empty()).then_some(InputItem::Message { role, content, phase })
}

/// What the provider sent. Of a message only the phase is sent again: the items hold what it says.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Sent<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    phase: Text<'a>,
}
