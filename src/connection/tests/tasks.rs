//! Background tasks and their topic, by frame and by sentence.

use serde_json::Value;

use super::peer::{House, Talk};
use crate::{conversation::tests::stage::settle, limits, wire::SUBPROTOCOL_JSON};

#[tokio::test(start_paused = true)]
async fn a_task_is_handed_in_read_changed_and_taken_back() {
    Talk::json()
        .check(
            r#"                                                                  | welcome
            {"type":"task.submit","id":"1","text":"A","priority":"high","key":"k","run_at":"2100-01-01T00:00:00Z"} | error 1 invalid_argument run_at
            {"type":"task.submit","id":"2","text":"A","priority":"high","key":"k","run_at":"1970-01-01T01:00:00Z"} | reply 2 task 1 queued
            {"type":"task.submit","id":"3","text":"A","key":"k"}               | reply 3 task 1 queued again
            {"type":"task.get","id":"4","task":"$k"}                           | reply 4 task 1 queued
            {"type":"task.update","id":"5","task":"$k","priority":"urgent"}    | reply 5 task 1 queued
            {"type":"task.list","id":"6","priority":"urgent"}                  | reply 6 1 rows
            {"type":"task.list","id":"7","status":"running"}                   | reply 7 0 rows
            {"type":"task.retry","id":"8","task":"$k"}                         | error 8 conflict
            {"type":"task.cancel","id":"9","task":"$k"}                        | reply 9 task 1 cancelled
            {"type":"task.cancel","id":"10","task":"$k"}                       | reply 10 task 1 cancelled
            {"type":"task.update","id":"11","task":"$k"}                       | error 11 conflict
            {"type":"task.retry","id":"12","task":"$k"}                        | reply 12 task 1 queued
            {"type":"task.update","id":"14","task":"$k","run_at":"1970-01-01T00:00:00Z"} | reply 14 task 1 queued
            say Done.                                                          |
            end                                                                |
            {"type":"task.get","id":"13","task":"$k"}                          | reply 13 task 1 succeeded"#,
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_is_refused() {
    Talk::json()
        .check(
            r#"                                                             | welcome
            {"type":"task.submit","id":"1","text":" "}                    | error 1 invalid_argument text
            {"type":"task.submit","id":"2","text":"A","pool":"none"}      | error 2 unknown_pool
            {"type":"task.submit","id":"3","text":"A","every":"often"}    | error 3 invalid_argument every
            {"type":"task.submit","id":"4","text":"A","every":"every day","time_zone":"Moon"} | error 4 invalid_argument time_zone
            {"type":"task.submit","id":"5","text":"A","max_attempts":0}   | error 5 invalid_argument max_attempts
            {"type":"task.submit","id":"6","text":"A","time_limit_ms":1}  | error 6 invalid_argument time_limit_ms
            {"type":"task.submit","id":"7","text":"A","after":["x"]}      | error 7 not_found
            {"type":"task.submit","id":"8","text":"A","conversation":"cnv_00000000000000000000000000000000"} | error 8 not_found
            {"type":"task.get","id":"9","task":"tsk_00000000000000000000000000000000"} | error 9 not_found
            {"type":"task.cancel","id":"10","task":"tsk_00000000000000000000000000000000"} | error 10 not_found"#,
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn somebody_else_s_task_does_not_exist() {
    let house = House::guarded();
    let mut alice = house.connect(Some("alice"), Some(SUBPROTOCOL_JSON));
    let mut bob = house.connect(Some("bob"), Some(SUBPROTOCOL_JSON));
    alice.send(r#"{"type":"task.submit","id":"1","text":"A"}"#);
    let heard = alice.frames().await;
    let id = heard[1]["result"]["task"].as_str().unwrap();
    bob.send(r#"{"type":"subscribe","id":"1","topic":"tasks"}"#);
    bob.frames().await;
    for kind in ["get", "cancel", "update", "retry"] {
        bob.send(&format!(r#"{{"type":"task.{kind}","id":"2","task":"{id}"}}"#));
        assert_eq!(bob.frames().await[0]["code"], "not_found", "{kind}");
    }
    alice.send(&format!(r#"{{"type":"task.cancel","id":"2","task":"{id}"}}"#));
    assert_eq!(alice.frames().await[0]["result"]["status"], "cancelled");
    assert!(bob.frames().await.is_empty(), "bob is told nothing of it");
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_is_told_how_tasks_stand() {
    Talk::json()
        .check(
            r#"                                                  | welcome
            {"type":"task.submit","id":"1","text":"A"}         | reply 1 task 1 queued
            {"type":"subscribe","id":"2","topic":"tasks"}      | task 1 running, reply 2
            say A word                                         | task 1 running
            end                                                | task 1 succeeded
            {"type":"task.submit","text":"B","run_at":"1970-01-01T01:00:00Z"} | task 2 queued
            {"type":"unsubscribe","id":"3","topic":"tasks"}    | reply 3
            {"type":"task.submit","text":"C","run_at":"1970-01-01T01:00:00Z"} |
            {"type":"subscribe","topic":"tasks"}               | task 1 succeeded, task 2 queued, task 3 queued"#,
        )
        .await;
}

/// The numbers and revisions of the task frames that a peer has got.
fn changes(frames: &[Value]) -> Vec<(u64, u64)> {
    let tasks = frames.iter().filter(|frame| frame["type"] == "task");
    tasks.map(|f| (f["number"].as_u64().unwrap(), f["rev"].as_u64().unwrap())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_slow_subscriber_gets_the_newest_of_each_task() {
    let house = House::open();
    let mut slow = house.connect_with_room(None, Some(SUBPROTOCOL_JSON), 4);
    let mut busy = house.connect(None, Some(SUBPROTOCOL_JSON));
    slow.send(r#"{"type":"subscribe","topic":"tasks"}"#);
    slow.frames().await;
    let submit = r#"{"type":"task.submit","id":"1","text":"A","run_at":"1970-01-01T01:00:00Z"}"#;
    let mut ids = Vec::new();
    for _ in 0..3 {
        busy.send(submit);
        ids.push(
            busy.frames().await.last().unwrap()["result"]["task"].as_str().unwrap().to_owned(),
        );
    }
    for round in 0..40 {
        let priority = ["low", "high"][round % 2];
        for id in &ids {
            busy.send(&format!(
                r#"{{"type":"task.update","id":"2","task":"{id}","priority":"{priority}"}}"#
            ));
        }
        settle().await;
    }
    let mut seen = Vec::new();
    loop {
        let frames = slow.frames().await;
        if frames.is_empty() {
            break;
        }
        seen.extend(changes(&frames));
    }
    assert!(seen.len() < 20, "{} of 123 changes were told", seen.len());
    assert!(seen.is_sorted_by(|a, b| a.1 < b.1), "{seen:?}");
    let mut last: Vec<u64> = seen.iter().rev().take(3).map(|(number, _)| *number).collect();
    last.sort_unstable();
    assert_eq!(last, [1, 2, 3], "the newest of each is not skipped");
}

#[tokio::test(start_paused = true)]
async fn large_changes_are_told_although_their_frames_are_not_kept() {
    let house = House::open();
    let mut slow = house.connect_with_room(None, Some(SUBPROTOCOL_JSON), 2);
    let mut busy = house.connect(None, Some(SUBPROTOCOL_JSON));
    slow.send(r#"{"type":"subscribe","topic":"tasks"}"#);
    slow.frames().await;
    let many = 2 * limits::TASK_CHANGES_BYTES_MAX / limits::TEXT_BYTES_MAX;
    let text = "x".repeat(limits::TEXT_BYTES_MAX);
    for _ in 0..many {
        busy.send(&format!(
            r#"{{"type":"task.submit","text":"{text}","run_at":"1970-01-01T01:00:00Z"}}"#
        ));
        settle().await;
    }
    busy.frames().await;
    let mut seen = Vec::new();
    loop {
        let frames = slow.frames().await;
        if frames.is_empty() {
            break;
        }
        seen.extend(changes(&frames).into_iter().map(|(number, _)| number));
    }
    assert_eq!(seen, (1..=many as u64).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_person_hands_tasks_in_and_is_told_what_came_of_them() {
    Talk::text()
        .check(
            "                                      | # OperatorOS. Ask anything; /help says what else there is.
            > /tasks                               | # You have no tasks yet.
            > /task submit --pool small --priority high draft an agenda | # Task 1 is handed in: it runs as soon as it is its turn.
            > /tasks running                       | # #  status   priority  pool   when  task⏎# 1  running  high      small  now   draft an agenda
            > /task submit --at \"in 2 hours\" later | # Task 2 is handed in: it runs on Thu 1 Jan 1970 at 02:00 UTC.
            > /task submit --at \"every day at 9\" x | # Task 3 is handed in: it runs on Thu 1 Jan 1970 at 09:00 UTC, and again every day at 9 (UTC).
            > /task submit --at \"after 1\" then    | # Task 4 is handed in: it runs once those before it are done.
            > /task submit --at someday x          | # When shall it run? “someday” names no such time. Say it like “in 10 minutes”, “tomorrow at 9”, “monday 8:30”, “2026-12-01 09:00”, “every day at 9” or “after task 12”.
            > /task submit --at \"after 99\" x      | # There is no task 99.
            > /task submit --pool none x           | # No pool has that name. There are: general, reset, small, tools.
            > /task priority 2 urgent              | # Task 2 has urgent priority now.
            > /task priority 1 low                 | # Task 1 has begun already. Cancel it, or wait for its end.
            > /task cancel 2                       | # Task 2 is cancelled.
            > /task retry 2                        | # Task 2 is tried again: it runs on Thu 1 Jan 1970 at 02:00 UTC.
            > /task cancel 2 3                     | # Cancel 2 tasks, 1 of them recurring? yes / no
            > no                                   | # Nothing was changed.
            > cancel my tasks                      | # Cancel 4 tasks, 1 of them running, 1 of them recurring? yes / no
            > no                                   | # Nothing was changed.
            > /task cancel 2                       | # Task 2 is cancelled.
            > /task cancel 2 9                     | # Task 2 has ended already: cancelled.⏎# There is no task 9.
            > /task cancel 1                       | # Task 1 is running. Cancel it? yes / no
            > no                                   | # Nothing was changed.
            > /task cancel 1                       | # Task 1 is running. Cancel it? yes / no
            say An agenda.                         |
            end                                    | # Task 1 is done: An agenda.
            > yes                                  | # Task 1 has ended already: succeeded.
            say Then.                              |
            end                                    | # Task 4 is done: Then.
            > /task 1                              | # Task 1: draft an agenda⏎# succeeded in small, high priority, 1 of 3 attempts⏎# Its newest attempt asked first/first, 6 + 3 tokens.⏎# An agenda.
            > /task cancel all                     | # Task 3 recurs every day at 9. Cancel it? yes / no
            > no                                   | # Nothing was changed.
            > /task cancel all --yes               | # Task 3 is cancelled.
            > /task cancel all                     | # No task of yours is like that.
            > /tasks queued                        | # No task of yours is like that.",
        )
        .await;
}
