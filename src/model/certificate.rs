//! The certificate of the port, and how it stands at a time.

use std::time::Duration;

use super::Timestamp;

/// The certificate that clients are shown, as it stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certificate {
    /// It is good from here on.
    pub from: Timestamp,
    /// It has run out beyond this.
    pub until: Timestamp,
    /// Now.
    pub now: Timestamp,
    /// Why what lies in its files by now is not used.
    pub refused: Option<&'static str>,
}

impl Certificate {
    /// For how long it is still good.
    pub fn left(&self) -> Duration {
        self.until.since(self.now)
    }
}
