//! What the gateway tells of itself while it works: its log and, where that is asked for, traces.
//!
//! Invariants: nothing here is needed for an answer; no secret is in it, and no text of a message but
//! in traces, where that was switched on; where nobody asks for traces nothing is made for them.

mod traces;

use std::io::IsTerminal as _;

use tracing_subscriber::{
    EnvFilter, Layer as _, Registry,
    filter::{FilterExt as _, filter_fn},
    layer::SubscriberExt as _,
    reload,
    util::SubscriberInitExt as _,
};

use crate::config::{LogFormat, Settings, TraceSettings};
use traces::Traces;

/// Log and traces, from when they began.
pub struct Telemetry {
    filter: reload::Handle<EnvFilter, Registry>,
    traces: Option<Traces>,
}

impl Telemetry {
    /// Everything that is logged from now on goes to the standard error, as settings say, and traces
    /// to where the environment wants them.
    pub fn begin(settings: &Settings, wanted: Option<TraceSettings>) -> Self {
        let (filter, handle) = reload::Layer::new(filter(settings));
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let lines = match settings.log_format {
            LogFormat::Text => {
                lines.with_target(false).with_ansi(std::io::stderr().is_terminal()).boxed()
            }
            LogFormat::Json => lines.json().boxed(),
        };
        // What is for traces alone may hold what was said.
        let for_the_log = filter_fn(|of| !of.target().starts_with(traces::TARGET));
        let (traces, unable) = match wanted.map(Traces::begin).transpose() {
            Ok(traces) => (traces, None),
            Err(unable) => (None, Some(unable)),
        };
        let log = tracing_subscriber::registry().with(lines.with_filter(filter.and(for_the_log)));
        // Without traces there is nobody to ask whether a span is wanted for them.
        match &traces {
            Some(traces) => log.with(traces.layer()).init(),
            None => log.init(),
        }
        if let Some(unable) = unable {
            tracing::warn!(%unable, "no traces are sent");
        }
        Self { filter: handle, traces }
    }

    /// Logs what these settings say.
    pub fn adopt(&self, settings: &Settings) {
        // Fails only where there is no log any more.
        drop(self.filter.reload(filter(settings)));
    }

    /// Sends what was not sent yet. Waits for whoever takes it.
    pub fn end(self) {
        if let Some(traces) = self.traces {
            traces.end();
        }
    }
}

/// Settings have a filter that can be read.
fn filter(settings: &Settings) -> EnvFilter {
    EnvFilter::try_new(&settings.log).unwrap_or_else(|_| EnvFilter::new("info"))
}
