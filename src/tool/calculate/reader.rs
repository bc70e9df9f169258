//! Reads an expression and works it out on the way, as mathematics binds: `^` to the right and before a
//! sign, so that `-2^2` is -4 and `2^3^2` is 512; then `*` and `/`, then `+` and `-`, both to the left.
//!
//! Invariant: it goes no deeper than `limits::EXPRESSION_DEPTH_MAX`.

use std::f64::consts::{E, PI};

use super::{Unsolved, number::Number};
use crate::limits;

/// What it comes to.
pub(super) fn work_out(expression: &str) -> Solved {
    if expression.len() > limits::EXPRESSION_BYTES_MAX {
        return Err(Unsolved::Long);
    }
    let mut reader = Reader { rest: expression, depth: 0 };
    let value = reader.sum()?;
    if reader.rest.trim_start().is_empty() { Ok(value) } else { Err(Unsolved::Unread) }
}

pub(super) type Solved = Result<Number, Unsolved>;

struct Reader<'a> {
    rest: &'a str,
    /// Brackets and exponents that are open.
    depth: usize,
}

impl<'a> Reader<'a> {
    fn sum(&mut self) -> Solved {
        let mut sum = self.product()?;
        loop {
            if self.eats('+') {
                sum = sum.plus(self.product()?)?;
            } else if self.eats('-') {
                sum = sum.plus(self.product()?.negated())?;
            } else {
                return Ok(sum);
            }
        }
    }

    fn product(&mut self) -> Solved {
        let mut product = self.signed()?;
        loop {
            if self.eats('*') {
                product = product.times(self.signed()?)?;
            } else if self.eats('/') {
                product = product.over(self.signed()?)?;
            } else {
                return Ok(product);
            }
        }
    }

    fn signed(&mut self) -> Solved {
        let mut negative = false;
        loop {
            if self.eats('-') {
                negative = !negative;
            } else if !self.eats('+') {
                let power = self.power()?;
                return Ok(if negative { power.negated() } else { power });
            }
        }
    }

    fn power(&mut self) -> Solved {
        let base = self.operand()?;
        if !self.eats('^') {
            return Ok(base);
        }
        base.to_the(self.deeper(Self::signed)?)
    }

    fn operand(&mut self) -> Solved {
        if self.eats('(') {
            return self.bracketed();
        }
        let number = self.takes(number_length(self.rest));
        if !number.is_empty() {
            return Number::read(number);
        }
        let is_of_name = |c: char| c.is_ascii_alphanumeric();
        let name = self.rest.find(|c| !is_of_name(c)).unwrap_or(self.rest.len());
        match self.takes(name) {
            "PI" => Number::real(PI),
            "E" => Number::real(E),
            name => {
                let function = function(name).ok_or(Unsolved::Unread)?;
                if self.eats('(') { function(self.bracketed()?) } else { Err(Unsolved::Unread) }
            }
        }
    }

    /// What stands behind a bracket, up to where it is closed.
    fn bracketed(&mut self) -> Solved {
        let inside = self.deeper(Self::sum)?;
        if self.eats(')') { Ok(inside) } else { Err(Unsolved::Unread) }
    }

    fn deeper(&mut self, read: fn(&mut Self) -> Solved) -> Solved {
        if self.depth == limits::EXPRESSION_DEPTH_MAX {
            return Err(Unsolved::Deep);
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// Goes past the sign, where it is next. What comes behind is next then, without spaces before it.
    fn eats(&mut self, sign: char) -> bool {
        self.rest = self.rest.trim_start();
        let behind = self.rest.strip_prefix(sign);
        self.rest = behind.map_or(self.rest, str::trim_start);
        behind.is_some()
    }

    /// So many bytes of what is next.
    fn takes(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }
}

/// How long the number is with which a text begins: `12`, `.5`, `1.5e-3`. An `e` without digits behind
/// is none of it.
fn number_length(text: &str) -> usize {
    let text = text.as_bytes();
    let is = |at: usize, of: &[u8]| text.get(at).is_some_and(|byte| of.contains(byte));
    let behind_digits =
        |from: usize| from + text.iter().skip(from).take_while(|b| b.is_ascii_digit()).count();
    let mut end = behind_digits(0);
    if is(end, b".") {
        end = behind_digits(end + 1);
    }
    let exponent = end + 1 + usize::from(is(end + 1, b"+-"));
    if end > 0 && is(end, b"eE") && is(exponent, b"0123456789") {
        end = behind_digits(exponent);
    }
    end
}

fn function(name: &str) -> Option<fn(Number) -> Solved> {
    let function: fn(Number) -> Solved = match name {
        "sqrt" => |of| Number::real(of.value().sqrt()),
        "exp" => |of| Number::real(of.value().exp()),
        "ln" => |of| Number::real(of.value().ln()),
        "log10" => |of| Number::real(of.value().log10()),
        "sin" => Number::sine,
        "cos" => Number::cosine,
        "tan" => |of| of.sine()?.over(of.cosine()?),
        "abs" => |of| Ok(of.absolute()),
        "round" => |of| Ok(of.rounded()),
        "floor" => |of| Ok(of.floor()),
        "ceil" => |of| Ok(of.negated().floor().negated()),
        _ => return None,
    };
    Some(function)
}
