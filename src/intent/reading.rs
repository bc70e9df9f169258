//! What a sentence in plain language comes to: a command, a question back, or chat.

use std::sync::Arc;

use serde_json::Value;

use super::{A_NUMBER, Operation, Vocabulary, alerts, grammar, sentence::Sentence};
use crate::model::Subject;

/// What a text comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// It is a command.
    Command {
        /// Which one.
        operation: Operation,
        /// How sure that is, up to 1.
        confidence: f64,
    },
    /// It is about the gateway, and something is missing.
    Unsure(Unsure),
    /// It is for the pools.
    Chat,
}

/// What must be asked before a command can be carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Unsure {
    /// What to ask.
    pub question: Arc<str>,
    /// What may be said to it, and the slash command that each stands for: any number where that is
    /// [`A_NUMBER`]. None where the question is open.
    pub options: Vec<(Arc<str>, Arc<str>)>,
    /// The command that it seems to be.
    pub intent: &'static str,
    /// Those of its parameters that are known.
    pub slots: Value,
}

impl Reading {
    /// How sure it is, up to 1.
    pub fn confidence(&self) -> f64 {
        match self {
            Self::Command { confidence, .. } => *confidence,
            Self::Unsure(_) => 0.5,
            Self::Chat => 0.9,
        }
    }
}

/// What goes on around a sentence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Situation {
    /// A demonstration is running, so that `next` and `stop` mean it.
    pub demo_running: bool,
    /// What was spoken of last, so that `it` means it.
    pub subject: Option<Subject>,
}

/// What the text comes to. Slash commands are not looked for.
pub fn understand(text: &str, vocabulary: &Vocabulary, situation: Situation) -> Reading {
    if let Some(heard) = alerts::hear(text) {
        return heard.reading(0.95);
    }
    let sentence = Sentence::read(text, vocabulary);
    let confidence = if sentence.repaired == 0 { 0.95 } else { 0.85 };
    let heard = grammar::parse(&sentence, situation);
    heard.map_or(Reading::Chat, |heard| heard.reading(confidence))
}

/// What a rule of the grammar makes of a sentence.
#[derive(Debug)]
pub(super) enum Heard {
    Command(Operation),
    Unsure(Unsure),
}

impl From<Operation> for Heard {
    fn from(operation: Operation) -> Self {
        Self::Command(operation)
    }
}

/// The command that something seems to be, and those of its slots that are known.
pub(super) type Known = (&'static str, Value);

impl Heard {
    fn reading(self, confidence: f64) -> Reading {
        match self {
            Self::Command(operation) => Reading::Command { operation, confidence },
            Self::Unsure(unsure) => Reading::Unsure(unsure),
        }
    }

    /// Something is missing, and may be anything; where it is a number, that alone is an answer.
    pub(super) fn ask(question: &str, (intent, slots): Known) -> Self {
        let hole = lacks_a_number(intent, &slots);
        let options = hole.map(|before| (A_NUMBER.into(), format!("{before} {A_NUMBER}").into()));
        let options = options.into_iter().collect();
        Self::Unsure(Unsure { question: question.into(), options, intent, slots })
    }

    /// Something is missing, and is one of these.
    pub(super) fn choose(
        question: &str,
        (intent, slots): Known,
        choices: impl IntoIterator<Item = (impl Into<Arc<str>>, Operation)>,
    ) -> Self {
        let option =
            |(say, operation): (_, Operation)| (Into::into(say), operation.to_slash().into());
        let options = choices.into_iter().map(option).collect();
        Self::Unsure(Unsure { question: question.into(), options, intent, slots })
    }
}

/// What is said before the number, where the command lacks nothing else.
fn lacks_a_number(intent: &str, known: &Value) -> Option<Arc<str>> {
    let said = match (intent, known.get("pool").and_then(Value::as_str)) {
        ("task.cancel", None) if known.get("task_id").is_none() => "/task cancel",
        ("task.retry", None) if known.get("task_id").is_none() => "/task retry",
        ("conversation.delete", _) => "/delete",
        ("subscribe.status", _) => "/subscribe",
        ("alert.remove", _) => "/alert remove",
        ("pool.scale", Some(pool)) => return Some(format!("/scale {pool}").into()),
        _ => return None,
    };
    Some(said.into())
}
