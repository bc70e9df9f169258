//! Settings: what each source may say, who wins, and what a description shows.

mod again;
mod refused;

use std::{collections::BTreeSet, path::Path};

use secrecy::ExposeSecret;
use serde::Deserialize;
use toml::{Table, Value};

use super::{
    Flags, Origin, Settings, describe, environment, layers::Layers, load, rule::Rule, schema,
};

type Env<'a> = &'a [(&'a str, &'a str)];

const SECRET: &str = "sk-planted-4f1d0c";

fn run(file: &str, env: Env<'_>, flags: Flags) -> Result<Settings, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("operatoros.toml");
    std::fs::write(&path, file).unwrap();
    let env = env.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    load(flags, env, &path).map_err(|error| {
        assert!(!format!("{error:?}").contains(SECRET), "Debug shows a secret: {error:?}");
        error.to_string().replace(&format!("{}/", dir.path().display()), "")
    })
}

fn from_file(file: &str) -> Settings {
    run(file, &[], Flags::default()).unwrap()
}

/// The defaults as text; two settings are equal when their texts and secrets are.
fn text(settings: &Settings) -> String {
    format!("{settings:#?}")
}

#[test]
fn a_missing_file_matters_only_when_it_was_named() {
    let none = Path::new("not-there.toml");
    load(Flags::default(), [], none).unwrap();
    load(Flags::default(), [("OPERATOROS_CONFIG".to_owned(), String::new())], none).unwrap();
    let named = Flags { config: Some(none.to_owned()), ..Flags::default() };
    let error = load(named, [], Path::new("")).unwrap_err().to_string();
    assert!(error.starts_with("not-there.toml: cannot be read: "), "{error}");
    let env = [("OPERATOROS_CONFIG".to_owned(), "not-there.toml".to_owned())];
    load(Flags::default(), env, Path::new("")).unwrap_err();
}

#[test]
fn flags_beat_the_environment_which_beats_the_file_which_beats_the_defaults() {
    let file = "bind = \"127.0.0.2:2\"\ndata_dir = \"file\"\nlog = \"info\"\ndrain_seconds = 2";
    let env: Env<'_> = &[
        ("OPERATOROS_BIND", "127.0.0.3:3"),
        ("OPERATOROS_DATA_DIR", "env"),
        ("OPERATOROS_LOG", "debug"),
        ("PORT", "4"),
    ];
    let flags = Flags { port: Some(5), data_dir: Some("flag".into()), ..Flags::default() };
    let settings = run(file, env, flags).unwrap();
    assert_eq!(settings.bind.to_string(), "127.0.0.3:5");
    assert_eq!(settings.data_dir, Path::new("flag"));
    assert_eq!((settings.log.as_str(), settings.drain_seconds), ("debug", 2));

    let settings = run(file, env, Flags::default()).unwrap();
    assert_eq!(settings.bind.to_string(), "127.0.0.3:4");
    let flags = Flags { bind: "127.0.0.9:9".parse().ok(), ..Flags::default() };
    assert_eq!(run(file, env, flags).unwrap().bind.to_string(), "127.0.0.9:9");
}

#[test]
fn tables_merge_field_by_field() {
    let settings = from_file(
        "[pools.sports]\ntemperature = 0.3\n[pools.legal]\ndescription = \"law\"\n\
         keywords = [\"tenant\"]\nthreshold = 0.4\nroute = [\"ollama/llama4\", \"offline\"]\n[providers.openai]\nmodel = \"m\"\n\
         [providers.ollama]\nkind = \"openai-chat\"\nbase_url = \"http://localhost:11434/v1/\"\n\
         model = \"llama4\"\n[prices.\"gpt-4.1\"]\ninput = 2\noutput = 8.5",
    );
    let (sports, built_in) = (&settings.pools["sports"], &Settings::default().pools["sports"]);
    assert_eq!(sports.temperature, Some(0.3));
    assert_eq!((&sports.prompt, sports.effort), (&built_in.prompt, built_in.effort));
    let legal = &settings.pools["legal"];
    assert_eq!((legal.keywords.join(","), legal.threshold), ("tenant".to_owned(), Some(0.4)));
    assert_eq!((&sports.keywords, sports.threshold), (&built_in.keywords, None));
    assert_eq!(settings.pools["legal"].workers, 2_048);
    assert_eq!(settings.pools.len(), 6, "the built-in pools, general among them, stay");
    assert_eq!(settings.providers["openai"].base_url, "https://api.openai.com/v1");
    assert_eq!(settings.providers["ollama"].base_url, "http://localhost:11434/v1");
    assert!((settings.prices["gpt-4.1"].input - 2.0).abs() < f64::EPSILON);
}

