//! Checks that need more than one setting.

use std::net::IpAddr;

use reqwest::Url;

use super::{
    error::{ConfigError, Origin},
    layers::Origins,
    rule::Rule,
    schema::KeyPath,
    settings::{AlertSettings, BudgetSettings, PoolSettings, Settings},
};
use crate::limits::{
    AGENTS_MAX, ALERTS_MAX, BUDGETS_MAX, POOLS_MAX, WEBHOOK_KEY_BYTES_MAX, WEBHOOK_KEY_BYTES_MIN,
};

/// Whether the settings fit together.
pub(super) fn check(settings: &Settings, origins: &Origins) -> Result<(), ConfigError> {
    check_count(&KeyPath::dotted("pools"), settings.pools.len(), POOLS_MAX, origins)?;
    check_count(&KeyPath::dotted("budgets"), settings.budgets.len(), BUDGETS_MAX, origins)?;
    for (name, pool) in &settings.pools {
        let path = KeyPath(vec!["pools".to_owned(), name.clone()]);
        check_window(&path, pool, origins)?;
        check_route(&path, &pool.route, settings, origins)?;
        check_agents(&path, pool, settings, origins)?;
    }
    for (name, budget) in &settings.budgets {
        let path = KeyPath(vec!["budgets".to_owned(), name.clone()]);
        check_budget(&path, budget, settings, origins)?;
    }
    check_count(&KeyPath::dotted("alerts"), settings.alerts.len(), ALERTS_MAX, origins)?;
    for (name, alert) in &settings.alerts {
        check_alert(&KeyPath(vec!["alerts".to_owned(), name.clone()]), alert, origins)?;
    }
    check_webhook(settings, origins)?;
    check_tls(settings, origins)?;
    check_bind(settings, origins)
}

fn check_count(
    table: &KeyPath,
    count: usize,
    most: usize,
    origins: &Origins,
) -> Result<(), ConfigError> {
    if count <= most {
        return Ok(());
    }
    let (origin, table) = (origins.below(table), table.to_string());
    Err(ConfigError::TooMany { origin, table, count, most })
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
    of: &KeyPath,
    route: &[String],
    settings: &Settings,
    origins: &Origins,
) -> Result<(), ConfigError> {
    let is_known = |stop: &&str| match stop.split_once('/') {
        Some((provider, model)) => settings.providers.contains_key(provider) && !model.is_empty(),
        None => *stop == "offline" || settings.providers.contains_key(*stop),
    };
    let mut stops = route.iter().flat_map(|entry| entry.split('|'));
    let Some(stop) = stops.find(|stop| !is_known(stop)) else { return Ok(()) };
    let key = of.join("route");
    let providers = settings.providers.keys().map(String::as_str).chain(["offline"]);
    Err(ConfigError::UnknownProvider {
        origin: origins.of(&key),
        key: key.to_string(),
        entry: stop.to_owned(),
        known: providers.collect::<Vec<_>>().join(", "),
    })
}

/// Those who are asked by an agent are there, and so is the one who answers what no agent is for.
fn check_agents(
    path: &KeyPath,
    pool: &PoolSettings,
    settings: &Settings,
    origins: &Origins,
) -> Result<(), ConfigError> {
    let agents = path.join("agents");
    check_count(&agents, pool.agents.len(), AGENTS_MAX, origins)?;
    for (name, agent) in &pool.agents {
        let route = agent.route.as_deref().unwrap_or_default();
        check_route(&agents.join(name), route, settings, origins)?;
    }
    match &pool.default_agent {
        Some(name) if !pool.agents.contains_key(name) => {
            let key = path.join("default_agent");
            let known = pool.agents.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let right = match known.as_str() {
                "" => format!("one of {agents}, which has none"),
                known => format!("one of {known}"),
            };
            let value = toml::Value::from(name.as_str()).to_string();
            Err(ConfigError::Bad { origin: origins.of(&key), key: key.to_string(), value, right })
        }
        _ => Ok(()),
    }
}

