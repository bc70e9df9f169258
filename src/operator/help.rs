//! What can be said to the gateway itself, by what one wants to do.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::report::Report;
use crate::intent::{FORMS, measured_names};

/// Something that one may want to do.
struct Topic {
    /// What.
    wish: &'static str,
    /// How to say it.
    says: &'static [&'static str],
    /// The slash commands that do it, without the slash.
    commands: &'static [&'static str],
    /// Words that a question about it holds.
    words: &'static [&'static str],
    /// What else there is to know.
    notes: &'static str,
}

const TOPICS: &[Topic] = &[
    Topic {
        wish: "choose who answers",
        says: &[
            "use the sports pool",
            "switch to the triage agent",
            "which agents are there?",
            "which tools are there?",
            "ask financial and business about leasing a van",
            "ask all specialists about a marathon",
            "why did you pick that pool?",
        ],
        commands: &["pools", "pool", "use", "ask", "why", "tools"],
        words: &[
            "pool",
            "pools",
            "specialist",
            "specialists",
            "switch",
            "route",
            "routing",
            "answers",
            "use",
            "expert",
            "pick",
            "agent",
            "agents",
            "tool",
            "tools",
        ],
        notes: "Each message goes to the pool that its words fit best, and a follow-up stays where \
                the conversation is. Within the pool an agent answers, if it has any: the one that fits, \
                or the one that you ask for, as in \"ask the triage agent …\". A pool that you name is \
                kept until you say /use auto or \"stop using the sports pool\", and so is an agent: \
                /use healthcare/triage. \"Why that one?\" behind an answer tells how it was chosen. Several \
                pools that are asked the same answer side by side, and then one answer is made of \
                theirs.",
    },
    Topic {
        wish: "keep conversations apart, and find things again",
        says: &["start a new conversation", "summarise this", "what did I ask about bonds?"],
        commands: &["conversations", "new", "summary", "search", "delete"],
        words: &[
            "conversation",
            "conversations",
            "chat",
            "chats",
            "history",
            "search",
            "find",
            "delete",
            "summary",
            "summarise",
            "summarize",
            "title",
            "forget",
            "remember",
            "thread",
        ],
        notes: "Conversations are kept until you delete them. Deleting asks back first, unless the \
                command ends in --yes.",
    },
    Topic {
        wish: "have work done in the background",
        says: &[
            "submit a task to business tomorrow at 9: draft an agenda",
            "show the failed tasks",
            "retry task 7",
            "delay it by 2 hours",
            "make task 4 repeat every day at 9",
        ],
        commands: &["task", "tasks"],
        words: &[
            "task",
            "tasks",
            "job",
            "jobs",
            "background",
            "priority",
            "queue",
            "schedule",
            "submit",
            "cancel",
            "retry",
            "reschedule",
            "postpone",
            "delay",
            "repeat",
        ],
        notes: "A task tells its outcome in the conversation that asked for it. WHEN is a time, a rule or a \
                condition: \"in 2 hours\", \"every day at 9\", \"after 12\"; of a task that waits also \"by 2 hours\", and \
                \"once\", which ends its rule. It may open a sentence: \"every \
                weekday at 8:30 in Europe/Berlin, have the financial pool …\". A task that runs is \
                cancelled, and all that failed are tried again, only when you agree, unless the command \
                ends in --yes.",
    },
    Topic {
        wish: "see how the gateway is",
        says: &[
            "status",
            "is the database healthy?",
            "how was memory in the last hour?",
            "keep me posted on the status",
            "show me the pools live",
        ],
        commands: &["status", "health", "chart", "providers", "usage", "subscribe", "unsubscribe"],
        words: &[
            "status",
            "health",
            "healthy",
            "memory",
            "cpu",
            "disk",
            "uptime",
            "provider",
            "providers",
            "model",
            "models",
            "usage",
            "tokens",
            "cost",
            "subscribe",
            "updates",
            "monitor",
            "database",
            "chart",
            "graph",
            "metric",
            "metrics",
            "load",
            "latency",
            "connections",
            "network",
            "budget",
            "budgets",
            "spend",
            "quota",
        ],
        notes: "",
    },
    Topic {
        wish: "be told when something needs attention",
        says: &[
            "tell me when the queue is longer than 50",
            "warn me when latency is above 500 ms",
            "which alerts are active?",
            "remove alert 2",
        ],
        commands: &["alert", "alerts", "subscribe"],
        words: &[
            "alert",
            "alerts",
            "warn",
            "warning",
            "notify",
            "tell",
            "threshold",
            "watch",
            "above",
            "below",
            "attention",
            "incident",
            "incidents",
        ],
        notes: "What you ask for is told in this conversation: once when it is so, once when it is over, and \
                not more often than every ten minutes where it comes and goes. It ends with the \
                conversation.",
    },
    Topic {
        wish: "change how much a pool does at a time",
        says: &["scale the financial pool to 4 workers"],
        commands: &["scale", "pool"],
        words: &["scale", "worker", "workers", "concurrency", "capacity", "pool", "pools"],
        notes: "It asks back first, unless the command ends in --yes.",
    },
    Topic {
        wish: "have the settings read again",
        says: &["reload the settings", "are the settings ok?"],
        commands: &["reload", "health"],
        words: &["settings", "setting", "configuration", "config", "reload"],
        notes: "They are also read when their file changes. It asks back first, unless the command ends \
                in --yes.",
    },
    Topic {
        wish: "be shown around",
        says: &["start the gateway demo", "next", "stop the demo"],
        commands: &["demos", "demo"],
        words: &["demo", "demos", "tour", "example", "examples", "demonstration", "show"],
        notes: "A demo really does what it shows, in this conversation.",
    },
];

