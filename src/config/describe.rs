//! The settings in force, as a settings file: what `operatoros config` prints.
//!
//! Invariant: the text loads, and holds no secret; those are comments that say whether they are set.
//! An address whose path may be one is a comment as well.

use std::fmt::Write as _;

use toml::{Table, Value};

use super::{
    rule::{Rule, site},
    schema::{self, KEYS, Key, KeyPath},
    settings::Settings,
};

/// The settings as TOML, without secrets.
pub fn describe(settings: &Settings) -> String {
    let table = Table::try_from(settings).expect("settings are TOML");
    let mut text = String::new();
    write_fields(&mut text, settings, &KeyPath::default(), &table);
    write_tables(&mut text, settings, &KeyPath::default(), &table);
    text
}

/// The tables in a table, in the schema's order; those that the user named, in the names' order.
fn write_tables(text: &mut String, settings: &Settings, path: &KeyPath, fields: &Table) {
    for name in schema::children(path) {
        let path = path.join(name);
        match fields.get(name) {
            Some(Value::Table(named)) if schema::is_named(&path) => {
                for (name, fields) in named {
                    write_table(text, settings, &path.join(name), fields);
                }
            }
            Some(table) => write_table(text, settings, &path, table),
            None => {}
        }
    }
}

fn write_table(text: &mut String, settings: &Settings, path: &KeyPath, fields: &Value) {
    let Value::Table(fields) = fields else { return };
    writeln!(text, "\n[{path}]").expect("a string takes everything");
    write_fields(text, settings, path, fields);
    write_tables(text, settings, path, fields);
}

/// The fields of one table, in the schema's order.
fn write_fields(text: &mut String, settings: &Settings, table: &KeyPath, fields: &Table) {
    let here = |key: &&Key| {
        key.parts().count() == table.0.len() + 1
            && table.0.iter().zip(key.parts()).all(|(name, part)| part == "*" || part == name)
    };
    for key in KEYS.iter().filter(here) {
        let name = key.parts().next_back().unwrap_or_default();
        let line = match (key.rule, fields.get(name)) {
            (Rule::Secret(_), _) if is_set(settings, table) => format!("# {name} is set"),
            (Rule::Hook, Some(url)) => {
                let site = url.as_str().and_then(site).unwrap_or_default();
                format!("# {name} is set, at {site}")
            }
            (_, Some(value)) => format!("{name} = {value}"),
            (_, None) => format!("# {name} is not set"),
        };
        writeln!(text, "{line}").expect("a string takes everything");
    }
}

/// Whether the secret of this table is set: the gateway's token, a provider's or a source's
/// key, the webhook's.
fn is_set(settings: &Settings, table: &KeyPath) -> bool {
    match table.0.as_slice() {
        [providers, name] if providers == "providers" => {
            settings.providers.get(name).is_some_and(|provider| provider.api_key.is_some())
        }
        [tools, name] if tools == "tools" => {
            settings.tools.sources().iter().any(|(of, source)| of == name && source.is_keyed())
        }
        [webhook] if webhook == "webhook" => settings.webhook.secret.is_some(),
        _ => settings.token.is_some(),
    }
}
