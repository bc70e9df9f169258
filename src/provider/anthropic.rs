//! Anthropic: Messages.

mod body;
mod decoder;

use std::sync::Arc;

use futures_util::{StreamExt, future::BoxFuture};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

pub(super) use self::{body::MessagesBody, decoder::MessagesDecoder};
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

/// Where Anthropic itself is.
pub(super) const HOST: &str = "api.anthropic.com";
/// The version that compatible servers know too; nothing of a later one is used.
const VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");
const VERSION_HEADER: HeaderName = HeaderName::from_static("anthropic-version");
/// It lists twenty where nobody asks for more.
const WHOLE_LIST: &str = "limit=1000";
const KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");

/// Asks Anthropic's Messages.
#[derive(Debug)]
struct Anthropic {
    server: Arc<Server>,
    deadlines: Deadlines,
    official: bool,
}

/// The provider for these settings.
pub(super) fn provider(
    name: ProviderName,
    settings: &ProviderSettings,
) -> Result<Arc<dyn Provider>, Unbuildable> {
    let mut headers = HeaderMap::from_iter([(VERSION_HEADER, VERSION)]);
    if let Some(key) = super::key(settings) {
        let header = http::secret(KEY_HEADER, key);
        headers.extend([header.ok_or_else(|| Unbuildable::Key(name.clone()))?]);
    }
    let server = Arc::new(Server::new(name, settings, headers)?);
    let official = is_at(settings, HOST);
    Ok(Arc::new(Anthropic { server, deadlines: settings.into(), official }))
}

impl Provider for Anthropic {
    fn name(&self) -> &ProviderName {
        &self.server.name
    }

    fn ask(&self, request: Request) -> BoxFuture<'static, Result<Answer, Failure>> {
        let server = Arc::clone(&self.server);
        deadline::within(self.deadlines, move |pulse| async move {
            toolless::ask(&server, request, |request| ask(&server, request, pulse.clone())).await
        })
    }

    fn probe(&self, models: Vec<Arc<str>>) -> Option<BoxFuture<'static, Probed>> {
        let lists = Lists { path: "/v1/models", query: Some(WHOLE_LIST), official: self.official };
        Some(probe(self.server.clone(), lists, models))
    }
}

async fn ask(server: &Server, request: Request, pulse: Pulse) -> Result<Answer, Failure> {
    let body = MessagesBody::new(&request, &server.name);
    let response = server.ask(&request, "/v1/messages", &body).await?;
    let decoder = MessagesDecoder::new(Replays::new(&request, &server.name));
    Ok(server.answer(response, pulse, decoder).await?.boxed())
}