/// All that can be said, or what there is to a topic.
pub(super) fn help(topic: Option<&str>) -> Report {
    match topic.and_then(|topic| about(topic).map(|known| (topic, known))) {
        Some((_, topic)) => Report::new(topic.text(), topic.data()),
        None => overview(topic),
    }
}

fn overview(unknown: Option<&str>) -> Report {
    let mut text = match unknown {
        Some(topic) => format!("I know nothing of “{topic}”. "),
        None => String::new(),
    };
    text += "Ask anything in plain language. To operate the gateway, say it, or type the command:";
    for topic in TOPICS {
        let _infallible = write!(
            text,
            "\n{}: “{}”  {}",
            capital(topic.wish),
            topic.says.join("”, “"),
            topic.slashes()
        );
    }
    text += "\n/help and a word tells more of it: /help pools.";
    let rows: Vec<Value> = TOPICS.iter().map(Topic::data).collect();
    Report::new(text, json!({ "topics": rows }))
}

/// The topic that most words of a question are about.
fn about(question: &str) -> Option<&'static Topic> {
    let question = question.to_lowercase();
    let words: Vec<&str> = question.split(|c: char| !c.is_alphanumeric()).collect();
    let fit = |topic: &&Topic| words.iter().filter(|word| topic.words.contains(word)).count();
    // Of two that fit alike the first is meant.
    let best = TOPICS.iter().rev().max_by_key(fit)?;
    (fit(&best) > 0).then_some(best)
}

impl Topic {
    fn forms(&self) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
        FORMS.iter().filter(|(form, _)| {
            let name = form.split([' ', '/']).nth(1);
            name.is_some_and(|name| self.commands.contains(&name))
        })
    }

    fn slashes(&self) -> String {
        let commands: Vec<String> = self.commands.iter().map(|name| format!("/{name}")).collect();
        commands.join(" ")
    }

    fn text(&self) -> String {
        let mut text = format!("To {}, say “{}”, or type:", self.wish, self.says.join("”, “"));
        let width = self.forms().map(|(form, _)| form.chars().count()).max().unwrap_or(0);
        for (form, does) in self.forms() {
            let _infallible = write!(text, "\n{form:width$}  {does}");
        }
        if !self.notes.is_empty() {
            let _infallible = write!(text, "\n{}", self.notes);
        }
        if self.forms().any(|(form, _)| form.contains(" METRIC")) {
            let _infallible = write!(text, "\nMETRIC is one of: {}.", measured_names());
        }
        text
    }

    fn data(&self) -> Value {
        let forms: Vec<Value> =
            self.forms().map(|(form, does)| json!({"command": form, "does": does})).collect();
        json!({"topic": self.wish, "say": self.says, "commands": forms})
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_belongs_to_a_topic() {
        for (form, _) in FORMS {
            let of = TOPICS.iter().any(|topic| topic.forms().any(|(known, _)| known == form));
            assert!(of || form.starts_with("/help"), "{form}");
        }
        for topic in TOPICS {
            for name in topic.commands {
                assert!(topic.forms().any(|(form, _)| form.contains(name)), "{name}");
            }
        }
    }

    #[test]
    fn a_question_finds_its_topic() {
        for (question, wish) in [
            ("cancel a task", "have work done in the background"),
            ("how do I switch to another pool?", "choose who answers"),
            ("delete conversations", "keep conversations apart, and find things again"),
            ("set an alert", "be told when something needs attention"),
            ("workers", "change how much a pool does at a time"),
            ("scale a pool", "change how much a pool does at a time"),
            ("pools", "choose who answers"),
            ("budgets", "see how the gateway is"),
            ("latency", "see how the gateway is"),
        ] {
            assert_eq!(about(question).map(|topic| topic.wish), Some(wish), "{question}");
        }
        assert!(help(Some("metrics")).text.contains("METRIC is one of: load, cpu, "));
        assert!(help(Some("quantum")).text.starts_with("I know nothing of “quantum”"));
    }
}
