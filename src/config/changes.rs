//! What differs between two settings, by name: what takes effect at once, and what after a restart.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};
use toml::{Table, Value};

use super::{schema::KeyPath, settings::Settings};
use crate::limits::SETTINGS_NAMED_MAX;

/// What the process was started with; all else changes while it works. Who may come in is among it:
/// an open gateway on an address that others can reach must not be one edit away, nor one that
/// takes tokens in plain. What lies in the files of `tls` is looked at while it works.
pub const AFTER_RESTART: &[&str] =
    &["bind", "data_dir", "token", "allow_anonymous", "log_format", "echo", "tls"];

/// What differs between two settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// In force now.
    pub live: Vec<String>,
    /// In force after a restart.
    pub waiting: Vec<String>,
    /// Why the newer files of the certificate are not used, where they are not.
    pub certificate_refused: Option<&'static str>,
}

impl Changes {
    /// What is different in `now`.
    pub fn between(was: &Settings, now: &Settings) -> Self {
        let table = |settings| Value::Table(Table::try_from(settings).expect("settings are TOML"));
        let mut paths = BTreeSet::new();
        differ(&KeyPath::default(), &table(was), &table(now), &mut paths);
        secrets_differ(was, now, &mut paths);
        let waits = |path: &KeyPath| path.0.first().is_some_and(|part| waits(part));
        let (waiting, live): (Vec<_>, Vec<_>) = paths.into_iter().partition(waits);
        let names = |paths: Vec<KeyPath>| paths.iter().map(ToString::to_string).collect();
        Self { live: names(live), waiting: names(waiting), certificate_refused: None }
    }

    /// Something in one of these tables is different.
    pub fn touch(&self, tables: &[&str]) -> bool {
        let first = |name: &String| tables.contains(&name.split('.').next().unwrap_or_default());
        self.live.iter().any(first)
    }
}

fn waits(part: &str) -> bool {
    AFTER_RESTART.contains(&part)
}

/// So many names, and how many more.
pub fn listed(names: &[String]) -> String {
    let shown = names.get(..SETTINGS_NAMED_MAX).unwrap_or(names);
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

impl Settings {
    /// These settings, as far as they can be in force in a process that was started with others.
    #[must_use]
    pub fn within(self, started: &Self) -> Self {
        Self {
            bind: started.bind,
            data_dir: started.data_dir.clone(),
            token: started.token.clone(),
            allow_anonymous: started.allow_anonymous,
            log_format: started.log_format,
            echo: started.echo,
            tls: started.tls.clone(),
            ..self
        }
    }
}

fn differ(path: &KeyPath, was: &Value, now: &Value, found: &mut BTreeSet<KeyPath>) {
    let (Value::Table(was), Value::Table(now)) = (was, now) else {
        if was != now {
            found.insert(path.clone());
        }
        return;
    };
    let names: BTreeSet<&String> = was.keys().chain(now.keys()).collect();
    for name in names {
        let path = path.join(name);
        match (was.get(name), now.get(name)) {
            (Some(was), Some(now)) => differ(&path, was, now, found),
            _ => drop(found.insert(path)),
        }
    }
}

/// They are in no table.
fn secrets_differ(was: &Settings, now: &Settings, found: &mut BTreeSet<KeyPath>) {
    if !same(was.token.as_ref(), now.token.as_ref()) {
        found.insert(KeyPath::dotted("token"));
    }
    if !same(was.webhook.secret.as_ref(), now.webhook.secret.as_ref()) {
        found.insert(KeyPath::dotted("webhook.secret"));
    }
    for ((name, was), (_, now)) in was.tools.sources().into_iter().zip(now.tools.sources()) {
        if !same(was.api_key.as_ref(), now.api_key.as_ref()) {
            found.insert(KeyPath(["tools", name, "api_key"].map(str::to_owned).to_vec()));
        }
    }
    for (name, provider) in &now.providers {
        let before = was.providers.get(name);
        if before.is_some_and(|was| !same(was.api_key.as_ref(), provider.api_key.as_ref())) {
            found.insert(KeyPath(["providers", name, "api_key"].map(str::to_owned).to_vec()));
        }
    }
}

/// Whether two secrets are one.
pub(super) fn same(one: Option<&SecretString>, other: Option<&SecretString>) -> bool {
    one.map(ExposeSecret::expose_secret) == other.map(ExposeSecret::expose_secret)
}