/// A budget counts tokens or dollars, and its pool is there.
fn check_budget(
    path: &KeyPath,
    budget: &BudgetSettings,
    settings: &Settings,
    origins: &Origins,
) -> Result<(), ConfigError> {
    let bad = |field: &str, value: String, right: String| {
        let key = path.join(field);
        Err(ConfigError::Bad { origin: origins.of(&key), key: key.to_string(), value, right })
    };
    match (budget.tokens, budget.dollars) {
        (Some(_), Some(dollars)) => {
            let tokens = path.join("tokens");
            return bad("dollars", dollars.to_string(), format!("wanted beside {tokens}"));
        }
        (None, None) => {
            return Err(ConfigError::Missing {
                origin: origins.below(path),
                key: path.join("tokens").to_string(),
                right: "a whole number, or set dollars".to_owned(),
                nearest: None,
            });
        }
        _ => {}
    }
    match budget.pool.as_deref() {
        Some(pool) if pool != "*" && !settings.pools.contains_key(pool) => {
            let known = settings.pools.keys().map(String::as_str).chain(["*"]);
            let right = format!("one of {}", known.collect::<Vec<_>>().join(", "));
            bad("pool", toml::Value::from(pool).to_string(), right)
        }
        _ => Ok(()),
    }
}

/// A rule has one threshold, and is well again on its other side.
fn check_alert(
    path: &KeyPath,
    alert: &AlertSettings,
    origins: &Origins,
) -> Result<(), ConfigError> {
    let bad = |field: &str, value: f64, right: String| {
        let key = path.join(field);
        let (origin, value) = (origins.of(&key), value.to_string());
        Err(ConfigError::Bad { origin, key: key.to_string(), value, right })
    };
    let clear = alert.clear.filter(|_| alert.above.is_some() || alert.below.is_some());
    match (alert.above, alert.below, clear) {
        (Some(_), Some(below), _) => {
            bad("below", below, format!("wanted beside {}", path.join("above")))
        }
        (Some(above), None, Some(clear)) if clear > above => {
            bad("clear", clear, format!("at most {} ({above})", path.join("above")))
        }
        (None, Some(below), Some(clear)) if clear < below => {
            bad("clear", clear, format!("at least {} ({below})", path.join("below")))
        }
        (None, None, _) => Err(ConfigError::Missing {
            origin: origins.below(path),
            key: path.join("above").to_string(),
            right: "a number, or set below".to_owned(),
            nearest: None,
        }),
        _ => Ok(()),
    }
}

/// What is posted is signed, and nobody on the way reads it.
fn check_webhook(settings: &Settings, origins: &Origins) -> Result<(), ConfigError> {
    let Some(url) = &settings.webhook.url else { return Ok(()) };
    let (url_key, secret_key) = (KeyPath::dotted("webhook.url"), KeyPath::dotted("webhook.secret"));
    let right =
        format!("whsec_ and {WEBHOOK_KEY_BYTES_MIN} to {WEBHOOK_KEY_BYTES_MAX} bytes in base64");
    if settings.webhook.secret.is_none() {
        let (origin, key) = (origins.of(&url_key), secret_key.to_string());
        return Err(ConfigError::Missing { origin, key, right, nearest: None });
    }
    if settings.webhook.key().is_none() {
        let (origin, key) = (origins.of(&secret_key), secret_key.to_string());
        let value = "(not shown)".to_owned();
        return Err(ConfigError::Bad { origin, key, value, right });
    }
    if Url::parse(url).is_ok_and(|url| url.scheme() == "https" || is_loopback(&url)) {
        return Ok(());
    }
    Err(ConfigError::Bad {
        origin: origins.of(&url_key),
        key: url_key.to_string(),
        value: Rule::Hook.show(&toml::Value::from(url.as_str())),
        right: "an https:// URL, or one of this machine".to_owned(),
    })
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

/// A certificate is of no use without its key, nor a key without its certificate.
fn check_tls(settings: &Settings, origins: &Origins) -> Result<(), ConfigError> {
    let [certificate, key] = ["tls.certificate", "tls.key"].map(KeyPath::dotted);
    let (given, missing, right) = match (&settings.tls.certificate, &settings.tls.key) {
        (Some(_), None) => (certificate, key, "the file of the certificate's private key"),
        (None, Some(_)) => (key, certificate, "the file of the key's certificate"),
        _ => return Ok(()),
    };
    Err(ConfigError::Missing {
        origin: origins.of(&given),
        key: missing.to_string(),
        right: format!("{right}, as PEM"),
        nearest: None,
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
