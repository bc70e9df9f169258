//! One source of data on the web: asked as often as its plan allows, and the same question once.
//!
//! Invariants: a key is in no log, no trouble and no answer that is kept; what a source says of a failure
//! goes no further than its `Manners::judge`; redirects are not followed, for they would carry the key
//! elsewhere; of failures only that nothing is left is remembered.

mod answers;
mod gate;
#[cfg(test)]
mod tests;

use std::{any::TypeId, sync::Arc, time::Duration};

use futures_util::FutureExt;
use reqwest::{
    Client, Response, StatusCode, Url,
    header::{AUTHORIZATION, DATE, HeaderMap, HeaderValue, RETRY_AFTER},
    redirect::Policy,
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use self::{
    answers::{Answer, Answers, Looked},
    gate::Gate,
};
use super::{Trouble, Unbuildable};
use crate::{limits, model::retry_after};

pub(super) use self::gate::Allowance;

/// As who a source is asked where it does not want to know more.
pub(super) const USER_AGENT: &str = concat!("operatoros/", env!("CARGO_PKG_VERSION"));

/// A source. Clones are the same: its connections, its answers and what is left of its plan.
#[derive(Clone)]
pub(super) struct Source(Arc<Inner>);

struct Inner {
    manners: Manners,
    base: Url,
    client: Client,
    gate: Gate,
    answers: Answers,
}

/// What is particular to a source.
pub(super) struct Manners {
    /// What it is called, to model and reader.
    pub(super) name: &'static str,
    /// As who it is asked.
    pub(super) user_agent: String,
    /// How it knows who asks.
    pub(super) key: Key,
    /// How often it may be asked; all of them hold.
    pub(super) allows: Vec<Allowance>,
    /// What an answer of it means.
    pub(super) judge: Judge,
}

/// Says what an answer means, and may note what else it tells, such as what is left of a plan.
pub(super) type Judge = Box<dyn Fn(&Reply<'_>) -> Verdict + Send + Sync>;

/// How a source knows who asks.
pub(super) enum Key {
    /// It does not.
    None,
    /// By this parameter of the query.
    Query(&'static str, SecretString),
    /// By a header.
    Bearer(SecretString),
}

/// What a source has answered.
pub(super) struct Reply<'a> {
    pub(super) status: u16,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is one.
    Answer,
    /// It is one, and for so long there will be no other: nothing is left of the plan.
    Last(Duration),
    /// Nothing is known of what was asked, which is an answer as well.
    Nothing,
    /// The key is refused, or its plan does not cover this.
    Refused,
    /// Nothing is left of the plan for so long.
    Exhausted(Duration),
    /// Something else went wrong.
    Failed,
}

/// What a source is asked.
pub(super) struct Question<'a> {
    /// Below the base, part by part; each is encoded.
    pub(super) path: &'a [&'a str],
    /// Without the key.
    pub(super) query: &'a [(&'a str, &'a str)],
    /// How long its answer may be told again.
    pub(super) keeps: Duration,
}

/// Which answer: as what it was read, and the path and query without the key.
type Asked = (TypeId, String);

impl Source {
    /// Prepares for the source; nothing is sent yet.
    pub(super) fn new(base_url: &str, manners: Manners) -> Result<Self, Unbuildable> {
        let name = manners.name;
        let base = Url::parse(base_url).ok().filter(|base| !base.cannot_be_a_base());
        let base = base.ok_or(Unbuildable::Address(name))?;
        let mut headers = HeaderMap::new();
        if let Key::Bearer(key) = &manners.key {
            let value = HeaderValue::try_from(format!("Bearer {}", key.expose_secret()));
            let mut value = value.map_err(|_| Unbuildable::Key(name))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let client = Client::builder()
            .user_agent(&manners.user_agent)
            .default_headers(headers)
            .connect_timeout(limits::SOURCE_CONNECT_WITHIN)
            .redirect(Policy::none())
            .gzip(true)
            .build()
            .map_err(|_| Unbuildable::Client(name))?;
        let (gate, answers) = (Gate::new(&manners.allows), Answers::default());
        Ok(Self(Arc::new(Inner { manners, base, client, gate, answers })))
    }

    /// What it is called, to model and reader.
    pub(super) fn name(&self) -> &'static str {
        self.0.manners.name
    }

    /// Asks it, or tells again what it said; `None` where nothing is known of what was asked. Whoever
    /// asks the same meanwhile waits for the same request, which ends when nobody waits any more.
    pub(super) async fn ask<T>(&self, question: &Question<'_>) -> Result<Option<Arc<T>>, Trouble>
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        let url = self.0.url(question);
        let asked: Asked = (TypeId::of::<T>(), shown(&url));
        let looked = self.0.answers.look(&asked, || {
            let (inner, asked, keeps) = (self.0.clone(), asked.clone(), question.keeps);
            async move { inner.fetch::<T>(url, asked, keeps).await }.boxed().shared()
        });
        let answer = match looked {
            Looked::Known(answer) => answer,
            Looked::Asked(flight) => flight.await?,
        };
        // The type is part of what was asked, so that it is always this one.
        Ok(answer.and_then(|answer| answer.downcast().ok()))
    }
}

