//! Commands in slash form: exact, and always understood.

use std::{str::FromStr, sync::Arc};

use super::{
    alerts,
    operation::{AUTO, Operation},
    slots::{NewTask, NotAValue, Targets, TaskFilter, TaskNumbers, Which},
};
use crate::model::PoolName;

/// Every form, and what it does.
pub const FORMS: &[(&str, &str)] = &[
    ("/help [TOPIC]", "this list"),
    ("/status", "how the gateway is"),
    ("/health [PART]", "whether it is well: memory, cpu, disk, database, uptime, network"),
    ("/pools", "the pools of specialists and their routes"),
    ("/pool POOL", "one of them"),
    ("/scale POOL N", "the pool has N workers from now on; +N more, -N fewer"),
    (
        "/use POOL",
        "this conversation goes to that pool, or with /use POOL/AGENT to one agent of it, from now \
         on; /use auto undoes it",
    ),
    ("/why", "why the last message went to its pool"),
    ("/tasks [STATUS] [POOL]", "background tasks"),
    ("/task N", "one of them"),
    (
        "/task submit [--pool POOL] [--priority P] [--at WHEN] TEXT",
        "hands in a background task; P is low, normal, high or urgent",
    ),
    ("/task cancel N", "takes it back; several numbers, or all [STATUS] [POOL]"),
    ("/task priority N P", "how soon it is wanted"),
    ("/conversations", "your conversations"),
    ("/new [POOL]", "begins another conversation"),
    ("/summary [N]", "what it was about; N is a number, last or current"),
    ("/delete [N]", "deletes it"),
    ("/search [--period P] TEXT", "finds what was said; P is today, last-week, this-month, …"),
    ("/demos", "demonstrations"),
    ("/demo [NAME]", "begins one; /demo next and /demo stop go on and end it"),
    ("/subscribe [SECONDS]", "tells the status now and then"),
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
#[error("It is written {form}.")]
pub struct Misused {
    /// How it is written.
    pub form: &'static str,
}

/// The command that a text in slash form is; `None` where it begins like none.
pub fn slash(text: &str) -> Option<Result<Slash, Misused>> {
    let (name, rest) = first_word(text.trim().strip_prefix('/')?);
    let name = name.to_lowercase();
    let form = form(&name, rest)?;
    Some(read(&name, rest).ok_or(Misused { form }))
}

/// How that command is written.
fn form(name: &str, rest: &str) -> Option<&'static str> {
    let mut forms = FORMS.iter().map(|(form, _)| *form).filter(|form| {
        let (command, _) = first_word(form);
        command.strip_prefix('/') == Some(name)
    });
    let verb = first_word(rest).0.to_lowercase();
    let usual = forms.clone().next()?;
    forms.find(|form| form.split(' ').nth(1) == Some(&verb)).or(Some(usual))
}

