//! The providers: where they are, how they are asked, and how long they may take.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::config::changes::same;

/// Which language a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderKind {
    /// OpenAI's Responses and Conversations.
    Openai,
    /// Chat Completions, as every compatible server speaks it.
    OpenaiChat,
    /// Anthropic's Messages.
    Anthropic,
}

/// One provider.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    /// Which language it speaks.
    pub kind: ProviderKind,
    /// Up to and without the last `/`; with `/v1` for the OpenAI kinds, without for Anthropic,
    /// as in the official SDKs.
    pub base_url: String,
    /// Its key. Without one, `openai` and `anthropic` are not asked.
    #[serde(default, skip_serializing)]
    pub api_key: Option<SecretString>,
    /// The model where a route names none.
    pub model: String,
    /// Keep OpenAI's own copy of each conversation (`openai` only).
    #[serde(default)]
    pub server_state: bool,
    /// Milliseconds to open a connection.
    #[serde(default = "connect_ms")]
    pub connect_ms: u64,
    /// Milliseconds to the first piece of an answer.
    #[serde(default = "first_token_ms")]
    pub first_token_ms: u64,
    /// Milliseconds of silence inside an answer.
    #[serde(default = "silence_ms")]
    pub silence_ms: u64,
    /// Milliseconds for a whole answer.
    #[serde(default = "turn_ms")]
    pub turn_ms: u64,
    /// Answers that it is asked for at the same time; unset: as many as pools have workers.
    #[serde(default)]
    pub max_concurrent: Option<u32>,
    /// It is told where a request stands in a trace, by a `traceparent`.
    #[serde(default)]
    pub trace: bool,
}

impl PartialEq for ProviderSettings {
    fn eq(&self, other: &Self) -> bool {
        let Self { kind, base_url, api_key, model, server_state, max_concurrent, .. } = self;
        let Self { connect_ms, first_token_ms, silence_ms, turn_ms, trace, .. } = self;
        *kind == other.kind
            && *base_url == other.base_url
            && same(api_key.as_ref(), other.api_key.as_ref())
            && *model == other.model
            && *server_state == other.server_state
            && *max_concurrent == other.max_concurrent
            && *connect_ms == other.connect_ms
            && *first_token_ms == other.first_token_ms
            && *silence_ms == other.silence_ms
            && *turn_ms == other.turn_ms
            && *trace == other.trace
    }
}

impl ProviderSettings {
    /// The same server with the same key: how it fared is worth knowing still.
    pub fn is_same_account(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.base_url == other.base_url
            && same(self.api_key.as_ref(), other.api_key.as_ref())
    }
}

fn connect_ms() -> u64 {
    5_000
}

fn first_token_ms() -> u64 {
    60_000
}

fn silence_ms() -> u64 {
    60_000
}

fn turn_ms() -> u64 {
    600_000
}

/// The offline provider's pace and faults.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct OfflineSettings {
    /// Words a second; 0 is as fast as possible.
    pub words_per_second: u32,
    /// Milliseconds before the first word.
    pub first_word_ms: u64,
    /// Words of an answer; unset: what there is to say.
    pub words: Option<u32>,
    /// Fails after this many words.
    pub fail_after_words: Option<u32>,
}

impl Default for OfflineSettings {
    fn default() -> Self {
        Self { words_per_second: 40, first_word_ms: 150, words: None, fail_after_words: None }
    }
}

/// The two providers that need nothing but a key.
pub(super) fn default_providers() -> BTreeMap<String, ProviderSettings> {
    let provider = |kind, base_url: &str, model: &str, server_state| ProviderSettings {
        kind,
        base_url: base_url.to_owned(),
        api_key: None,
        model: model.to_owned(),
        server_state,
        connect_ms: connect_ms(),
        first_token_ms: first_token_ms(),
        silence_ms: silence_ms(),
        turn_ms: turn_ms(),
        max_concurrent: None,
        trace: false,
    };
    BTreeMap::from([
        (
            "openai".to_owned(),
            provider(ProviderKind::Openai, "https://api.openai.com/v1", "gpt-6-luna", true),
        ),
        (
            "anthropic".to_owned(),
            provider(
                ProviderKind::Anthropic,
                "https://api.anthropic.com",
                "claude-sonnet-5-5",
                false,
            ),
        ),
    ])
}
