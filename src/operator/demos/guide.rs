//! Leads one tour: says what comes, does it, waits for its end, pauses, goes on.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::json;
use tokio::{sync::mpsc, time::timeout};

use super::{Demo, Signal, script::Step};
use crate::{
    conversation::{Ask, Ending, Executed, Refusal, Tour, command_span, turn_span},
    intent, limits,
    model::{DemoStep, TurnId},
    operator::{Caller, Here, Operator, Order, Said, meaning::Wish},
};

/// How a step, or the pause after it, ended.
enum Walk {
    On,
    End,
}

/// Leads the tour to its end, or until the user or the conversation ends it. Boxed by hand: a step
/// may be a command, and a command may begin a tour.
pub(super) fn guide(
    operator: Arc<Operator>,
    caller: Caller,
    demo: &'static Demo,
    from: u32,
    signals: mpsc::Receiver<Signal>,
) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let mut guide = Guide { operator, caller, demo, signals };
        let begin = usize::try_from(from).unwrap_or(usize::MAX);
        for (number, step) in (0..).zip(demo.steps).skip(begin) {
            match guide.show(number, step).await {
                Ok(Walk::On) => {}
                // Whoever took its place, or ended it, has said so.
                Ok(Walk::End) | Err(_) => return guide.leave(),
            }
        }
        // Where the conversation is gone by now nobody misses the farewell.
        drop(guide.say_goodbye().await);
        guide.leave();
    })
}

struct Guide {
    operator: Arc<Operator>,
    caller: Caller,
    demo: &'static Demo,
    signals: mpsc::Receiver<Signal>,
}

impl Guide {
    async fn show(&mut self, number: u32, step: &Step) -> Result<Walk, Refusal> {
        let (name, steps) = (self.demo.name, self.demo.steps.len());
        let at = DemoStep { demo: name.into(), step: number };
        let heading = format!("{name} demo, step {} of {steps}", number + 1);
        let slots = json!({ "demo": name, "step": number + 1, "steps": steps });
        self.note(&heading, step.say, slots, Tour::At(at)).await?;
        let walk = match step.runs.strip_prefix('/') {
            Some(command) => self.command(command).await?,
            None => self.ask(step.runs).await?,
        };
        if let Walk::End = walk {
            return Ok(Walk::End);
        }
        Ok(match timeout(limits::DEMO_PAUSE, self.signals.recv()).await {
            Err(_) | Ok(Some(Signal::Next)) => Walk::On,
            Ok(Some(Signal::Stop) | None) => Walk::End,
        })
    }

    async fn command(&mut self, command: &str) -> Result<Walk, Refusal> {
        let text: Arc<str> = format!("/{command}").into();
        let Some(Ok(slash)) = intent::slash(&text) else { return Ok(Walk::On) };
        let order = Order(Wish::from(slash));
        let said = Said { text, key: None, span: command_span(None) };
        let ending = Ending::watch(&self.caller.handle);
        let sent = self.operator.carry_out(order, self.caller.clone(), said).await?;
        let Some(parts) = sent.parts else { return Ok(Walk::On) };
        if let Ok(parts) = parts.await {
            // A connection that is gone wants nothing any more.
            drop(self.caller.here.try_send(Here::Attend(parts)));
        }
        self.wait_for(ending, sent.accepted.turn).await
    }

    /// Asks as the user would.
    async fn ask(&mut self, text: &str) -> Result<Walk, Refusal> {
        let ask = Ask {
            text: text.into(),
            metadata: Some(json!({ "demo": self.demo.name })),
            span: turn_span(None),
            ..Ask::default()
        };
        let ending = Ending::watch(&self.caller.handle);
        let turn = self.caller.handle.ask(ask).known().await?.accepted.turn;
        self.wait_for(ending, turn).await
    }

    /// Waits for the end of an answer, or a word to go on.
    async fn wait_for(&mut self, ending: Ending, turn: TurnId) -> Result<Walk, Refusal> {
        let signal = tokio::select! {
            _ended = ending.of(turn) => return Ok(Walk::On),
            signal = self.signals.recv() => signal,
            () = tokio::time::sleep(limits::DEMO_STEP_MAX) => Some(Signal::Next),
        };
        // It may have ended in this moment, which is as good.
        drop(self.caller.handle.cancel(turn).known().await);
        Ok(if signal == Some(Signal::Next) { Walk::On } else { Walk::End })
    }

    async fn say_goodbye(&self) -> Result<(), Refusal> {
        let text = "That was it. /demos lists the others; /help says what else there is.";
        let slots = json!({ "demo": self.demo.name });
        self.note(&format!("{} demo, the end", self.demo.name), text, slots, Tour::Over).await
    }

    async fn note(
        &self,
        asked: &str,
        text: &str,
        slots: serde_json::Value,
        tour: Tour,
    ) -> Result<(), Refusal> {
        let executed = Executed {
            asked: asked.into(),
            key: None,
            intent: "demo.step".into(),
            data: slots.clone(),
            slots,
            text: text.into(),
            offers: Some(Arc::default()),
            tour,
            subject: None,
            tells: None,
        };
        self.caller.handle.note(executed).known().await.map(drop)
    }

    fn leave(&mut self) {
        // One that was replaced has nothing to leave: its place is another's.
        if !self.signals.is_closed() {
            self.operator.tours.leave(self.caller.conversation());
        }
    }
}
