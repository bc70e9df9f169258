//! Models, behind one trait: a request becomes a stream of pieces.
//!
//! Invariants: a stream that ends without `Piece::End` or a failure has failed; dropping the
//! stream closes the upstream request at once; the provider's own error text never leaves here;
//! a failure says whether asking again can help, and nothing here asks again, but where the server
//! does not know how it was asked.

mod anthropic;
mod briefing;
mod deadline;
mod decode;
mod http;
mod lenient;
mod offline;
mod openai;
mod openai_chat;
mod price;
mod probe;
mod quota;
mod refusal;
mod replays;
mod sampling;
mod sse;
mod surrogates;
#[cfg(test)]
mod tests;
mod toolless;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::{future::BoxFuture, stream::BoxStream};
use reqwest::Url;
use secrecy::ExposeSecret;
use serde_json::value::RawValue;

pub use self::{
    briefing::{Briefing, Opinion},
    offline::OFFLINE,
    price::{Prices, context_window},
    probe::Probed,
};
use crate::{
    config::{OfflineSettings, ProviderKind, ProviderSettings, Settings},
    model::{
        AgentName, FinishReason, PoolName, ProviderName, Reason, ToolSpec, TraceParent, Usage,
    },
};

/// What is asked of a model.
#[derive(Debug, Clone)]
pub struct Request {
    /// The model's name as its provider knows it.
    pub model: Arc<str>,
    /// The pool that speaks; the offline provider says so.
    pub pool: PoolName,
    /// Which of its agents.
    pub agent: Option<AgentName>,
    /// Who the specialist is and what it must keep to. Stable, so that providers can cache it.
    pub system: Arc<str>,
    /// The conversation, oldest first; the last item is what is to be answered.
    pub items: Vec<Item>,
    /// The tools that may be called, or could be earlier in this answer.
    pub tools: Offer,
    /// How to answer.
    pub style: Style,
    /// OpenAI's conversation that already holds everything but the last item.
    pub remote: Option<Arc<str>>,
    /// Where it stands in a trace; told to providers whose settings say so.
    pub trace: Option<TraceParent>,
}

/// The tools that a model is told of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Offer {
    /// What they are.
    pub tools: Arc<[ToolSpec]>,
    /// None may be called any more: the answer is to be made of what is known by now.
    pub closed: bool,
}

impl Offer {
    /// A tool may be called.
    pub fn is_open(&self) -> bool {
        !self.closed && !self.tools.is_empty()
    }
}

/// What a provider wants to see again, unchanged, where the answer goes on after tool calls: how its
/// model came to call them. It means nothing to anybody else.
#[derive(Debug, Clone)]
pub struct Replay {
    /// Whose it is.
    pub provider: ProviderName,
    /// An item or a block, as its provider sent it.
    pub body: Arc<RawValue>,
}

impl PartialEq for Replay {
    fn eq(&self, other: &Self) -> bool {
        self.provider == other.provider && self.body.get() == other.body.get()
    }
}

/// One piece of the conversation as a model sees it.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// The person wrote.
    User(Arc<str>),
    /// The person wrote, and specialists have said something to it.
    Briefing(Arc<Briefing>),
    /// The model wrote.
    Assistant(Arc<str>),
    /// How the model came to call a tool, for its provider alone.
    Replay(Replay),
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

impl Item {
    /// What the model has to read of it, in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::User(text) | Self::Assistant(text) => text.len(),
            Self::Briefing(briefing) => briefing.prompt().len(),
            Self::Replay(replay) => replay.body.get().len(),
            Self::ToolCall(call) => call.name.len() + call.arguments.len(),
            Self::ToolResult { output, .. } => output.len(),
        }
    }
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

