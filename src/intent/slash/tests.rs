//! Slash forms: exact, told how they are written, and the way back from every operation.

use proptest::prelude::*;

use super::*;
use crate::{
    intent::{
        AlertWish, Component, NewAlert, Period, Priority, TaskStatus, Unit, WhichAlerts, Whom,
        Workers,
    },
    model::{Metric, Part, Side},
};

fn reads(text: &str) -> String {
    match slash(text) {
        Some(Ok(Slash { operation, yes })) => {
            format!("{}{}", operation.to_slash(), if yes { " YES" } else { "" })
        }
        Some(Err(misused)) => misused.to_string(),
        None => "-".to_owned(),
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(reads(text), expected, "{text}");
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
        ("/tools", "/tools"),
        ("/tools Financial", "/tools financial"),
        ("/tools financial/Analyst", "/tools financial/analyst"),
        ("/health cpu", "/health cpu"),
        ("/health store", "/health database"),
        ("/health Loop", "/health loop"),
        ("/chart memory", "/chart memory_bytes"),
        ("/chart latency last 3 hours", "/chart first_token_p95_ms last 3 hours"),
        ("/chart cpu_percent today", "/chart cpu_percent today"),
        ("/chart error rate last 10 minutes", "/chart error_percent last 10 minutes"),
        ("/chart queue last-half-hour", "/chart turns_queued last 30 minutes"),
        ("/scale sports +2 --yes", "/scale sports +2 YES"),
        ("/scale --yes sports 4", "/scale sports 4 YES"),
        ("/tasks failed sports", "/tasks failed --pool sports"),
        ("/tasks urgent", "/tasks urgent"),
        ("/tasks --before 30 failed", "/tasks failed --before 30"),
        ("/task #12", "/task 12"),
        ("/task cancel 3, 4 4", "/task cancel 3 4"),
        ("/task cancel all queued —yes", "/task cancel all queued YES"),
        ("/task retry 3, 4", "/task retry 3 4"),
        ("/task retry all failed --yes", "/task retry all failed YES"),
        ("/task AT #3,4 Every day at 9", "/task at 3,4 Every day at 9"),
        ("/task priority 3 4 HIGH", "/task priority 3 4 high"),
        ("/task submit Say  it --yes", "/task submit Say  it --yes"),
        (
            "/task submit --at \"9:00 today\" --pool Sports a",
            "/task submit --pool sports --at \"9:00 today\" a",
        ),
        ("/summary", "/summary current"),
        ("/delete last --yes", "/delete last YES"),
        ("/search --period last-3-days what I Said", "/search --period last-3-days what I Said"),
        ("/usage this week", "/usage this week"),
        ("/ask Financial, business Say it", "/ask financial,business Say it"),
        ("/ask sports,sports x", "/ask sports x"),
        ("/ask ALL x", "/ask all x"),
        ("/alerts today", "/alerts today"),
        ("/alert memory > 2.5 GB for 5m", "/alert memory_bytes > 2684354560 bytes for 300s"),
        ("/alert cpu>90%", "/alert machine_cpu_percent > 90 %"),
        ("/alert load_1m < 0.5", "/alert load_1m < 0.500"),
        ("/alert latency > 2s for 5m", "/alert first_token_p95_ms > 2000 ms for 300s"),
        (
            "/alert incoming traffic > 5 MB/s",
            "/alert network_received_bytes_per_second > 5242880 bytes",
        ),
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
        ("/tools a b", "/tools [POOL]"),
        ("/tools a/", "/tools [POOL]"),
        ("/status --yes", "/status"),
        ("/chart", "/chart METRIC [PERIOD]"),
        ("/chart luck today", "/chart METRIC [PERIOD]"),
        ("/scale sports", "/scale POOL N"),
        ("/task", "/task N"),
        ("/task cancel", "/task cancel N"),
        ("/task priority 3 soon", "/task priority N P"),
        ("/task at 3", "/task at N WHEN"),
        ("/task at noon", "/task at N WHEN"),
        ("/task retry", "/task retry N"),
        ("/tasks failed queued", "/tasks [STATUS] [POOL]"),
        ("/search", "/search [--period P] TEXT"),
        ("/ask all", "/ask POOL,POOL TEXT"),
        ("/ask", "/ask POOL,POOL TEXT"),
        ("/ask ,", "/ask POOL,POOL TEXT"),
        ("/alert memory", "/alert METRIC > N [for D]"),
        ("/alert memory > 5 ms", "/alert METRIC > N [for D]"),
        ("/alert remove", "/alert remove N"),
    ] {
        let refusal = reads(text);
        assert!(refusal.starts_with(&format!("It is written {form} (")), "{text}: {refusal}");
        let names = refusal.contains(" METRIC is one of: ");
        assert_eq!(names, form.contains("METRIC"), "{text}: {refusal}");
    }
    assert!(reads("/chart luck").contains(" METRIC is one of: load, cpu, "));
    let all = "/subscribe [SECONDS], or /subscribe pools, or /subscribe alerts";
    assert!(reads("/subscribe foo").starts_with(&format!("It is written {all} (")));
}

