//! Checks that need more than one setting.

use super::{
    error::{ConfigError, Origin},
    layers::Origins,
    schema::KeyPath,
    settings::{PoolSettings, Settings},
};
use crate::limits::POOLS_MAX;

/// Whether the settings fit together.
pub(super) fn check(settings: &Settings, origins: &Origins) -> Result<(), ConfigError> {
    if settings.pools.len() > POOLS_MAX {
        let origin = origins.below(&KeyPath::dotted("pools"));
        return Err(ConfigError::TooManyPools { origin, count: settings.pools.len() });
    }
    for (name, pool) in &settings.pools {
        let path = KeyPath(vec!["pools".to_owned(), name.clone()]);
        check_window(&path, pool, origins)?;
        check_route(&path, pool, settings, origins)?;
    }
    check_bind(settings, origins)
}

/// An answer that fills the window leaves no room for the question.
fn check_window(
    pool: &KeyPath,
    settings: &PoolSettings,
    origins: &Origins,
) -> Result<(), ConfigError> {
    let (window, output) = (settings.window_tokens, settings.max_output_tokens);
    if output < window {
        return Ok(());
    }
    let (window_key, output_key) = (pool.join("window_tokens"), pool.join("max_output_tokens"));
    // Nobody is blamed for a default: the one that was set is the one to change.
    Err(match origins.of(&output_key) {
        Origin::Default => ConfigError::Bad {
            origin: origins.of(&window_key),
            key: window_key.to_string(),
            value: window.to_string(),
            right: format!("more than {output_key} ({output})"),
        },
        origin => ConfigError::Bad {
            origin,
            key: output_key.to_string(),
            value: output.to_string(),
            right: format!("less than {window_key} ({window})"),
        },
    })
}

fn check_route(
    pool: &KeyPath,
    of: &PoolSettings,
    settings: &Settings,
    origins: &Origins,
) -> Result<(), ConfigError> {
    let is_known = |stop: &&str| match stop.split_once('/') {
        Some((provider, model)) => settings.providers.contains_key(provider) && !model.is_empty(),
        None => *stop == "offline" || settings.providers.contains_key(*stop),
    };
    let mut stops = of.route.iter().flat_map(|entry| entry.split('|'));
    let Some(stop) = stops.find(|stop| !is_known(stop)) else { return Ok(()) };
    let key = pool.join("route");
    let providers = settings.providers.keys().map(String::as_str).chain(["offline"]);
    Err(ConfigError::UnknownProvider {
        origin: origins.of(&key),
        key: key.to_string(),
        entry: stop.to_owned(),
        known: providers.collect::<Vec<_>>().join(", "),
    })
}

fn check_bind(settings: &Settings, origins: &Origins) -> Result<(), ConfigError> {
    let reachable = !settings.bind.ip().to_canonical().is_loopback();
    if reachable && settings.token.is_none() && !settings.allow_anonymous {
        let origin = origins.of(&KeyPath::dotted("bind"));
        return Err(ConfigError::Open { origin, bind: settings.bind });
    }
    Ok(())
}
