//! Refused settings: each mistake names where, which key, which value, and what would be right.

use super::{super::Flags, Env, SECRET, from_file, run};

#[track_caller]
fn refused(file: &str, env: Env<'_>, expected: &str) {
    let error = run(file, env, Flags::default()).expect_err("the settings were taken");
    assert_eq!(error, expected);
    assert!(!error.contains(SECRET), "the error shows a secret: {error}");
}

const BAD_VALUES: &[(&str, &str)] = &[
    ("alerts.memory.below = 5", "alerts.memory.below = 5 is not wanted beside alerts.memory.above"),
    (
        "alerts.memory.clear = 96",
        "alerts.memory.clear = 96 is not at most alerts.memory.above (95)",
    ),
    ("alerts.memory.above = -1", "alerts.memory.above = -1 is not a number that is not negative"),
    (
        "alerts.x = { metric = \"load_1m\" }",
        "alerts.x.above is missing; set it to a number, or set below",
    ),
    (
        "webhook.url = \"https://example.com/\"",
        "webhook.secret is missing; set it to whsec_ and 24 to 64 bytes in base64",
    ),
    (
        "webhook = { url = \"https://example.com/\", secret = \"sk-planted-4f1d0c-sk-planted-4f1d0c\" }",
        "webhook.secret = (not shown) is not whsec_ and 24 to 64 bytes in base64",
    ),
    (
        "webhook = { url = \"http://example.com/sk-planted-4f1d0c\", secret = \"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\" }",
        "webhook.url = http://example.com/… (its path is not shown) is not an https:// URL, or one of this machine",
    ),
    (
        "[tls]\ncertificate = \"chain.pem\"",
        "tls.key is missing; set it to the file of the certificate's private key, as PEM",
    ),
    (
        "tls.key = \"key.pem\"",
        "tls.certificate is missing; set it to the file of the key's certificate, as PEM",
    ),
    ("tls.key = \" \"", "tls.key = \" \" is not a path"),
    (
        "pools.sports.temperature = \"hot\"",
        "pools.sports.temperature = \"hot\" is not a number from 0 to 2",
    ),
    (
        "pools.sports.temperature = 2.5",
        "pools.sports.temperature = 2.5 is not a number from 0 to 2",
    ),
    (
        "pools.sports.temperature = nan",
        "pools.sports.temperature = nan is not a number from 0 to 2",
    ),
    ("pools.sports.workers = 0", "pools.sports.workers = 0 is not a whole number from 1 to 100000"),
    (
        "pools.sports.window_tokens = 512",
        "pools.sports.window_tokens = 512 is not a whole number from 1024 to 100000000",
    ),
    (
        "pools.sports.max_output_tokens = 0",
        "pools.sports.max_output_tokens = 0 is not a whole number from 1 to 100000000",
    ),
    (
        "pools.sports.max_output_tokens = 32000",
        "pools.sports.max_output_tokens = 32000 is not less than pools.sports.window_tokens (32000)",
    ),
    (
        "pools.sports.window_tokens = 2048",
        "pools.sports.window_tokens = 2048 is not more than pools.sports.max_output_tokens (4096)",
    ),
    (
        "pools.sports.effort = \"huge\"",
        "pools.sports.effort = \"huge\" is not one of none, low, medium, high",
    ),
    ("pools.sports.restart = true", "pools.sports.restart = true is not one of keep, reset"),
    ("pools.sports.prompt = \"\"", "pools.sports.prompt = \"\" is not a text"),
    (
        "pools.sports.route = \"openai\"",
        "pools.sports.route = \"openai\" is not a list of providers, such as [\"openai\", \"anthropic/claude-sonnet-5-5\"]",
    ),
    (
        "pools.sports.route = []",
        "pools.sports.route = [] is not a list of providers, such as [\"openai\", \"anthropic/claude-sonnet-5-5\"]",
    ),
    (
        "pools.sports.route = [\"openia/gpt\"]",
        "pools.sports.route names \"openia/gpt\", which is not a configured provider: anthropic, openai, offline",
    ),
    (
        "pools.sports.route = [\"offline/x\"]",
        "pools.sports.route names \"offline/x\", which is not a configured provider: anthropic, openai, offline",
    ),
    (
        "pools.sports.route = [\"openai|openia/gpt\"]",
        "pools.sports.route names \"openia/gpt\", which is not a configured provider: anthropic, openai, offline",
    ),
    (
        "pools.sports.keywords = \"goal\"",
        "pools.sports.keywords = \"goal\" is not a list of at most 1000 texts, each of at most 2048 bytes",
    ),
    (
        "pools.sports.examples = [\"\"]",
        "pools.sports.examples = [\"\"] is not a list of at most 1000 texts, each of at most 2048 bytes",
    ),
    ("pools.sports.threshold = 1.5", "pools.sports.threshold = 1.5 is not a number from 0 to 1"),
    ("routing.weights = 3", "routing.weights = 3 is not a text"),
    (
        "pools.sports.default_agent = \"triage\"",
        "pools.sports.default_agent = \"triage\" is not one of odds, statistician",
    ),
    (
        "pools.general.default_agent = \"x\"",
        "pools.general.default_agent = \"x\" is not one of pools.general.agents, which has none",
    ),
    (
        "pools.sports.agents.coach.role = \"training\"",
        "pools.sports.agents.coach.prompt is missing; set it to a text",
    ),
    (
        "pools.sports.agents.ods.role = \"chances\"",
        "pools.sports.agents.ods.prompt is missing; set it to a text (or was pools.sports.agents.odds meant?)",
    ),
    ("pools.sports.agents.odds.role = \"\"", "pools.sports.agents.odds.role = \"\" is not a text"),
    (
        "pools.sports.agents.odds.route = [\"openia\"]",
        "pools.sports.agents.odds.route names \"openia\", which is not a configured provider: anthropic, openai, offline",
    ),
    (
        "pools.sports.agents.odds.temperature = 3",
        "pools.sports.agents.odds.temperature = 3 is not a number from 0 to 2",
    ),
    (
        "pools.sports.agents.Odds.role = \"x\"",
        "pools.sports.agents.Odds: the name is not a free name: a letter a to z, then up to 31 of a to z, 0 to 9 and -",
    ),
    (
        "pools.sports.agents.odds.tools = [\"search\"]",
        "pools.sports.agents.odds.tools = [\"search\"] is not a list of any of calculate, current_time, find_symbol, market_history, market_news, market_quote, sports_odds, sports_scores",
    ),
    ("pools.sports.agents = 3", "pools.sports.agents = (integer) is not a table"),
    (
        "pools.Sport.description = \"x\"",
        "pools.Sport: the name is not a free name: a letter a to z, then up to 31 of a to z, 0 to 9 and -",
    ),
    (
        "pools.sport.workers = 3",
        "pools.sport.description is missing; set it to a text (or was pools.sports meant?)",
    ),
    ("pools.legal.workers = 3", "pools.legal.description is missing; set it to a text"),
    ("[pools.legal]", "pools.legal.description is missing; set it to a text"),
    ("pools.sports = 3", "pools.sports = (integer) is not a table"),
    (
        "bind = \"localhost\"",
        "bind = \"localhost\" is not an address with a port, such as 127.0.0.1:8000",
    ),
    ("bind = 8000", "bind = 8000 is not an address with a port, such as 127.0.0.1:8000"),
    ("drain_seconds = 3601", "drain_seconds = 3601 is not a whole number from 0 to 3600"),
    ("log_format = \"xml\"", "log_format = \"xml\" is not one of text, json"),
    (
        "log = \"operatoros=loud\"",
        "log = \"operatoros=loud\" is not a log filter, such as operatoros=debug,warn",
    ),
    ("echo = \"yes\"", "echo = \"yes\" is not true or false"),
    ("data_dir = \"\"", "data_dir = \"\" is not a path"),
    ("offline.words = 0", "offline.words = 0 is not a whole number from 1 to 1000000"),
    (
        "providers.openai.turn_ms = 0",
        "providers.openai.turn_ms = 0 is not a whole number from 1 to 86400000",
    ),
    (
        "providers.openai.base_url = \"ftp://x\"",
        "providers.openai.base_url = \"ftp://x\" is not an http:// or https:// URL without user name, password, query and fragment",
    ),
    (
        "providers.offline.kind = \"openai\"",
        "providers.offline: the name is not a free name: a letter a to z, then up to 31 of a to z, 0 to 9 and -",
    ),
    (
        "providers.ollama.kind = \"openai-chat\"",
        "providers.ollama.base_url is missing; set it to an http:// or https:// URL without user name, password, query and fragment",
    ),
    (
        "prices.\"gpt-4.1\".input = -1",
        "prices.\"gpt-4.1\".input = -1 is not a number from 0 to 1000000",
    ),
    ("prices.m.input = 1", "prices.m.output is missing; set it to a number from 0 to 1000000"),
    ("budgets.b.tokens = 1", "budgets.b.per is missing; set it to one of day, month"),
    (
        "budgets.b.per = \"day\"",
        "budgets.b.tokens is missing; set it to a whole number, or set dollars",
    ),
    ("budgets.b.per = \"year\"", "budgets.b.per = \"year\" is not one of day, month"),
    (
        "budgets.b = { per = \"day\", tokens = 1, dollars = 2.5 }",
        "budgets.b.dollars = 2.5 is not wanted beside budgets.b.tokens",
    ),
    (
        "budgets.b = { per = \"day\", tokens = 1, pool = \"sport\" }",
        "budgets.b.pool = \"sport\" is not one of business, financial, general, healthcare, sports, *",
    ),
];

