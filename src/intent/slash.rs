//! Commands in slash form: exact, and always understood.

#[cfg(test)]
mod tests;

use std::{str::FromStr, sync::Arc};

use super::{
    alerts, metrics, moments,
    operation::{AUTO, Operation},
    slots::{Component, NewTask, NotAValue, Targets, TaskFilter, TaskNumbers, Which},
};
use crate::model::{AgentName, PoolName};

/// Every form, and what it does.
pub const FORMS: &[(&str, &str)] = &[
    ("/help [TOPIC]", "this list"),
    ("/status", "how the gateway is"),
    (
        "/health [PART]",
        "whether it is well; PART is memory, cpu, disk, database (or store), uptime, network, \
         settings, files, providers, queue, tasks, loop, clock or certificate",
    ),
    ("/chart METRIC [PERIOD]", "how something was: memory, cpu, load, turns, latency, …"),
    ("/pools", "the pools of specialists and their routes"),
    ("/pool POOL", "one of them"),
    ("/tools [POOL]", "which tools its agents have; /tools POOL/AGENT those of one"),
    ("/scale POOL N", "the pool has N workers from now on; +N more, -N fewer"),
    (
        "/use POOL",
        "this conversation goes to that pool, or with /use POOL/AGENT to one agent of it, from now \
         on; /use auto undoes it",
    ),
    (
        "/ask POOL,POOL TEXT",
        "asks them all, and makes one answer of theirs; /ask all TEXT asks each",
    ),
    ("/why", "why the last message went to its pool"),
    ("/tasks [STATUS] [POOL]", "background tasks; with --before N those before task N"),
    ("/task N", "one of them"),
    (
        "/task submit [--pool POOL] [--priority P] [--at WHEN] TEXT",
        "hands in a background task; P is low, normal, high or urgent",
    ),
    ("/task cancel N", "takes it back; several numbers, or all [STATUS] [POOL]"),
    ("/task retry N", "tries it again; several numbers, or all [STATUS] [POOL]"),
    (
        "/task at N WHEN",
        "when it runs: a time, a rule, after another task, by 2 hours later, or once and not again",
    ),
    ("/task priority N P", "how soon it is wanted"),
    ("/conversations", "your conversations"),
    ("/new [POOL]", "begins another conversation"),
    ("/summary [N]", "what it was about; N is a number, last or current"),
    ("/delete [N]", "deletes it"),
    ("/search [--period P] TEXT", "finds what was said; P is today, last-week, this-month, …"),
    ("/demos", "demonstrations"),
    ("/demo [NAME]", "begins one; /demo next and /demo stop go on and end it"),
    ("/reload", "reads the settings again; what has changed takes effect at once"),
    (SUBSCRIBE, "tells the status now and then"),
    ("/subscribe pools", "tells of the pools when they change"),
    ("/subscribe alerts", "tells what needs attention as it comes"),
    ("/unsubscribe", "tells nothing by itself any more"),
    ("/alerts [PERIOD]", "what needs attention, and what you watch; with a period, what there was"),
    ("/alert METRIC > N [for D]", "tells you here when that is so; < is below"),
    ("/alert remove N", "tells you no more; a number, a metric, or all"),
    ("/usage [PERIOD]", "tokens used and what they cost"),
    ("/providers", "which models answer"),
];

/// A command in slash form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slash {
    /// What is to be done.
    pub operation: Operation,
    /// `--yes`: it need not be asked back.
    pub yes: bool,
}

/// The command is known, and what follows it is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("It is written {} ({does}).{}", self.forms(), self.names())]
pub struct Misused {
    /// How it is written.
    pub form: &'static str,
    /// What it does.
    pub does: &'static str,
}

impl Misused {
    /// Beside it the others of `/subscribe`, of which each is short.
    fn forms(&self) -> String {
        let mut forms = vec![self.form];
        if self.form == SUBSCRIBE {
            let others = FORMS.iter().map(|(form, _)| *form);
            forms.extend(
                others.filter(|form| form.starts_with("/subscribe ") && *form != SUBSCRIBE),
            );
        }
        forms.join(", or ")
    }

    /// What may stand for a metric.
    fn names(&self) -> String {
        if !self.form.contains(" METRIC") {
            return String::new();
        }
        format!(" METRIC is one of: {}.", metrics::measured_names())
    }
}

const SUBSCRIBE: &str = "/subscribe [SECONDS]";

/// The command that a text in slash form is; `None` where it begins like none.
pub fn slash(text: &str) -> Option<Result<Slash, Misused>> {
    let (name, rest) = first_word(text.trim().strip_prefix('/')?);
    let name = name.to_lowercase();
    let (form, does) = form(&name, rest)?;
    Some(read(&name, rest).ok_or(Misused { form, does }))
}

