//! The settings as types, with their defaults.

mod agents;
mod alerts;
mod monitor;
mod pools;
mod providers;
mod spending;
mod tasks;
mod tls;
mod tools;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

pub use agents::AgentSettings;
pub use alerts::{AlertSettings, WebhookSettings};
pub use monitor::MonitorSettings;
pub use pools::{Consult, Effort, PoolSettings, Restart, RoutingSettings};
pub use providers::{OfflineSettings, ProviderKind, ProviderSettings};
use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};
pub use spending::{BudgetSettings, Per, Price};
pub use tasks::TaskSettings;
pub use tls::TlsSettings;
pub use tools::{EspnSettings, SourceSettings, TOOLS, ToolSettings};

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
    /// TLS on the port.
    pub tls: TlsSettings,
    /// The providers, by name.
    pub providers: BTreeMap<String, ProviderSettings>,
    /// The offline provider's pace and faults.
    pub offline: OfflineSettings,
    /// How a message finds its pool.
    pub routing: RoutingSettings,
    /// The pools, by name.
    pub pools: BTreeMap<String, PoolSettings>,
    /// Where the tools of agents ask.
    pub tools: ToolSettings,
    /// Background tasks.
    pub tasks: TaskSettings,
    /// The monitor.
    pub monitor: MonitorSettings,
    /// Prices of models, by name.
    pub prices: BTreeMap<String, Price>,
    /// What may be spent, by names of the user's choice.
    pub budgets: BTreeMap<String, BudgetSettings>,
    /// What is watched for, by names of the user's choice.
    pub alerts: BTreeMap<String, AlertSettings>,
    /// Who is told of it outside.
    pub webhook: WebhookSettings,
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

/// TOML is UTF-8 and a path need not be; what cannot be shown is shown as a replacement character.
fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

impl Settings {
    /// What the address of the gateway's socket begins with.
    pub fn scheme(&self) -> &'static str {
        if self.tls.files().is_some() { "wss" } else { "ws" }
    }
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
            tls: TlsSettings::default(),
            providers: providers::default_providers(),
            offline: OfflineSettings::default(),
            routing: RoutingSettings::default(),
            pools: pools::default_pools(),
            tools: ToolSettings::default(),
            tasks: TaskSettings::default(),
            monitor: MonitorSettings::default(),
            prices: BTreeMap::new(),
            budgets: BTreeMap::new(),
            alerts: alerts::default_alerts(),
            webhook: WebhookSettings::default(),
        }
    }
}
