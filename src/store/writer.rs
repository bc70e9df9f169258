//! The one thread that writes: takes what has gathered, applies it at once, flushes once, answers.
//!
//! Invariants: jobs are taken in the order in which they were handed over; each is answered
//! exactly once; whatever the engine does, a panic included, the thread lives on.

use std::{
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    thread,
};

use tokio::sync::oneshot;

use super::{Batch, StoreError, kv::Kv, plan::Plan};
use crate::{
    limits::{STORE_GROUP_BYTES_MAX, STORE_GROUP_MAX, STORE_JOBS_MAX},
    model::{Timestamp, TurnId},
};

type Answer = oneshot::Sender<Result<(), StoreError>>;

/// Something for the writer to do.
pub(super) enum Job {
    Commit(Batch, Answer),
    Checkpoint(TurnId, u64, Box<str>),
    Close(oneshot::Sender<()>),
}

/// What waits for the writer, and what it tells about itself.
pub(super) struct Desk {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    writable: AtomicBool,
    /// The newest time that anybody asked for a key at: what expired by then may go.
    now: AtomicI64,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    shut: bool,
}

impl Desk {
    /// Starts the thread that serves this desk.
    pub(super) fn open(kv: Arc<dyn Kv>) -> io::Result<(Arc<Self>, thread::JoinHandle<()>)> {
        let desk = Arc::new(Self {
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            writable: AtomicBool::new(true),
            now: AtomicI64::new(i64::MIN),
        });
        let served = Arc::clone(&desk);
        let serve = move || serve(&served, &*kv);
        let thread = thread::Builder::new().name("store-writer".to_owned()).spawn(serve)?;
        Ok((desk, thread))
    }

    /// Puts a job at the end of the queue. `Close` is taken even when it is full.
    pub(super) fn hand_over(&self, job: Job) -> Result<(), StoreError> {
        let mut waiting = self.waiting();
        if waiting.shut {
            return Err(StoreError::Closed);
        }
        if waiting.jobs.len() >= STORE_JOBS_MAX && !matches!(job, Job::Close(_)) {
            return Err(StoreError::Busy);
        }
        waiting.jobs.push_back(job);
        self.arrived.notify_one();
        Ok(())
    }

    /// Refuses everything from now on and forgets what waits, as a crash would.
    pub(super) fn abandon(&self) {
        let forgotten = {
            let mut waiting = self.waiting();
            waiting.shut = true;
            std::mem::take(&mut waiting.jobs)
        };
        self.arrived.notify_one();
        refuse(forgotten);
    }

    /// Whether the newest write went through.
    pub(super) fn writable(&self) -> bool {
        self.writable.load(Ordering::Relaxed)
    }