impl ToolCall {
    /// The arguments; an empty object where the model wrote none. What else it wrote would be refused,
    /// and with it the whole request; the result of the call says what was wrong.
    fn object(&self) -> &RawValue {
        serde_json::from_str(&self.arguments)
            .ok()
            .filter(|arguments: &&RawValue| arguments.get().starts_with('{'))
            .unwrap_or_else(|| serde_json::from_str("{}").expect("an object"))
    }
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
    /// The model thinks aloud; kept apart from the answer. Empty where it has only begun to think, which
    /// is for the deadlines and goes no further.
    Reasoning(String),
    /// What is to be sent again with the calls of this answer, before them.
    Replay(Replay),
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
    /// The provider's code, where it is one we know, or ours for what it says in words; never its text.
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
    ///
    /// Where earlier answers said that the key is spent for now, it refuses without asking. The
    /// deadlines of the provider's settings are kept inside. Whoever polls on after
    /// `Piece::End` may get a `Piece::Remote`; nobody has to.
    fn ask(&self, request: Request) -> BoxFuture<'static, Result<Answer, Failure>>;

    /// Looks whether its server can be reached, takes the key and has these models, without asking
    /// any; `None` where there is no server.
    fn probe(&self, models: Vec<Arc<str>>) -> Option<BoxFuture<'static, Probed>> {
        drop(models);
        None
    }
}

/// The providers that can be asked, by name.
pub type Providers = BTreeMap<ProviderName, Arc<dyn Provider>>;

/// Why a provider cannot be made from its settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unbuildable {
    /// Its address is none.
    #[error("the base_url of provider {0} is not a URL")]
    BaseUrl(ProviderName),
    /// No header can hold its key.
    #[error("the api_key of provider {0} holds characters that no key holds")]
    Key(ProviderName),
    /// The machine lacks what a connection needs, such as root certificates.
    #[error("no HTTP client can be made for provider {0}")]
    Client(ProviderName),
}

/// Makes the providers that can be asked: each that has a key or is not the vendor's own server,
/// which needs one; and always `offline`, which stands in for them.
pub fn build(
    settings: &BTreeMap<String, ProviderSettings>,
    offline: &OfflineSettings,
) -> Result<Providers, Unbuildable> {
    let mut providers = Providers::new();
    for (name, settings) in settings {
        let name = ProviderName::from(&**name);
        providers.extend(one(&name, settings)?.map(|provider| (name, provider)));
    }
    providers.insert(OFFLINE.into(), offline::provider(offline.clone()));
    Ok(providers)
}

/// The providers of other settings: those of which nothing changed are the same, with what they
/// know and the connections that they hold.
pub fn build_again(
    was: &Settings,
    now: &Settings,
    built: &Providers,
) -> Result<Providers, Unbuildable> {
    let mut providers = Providers::new();
    for (name, settings) in &now.providers {
        let stays = was.providers.get(name) == Some(settings);
        let name = ProviderName::from(&**name);
        let same = if stays { built.get(&name).cloned() } else { one(&name, settings)? };
        providers.extend(same.map(|provider| (name, provider)));
    }
    let same = built.get(OFFLINE).filter(|_| was.offline == now.offline).cloned();
    let offline = same.unwrap_or_else(|| offline::provider(now.offline.clone()));
    providers.insert(OFFLINE.into(), offline);
    Ok(providers)
}

/// The provider, where it can be asked.
fn one(
    name: &ProviderName,
    settings: &ProviderSettings,
) -> Result<Option<Arc<dyn Provider>>, Unbuildable> {
    let official = is_at(settings, openai_chat::HOST) || is_at(settings, anthropic::HOST);
    if official && key(settings).is_none() {
        return Ok(None);
    }
    let make = match settings.kind {
        ProviderKind::Openai => openai::provider,
        ProviderKind::OpenaiChat => openai_chat::provider,
        ProviderKind::Anthropic => anthropic::provider,
    };
    make(name.clone(), settings).map(Some)
}

fn is_at(settings: &ProviderSettings, host: &str) -> bool {
    Url::parse(&settings.base_url).is_ok_and(|url| url.host_str() == Some(host))
}

fn key(settings: &ProviderSettings) -> Option<&str> {
    settings.api_key.as_ref().map(ExposeSecret::expose_secret).filter(|key| !key.is_empty())
}

/// The answer broke off before its end.
fn truncated() -> Failure {
    Failure { reason: Reason::ProviderTruncated, retry: Retry::Soon, status: None, code: None }
}
