//! What every store must do about tasks.

use super::{Expect, Store, Timestamp, UserId, Write, commit};
use crate::model::{
    Every, FinishReason, OpenTask, Priority, Task, TaskAnswer, TaskFilter, TaskId, TaskStatus,
    TraceId, Usage,
};

/// Runs this part of the suite.
pub(super) async fn hold(store: &dyn Store) {
    a_task_is_found_by_id_and_by_number(store).await;
    tasks_are_listed_newest_first_as_they_stand(store).await;
    a_list_is_paged_without_a_hole(store).await;
    what_is_not_settled_is_found_at_a_start(store).await;
    an_outcome_is_told_once(store).await;
    a_key_of_a_task_is_its_own(store).await;
}

async fn a_task_is_found_by_id_and_by_number(store: &dyn Store) {
    let number = store.highest_task_number().await.unwrap() + 1;
    let mut task = task(UserId::new(), number);
    for text in ["short".into(), "long ".repeat(10_000), "short again".into()] {
        task.text = text.into();
        put(store, &task).await;
        assert_eq!(store.task(task.id).await.unwrap().as_ref(), Some(&task));
        assert_eq!(store.task_numbered(number).await.unwrap().as_ref(), Some(&task));
    }
    assert_eq!(store.highest_task_number().await.unwrap(), number);
    assert_eq!(store.task(TaskId::new()).await.unwrap(), None);
    assert_eq!(store.task_numbered(number + 1).await.unwrap(), None);
}

async fn tasks_are_listed_newest_first_as_they_stand(store: &dyn Store) {
    let (user, other) = (UserId::new(), UserId::new());
    let mut made = Vec::new();
    for (n, status) in (1_000..).zip(TaskStatus::ALL) {
        let pool = (n % 2 == 0).then(|| "sports".into());
        let priority = if n < 1_002 { Priority::High } else { Priority::Low };
        made.insert(0, Task { pool, priority, status, ..task(user, n) });
        put(store, &made[0]).await;
        put(store, &task(other, n + 100)).await;
    }
    let all = TaskFilter::default;
    let rows: [(TaskFilter, &[u64]); 6] = [
        (all(), &[1_004, 1_003, 1_002, 1_001, 1_000]),
        (TaskFilter { status: Some(TaskStatus::Failed), ..all() }, &[1_003]),
        (TaskFilter { priority: Some(Priority::High), ..all() }, &[1_001, 1_000]),
        (TaskFilter { pool: Some("sports".into()), ..all() }, &[1_004, 1_002, 1_000]),
        (TaskFilter { priority: Some(Priority::Urgent), ..all() }, &[]),
        (TaskFilter { status: Some(TaskStatus::Queued), pool: Some("none".into()), ..all() }, &[]),
    ];
    for (filter, expected) in rows {
        let page = store.tasks(user, &filter, None, 9).await.unwrap();
        let numbers: Vec<u64> = page.tasks.iter().map(|task| task.number).collect();
        assert_eq!((&*numbers, page.more), (expected, None), "{filter:?}");
    }
    // Under one status at a time, whatever it was before.
    let moved = Task { status: TaskStatus::Cancelled, ..made[4].clone() };
    put(store, &moved).await;
    for (status, expected) in [(TaskStatus::Queued, 0), (TaskStatus::Cancelled, 2)] {
        let filter = TaskFilter { status: Some(status), ..all() };
        let page = store.tasks(user, &filter, None, 9).await.unwrap();
        assert_eq!(page.tasks.len(), expected, "{status:?}");
    }
}

async fn a_list_is_paged_without_a_hole(store: &dyn Store) {
    let user = UserId::new();
    let mut writes = Vec::new();
    for n in 0..600_u64 {
        let status = TaskStatus::ALL[usize::try_from(n % 5).unwrap()];
        let priority = if n % 97 == 0 { Priority::Urgent } else { Priority::Normal };
        // A page has room for a few of these only.
        let text = if n < 20 { "x".repeat(100_000) } else { n.to_string() };
        let text = text.into();
        writes.push(Write::Task(Task { text, priority, status, ..task(user, 2_000 + n) }));
    }
    commit(store, Expect::Nothing, writes).await.unwrap();
    let urgent = TaskFilter { priority: Some(Priority::Urgent), ..TaskFilter::default() };
    let running = TaskFilter { status: Some(TaskStatus::Running), ..TaskFilter::default() };
    for (filter, expected) in [(TaskFilter::default(), 600), (urgent, 7), (running, 120)] {
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = store.tasks(user, &filter, before, 50).await.unwrap();
            assert!(page.tasks.len() <= 50, "{filter:?}");
            seen.extend(page.tasks.iter().map(|task| task.number));
            before = page.more;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), expected, "{filter:?}");
        assert!(seen.is_sorted_by(|newer, older| newer > older), "{filter:?}");
    }
}

