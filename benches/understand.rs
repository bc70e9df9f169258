//! What it costs to understand a message, before anything is done with it.
//!
//! `cargo bench --bench understand`. Numbers of one machine say nothing of another: compare two
//! commits on the same one. How *well* messages are routed is told by `operatoros calibrate --report`;
//! `operatoros intent --jsonl < FILE` answers lines of `{"text": …}` with lines to compare.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion};
use operatoros::{
    config::Settings,
    intent::{Situation, Vocabulary, understand},
    limits::TEXT_BYTES_MAX,
    route::{Context, Router},
};

/// Messages as people send them.
const MESSAGES: &[(&str, &str)] = &[
    ("short", "and for kids?"),
    ("question", "Should I move my pension into an index fund before I retire?"),
    (
        "paragraph",
        "For about three weeks now I've had a dull headache behind my eyes, mostly in the afternoon. \
         I drink enough water and sleep well. My pharmacist says that it may be my blood pressure, and \
         I wonder whether I should see a doctor or first try to work fewer hours at the computer.",
    ),
];

/// Commands, as they should be typed and as they are.
const COMMANDS: &[(&str, &str)] = &[
    ("command", "could you please add two more workers to the sports pool?"),
    ("misspelt", "cancle all queud tasks in the buisness pool"),
];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    route(&mut criterion);
    intent(&mut criterion);
    criterion.final_summary();
}

/// The longest message that can be sent.
fn longest(text: &str) -> String {
    text.repeat(TEXT_BYTES_MAX / text.len())
}

fn route(criterion: &mut Criterion) {
    let router = Router::of(&Settings::default()).expect("the defaults are right");
    let mut group = criterion.benchmark_group("route");
    let mut bench = |name: &str, text: &str| {
        group.bench_with_input(BenchmarkId::from_parameter(name), text, |bencher, text| {
            bencher.iter(|| router.choose(black_box(text), Context::default()));
        });
    };
    for (name, text) in MESSAGES {
        bench(name, text);
    }
    bench("longest", &longest("the stock market and my health are both in trouble. "));
    bench("worst", &longest("qzxjkvbwqpqzxjkvbwqpqzxjkvbwqpqzxjkvbwqp "));
    group.finish();
}

fn intent(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("intent");
    let pools = ["healthcare", "financial", "sports", "business", "general"];
    let vocabulary = Vocabulary::new(pools, pools);
    let mut bench = |name: &str, text: &str| {
        group.bench_with_input(BenchmarkId::from_parameter(name), text, |bencher, text| {
            bencher.iter(|| understand(black_box(text), &vocabulary, Situation::default()));
        });
    };
    for (name, text) in COMMANDS.iter().chain(MESSAGES) {
        bench(name, text);
    }
    bench("longest", &longest("Please read this and tell me what you think of it. "));
    group.finish();
}
