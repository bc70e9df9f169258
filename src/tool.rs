//! Tools, behind one trait: what a model may have looked up or worked out while it answers.
//!
//! Invariants: a call ends within `limits::TOOL_TIME_MAX` and says no more than
//! `limits::TOOL_OUTPUT_BYTES_MAX`; a source's own error text and keys never leave here; dropping
//! a call ends what it had begun.

mod calculate;
mod current_time;
mod decimal;
mod lenient;
mod market;
mod source;
mod sports;
#[cfg(test)]
pub(crate) mod tests;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

use crate::{
    config::ToolSettings,
    limits,
    model::{Clock, Reason, ToolSpec},
};

/// Something that can be looked up or worked out.
pub trait Tool: Send + Sync + 'static {
    /// How a model is told of it.
    fn spec(&self) -> &ToolSpec;

    /// Does it. The arguments are a JSON object, as far as the model has kept to it.
    fn call(&self, arguments: Arc<str>) -> BoxFuture<'static, Result<Found, Trouble>>;
}

/// What a tool has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What the model is told, with units, times and the source.
    pub text: String,
    /// The same for readers, in a few words.
    pub summary: String,
}

/// Why a tool found nothing. The words are ours, and fit for model and reader.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The model has called it wrongly.
    #[error("{0}")]
    Arguments(String),
    /// There is no such tool.
    #[error("there is no such tool; there are: {0}")]
    Unknown(String),
    /// The model has called too many tools at once.
    #[error("only the first {most} calls are carried out; call this again", most = limits::TOOL_CALLS_AT_ONCE_MAX)]
    TooMany,
    /// The source could not be reached, or could not be understood.
    #[error("{0} does not answer")]
    Unavailable(&'static str),
    /// The source refuses the key, or what the key's plan does not cover.
    #[error("{0} refuses the key, or its plan does not cover this")]
    Key(&'static str),
    /// The source has been asked as often as it allows.
    #[error("{source_name} has been asked as often as it allows; again in {}", pause(*.retry_after))]
    Exhausted {
        /// Who.
        source_name: &'static str,
        /// When it may be asked again.
        retry_after: Duration,
    },
    /// It took too long.
    #[error("it took too long")]
    TooLate,
}

fn pause(time: Duration) -> String {
    match time.as_secs().max(1) {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ ..7_200 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h", seconds.div_ceil(3_600)),
    }
}

impl Trouble {
    /// The same as readers are told it.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Arguments(_) | Self::Unknown(_) | Self::TooMany => Reason::ToolRejected,
            Self::Unavailable(_) | Self::Key(_) | Self::Exhausted { .. } => Reason::ToolUnavailable,
            Self::TooLate => Reason::DeadlineExceeded,
        }
    }

    /// The same call may do better later.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Exhausted { .. } | Self::TooLate)
    }
}

