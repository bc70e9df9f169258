//! Settings that are read again: what is different, and what of it has to wait.

use std::{collections::BTreeSet, fs, path::Path, sync::Arc};

use crate::config::{
    AFTER_RESTART, Changes, Flags, LiveSettings, NotReloaded, Settings, Source, Stamp, listed,
    schema::KEYS,
};

/// What takes effect at once. Whoever adds a table of settings says here, or in `AFTER_RESTART`,
/// which of both it is.
const LIVE: &[&str] = &[
    "drain_seconds",
    "log",
    "providers",
    "offline",
    "routing",
    "pools",
    "tasks",
    "prices",
    "budgets",
    "alerts",
    "webhook",
    "monitor",
    "tools",
];

fn read(file: &str) -> Settings {
    super::from_file(file)
}

#[track_caller]
fn check(was: &str, now: &str, live: &str, waiting: &str) {
    let changes = Changes::between(&read(was), &read(now));
    let told = (changes.live.join(" "), changes.waiting.join(" "));
    assert_eq!(told, (live.to_owned(), waiting.to_owned()), "{now}");
}

#[test]
fn what_is_different_is_named() {
    check("", "", "", "");
    check(
        "",
        "[pools.sports]\nworkers = 4\nprompt = \"Go.\"",
        "pools.sports.prompt pools.sports.workers",
        "",
    );
    check("", "[pools.legal]\ndescription = \"law\"", "pools.legal", "");
    check("[pools.legal]\ndescription = \"law\"", "", "pools.legal", "");
    check("", "[prices.\"gpt-4.1\"]\ninput = 1\noutput = 2", "prices.\"gpt-4.1\"", "");
    check("[offline]\nwords = 3", "[offline]\nwords = 4", "offline.words", "");
    check("", "[offline]\nwords = 4", "offline.words", "");
    check("", "bind = \"127.0.0.1:9\"\necho = true\nlog = \"info\"", "log", "bind echo");
    let key =
        |key: &str| format!("token = \"{key}{key}\"\n[providers.openai]\napi_key = \"{key}\"");
    check(&key("sk-one"), &key("sk-two"), "providers.openai.api_key", "token");
    let key_of_source = |key: &str| format!("[tools.massive]\napi_key = \"{key}\"");
    check(&key_of_source("one"), &key_of_source("two"), "tools.massive.api_key", "");
    check(&key("sk-one"), "", "providers.openai.api_key", "token");
}

#[test]
fn every_setting_is_live_or_waits_for_a_restart() {
    let tables: BTreeSet<_> = KEYS.iter().filter_map(|key| key.path.split('.').next()).collect();
    let decided: BTreeSet<_> = LIVE.iter().chain(AFTER_RESTART).copied().collect();
    assert_eq!(tables, decided);
    let other = "bind = \"127.0.0.9:9\"\ndata_dir = \"d\"\ntoken = \"long-enough\"\n\
                 allow_anonymous = true\nlog_format = \"json\"\necho = true\nlog = \"info\"\n\
                 [tls]\ncertificate = \"c\"\nkey = \"k\"";
    let (was, now) = (read(""), read(other));
    let waiting = Changes::between(&was, &now).waiting;
    let waiting: BTreeSet<_> = waiting.iter().filter_map(|name| name.split('.').next()).collect();
    assert_eq!(waiting, AFTER_RESTART.iter().copied().collect());
    let within = now.within(&was);
    assert_eq!(Changes::between(&was, &within).waiting, [""; 0], "none of them is in force");
    assert_eq!(within.log, "info");
}

#[test]
fn a_file_that_was_there_must_stay() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("operatoros.toml");
    let stamp = |file: &Path| Stamp::of(fs::metadata(file).ok().as_ref());
    let mut source = Source::new(Flags::default(), [], &file);
    assert_eq!(source.load().unwrap().drain_seconds, 20);
    fs::write(&file, "drain_seconds = 3").unwrap();
    assert_ne!(source.stamp(), stamp(&file));
    assert_eq!(source.load().unwrap().drain_seconds, 3);
    assert_eq!(source.stamp(), stamp(&file));
    // Put in its place, as editors do it, with the same length.
    fs::write(dir.path().join("new"), "drain_seconds = 4").unwrap();
    fs::rename(dir.path().join("new"), &file).unwrap();
    assert_ne!(source.stamp(), stamp(&file));
    let pair = "bind = \"127.0.0.9:9\"\n[tls]\ncertificate = \"c\"\nkey = \"k\"";
    fs::write(&file, pair).unwrap();
    let own = source.private().load().unwrap();
    assert_eq!((own.bind.to_string().as_str(), own.scheme()), ("127.0.0.1:0", "ws"));
    fs::write(&file, "drain_seconds = 4").unwrap();
    let mut source = Source::new(Flags::default(), [], &file);
    source.load().unwrap();
    fs::remove_file(&file).unwrap();
    let gone = source.load().unwrap_err().to_string();
    assert!(gone.contains("cannot be read"), "{gone}");
}

#[tokio::test]
async fn whoever_asks_is_answered_and_a_refusal_stands_until_it_is_mended() {
    let (live, mut asked) = LiveSettings::new(Arc::default());
    let adopted = live.follow();
    let (answer, ()) = tokio::join!(live.reload(), async {
        live.refuse("it is bad".into());
        drop(asked.recv().await.unwrap().send(Err(NotReloaded::Refused("it is bad".into()))));
    });
    assert_eq!(answer.unwrap_err().to_string(), "it is bad");
    assert_eq!(live.state().refused.as_deref(), Some("it is bad"));
    assert!(!adopted.has_changed().unwrap());
    live.adopt(Arc::new(read("drain_seconds = 5")), vec!["bind".to_owned()]);
    assert_eq!((live.state().refused, live.state().waiting), (None, vec!["bind".to_owned()]));
    assert!(adopted.has_changed().unwrap() && live.now().drain_seconds == 5);
    drop(asked);
    assert_eq!(live.reload().await, Err(NotReloaded::GoingDown));
}

#[test]
fn many_names_are_counted() {
    let names: Vec<String> = (1..=15).map(|number| format!("n{number}")).collect();
    assert_eq!(listed(&names[..2]), "n1, n2");
    assert!(listed(&names).ends_with("n11, n12 and 3 more"), "{}", listed(&names));
}