    /// What time it is at least.
    pub(super) fn tell_time(&self, now: Timestamp) {
        self.now.fetch_max(now.0, Ordering::Relaxed);
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing that holds the lock can panic halfway through a change.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has gathered, waiting for the first job; none once the desk is shut.
    fn take(&self) -> Option<VecDeque<Job>> {
        let waiting = self.waiting();
        let mut waiting = self
            .arrived
            .wait_while(waiting, |w| w.jobs.is_empty() && !w.shut)
            .unwrap_or_else(PoisonError::into_inner);
        if waiting.shut {
            return None;
        }
        let group = waiting.jobs.len().min(STORE_GROUP_MAX);
        Some(waiting.jobs.drain(..group).collect())
    }
}

fn serve(desk: &Desk, kv: &dyn Kv) {
    while let Some(mut jobs) = desk.take() {
        while !jobs.is_empty() {
            if let Some(closed) = write_group(desk, kv, &mut jobs) {
                close(desk, kv, jobs, closed);
                return;
            }
        }
    }
    kv.close();
}

fn close(desk: &Desk, kv: &dyn Kv, late: VecDeque<Job>, closed: oneshot::Sender<()>) {
    refuse(late);
    desk.abandon();
    // A panic here would leave the closer waiting for an answer that is certain otherwise.
    drop(catch_unwind(AssertUnwindSafe(|| kv.close())));
    closed.send(()).unwrap_or_default();
}

fn refuse(jobs: VecDeque<Job>) {
    for job in jobs {
        match job {
            Job::Commit(_, answer) => drop(answer.send(Err(StoreError::Closed))),
            Job::Checkpoint(..) => {}
            Job::Close(closed) => closed.send(()).unwrap_or_default(),
        }
    }
}

/// Writes as many of the jobs as one group takes and answers them.
fn write_group(desk: &Desk, kv: &dyn Kv, jobs: &mut VecDeque<Job>) -> Option<oneshot::Sender<()>> {
    let mut answers = Vec::new();
    let mut close = None;
    let written = catch_unwind(AssertUnwindSafe(|| {
        match gather(desk, kv, jobs, &mut answers, &mut close)? {
            Some((changes, durable)) => {
                kv.apply(changes, durable).map_err(unwritable)?;
                desk.writable.fetch_or(durable, Ordering::Relaxed);
                Ok(())
            }
            None => Ok(()),
        }
    }))
    .unwrap_or_else(|_| Err(unwritable(io::Error::other("the database gave up while writing"))));
    desk.writable.fetch_and(written.is_ok(), Ordering::Relaxed);
    for (answer, verdict) in answers {
        // What was refused may have been refused because of a neighbour that is now not there.
        drop(answer.send(written.clone().and(verdict)));
    }
    close
}

fn unwritable(error: io::Error) -> StoreError {
    StoreError::Unwritable(Arc::new(error))
}

type Verdict = (Answer, Result<(), StoreError>);
type Group = Option<(super::kv::Changes, bool)>;

/// Plans jobs until the group is full, one of them closes the store, or none is left.
fn gather(
    desk: &Desk,
    kv: &dyn Kv,
    jobs: &mut VecDeque<Job>,
    answers: &mut Vec<Verdict>,
    close: &mut Option<oneshot::Sender<()>>,
) -> Result<Group, StoreError> {
    let view = match kv.mend().map_err(unwritable).and_then(|()| kv.view()) {
        Ok(view) => view,
        Err(error) => {
            // Nothing can be checked: every job is answered with the reason.
            for job in jobs.drain(..) {
                match job {
                    Job::Commit(_, answer) => answers.push((answer, Err(error.clone()))),
                    Job::Checkpoint(..) => {}
                    Job::Close(closed) => *close = Some(closed),
                }
            }
            return Err(error);
        }
    };
    let mut plan = Plan::over(&*view);
    let mut durable = false;
    while plan.bytes() < STORE_GROUP_BYTES_MAX {
        match jobs.pop_front() {
            Some(Job::Commit(batch, answer)) => {
                let verdict = plan.add(batch);
                durable |= verdict.is_ok();
                answers.push((answer, verdict));
            }
            Some(Job::Checkpoint(turn, offset, slice)) => {
                // A checkpoint is an optimisation: one that cannot be kept is not missed.
                drop(plan.checkpoint(turn, offset, slice.as_bytes()));
            }
            Some(Job::Close(closed)) => {
                *close = Some(closed);
                break;
            }
            None => break,
        }
    }
    if durable {
        // An expiry that cannot be read must not keep everybody from writing.
        drop(plan.purge(Timestamp(desk.now.load(Ordering::Relaxed))));
    }
    if plan.is_empty() {
        return Ok(None);
    }
    Ok(Some((plan.into_changes(durable)?, durable)))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU8;

    use super::*;
    use crate::{
        model::{User, UserId},
        store::{
            Expect, LocalStore, Store, Write,
            kv::{Changes, View},
            memory::Memory,
        },
    };

    /// An engine that fails in a way that the test picks.
    struct Failing(Memory, Arc<AtomicU8>);

    impl Kv for Failing {
        fn view(&self) -> Result<Box<dyn View + '_>, StoreError> {
            self.0.view()
        }

        fn mend(&self) -> io::Result<()> {
            match self.1.load(Ordering::Relaxed) {
                3 => Err(io::ErrorKind::StorageFull.into()),
                _ => Ok(()),
            }
        }

        fn apply(&self, changes: Changes, durable: bool) -> io::Result<()> {
            match self.1.load(Ordering::Relaxed) {
                1 => Err(io::Error::from_raw_os_error(5)),
                2 => std::panic::resume_unwind(Box::new("the engine panics")),
                _ => self.0.apply(changes, durable),
            }
        }

        fn bytes(&self) -> Option<u64> {
            None
        }

        fn close(&self) {
            self.0.close();
        }
    }

    #[tokio::test]
    async fn a_failing_engine_refuses_writes_until_it_works_again() {
        let failure = Arc::new(AtomicU8::new(0));
        let kv = Failing(Memory::new(), Arc::clone(&failure));
        let store = LocalStore::over(Arc::new(kv)).unwrap();
        for (how, writable) in [(0, true), (1, false), (0, true), (2, false), (3, false), (0, true)]
        {
            failure.store(how, Ordering::Relaxed);
            let id = UserId::new();
            let user = User { id, name: "ada".into(), created_at: Timestamp(0) };
            let batch = |writes| Batch { expect: Expect::Nothing, writes };
            let first = store.commit(batch(vec![Write::User(user.clone())]));
            let second = store.commit(batch(vec![Write::User(user)]));
            for answer in [first.await, second.await] {
                assert_eq!(answer.is_ok(), writable, "{how}: {answer:?}");
                assert!(writable || matches!(answer, Err(StoreError::Unwritable(_))), "{how}");
            }
            assert_eq!(store.health().writable, writable, "{how}");
            assert_eq!(store.user(id).await.unwrap().is_some(), writable, "{how}");
        }
    }
}
