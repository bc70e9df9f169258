//! One provider's server: posting JSON to it, and telling why it did not answer.
//!
//! Invariants: a key is only ever in a header marked sensitive; no body text and no address is
//! logged; redirects are not followed, for they would carry the conversation elsewhere.

use std::time::Duration;

use futures_util::{Stream, StreamExt, TryStreamExt};
use reqwest::{
    Client, Response, Url,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};
use serde::Serialize;
use tracing::Span;

use super::{
    Failure, Piece, Request, Retry, Unbuildable,
    deadline::Pulse,
    decode::{self, Body, Decoder},
    quota::Quotas,
    refusal, sse,
    toolless::Toolless,
};
use crate::{
    config::ProviderSettings,
    limits::{ERROR_BODY_BYTES_MAX, SSE_EVENT_BYTES_MAX},
    model::{ProviderName, Reason, TraceParent},
};

/// Where a request stands in a trace, by W3C's Trace Context.
const TRACEPARENT: &str = "traceparent";
const USER_AGENT: &str = concat!("operatoros/", env!("CARGO_PKG_VERSION"));
/// Silence on a connection after which the machine asks whether its other end still lives.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// A provider's server and the connections to it.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) name: ProviderName,
    base: String,
    client: Client,
    quotas: Quotas,
    pub(super) toolless: Toolless,
    /// It is told where a request stands in a trace.
    trace: bool,
}

impl Server {
    /// Prepares for the server; nothing is sent yet.
    pub(super) fn new(
        name: ProviderName,
        settings: &ProviderSettings,
        mut headers: HeaderMap,
    ) -> Result<Self, Unbuildable> {
        let base = settings.base_url.trim_end_matches('/').to_owned();
        if Url::parse(&base).is_err() {
            return Err(Unbuildable::BaseUrl(name));
        }
        // gzip stays off: a compressed stream holds tokens back until a block is full. Who says
        // nothing takes any coding, so it is said. HTTP/2 stays off as well: the client opens one
        // connection, and servers allow about 100 answers on it.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let client = Client::builder()
            .http1_only()
            .user_agent(USER_AGENT)
            .connect_timeout(Duration::from_millis(settings.connect_ms))
            .tcp_nodelay(true)
            .tcp_keepalive(KEEPALIVE)
            .redirect(Policy::none())
            .gzip(false)
            .default_headers(headers)
            .build();
        let (quotas, trace) = (Quotas::default(), settings.trace);
        match client {
            Ok(client) => {
                let toolless = Toolless::default();
                Ok(Self { name, base, client, quotas, toolless, trace })
            }
            Err(_) => Err(Unbuildable::Client(name)),
        }
    }

    /// Posts for an answer to the request, unless its model's key is known to be spent.
    pub(super) async fn ask<T: Serialize + Sync>(
        &self,
        request: &Request,
        path: &str,
        body: &T,
    ) -> Result<Response, Failure> {
        self.quotas.check(&request.model)?;
        let response = self.send(path, body, request.trace).await?;
        self.quotas.note(&request.model, response.status(), response.headers());
        self.granted(response).await
    }

    /// Posts; an answer other than 2xx is a failure.
    pub(super) async fn post<T: Serialize + Sync>(
        &self,
        path: &str,
        body: &T,
    ) -> Result<Response, Failure> {
        let response = self.send(path, body, None).await?;
        self.granted(response).await
    }