impl Inner {
    /// Where the question is asked, without the key.
    fn url(&self, question: &Question<'_>) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(question.path);
        }
        if !question.query.is_empty() {
            url.query_pairs_mut().extend_pairs(question.query);
        }
        url
    }

    async fn fetch<T>(&self, url: Url, asked: Asked, keeps: Duration) -> Result<Answer, Trouble>
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        let fetched = self.ask_now::<T>(url).await;
        match &fetched {
            Ok((answer, bytes)) => self.answers.keep(asked, (answer.clone(), *bytes), keeps),
            Err(_) => self.answers.forget(&asked),
        }
        fetched.map(|(answer, _)| answer)
    }

    /// The answer, and how long it was.
    async fn ask_now<T>(&self, url: Url) -> Result<(Answer, usize), Trouble>
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        let source = self.manners.name;
        let exhausted = |retry_after| Trouble::Exhausted { source_name: source, retry_after };
        self.gate.pass().await.map_err(exhausted)?;
        let fetched = timeout(limits::SOURCE_ANSWER_WITHIN, self.send(url)).await;
        let (status, headers, body) = fetched.map_err(|_elapsed| {
            tracing::warn!(source, "the source takes too long");
            Trouble::Unavailable(source)
        })??;
        let reply = Reply { status: status.as_u16(), headers: &headers, body: &body };
        let verdict = (self.manners.judge)(&reply);
        if !matches!(verdict, Verdict::Answer | Verdict::Nothing) {
            tracing::warn!(source, status = status.as_u16(), ?verdict, "the source has answered");
        }
        match verdict {
            Verdict::Answer | Verdict::Last(_) => {
                if let Verdict::Last(rest) = verdict {
                    self.gate.rest(rest);
                }
                let read = serde_json::from_slice::<T>(&body);
                let read =
                    read.map_err(|_| self.unreadable("its answer is not what it should be"))?;
                Ok((Some(Arc::new(read)), body.len()))
            }
            Verdict::Nothing => Ok((None, 0)),
            Verdict::Refused => Err(Trouble::Key(source)),
            Verdict::Exhausted(rest) => Err(exhausted(self.gate.rest(rest))),
            Verdict::Failed => Err(Trouble::Unavailable(source)),
        }
    }

    async fn send(&self, url: Url) -> Result<(StatusCode, HeaderMap, Vec<u8>), Trouble> {
        let request = self.client.get(self.signed(url)).send().await;
        let mut response = request.map_err(|error| self.unreachable(&error))?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        Ok((status, headers, self.read(response).await?))
    }

    /// With the key, where it travels in the address.
    fn signed(&self, mut url: Url) -> Url {
        if let Key::Query(name, key) = &self.manners.key {
            url.query_pairs_mut().append_pair(name, key.expose_secret());
        }
        url
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, Trouble> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
            if body.len() + chunk.len() > limits::SOURCE_BODY_BYTES_MAX {
                return Err(self.unreadable("its answer is too long"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// Only what kind of error it is: its own words hold the address, and that holds the key.
    fn unreachable(&self, error: &reqwest::Error) -> Trouble {
        tracing::warn!(
            source = self.manners.name,
            connect = error.is_connect(),
            timeout = error.is_timeout(),
            "the source cannot be reached"
        );
        Trouble::Unavailable(self.manners.name)
    }

    fn unreadable(&self, why: &'static str) -> Trouble {
        tracing::warn!(source = self.manners.name, why, "the source cannot be understood");
        Trouble::Unavailable(self.manners.name)
    }
}

/// Path and query.
fn shown(url: &Url) -> String {
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

impl Reply<'_> {
    /// What the status alone says, which is all that most sources need.
    pub(super) fn by_status(&self) -> Verdict {
        match self.status {
            200..=299 => Verdict::Answer,
            401..=403 => Verdict::Refused,
            404 => Verdict::Nothing,
            429 => Verdict::Exhausted(self.retry_after()),
            _ => Verdict::Failed,
        }
    }

    /// When it may be asked again, as it says itself, or as is usual.
    pub(super) fn retry_after(&self) -> Duration {
        let header = |name| self.headers.get(name).and_then(|value| value.to_str().ok());
        let asked = header(RETRY_AFTER).and_then(|said| retry_after(said, header(DATE)));
        asked.unwrap_or(limits::SOURCE_REST_ASSUMED)
    }
}
