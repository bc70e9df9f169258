//! What people say, and what it comes to: the rows in `tests/understanding`.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Reading, Situation, Vocabulary, meanings::MEANINGS, understand};
use crate::model::Subject;

const COMMANDS: &str = include_str!("../../tests/understanding/commands.txt");
const CHAT: &str = include_str!("../../tests/understanding/chat.txt");
const POOLS: [&str; 5] = ["healthcare", "financial", "sports", "business", "general"];

const AGENTS: [(&str, &str); 9] = [
    ("healthcare", "triage"),
    ("healthcare", "medication"),
    ("healthcare", "wellness"),
    ("financial", "analyst"),
    ("financial", "planner"),
    ("sports", "statistician"),
    ("sports", "odds"),
    ("business", "process"),
    ("business", "growth"),
];

fn vocabulary() -> Vocabulary {
    Vocabulary::new(POOLS, POOLS).staffed(AGENTS)
}

/// The intent, the slots, and a `?` where it is asked back.
fn heard(text: &str, vocabulary: &Vocabulary, situation: Situation) -> (String, Value) {
    match understand(text, vocabulary, situation) {
        Reading::Command { operation, .. } => (operation.intent().to_owned(), operation.slots()),
        Reading::Unsure(unsure) => (format!("{}?", unsure.intent), unsure.slots),
        Reading::Chat => ("none".to_owned(), json!({})),
    }
}

#[track_caller]
fn check(text: &str, situation: Situation, intent: &str, slots: &Value) {
    let found = heard(text, &vocabulary(), situation);
    assert_eq!((found.0.as_str(), &found.1), (intent, slots), "{text}");
}

