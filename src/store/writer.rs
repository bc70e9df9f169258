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
    time::Duration,
};

use tokio::{sync::oneshot, time::Instant};

use super::{
    Batch, StoreError,
    drafts::{Drafts, Step},
    kv::{Changes, Kv},
    plan::Plan,
    reads,
};
use crate::{
    limits::{
        STORE_COMMITS_TIMED, STORE_DRAFTS_GATHER, STORE_GROUP_BYTES_MAX, STORE_GROUP_MAX,
        STORE_JOBS_MAX, STORE_RETRY_EVERY,
    },
    model::{Timestamp, TurnId},
};

type Answer = oneshot::Sender<Result<(), StoreError>>;

/// Something for the writer to do.
pub(super) enum Job {
    Commit(Batch, Answer),
    Checkpoint(TurnId, u64, Box<str>),
    /// Tells that whatever was handed over before has been done.
    Pass(oneshot::Sender<()>),
    Close(oneshot::Sender<()>),
}

impl Job {
    fn text_bytes(&self) -> usize {
        match self {
            Self::Checkpoint(_, _, slice) => slice.len(),
            _ => 0,
        }
    }
}

/// What waits for the writer, and what it tells about itself.
pub(super) struct Desk {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    writable: AtomicBool,
    /// The newest time that anybody asked for a key at: what expired by then may go.
    now: AtomicI64,
    /// How long the newest commits took.
    took: Mutex<VecDeque<Duration>>,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    /// Of the text of checkpoints among them.
    text_bytes: usize,
    /// Somebody waits for an answer, or there is a group already.
    urgent: bool,
    shut: bool,
}

impl Desk {
    /// Starts the thread that serves this desk.
    pub(super) fn open(
        kv: Arc<dyn Kv>,
        drafts: Arc<Mutex<Drafts>>,
    ) -> io::Result<(Arc<Self>, thread::JoinHandle<()>)> {
        let desk = Arc::new(Self {
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            writable: AtomicBool::new(true),
            now: AtomicI64::new(i64::MIN),
            took: Mutex::default(),
        });
        let served = Arc::clone(&desk);
        let serve = move || serve(&Office { desk: &served, kv: &*kv, drafts: &drafts });
        let thread = thread::Builder::new().name("store-writer".to_owned()).spawn(serve)?;
        Ok((desk, thread))
    }

    /// Whether anything new may begin.
    pub(super) fn room(&self) -> Result<(), StoreError> {
        let waiting = self.waiting();
        if waiting.jobs.len() < STORE_JOBS_MAX { Ok(()) } else { Err(StoreError::Busy) }
    }

