//! What a pool costs: a free worker, and the queue when it is long.

use std::{collections::BTreeMap, hint::black_box};

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use operatoros::{
    config::{PoolSettings, Settings},
    model::{Priority, UserId},
    pool::{Asker, Origin, Pools, Queue},
    provider::{self, Providers},
};

criterion_group!(benches, free_worker, long_queue, position);
criterion_main!(benches);

/// Taking and giving back a worker that nobody else wants.
fn free_worker(c: &mut Criterion) {
    let settings = Settings::default();
    let providers: Providers =
        provider::build(&BTreeMap::new(), &settings.offline).expect("offline needs nothing");
    let pools = BTreeMap::from([("only".to_owned(), PoolSettings::default())]);
    let pools = Pools::new(
        &Settings { pools, ..settings },
        &providers,
        &operatoros::tool::Toolbox::default(),
    );
    let pool = pools.get("only").expect("it was set");
    c.bench_function("pool/free_worker", |b| b.iter(|| black_box(pool.try_worker(Origin::Turn))));
}

/// One comes and one is served, while so many wait: of a thousand users, in all classes. The cost
/// has to grow like the logarithm.
fn long_queue(c: &mut Criterion) {
    let mut group = c.benchmark_group("pool/push_and_pop");
    for waiting in [1_000, 10_000, 100_000] {
        let mut queue = Queue::default();
        let mut askers = askers();
        for asker in askers.by_ref().take(waiting) {
            queue.push(asker, ());
        }
        group.bench_function(BenchmarkId::from_parameter(waiting), |b| {
            b.iter_batched(
                || askers.next().expect("they never end"),
                |asker| {
                    queue.push(asker, ());
                    black_box(queue.pop());
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// Looking for one's position behind ten thousand users: those who wait do so now and then.
fn position(c: &mut Criterion) {
    let mut queue = Queue::default();
    let user = |number: u128| UserId::from_bytes(number.to_be_bytes());
    let tickets: Vec<_> = (0..10_000).map(|n| queue.push(Asker::turn(user(n)), ())).collect();
    let last = *tickets.last().expect("they were pushed");
    c.bench_function("pool/position", |b| b.iter(|| black_box(queue.position(last))));
}

fn askers() -> impl Iterator<Item = Asker> {
    let mut random = fastrand::Rng::with_seed(7);
    std::iter::repeat_with(move || Asker {
        user: UserId::from_bytes(random.u128(0..1_000).to_be_bytes()),
        priority: Priority::ALL[random.usize(0..Priority::ALL.len())],
        origin: if random.bool() { Origin::Turn } else { Origin::Task },
    })
}
