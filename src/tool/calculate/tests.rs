//! Tests of arithmetic: what binds how, what is exact, and any tree of operations against fractions.

use proptest::prelude::*;

use super::*;
use crate::limits;

fn told(expression: &str) -> String {
    match reader::work_out(expression) {
        Ok(value) => value.to_string(),
        Err(unsolved) => format!("!{unsolved:?}"),
    }
}

#[test]
fn it_binds_as_mathematics_does() {
    for (expression, expected) in [
        ("-2^2", "-4"),
        ("(-2)^2", "4"),
        ("-3^2+9", "0"),
        ("4*-3^2", "-36"),
        ("3 - -2^2", "7"),
        ("2^3^2", "512"),
        ("(2^3)^2", "64"),
        ("2^-3", "0.125"),
        ("2^-2^2", "0.0625"),
        ("-2^-2", "-0.25"),
        ("exp(-1.5^2/2)", "0.3246524673583"),
        ("8 - 4 - 2", "2"),
        ("8 / 4 / 2", "1"),
        ("8 / 4 * 2", "4"),
        ("2 + 3 * 4 ^ 2", "50"),
        ("-2 * -3", "6"),
        ("+-+-2", "2"),
        ("2*sqrt(4)^3", "16"),
        ("-abs(-2)^2", "-4"),
        (" ( ( 1 ) ) ", "1"),
    ] {
        assert_eq!(told(expression), expected, "{expression}");
    }
}

#[test]
fn what_is_exact_is_told_so_and_nothing_is_made_up() {
    for (expression, expected) in [
        ("12345678901234 + 1", "12345678901235"),
        ("2^53", "9007199254740992"),
        ("2^53 + 1", "9007199254740993"),
        ("9007199254740993 - 9007199254740992", "1"),
        ("999999999999999999 * 1", "999999999999999999"),
        ("999999999999999999 + 1", "1e18"),
        ("2^64", "1.844674407371e19"),
        ("12345678901234.56 * 2", "24691357802469.12"),
        ("12345678901234.56 / 2", "6172839450617.28"),
        ("0.1 + 0.2", "0.3"),
        ("0.1 + 0.2 - 0.3", "0"),
        ("(0.7 + 0.1) * 10^16", "8000000000000000"),
        ("1.05^9", "1.551328215978515625"),
        ("1.05^10", "1.628894626777"),
        ("1e-3*1000", "1"),
        ("1.5e3+1", "1501"),
        ("1.5E+3", "1500"),
        (".5 + 5.", "5.5"),
        ("1e100", "1e100"),
        ("1e-20 * 3", "3e-20"),
        ("0.1234567890123456789", "0.123456789012345678"),
        ("1/3", "0.3333333333333"),
        ("1/3*3", "1"),
        ("1/3 + 1/3 + 1/3 - 1", "0"),
        ("sqrt(2)^2", "2"),
        ("sqrt(2)^2 - 2", "0"),
        ("exp(40)", "2.35385266837e17"),
        ("exp(-40)", "4.248354255292e-18"),
        ("(1 + 0.04/12)^12 - 1", "0.04074154291979"),
        ("10^-2", "0.01"),
        ("0^0", "1"),
        ("-0 * 3 + -exp(-1000)", "0"),
        ("2^0.5", "1.414213562373"),
        ("1^1000000000", "1"),
        ("sin(PI)", "0"),
        ("cos(PI/2) + tan(PI/4)", "1"),
        ("log10(1000) + ln(E)", "4"),
        ("round(2.5) + round(-2.5) + floor(-0.5) + ceil(-0.5) + abs(-4)", "3"),
        ("floor(ln(1000)/ln(10))", "3"),
        ("ceil(sqrt(2)*sqrt(2))", "2"),
        ("floor(1e15/7)", "142857142857142"),
        ("floor(exp(40))", "2.35385266837e17"),
    ] {
        assert_eq!(told(expression), expected, "{expression}");
    }
}