async fn what_is_not_settled_is_found_at_a_start(store: &dyn Store) {
    let user = UserId::new();
    let rows = [
        (TaskStatus::Queued, false, true),
        (TaskStatus::Running, false, true),
        (TaskStatus::Succeeded, false, false),
        (TaskStatus::Succeeded, true, true),
        (TaskStatus::Failed, true, true),
        (TaskStatus::Cancelled, false, false),
    ];
    let mut expected = Vec::new();
    for (n, (status, untold, unsettled)) in (4_000..).zip(rows) {
        let task = Task { status, untold, ..task(user, n) };
        put(store, &task).await;
        expected.extend(unsettled.then(|| task.open()));
    }
    assert_eq!(open(store, user).await, expected);
}

async fn an_outcome_is_told_once(store: &dyn Store) {
    let user = UserId::new();
    let task = Task { status: TaskStatus::Succeeded, untold: true, ..task(user, 5_000) };
    put(store, &task).await;
    for told in [task.id, task.id, TaskId::new()] {
        commit(store, Expect::Nothing, vec![Write::TaskTold(told)]).await.unwrap();
        let kept = store.task(task.id).await.unwrap();
        assert_eq!(kept, Some(Task { untold: false, ..task.clone() }));
        assert_eq!(open(store, user).await, []);
    }
}

async fn a_key_of_a_task_is_its_own(store: &dyn Store) {
    let user = UserId::new();
    let task = TaskId::new();
    for (id, expires_at) in [(TaskId::new(), 9_000), (task, 9_500)] {
        let expires_at = Timestamp(expires_at);
        let write = Write::TaskKey { user, key: "k".into(), task: id, expires_at };
        commit(store, Expect::Nothing, vec![write]).await.unwrap();
    }
    let ask = async |user, now| store.keyed_task(user, "k", Timestamp(now)).await.unwrap();
    assert_eq!(ask(user, 9_499).await, Some(task));
    assert_eq!(ask(UserId::new(), 1).await, None);
    assert_eq!(store.keyed(user, "k", Timestamp(1)).await.unwrap(), None, "not of a message");
    assert_eq!(ask(user, 9_500).await, None);
    commit(store, Expect::Nothing, vec![]).await.unwrap();
    assert_eq!(ask(user, 1).await, None, "purged");
}

async fn put(store: &dyn Store, task: &Task) {
    commit(store, Expect::Nothing, vec![Write::Task(task.clone())]).await.unwrap();
}

async fn open(store: &dyn Store, of: UserId) -> Vec<OpenTask> {
    let open = store.open_tasks().await.unwrap();
    open.into_iter().filter(|task| task.user == of).collect()
}

/// A task that waits, with a value in each field.
pub(in crate::store) fn task(user: UserId, number: u64) -> Task {
    Task {
        id: TaskId::new(),
        number,
        user,
        conversation: Some(super::ConversationId::new()),
        text: "a \"text\"\n".into(),
        pool: None,
        agent: Some("analyst".into()),
        priority: Priority::High,
        status: TaskStatus::Queued,
        attempts: 1,
        max_attempts: 3,
        time_limit_ms: 600_000,
        created_at: Timestamp(1),
        updated_at: Timestamp(2),
        run_at: Some(Timestamp(-3)),
        planned_at: Some(Timestamp(-4)),
        started_at: None,
        ended_at: None,
        every: Some(Every { rule: "every day at 9".into(), zone: "UTC".into() }),
        runs: 4,
        after: [TaskId::new()].into(),
        result: None,
        answer: Some(TaskAnswer {
            provider: "openai".into(),
            model: "a-model".into(),
            usage: Usage { input: 3, output: 4, ..Usage::default() },
            finish_reason: Some(FinishReason::Length),
        }),
        fault: None,
        progress: Some("halfway".into()),
        untold: false,
        trace: Some(TraceId(7)),
    }
}
