//! What the gateway says of itself while it works: its log.
//!
//! Invariant: nothing here is needed for an answer; no text of a message and no secret is in it.

use std::io::IsTerminal as _;

use tracing_subscriber::Layer as _;
use tracing_subscriber::{
    EnvFilter, Registry, layer::SubscriberExt as _, reload, util::SubscriberInitExt as _,
};

use crate::config::{LogFormat, Settings};

/// The log, whose filter can be changed.
pub struct Logs {
    filter: reload::Handle<EnvFilter, Registry>,
}

impl Logs {
    /// Everything that is logged from now on goes to the standard error, as settings say.
    pub fn begin(settings: &Settings) -> Self {
        let (filter, handle) = reload::Layer::new(filter(settings));
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let lines = match settings.log_format {
            LogFormat::Text => {
                lines.with_target(false).with_ansi(std::io::stderr().is_terminal()).boxed()
            }
            LogFormat::Json => lines.json().boxed(),
        };
        tracing_subscriber::registry().with(lines.with_filter(filter)).init();
        Self { filter: handle }
    }

    /// Logs what these settings say.
    pub fn adopt(&self, settings: &Settings) {
        // Fails only where there is no log any more.
        drop(self.filter.reload(filter(settings)));
    }
}

/// Settings have a filter that can be read.
fn filter(settings: &Settings) -> EnvFilter {
    EnvFilter::try_new(&settings.log).unwrap_or_else(|_| EnvFilter::new("info"))
}