#[test]
fn what_has_no_value_is_refused() {
    let most = limits::EXPRESSION_DEPTH_MAX;
    let nested = |times: usize| format!("{}1{}", "(".repeat(times), ")".repeat(times));
    let tower = |times: usize| format!("{}1", "1^".repeat(times));
    for (expression, expected) in [
        (nested(most), "1"),
        (nested(most + 1), "!Deep"),
        (tower(most), "1"),
        (tower(most + 1), "!Deep"),
        ("(".repeat(limits::EXPRESSION_BYTES_MAX), "!Deep"),
        ("-".repeat(limits::EXPRESSION_BYTES_MAX), "!Unread"),
        (format!("{}1", "-".repeat(limits::EXPRESSION_BYTES_MAX - 1)), "-1"),
        (format!("{}1", "+".repeat(limits::EXPRESSION_BYTES_MAX)), "!Long"),
    ] {
        assert_eq!(told(&expression), expected, "{expression}");
    }
    for unread in [
        "", " ", "()", "1 +", "* 2", "2 3", "2(3)", "2 PI", "(1", "1)", "1,000", "1.2.3", ".", "e",
        "2e", "1e+", "pi", "sin", "sin 1", "sin(", "sinh(1)", "x", "2 ** 3", "5 % 3", "1e5e5", "²",
        "٣", "NaN", "inf", "1 = 1", "√2",
    ] {
        assert_eq!(told(unread), "!Unread", "{unread:?}");
    }
    for infinite in [
        "1/0",
        "1/(1/0)",
        "0^-1",
        "1e400",
        "10^400",
        "sqrt(-1)",
        "(-8)^(1/3)",
        "ln(0)",
        "tan(PI/2)",
    ] {
        assert_eq!(told(infinite), "!Infinite", "{infinite}");
    }
}

// ---- against fractions --------------------------------------------------------------------------

/// An expression, before anybody has written it.
#[derive(Debug, Clone)]
enum Tree {
    /// So many tenths.
    Number(i128),
    Negative(Box<Tree>),
    Of(&'static str, Box<Tree>),
    Pair(char, Box<[Tree; 2]>),
}

fn trees() -> impl Strategy<Value = Tree> {
    let tenths = prop::sample::select(vec![0, 1, 5, 10, 20, 25, 30, 40, 50, 70, 100, 1_280]);
    tenths.prop_map(Tree::Number).prop_recursive(5, 24, 2, |inner| {
        let pair = (prop::sample::select(b"+-*/^^".to_vec()), inner.clone(), inner.clone());
        prop_oneof![
            1 => inner.clone().prop_map(|of| Tree::Negative(of.into())),
            1 => (prop::sample::select(vec!["abs", "floor", "ceil", "round"]), inner)
                .prop_map(|(name, of)| Tree::Of(name, of.into())),
            6 => pair.prop_map(|(sign, a, b)| Tree::Pair(sign.into(), [a, b].into())),
        ]
    })
}

/// How firmly something holds together; the tighter, the more.
const SUM: u8 = 1;
const PRODUCT: u8 = 2;
const SIGNED: u8 = 3;
const POWER: u8 = 4;
const OPERAND: u8 = 5;

impl Tree {
    fn holds(&self) -> u8 {
        match self {
            Self::Number(_) | Self::Of(..) => OPERAND,
            Self::Negative(_) => SIGNED,
            Self::Pair('^', _) => POWER,
            Self::Pair('*' | '/', _) => PRODUCT,
            Self::Pair(..) => SUM,
        }
    }

