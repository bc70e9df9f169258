//! What it costs to understand a message before anything is done with it.
//!
//! `cargo bench --bench understand`. How well it is understood is measured from outside:
//! `operatoros intent --jsonl < FILE` answers lines of `{"text": …}` with lines to compare.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion};
use operatoros::intent::{Situation, Vocabulary, understand};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    intent(&mut criterion);
    criterion.final_summary();
}

// ---- which command ----------------------------------------------------------------------------

fn intent(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("intent");
    let pools = ["healthcare", "financial", "sports", "business", "general"];
    let vocabulary = Vocabulary::new(pools, pools);
    let long = "Please read this and tell me what you think of it. ".repeat(1_000);
    for (name, text) in [
        ("command", "could you please add two more workers to the sports pool?"),
        ("misspelt", "cancle all queud tasks in the buisness pool"),
        (
            "chat",
            "What are the early symptoms of diabetes in adults, and when should I see a doctor?",
        ),
        ("long", &long),
    ] {
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| understand(black_box(text), &vocabulary, Situation::default()));
        });
    }
    group.finish();
}