fn lines(rows: &str) -> impl Iterator<Item = &str> {
    rows.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[test]
fn every_command_is_understood() {
    let vocabulary = vocabulary();
    let mut intent = "";
    let mut wrong = Vec::new();
    for line in lines(COMMANDS) {
        if let Some(name) = line.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            intent = name;
            continue;
        }
        let (text, rest) = line.split_once(" | ").unwrap_or((line, "{}"));
        let (slots, asks) = match rest.strip_suffix('?') {
            Some(slots) => (slots.trim(), "?"),
            None => (rest, ""),
        };
        let slots: Value = serde_json::from_str(slots).unwrap();
        let found = heard(text, &vocabulary, Situation::default());
        // A topic may be heard where none is expected.
        let same = found.1 == slots || (slots == json!({}) && intent == "help");
        if found.0 != format!("{intent}{asks}") || !same {
            wrong.push(format!("{text}: {found:?}, not {intent}{asks} {slots}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn chat_is_no_command() {
    let vocabulary = vocabulary();
    let heard = lines(CHAT).map(|text| (text, heard(text, &vocabulary, Situation::default())));
    let wrong: Vec<_> = heard.filter(|(_, (intent, _))| intent != "none").collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn a_running_demonstration_hears_a_word() {
    let running = Situation { demo_running: true, ..Situation::default() };
    for (text, alone, meanwhile) in [
        ("next", "none", "demo.next"),
        ("Next please!", "none", "demo.next"),
        ("skip this", "none", "demo.next"),
        ("go on", "none", "demo.next"),
        ("stop", "none", "demo.stop"),
        ("that's enough, thanks", "none", "demo.stop"),
        ("stop the demo", "demo.stop", "demo.stop"),
        ("what's next for AI?", "none", "none"),
    ] {
        check(text, Situation::default(), alone, &json!({}));
        check(text, running, meanwhile, &json!({}));
    }
}

#[test]
fn it_is_the_task_that_was_spoken_of_last() {
    let task = Situation { subject: Some(Subject::Task(4)), ..Situation::default() };
    let at = |at: &str| json!({ "task_id": 4, "at": at });
    for (text, intent, slots) in [
        ("run it tomorrow at noon", "task.reschedule", at("tomorrow at noon")),
        ("move it to friday", "task.reschedule", at("friday")),
        ("delay it by 2 hours", "task.reschedule", at("by 2 hours")),
        ("bring it forward by 2 hours", "task.reschedule", at("forward by 2 hours")),
        ("run it now", "task.reschedule", at("now")),
        ("do it now", "task.reschedule", at("now")),
        ("please postpone that one until monday 8:30", "task.reschedule", at("monday 8:30")),
        ("run the task after task 3", "task.reschedule", at("after task 3")),
        ("make it repeat every day at 9", "task.reschedule", at("every day at 9")),
        ("run it every monday", "task.reschedule", at("every monday")),
        ("stop repeating it", "task.reschedule", at("once")),
        ("don't repeat it any more", "task.reschedule", at("once")),
        ("cancel it", "task.cancel", json!({ "task_id": 4 })),
        ("Cancel this task, please.", "task.cancel", json!({ "task_id": 4 })),
        ("retry it", "task.retry", json!({ "task_id": 4 })),
        ("make it urgent", "task.priority", json!({ "task_id": 4, "priority": "urgent" })),
        ("is it done?", "task.show", json!({ "task_id": 4 })),
        ("how is it going?", "task.show", json!({ "task_id": 4 })),
    ] {
        check(text, task, intent, &slots);
    }
    for text in [
        "what is it?",
        "run it by me again",
        "move it or lose it",
        "make it shorter",
        "is it true that money makes happy?",
        "how does it taste?",
        "tell me why it repeats",
        "move to friday's match",
        "it rained every monday",
        "when is the exhibition tomorrow?",
        "cancel my gym membership by friday",
        "repeat after me",
    ] {
        check(text, task, "none", &json!({}));
    }
}

#[test]
fn behind_an_answer_it_is_told_why_that_pool_was_picked() {
    let answered = Situation { subject: Some(Subject::Answer), ..Situation::default() };
    for text in [
        "why did you pick that?",
        "Why did you choose that one?",
        "why that one?",
        "why this one",
        "why did you select this?",
        "why did you decide on that?",
        "how did you choose that one?",
        "how did you pick that",
        "why would you pick that one",
        "why have you chosen this one?",
        "why did you go with that one?",
        "why did you settle on that?",
        "why this pool?",
        "why was that picked by you?",
    ] {
        check(text, answered, "routing.explain", &json!({}));
    }
    for text in [
        "why did they pick that?",
        "why did you pick him for the team?",
        "why that?",
        "why?",
        "why is that?",
        "why did you say that?",
        "why not the other one?",
        "why did you use that word?",
        "how do I pick one?",
        "did you pick that?",
        "what did you pick?",
        "why did the coach choose that one?",
    ] {
        check(text, answered, "none", &json!({}));
    }
}

#[test]
fn an_agent_of_several_pools_is_asked_back() {
    let own = Vocabulary::new(["kitchen", "garden"], []).staffed([
        ("kitchen", "head-chef"),
        ("garden", "planner"),
        ("kitchen", "planner"),
    ]);
    for (text, intent, slots) in [
        ("use the planner agent", "conversation.switch_pool?", json!({ "agent": "planner" })),
        (
            "use the planner agent of the garden pool",
            "conversation.switch_pool",
            json!({ "pool": "garden", "agent": "planner" }),
        ),
        (
            "switch to the head chef agent",
            "conversation.switch_pool",
            json!({ "pool": "kitchen", "agent": "head-chef" }),
        ),
        ("switch to the triage agent", "none", json!({})),
    ] {
        let found = heard(text, &own, Situation::default());
        assert_eq!((found.0.as_str(), found.1), (intent, slots), "{text}");
    }
}

#[test]
fn what_is_asked_back_can_be_chosen() {
    let Reading::Unsure(unsure) =
        understand("scale the pool to 4", &vocabulary(), Situation::default())
    else {
        panic!("it is not asked back");
    };
    assert_eq!(&*unsure.question, "Which pool?");
    let options: Vec<_> = unsure.options.iter().map(|(say, slash)| (&**say, &**slash)).collect();
    assert_eq!(options.first(), Some(&("healthcare", "/scale healthcare 4")));
    assert_eq!(options.len(), POOLS.len());
}

#[test]
fn where_only_a_number_is_missing_it_is_an_answer() {
    for (text, expected) in [
        ("cancel a task", Some("/task cancel N")),
        ("retry a task", Some("/task retry N")),
        ("delete my chats", Some("/delete N")),
        ("scale up sports", Some("/scale sports N")),
        ("status every 1.5 minutes", Some("/subscribe N")),
        ("scale a pool", None),
    ] {
        let Reading::Unsure(unsure) = understand(text, &vocabulary(), Situation::default()) else {
            panic!("{text} is not asked back");
        };
        let options: Vec<_> = unsure.options.iter().map(|(say, run)| (&**say, &**run)).collect();
        assert_eq!(options, Vec::from_iter(expected.map(|run| ("N", run))), "{text}");
    }
}

#[test]
fn a_name_of_ones_own_is_a_name() {
    let own = Vocabulary::new(["legal-eu", "kitchen"], ["opening-night"]);
    for (text, intent, slots) in [
        ("switch to the legal-eu pool", "conversation.switch_pool", json!({ "pool": "legal-eu" })),
        ("scale legal eu to 3", "pool.scale", json!({ "pool": "legal-eu", "workers": 3 })),
        ("talk to the ktichen team", "conversation.switch_pool", json!({ "pool": "kitchen" })),
        ("run the opening night demo", "demo.start", json!({ "demo": "opening-night" })),
        ("switch to sports", "none", json!({})),
        ("show the medical pool", "none", json!({})),
    ] {
        let found = heard(text, &own, Situation::default());
        assert_eq!((found.0.as_str(), found.1), (intent, slots), "{text}");
    }
}

/// Words of commands in no order, among others.
fn babble() -> impl Strategy<Value = String> {
    let words: Vec<&str> =
        MEANINGS.iter().copied().flatten().flat_map(|(_, words)| words.split(", ")).collect();
    let word = prop_oneof![
        4 => proptest::sample::select(words).prop_map(str::to_owned),
        1 => proptest::sample::select(&POOLS[..]).prop_map(str::to_owned),
        1 => "[0-9]{1,12}",
        1 => "\\PC{1,6}",
    ];
    proptest::collection::vec(word, 0..40).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in prop_oneof![babble(), ".{0,400}".boxed()], demo_running: bool) {
        for subject in [None, Some(Subject::Answer), Some(Subject::Task(4))] {
            drop(understand(&text, &vocabulary(), Situation { demo_running, subject }));
        }
    }
}

#[test]
fn no_text_is_too_long() {
    for piece in ["find my chats about ", "a", "task 1 ", "\"", "1 ", "é'", "create a task: "] {
        let text = piece.repeat(64 * 1024 / piece.len());
        drop(understand(&text, &vocabulary(), Situation::default()));
    }
}
