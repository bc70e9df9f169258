//! Layers: what each source says, laid over what was there, with who said it last.
//!
//! Invariant: whatever is in `table` has passed its rule; so the types of `settings` take it.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{
    error::{ConfigError, Origin},
    rule::Rule,
    schema::{self, KEYS, Key, KeyPath, Place},
    settings::Settings,
};

/// The settings so far.
pub(super) struct Layers {
    table: Table,
    origins: Origins,
}

/// Who said what last; what is not in it is built in.
#[derive(Default)]
pub(super) struct Origins(BTreeMap<KeyPath, Origin>);

impl Layers {
    /// What holds when nobody says anything.
    pub(super) fn defaults() -> Self {
        let table = Table::try_from(Settings::default()).expect("the defaults are TOML");
        Self { table, origins: Origins::default() }
    }

    /// Lays a file's table over it, field by field.
    pub(super) fn add_table(&mut self, origin: &Origin, table: Table) -> Result<(), ConfigError> {
        self.add_below(&KeyPath::default(), origin, table)
    }

    fn add_below(
        &mut self,
        path: &KeyPath,
        origin: &Origin,
        table: Table,
    ) -> Result<(), ConfigError> {
        for (name, value) in table {
            let path = path.join(&name);
            match (schema::place(&path), value) {
                (Place::Setting(key), value) => self.set(path, key.rule, value, origin.clone())?,
                (Place::Table, Value::Table(below)) => {
                    check_name(&path, origin)?;
                    self.touch(&path, origin);
                    self.add_below(&path, origin, below)?;
                }
                // Whatever was written in the table's place may be somebody's key: only its kind
                // is shown.
                (Place::Table, other) => {
                    return Err(ConfigError::Bad {
                        origin: origin.clone(),
                        key: path.to_string(),
                        value: format!("({})", other.type_str()),
                        right: "a table".to_owned(),
                    });
                }
                (Place::Nothing, _) => return Err(unknown(&path, origin)),
            }
        }
        Ok(())
    }

    /// Lays one value over it.
    pub(super) fn set(
        &mut self,
        path: KeyPath,
        rule: Rule,
        value: Value,
        origin: Origin,
    ) -> Result<(), ConfigError> {
        if !rule.fits(&value) {
            let (key, value) = (path.to_string(), rule.show(&value));
            return Err(ConfigError::Bad { origin, key, value, right: rule.right() });
        }
        if let Some((last, tables)) = path.0.split_last() {
            self.below(tables).insert(last.clone(), value);
        }
        self.origins.0.insert(path, origin);
        Ok(())
    }

    /// A table without a single field is there as well, and lacks what it needs.
    fn touch(&mut self, path: &KeyPath, origin: &Origin) {
        self.below(&path.0);
        self.origins.0.insert(path.clone(), origin.clone());
    }

    fn below(&mut self, path: &[String]) -> &mut Table {
        path.iter().fold(&mut self.table, |table, name| {
            let below = table.entry(name.clone()).or_insert_with(|| Value::Table(Table::new()));
            below.as_table_mut().expect("the schema has a table here, and rules keep it one")
        })
    }

    /// The value at a path, where there is one.
    pub(super) fn get(&self, path: &KeyPath) -> Option<&Value> {
        let (first, rest) = path.0.split_first()?;
        rest.iter().try_fold(self.table.get(first)?, |value, name| value.get(name))
    }

    /// Who said what stands at a path.
    pub(super) fn origin(&self, path: &KeyPath) -> Origin {
        self.origins.of(path)
    }

    /// The names that are given below a table.
    pub(super) fn names(&self, table: &KeyPath) -> Vec<String> {
        let table = self.get(table).and_then(Value::as_table);
        table.map(|table| table.keys().cloned().collect()).unwrap_or_default()
    }

    /// Every path of a key, with the names that are given in the place of each `*`.
    pub(super) fn paths(&self, key: &Key) -> Vec<KeyPath> {
        key.parts().fold(vec![KeyPath::default()], |paths, part| {
            let further = |path: &KeyPath| match part {
                "*" => self.names(path).iter().map(|name| path.join(name)).collect(),
                part => vec![path.join(part)],
            };
            paths.iter().flat_map(further).collect()
        })
    }

    /// The settings as types, once every table has what it needs.
    pub(super) fn finish(self) -> Result<(Settings, Origins), ConfigError> {
        for key in KEYS.iter().filter(|key| key.needed) {
            for path in self.paths(key) {
                if self.get(&path).is_none() {
                    return Err(self.missing(key, &path));
                }
            }
        }
        let settings = self.table.try_into().expect("every value has passed its rule");
        Ok((settings, self.origins))
    }

    /// What has passed its rules, before it is whole.
    #[cfg(test)]
    pub(super) fn into_table(self) -> Table {
        self.table
    }

    fn missing(&self, key: &Key, path: &KeyPath) -> ConfigError {
        let table = path.table();
        let others = self.paths(key).into_iter().filter(|other| self.get(other).is_some());
        let names = others.map(|other| other.table().to_string());
        // Only a slip of the finger makes a question of it; a new pool is none.
        let nearest = schema::nearest(&table.to_string(), names)
            .filter(|name| strsim::damerau_levenshtein(name, &table.to_string()) <= 2);
        ConfigError::Missing {
            origin: self.origins.below(&table),
            key: path.to_string(),
            right: key.rule.right(),
            nearest,
        }
    }
}

impl Origins {
    /// Who said this.
    pub(super) fn of(&self, path: &KeyPath) -> Origin {
        self.0.get(path).cloned().unwrap_or(Origin::Default)
    }

    /// Who said something in this table.
    pub(super) fn below(&self, table: &KeyPath) -> Origin {
        let within = |path: &KeyPath| path.0.starts_with(&table.0);
        let said = self.0.iter().find(|(path, _)| within(path));
        said.map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    /// A flag said this.
    pub(super) fn note(&mut self, path: &str, origin: Origin) {
        self.0.insert(KeyPath::dotted(path), origin);
    }
}

/// Names that the user chose have a form.
pub(super) fn check_name(path: &KeyPath, origin: &Origin) -> Result<(), ConfigError> {
    match path.0.as_slice() {
        [.., table, name] if schema::is_named(&path.table()) && !schema::name_fits(table, name) => {
            Err(ConfigError::BadName {
                origin: origin.clone(),
                key: path.to_string(),
                right: schema::name_right(table),
            })
        }
        _ => Ok(()),
    }
}

fn unknown(path: &KeyPath, origin: &Origin) -> ConfigError {
    let (name, table) = (path.0.last().map_or("", String::as_str), path.table());
    let names = schema::children(&table).into_iter().map(str::to_owned);
    let nearest = schema::nearest(name, names).unwrap_or_default();
    ConfigError::UnknownKey {
        origin: origin.clone(),
        key: path.to_string(),
        nearest: table.join(&nearest).to_string(),
    }
}