/// How that command is written, and what it does.
fn form(name: &str, rest: &str) -> Option<(&'static str, &'static str)> {
    let mut forms = FORMS.iter().copied().filter(|(form, _)| {
        let (command, _) = first_word(form);
        command.strip_prefix('/') == Some(name)
    });
    let verb = first_word(rest).0.to_lowercase();
    let usual = forms.clone().next()?;
    forms.find(|(form, _)| form.split(' ').nth(1) == Some(&verb)).or(Some(usual))
}

/// Free text may hold any word, so nothing in it is taken for an option.
fn read(name: &str, rest: &str) -> Option<Slash> {
    let operation = match (name, first_word(rest)) {
        ("help", _) => Operation::Help(free_text(rest)),
        ("ask", _) => ask(rest)?,
        ("search", _) => search(rest)?,
        ("task", (verb, rest)) if verb.eq_ignore_ascii_case("submit") => submit(rest)?,
        ("task", (verb, rest)) if verb.eq_ignore_ascii_case("at") => reschedule(rest)?,
        _ => return read_words(name, &rest.to_lowercase()),
    };
    Some(Slash { operation, yes: false })
}

fn read_words(name: &str, rest: &str) -> Option<Slash> {
    let mut words: Vec<&str> = rest.split_whitespace().collect();
    let count = words.len();
    words.retain(|word| !YES.contains(word));
    let yes = words.len() < count;
    let operation = operation(name, &words)?;
    (!yes || operation.needs_consent()).then_some(Slash { operation, yes })
}

/// Telephones make one dash of two.
const YES: &[&str] = &["--yes", "—yes", "–yes"];

fn operation(name: &str, words: &[&str]) -> Option<Operation> {
    Some(match (name, words) {
        ("status", []) => Operation::Status,
        // Frames name it so, and people the other way.
        ("health", ["store"]) => Operation::Health(Some(Component::Database)),
        ("health", part) => Operation::Health(optional(part).ok()?),
        ("chart", words) => chart(words)?,
        ("pools", []) => Operation::Pools,
        ("pool", [pool]) => Operation::Pool(PoolName::from(*pool)),
        ("scale", [pool, workers]) => {
            Operation::Scale(PoolName::from(*pool), workers.parse().ok()?)
        }
        ("use", [AUTO]) => Operation::Use(None),
        ("use", [pool]) => match seat(pool)? {
            (pool, Some(agent)) => Operation::UseAgent(pool, agent),
            (pool, None) => Operation::Use(Some(pool)),
        },
        ("tools", []) => Operation::Tools(None),
        ("tools", [pool]) => match seat(pool)? {
            (pool, Some(agent)) => Operation::AgentTools(pool, agent),
            (pool, None) => Operation::Tools(Some(pool)),
        },
        ("why", []) => Operation::Why,
        ("tasks", filter) => Operation::Tasks(tasks(filter)?),
        ("task", ["cancel", "all", filter @ ..]) => {
            Operation::CancelTasks(Targets::All(tasks(filter)?))
        }
        ("task", ["cancel", these @ ..]) => {
            Operation::CancelTasks(Targets::Numbered(numbers(these)?))
        }
        ("task", ["retry", "all", filter @ ..]) => {
            Operation::RetryTasks(Targets::All(tasks(filter)?))
        }
        ("task", ["retry", these @ ..]) => {
            Operation::RetryTasks(Targets::Numbered(numbers(these)?))
        }
        ("task", ["priority", these @ .., priority]) => {
            Operation::Prioritise(numbers(these)?, priority.parse().ok()?)
        }
        ("task", these) => Operation::ShowTasks(numbers(these)?),
        ("conversations", []) => Operation::Conversations,
        ("new", []) => Operation::New(None),
        ("new", [pool]) => Operation::New(Some(PoolName::from(*pool))),
        ("summary", words) => Operation::Summarise(which(words)?),
        ("delete", words) => Operation::Delete(which(words)?),
        ("demos", []) => Operation::Demos,
        ("demo", []) => Operation::Demo(None),
        ("demo", ["next"]) => Operation::NextDemo,
        ("demo", ["stop"]) => Operation::StopDemo,
        ("demo", [demo]) => Operation::Demo(Some(Arc::from(*demo))),
        ("reload", []) => Operation::Reload,
        ("alerts" | "alert", _) | ("subscribe", ["alerts"]) => {
            Operation::Alerts(alerts::slash(name, words)?)
        }
        ("subscribe", ["pools"]) => Operation::WatchPools,
        ("subscribe", seconds) => Operation::Subscribe(optional(seconds).ok()?),
        ("unsubscribe", []) => Operation::Unsubscribe,
        ("usage", []) => Operation::Usage(None),
        ("usage", period) => Operation::Usage(Some(period.join(" ").parse().ok()?)),
        ("providers", []) => Operation::Providers,
        _ => return None,
    })
}

