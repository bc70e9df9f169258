//! Alerts: rules over what is measured, raised once, updated, cleared, and told.
//!
//! Invariants: one owner decides about all rules; an incident is kept before it is told; what is told
//! in a conversation is told exactly once, and what is posted has the same id however often.

mod board;
mod command;
mod course;
mod owner;
mod rules;
mod telling;
#[cfg(test)]
mod tests;
mod webhook;

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::{mpsc, oneshot, watch};

pub use board::Shown;
pub use command::{Overview, Refusal, Which};
pub use rules::NewRules;

use crate::{
    config::{AlertSettings, WebhookSettings},
    conversation::Registry,
    limits,
    model::{Condition, ConversationId, Incident, UserId, Watch},
    monitor::Sample,
    store::{Store, StoreError},
};
use board::Board;
use command::{Command, Reply};
use owner::Owner;
use webhook::Courier;

/// The way to the alerts. Whatever is somebody else's does not exist.
#[derive(Clone)]
pub struct Alerts {
    commands: mpsc::Sender<Command>,
    board: Board,
    store: Arc<dyn Store>,
}

/// Why there can be no alerts.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// What the last run left cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing can be posted.
    #[error("the webhook cannot be prepared: its address, key or the system's certificates fail")]
    Webhook,
}

impl Alerts {
    /// Takes up what the last run left, and looks at each sample from then on until the drain.
    pub async fn start(
        registry: Registry,
        samples: watch::Receiver<Arc<Sample>>,
        rules: &BTreeMap<String, AlertSettings>,
        webhook: &WebhookSettings,
    ) -> Result<Self, StartError> {
        let courier = Courier::of(webhook, registry.workshop())?;
        Ok(Self::start_with(registry, samples, rules, courier).await?)
    }

    async fn start_with(
        registry: Registry,
        samples: watch::Receiver<Arc<Sample>>,
        rules: &BTreeMap<String, AlertSettings>,
        courier: Option<Courier>,
    ) -> Result<Self, StoreError> {
        let workshop = registry.workshop().clone();
        let (commands, inbox) = mpsc::channel(limits::ALERT_COMMANDS_WAITING_MAX);
        let board = Board::new();
        let owner = Owner::take_up(registry, rules, board.clone(), courier).await?;
        workshop.lifecycle.spawn(owner.run(samples, inbox));
        Ok(Self { commands, board, store: workshop.store })
    }

    /// Goes on with other rules, unless the gateway is going down.
    pub async fn adopt(&self, rules: NewRules) {
        drop(self.commands.send(Command::Adopt(rules)).await);
    }

    /// Has the user told in that conversation when this is so. It is kept once this resolves.
    pub async fn watch(
        &self,
        user: UserId,
        conversation: ConversationId,
        condition: Condition,
    ) -> Result<Watch, Refusal> {
        self.ask(|reply| Command::Watch(user, conversation, condition, reply)).await
    }

    /// Takes some of the user's own watches back; says which.
    pub async fn forget(&self, user: UserId, which: Which) -> Result<Vec<Watch>, Refusal> {
        self.ask(|reply| Command::Forget(user, which, reply)).await
    }

    /// What needs attention now, and what the user watches.
    pub async fn look(&self, user: UserId) -> Result<Overview, Refusal> {
        self.ask(|reply| Command::Look(user, reply)).await
    }

    /// The newest incidents of the system and of the user's own watches, newest first.
    pub async fn incidents(&self, user: UserId, rows: usize) -> Result<Vec<Incident>, StoreError> {
        let mut all = self.store.incidents(None, rows).await?;
        all.extend(self.store.incidents(Some(user), rows).await?);
        all.sort_by_key(|incident| std::cmp::Reverse(incident.id));
        all.truncate(rows);
        Ok(all)
    }

    /// How the system's alerts stand; changes with each change of them.
    pub fn shown(&self) -> watch::Receiver<Arc<Shown>> {
        self.board.news()
    }

    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.commands.try_send(command(reply)).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Refusal::Busy,
            mpsc::error::TrySendError::Closed(_) => Refusal::Draining,
        })?;
        answer.await.unwrap_or(Err(Refusal::Lost))
    }
}
