//! Lines for a model, as many as are worth reading.

use crate::limits::{SPORTS_LINES_MAX, SPORTS_TEXT_BYTES_MAX};

/// A heading and what stands below it, until there is enough of it.
pub(super) struct Listing {
    text: String,
    lines: usize,
    left_out: usize,
}

impl Listing {
    /// One that begins so.
    pub(super) fn under(heading: String) -> Self {
        Self { text: heading, lines: 0, left_out: 0 }
    }

    /// An entry of these lines, whole or not at all.
    pub(super) fn add(&mut self, lines: &[String]) {
        let bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
        let is_full = self.lines + lines.len() > SPORTS_LINES_MAX
            || self.text.len() + bytes > SPORTS_TEXT_BYTES_MAX;
        // What comes later is left out as well, or the order would lie.
        if (is_full && self.lines > 0) || self.left_out > 0 {
            self.left_out += 1;
            return;
        }
        self.lines += lines.len();
        for line in lines {
            self.text.push('\n');
            self.text.push_str(line);
        }
    }

    /// The text, and below it that there is more.
    pub(super) fn told(mut self) -> String {
        if self.left_out > 0 {
            let more = format!("\nand {} more games: name a team to see its own", self.left_out);
            self.text.push_str(&more);
        }
        self.text
    }
}
