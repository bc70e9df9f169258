//! What a sentence in plain language comes to: a command, a question back, or chat.

use std::sync::Arc;

use serde_json::Value;

use super::{Operation, Vocabulary, grammar, sentence::Sentence};

/// What a text comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// It is a command.
    Command {
        /// Which one.
        operation: Operation,
        /// How sure that is, up to 1.
        confidence: f32,
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
    /// What may be answered, each with the slash command that it stands for; none where the
    /// question is open.
    pub options: Vec<(Arc<str>, Arc<str>)>,
    /// The command that it seems to be.
    pub intent: &'static str,
    /// Those of its parameters that are known.
    pub slots: Value,
}

impl Unsure {
    /// How sure it is that it is about the gateway at all.
    pub const CONFIDENCE: f32 = 0.5;
}

/// What goes on around a sentence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Situation {
    /// A demonstration is running, so that `next` and `stop` mean it.
    pub demo_running: bool,
}

/// What the text comes to. Slash commands are not looked for.
pub fn understand(text: &str, vocabulary: &Vocabulary, situation: Situation) -> Reading {
    let sentence = Sentence::read(text, vocabulary);
    match grammar::parse(&sentence, situation) {
        Some(Heard::Command(operation)) => {
            let confidence = if sentence.repaired == 0 { 0.95 } else { 0.85 };
            Reading::Command { operation, confidence }
        }
        Some(Heard::Unsure(unsure)) => Reading::Unsure(unsure),
        None => Reading::Chat,
    }
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

impl Heard {
    /// Something is missing: what to ask, and what the answers would do.
    pub(super) fn ask(
        question: &str,
        (intent, slots): (&'static str, Value),
        options: impl IntoIterator<Item = Operation>,
    ) -> Self {
        let options = options.into_iter().map(|operation| {
            let slash = operation.to_slash();
            (Arc::from(slash.trim_start_matches('/')), Arc::from(slash.as_str()))
        });
        Self::Unsure(Unsure {
            question: question.into(),
            options: options.collect(),
            intent,
            slots,
        })
    }
}
