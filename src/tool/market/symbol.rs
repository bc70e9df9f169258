//! What a security is called on a market.

use std::fmt;

use super::super::Trouble;
use crate::limits;

/// A symbol such as `AAPL`, `BRK.B`, `TSCO.LON`, `^GSPC` or `X:BTCUSD`: fit for an address and a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Symbol(String);

impl Symbol {
    /// Takes it as a model writes it, also in small letters and with a `$` before it.
    pub(super) fn read(text: &str) -> Result<Self, Trouble> {
        let symbol = text.trim().trim_start_matches('$').to_ascii_uppercase();
        let begins = symbol.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '^');
        let holds = |c: char| c.is_ascii_alphanumeric() || ".-^:".contains(c);
        if begins && symbol.len() <= limits::SYMBOL_BYTES_MAX && symbol.chars().all(holds) {
            Ok(Self(symbol))
        } else {
            Err(Trouble::Arguments(
                "a symbol is short and of letters, digits, '.', '-', '^' and ':', such as AAPL; \
                 find_symbol finds that of a company"
                    .to_owned(),
            ))
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Letters and digits alone, as a stock in the United States has them.
    fn is_plain(&self) -> bool {
        self.0.chars().all(|c| c.is_ascii_alphanumeric())
    }

    /// It has a prefix that says what kind it is, such as `I:` for an index.
    pub(super) fn is_prefixed(&self) -> bool {
        self.0.contains(':')
    }

    /// A pair of currencies (`C:`) or crypto currencies (`X:`), whose days are those of UTC.
    pub(super) fn never_closes(&self) -> bool {
        self.pair().is_some()
    }

    fn pair(&self) -> Option<&str> {
        self.0.strip_prefix("X:").or_else(|| self.0.strip_prefix("C:"))
    }

    /// What prices are in, where the symbol says so: dollars where it is plain, or of a pair the second.
    pub(super) fn currency(&self) -> Option<String> {
        if let Some(pair) = self.pair() {
            let second = pair.get(pair.len().checked_sub(3)?..)?;
            return Some(second.to_owned());
        }
        self.is_plain().then(|| "USD".to_owned())
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_is_short_and_has_no_way_out_of_an_address() {
        for (text, expected) in [
            ("AAPL", "AAPL USD"),
            (" $aapl ", "AAPL USD"),
            ("brk.b", "BRK.B -"),
            ("TSCO.LON", "TSCO.LON -"),
            ("^GSPC", "^GSPC -"),
            ("x:btcusd", "X:BTCUSD USD"),
            ("C:USDEUR", "C:USDEUR EUR"),
            ("X:", "X: -"),
            ("", "!"),
            ("..", "!"),
            (".", "!"),
            ("../v3", "!"),
            ("A/B", "!"),
            ("A?B", "!"),
            ("A B", "!"),
            ("A\nB", "!"),
            ("Ä", "!"),
            ("ABCDEFGHIJKLMNOPQRSTU", "!"),
        ] {
            let told = Symbol::read(text).map(|symbol| {
                format!("{symbol} {}", symbol.currency().unwrap_or_else(|| "-".to_owned()))
            });
            assert_eq!(told.unwrap_or_else(|_| "!".to_owned()), expected, "{text:?}");
        }
    }
}