    /// Where something of the server lies.
    pub(super) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.base)).expect("the base was read when it was set")
    }

    /// Gets, whatever is answered; `None` where nothing is.
    pub(super) async fn get(&self, url: Url) -> Option<Response> {
        self.client.get(url).send().await.ok()
    }

    async fn send<T: Serialize + Sync>(
        &self,
        path: &str,
        body: &T,
        trace: Option<TraceParent>,
    ) -> Result<Response, Failure> {
        let mut post = self.client.post(format!("{}{path}", self.base)).json(body);
        if let Some(place) = trace.filter(|_| self.trace) {
            post = post.header(TRACEPARENT, place.to_string());
        }
        let sent = post.send().await;
        sent.map_err(|error| self.unreachable(&error))
    }

    async fn granted(&self, response: Response) -> Result<Response, Failure> {
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(self.refused(response).await)
        }
    }

    /// The pieces of an answer that was posted for.
    pub(super) async fn answer<D: Decoder>(
        &self,
        response: Response,
        pulse: Pulse,
        decoder: D,
    ) -> Result<impl Stream<Item = Result<Piece, Failure>> + Send + use<D>, Failure> {
        let provider = self.name.clone();
        let request_id = request_id(response.headers()).map(str::to_owned);
        // Whoever takes the pieces may be elsewhere by then.
        let asking = Span::current();
        let pieces = decode::pieces(body(response, pulse).await?, decoder);
        Ok(pieces.inspect_err(move |failure| {
            let _about = asking.enter();
            let request_id = request_id.as_deref();
            tracing::warn!(%provider, %failure, request_id, "the answer failed");
        }))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        tracing::warn!(
            provider = %self.name,
            connect = error.is_connect(),
            timeout = error.is_timeout(),
            "the provider cannot be reached"
        );
        let (reason, retry) = if error.is_builder() {
            (Reason::Internal, Retry::Never)
        } else {
            (Reason::ProviderUnavailable, Retry::Soon)
        };
        Failure { reason, retry, status: None, code: None }
    }

    async fn refused(&self, response: Response) -> Failure {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // What of the body could be read is enough; a body cut off does not hide the status.
        let body = read(response, ERROR_BODY_BYTES_MAX).await.0;
        let failure = refusal::classify(status, &headers, &body);
        tracing::warn!(
            provider = %self.name,
            status,
            code = failure.code,
            request_id = request_id(&headers),
            "the provider refused"
        );
        failure
    }
}

/// The body of an answer with 2xx, as events or, where the server says that it is JSON, whole.
async fn body(
    response: Response,
    pulse: Pulse,
) -> Result<Body<impl Stream<Item = Result<sse::Event, Failure>> + Send>, Failure> {
    let coding = response.headers().get(CONTENT_ENCODING);
    if coding.is_some_and(|coding| coding != "identity") {
        return Err(sse::unreadable());
    }
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    match kind {
        Some(kind) if kind.contains("json") => Ok(Body::Whole(json(response).await?)),
        Some(kind) if kind.contains("html") => Err(sse::unreadable()),
        _ => {
            let bytes = response.bytes_stream().inspect_ok(move |_| pulse.beat());
            let (events, unread) = sse::events(bytes);
            Ok(Body::Stream(events, unread))
        }
    }
}

/// A body that is one document.
pub(super) async fn json(response: Response) -> Result<Vec<u8>, Failure> {
    match read(response, SSE_EVENT_BYTES_MAX).await {
        (body, Whole::Yes) => Ok(body),
        (_, Whole::TooLong) => Err(sse::unreadable()),
        (_, Whole::BrokenOff) => Err(super::truncated()),
    }
}

/// Whether a body was read to its end.
pub(super) enum Whole {
    Yes,
    TooLong,
    BrokenOff,
}

/// As much of a body as may be read.
pub(super) async fn read(response: Response, bytes_max: usize) -> (Vec<u8>, Whole) {
    let mut body = Vec::new();
    let mut bytes = response.bytes_stream();
    while let Some(chunk) = bytes.next().await {
        let Ok(chunk) = chunk else { return (body, Whole::BrokenOff) };
        let room = bytes_max - body.len();
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if chunk.len() > room {
            return (body, Whole::TooLong);
        }
    }
    (body, Whole::Yes)
}

fn request_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get("x-request-id").or_else(|| headers.get("request-id"))?;
    id.to_str().ok()
}

/// A header whose value no log will show.
pub(super) fn secret(name: HeaderName, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let mut value = HeaderValue::try_from(value).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}
