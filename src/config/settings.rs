//! The settings as types, with their defaults.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};

/// Everything that can be set.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where to listen.
    pub bind: SocketAddr,
    /// Where the embedded database lives; made when it is not there.
    #[serde(serialize_with = "lossy")]
    pub data_dir: PathBuf,
    /// The administrator's bearer token.
    #[serde(skip_serializing)]
    pub token: Option<SecretString>,
    /// Lets anybody in on an address that others can reach.
    pub allow_anonymous: bool,
    /// Seconds that running answers may take to finish when the gateway goes down.
    pub drain_seconds: u64,
    /// How logs look.
    pub log_format: LogFormat,
    /// What is logged, as `tracing` filters read it.
    pub log: String,
    /// `GET /ws/echo`, which sends back what it gets: for conformance suites and proxies.
    pub echo: bool,
    /// The providers, by name.
    pub providers: BTreeMap<String, ProviderSettings>,
    /// The offline provider's pace and faults.
    pub offline: OfflineSettings,
    /// How a message finds its pool.
    pub routing: RoutingSettings,
    /// The pools, by name.
    pub pools: BTreeMap<String, PoolSettings>,
    /// Background tasks.
    pub tasks: TaskSettings,
    /// Prices of models, by name.
    pub prices: BTreeMap<String, Price>,
    /// What may be spent, by names of the user's choice.
    pub budgets: BTreeMap<String, BudgetSettings>,
}

/// How logs look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

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

/// TOML is UTF-8 and a path need not be; what cannot be shown is shown as a replacement character.
fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// As it was written: 0.3, where widening the `f32` would make 0.30000001192092896 of it.
#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference to the field"
)]
fn decimal<S: Serializer>(number: &Option<f32>, serializer: S) -> Result<S::Ok, S::Error> {
    number.and_then(|number| number.to_string().parse::<f64>().ok()).serialize(serializer)
}

/// The offline provider's pace and faults.
#[derive(Debug, Clone, Deserialize, Serialize)]
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

/// How a message finds its pool.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoutingSettings {
    /// `built-in`, `none`, or a file that `operatoros calibrate` wrote.
    pub weights: String,
}

/// One pool of specialists.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct PoolSettings {
    /// What it is for, in one line.
    pub description: String,
    /// Words and phrases that speak for it in a message.
    pub keywords: Vec<String>,
    /// Messages that belong to it.
    pub examples: Vec<String>,
    /// Below this probability it takes no message; unset: as it was fitted.
    #[serde(serialize_with = "decimal")]
    pub threshold: Option<f32>,
    /// The system prompt.
    pub prompt: String,
    /// 0 to 2, for models that take one.
    #[serde(serialize_with = "decimal")]
    pub temperature: Option<f32>,
    /// How long a reasoning model may think.
    pub effort: Option<Effort>,
    /// Whom to ask, in order: `provider` or `provider/model`; equals with a `|` between them.
    pub route: Vec<String>,
    /// Tokens of history that a request may hold.
    pub window_tokens: u32,
    /// Tokens of an answer at the most.
    pub max_output_tokens: u32,
    /// Answers at the same time.
    pub workers: u32,
    /// Milliseconds that a turn may wait for one of them.
    pub wait_ms: u64,
    /// What happens to an answer whose provider fails in the middle.
    pub restart: Restart,
}

/// How long a reasoning model may think.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effort {
    /// Hardly.
    None,
    /// A little.
    Low,
    /// Some.
    Medium,
    /// Long.
    High,
}

/// What happens to an answer whose provider fails in the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Restart {
    /// What came is kept and the turn fails.
    Keep,
    /// It starts over with the next provider of the route, under `turn.reset`.
    Reset,
}

/// Background tasks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaskSettings {
    /// Tasks at the same time, over all pools.
    pub workers: u32,
    /// Attempts that a task may take, where it says nothing.
    pub max_attempts: u32,
    /// Seconds that one attempt may take, where the task says nothing.
    pub time_limit_seconds: u64,
    /// The time zone that is meant where none is named.
    pub time_zone: String,
}

/// Dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Read.
    pub input: f64,
    /// Read from the provider's cache.
    #[serde(default)]
    pub cached: Option<f64>,
    /// Written.
    pub output: f64,
}

