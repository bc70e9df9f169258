//! Decimal numbers as sources and people write them, so that no binary fraction shows in what is told.

use std::{cmp::Ordering, fmt};

/// Digits before the point, and after it.
const DIGITS_MAX: u32 = 18;
/// Beyond it a number is too large, unless it is a strangely written zero.
const EXPONENT_MAX: i32 = 64;

/// A decimal number of up to 18 digits before the point, and as many after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Decimal {
    /// Without the point, and without zeros at the end of a fraction.
    units: i128,
    /// How many digits stand after the point.
    scale: u32,
}

impl Decimal {
    pub(super) const ZERO: Self = Self { units: 0, scale: 0 };
    pub(super) const ONE: Self = Self { units: 1, scale: 0 };

    /// Reads `302.5500`, `-0.5`, `1.2e-3`. What is beyond 18 digits of fraction is dropped.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (digits, exponent) = match text.trim().split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
            None => (text.trim(), 0),
        };
        let (negative, digits) = match digits.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, digits.strip_prefix('+').unwrap_or(digits)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if exponent > EXPONENT_MAX {
            return None;
        }
        let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
        let digits = || whole.chars().chain(fraction.chars());
        if digits().next().is_none() || !digits().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let mut units = 0_i128;
        let mut scale = 0;
        let places = digits().chain(std::iter::repeat('0')).zip(0_i32..);
        // Zeros between the point and the digits, where the exponent has moved it that far.
        let before = (point..0).take(DIGITS_MAX as usize).map(|_| '0').zip(point..0);
        for (digit, place) in before.chain(places) {
            if place >= point && (scale == DIGITS_MAX || place >= length(whole, fraction)) {
                break;
            }
            scale += u32::from(place >= point);
            units = units * 10 + i128::from(digit.to_digit(10)?);
            if scale == 0 && units >= 10_i128.pow(DIGITS_MAX) {
                return None;
            }
        }
        Some(Self { units: if negative { -units } else { units }, scale }.short())
    }

    /// This less that.
    pub(super) fn minus(self, other: Self) -> Self {
        let (this, that, scale) = self.beside(other);
        Self { units: this - that, scale }.short()
    }

    /// Both together, where there is room for that.
    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let (this, that, scale) = self.beside(other);
        Self::of(this.checked_add(that)?, scale)
    }

    /// This so often, where there is room for all its digits.
    pub(super) fn times(self, other: Self) -> Option<Self> {
        Self::of(self.units.checked_mul(other.units)?, self.scale + other.scale)
    }

    /// This divided by that, where it has an end, and there is room until there.
    pub(super) fn over(self, other: Self) -> Option<Self> {
        let (this, that, _) = self.beside(other);
        let this = this.checked_mul(10_i128.pow(DIGITS_MAX))?;
        (this.checked_rem(that)? == 0).then(|| Self::of(this / that, DIGITS_MAX))?
    }

    pub(super) fn negated(self) -> Self {
        Self { units: -self.units, ..self }
    }

    /// The next whole number that is not more.
    pub(super) fn floor(self) -> Self {
        Self { units: self.units.div_euclid(10_i128.pow(self.scale)), scale: 0 }
    }

    /// The number, where it is a whole one.
    pub(super) fn whole(self) -> Option<i128> {
        (self.scale == 0).then_some(self.units)
    }

    /// As near as binary fractions come.
    pub(super) fn real(self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// By how many percent it is more than `before`, to two digits; `None` where that is nothing.
    pub(super) fn percent_above(self, before: Self) -> Option<Self> {
        let (this, that, _) = self.beside(before);
        let tenths = (this - that).checked_mul(100_000)?.checked_div(that.abs())?;
        Some(Self { units: tenths, scale: 3 }.rounded(2))
    }

    /// With at most so many digits after the point; half goes away from zero.
    pub(super) fn rounded(self, digits: u32) -> Self {
        let Some(dropped) = self.scale.checked_sub(digits).filter(|dropped| *dropped > 0) else {
            return self;
        };
        let by = 10_i128.pow(dropped);
        let half = by / 2 * self.units.signum();
        Self { units: (self.units + half) / by, scale: digits }.short()
    }

    /// Both with the same number of digits after the point.
    fn beside(self, other: Self) -> (i128, i128, u32) {
        let scale = self.scale.max(other.scale);
        let at = |one: Self| one.units * 10_i128.pow(scale - one.scale);
        (at(self), at(other), scale)
    }

    /// The same in short, where it keeps to its bounds.
    fn of(units: i128, scale: u32) -> Option<Self> {
        let short = Self { units, scale }.short();
        let is_bounded = short.scale <= DIGITS_MAX
            && short.units.unsigned_abs() / 10_u128.pow(short.scale) < 10_u128.pow(DIGITS_MAX);
        is_bounded.then_some(short)
    }

    fn short(mut self) -> Self {
        while self.scale > 0 && self.units % 10 == 0 {
            self.units /= 10;
            self.scale -= 1;
        }
        self
    }
}

