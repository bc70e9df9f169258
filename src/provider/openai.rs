//! OpenAI: Responses, and Conversations to hold the history where settings want it so. A compatible
//! server that does not know them is asked by Chat Completions.
//!
//! Invariant: the provider's copy of a conversation is an optimisation; when it is gone, the same
//! request goes out again whole, inside the same ask.

mod body;
mod decoder;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_stream::stream;
use futures_util::{Stream, StreamExt, future::BoxFuture};
use serde::Deserialize;

use self::body::{InputItem, ItemsBody, inputs};
pub(super) use self::{body::ResponseBody, decoder::ResponsesDecoder};
use super::{
    Answer, Failure, Item, Piece, Provider, Request, Unbuildable,
    deadline::{self, Deadlines, Pulse},
    decode::NAME_BYTES_MAX,
    http::{self, Server},
    is_at,
    lenient::Text,
    openai_chat::{HOST, bearer, chat, lists},
    probe::{Probed, probe},
    replays::Replays,
    sse, toolless,
};
use crate::{
    config::ProviderSettings,
    limits::ANSWER_BYTES_MAX,
    model::{FinishReason, ProviderName, Reason},
};

/// Asks OpenAI's Responses.
#[derive(Debug)]
pub(super) struct Openai {
    server: Arc<Server>,
    deadlines: Deadlines,
    /// Whether the provider is to keep the conversations. Ends when it says that it cannot.
    keeps: AtomicBool,
    /// The server is a compatible one that knows Chat Completions only, as it turned out.
    chats: AtomicBool,
    official: bool,
}

/// The provider for these settings.
pub(super) fn provider(
    name: ProviderName,
    settings: &ProviderSettings,
) -> Result<Arc<dyn Provider>, Unbuildable> {
    let server = Arc::new(Server::new(name.clone(), settings, bearer(name, settings)?)?);
    let (keeps, chats) = (AtomicBool::new(settings.server_state), AtomicBool::new(false));
    let (deadlines, official) = (settings.into(), is_at(settings, HOST));
    Ok(Arc::new(Shared(Arc::new(Openai { server, deadlines, keeps, chats, official }))))
}

/// An answer outlives the call that began it, and holds what it needs.
struct Shared(Arc<Openai>);

impl Provider for Shared {
    fn name(&self) -> &ProviderName {
        &self.0.server.name
    }

    fn ask(&self, request: Request) -> BoxFuture<'static, Result<Answer, Failure>> {
        let openai = Arc::clone(&self.0);
        deadline::within(openai.deadlines, move |pulse| async move {
            let ask = |request| ask(openai.clone(), request, pulse.clone());
            toolless::ask(&openai.server, request, ask).await
        })
    }

    fn probe(&self, models: Vec<Arc<str>>) -> Option<BoxFuture<'static, Probed>> {
        Some(probe(self.0.server.clone(), lists(self.0.official), models))
    }
}

async fn ask(openai: Arc<Openai>, request: Request, pulse: Pulse) -> Result<Answer, Failure> {
    if openai.chats.load(Ordering::Relaxed) {
        return chat(&openai.server, request, openai.official, pulse).await;
    }
    if let Some(answer) = openai.go_on(&request, pulse.clone()).await {
        return answer;
    }
    match openai.respond(&request, None, pulse.clone()).await {
        Ok(answer) if openai.keeps() => Ok(kept(openai, request, answer).boxed()),
        Ok(answer) => Ok(answer.boxed()),
        Err(failure) if openai.may_only_chat(&failure) => openai.chat(request, pulse).await,
        Err(failure) => Err(failure),
    }
}

/// Whether the request may do better with the whole history in it: the conversation is gone, busy,
/// or has grown beyond the model while ours is cut to fit.
fn is_lost(failure: &Failure) -> bool {
    match failure.code {
        Some("model_not_found") => false,
        Some("conversation_not_found" | "conversation_locked" | "previous_response_not_found") => {
            true
        }
        _ => failure.status == Some(404) || failure.reason == Reason::ContextTooLong,
    }
}

/// Whether it stays in the conversation. How an answer came about is of no use to the next one, which
/// could miss a part of it and be refused for that.
fn is_said(item: &Item) -> bool {
    matches!(item, Item::User(_) | Item::Briefing(_) | Item::Assistant(_))
}

/// The answer by the provider's own copy of the conversation, which by itself takes in a whole one and
/// what was asked; then its id again.
fn joined(
    remote: Arc<str>,
    answer: impl Stream<Item = Result<Piece, Failure>> + Send,
) -> impl Stream<Item = Result<Piece, Failure>> + Send {
    stream! {
        let mut whole = false;
        {
            let mut answer = std::pin::pin!(answer);
            while let Some(piece) = answer.next().await {
                whole |= is_whole(&piece);
                yield piece;
            }
        }
        if whole {
            yield Ok(Piece::Remote(remote));
        }
    }
}

