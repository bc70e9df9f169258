//! Operator commands, noted in a conversation as turns that end at once.

use std::sync::Arc;

use super::{
    command::{Executed, IfBusy, Reply, Sent, Told, Tour, answer_to},
    feed::Shown,
    writer::Writer,
};
use crate::{
    model::{
        Accepted, AnswerStatus, Event, FinishReason, Message, MessageId, Offer, ProviderName,
        Standing, Subject, Timing, Usage,
    },
    store::{Turn, Write},
};

impl Writer {
    /// Notes an operator command as a turn of its own, which ends at once.
    pub(super) async fn note(&mut self, executed: Executed, reply: Reply<Sent>) {
        let Some(receipt) = self.first_time(executed.key.as_ref(), reply).await else { return };
        if let Err(refusal) = self.room(IfBusy::Interrupt) {
            return answer_to(receipt.reply, Err(refusal));
        }
        // While a turn runs the command stands beside the branch, so that the answer keeps its place.
        let beside = self.is_busy();
        let message = self.written(executed.asked.clone(), self.record.head);
        let turn = Turn {
            conversation: self.record.id,
            turn: message.turn,
            message: message.id,
            answer: MessageId::new(),
        };
        if !beside {
            self.record.head = Some(turn.answer);
        }
        self.record.messages += 2;
        self.stand(executed.offers.clone(), executed.tour.clone(), executed.subject);
        let shows = self.told(&turn, &executed);
        let kept = Accepted {
            conversation: self.record.id,
            message: message.id,
            turn: turn.turn,
            position: None,
        };
        let answer = Message {
            text: executed.text.clone(),
            status: Some(AnswerStatus::Completed),
            finish_reason: Some(FinishReason::Command),
            ..self.answer(&turn)
        };
        let closed = Write::CloseTurn(turn.turn);
        let mut writes =
            vec![Write::Message(message), Write::Message(answer), Write::OpenTurn(turn), closed];
        // With the words themselves, so that an outcome is told once, whatever happens.
        writes.extend(executed.tells.map(Write::from));
        writes.extend(executed.key.map(|key| self.remember(key, &kept)));
        self.commit(writes, shows, Some(receipt.settle(kept, None)));
    }

    /// The events of an operator command.
    fn told(&mut self, turn: &Turn, executed: &Executed) -> Vec<Shown> {
        let gateway: ProviderName = "operatoros".into();
        let accepted = Event::MessageAccepted {
            message: turn.message,
            turn: turn.turn,
            text: executed.asked.clone(),
            key: executed.key.clone(),
        };
        let result = Event::CommandResult {
            turn: turn.turn,
            intent: executed.intent.clone(),
            slots: executed.slots.clone(),
            text: executed.text.clone(),
            data: executed.data.clone(),
        };
        let completed = Event::TurnCompleted {
            turn: turn.turn,
            finish_reason: FinishReason::Command,
            usage: Usage::default(),
            cost_usd: None,
            length: executed.text.len() as u64,
            timing: Timing::default(),
            model: gateway.as_str().into(),
            provider: gateway,
        };
        vec![
            Shown::new(self.number(accepted), None),
            Shown::new(self.number(result), None),
            Shown::new(self.number(completed), Some(executed.text.clone())),
        ]
    }

    /// What is left open between the user and the operator from now on.
    pub(super) fn stand(
        &mut self,
        offers: Option<Arc<[Offer]>>,
        tour: Tour,
        subject: Option<Subject>,
    ) {
        let offers = offers.unwrap_or_else(|| self.record.standing.offers.clone());
        let demo = match tour {
            Tour::AsItWas => self.record.standing.demo.clone(),
            Tour::At(step) => Some(step),
            Tour::Over => None,
        };
        let subject = subject.or(self.record.standing.subject);
        let standing = Standing { offers, demo, subject };
        if self.record.standing != standing {
            self.feed.stand(standing.clone());
            self.record.standing = standing;
        }
    }
}

impl From<Told> for Write {
    fn from(told: Told) -> Self {
        match told {
            Told::Task(task) => Self::TaskTold(task),
            Told::Incident(user, incident, news) => Self::IncidentTold(user, incident, news),
        }
    }
}
