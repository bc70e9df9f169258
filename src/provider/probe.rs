//! Whether a provider's server can be reached, takes the key, and has the models that are asked of
//! it: found out by asking for its list of models, which costs nothing.
//!
//! Invariants: a `GET` is all that is ever sent, and never through a pool: it takes no room, counts
//! as no attempt and moves no breaker. Of what the server says only names that we brought are kept.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use reqwest::{Response, StatusCode, Url};
use serde::Deserialize;
use tokio::time::{Instant, timeout};

use super::{
    Retry,
    http::{self, Server},
    lenient::Text,
    refusal,
};
use crate::{
    limits::{ERROR_BODY_BYTES_MAX, PROBE_BODY_BYTES_MAX, PROBE_MODELS_MAX, PROBE_WITHIN},
    model::Reason,
};

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probed {
    /// It answers, and takes the key.
    Well {
        /// How long it took to begin its answer.
        took: Duration,
        /// Of the models that are asked of it, those that it says it has not.
        unknown: Vec<Arc<str>>,
        /// Those that it does not list, and may know by another name.
        unlisted: Vec<Arc<str>>,
    },
    /// It answers, but tells nobody, or not this key, which models it has.
    Reticent {
        /// How long it took to begin its answer.
        took: Duration,
    },
    /// It answers, and wants to be left alone; for how long, where it says so.
    Busy(Option<Duration>),
    /// It refuses the key.
    Refused,
    /// It answers that it does not work.
    Failing,
    /// No answer came.
    Unreachable,
}

impl Probed {
    /// How long the server took to begin its answer, where it was one.
    pub fn took(&self) -> Option<Duration> {
        match self {
            Self::Well { took, .. } | Self::Reticent { took } => Some(*took),
            Self::Busy(_) | Self::Refused | Self::Failing | Self::Unreachable => None,
        }
    }
}

/// Where a provider tells of its models.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lists {
    /// The path of the list; a model's own lies below it.
    pub(super) path: &'static str,
    /// What the list is asked with.
    pub(super) query: Option<&'static str>,
    /// This is the vendor itself: a model of which it says 404 is not there.
    pub(super) official: bool,
}

/// Probes the server, within its own deadline.
pub(super) fn probe(
    server: Arc<Server>,
    lists: Lists,
    models: Vec<Arc<str>>,
) -> BoxFuture<'static, Probed> {
    async move {
        let probe = Probe { server: &server, lists };
        timeout(PROBE_WITHIN, probe.run(models)).await.unwrap_or(Probed::Unreachable)
    }
    .boxed()
}

struct Probe<'a> {
    server: &'a Server,
    lists: Lists,
}

/// What the server says of one model.
enum Said {
    Known,
    Unknown,
    Nothing,
}

impl Probe<'_> {
    async fn run(&self, models: Vec<Arc<str>>) -> Probed {
        let asked = Instant::now();
        let mut list = self.server.url(self.lists.path);
        list.set_query(self.lists.query);
        let Some(response) = self.server.get(list).await else { return Probed::Unreachable };
        let took = asked.elapsed();
        if !response.status().is_success() {
            return refused(response, took).await;
        }
        let (body, _) = http::read(response, PROBE_BODY_BYTES_MAX).await;
        let List { data } = serde_json::from_slice(&body).unwrap_or_default();
        if data.is_empty() {
            return Probed::Reticent { took };
        }
        let (mut unknown, mut unlisted) = (Vec::new(), Vec::new());
        let listed = |model: &Arc<str>| data.iter().any(|listed| listed.is(model));
        for model in models.into_iter().filter(|model| !listed(model)).take(PROBE_MODELS_MAX) {
            match self.model(&model).await {
                Said::Known => {}
                Said::Unknown => unknown.push(model),
                Said::Nothing => unlisted.push(model),
            }
        }
        Probed::Well { took, unknown, unlisted }
    }

    /// A list may leave out other names of its models, and some servers take any name. So a model
    /// is only called unknown where the server says so itself.
    async fn model(&self, model: &str) -> Said {
        let mut one: Url = self.server.url(self.lists.path);
        if let Ok(mut path) = one.path_segments_mut() {
            path.push(model);
        }
        let Some(response) = self.server.get(one).await else { return Said::Nothing };
        let status = response.status();
        if status.is_success() {
            return Said::Known;
        }
        let said = read_refusal(response).await.0;
        let vendor = self.lists.official && status == StatusCode::NOT_FOUND;
        if vendor || said.code == Some("model_not_found") { Said::Unknown } else { Said::Nothing }
    }
}

/// What an answer other than 2xx to the question for the list says of the server. That a key may not
/// read the list (403, or 401 for want of a scope) says nothing of what it may ask.
async fn refused(response: Response, took: Duration) -> Probed {
    let status = response.status();
    let (failure, scope) = read_refusal(response).await;
    let banned = failure.code == Some("unsupported_country_region_territory");
    match (failure.reason, failure.retry) {
        (Reason::ProviderAuth, _) if banned => Probed::Refused,
        (Reason::ProviderAuth, _) if status == StatusCode::UNAUTHORIZED && !scope => {
            Probed::Refused
        }
        (Reason::ProviderRateLimited, Retry::After(pause)) => Probed::Busy(Some(pause)),
        (Reason::ProviderRateLimited, _) => Probed::Busy(None),
        _ if status == StatusCode::NOT_IMPLEMENTED => Probed::Reticent { took },
        (Reason::ProviderUnavailable, _) => Probed::Failing,
        _ => Probed::Reticent { took },
    }
}

/// The refusal, as that of an answer would be read, and whether it is for want of a scope.
async fn read_refusal(response: Response) -> (super::Failure, bool) {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let (body, _) = http::read(response, ERROR_BODY_BYTES_MAX).await;
    (refusal::classify(status, &headers, &body), refusal::lacks_scope(&body))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct List<'a> {
    #[serde(borrow)]
    data: Vec<Listed<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Listed<'a> {
    #[serde(borrow)]
    id: Text<'a>,
}

impl Listed<'_> {
    /// Ollama lists `llama3:latest`, Google `models/gemini-…`, and LiteLLM what holds a `*`.
    fn is(&self, model: &str) -> bool {
        let id = self.id.strip_prefix("models/").unwrap_or(&self.id);
        let tagged = id.strip_prefix(model).is_some_and(|rest| rest.starts_with(':'));
        id == model || tagged || id.contains('*')
    }
}
