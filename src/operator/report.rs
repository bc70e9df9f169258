//! What comes of a command: a sentence for a person, the same as data for a program.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use crate::{
    conversation::{Ask, Handle, Part, Tour},
    intent::{self, A_NUMBER, Operation, Unsure},
    model::{AgentName, ConversationId, Offer, PoolName, Subject},
};

/// What comes of a command.
pub(super) enum Outcome {
    /// It is told.
    Told(Report),
    /// A pool answers it.
    Asked(Ask),
}

/// What is told of a command, and what follows from it.
#[derive(Default)]
pub(super) struct Report {
    pub(super) text: String,
    pub(super) data: Value,
    /// What is asked back: the answers there are.
    pub(super) offers: Arc<[Offer]>,
    /// What was asked back before may still be answered.
    pub(super) keeps: bool,
    /// The pool that the conversation goes to from now on; an empty name unpins.
    pub(super) pin: Option<PoolName>,
    /// The agent of that pool that is pinned with it.
    pub(super) pin_agent: Option<AgentName>,
    pub(super) tour: Tour,
    /// What it speaks of, where that is another thing than before.
    pub(super) subject: Option<Subject>,
    pub(super) then: Then,
}

/// What is to be done once a command is noted.
#[derive(Default)]
pub(super) enum Then {
    #[default]
    Nothing,
    /// The conversation in which it was given goes.
    Delete,
    /// Its demonstration goes on.
    Tour,
    /// The caller does something about its connection.
    Here(Here),
}

/// What a command does to the connection over which it came.
pub enum Here {
    /// It goes on in another conversation.
    Enter(ConversationId, Handle),
    /// It follows specialists that were asked on its behalf.
    Attend(Vec<Part>),
    /// It is told the status so often; nothing is told by itself any more where it is `None`.
    Status(Option<Duration>),
    /// It is told of the pools when they change.
    Pools,
    /// It is told of alerts as they come.
    Alerts,
}

impl Report {
    /// A sentence, and the same as data.
    pub(super) fn new(text: impl Into<String>, data: Value) -> Self {
        Self { text: text.into(), data, ..Self::default() }
    }

    /// A question back, with what can be said to it.
    fn question(question: &str, offers: Vec<Offer>) -> Self {
        let choices: Vec<&str> =
            offers.iter().map(|offer| &*offer.say).filter(|say| *say != A_NUMBER).collect();
        let text = match choices.as_slice() {
            // Where there is nothing to choose from, that it can be left needs no word.
            [] | [_] => question.to_owned(),
            choices => format!("{question} {}", choices.join(" / ")),
        };
        let rows: Vec<Value> =
            offers.iter().map(|offer| json!({"say": &*offer.say, "run": &offer.run})).collect();
        let data = json!({ "question": &text, "offers": rows });
        Self { text, data, offers: offers.into(), ..Self::default() }
    }

    /// Asks for what is missing; that can be left, too.
    pub(super) fn clarify(unsure: Unsure) -> Self {
        let asks = unsure.options.iter().any(|(say, _)| &**say == "yes");
        let leave = Offer { say: if asks { "no" } else { "cancel" }.into(), run: None };
        let offer = |(say, run): (Arc<str>, Arc<str>)| Offer {
            run: Some(agreed(&run).filter(|_| &*say == "yes").unwrap_or(run)),
            say,
        };
        let offers = unsure.options.into_iter().map(offer).chain([leave]).collect();
        Self::question(&unsure.question, offers)
    }

    /// Asks whether that is really meant.
    pub(super) fn consent(question: &str, operation: &Operation) -> Self {
        let run = format!("{} --yes", operation.to_slash());
        let mut offers = vec![
            Offer { say: "yes".into(), run: Some(run.into()) },
            Offer { say: "no".into(), run: None },
        ];
        let another = operation.with_another_number();
        offers.extend(another.map(|run| Offer { say: A_NUMBER.into(), run: Some(run.into()) }));
        Self::question(question, offers)
    }
}

/// The command, agreed to, where that is asked for at all.
fn agreed(run: &str) -> Option<Arc<str>> {
    let agreed = format!("{run} --yes");
    intent::slash(&agreed)?.is_ok().then(|| agreed.into())
}

impl From<Report> for Outcome {
    fn from(report: Report) -> Self {
        Self::Told(report)
    }
}
