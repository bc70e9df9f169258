//! Responses and Conversations: what is sent.

use serde::Serialize;

use crate::provider::{Item, Request, sampling::Sampling};

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
struct Reasoning<'a> {
    effort: &'a str,
}

impl<'a> ResponseBody<'a> {
    /// With everything in it or, where the provider holds the conversation, with what is new.
    pub(in crate::provider) fn new(request: &'a Request, conversation: Option<&'a str>) -> Self {
        let items = match conversation {
            Some(_) => new_items(&request.items),
            None => &request.items,
        };
        let Sampling { temperature, effort } = Sampling::of_responses(request);
        Self {
            model: &request.model,
            stream: true,
            stream_options: StreamOptions { include_obfuscation: false },
            store: conversation.is_some(),
            conversation,
            instructions: &request.system,
            input: inputs(items),
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
}

/// The items as the provider wants them; a message without text says nothing and is left out.
pub(in crate::provider) fn inputs(items: &[Item]) -> Vec<InputItem<'_>> {
    items.iter().filter_map(input).collect()
}

fn input(item: &Item) -> Option<InputItem<'_>> {
    match item {
        Item::User(text) => message("user", text),
        Item::Briefing(briefing) => message("user", briefing.prompt()),
        Item::Assistant(text) => message("assistant", text),
        Item::Replay(_) => None,
        Item::ToolCall(call) => Some(InputItem::FunctionCall {
            call_id: &call.id,
            name: &call.name,
            arguments: &call.arguments,
        }),
        Item::ToolResult { call, output, .. } => {
            Some(InputItem::FunctionCallOutput { call_id: call, output })
        }
    }
}

fn message<'a>(role: &'static str, content: &'a str) -> Option<InputItem<'a>> {
    (!content.is_empty()).then_some(InputItem::Message { role, content })
}
