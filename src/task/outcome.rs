//! What becomes of a task when an attempt ends: done, tried again, failed for good, or due again.
//!
//! Invariant: nothing here waits or keeps anything; the caller does.

use std::{sync::Arc, time::Duration};

use super::recurrence::Recurrence;
use crate::{
    limits::{TASK_PAUSE_FIRST, TASK_PAUSE_MAX},
    model::{Fault, Task, TaskStatus, Timestamp},
};

/// An attempt begins.
pub(super) fn begin(task: &mut Task, now: Timestamp) {
    task.status = TaskStatus::Running;
    task.attempts += 1;
    task.started_at = Some(now);
    task.progress = Some("started".into());
}

/// The attempt was broken off by us, so that it does not count.
pub(super) fn hand_back(task: &mut Task) {
    task.status = TaskStatus::Queued;
    task.attempts = task.attempts.saturating_sub(1);
    task.progress = None;
}

/// The attempt gave this.
pub(super) fn succeed(task: &mut Task, result: Arc<str>, now: Timestamp) {
    task.result = Some(result);
    task.fault = None;
    end(task, TaskStatus::Succeeded, now);
}

/// The attempt came to nothing. It is tried again where that may help and is allowed, after
/// `pause` at the least.
pub(super) fn fail(task: &mut Task, fault: Fault, pause: Option<Duration>, now: Timestamp) {
    task.fault = Some(fault);
    task.progress = None;
    let hope = !matches!(fault, Fault::Attempt { retryable: false, .. } | Fault::Dependency { .. });
    if hope && task.attempts < task.max_attempts {
        task.status = TaskStatus::Queued;
        let pause = pause.unwrap_or_default().max(pause_after(task.attempts));
        task.planned_at = Some(planned(task));
        task.run_at = Some(now.plus(pause));
        return;
    }
    task.result = None;
    end(task, TaskStatus::Failed, now);
}

/// The pause after so many attempts; doubles with each.
fn pause_after(attempts: u32) -> Duration {
    TASK_PAUSE_FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(TASK_PAUSE_MAX)
}

/// Somebody took it back.
pub(super) fn cancel(task: &mut Task, now: Timestamp) {
    task.status = TaskStatus::Cancelled;
    task.ended_at = Some(now);
    task.progress = None;
}

/// It is done after all, as if it were new; not before the time that it was planned for, where that is
/// still to come.
pub(super) fn revive(task: &mut Task, now: Timestamp) {
    task.status = TaskStatus::Queued;
    task.attempts = 0;
    task.run_at = task.run_at.filter(|at| *at > now);
    task.planned_at = None;
    task.ended_at = None;
    task.fault = None;
    task.progress = None;
}

/// A run has ended: for good, or until it is due again.
fn end(task: &mut Task, status: TaskStatus, now: Timestamp) {
    task.ended_at = Some(now);
    task.progress = None;
    task.untold = task.conversation.is_some();
    task.status = status;
    let recurrence = task.every.as_ref().and_then(|every| Recurrence::of(every).ok());
    let planned = planned(task);
    task.planned_at = None;
    // What waited for others in vain does not recur, since it would in vain.
    let again = !matches!(task.fault, Some(Fault::Dependency { .. }));
    if let Some(next) = recurrence.filter(|_| again).and_then(|rule| rule.next(planned, now)) {
        task.status = TaskStatus::Queued;
        task.attempts = 0;
        task.runs += 1;
        task.run_at = Some(next);
    }
}

/// When the run was to begin, however often it was tried since.
fn planned(task: &Task) -> Timestamp {
    task.planned_at.or(task.run_at).unwrap_or(task.created_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Every, Reason},
        task::tests::task,
    };

    const NOW: Timestamp = Timestamp(1_000_000);

    fn attempt(retryable: bool) -> Fault {
        Fault::Attempt { reason: Reason::ProviderUnavailable, retryable }
    }

    /// How a task with so many attempts of three stands after one more that fails so.
    fn check(attempts: u32, fault: Fault, pause: u64, expect: (TaskStatus, Option<i64>)) {
        let mut task = task(1);
        task.attempts = attempts;
        begin(&mut task, NOW);
        fail(&mut task, fault, Some(Duration::from_millis(pause)), NOW);
        let pause = task.run_at.map(|at| at.0 - NOW.0);
        assert_eq!((task.status, pause), expect, "{attempts} {fault:?}");
        assert_eq!(task.untold, task.status == TaskStatus::Failed);
    }

    #[test]
    fn what_may_do_better_is_tried_again_after_a_growing_pause() {
        use TaskStatus::{Failed, Queued};
        check(0, attempt(true), 0, (Queued, Some(2_000)));
        check(1, attempt(true), 0, (Queued, Some(4_000)));
        check(1, attempt(true), 9_000, (Queued, Some(9_000)));
        check(2, attempt(true), 0, (Failed, None));
        check(0, attempt(false), 0, (Failed, None));
        check(0, Fault::Interrupted, 0, (Queued, Some(2_000)));
        check(2, Fault::Interrupted, 0, (Failed, None));
        check(0, Fault::Dependency { number: 7 }, 0, (Failed, None));
        assert_eq!(pause_after(99), TASK_PAUSE_MAX);
    }

    #[test]
    fn what_recurs_is_due_again_whatever_came_of_it() {
        for succeeds in [true, false] {
            let every = Every { rule: "every 15 minutes".into(), zone: "UTC".into() };
            let mut task = Task { every: Some(every), max_attempts: 1, ..task(1) };
            task.run_at = Some(NOW);
            begin(&mut task, NOW);
            if succeeds {
                succeed(&mut task, "done".into(), NOW);
            } else {
                fail(&mut task, attempt(true), None, NOW);
            }
            assert_eq!((task.status, task.attempts, task.runs), (TaskStatus::Queued, 0, 1));
            assert_eq!(task.run_at, Some(NOW.plus(Duration::from_secs(900))));
            assert!(task.untold && task.result.is_some() == succeeds);
        }
    }

    #[test]
    fn an_attempt_that_fails_does_not_move_the_runs_after_it() {
        let every = Every { rule: "every 15 minutes".into(), zone: "UTC".into() };
        let mut task = Task { every: Some(every), run_at: Some(NOW), ..task(1) };
        let later = |ms| NOW.plus(Duration::from_millis(ms));
        for (fault, at) in [(Fault::Interrupted, 100), (attempt(true), 70_000)] {
            begin(&mut task, later(at));
            fail(&mut task, fault, None, later(at));
            assert_eq!((task.planned_at, task.runs), (Some(NOW), 0));
        }
        begin(&mut task, later(80_000));
        succeed(&mut task, "done".into(), later(90_000));
        assert_eq!((task.run_at, task.planned_at), (Some(later(900_000)), None));
    }

    #[test]
    fn an_attempt_that_was_handed_back_does_not_count() {
        let mut task = task(1);
        let before = task.clone();
        begin(&mut task, NOW);
        hand_back(&mut task);
        assert_eq!(task, Task { started_at: Some(NOW), ..before });
    }
}
