//! Tests of the breaker: what it lets through, row by row.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    model::BreakerState,
    pool::breaker::{Breaker, Fault, Pass},
};

/// Plays a row of letters and compares what comes of each word.
///
/// `a` asks, and says `+` or `-5` with the seconds to wait; the outcome of the oldest one under way:
/// `b` began, `k` whole, `f` failed, `g` failed gravely, `x` left; in capitals that of the newest.
/// A number lets so many seconds pass. In the end it says how it stands.
fn check(row: &str, expected: &str) {
    let (mut breaker, mut now) = (Breaker::default(), Instant::now());
    let mut under_way: Vec<Pass> = Vec::new();
    let mut told = Vec::new();
    for word in row.split(' ') {
        if let Ok(seconds) = word.parse() {
            now += Duration::from_secs(seconds);
            continue;
        }
        for letter in word.chars() {
            if letter == 'a' {
                told.push(match breaker.admit(now) {
                    Ok(pass) => {
                        under_way.push(pass);
                        "+".to_owned()
                    }
                    Err(until) => format!("-{}", (until - now).as_secs()),
                });
                continue;
            }
            let at = if letter.is_lowercase() { 0 } else { under_way.len() - 1 };
            let pass = under_way[at];
            match letter.to_ascii_lowercase() {
                'b' => breaker.began(pass),
                'k' => breaker.succeeded(pass),
                'f' => breaker.failed(pass, Fault::Passing, now),
                'g' => breaker.failed(pass, Fault::Grave, now),
                _ => breaker.abandoned(pass, now),
            }
            if !letter.eq_ignore_ascii_case(&'b') {
                under_way.remove(at);
            }
        }
    }
    let state = match breaker.state(now) {
        BreakerState::Closed => "closed",
        BreakerState::Open => "open",
        BreakerState::HalfOpen => "half",
    };
    told.push(state.to_owned());
    assert_eq!(told.join(" "), expected, "{row}");
}

#[test]
fn failures_in_a_row_open_it() {
    check("afafafaf a", "+ + + + + closed");
    check("afafafafaf a", "+ + + + + -5 open");
    check("afafafafak afafafaf a", "+ + + + + + + + + + closed");
    check("ag a", "+ -60 open");
    // Those who leave say nothing.
    check("afafafafaxaxax a", "+ + + + + + + + closed");
}

#[test]
fn then_one_is_let_through() {
    check("afafafafaf 4 a", "+ + + + + -1 open");
    check("afafafafaf 5 aaa", "+ + + + + + -1 -1 half");
    check("afafafafaf 5 ak aaa", "+ + + + + + + + + closed");
    // The first piece is enough; but then one more failure, unless the answer was whole.
    check("afafafafaf 5 aba", "+ + + + + + + closed");
    check("afafafafaf 5 abf a", "+ + + + + + -10 open");
    check("afafafafaf 5 abk afafafaf a", "+ + + + + + + + + + + closed");
    // Who leaves passes the right on.
    check("afafafafaf 5 ax a", "+ + + + + + + half");
}

#[test]
fn each_time_it_stays_open_for_twice_as_long() {
    check("afafafafaf 5 af a 10 af a 20 af a", "+ + + + + + -10 + -20 + -40 open");
    check("ag 60 ag 120 ag 240 ag 480 ag a 600 ag a", "+ + + + + -600 + -600 open");
    // Answers that come whole win it back step by step.
    check("afafafafaf 5 af 10 ak afafafafaf a", "+ + + + + + + + + + + + -10 open");
    check("afafafafaf 5 af 10 akak afafafafaf a", "+ + + + + + + + + + + + + -5 open");
}

#[test]
fn what_was_asked_before_does_not_count_any_more() {
    // Ten at the same time: the sixth failure and those after it neither open it again nor for longer.
    check("aaaaaaaaaa ffffffffff a", "+ + + + + + + + + + -5 open");
    check("aaaaaaaaaa fffffkkkkk a", "+ + + + + + + + + + -5 open");
    check("aaaaaa fffff 5 a f a K a", "+ + + + + + + -1 + closed");
    check("aaaaaa fffff 5 a k a F a", "+ + + + + + + -1 -10 open");
}
