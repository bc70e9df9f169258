//! The settings in force while the gateway works: who wants to know them, and who has them read anew.
//!
//! Invariant: what is in force is whole and was checked; a reading that was refused changes nothing
//! but what is said of it.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot, watch};

use super::{changes::Changes, settings::Settings};
use crate::limits;

/// The settings in force. Clones are the same.
#[derive(Clone)]
pub struct LiveSettings {
    now: watch::Sender<Arc<Settings>>,
    state: Arc<Mutex<SettingsState>>,
    asks: mpsc::Sender<Asked>,
}

/// How the last reading of the settings went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingsState {
    /// Why it was refused. What was in force before is then still in force.
    pub refused: Option<Arc<str>>,
    /// What was changed and takes effect after a restart.
    pub waiting: Vec<String>,
}

/// Why the settings were not read anew.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReloaded {
    /// What was read is not right. In the words of whoever refused it, which hold no secret.
    #[error("{0}")]
    Refused(Arc<str>),
    /// Many want the same.
    #[error("the settings are being read already")]
    Busy,
    /// Nobody reads them any more.
    #[error("the gateway goes down")]
    GoingDown,
}

/// Somebody who wants them read anew, and to know what came of it.
pub type Asked = oneshot::Sender<Result<Changes, NotReloaded>>;

impl LiveSettings {
    /// These settings, and what is asked of whoever reads them anew.
    pub fn new(settings: Arc<Settings>) -> (Self, mpsc::Receiver<Asked>) {
        let (asks, asked) = mpsc::channel(limits::RELOADS_WAITING_MAX);
        let live = Self { now: watch::Sender::new(settings), state: Arc::default(), asks };
        (live, asked)
    }

    /// The settings in force.
    pub fn now(&self) -> Arc<Settings> {
        self.now.borrow().clone()
    }

    /// Tells whenever others are in force.
    pub fn follow(&self) -> watch::Receiver<Arc<Settings>> {
        self.now.subscribe()
    }

    /// How the last reading went.
    pub fn state(&self) -> SettingsState {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has them read anew, and says what is different.
    pub async fn reload(&self) -> Result<Changes, NotReloaded> {
        let (reply, answer) = oneshot::channel();
        self.asks.try_send(reply).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => NotReloaded::Busy,
            mpsc::error::TrySendError::Closed(_) => NotReloaded::GoingDown,
        })?;
        answer.await.unwrap_or(Err(NotReloaded::GoingDown))
    }

    /// These are in force from now on.
    pub fn adopt(&self, settings: Arc<Settings>, waiting: Vec<String>) {
        self.tell(SettingsState { refused: None, waiting });
        self.now.send_replace(settings);
    }

    /// What was read was refused.
    pub fn refuse(&self, because: Arc<str>) {
        let waiting = self.state().waiting;
        self.tell(SettingsState { refused: Some(because), waiting });
    }

    fn tell(&self, state: SettingsState) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}