/// Why tools cannot be made from their settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unbuildable {
    /// The machine lacks what a connection needs, such as root certificates.
    #[error("no HTTP client can be made for {0}")]
    Client(&'static str),
    /// Its `base_url` is none.
    #[error("the base_url of {0} is no address")]
    Address(&'static str),
    /// Its key has characters that no header can carry.
    #[error("the key of {0} is none")]
    Key(&'static str),
}

/// Tools that may be called, by name. Clones are the same.
#[derive(Clone, Default)]
pub struct Toolbox {
    tools: BTreeMap<Arc<str>, Arc<dyn Tool>>,
    missing: BTreeMap<Arc<str>, &'static str>,
    specs: Arc<[ToolSpec]>,
    /// What a model has to read of them.
    bytes: usize,
}

/// All tools that these settings allow. Those that want a key that is not there are known as missing.
pub fn build(settings: &ToolSettings, clock: &Clock) -> Result<Toolbox, Unbuildable> {
    let mut offer = Offer::of([calculate::tool(), current_time::tool(clock.clone())]);
    offer.add(market::offer(settings, clock)?);
    offer.add(sports::offer(settings, clock)?);
    Ok(Toolbox::of(offer.tools, offer.missing))
}

/// What there is of a family of tools: those that can be called, and what has to be set for the others.
#[derive(Default)]
struct Offer {
    tools: Vec<Arc<dyn Tool>>,
    missing: BTreeMap<Arc<str>, &'static str>,
}

impl Offer {
    /// These, and none is missing.
    fn of(tools: impl IntoIterator<Item = Arc<dyn Tool>>) -> Self {
        Self { tools: tools.into_iter().collect(), missing: BTreeMap::new() }
    }

    /// None of these names, for all of which this has to be set.
    fn missing(names: &[&str], wants: &'static str) -> Self {
        let missing = names.iter().map(|name| ((*name).into(), wants)).collect();
        Self { tools: Vec::new(), missing }
    }

    /// And those.
    fn add(&mut self, mut other: Self) {
        self.tools.append(&mut other.tools);
        self.missing.append(&mut other.missing);
    }
}

impl Toolbox {
    /// These, and those that are missing, each with what has to be set for it.
    pub fn of(
        tools: impl IntoIterator<Item = Arc<dyn Tool>>,
        missing: BTreeMap<Arc<str>, &'static str>,
    ) -> Self {
        let named = |tool: Arc<dyn Tool>| (tool.spec().name.clone(), tool);
        let tools: BTreeMap<_, _> = tools.into_iter().map(named).collect();
        let specs: Arc<[_]> = tools.values().map(|tool| tool.spec().clone()).collect();
        let bytes = specs.iter().map(ToolSpec::bytes).sum();
        Self { tools, missing, specs, bytes }
    }

    /// Those of these names.
    #[must_use]
    pub fn only(&self, names: &[String]) -> Self {
        let wanted = |name: &Arc<str>| names.iter().any(|wanted| **wanted == **name);
        let tools = self.tools.iter().filter(|(name, _)| wanted(name));
        let missing = self.missing.iter().filter(|(name, _)| wanted(name));
        let missing = missing.map(|(name, wants)| (name.clone(), *wants)).collect();
        Self::of(tools.map(|(_, tool)| tool.clone()), missing)
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.tools.is_empty()
    }

    /// How a model is told of them.
    pub fn specs(&self) -> &Arc<[ToolSpec]> {
        &self.specs
    }

    /// What a model has to read of them, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Those that are not there, each with what has to be set for it.
    pub fn missing(&self) -> impl Iterator<Item = (&Arc<str>, &'static str)> {
        self.missing.iter().map(|(name, wants)| (name, *wants))
    }

    /// The name, where it is that of a tool; models make up others.
    pub fn known(&self, name: &str) -> Option<&Arc<str>> {
        self.tools.get_key_value(name).map(|(name, _)| name)
    }

    /// Calls the tool of this name.
    pub async fn call(&self, name: &str, arguments: Arc<str>) -> Result<Found, Trouble> {
        let Some(tool) = self.tools.get(name) else {
            let names: Vec<&str> = self.tools.keys().map(|name| &**name).collect();
            return Err(Trouble::Unknown(names.join(", ")));
        };
        let called = timeout(limits::TOOL_TIME_MAX, tool.call(arguments)).await;
        let mut found = called.map_err(|_elapsed| Trouble::TooLate)??;
        cut(&mut found.text, limits::TOOL_OUTPUT_BYTES_MAX);
        cut(&mut found.summary, limits::TOOL_SUMMARY_BYTES_MAX);
        Ok(found)
    }
}

/// What readers are told of a call that begins: the values of its arguments.
pub fn brief(arguments: &str) -> String {
    let values = match serde_json::from_str(arguments) {
        Ok(Value::Object(fields)) => fields.into_iter().map(|(_, value)| value).collect(),
        _ => Vec::new(),
    };
    let told = |value: Value| match value {
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    };
    let mut brief = values.into_iter().map(told).collect::<Vec<_>>().join(", ");
    cut(&mut brief, limits::TOOL_SUMMARY_BYTES_MAX);
    brief
}

/// So many bytes of it, and a sign that there was more.
fn cut(text: &mut String, bytes_max: usize) {
    if text.len() > bytes_max {
        text.truncate(text.floor_char_boundary(bytes_max - MORE.len()));
        text.push_str(MORE);
    }
}

const MORE: &str = " …";

/// The arguments as their tool takes them. What is wrong is told to the model, so that it can mend it.
fn arguments<T: DeserializeOwned>(json: &str) -> Result<T, Trouble> {
    serde_json::from_str(json)
        .map_err(|error| Trouble::Arguments(format!("the arguments are not right: {error}")))
}

fn spec(name: &str, description: &str, parameters: Value) -> ToolSpec {
    let parameters = Arc::new(parameters);
    ToolSpec { name: name.into(), description: description.into(), parameters }
}
