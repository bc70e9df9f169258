//! Why the settings were refused: where, which key, which value, and what would be right.
//!
//! Invariant: no secret is in any of these, neither shown nor in `Debug`.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use crate::limits::SETTINGS_BYTES_MAX;

/// Who said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody: it is built in.
    Default,
    /// The settings file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("built-in settings"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// Why the settings were refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there or may not be read.
    #[error("{}: cannot be read: {source}; give --config a file that can", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file cannot be a settings file.
    #[error("{}: is larger than {SETTINGS_BYTES_MAX} bytes; settings are not", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is not TOML.
    #[error("{}:{line}:{column}: is not TOML: {message}", path.display())]
    NotToml {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// The parser's words; the line itself stays out, it can hold a key.
        message: String,
    },
    /// The value is not right.
    #[error("{origin}: {key} = {value} is not {right}")]
    Bad {
        /// Who said it.
        origin: Origin,
        /// The dotted path.
        key: String,
        /// As it was given, unless it is secret.
        value: String,
        /// What would be right.
        right: String,
    },
    /// There is no such setting.
    #[error("{origin}: there is no setting {key}; the nearest is {nearest}")]
    UnknownKey {
        /// Who said it.
        origin: Origin,
        /// The dotted path.
        key: String,
        /// The dotted path of the one that was probably meant.
        nearest: String,
    },
    /// There is no such variable.
    #[error("there is no environment variable {name}; the nearest is {nearest}")]
    UnknownVariable {
        /// As it was given.
        name: String,
        /// The one that was probably meant.
        nearest: String,
    },
    /// A pool, agent, provider or model cannot be named like this.
    #[error("{origin}: {key}: the name is not {right}")]
    BadName {
        /// Who said it.
        origin: Origin,
        /// The dotted path, with the name as its last part.
        key: String,
        /// What would be right.
        right: String,
    },
    /// A new pool, agent, provider or price says too little.
    #[error("{origin}: {key} is missing; set it to {right}{}", meant(nearest.as_deref()))]
    Missing {
        /// Who began the table.
        origin: Origin,
        /// The dotted path of what is missing.
        key: String,
        /// What would be right.
        right: String,
        /// The table that was probably meant.
        nearest: Option<String>,
    },
    /// A route asks somebody who is not there.
    #[error("{origin}: {key} names {entry:?}, which is not a configured provider: {known}")]
    UnknownProvider {
        /// Who said it.
        origin: Origin,
        /// The dotted path.
        key: String,
        /// The entry of the route.
        entry: String,
        /// Who is there.
        known: String,
    },
    /// Too many pools, agents or budgets.
    #[error("{origin}: {table} has {count} entries, which is not at most {most}")]
    TooMany {
        /// Who added one.
        origin: Origin,
        /// What there are too many of.
        table: String,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// Anybody could come in.
    #[error(
        "{origin}: bind = \"{bind}\" lets others reach the gateway, and nothing keeps them out; \
         set token (OPERATOROS_TOKEN), or allow everybody in with allow_anonymous = true \
         (--allow-anonymous), or bind to {}",
        SocketAddr::from((Ipv4Addr::LOCALHOST, bind.port()))
    )]
    Open {
        /// Who said it.
        origin: Origin,
        /// The address.
        bind: SocketAddr,
    },
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(" (or was {name} meant?)")).unwrap_or_default()
}