#[test]
fn a_bad_value_in_the_file_names_file_key_value_and_what_is_right() {
    for (line, expected) in BAD_VALUES {
        refused(line, &[], &format!("operatoros.toml: {expected}"));
    }
}

#[test]
fn an_unknown_key_names_the_nearest() {
    for (line, key, nearest) in [
        ("bnid = 1", "bnid", "bind"),
        ("[pool.sports]", "pool", "pools"),
        ("pools.sports.temprature = 1", "pools.sports.temprature", "pools.sports.temperature"),
        ("offline.word = 1", "offline.word", "offline.words"),
        ("providers.openai.apikey = 1", "providers.openai.apikey", "providers.openai.api_key"),
        ("prices.\"gpt-4.1\".inputs = 1", "prices.\"gpt-4.1\".inputs", "prices.\"gpt-4.1\".input"),
    ] {
        let expected = format!("there is no setting {key}; the nearest is {nearest}");
        refused(line, &[], &format!("operatoros.toml: {expected}"));
    }
}

#[test]
fn a_bad_variable_is_named() {
    for (name, value, expected) in [
        (
            "OPERATOROS_DRAIN_SECONDS",
            "soon",
            "drain_seconds = \"soon\" is not a whole number from 0 to 3600",
        ),
        ("OPERATOROS_ECHO", "yes", "echo = \"yes\" is not true or false"),
        (
            "OPERATOROS_POOLS__SPORTS__TEMPERATURE",
            "hot",
            "pools.sports.temperature = \"hot\" is not a number from 0 to 2",
        ),
        (
            "OPERATOROS_POOLS__SPORT__WORKERS",
            "3",
            "pools.sport.description is missing; set it to a text (or was pools.sports meant?)",
        ),
        (
            "OPERATOROS_POOLS__SPORTS__ROUTE",
            "openai,",
            "pools.sports.route = [\"openai\", \"\"] is not a list of providers, such as [\"openai\", \"anthropic/claude-sonnet-5-5\"]",
        ),
        (
            "OPERATOROS_POOLS__7__WORKERS",
            "3",
            "pools.7: the name is not a free name: a letter a to z, then up to 31 of a to z, 0 to 9 and -",
        ),
        (
            "OPENAI_BASE_URL",
            "api.openai.com",
            "providers.openai.base_url = \"api.openai.com\" is not an http:// or https:// URL without user name, password, query and fragment",
        ),
        ("PORT", "http", "the port of bind = \"http\" is not a whole number from 0 to 65535"),
        ("PORT", "70000", "the port of bind = \"70000\" is not a whole number from 0 to 65535"),
    ] {
        refused("", &[(name, value)], &format!("environment variable {name}: {expected}"));
    }
}