/// What may be spent: `tokens` or `dollars`, one of both.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetSettings {
    /// Whose: a name as credentials give it; `*`: each has it; unset: all share it.
    #[serde(default)]
    pub user: Option<String>,
    /// Of which pool: a name; `*`: each has it; unset: all share it.
    #[serde(default)]
    pub pool: Option<String>,
    /// Tokens, read and written.
    #[serde(default)]
    pub tokens: Option<u64>,
    /// Dollars.
    #[serde(default)]
    pub dollars: Option<f64>,
    /// How often it renews.
    pub per: Per,
    /// An answer ends where it is used up; else one that was begun may exceed it.
    #[serde(default = "hard")]
    pub hard: bool,
}

/// How often a budget renews.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// At midnight, UTC.
    Day,
    /// On the first of the month, at midnight, UTC.
    Month,
}

impl Per {
    /// As settings name it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

fn hard() -> bool {
    true
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bind: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000),
            data_dir: PathBuf::from("operatoros-data"),
            token: None,
            allow_anonymous: false,
            drain_seconds: 20,
            log_format: LogFormat::Text,
            log: "operatoros=info,warn".to_owned(),
            echo: false,
            providers: default_providers(),
            offline: OfflineSettings::default(),
            routing: RoutingSettings::default(),
            pools: default_pools(),
            tasks: TaskSettings::default(),
            prices: BTreeMap::new(),
            budgets: BTreeMap::new(),
        }
    }
}

impl Default for OfflineSettings {
    fn default() -> Self {
        Self { words_per_second: 40, first_word_ms: 150, words: None, fail_after_words: None }
    }
}

impl Default for RoutingSettings {
    fn default() -> Self {
        Self { weights: "built-in".to_owned() }
    }
}

impl Default for TaskSettings {
    fn default() -> Self {
        Self { workers: 16, max_attempts: 3, time_limit_seconds: 600, time_zone: "UTC".to_owned() }
    }
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            description: String::new(),
            keywords: Vec::new(),
            examples: Vec::new(),
            threshold: None,
            prompt: include_str!("prompts/general.md").to_owned(),
            temperature: None,
            effort: None,
            route: vec!["openai".to_owned(), "anthropic".to_owned()],
            window_tokens: 32_000,
            max_output_tokens: 4_096,
            workers: 2_048,
            wait_ms: 120_000,
            restart: Restart::Keep,
        }
    }
}

/// The two providers that need nothing but a key.
fn default_providers() -> BTreeMap<String, ProviderSettings> {
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

/// The five domains.
fn default_pools() -> BTreeMap<String, PoolSettings> {
    macro_rules! pool {
        ($name:literal, $description:literal, $effort:expr, $first:literal, $then:literal) => {{
            let pool = PoolSettings {
                description: $description.to_owned(),
                keywords: listed(include_str!(concat!("keywords/", $name, ".txt"))),
                prompt: include_str!(concat!("prompts/", $name, ".md")).to_owned(),
                effort: Some($effort),
                route: vec![$first.to_owned(), $then.to_owned()],
                ..PoolSettings::default()
            };
            ($name.to_owned(), pool)
        }};
    }
    BTreeMap::from([
        pool!(
            "healthcare",
            "symptoms, disease, medicines, anatomy, public health",
            Effort::Medium,
            "openai",
            "anthropic"
        ),
        pool!(
            "financial",
            "banking, investing, markets, tax, insurance, pensions, currency",
            Effort::Medium,
            "anthropic",
            "openai"
        ),
        pool!(
            "sports",
            "rules, results, players, teams, events",
            Effort::Low,
            "openai",
            "anthropic"
        ),
        pool!(
            "business",
            "founding, operations, marketing, sales, people, pricing, process",
            Effort::Low,
            "anthropic",
            "openai"
        ),
        pool!("general", "everything else", Effort::Low, "openai", "anthropic"),
    ])
}

/// What a list says, with commas between and in lines of any length.
fn listed(text: &str) -> Vec<String> {
    let words = text.split(',').map(|word| word.split_whitespace().collect::<Vec<_>>().join(" "));
    words.filter(|word| !word.is_empty()).collect()
}
