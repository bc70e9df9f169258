//! What an answer cost: tokens, dollars, milliseconds.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Bytes of text that surely are no more than one token. Most tokens are longer; three bytes is one
/// character of a script that tokenisers split into characters.
pub const BYTES_PER_TOKEN_LEAST: u64 = 3;

/// Bytes of text that make one token, on average: English has about four.
const BYTES_PER_TOKEN: u64 = 4;

/// Tokens of one answer, as its provider counted them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read, cached ones included.
    pub input: u64,
    /// Tokens written, reasoning included.
    pub output: u64,
    /// Those of `input` that came from the provider's cache.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cached: u64,
    /// Those of `input` that went to it, which costs more.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub kept: u64,
    /// The provider did not say, so this is reckoned from the text's length.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

impl Usage {
    /// What the length of both texts suggests, where nobody counted.
    pub fn estimate(read_bytes: u64, written_bytes: u64) -> Self {
        let tokens = |bytes: u64| bytes.div_ceil(BYTES_PER_TOKEN);
        let (input, output) = (tokens(read_bytes), tokens(written_bytes));
        Self { input, output, estimated: true, ..Self::default() }
    }

    /// The longest text that is taken for so many tokens, in bytes.
    pub fn text_bytes(tokens: u64) -> u64 {
        tokens.saturating_mul(BYTES_PER_TOKEN)
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, more: Self) {
        self.input += more.input;
        self.output += more.output;
        self.cached += more.cached;
        self.kept += more.kept;
        self.estimated |= more.estimated;
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// Dollars.
pub type Usd = f64;

/// Why an answer ended where it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model had said what it had to say.
    Stop,
    /// The limit of output tokens was reached.
    Length,
    /// The model wants a tool's result.
    ToolCalls,
    /// The provider's filter cut it.
    ContentFilter,
    /// The model declined; what it said to that is the text.
    Refusal,
    /// An operator command was carried out.
    Command,
}

/// Milliseconds that a turn took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Timing {
    /// From the message's arrival to its turn's start.
    pub queued: u64,
    /// From the turn's start to the first piece of text.
    pub first_token: u64,
    /// From the message's arrival to the end.
    pub total: u64,
}