#[test]
fn an_unknown_variable_names_the_nearest() {
    for (name, nearest) in [
        ("OPERATOROS_TOKN", "OPERATOROS_TOKEN"),
        ("OPERATOROS_OFFLINE_WORDS", "OPERATOROS_OFFLINE__WORDS"),
        ("OPERATOROS_POOLS__SPORTS__ROUT", "OPERATOROS_POOLS__SPORTS__ROUTE"),
        ("OPERATOROS_POOLS", "OPERATOROS_TOKEN"),
        ("OPERATOROS_CONFG", "OPERATOROS_CONFIG"),
        ("OPERATOROS_", "OPERATOROS_LOG"),
    ] {
        let expected = format!("there is no environment variable {name}; the nearest is {nearest}");
        refused("", &[(name, SECRET)], &expected);
    }
}

#[test]
fn what_may_hold_a_secret_is_not_shown() {
    const HIDDEN: &str =
        "(not shown) is not visible ASCII characters without a space, at least 8 of them";
    refused("token = \"short\"", &[], &format!("operatoros.toml: token = {HIDDEN}"));
    refused(
        "",
        &[("OPERATOROS_TOKEN", "a b c d e f")],
        &format!("environment variable OPERATOROS_TOKEN: token = {HIDDEN}"),
    );
    refused(
        &format!("providers.openai.api_key = [\"{SECRET}\"]"),
        &[],
        "operatoros.toml: providers.openai.api_key = (not shown) is not visible ASCII characters without a space, at least 1 of them",
    );
    refused(
        &format!("providers.openai = \"{SECRET}\""),
        &[],
        "operatoros.toml: providers.openai = (string) is not a table",
    );
    refused(
        &format!("providers.openai.base_url = \"https://me:{SECRET}@x.example\""),
        &[],
        "operatoros.toml: providers.openai.base_url = (not shown) is not an http:// or https:// URL without user name, password, query and fragment",
    );
    refused(
        &format!("echo = {{ token = \"{SECRET}\" }}"),
        &[],
        "operatoros.toml: echo = a table is not true or false",
    );
    refused(
        &format!("bind = \"127.0.0.1:1\"\ntoken = {SECRET}"),
        &[],
        "operatoros.toml:2:9: is not TOML: string values must be quoted, expected literal string",
    );
}

