//! Leads one tour: says what comes, does it, waits for its end, pauses, goes on.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::json;
use tokio::{sync::mpsc, time::timeout};

use super::{Demo, Signal, script::Step};
use crate::{
    conversation::{Ask, Ending, Executed, IfBusy, Parent, Refusal, Tour},
    intent, limits,
    model::DemoStep,
    operator::{Caller, Operator, Order, Said, meaning::Wish},
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
        if let Some(command) = step.runs.strip_prefix('/') {
            self.command(command).await?;
        } else if let Walk::End = self.ask(step.runs).await? {
            return Ok(Walk::End);
        }
        Ok(match timeout(limits::DEMO_PAUSE, self.signals.recv()).await {
            Err(_) | Ok(Some(Signal::Next)) => Walk::On,
            Ok(Some(Signal::Stop) | None) => Walk::End,
        })
    }

    async fn command(&mut self, command: &str) -> Result<(), Refusal> {
        let text: Arc<str> = format!("/{command}").into();
        let Some(Ok(slash)) = intent::slash(&text) else { return Ok(()) };
        let order = Order(Wish::from(slash));
        let said = Said { text, key: None };
        self.operator.carry_out(order, self.caller.clone(), said).await?;
        Ok(())
    }

    /// Asks as the user would, and waits for the end of the answer, or a word to go on.
    async fn ask(&mut self, text: &str) -> Result<Walk, Refusal> {
        let ask = Ask {
            text: text.into(),
            key: None,
            pool: None,
            agent: None,
            parent: Parent::Head,
            if_busy: IfBusy::Queue,
            metadata: Some(json!({ "demo": self.demo.name })),
            about: None,
        };
        let ending = Ending::watch(&self.caller.handle);
        let turn = self.caller.handle.ask(ask).known().await?.accepted.turn;
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