#[test]
fn the_parts_whose_health_can_be_asked_for_are_those_that_are_checked_and_some_more() {
    let refusal = slash("/health luck").unwrap().unwrap_err().to_string();
    let named = Component::ALL.iter().map(|part| part.word());
    for word in Part::ALL.iter().map(|part| part.word()).chain(named) {
        assert!(matches!(slash(&format!("/health {word}")), Some(Ok(_))), "{word}");
        assert!(refusal.contains(word), "{word}: {refusal}");
    }
}

#[test]
fn what_begins_like_no_command_is_none() {
    for text in ["/etc/hosts", "status", "/", "what does /status do?", "//help", "/helpme", ""] {
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

fn whom() -> impl Strategy<Value = Whom> {
    let these = proptest::collection::vec(pool(), 1..4)
        .prop_map(|pools| Whom::These(crate::intent::slots::named_once(&pools)))
        .prop_filter("it means all", |whom| whom.to_string() != "all");
    prop_oneof![Just(Whom::All), these]
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
    let unit = || any_of(&[Unit::Minute, Unit::Hour, Unit::Week, Unit::Month, Unit::Year]);
    prop_oneof![
        Just(Period::Today),
        Just(Period::Yesterday),
        unit().prop_map(Period::This),
        unit().prop_map(Period::Last),
        (2_u32.., any_of(Unit::ALL)).prop_map(|(count, unit)| Period::Past(count, unit)),
    ]
}

fn filter() -> impl Strategy<Value = TaskFilter> {
    let number = maybe(any::<u32>());
    (maybe(any_of(TaskStatus::ALL)), maybe(any_of(Priority::ALL)), maybe(pool()), number)
        .prop_map(|(status, priority, pool, before)| TaskFilter { status, priority, pool, before })
}

fn about_tasks() -> impl Strategy<Value = Operation> {
    let new = (text(), maybe(pool()), maybe(any_of(Priority::ALL)), maybe(word()))
        .prop_map(|(description, pool, priority, at)| NewTask { description, pool, priority, at });
    prop_oneof![
        filter().prop_map(Operation::Tasks),
        new.prop_map(Operation::Submit),
        task_numbers().prop_map(Operation::ShowTasks),
        task_numbers().prop_map(|these| Operation::CancelTasks(Targets::Numbered(these))),
        filter().prop_map(|filter| Operation::CancelTasks(Targets::All(filter))),
        task_numbers().prop_map(|these| Operation::RetryTasks(Targets::Numbered(these))),
        filter().prop_map(|filter| Operation::RetryTasks(Targets::All(filter))),
        (task_numbers(), text()).prop_map(|(t, at)| Operation::Reschedule(t, at)),
        (task_numbers(), any_of(Priority::ALL)).prop_map(|(t, p)| Operation::Prioritise(t, p)),
    ]
}

fn alert() -> impl Strategy<Value = NewAlert> {
    let side = any_of(&[Side::Above, Side::Below]);
    let numbers = (0..=100_000_u64, 0..=86_400_u32);
    (any_of(Metric::ALL), side, numbers).prop_map(|(metric, side, (thousandths, for_seconds))| {
        NewAlert { metric, side, thousandths, for_seconds }
    })
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
        (whom(), text()).prop_map(|(whom, text)| Operation::Ask(whom, text)),
        Just(Operation::Status),
        maybe(any_of(Component::ALL)).prop_map(Operation::Health),
        (any_of(Metric::ALL), maybe(period())).prop_map(|(m, p)| Operation::Chart(m, p)),
        Just(Operation::Pools),
        pool().prop_map(Operation::Pool),
        (pool(), workers).prop_map(|(pool, workers)| Operation::Scale(pool, workers)),
        maybe(pool()).prop_map(Operation::Use),
        (pool(), word()).prop_map(|(pool, word)| Operation::UseAgent(pool, (&*word).into())),
        maybe(pool()).prop_map(Operation::New),
        maybe(pool()).prop_map(Operation::Tools),
        (pool(), word()).prop_map(|(pool, word)| Operation::AgentTools(pool, (&*word).into())),
        which().prop_map(Operation::Summarise),
        which().prop_map(Operation::Delete),
        (text(), maybe(period())).prop_map(|(query, period)| Operation::Search { query, period }),
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
            Operation::Reload,
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