/// `POOL`, or `POOL/AGENT`.
fn seat(word: &str) -> Option<(PoolName, Option<AgentName>)> {
    match word.split_once('/') {
        Some((pool, agent)) if !pool.is_empty() && !agent.is_empty() => {
            Some((pool.into(), Some(agent.into())))
        }
        Some(_) => None,
        None => Some((word.into(), None)),
    }
}

/// A metric by any of its names, and a period behind it.
fn chart(words: &[&str]) -> Option<Operation> {
    (1..=words.len()).rev().find_map(|count| {
        let (name, period) = words.split_at_checked(count)?;
        let period = match period {
            [] => None,
            period => Some(period.join(" ").parse().ok()?),
        };
        Some(Operation::Chart(metrics::called(&name.join(" "))?, period))
    })
}

/// No word is no value; one that is no value is wrong.
fn optional<T: FromStr>(words: &[&str]) -> Result<Option<T>, NotAValue> {
    match words {
        [] => Ok(None),
        [word] => word.trim_start_matches('#').parse().map(Some).map_err(|_| NotAValue),
        _ => Err(NotAValue),
    }
}

fn which(words: &[&str]) -> Option<Which> {
    optional(words).ok().map(|which| which.unwrap_or(Which::Current))
}

fn numbers(words: &[&str]) -> Option<TaskNumbers> {
    let numbers = words.iter().map(|word| word.trim_matches(['#', ',']).parse().ok());
    TaskNumbers::new(numbers.collect::<Option<Vec<u32>>>()?)
}

fn tasks(words: &[&str]) -> Option<TaskFilter> {
    let mut filter = TaskFilter::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let said_twice = match (word.parse(), word.parse()) {
            (Ok(status), _) => filter.status.replace(status).is_some(),
            (_, Ok(priority)) => filter.priority.replace(priority).is_some(),
            _ if *word == "--before" => {
                filter.before.replace(words.next()?.parse().ok()?).is_some()
            }
            _ => {
                let pool = if *word == "--pool" { words.next()? } else { word };
                filter.pool.replace(PoolName::from(*pool)).is_some()
            }
        };
        if said_twice {
            return None;
        }
    }
    Some(filter)
}

/// Names with commas between them, and spaces behind those.
fn ask(rest: &str) -> Option<Operation> {
    let (mut whom, mut text) = (String::new(), rest);
    loop {
        let (word, rest) = first_word(text);
        whom.push_str(&word.to_lowercase());
        text = rest;
        if !word.ends_with(',') {
            return Some(Operation::Ask(whom.parse().ok()?, free_text(text)?));
        }
    }
}

fn search(rest: &str) -> Option<Operation> {
    let (options, text) = options(rest, &["--period"])?;
    let [period] = options;
    Some(Operation::Search { query: free_text(text)?, period: optional(period.as_slice()).ok()? })
}

const AT: &str = "--at";

fn submit(rest: &str) -> Option<Operation> {
    let ([pool, priority, at], text) = options(rest, &["--pool", "--priority", AT])?;
    Some(Operation::Submit(NewTask {
        description: free_text(text)?,
        pool: pool.map(|pool| PoolName::from(pool.to_lowercase().as_str())),
        priority: optional(priority.as_slice()).ok()?,
        at: at.map(Arc::from),
    }))
}

fn reschedule(rest: &str) -> Option<Operation> {
    let (these, at) = first_word(rest);
    let these: Vec<&str> = these.split(',').filter(|number| !number.is_empty()).collect();
    Some(Operation::Reschedule(numbers(&these)?, free_text(at)?))
}

/// The values of the options that stand before a free text, and the text.
fn options<'t, const N: usize>(
    text: &'t str,
    names: &[&str; N],
) -> Option<([Option<&'t str>; N], &'t str)> {
    let mut values = [None; N];
    let mut text = text;
    loop {
        let (word, rest) = first_word(text);
        if word == "--" {
            return Some((values, rest));
        }
        let Some(place) = names.iter().position(|name| *name == word) else {
            return Some((values, text));
        };
        let (value, rest) = value(word, rest)?;
        *values.get_mut(place)? = Some(value);
        text = rest;
    }
}

/// A word, or words in quotes; a time has as many words as say when.
fn value<'t>(option: &str, text: &'t str) -> Option<(&'t str, &'t str)> {
    let said = || moments::early(text).into_iter().find(|said| said.place.start == 0);
    match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').map(|(value, rest)| (value, rest.trim_start())),
        None if option == AT && said().is_some() => {
            let (value, rest) = text.split_at_checked(said()?.place.end)?;
            Some((value, rest.trim_start_matches([' ', ':', ','])))
        }
        None => Some(first_word(text)).filter(|(word, _)| !word.is_empty()),
    }
}

fn free_text(text: &str) -> Option<Arc<str>> {
    let text = text.trim();
    (!text.is_empty()).then(|| Arc::from(text))
}

fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}
