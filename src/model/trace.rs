//! Where in a trace something stands, as W3C's `traceparent` says it.

use std::{fmt, ops::Deref, str::FromStr};

use serde::{Deserialize, Serialize};
use tracing::Span;
use uuid::Uuid;

/// Names a trace: all that comes of one message, over however many programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TraceId(pub u128);

impl TraceId {
    /// One that nobody else has.
    pub fn new() -> Self {
        Self(Uuid::new_v4().as_u128())
    }
}

impl Default for TraceId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl From<TraceId> for String {
    fn from(trace: TraceId) -> Self {
        trace.to_string()
    }
}

impl TryFrom<String> for TraceId {
    type Error = NoTraceParent;

    fn try_from(text: String) -> Result<Self, NoTraceParent> {
        number(&text, 32).map(Self)
    }
}

/// A span of somebody else's, under which others may be hung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace that it belongs to.
    pub trace: TraceId,
    /// The span itself.
    pub span: u64,
    /// Whoever began the trace wants it recorded.
    pub sampled: bool,
}

impl TraceParent {
    /// The span and whether it is recorded, as a `traceparent` has them.
    pub fn above(&self) -> String {
        format!("{:016x}-{:02x}", self.span, u8::from(self.sampled))
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}", self.trace, self.above())
    }
}

/// A span of ours, and its place in a trace, which it has whether that is recorded or not.
#[derive(Debug, Clone)]
pub struct Traced {
    span: Span,
    trace: Option<TraceId>,
    parent: Option<TraceParent>,
}

impl Traced {
    /// A span that begins a trace, or goes on with somebody else's: made of the trace's id, and what
    /// stands above it there.
    pub fn begin(
        parent: Option<TraceParent>,
        span: impl FnOnce(TraceId, Option<String>) -> Span,
    ) -> Self {
        let trace = parent.map_or_else(TraceId::new, |parent| parent.trace);
        let span = span(trace, parent.map(|parent| parent.above()));
        Self { span, trace: Some(trace), parent }
    }

    /// One of which no log and no trace tells.
    pub fn none() -> Self {
        Self { span: Span::none(), trace: None, parent: None }
    }

    /// A span inside of this one.
    #[must_use]
    pub fn below(&self, span: Span) -> Self {
        Self { span, ..self.clone() }
    }

    /// The trace that it stands in.
    pub fn trace(&self) -> Option<TraceId> {
        self.trace
    }

    /// What is told to others whom a span of that number inside of this one asks. Where it is not
    /// recorded they hear what we were told, as if we were not there.
    pub fn told_by(&self, span: u64, recorded: bool) -> Option<TraceParent> {
        let trace = self.trace?;
        match self.parent {
            Some(parent) if !recorded => Some(parent),
            parent => {
                let sampled = recorded && parent.is_none_or(|parent| parent.sampled);
                Some(TraceParent { trace, span, sampled })
            }
        }
    }
}

impl Deref for Traced {
    type Target = Span;

    fn deref(&self) -> &Span {
        &self.span
    }
}

/// It is no `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a traceparent")]
pub struct NoTraceParent;

/// `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`
impl FromStr for TraceParent {
    type Err = NoTraceParent;

    fn from_str(text: &str) -> Result<Self, NoTraceParent> {
        let parts: Vec<&str> = text.split('-').collect();
        let [version, trace, span, flags, rest @ ..] = parts.as_slice() else {
            return Err(NoTraceParent);
        };
        // Later versions may add something behind; this one has nothing there.
        let known = *version == "00" && rest.is_empty();
        let later = !matches!(*version, "00" | "ff");
        let version = number(version, 2)?;
        let [trace, span, flags] = [number(trace, 32)?, number(span, 16)?, number(flags, 2)?];
        let span = u64::try_from(span).map_err(|_| NoTraceParent)?;
        if !(known || later) || version > 0xfe || trace == 0 || span == 0 {
            return Err(NoTraceParent);
        }
        Ok(Self { trace: TraceId(trace), span, sampled: flags & 1 == 1 })
    }
}

/// Lower-case hexadecimal digits, exactly so many.
fn number(text: &str, digits: usize) -> Result<u128, NoTraceParent> {
    let plain = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    if text.len() != digits || !text.bytes().all(plain) {
        return Err(NoTraceParent);
    }
    u128::from_str_radix(text, 16).map_err(|_| NoTraceParent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_as_it_is_specified() {
        let (trace, span) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
        for (text, sampled) in [
            (format!("00-{trace}-{span}-01"), Some(true)),
            (format!("00-{trace}-{span}-00"), Some(false)),
            (format!("01-{trace}-{span}-03-more"), Some(true)),
            (format!("00-{trace}-{span}-01-more"), None),
            (format!("ff-{trace}-{span}-01"), None),
            (format!("00-{}-{span}-01", trace.to_uppercase()), None),
            (format!("00-{}-{span}-01", "0".repeat(32)), None),
            (format!("00-{trace}-{}-01", "0".repeat(16)), None),
            (format!("00-{trace}-{span}"), None),
            (format!("00-{trace}-{span}-1"), None),
            (String::new(), None),
        ] {
            let read = text.parse::<TraceParent>();
            assert_eq!(read.map(|parent| parent.sampled).ok(), sampled, "{text}");
        }
        let written = format!("00-{trace}-{span}-01");
        let read: TraceParent = written.parse().unwrap();
        assert_eq!((read.trace.to_string(), read.above()), (trace.into(), format!("{span}-01")));
        assert_eq!(read.to_string(), written);
    }

    #[test]
    fn who_is_asked_is_told_the_place_in_the_trace() {
        let [trace, above, own] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "7"];
        let own = format!("{own:0>16}");
        for (parent, recorded, told) in [
            (Some("01"), true, format!("00-{trace}-{own}-01")),
            (Some("00"), true, format!("00-{trace}-{own}-00")),
            (Some("01"), false, format!("00-{trace}-{above}-01")),
            (None, true, format!("00-NEW-{own}-01")),
            (None, false, format!("00-NEW-{own}-00")),
        ] {
            let parent = parent.map(|flags| format!("00-{trace}-{above}-{flags}").parse().unwrap());
            let traced = Traced::begin(parent, |_, _| Span::none());
            let new = traced.trace().unwrap().to_string();
            let said = traced.below(Span::none()).told_by(7, recorded).unwrap();
            assert_eq!(said.to_string(), told.replace("NEW", &new), "{parent:?} {recorded}");
        }
        assert_eq!(Traced::none().told_by(7, true), None);
    }
}
