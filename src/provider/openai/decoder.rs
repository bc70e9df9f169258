//! Responses: events to pieces.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    model::FinishReason,
    provider::{
        Ending, Failure, Piece,
        decode::{self, Calls, Decoder, Fragment, Pieces, parse},
        lenient::{Text, Tokens, or_default},
        refusal,
        replays::Replays,
        sse::{self, Event},
        truncated,
    },
};

/// What stands between two messages, or two thoughts, of one answer.
const BREAK: &str = "\n\n";

/// Reads one response.
#[derive(Debug, Default)]
pub(in crate::provider) struct ResponsesDecoder {
    calls: Calls,
    replays: Replays,
    /// Text came, so that a further message needs a break before it.
    spoke: bool,
    thought: bool,
    refused: bool,
}

impl Decoder for ResponsesDecoder {
    fn event(&mut self, event: &Event, pieces: &mut Pieces) -> Result<(), Failure> {
        if decode::is_done(event) {
            return Err(truncated());
        }
        let kind = decode::kind(event)?;
        match &*kind {
            "response.output_text.delta" => {
                self.say(&parse::<Delta<'_>>(&event.data)?.delta, pieces);
            }
            "response.refusal.delta" => {
                self.refused = true;
                self.say(&parse::<Delta<'_>>(&event.data)?.delta, pieces);
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.thought = true;
                decode::reasoning(pieces, &parse::<Delta<'_>>(&event.data)?.delta);
            }
            "response.reasoning_summary_part.added" if self.thought => {
                decode::reasoning(pieces, BREAK);
            }
            "response.output_item.added" => {
                let ItemEvent { item } = parse(&event.data)?;
                self.added(&item, pieces);
                // What a message is said as is known before it is said.
                if &*item.kind == "message" {
                    self.replay(&item, &event.data, pieces)?;
                }
            }
            "response.output_item.done" => {
                let ItemEvent { item } = parse(&event.data)?;
                if &*item.kind == "reasoning" {
                    self.replay(&item, &event.data, pieces)?;
                }
                self.call(&item, pieces)?;
            }
            "response.completed" | "response.incomplete" => {
                let ResponseEvent { response } = parse(&event.data)?;
                return self.end(&response, (&kind, &event.data), pieces);
            }
            "response.failed" | "error" => return Err(refusal::in_stream(&event.data)),
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, _: &mut Pieces) -> Result<(), Failure> {
        Err(truncated())
    }

    fn whole(&mut self, body: &str, pieces: &mut Pieces) -> Result<(), Failure> {
        let response: Response<'_> = parse(body)?;
        match &*response.status {
            "completed" | "incomplete" => self.end(&response, (&response.status, body), pieces),
            _ if response.error.is_some() => Err(refusal::in_stream(body)),
            _ => Err(sse::unreadable()),
        }
    }
}

impl ResponsesDecoder {
    /// `replays`: what of the answer is to be sent again.
    pub(in crate::provider) fn new(replays: Replays) -> Self {
        Self { replays, ..Self::default() }
    }

    fn say(&mut self, text: &str, pieces: &mut Pieces) {
        self.spoke |= !text.is_empty();
        decode::text(pieces, text);
    }

    fn added(&mut self, item: &OutputItem<'_>, pieces: &mut Pieces) {
        match &*item.kind {
            "reasoning" => decode::thinks(pieces),
            "message" if self.spoke => decode::text(pieces, BREAK),
            _ => {}
        }
    }

    /// Hands the event's item on as it was sent, where it is to be sent again.
    fn replay(
        &mut self,
        item: &OutputItem<'_>,
        json: &str,
        pieces: &mut Pieces,
    ) -> Result<(), Failure> {
        if self.replays.wanted() && is_again(item) {
            let sent = parse::<Sent<'_>>(json)?.item;
            sent.map_or(Ok(()), |sent| self.replays.add(sent.to_owned(), pieces))?;
        }
        Ok(())
    }

    fn call(&mut self, item: &OutputItem<'_>, pieces: &mut Pieces) -> Result<(), Failure> {
        if &*item.kind == "function_call" {
            let (id, name, arguments) = (&item.call_id, &item.name, &item.arguments);
            self.calls.add(&Fragment { index: 0, id, name, arguments, extra: None })?;
            self.calls.emit(pieces);
        }
        Ok(())
    }

    /// The closing event repeats the whole output: what came in no delta is taken from there.
    fn end(
        &mut self,
        response: &Response<'_>,
        (how, json): (&str, &str),
        pieces: &mut Pieces,
    ) -> Result<(), Failure> {
        let (spoke, called) = (self.spoke, self.calls.any());
        let replays = self.replays.wanted() && !self.replays.any();
        let sent = if replays { Sent::output(json)? } else { Vec::new() };
        for (at, item) in response.output.iter().enumerate() {
            if let Some(sent) = sent.get(at).filter(|_| is_again(item)) {
                self.replays.add((*sent).to_owned(), pieces)?;
            }
            for part in &item.content {
                self.refused |= &*part.kind == "refusal";
                if !spoke {
                    self.say(&part.text, pieces);
                    self.say(&part.refusal, pieces);
                }
            }
            if !called {
                self.call(item, pieces)?;
            }
        }
        let incomplete = how.ends_with("incomplete") || &*response.status == "incomplete";
        let finish_reason = match &*response.incomplete_details.reason {
            "content_filter" => FinishReason::ContentFilter,
            _ if incomplete => FinishReason::Length,
            _ if self.refused => FinishReason::Refusal,
            _ if self.calls.any() => FinishReason::ToolCalls,
            _ => FinishReason::Stop,
        };
        let usage = response.usage.and_then(Tokens::usage);
        let model = decode::model(&response.model);
        pieces.push_back(Piece::End(Ending { finish_reason, usage, model }));
        Ok(())
    }
}

/// Whether it is of use to the provider: thoughts that it can read, and as what a message was said.
fn is_again(item: &OutputItem<'_>) -> bool {
    match &*item.kind {
        "reasoning" => item.encrypted_content.filled().is_some(),
        "message" => item.phase.filled().is_some(),
        _ => false,
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Delta<'a> {
    #[serde(borrow)]
    delta: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ItemEvent<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    item: OutputItem<'a>,
}

/// Items as they were sent: that of an event, or all of a response.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Sent<'a> {
    #[serde(borrow)]
    item: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "or_default")]
    output: Vec<&'a RawValue>,
}

impl<'a> Sent<'a> {
    fn output(json: &'a str) -> Result<Vec<&'a RawValue>, Failure> {
        let sent: Self = parse(json)?;
        let inner = sent.response.map(|response| parse::<Self>(response.get())).transpose()?;
        Ok(inner.unwrap_or(sent).output)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OutputItem<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    call_id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    arguments: Text<'a>,
    #[serde(borrow)]
    encrypted_content: Text<'a>,
    #[serde(borrow)]
    phase: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    content: Vec<Part<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Part<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    text: Text<'a>,
    #[serde(borrow)]
    refusal: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResponseEvent<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    response: Response<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Response<'a> {
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    model: Text<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    output: Vec<OutputItem<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    incomplete_details: Incomplete<'a>,
    usage: Option<Tokens>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Incomplete<'a> {
    #[serde(borrow)]
    reason: Text<'a>,
}
