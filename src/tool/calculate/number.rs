//! A number that is worked with: a decimal for as long as it is one, so that what is told of it is exact;
//! else as near as binary fractions come.
//!
//! Invariant: it is finite.

use std::fmt;

use super::{super::decimal::Decimal, Unsolved, reader::Solved};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// This.
    Exact(Decimal),
    /// About this.
    Real(f64),
}

/// By how much a few steps with binary fractions miss, as a part of the number.
const HAIR: f64 = 4.0 * f64::EPSILON;
/// Below it a number that is missed by a hair can be told from one that is another.
const HAIR_SEEN_BELOW: f64 = 1e12;
/// The largest exponent that is worked out exactly; two has no room for more.
const EXPONENT_MAX: u128 = 64;
/// Below it a binary fraction knows each whole number.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
/// Up to here all digits before the point are told.
const PLAIN_MAX: f64 = 1e13;
/// Below it zeros after the point would be all there is to see.
const PLAIN_MIN: f64 = 1e-6;

impl Number {
    /// The number as it is written.
    pub(super) fn read(text: &str) -> Solved {
        let real = text.parse().map_err(|_| Unsolved::Unread)?;
        // A decimal drops what it has no room for: whatever a binary fraction would know is kept.
        let exact = Decimal::parse(text).filter(|exact| exact.real().total_cmp(&real).is_eq());
        exact.map_or_else(|| Self::real(real), |exact| Ok(Self::Exact(exact)))
    }

    /// About this.
    pub(super) fn real(value: f64) -> Solved {
        if value.is_finite() { Ok(Self::Real(value)) } else { Err(Unsolved::Infinite) }
    }

    pub(super) fn value(self) -> f64 {
        match self {
            Self::Exact(decimal) => decimal.real(),
            Self::Real(value) => value,
        }
    }

    pub(super) fn negated(self) -> Self {
        match self {
            Self::Exact(decimal) => Self::Exact(decimal.negated()),
            Self::Real(value) => Self::Real(-value),
        }
    }

    pub(super) fn absolute(self) -> Self {
        if self.value() < 0.0 { self.negated() } else { self }
    }

    pub(super) fn plus(self, other: Self) -> Solved {
        self.with(other, Decimal::plus, |this, that| hair(this + that, this.abs().max(that.abs())))
    }

    pub(super) fn times(self, other: Self) -> Solved {
        self.with(other, Decimal::times, |this, that| this * that)
    }

    pub(super) fn over(self, other: Self) -> Solved {
        self.with(other, Decimal::over, |this, that| this / that)
    }

    pub(super) fn to_the(self, exponent: Self) -> Solved {
        self.with(exponent, power, f64::powf)
    }

    /// As far as the angle is known.
    pub(super) fn sine(self) -> Solved {
        let angle = self.value();
        Self::real(hair(angle.sin(), angle))
    }

    pub(super) fn cosine(self) -> Solved {
        let angle = self.value();
        Self::real(hair(angle.cos(), angle))
    }

    /// The next whole number; half goes away from zero.
    pub(super) fn rounded(self) -> Self {
        self.whole(|decimal| decimal.rounded(0), f64::round)
    }

    /// The next whole number that is not more.
    pub(super) fn floor(self) -> Self {
        self.whole(Decimal::floor, f64::floor)
    }

    fn with(
        self,
        other: Self,
        exact: fn(Decimal, Decimal) -> Option<Decimal>,
        real: fn(f64, f64) -> f64,
    ) -> Solved {
        if let (Self::Exact(this), Self::Exact(that)) = (self, other)
            && let Some(exact) = exact(this, that)
        {
            return Ok(Self::Exact(exact));
        }
        Self::real(real(self.value(), other.value()))
    }

    /// A whole number is exact again, where each of them is known.
    fn whole(self, exact: fn(Decimal) -> Decimal, real: fn(f64) -> f64) -> Self {
        match self {
            Self::Exact(decimal) => Self::Exact(exact(decimal)),
            Self::Real(value) => {
                let near = value.round();
                let missed = near.abs() < HAIR_SEEN_BELOW && hair(value - near, near) == 0.0;
                let whole = if missed { near } else { real(value) };
                let known = (whole.abs() < WHOLE_MAX).then(|| whole.to_string());
                let exact = known.and_then(|known| Decimal::parse(&known));
                exact.map_or(Self::Real(whole), Self::Exact)
            }
        }
    }
}

/// The base so often, where that is exact.
fn power(base: Decimal, exponent: Decimal) -> Option<Decimal> {
    let times = exponent.whole().filter(|times| times.unsigned_abs() <= EXPONENT_MAX)?;
    let mut power = Decimal::ONE;
    for _ in 0..times.unsigned_abs() {
        power = power.times(base)?;
    }
    if times < 0 { Decimal::ONE.over(power) } else { Some(power) }
}

/// Nothing, where it is no more than what was missed of numbers of this size.
fn hair(value: f64, of: f64) -> f64 {
    if value.abs() <= HAIR * of.abs() { 0.0 } else { value }
}

/// What is not exact has thirteen digits, which hide what binary fractions do. None of them is made up:
/// where there are more before the point, powers of ten say so.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = match self {
            Self::Exact(decimal) => return decimal.fmt(f),
            Self::Real(value) => *value,
        };
        // A zero has no sign.
        let told = format!("{value:.12e}").parse().unwrap_or(value) + 0.0;
        let is_plain = told == 0.0 || (PLAIN_MIN..PLAIN_MAX).contains(&told.abs());
        if is_plain { write!(f, "{told}") } else { write!(f, "{told:e}") }
    }
}