#[test]
fn a_long_bad_value_is_cut() {
    let error = run(&format!("bind = \"{}\"", "ä".repeat(500)), &[], Flags::default()).unwrap_err();
    assert!(error.contains("ä…") && error.chars().count() < 200, "{error}");
}

#[test]
fn an_open_door_is_refused_with_the_three_ways_out() {
    let ways = "lets others reach the gateway, and nothing keeps them out; set token \
                (OPERATOROS_TOKEN), or allow everybody in with allow_anonymous = true \
                (--allow-anonymous), or bind to 127.0.0.1";
    refused(
        "bind = \"0.0.0.0:80\"",
        &[],
        &format!("operatoros.toml: bind = \"0.0.0.0:80\" {ways}:80"),
    );
    refused(
        "",
        &[("OPERATOROS_BIND", "[::]:80"), ("PORT", "81")],
        &format!("environment variable OPERATOROS_BIND: bind = \"[::]:81\" {ways}:81"),
    );
    let open = Flags { bind: "10.0.0.1:7".parse().ok(), ..Flags::default() };
    let error = run("", &[], open.clone()).unwrap_err();
    assert_eq!(error, format!("flag --bind: bind = \"10.0.0.1:7\" {ways}:7"));

    run("", &[], Flags { allow_anonymous: true, ..open.clone() }).unwrap();
    run("token = \"12345678\"", &[], open).unwrap();
    for inside in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
        from_file(&format!("bind = \"{inside}\""));
    }
}

#[test]
fn pools_have_a_limit() {
    let pool = |n: usize| format!("pools.p{n}.description = \"x\"\n");
    let most: String = (5..64).map(pool).collect();
    assert_eq!(from_file(&most).pools.len(), 64);
    let expected = "operatoros.toml: pools has 65 entries, which is not at most 64";
    refused(&(most + &pool(64)), &[], expected);
}
