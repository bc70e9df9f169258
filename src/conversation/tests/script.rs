//! A provider that says what a test tells it to.

use async_stream::stream;
use futures_util::{FutureExt, StreamExt, future::BoxFuture};
use tokio::sync::mpsc;

use crate::{
    model::{FinishReason, ProviderName, Reason, Usage},
    provider::{Answer, Ending, Failure, Piece, Provider, Request, Retry, ToolCall},
};

/// Requests and pieces that may wait.
const ROOM: usize = 4_096;

/// One request, which the test answers piece by piece.
pub(crate) struct Call {
    pub(crate) request: Request,
    lines: mpsc::Sender<Line>,
}

enum Line {
    Piece(Result<Piece, Failure>),
    Panic,
}

impl Call {
    pub(crate) fn say(&self, text: &str) {
        self.line(Line::Piece(Ok(Piece::Text(text.to_owned()))));
    }

    /// Calls a tool.
    pub(crate) fn tool(&self, name: &str) {
        let (id, arguments) = (name.into(), r#"{"of": "it"}"#.into());
        let call = ToolCall { id, name: name.into(), arguments };
        self.line(Line::Piece(Ok(Piece::ToolCall(call))));
    }

    pub(crate) fn end(&self) {
        self.end_as(FinishReason::Stop, None);
    }

    pub(crate) fn end_as(&self, finish_reason: FinishReason, usage: Option<Usage>) {
        let ending = Ending { finish_reason, usage, model: None };
        self.line(Line::Piece(Ok(Piece::End(ending))));
    }

    pub(crate) fn fail(&self, retry: Retry) {
        let reason = Reason::ProviderUnavailable;
        self.line(Line::Piece(Err(Failure { reason, retry, status: None, code: None })));
    }

    pub(crate) fn panic(&self) {
        self.line(Line::Panic);
    }

    /// Nobody listens any more.
    pub(crate) fn is_dropped(&self) -> bool {
        self.lines.is_closed()
    }

    fn line(&self, line: Line) {
        // Whoever asked may have hung up.
        drop(self.lines.try_send(line));
    }
}

/// The provider; its calls arrive where it was told.
pub(crate) struct Script {
    name: ProviderName,
    calls: mpsc::Sender<Call>,
}

impl Script {
    /// Providers of these names, and the calls that they get.
    pub(crate) fn cast<const N: usize>(names: [&str; N]) -> ([Self; N], mpsc::Receiver<Call>) {
        let (calls, called) = mpsc::channel(ROOM);
        (names.map(|name| Self { name: name.into(), calls: calls.clone() }), called)
    }
}

impl Provider for Script {
    fn name(&self) -> &ProviderName {
        &self.name
    }

    fn ask(&self, request: Request) -> BoxFuture<'static, Result<Answer, Failure>> {
        let (lines, mut told) = mpsc::channel(ROOM);
        drop(self.calls.try_send(Call { request, lines }));
        let answer = stream! {
            while let Some(line) = told.recv().await {
                match line {
                    Line::Piece(piece) => yield piece,
                    Line::Panic => panic!("the script says so"),
                }
            }
        };
        async move { Ok(answer.boxed()) }.boxed()
    }
}