#[test]
fn the_environment_reaches_every_kind_of_setting() {
    let settings = run(
        "prices.\"gpt-4.1\" = { input = 1, output = 1 }",
        &[
            ("OPENAI_API_KEY", SECRET),
            ("ANTHROPIC_API_KEY", ""),
            ("OPENAI_MODEL", "m"),
            ("OPERATOROS_ECHO", "1"),
            ("OPERATOROS_LOG", ""),
            ("OPERATOROS_TOKEN", "12345678"),
            ("OPERATOROS_OFFLINE__WORDS_PER_SECOND", "0"),
            ("OPERATOROS_PRICES__GPT_4_1__INPUT", "2.5"),
            ("OPERATOROS_POOLS__BOARD_GAMES__DESCRIPTION", "chess"),
            ("OPERATOROS_POOLS__SPORTS__ROUTE", "offline, anthropic/x"),
            ("OPERATOROS_POOLS__SPORTS__AGENTS__ODDS__KEYWORDS", "bet,wager"),
            ("UNRELATED", "1"),
        ],
        Flags::default(),
    )
    .unwrap();
    let key = settings.providers["openai"].api_key.as_ref().unwrap();
    assert_eq!((key.expose_secret(), settings.providers["openai"].model.as_str()), (SECRET, "m"));
    assert!(settings.providers["anthropic"].api_key.is_none() && settings.echo);
    assert_eq!(settings.log, Settings::default().log);
    assert_eq!(settings.token.as_ref().unwrap().expose_secret(), "12345678");
    assert_eq!(settings.offline.words_per_second, 0);
    assert!((settings.prices["gpt-4.1"].input - 2.5).abs() < f64::EPSILON);
    assert_eq!(settings.pools["board-games"].description, "chess");
    assert_eq!(settings.pools["sports"].route, ["offline", "anthropic/x"]);
    assert_eq!(settings.pools["sports"].agents["odds"].keywords, ["bet", "wager"]);
}

#[test]
fn the_environment_is_the_process_s() {
    assert!(environment().any(|(name, text)| name == "CARGO_PKG_NAME" && text == "operatoros"));
}

#[test]
fn the_description_of_the_defaults() {
    insta::assert_snapshot!(describe(&Settings::default()));
}

#[test]
fn a_description_loads_and_holds_no_secret() {
    let file = format!(
        "token = \"{SECRET}\"\nproviders.openai.api_key = \"{SECRET}\"\noffline.words = 3\n\
         pools.sports.temperature = 0.3\npools.sports.prompt = '''a\n\"\"\"b\\'''\n\
         prices.\"gpt-4.1\" = {{ input = 0.1, cached = 0, output = 3 }}"
    );
    let settings = from_file(&file);
    let described = describe(&settings);
    for shown in [&described, &text(&settings), &format!("{settings:?}")] {
        assert!(!shown.contains(SECRET), "{shown}");
    }
    for line in
        ["# token is set\n", "# api_key is set\n", "# api_key is not set\n", "temperature = 0.3\n"]
    {
        assert!(described.contains(line), "{line} is not in\n{described}");
    }
    let mut without = settings;
    without.token = None;
    without.providers.get_mut("openai").unwrap().api_key = None;
    assert_eq!(text(&from_file(&described)), text(&without));
}

#[test]
fn the_path_of_the_webhook_is_not_described() {
    let file = format!(
        "webhook = {{ url = \"https://hooks.example/{SECRET}\", secret = \"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\" }}"
    );
    let described = describe(&from_file(&file));
    assert!(described.contains("# url is set, at https://hooks.example\n"), "{described}");
    assert!(!described.contains(SECRET), "{described}");
    from_file(&described);
}

/// A setting stands as `#key = value`, an explanation as `# text`.
#[test]
fn the_example_says_every_default() {
    let example = include_str!("../../examples/operatoros.toml");
    let settings: String = example
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
        .flat_map(|line| [line, "\n"])
        .collect();
    assert_eq!(text(&from_file(&settings)), text(&Settings::default()));
    assert_eq!(text(&from_file(example)), text(&Settings::default()));
    for key in schema::KEYS {
        let name = key.parts().next_back().unwrap();
        assert!(example.contains(&format!("{name} = ")), "{} is not in the example", key.path);
    }
}

