//! Guided tours: steps that really happen, in the conversation of whoever wants to see them.
//!
//! Invariant: how far a tour is stands in the conversation's record, so that a restart loses none;
//! who guides it is a task that reads the conversation like any other reader.

mod guide;
mod script;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};
use tokio::sync::mpsc;

pub use script::names;

use super::{
    Caller, Operator,
    report::{Report, Then},
    table::table,
};
use crate::{
    conversation::Tour,
    limits,
    model::{ConversationId, DemoStep},
};
use script::{DEMOS, Demo};

/// What a user says to a tour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    Next,
    Stop,
}

/// The tours that are being guided now.
#[derive(Default)]
pub(super) struct Tours(Mutex<HashMap<ConversationId, mpsc::Sender<Signal>>>);

impl Tours {
    /// A place for one more; it takes the place of one that runs in the same conversation.
    fn enter(&self, conversation: ConversationId) -> Option<mpsc::Receiver<Signal>> {
        let mut tours = self.lock();
        if tours.len() >= limits::DEMOS_RUNNING_MAX && !tours.contains_key(&conversation) {
            return None;
        }
        let (signals, heard) = mpsc::channel(1);
        // The one before hears that nobody can speak to it any more, and ends.
        tours.insert(conversation, signals);
        Some(heard)
    }

    /// False where no tour is there to hear it.
    fn say(&self, conversation: ConversationId, signal: Signal) -> bool {
        let tours = self.lock();
        // One that has not heard the last word yet need not hear another.
        tours.get(&conversation).is_some_and(|tour| {
            !matches!(tour.try_send(signal), Err(mpsc::error::TrySendError::Closed(_)))
        })
    }

    fn leave(&self, conversation: ConversationId) {
        self.lock().remove(&conversation);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ConversationId, mpsc::Sender<Signal>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which tours there are.
pub(super) fn list() -> Report {
    let rows: Vec<_> =
        DEMOS.iter().map(|demo| [demo.name.to_owned(), demo.shows.to_owned()]).collect();
    let data: Vec<Value> = DEMOS
        .iter()
        .map(|demo| json!({"demo": demo.name, "shows": demo.shows, "steps": demo.steps.len()}))
        .collect();
    let text = format!("{}\n“Start the sports demo” begins one.", table(["demo", "shows"], &rows));
    Report::new(text, json!({ "demos": data }))
}

/// Begins a tour; the one of the gateway where none is named.
pub(super) fn start(name: Option<&str>) -> Report {
    let named = name.unwrap_or(script::USUAL);
    let Some(demo) = script::demo(named) else {
        let names: Vec<&str> = names().collect();
        let text = format!("There is no {named} demo. There are: {}.", names.join(", "));
        return Report::new(text, json!({ "demos": names }));
    };
    let text = format!(
        "The {} demo: {}. {} steps; say “next” to skip ahead, “stop the demo” to end it.",
        demo.name,
        demo.shows,
        demo.steps.len()
    );
    let data = json!({ "demo": demo.name, "steps": demo.steps.len() });
    let at = DemoStep { demo: demo.name.into(), step: 0 };
    Report { tour: Tour::At(at), then: Then::Tour, ..Report::new(text, data) }
}

impl Operator {
    /// The tour's next step; where the gateway was restarted meanwhile, the tour goes on.
    pub(super) fn next_demo(&self, caller: &Caller) -> Report {
        let Some(at) = caller.handle.feed().standing().demo else { return no_demo() };
        let data = json!({ "demo": &*at.demo, "step": at.step });
        if self.tours.say(caller.conversation(), Signal::Next) {
            return Report::new("On to the next step.", data);
        }
        Report { then: Then::Tour, ..Report::new(format!("The {} demo goes on.", at.demo), data) }
    }

    pub(super) fn stop_demo(&self, caller: &Caller) -> Report {
        let Some(at) = caller.handle.feed().standing().demo else { return no_demo() };
        self.tours.say(caller.conversation(), Signal::Stop);
        let data = json!({ "demo": &*at.demo, "step": at.step });
        let mut text = format!("The {} demo ends here.", at.demo);
        let pinned = script::demo(&at.demo).is_some_and(|demo| demo.has_pinned(at.step));
        if pinned {
            text += " Each message here is routed by itself again.";
        }
        let pin = pinned.then(|| "".into());
        Report { tour: Tour::Over, pin, ..Report::new(text, data) }
    }

    /// Guides the conversation's tour from where it stands.
    pub(super) fn guide(self: &Arc<Self>, caller: Caller) {
        let Some(at) = caller.handle.feed().standing().demo else { return };
        let Some(demo) = script::demo(&at.demo) else { return };
        let Some(signals) = self.tours.enter(caller.conversation()) else { return };
        let lifecycle = self.registry.workshop().lifecycle.clone();
        let (operator, draining) = (self.clone(), lifecycle.draining().clone());
        lifecycle.spawn(async move {
            // What a drain breaks off goes on when the user says so.
            draining.or(guide::guide(operator, caller, demo, at.step, signals)).await;
        });
    }
}

fn no_demo() -> Report {
    Report::new("No demo is under way here. /demos lists them.", json!({ "demo": null }))
}
