//! Settings: defaults, then `operatoros.toml`, then the environment, then flags; read once, and again
//! when they change.
//!
//! Invariant: later code cannot meet a bad value; nothing else reads the environment.

mod changes;
mod check;
mod describe;
mod error;
mod layers;
mod live;
mod rule;
mod schema;
mod settings;
mod source;
#[cfg(test)]
mod tests;
mod traces;
mod variables;

use std::{
    fs::File,
    io::{ErrorKind, Read},
    net::SocketAddr,
    path::{Path, PathBuf},
};

pub use changes::{AFTER_RESTART, Changes, listed};
pub use describe::describe;
pub use error::{ConfigError, Origin};
pub use live::{Asked, LiveSettings, NotReloaded, SettingsState};
pub use settings::{
    AgentSettings, AlertSettings, BudgetSettings, Consult, Effort, EspnSettings, LogFormat,
    MonitorSettings, OfflineSettings, Per, PoolSettings, Price, ProviderKind, ProviderSettings,
    Restart, RoutingSettings, Settings, SourceSettings, TOOLS, TaskSettings, TlsSettings,
    ToolSettings, WebhookSettings,
};
pub use source::{Source, Stamp};
pub use traces::{TraceSettings, traces};

use crate::limits::SETTINGS_BYTES_MAX;
use layers::Origins;

/// The settings file where neither `--config` nor `OPERATOROS_CONFIG` names one.
pub const DEFAULT_FILE: &str = "operatoros.toml";

/// What the command line says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--bind`.
    pub bind: Option<SocketAddr>,
    /// `--port`.
    pub port: Option<u16>,
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// `--allow-anonymous`.
    pub allow_anonymous: bool,
}

/// The settings that these sources make. `default_file` may be missing; a file that was named may
/// not.
pub fn load(
    flags: Flags,
    environment: impl IntoIterator<Item = (String, String)>,
    default_file: &Path,
) -> Result<Settings, ConfigError> {
    Source::new(flags, environment, default_file).load()
}

/// The process's environment, without what is not UTF-8.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)))
}

fn read(path: &Path, must_be_there: bool) -> Result<Option<String>, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound && !must_be_there => return Ok(None),
        opened => opened.map_err(unreadable)?,
    };
    let mut text = String::new();
    let read = file.take(SETTINGS_BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if u64::try_from(read).is_ok_and(|read| read > SETTINGS_BYTES_MAX) {
        return Err(ConfigError::TooLarge { path: path.to_owned() });
    }
    Ok(Some(text))
}

fn parse(path: &Path, text: &str) -> Result<toml::Table, ConfigError> {
    text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        ConfigError::NotToml {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
            message: error.message().to_owned(),
        }
    })
}

fn add_flags(settings: &mut Settings, origins: &mut Origins, flags: Flags) {
    if let Some(bind) = flags.bind {
        settings.bind = bind;
        origins.note("bind", Origin::Flag("--bind"));
    }
    if let Some(port) = flags.port {
        settings.bind.set_port(port);
    }
    if let Some(data_dir) = flags.data_dir {
        settings.data_dir = data_dir;
    }
    settings.allow_anonymous |= flags.allow_anonymous;
}