/// Every setting at once, each with the value that is picked for its rule.
fn everything(pick: impl Fn(Rule) -> Value) -> Table {
    let mut layers = Layers::defaults();
    let named =
        "pools.x.agents.x = {}\nproviders.x = {}\nprices.x = {}\nbudgets.x = {}\nalerts.x = {}"
            .parse()
            .unwrap();
    layers.add_table(&Origin::Default, named).unwrap();
    for key in schema::KEYS {
        for path in layers.paths(key) {
            layers.set(path, key.rule, pick(key.rule), Origin::Default).unwrap();
        }
    }
    layers.into_table()
}

fn lowest(rule: Rule) -> Value {
    match rule {
        Rule::Switch => Value::from(false),
        Rule::Whole(from, _) | Rule::Number(from, _) => Value::from(from),
        Rule::OneOf(words) => Value::from(*words.first().unwrap()),
        Rule::SomeOf(words) => Value::from(words.to_vec()),
        Rule::Text | Rule::Path | Rule::Filter => Value::from("x"),
        Rule::Amount => Value::from(0),
        Rule::Metric => Value::from("load_1m"),
        Rule::Address => Value::from("[::1]:1"),
        Rule::Url | Rule::Hook => Value::from("https://x.example"),
        Rule::Route => Value::from(vec!["offline"]),
        Rule::Zone => "Asia/Tokyo".into(),
        Rule::Words => Value::from(vec!["x"]),
        Rule::Secret(least) => Value::from("x".repeat(least)),
    }
}

fn highest(rule: Rule) -> Value {
    match rule {
        Rule::Whole(_, to) => Value::from(to),
        Rule::Number(_, to) => Value::from(f64::from(to)),
        Rule::Amount => Value::from(1e300),
        rule => lowest(rule),
    }
}

fn leaves(prefix: &str, table: &Table) -> BTreeSet<String> {
    let leaves = table.iter().flat_map(|(name, value)| match value {
        Value::Table(below) => leaves(&format!("{prefix}{name}."), below),
        _ => BTreeSet::from([format!("{prefix}{name}")]),
    });
    leaves.collect()
}

#[test]
fn the_schema_and_the_types_name_the_same_keys() {
    let table = everything(lowest);
    let settings: Settings = table.clone().try_into().expect("a key of the schema has no field");
    let fields = leaves("", &Table::try_from(&settings).unwrap());
    let secret =
        |name: &String| name == "token" || name.ends_with(".api_key") || name == "webhook.secret";
    let keys: BTreeSet<_> = leaves("", &table).into_iter().filter(|name| !secret(name)).collect();
    assert_eq!(fields, keys, "a field has no key in the schema, or the other way round");
}

/// `Layers::finish` relies on it.
#[test]
fn what_the_rules_take_the_types_take() {
    let word = |nth: usize| {
        move |rule| match rule {
            Rule::OneOf(words) => Value::from(words[nth.min(words.len() - 1)]),
            rule => highest(rule),
        }
    };
    for nth in 0..4 {
        Settings::deserialize(everything(word(nth))).unwrap();
    }
    Settings::deserialize(everything(lowest)).unwrap();
}

/// No value of any kind, in the place of any setting or table, may bring the start down or be
/// answered with less than its place.
#[test]
fn odd_values_are_taken_or_refused_by_name() {
    let odd = [
        "0",
        "-1",
        "9223372036854775807",
        "1e400",
        "nan",
        "\"\"",
        "\"\\u0000\"",
        "\"a b\"",
        "true",
        "[]",
        "[1]",
        "[[]]",
        "{}",
        "{ x = 1 }",
        "[{ x = 1 }]",
        "1979-05-27",
        "\"127.0.0.1:0\"",
        "\"http://x\"",
    ];
    let tables = [
        "providers",
        "providers.openai",
        "providers.new",
        "pools",
        "pools.new",
        "prices.new",
        "offline",
        "alerts.memory",
        "alerts.new",
        "webhook",
    ];
    let paths = schema::KEYS.iter().map(|key| key.path.replace('*', "general"));
    for path in paths.chain(tables.map(str::to_owned)) {
        for value in odd {
            if let Err(error) = run(&format!("{path} = {value}"), &[], Flags::default()) {
                assert!(error.starts_with("operatoros.toml:"), "{path} = {value}: {error}");
            }
            let name = format!("OPERATOROS_{}", path.to_uppercase().replace('.', "__"));
            if let Err(error) = run("", &[(&name, value)], Flags::default()) {
                assert!(error.contains(&name), "{name}={value}: {error}");
            }
        }
    }
}