/// The end of an answer that is neither cut nor waiting for tools.
fn is_whole(piece: &Result<Piece, Failure>) -> bool {
    matches!(piece, Ok(Piece::End(end)) if end.finish_reason == FinishReason::Stop)
}

/// The answer, and after its end the id under which the provider holds the conversation by then.
fn kept(
    openai: Arc<Openai>,
    request: Request,
    answer: impl Stream<Item = Result<Piece, Failure>> + Send,
) -> impl Stream<Item = Result<Piece, Failure>> + Send {
    stream! {
        let mut said = String::new();
        let mut whole = false;
        {
            let mut answer = std::pin::pin!(answer);
            while let Some(piece) = answer.next().await {
                match &piece {
                    Ok(Piece::Text(text)) if said.len() <= ANSWER_BYTES_MAX => said.push_str(text),
                    _ => whole |= is_whole(&piece),
                }
                yield piece;
            }
        }
        if whole && !said.is_empty() && said.len() <= ANSWER_BYTES_MAX {
            let mut items = request.items;
            items.push(Item::Assistant(said.into()));
            items.retain(is_said);
            if let Some(id) = openai.hold(&inputs(&items, &openai.server.name)).await {
                yield Ok(Piece::Remote(id));
            }
        }
    }
}

impl Openai {
    fn keeps(&self) -> bool {
        self.keeps.load(Ordering::Relaxed)
    }

    /// The answer by the provider's own copy of the conversation; `None` where there is none, or no
    /// more, so that the whole history must be sent.
    async fn go_on(&self, request: &Request, pulse: Pulse) -> Option<Result<Answer, Failure>> {
        let remote = request.remote.clone().filter(|_| self.keeps())?;
        match self.respond(request, Some(&remote), pulse).await {
            Err(failure) if is_lost(&failure) => {
                tracing::debug!(provider = %self.server.name, code = failure.code, "replays");
                None
            }
            answer => Some(answer.map(|answer| joined(remote, answer).boxed())),
        }
    }

    /// Asks by Chat Completions, and from then on always where that is answered.
    async fn chat(&self, request: Request, pulse: Pulse) -> Result<Answer, Failure> {
        let answer = chat(&self.server, request, self.official, pulse).await?;
        tracing::info!(provider = %self.server.name, "speaks Chat Completions only");
        self.chats.store(true, Ordering::Relaxed);
        Ok(answer)
    }

    /// Most compatible servers do not know Responses, and say so by knowing no such path.
    fn may_only_chat(&self, failure: &Failure) -> bool {
        !self.official && failure.code.is_none() && matches!(failure.status, Some(404 | 405 | 501))
    }

    async fn respond(
        &self,
        request: &Request,
        remote: Option<&Arc<str>>,
        pulse: Pulse,
    ) -> Result<impl Stream<Item = Result<Piece, Failure>> + Send + use<>, Failure> {
        let (server, remote) = (&self.server, remote.map(|remote| &**remote));
        let body = ResponseBody::new(request, &server.name, remote);
        let response = server.ask(request, "/responses", &body).await?;
        let replays = Replays::new(request, &server.name);
        server.answer(response, pulse, ResponsesDecoder::new(replays)).await
    }

    /// Hands the conversation over; none when that failed, which costs nothing but the saving.
    async fn hold(&self, items: &[InputItem<'_>]) -> Option<Arc<str>> {
        let held = self.try_hold(items).await;
        if let Err(failure) = &held {
            if matches!(failure.status, Some(404 | 405)) {
                self.keeps.store(false, Ordering::Relaxed);
            }
            tracing::debug!(provider = %self.server.name, %failure, "holds no conversation");
        }
        held.ok()
    }

    async fn try_hold(&self, items: &[InputItem<'_>]) -> Result<Arc<str>, Failure> {
        let mut batches = ItemsBody::batches(items);
        let first = batches.next().ok_or_else(sse::unreadable)?;
        let created = self.server.post("/conversations", &first).await?;
        let created = http::json(created).await?;
        let Created { id } = serde_json::from_slice(&created).map_err(|_| sse::unreadable())?;
        // The id becomes a part of a path.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if !(1..=NAME_BYTES_MAX).contains(&id.len()) || !id.chars().all(plain) {
            return Err(sse::unreadable());
        }
        let path = format!("/conversations/{}/items", &*id);
        for batch in batches {
            http::json(self.server.post(&path, &batch).await?).await?;
        }
        Ok((&*id).into())
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Created<'a> {
    #[serde(borrow)]
    id: Text<'a>,
}
