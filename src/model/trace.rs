//! Where in a trace something stands, as W3C's `traceparent` says it.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// Names a trace: all that comes of one message, over however many programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
        let read: TraceParent = format!("00-{trace}-{span}-01").parse().unwrap();
        assert_eq!((read.trace.to_string(), read.above()), (trace.into(), format!("{span}-01")));
    }
}