    /// Puts a job at the end of the queue. Only text of a checkpoint is refused there, since it can
    /// wait where it is.
    pub(super) fn hand_over(&self, job: Job) -> Result<(), StoreError> {
        let mut waiting = self.waiting();
        if waiting.shut {
            return Err(StoreError::Closed);
        }
        if job.text_bytes() > 0 && waiting.jobs.len() >= STORE_JOBS_MAX / 2 {
            return Err(StoreError::Busy);
        }
        // A checkpoint wakes nobody but the one who sleeps for want of any: what follows joins it.
        let first = waiting.jobs.is_empty();
        waiting.urgent |=
            !matches!(job, Job::Checkpoint(..)) || waiting.jobs.len() >= STORE_GROUP_MAX;
        waiting.text_bytes += job.text_bytes();
        waiting.jobs.push_back(job);
        if first || waiting.urgent {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Refuses everything from now on and forgets what waits, as a crash would.
    pub(super) fn abandon(&self) {
        let forgotten = {
            let mut waiting = self.waiting();
            waiting.shut = true;
            waiting.text_bytes = 0;
            std::mem::take(&mut waiting.jobs)
        };
        self.arrived.notify_one();
        refuse(forgotten);
    }

    /// Whether the newest write went through.
    pub(super) fn writable(&self) -> bool {
        self.writable.load(Ordering::Relaxed)
    }

    /// What waits, in memory: room for jobs, and the text of checkpoints. The text of messages is that
    /// which their conversations hold.
    pub(super) fn waiting_bytes(&self) -> usize {
        let waiting = self.waiting();
        waiting.jobs.capacity() * size_of::<Job>() + waiting.text_bytes
    }

    /// How long the newest commits took: the middle one, and the slowest but for a twentieth.
    pub(super) fn commit_took(&self) -> Option<[Duration; 2]> {
        let took = self.took.lock().unwrap_or_else(PoisonError::into_inner);
        let mut took: Vec<Duration> = took.iter().copied().collect();
        took.sort_unstable();
        let at = |twentieths: usize| took.get(took.len().saturating_sub(1) * twentieths / 20);
        Some([*at(10)?, *at(19)?])
    }

    fn took(&self, time: Duration) {
        let mut took = self.took.lock().unwrap_or_else(PoisonError::into_inner);
        if took.len() == STORE_COMMITS_TIMED {
            took.pop_front();
        }
        took.push_back(time);
    }

    /// What time it is at least.
    pub(super) fn tell_time(&self, now: Timestamp) {
        self.now.fetch_max(now.0, Ordering::Relaxed);
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing that holds the lock can panic halfway through a change.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has gathered, waiting for the first job; none once the desk is shut. While nothing can
    /// be written it comes back empty-handed now and then, so that somebody looks again.
    fn take(&self) -> Option<VecDeque<Job>> {
        let waiting = self.waiting();
        let idle = |w: &mut Waiting| w.jobs.is_empty() && !w.shut;
        let waiting = if self.writable() {
            self.arrived.wait_while(waiting, idle).unwrap_or_else(PoisonError::into_inner)
        } else {
            let tried = self.arrived.wait_timeout_while(waiting, STORE_RETRY_EVERY, idle);
            tried.unwrap_or_else(PoisonError::into_inner).0
        };
        if waiting.jobs.is_empty() && !waiting.shut {
            return Some(VecDeque::new());
        }
        let (mut waiting, _) = self
            .arrived
            .wait_timeout_while(waiting, STORE_DRAFTS_GATHER, |w| !w.urgent && !w.shut)
            .unwrap_or_else(PoisonError::into_inner);
        if waiting.shut {
            return None;
        }
        let group = waiting.jobs.len().min(STORE_GROUP_MAX);
        let jobs: VecDeque<Job> = waiting.jobs.drain(..group).collect();
        waiting.text_bytes -= jobs.iter().map(Job::text_bytes).sum::<usize>();
        waiting.urgent = !waiting.jobs.is_empty();
        Some(jobs)
    }
}

/// What the thread works with.
struct Office<'a> {
    desk: &'a Desk,
    kv: &'a dyn Kv,
    drafts: &'a Mutex<Drafts>,
}

fn serve(office: &Office<'_>) {
    while let Some(mut jobs) = office.desk.take() {
        if jobs.is_empty() {
            look_again(office);
        }
        while !jobs.is_empty() {
            if let Some(closed) = write_group(office, &mut jobs) {
                close(office, jobs, closed);
                return;
            }
        }
    }
    office.kv.close();
}

/// Whether it can be written again, without waiting for somebody who dares: whoever obeys the
/// health of the store will not.
fn look_again(office: &Office<'_>) {
    let look = || office.kv.mend().and_then(|()| office.kv.room_for(0));
    if let Ok(Ok(())) = catch_unwind(AssertUnwindSafe(look)) {
        office.desk.writable.store(true, Ordering::Relaxed);
    }
}

fn close(office: &Office<'_>, late: VecDeque<Job>, closed: oneshot::Sender<()>) {
    refuse(late);
    office.desk.abandon();
    // A panic here would leave the closer waiting for an answer that is certain otherwise.
    drop(catch_unwind(AssertUnwindSafe(|| office.kv.close())));
    closed.send(()).unwrap_or_default();
}

fn refuse(jobs: VecDeque<Job>) {
    for job in jobs {
        match job {
            Job::Commit(_, answer) => drop(answer.send(Err(StoreError::Closed))),
            Job::Checkpoint(..) => {}
            Job::Pass(told) | Job::Close(told) => told.send(()).unwrap_or_default(),
        }
    }
}

/// What comes of the jobs that are done together.
#[derive(Default)]
struct Group {
    answers: Vec<(Answer, Result<(), StoreError>)>,
    /// What the drafts have to know, in the order of the jobs.
    steps: Vec<Step>,
    passes: Vec<oneshot::Sender<()>>,
    close: Option<oneshot::Sender<()>>,
}

/// Writes as many of the jobs as one group takes and answers them.
fn write_group(office: &Office<'_>, jobs: &mut VecDeque<Job>) -> Option<oneshot::Sender<()>> {
    let Office { desk, kv, drafts } = office;
    let mut group = Group::default();
    let written = catch_unwind(AssertUnwindSafe(|| match gather(office, jobs, &mut group)? {
        Some(changes) => {
            let began = Instant::now();
            kv.apply(changes).map_err(unwritable)?;
            desk.took(began.elapsed());
            desk.writable.store(true, Ordering::Relaxed);
            Ok(())
        }
        None => Ok(()),
    }))
    .unwrap_or_else(|_| Err(unwritable(io::Error::other("the database gave up while writing"))));
    desk.writable.fetch_and(written.is_ok(), Ordering::Relaxed);
    let steps = std::mem::take(&mut group.steps);
    if !steps.is_empty() {
        // After what opens turns is durable, and before anybody is told.
        let draft = || lock(drafts).write(steps, written.is_ok(), |bytes| kv.room_for(bytes));
        drop(catch_unwind(AssertUnwindSafe(draft)));
    }
    for (answer, verdict) in group.answers {
        // What was refused may have been refused because of a neighbour that is now not there.
        drop(answer.send(written.clone().and(verdict)));
    }
    for told in group.passes {
        told.send(()).unwrap_or_default();
    }
    group.close
}

fn lock(drafts: &Mutex<Drafts>) -> MutexGuard<'_, Drafts> {
    drafts.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unwritable(error: io::Error) -> StoreError {
    StoreError::Unwritable(Arc::new(error))
}

/// Plans jobs until the group is full, one of them closes the store, or none is left.
fn gather(
    office: &Office<'_>,
    jobs: &mut VecDeque<Job>,
    group: &mut Group,
) -> Result<Option<Changes>, StoreError> {
    let Office { desk, kv, drafts } = office;
    let view = match kv.mend().map_err(unwritable).and_then(|()| kv.view()) {
        Ok(view) => view,
        Err(error) => {
            // Nothing can be checked: every job is answered with the reason.
            for job in jobs.drain(..) {
                match job {
                    Job::Commit(_, answer) => group.answers.push((answer, Err(error.clone()))),
                    Job::Checkpoint(turn, offset, slice) => {
                        group.steps.push(Step::Slice(turn, offset, slice));
                    }
                    Job::Pass(told) => group.passes.push(told),
                    Job::Close(closed) => group.close = Some(closed),
                }
            }
            return Err(error);
        }
    };
    if lock(drafts).doubted() {
        // Where that cannot be read, the next group asks again.
        drop(reads::open_ids(&*view, None).map(|open| lock(drafts).know(open)));
    }
    let mut plan = Plan::over(&*view);
    let (mut durable, mut drafted) = (false, 0);
    while plan.bytes() + drafted < STORE_GROUP_BYTES_MAX {
        match jobs.pop_front() {
            Some(Job::Commit(batch, answer)) => {
                let verdict = plan.add(batch).map(|mut steps| group.steps.append(&mut steps));
                durable |= verdict.is_ok();
                group.answers.push((answer, verdict));
            }
            Some(Job::Checkpoint(turn, offset, slice)) => {
                drafted += slice.len();
                group.steps.push(Step::Slice(turn, offset, slice));
            }
            Some(Job::Pass(told)) => group.passes.push(told),
            Some(Job::Close(closed)) => {
                group.close = Some(closed);
                break;
            }
            None => break,
        }
    }
    if !durable {
        return Ok(None);
    }
    // An expiry that cannot be read must not keep everybody from writing.
    drop(plan.purge(Timestamp(desk.now.load(Ordering::Relaxed))));
    plan.into_changes().map(Some)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU8;

    use super::*;
    use crate::{
        model::{User, UserId},
        store::{Expect, LocalStore, Store, Write, kv::View, memory::Memory, paper::Paper},
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

        fn apply(&self, changes: Changes) -> io::Result<()> {
            match self.1.load(Ordering::Relaxed) {
                1 => Err(io::Error::from_raw_os_error(5)),
                2 => std::panic::resume_unwind(Box::new("the engine panics")),
                _ => self.0.apply(changes),
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
        let store = LocalStore::over(Arc::new(kv), Paper::Memory(Vec::new())).unwrap();
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