fn length(whole: &str, fraction: &str) -> i32 {
    i32::try_from(whole.len() + fraction.len()).unwrap_or(i32::MAX)
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let (this, that, _) = self.beside(*other);
        this.cmp(&that)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `{:.2}` has at least two digits after the point, `{:+}` a sign.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = 10_u128.pow(self.scale);
        let (whole, fraction) = (self.units.unsigned_abs() / by, self.units.unsigned_abs() % by);
        let sign = match self.units.signum() {
            -1 => "-",
            1 if f.sign_plus() => "+",
            _ => "",
        };
        write!(f, "{sign}{whole}")?;
        let digits = (self.scale as usize).max(f.precision().unwrap_or(0));
        if digits == 0 {
            return Ok(());
        }
        let written = if self.scale == 0 {
            String::new()
        } else {
            format!("{fraction:0width$}", width = self.scale as usize)
        };
        write!(f, ".{written:0<digits$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_and_told_as_it_was_written() {
        for (text, told) in [
            ("302.5500", Some("302.55")),
            ("0.1", Some("0.10")),
            ("-0.005", Some("-0.005")),
            ("+7", Some("7.00")),
            (" 41230112 ", Some("41230112.00")),
            ("0.00000000000000000012", Some("0.00")),
            ("0.30000000000000004", Some("0.30000000000000004")),
            ("999999999999999999.5", Some("999999999999999999.50")),
            ("1000000000000000000", None),
            ("1.2e-3", Some("0.0012")),
            ("1.2345E2", Some("123.45")),
            ("12e3", Some("12000.00")),
            ("1e17", Some("100000000000000000.00")),
            ("1e2000000000", None),
            ("0e2000000000", None),
            ("1e-2000000000", Some("0.00")),
            ("", None),
            (".", None),
            ("-", None),
            ("1.2.3", None),
            ("NaN", None),
            ("1,5", None),
            ("٣", None),
        ] {
            let read = Decimal::parse(text).map(|number| format!("{number:.2}"));
            assert_eq!(read.as_deref(), told, "{text:?}");
        }
        assert_eq!(Decimal::parse("5").unwrap().to_string(), "5");
    }

    #[test]
    fn it_is_reckoned_with_exactly() {
        let read = |text| Decimal::parse(text).unwrap();
        for (now, before, change, percent) in [
            ("0.3", "0.1", "+0.2", Some("+200")),
            ("272.35", "270.05", "+2.3", Some("+0.85")),
            ("302.55", "300.9", "+1.65", Some("+0.55")),
            ("99.995", "100", "-0.005", Some("-0.01")),
            ("-37.63", "18.27", "-55.9", Some("-305.97")),
            ("1", "0", "+1", None),
        ] {
            let (now, before) = (read(now), read(before));
            assert_eq!(format!("{:+}", now.minus(before)), change);
            let told = now.percent_above(before).map(|percent| format!("{percent:+}"));
            assert_eq!(told.as_deref(), percent, "{now} {before}");
            assert_eq!(now > before, change.starts_with('+'));
        }
        assert_eq!(read("1.50"), read("1.5"));
    }

    #[test]
    fn it_is_reckoned_with_as_far_as_there_is_room() {
        let read = |text| Decimal::parse(text).unwrap();
        for (this, that, sum, product, quotient) in [
            ("0.1", "0.2", Some("0.3"), Some("0.02"), Some("0.5")),
            ("-7", "4", Some("-3"), Some("-28"), Some("-1.75")),
            ("1", "3", Some("4"), Some("3"), None),
            ("5", "0", Some("5"), Some("0"), None),
            (
                "999999999999999999",
                "1",
                None,
                Some("999999999999999999"),
                Some("999999999999999999"),
            ),
            (
                "500000000000000000",
                "2",
                Some("500000000000000002"),
                None,
                Some("250000000000000000"),
            ),
            ("1e-18", "0.5", Some("0.500000000000000001"), None, Some("0.000000000000000002")),
            (
                "999999999999999999.5",
                "-1e-18",
                Some("999999999999999999.499999999999999999"),
                None,
                None,
            ),
        ] {
            let (this, that) = (read(this), read(that));
            let told = |number: Option<Decimal>| number.map(|number| number.to_string());
            for (told, expected) in [
                (told(this.plus(that)), sum),
                (told(this.times(that)), product),
                (told(this.over(that)), quotient),
            ] {
                assert_eq!(told.as_deref(), expected, "{this} {that}");
            }
        }
        for (text, floor) in [("2.5", "2"), ("-2.5", "-3"), ("-2", "-2"), ("0.1", "0")] {
            assert_eq!(read(text).floor(), read(floor));
        }
    }
}