/// Free text may hold any word, so nothing in it is taken for an option.
fn read(name: &str, rest: &str) -> Option<Slash> {
    let operation = match (name, first_word(rest)) {
        ("help", _) => Operation::Help(free_text(rest)),
        ("search", _) => search(rest)?,
        ("task", (verb, rest)) if verb.eq_ignore_ascii_case("submit") => submit(rest)?,
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
        ("health", part) => Operation::Health(optional(part).ok()?),
        ("pools", []) => Operation::Pools,
        ("pool", [pool]) => Operation::Pool(PoolName::from(*pool)),
        ("scale", [pool, workers]) => {
            Operation::Scale(PoolName::from(*pool), workers.parse().ok()?)
        }
        ("use", [AUTO]) => Operation::Use(None),
        ("use", [pool]) => match pool.split_once('/') {
            Some((pool, agent)) if !pool.is_empty() && !agent.is_empty() => {
                Operation::UseAgent(pool.into(), agent.into())
            }
            Some(_) => return None,
            None => Operation::Use(Some(PoolName::from(*pool))),
        },
        ("why", []) => Operation::Why,
        ("tasks", filter) => Operation::Tasks(tasks(filter)?),
        ("task", ["cancel", "all", filter @ ..]) => {
            Operation::CancelTasks(Targets::All(tasks(filter)?))
        }
        ("task", ["cancel", these @ ..]) => {
            Operation::CancelTasks(Targets::Numbered(numbers(these)?))
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

fn search(rest: &str) -> Option<Operation> {
    let (options, text) = options(rest, &["--period"])?;
    let [period] = options;
    Some(Operation::Search { query: free_text(text)?, period: optional(period.as_slice()).ok()? })
}

fn submit(rest: &str) -> Option<Operation> {
    let ([pool, priority, at], text) = options(rest, &["--pool", "--priority", "--at"])?;
    Some(Operation::Submit(NewTask {
        description: free_text(text)?,
        pool: pool.map(|pool| PoolName::from(pool.to_lowercase().as_str())),
        priority: optional(priority.as_slice()).ok()?,
        at: at.map(Arc::from),
    }))
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
        let (value, rest) = value(rest)?;
        *values.get_mut(place)? = Some(value);
        text = rest;
    }
}

/// A word, or words in quotes.
fn value(text: &str) -> Option<(&str, &str)> {
    match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').map(|(value, rest)| (value, rest.trim_start())),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        intent::{
            AlertWish, Component, NewAlert, Period, Priority, TaskStatus, Unit, WhichAlerts,
            Workers,
        },
        model::{Metric, Side},
    };

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let found = match slash(text) {
            Some(Ok(Slash { operation, yes })) => {
                format!("{}{}", operation.to_slash(), if yes { " YES" } else { "" })
            }
            Some(Err(misused)) => misused.to_string(),
            None => "-".to_owned(),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_form_is_exact() {
        for (text, expected) in [
            ("/help", "/help"),
            ("/STATUS", "/status"),
            (" /pools ", "/pools"),
            ("/use Sports", "/use sports"),
            ("/use auto", "/use auto"),
            ("/use Healthcare/Triage", "/use healthcare/triage"),
            ("/health cpu", "/health cpu"),
            ("/scale sports +2 --yes", "/scale sports +2 YES"),
            ("/scale --yes sports 4", "/scale sports 4 YES"),
            ("/tasks failed sports", "/tasks failed --pool sports"),
            ("/tasks urgent", "/tasks urgent"),
            ("/task #12", "/task 12"),
            ("/task cancel 3, 4 4", "/task cancel 3 4"),
            ("/task cancel all queued —yes", "/task cancel all queued YES"),
            ("/task priority 3 4 HIGH", "/task priority 3 4 high"),
            ("/task submit Say  it --yes", "/task submit Say  it --yes"),
            (
                "/task submit --at \"9:00 today\" --pool Sports a",
                "/task submit --pool sports --at \"9:00 today\" a",
            ),
            ("/summary", "/summary current"),
            ("/delete last --yes", "/delete last YES"),
            (
                "/search --period last-3-days what I Said",
                "/search --period last-3-days what I Said",
            ),
            ("/usage this week", "/usage this week"),
            ("/alerts today", "/alerts today"),
            ("/alert memory > 2.5 GB for 5m", "/alert memory_bytes > 2684354560 bytes for 300s"),
            ("/alert cpu>90%", "/alert machine_cpu_percent > 90 %"),
            ("/alert load_1m < 0.5", "/alert load_1m < 0.500"),
            ("/alert remove #2", "/alert remove 2"),
            ("/alert remove the queue", "/alert remove turns_queued"),
            ("/subscribe alerts", "/subscribe alerts"),
            ("/demo", "/demo"),
            ("/demo Next", "/demo next"),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn a_command_that_is_not_as_it_should_be_says_how_it_is_written() {
        for (text, form) in [
            ("/use", "/use POOL"),
            ("/use a b", "/use POOL"),
            ("/use a/", "/use POOL"),
            ("/status --yes", "/status"),
            ("/scale sports", "/scale POOL N"),
            ("/task", "/task N"),
            ("/task cancel", "/task cancel N"),
            ("/task priority 3 soon", "/task priority N P"),
            ("/tasks failed queued", "/tasks [STATUS] [POOL]"),
            ("/search", "/search [--period P] TEXT"),
            ("/alert memory", "/alert METRIC > N [for D]"),
            ("/alert remove", "/alert remove N"),
        ] {
            check(text, &format!("It is written {form}."));
        }
    }

    #[test]
    fn what_begins_like_no_command_is_none() {
        for text in ["/etc/hosts", "status", "/", "what does /status do?", "//help", "/helpme", ""]
        {
            check(text, "-");
        }
    }

    fn word() -> impl Strategy<Value = Arc<str>> {
        "[a-z][a-z0-9-]{0,9}"
            .prop_filter("it has a meaning of its own", |word| {
                let taken = [AUTO, "next", "stop"];
                !taken.contains(&word.as_str())
            })
            .prop_map(Arc::from)
    }

    fn text() -> impl Strategy<Value = Arc<str>> {
        "\\PC{1,20}"
            .prop_filter("it is blank", |text| !text.trim().is_empty())
            .prop_map(|text| Arc::from(text.trim()))
    }

    fn pool() -> impl Strategy<Value = PoolName> {
        word().prop_map(|word| PoolName::from(&*word))
    }

    fn maybe<T: Clone + std::fmt::Debug>(
        some: impl Strategy<Value = T>,
    ) -> impl Strategy<Value = Option<T>> {
        proptest::option::of(some)
    }

    fn any_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
        proptest::sample::select(all)
    }

    fn task_numbers() -> impl Strategy<Value = TaskNumbers> {
        proptest::collection::vec(any::<u32>(), 1..5)
            .prop_map(|numbers| TaskNumbers::new(numbers).expect("there is one"))
    }

    fn which() -> impl Strategy<Value = Which> {
        prop_oneof![Just(Which::Current), Just(Which::Last), any::<u32>().prop_map(Which::Number)]
    }

    fn period() -> impl Strategy<Value = Period> {
        let unit = || any_of(&[Unit::Hour, Unit::Week, Unit::Month, Unit::Year]);
        prop_oneof![
            Just(Period::Today),
            Just(Period::Yesterday),
            unit().prop_map(Period::This),
            unit().prop_map(Period::Last),
            (2_u32.., any_of(Unit::ALL)).prop_map(|(count, unit)| Period::Past(count, unit)),
        ]
    }

    fn filter() -> impl Strategy<Value = TaskFilter> {
        (maybe(any_of(TaskStatus::ALL)), maybe(any_of(Priority::ALL)), maybe(pool()))
            .prop_map(|(status, priority, pool)| TaskFilter { status, priority, pool })
    }

    fn about_tasks() -> impl Strategy<Value = Operation> {
        let new = (text(), maybe(pool()), maybe(any_of(Priority::ALL)), maybe(word())).prop_map(
            |(description, pool, priority, at)| NewTask { description, pool, priority, at },
        );
        prop_oneof![
            filter().prop_map(Operation::Tasks),
            new.prop_map(Operation::Submit),
            task_numbers().prop_map(Operation::ShowTasks),
            task_numbers().prop_map(|these| Operation::CancelTasks(Targets::Numbered(these))),
            filter().prop_map(|filter| Operation::CancelTasks(Targets::All(filter))),
            (task_numbers(), any_of(Priority::ALL)).prop_map(|(t, p)| Operation::Prioritise(t, p)),
        ]
    }

    fn alert() -> impl Strategy<Value = NewAlert> {
        let side = any_of(&[Side::Above, Side::Below]);
        let numbers = (0..=100_000_u64, 0..=86_400_u32);
        (any_of(Metric::ALL), side, numbers).prop_map(
            |(metric, side, (thousandths, for_seconds))| NewAlert {
                metric,
                side,
                thousandths,
                for_seconds,
            },
        )
    }

    fn about_alerts() -> impl Strategy<Value = AlertWish> {
        let which = prop_oneof![
            any::<u32>().prop_map(WhichAlerts::Number),
            any_of(Metric::ALL).prop_map(WhichAlerts::Metric),
            Just(WhichAlerts::All),
        ];
        prop_oneof![
            maybe(period()).prop_map(AlertWish::List),
            alert().prop_map(AlertWish::Set),
            which.prop_map(AlertWish::Remove),
            Just(AlertWish::Subscribe),
        ]
    }

    fn about_the_rest() -> impl Strategy<Value = Operation> {
        let workers =
            prop_oneof![any::<u32>().prop_map(Workers::To), any::<i32>().prop_map(Workers::By)];
        prop_oneof![
            maybe(text()).prop_map(Operation::Help),
            Just(Operation::Status),
            maybe(any_of(Component::ALL)).prop_map(Operation::Health),
            Just(Operation::Pools),
            pool().prop_map(Operation::Pool),
            (pool(), workers).prop_map(|(pool, workers)| Operation::Scale(pool, workers)),
            maybe(pool()).prop_map(Operation::Use),
            (pool(), word()).prop_map(|(pool, word)| Operation::UseAgent(pool, (&*word).into())),
            maybe(pool()).prop_map(Operation::New),
            which().prop_map(Operation::Summarise),
            which().prop_map(Operation::Delete),
            (text(), maybe(period()))
                .prop_map(|(query, period)| Operation::Search { query, period }),
            maybe(word()).prop_map(Operation::Demo),
            maybe(any::<u32>()).prop_map(Operation::Subscribe),
            maybe(period()).prop_map(Operation::Usage),
            about_alerts().prop_map(Operation::Alerts),
            proptest::sample::select(vec![
                Operation::Conversations,
                Operation::Demos,
                Operation::NextDemo,
                Operation::StopDemo,
                Operation::WatchPools,
                Operation::Unsubscribe,
                Operation::Providers,
                Operation::Why,
            ]),
        ]
    }

    proptest! {
        #[test]
        fn every_operation_comes_back_from_its_form(
            operation in prop_oneof![about_tasks(), about_the_rest()]
        ) {
            let back = slash(&operation.to_slash());
            prop_assert_eq!(back, Some(Ok(Slash { operation, yes: false })));
        }

        #[test]
        fn no_text_is_too_strange(text in "/?\\PC{0,40}") {
            drop(slash(&text));
        }
    }
}
