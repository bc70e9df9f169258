//! Tools that a running answer calls: shown as they begin and end.
//!
//! Invariant: each that was shown to begin is shown to end, unless the turn does before.

use super::{
    feed::Shown,
    writer::{Phase, Writer},
};
use crate::{
    model::{Event, ToolPhase, TurnError},
    provider::ToolCall,
    tool::{self, Trouble},
};

impl Writer {
    /// A tool is called or, with an outcome, has come to its end.
    pub(super) fn show_tool(&mut self, call: &ToolCall, outcome: Option<Result<String, Trouble>>) {
        let Phase::Running(running) = &self.phase else { return };
        let (phase, summary, error) = match outcome {
            None => (ToolPhase::Started, tool::brief(&call.arguments), None),
            Some(Ok(found)) => (ToolPhase::Finished, found, None),
            Some(Err(trouble)) => {
                let error = TurnError {
                    reason: trouble.reason(),
                    retryable: trouble.is_passing(),
                    retry_after_ms: None,
                };
                (ToolPhase::Failed, trouble.to_string(), Some(error))
            }
        };
        let event = Event::TurnTool {
            turn: running.turn.turn,
            tool: call.name.clone(),
            phase,
            call: call.id.clone(),
            summary: (!summary.is_empty()).then(|| summary.into()),
            error,
        };
        let said = running.length;
        let shown = Shown::behind(self.number(event), said);
        self.commit(Vec::new(), vec![shown], None);
    }

    /// Its tools have come to their ends, and the model is asked again as far as the budgets go. From
    /// here on a restart has to count what was taken until now.
    pub(super) fn go_on_asking(&mut self) {
        let Phase::Running(running) = &mut self.phase else { return };
        let fits = running.fit(&self.workshop);
        if fits.is_ok() {
            self.note_asked();
        }
        self.go_on(fits);
    }
}
