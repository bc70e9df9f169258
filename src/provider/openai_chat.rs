//! Chat Completions, as OpenAI and every compatible server speak it: Ollama, llama.cpp, vLLM.

mod body;
mod decoder;

use std::{borrow::Cow, sync::Arc};

use futures_util::{StreamExt, future::BoxFuture};
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub(super) use self::{body::ChatBody, decoder::ChatDecoder};
use super::{
    Answer, Failure, Provider, Request, Unbuildable,
    deadline::{self, Deadlines, Pulse},
    http::{self, Server},
    is_at,
    probe::{Lists, Probed, probe},
    replays::Replays,
    toolless,
};
use crate::{config::ProviderSettings, model::ProviderName};

/// Where OpenAI itself is.
pub(super) const HOST: &str = "api.openai.com";

/// Asks a server that speaks Chat Completions.
#[derive(Debug)]
struct OpenaiChat {
    server: Arc<Server>,
    deadlines: Deadlines,
    official: bool,
}

/// The provider for these settings.
pub(super) fn provider(
    name: ProviderName,
    settings: &ProviderSettings,
) -> Result<Arc<dyn Provider>, Unbuildable> {
    let headers = bearer(name.clone(), settings)?;
    Ok(Arc::new(OpenaiChat {
        server: Arc::new(Server::new(name, settings, headers)?),
        deadlines: settings.into(),
        official: is_at(settings, HOST),
    }))
}

impl Provider for OpenaiChat {
    fn name(&self) -> &ProviderName {
        &self.server.name
    }

    fn ask(&self, request: Request) -> BoxFuture<'static, Result<Answer, Failure>> {
        let (server, official) = (Arc::clone(&self.server), self.official);
        deadline::within(self.deadlines, move |pulse| async move {
            let ask = |request| chat(&server, request, official, pulse.clone());
            toolless::ask(&server, request, ask).await
        })
    }

    fn probe(&self, models: Vec<Arc<str>>) -> Option<BoxFuture<'static, Probed>> {
        Some(probe(self.server.clone(), lists(self.official), models))
    }
}

/// Asks the server by Chat Completions.
pub(super) async fn chat(
    server: &Server,
    request: Request,
    official: bool,
    pulse: Pulse,
) -> Result<Answer, Failure> {
    let body = ChatBody::new(&request, &server.name, official);
    let response = server.ask(&request, "/chat/completions", &body).await?;
    let decoder = ChatDecoder::new(Replays::new(&request, &server.name));
    Ok(server.answer(response, pulse, decoder).await?.boxed())
}

/// What a server wants to see again with a call, as it sent it: `DeepSeek` what its model thought, Gemini
/// what it signed.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Again<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<Cow<'a, str>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    extra_content: Option<&'a RawValue>,
}

/// Where OpenAI and those who follow it tell of their models.
pub(super) fn lists(official: bool) -> Lists {
    Lists { path: "/models", query: None, official }
}

/// The key, as OpenAI and those who follow it want it; none where there is none.
pub(super) fn bearer(
    name: ProviderName,
    settings: &ProviderSettings,
) -> Result<HeaderMap, Unbuildable> {
    super::key(settings).map_or_else(
        || Ok(HeaderMap::new()),
        |key| {
            let header = http::secret(AUTHORIZATION, &format!("Bearer {key}"));
            header.map(|header| HeaderMap::from_iter([header])).ok_or(Unbuildable::Key(name))
        },
    )
}
