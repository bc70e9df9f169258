//! Models, behind one trait: a request becomes a stream of pieces.
//!
//! Invariants: a stream that ends without `Piece::End` or a failure has failed; dropping the
//! stream closes the upstream request at once; the provider's own error text never leaves here.

use std::{sync::Arc, time::Duration};

use futures_util::{future::BoxFuture, stream::BoxStream};

use crate::model::{FinishReason, PoolName, ProviderName, Reason, Usage};

/// What is asked of a model.
#[derive(Debug, Clone)]
pub struct Request {
    /// The model's name as its provider knows it.
    pub model: Arc<str>,
    /// The pool that speaks; the offline provider says so.
    pub pool: PoolName,
    /// Who the specialist is and what it must keep to. Stable, so that providers can cache it.
    pub system: Arc<str>,
    /// The conversation, oldest first; the last item is what is to be answered.
    pub items: Vec<Item>,
    /// How to answer.
    pub style: Style,
    /// OpenAI's conversation that already holds everything but the last item.
    pub remote: Option<Arc<str>>,
}

/// One piece of the conversation as a model sees it.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// The person wrote.
    User(Arc<str>),
    /// The model wrote.
    Assistant(Arc<str>),
    /// The model called a tool.
    ToolCall(ToolCall),
    /// What the tool answered.
    ToolResult {
        /// Which call.
        call: Arc<str>,
        /// The answer, or what went wrong.
        output: Arc<str>,
        /// The tool failed.
        failed: bool,
    },
}

/// A tool that the model wants to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// The provider's id for the call.
    pub id: Arc<str>,
    /// The tool.
    pub name: Arc<str>,
    /// A JSON object, as text.
    pub arguments: Arc<str>,
}

/// How a pool wants its answers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Style {
    /// 0 to 2; ignored where the model accepts none.
    pub temperature: Option<f32>,
    /// `low`, `medium`, `high`: how long a reasoning model may think.
    pub effort: Option<Arc<str>>,
    /// Tokens of the answer at the most.
    pub max_output_tokens: u32,
}

/// One piece of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// The answer grows.
    Text(String),
    /// The model thinks aloud; kept apart from the answer.
    Reasoning(String),
    /// The model wants a tool.
    ToolCall(ToolCall),
    /// The answer is whole.
    End(Ending),
    /// After `End`: the provider now keeps this conversation under this id.
    Remote(Arc<str>),
}

/// How an answer ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// Why there.
    pub finish_reason: FinishReason,
    /// Tokens, where the provider counted them.
    pub usage: Option<Usage>,
    /// The model that really answered, where the provider names it.
    pub model: Option<Arc<str>>,
}

/// Why no (or no whole) answer came. Holds no word of the provider's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason:?} (status {status:?}, code {code:?})")]
pub struct Failure {
    /// What kind.
    pub reason: Reason,
    /// Whether asking again can help.
    pub retry: Retry,
    /// The HTTP status, where there was one.
    pub status: Option<u16>,
    /// The provider's code, where it is one we know; never its text.
    pub code: Option<&'static str>,
}

/// Whether asking again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It cannot: the request, the key or the account would have to change.
    Never,
    /// It can, after a pause of our choosing.
    Soon,
    /// It can, after the pause that the provider asked for.
    After(Duration),
}

/// The pieces of one answer.
pub type Answer = BoxStream<'static, Result<Piece, Failure>>;

/// Asks a model.
pub trait Provider: Send + Sync + 'static {
    /// What settings call it.
    fn name(&self) -> &ProviderName;

    /// Sends the request; resolves when the provider has begun to answer, or refused.
    fn ask(&self, request: Request) -> BoxFuture<'static, Result<Answer, Failure>>;
}
