//! Chat Completions, as OpenAI and every compatible server speak it: Ollama, llama.cpp, vLLM.

mod body;
mod decoder;

use std::sync::Arc;

use futures_util::{StreamExt, future::BoxFuture};

pub(super) use self::{body::ChatBody, decoder::ChatDecoder};
use super::{
    Answer, Failure, Provider, Request, Unbuildable,
    deadline::{self, Deadlines},
    http::Server,
    is_at, openai,
};
use crate::{config::ProviderSettings, model::ProviderName};

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
    let headers = openai::bearer(name.clone(), settings)?;
    Ok(Arc::new(OpenaiChat {
        server: Arc::new(Server::new(name, settings, headers)?),
        deadlines: settings.into(),
        official: is_at(settings, openai::HOST),
    }))
}

impl Provider for OpenaiChat {
    fn name(&self) -> &ProviderName {
        &self.server.name
    }

    fn ask(&self, request: Request) -> BoxFuture<'static, Result<Answer, Failure>> {
        let (server, official) = (Arc::clone(&self.server), self.official);
        deadline::within(self.deadlines, move |pulse| async move {
            let body = ChatBody::new(&request, official);
            let response = server.ask(&request.model, "/chat/completions", &body).await?;
            Ok(server.answer::<ChatDecoder>(response, pulse).await?.boxed())
        })
    }
}
