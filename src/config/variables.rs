//! Variables: which setting an environment variable means.
//!
//! `OPERATOROS_` and the path in capitals, `__` for the dot: `OPERATOROS_OFFLINE__WORDS`. The names
//! that other tools agree on (`PORT`, `OPENAI_API_KEY` …) are read as well, and yield to ours.

use std::{collections::BTreeMap, net::SocketAddr};

use toml::Value;

use super::{
    error::{ConfigError, Origin},
    layers::{Layers, check_name},
    schema::{self, KEYS, KeyPath, Place},
};

/// Names the settings file; `load` reads it, since the file comes before the environment.
pub(super) const CONFIG: &str = "OPERATOROS_CONFIG";
const PREFIX: &str = "OPERATOROS_";
const AGREED: &[(&str, &str)] = &[
    ("OPENAI_API_KEY", "providers.openai.api_key"),
    ("OPENAI_BASE_URL", "providers.openai.base_url"),
    ("OPENAI_MODEL", "providers.openai.model"),
    ("ANTHROPIC_API_KEY", "providers.anthropic.api_key"),
    ("ANTHROPIC_BASE_URL", "providers.anthropic.base_url"),
    ("ANTHROPIC_MODEL", "providers.anthropic.model"),
    ("ALPHA_API_KEY", "tools.alpha_vantage.api_key"),
    ("MASSIVE_API_KEY", "tools.massive.api_key"),
    ("POLYGON_KEY", "tools.massive.api_key"),
    ("ODDS_API_KEY", "tools.odds_api.api_key"),
];

/// Lays the environment over what was there. A variable without text counts as not set; that is
/// how compose files pass on what nobody gave.
pub(super) fn add(
    layers: &mut Layers,
    environment: &BTreeMap<String, String>,
) -> Result<(), ConfigError> {
    for (name, path) in AGREED {
        if let Some(text) = environment.get(*name) {
            add_one(layers, name, &KeyPath::dotted(path), text)?;
        }
    }
    for (name, text) in environment {
        match name.strip_prefix(PREFIX) {
            Some(_) if name == CONFIG => {}
            Some(rest) => {
                let path = path_of(layers, rest);
                add_one(layers, name, &path, text)?;
            }
            None => {}
        }
    }
    environment.get("PORT").map_or(Ok(()), |port| add_port(layers, port))
}

fn add_one(layers: &mut Layers, name: &str, path: &KeyPath, text: &str) -> Result<(), ConfigError> {
    let Place::Setting(key) = schema::place(path) else {
        let nearest = schema::nearest(name, known(layers)).unwrap_or_default();
        return Err(ConfigError::UnknownVariable { name: name.to_owned(), nearest });
    };
    if text.is_empty() {
        return Ok(());
    }
    let origin = Origin::Environment(name.to_owned());
    for parts in 1..path.0.len() {
        check_name(&KeyPath(path.0.iter().take(parts).cloned().collect()), &origin)?;
    }
    layers.set(path.clone(), key.rule, key.rule.read(text), origin)
}

/// `POOLS__SPORTS__ROUTE` is `pools.sports.route`. A variable cannot hold what a name can: one that
/// is there already is found by its sound, in a new one `_` means `-`.
fn path_of(layers: &Layers, rest: &str) -> KeyPath {
    let mut path = KeyPath::default();
    for part in rest.split("__") {
        let name = if schema::is_named(&path) {
            let there = layers.names(&path).into_iter().find(|name| capitals(name) == part);
            there.unwrap_or_else(|| part.to_lowercase().replace('_', "-"))
        } else {
            part.to_lowercase()
        };
        path = path.join(&name);
    }
    path
}

/// Every variable of ours that means something.
fn known(layers: &Layers) -> Vec<String> {
    let paths = KEYS.iter().flat_map(|key| layers.paths(key));
    let ours = paths.map(|path| {
        let parts: Vec<_> = path.0.iter().map(|part| capitals(part)).collect();
        format!("{PREFIX}{}", parts.join("__"))
    });
    ours.chain([CONFIG.to_owned()]).collect()
}

fn capitals(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect()
}

/// Hosting platforms say which port to listen on, and mean no address by it.
fn add_port(layers: &mut Layers, text: &str) -> Result<(), ConfigError> {
    if text.is_empty() {
        return Ok(());
    }
    let origin = Origin::Environment("PORT".to_owned());
    let path = KeyPath::dotted("bind");
    let bind = layers.get(&path).and_then(Value::as_str).and_then(|bind| bind.parse().ok());
    match (bind, text.parse(), schema::place(&path)) {
        (Some(bind), Ok(port), Place::Setting(key)) => {
            // The address stays whose it was: an error about it is not the port's.
            let bind = SocketAddr::new(SocketAddr::ip(&bind), port);
            let address = layers.origin(&path);
            layers.set(path, key.rule, Value::from(bind.to_string()), address)
        }
        _ => Err(ConfigError::Bad {
            origin,
            key: "the port of bind".to_owned(),
            value: Value::from(text).to_string(),
            right: "a whole number from 0 to 65535".to_owned(),
        }),
    }
}
