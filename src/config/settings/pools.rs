//! The pools: who answers what, how, and how many at a time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

use super::agents::{AgentSettings, default_agents};

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
    /// Milliseconds of silence after which another provider of the route is asked as well; unset: never.
    pub hedge_ms: Option<u64>,
    /// What happens to an answer whose provider fails in the middle.
    pub restart: Restart,
    /// The tools that it may call, and its agents that name none.
    pub tools: Vec<String>,
    /// The agent for what speaks for none of them; unset: the pool answers that itself.
    pub default_agent: Option<String>,
    /// Its agents, by name.
    pub agents: BTreeMap<String, AgentSettings>,
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

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            description: String::new(),
            keywords: Vec::new(),
            examples: Vec::new(),
            threshold: None,
            prompt: include_str!("../prompts/general.md").to_owned(),
            temperature: None,
            effort: None,
            route: vec!["openai".to_owned(), "anthropic".to_owned()],
            window_tokens: 32_000,
            max_output_tokens: 4_096,
            workers: 2_048,
            wait_ms: 120_000,
            hedge_ms: None,
            restart: Restart::Keep,
            tools: Vec::new(),
            default_agent: None,
            agents: BTreeMap::new(),
        }
    }
}

/// How a message finds its pool.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoutingSettings {
    /// `built-in`, `none`, or a file that `operatoros calibrate` wrote.
    pub weights: String,
    /// When several pools are asked the same.
    pub consult: Consult,
}

/// When several pools are asked the same, and one answer is made of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Consult {
    /// When a message asks for it.
    Asked,
    /// Also where a message is about the matters of two pools alike.
    Spanning,
}

impl RoutingSettings {
    /// The weights are in a file.
    pub fn is_a_file(&self) -> bool {
        !matches!(self.weights.as_str(), "built-in" | "none")
    }
}

impl Default for RoutingSettings {
    fn default() -> Self {
        Self { weights: "built-in".to_owned(), consult: Consult::Asked }
    }
}

/// The five domains.
pub(super) fn default_pools() -> BTreeMap<String, PoolSettings> {
    macro_rules! pool {
        ($name:literal, $description:literal, $effort:expr, $first:literal, $then:literal) => {{
            let (agents, default_agent) = default_agents($name);
            let pool = PoolSettings {
                description: $description.to_owned(),
                keywords: listed(include_str!(concat!("../keywords/", $name, ".txt"))),
                prompt: include_str!(concat!("../prompts/", $name, ".md")).to_owned(),
                effort: Some($effort),
                route: vec![$first.to_owned(), $then.to_owned()],
                tools: ["calculate", "current_time"].map(str::to_owned).to_vec(),
                default_agent,
                agents,
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
pub(super) fn listed(text: &str) -> Vec<String> {
    let words = text.split(',').map(|word| word.split_whitespace().collect::<Vec<_>>().join(" "));
    words.filter(|word| !word.is_empty()).collect()
}

/// As it was written: 0.3, where widening the `f32` would make 0.30000001192092896 of it.
#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference to the field"
)]
pub(super) fn decimal<S: Serializer>(
    number: &Option<f32>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    number.and_then(|number| number.to_string().parse::<f64>().ok()).serialize(serializer)
}