    /// Written with brackets around whatever is not a number; or around what would hold together
    /// in another way without.
    fn written(&self, fully: bool) -> String {
        let inside = |of: &Self, least: u8| {
            let within = of.written(fully);
            let is_bare = if fully { of.holds() == OPERAND } else { of.holds() >= least };
            if is_bare { within } else { format!("({within})") }
        };
        match self {
            Self::Number(tenths) if tenths % 10 == 0 => (tenths / 10).to_string(),
            Self::Number(tenths) => format!("{}.{}", tenths / 10, tenths % 10),
            Self::Negative(of) => format!("-{}", inside(of, SIGNED)),
            Self::Of(name, of) => format!("{name}({})", of.written(fully)),
            Self::Pair(sign, pair) => {
                let (left, right) = match sign {
                    '^' => (OPERAND, SIGNED),
                    '*' | '/' => (PRODUCT, SIGNED),
                    _ => (SUM, PRODUCT),
                };
                format!("{} {sign} {}", inside(&pair[0], left), inside(&pair[1], right))
            }
        }
    }

    fn worth(&self) -> Option<Fraction> {
        match self {
            Self::Number(tenths) => Fraction::of(*tenths, 10),
            Self::Negative(of) => of.worth().and_then(|Fraction(up, down)| Fraction::of(-up, down)),
            Self::Of(name, of) => {
                let Fraction(up, down) = of.worth()?;
                let floor = up.div_euclid(down);
                match *name {
                    "abs" => Fraction::of(up.abs(), down),
                    "floor" => Fraction::of(floor, 1),
                    "ceil" => Fraction::of(floor + i128::from(up % down != 0), 1),
                    // Half goes away from zero.
                    _ => Fraction::of(up.signum() * ((2 * up.abs() + down) / (2 * down)), 1),
                }
            }
            Self::Pair(sign, pair) => {
                let (this, that) = (pair[0].worth()?, pair[1].worth()?);
                let (Fraction(a, b), Fraction(c, d)) = (this, that);
                match sign {
                    '+' => Fraction::of(a * d + c * b, b * d),
                    '-' => Fraction::of(a * d - c * b, b * d),
                    '*' => Fraction::of(a * c, b * d),
                    '/' => Fraction::of(a * d, b * c),
                    _ if d != 1 || c.abs() > 12 => None,
                    _ => {
                        let power = (0..c.abs())
                            .try_fold(Fraction(1, 1), |Fraction(up, down), _| {
                                Fraction::of(up * a, down * b)
                            })?;
                        if c < 0 { Fraction::of(power.1, power.0) } else { Some(power) }
                    }
                }
            }
        }
    }
}

/// Above and below the line, in lowest terms; small enough that nothing of it has to be rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Fraction(i128, i128);

impl Fraction {
    fn of(up: i128, down: i128) -> Option<Self> {
        let (mut divisor, mut rest) = (up.abs(), down.abs());
        while rest != 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        let divisor = divisor * down.signum();
        let (up, down) = (up.checked_div(divisor)?, down.checked_div(divisor)?);
        (down != 0 && up.abs() < 1_000_000_000 && 1_000_000 % down == 0).then_some(Self(up, down))
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_tree_is_worth_what_its_fractions_are(tree in trees()) {
        let (fully, barely) = (tree.written(true), tree.written(false));
        prop_assume!(fully.len() <= limits::EXPRESSION_BYTES_MAX);
        let value = told(&barely);
        prop_assert_eq!(&told(&fully), &value, "{} {}", fully, barely);
        if let Some(Fraction(up, down)) = tree.worth() {
            let near = |part| f64::from(i32::try_from(part).unwrap());
            let expected = near(up) / near(down);
            prop_assert_eq!(value.parse::<f64>(), Ok(expected), "{}", barely);
        }
    }

    #[test]
    fn whatever_is_written_has_a_value_or_none(
        text in "[-+*/^(). 0-9eE]{0,40}",
        strange in "(sqrt|abs|PI|E|1e|ä|٣|\\(|\\)|\\PC){0,12}",
    ) {
        for text in [&text, &strange] {
            if let Ok(value) = reader::work_out(text) {
                prop_assert!(value.value().is_finite(), "{text}");
                // What is told can be read again, and is told the same.
                let value = value.to_string();
                prop_assert_eq!(told(&value), value);
            }
        }
    }
}
