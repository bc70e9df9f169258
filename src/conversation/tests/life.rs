//! How long things live: turns through failures, crashes and drains; conversations in memory.

use std::time::Duration;

use super::{
    client::Client,
    play::check,
    stage::{Stage, settle},
};
use crate::{
    auth::Authority,
    conversation::{Ask, Handle, Outcome, Place, Refusal, Sent, snapshot},
    limits,
    model::{AnswerStatus, ConversationId, UserId},
    pool::{Asker, Origin},
    provider::Item,
    store::Store,
};

#[tokio::test(start_paused = true)]
async fn before_the_first_token_the_next_provider_is_asked_unseen() {
    check(
        "ask        | a accepted, a started, ok a
         fail never |
         say A      | a +A
         end        | a completed second",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn after_it_what_came_is_kept_and_the_turn_fails() {
    check(
        "ask       | a accepted, a started, ok a
         say A     | a +A
         fail soon | a failed ProviderUnavailable
         ask       | b accepted, b started, ok b
         end       | b completed",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_route_that_resets_starts_over_once_somebody_else_speaks() {
    check(
        "ask pool=reset | a accepted, a started reset, ok a
         say void       | a +void
         fail never     |
         say new        | a reset, a +new
         fail never     | a failed ProviderUnavailable
         ask pool=reset | b accepted, b started reset, ok b
         say kept       | b +kept
         fail never     |
         fail never     | b failed ProviderUnavailable",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_there_is_a_pause_and_then_an_end() {
    // Who asked for seven seconds is left alone for so long, by this turn and by the next.
    check(
        "ask        | a accepted, a started, ok a
         fail soon  |
         fail soon  |
         wait 500   |
         fail soon  |
         fail 7     |
         wait 1000  |
         fail soon  | a failed ProviderUnavailable
         ask        | b accepted, b started, ok b
         fail 7     |
         wait 6900  |
         say early  |
         wait 200   |
         say B      | b +B
         end        | b completed
         ask        | c accepted, c started, ok c
         fail 21    |
         fail never | c failed ProviderUnavailable",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_not_be_longer_than_its_limit() {
    check(
        "ask              | a accepted, a started, ok a
         say-much 4194304 | a +4194304 bytes
         say-much 1       | a failed AnswerTooLong",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn where_thoughts_take_all_the_tokens_there_is_no_answer() {
    check(
        "ask      | a accepted, a started, ok a
         cut 6+34 | a failed AnswerTooLong
         ask      | b accepted, b started, ok b
         say B    | b +B
         cut 6+34 | b completed",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_ends_the_turn_as_interrupted() {
    check(
        "ask      | a accepted, a started, ok a
         say A    | a +A
         ask      | b accepted, b queued 1, ok b
         wait 300 |
         panic    | lost
         return   | snapshot Interrupted A/Interrupted
         ask      | c accepted, c started, ok c
         end      | c completed",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_a_crash_left_open_is_ended_with_its_last_checkpoint() {
    check(
        "ask      | a accepted, a started, ok a
         say kept | a +kept
         wait 250 |
         say lost | a +lost
         ask      | b accepted, b queued 1, ok b
         crash    | snapshot Interrupted kept/Interrupted
         ask      | c accepted, c started, ok c
         end      | c completed",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn interrupting_ends_what_runs_and_what_waits() {
    check(
        "ask           | a accepted, a started, ok a
         say A         | a +A
         ask           | b accepted, b queued 1, ok b
         drain         |
         interrupt-all | a interrupted, b interrupted",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_has_begun_goes_on_and_ends_where_nothing_new_may_begin() {
    check(
        "ask        | a accepted, a started, ok a
         ask        | b accepted, b queued 1, ok b
         full       |
         ask        | no: Store(Busy)
         change title=T | no: Store(Busy)
         say A      | a +A
         end        | a completed, b started
         say B      | b +B
         cancel b   | b cancelled, Cancelled b of 1
         room       |
         ask        | c accepted, c started, ok c",
    )
    .await;
}

// ---- beside a play ----------------------------------------------------------------------------

fn me() -> UserId {
    Authority::new(None).anonymous().unwrap().user
}

fn ask(handle: &Handle) -> Outcome<Sent> {
    handle.ask(Ask { text: "question".into(), ..Ask::default() })
}

#[tokio::test(start_paused = true)]
async fn only_so_many_turns_wait_and_so_many_commands() {
    let stage = Stage::new();
    let (_, handle) = stage.registry.begin(me(), Some("titled".into()), None).unwrap();
    for _ in 0..=limits::QUEUED_TURNS_MAX {
        ask(&handle).known().await.unwrap();
    }
    let refused = ask(&handle).known().await;
    assert!(matches!(refused, Err(Refusal::QueueFull)), "{refused:?}");
    let waiting: Vec<_> = (0..limits::COMMANDS_WAITING_MAX).map(|_| ask(&handle)).collect();
    let refused = ask(&handle).known().await;
    assert!(matches!(refused, Err(Refusal::Overloaded)), "{refused:?}");
    drop(waiting);
}

#[tokio::test(start_paused = true)]
async fn a_full_pool_refuses_before_anything_is_kept() {
    let stage = Stage::new();
    let pool = stage.registry.workshop().pools.get("general").unwrap().clone();
    let busy: Vec<_> = std::iter::from_fn(|| pool.try_worker(Origin::Turn)).collect();
    let place = |_| pool.queue_up(Asker::turn(me())).unwrap();
    let places: Vec<_> = (0..limits::POOL_QUEUE_USER_MAX).map(place).collect();
    let (id, handle) = stage.registry.begin(me(), None, None).unwrap();
    let refused = ask(&handle).known().await;
    assert!(matches!(refused, Err(Refusal::PoolFull(_))), "{refused:?}");
    assert_eq!(stage.store.conversation(id).await.unwrap(), None);
    drop(places);
    ask(&handle).known().await.unwrap();
    assert_eq!(pool.load().waiting(), 1);
    drop(busy);
    settle().await;
    assert_eq!((pool.load().waiting(), pool.load().running), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_turn_behind_others_has_its_place_in_the_pool() {
    let stage = Stage::new();
    let pool = stage.registry.workshop().pools.get("general").unwrap().clone();
    let (_, handle) = stage.registry.begin(me(), None, None).unwrap();
    ask(&handle).known().await.unwrap();
    ask(&handle).known().await.unwrap();
    let place = || pool.queue_up(Asker::turn(me())).ok();
    let _busy: Vec<_> = std::iter::from_fn(|| pool.try_worker(Origin::Turn)).collect();
    let places: Vec<_> = std::iter::from_fn(place).collect();
    assert_eq!(places.len(), limits::POOL_QUEUE_USER_MAX - 1, "one is held for the second");
    let refused = ask(&handle).known().await;
    assert!(matches!(refused, Err(Refusal::PoolFull(_))), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn the_copy_of_a_running_answer_is_interrupted() {
    let stage = Stage::new();
    let identity = Authority::new(None).anonymous().unwrap();
    let (record, handle) =
        stage.registry.create(identity.user, Some("titled".into()), None).await.unwrap();
    ask(&handle).known().await.unwrap();
    let granted = identity.grant(&record).unwrap();
    let fork = stage.registry.fork(granted, None, None).await.unwrap();
    let copied = stage.store.messages(fork.id, None, 9).await.unwrap();
    let statuses: Vec<_> = copied.iter().map(|message| message.status).collect();
    assert_eq!(statuses, [None, Some(AnswerStatus::Interrupted)]);
    assert_eq!(stage.store.open_turns(Some(fork.id)).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn new_text_is_checkpointed_by_time_and_by_size_and_only_once() {
    let mut stage = Stage::new();
    let (_, handle) = stage.registry.begin(me(), Some("titled".into()), None).unwrap();
    drop(ask(&handle));
    let call = stage.calls.recv().await.unwrap();
    let mut made = Vec::new();
    for (say, wait_ms, expected) in [
        ("a", 100, None),
        ("b", 100, None),
        ("c", 100, Some((0, 3))),
        ("", 1_000, None),
        ("d", 251, Some((3, 1))),
        (&*"e".repeat(limits::CHECKPOINT_BYTES), 1, Some((4, limits::CHECKPOINT_BYTES))),
    ] {
        call.say(say);
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        made.extend(expected);
        let checkpoints = stage.store.checkpoints();
        let sizes: Vec<_> = checkpoints.iter().map(|(at, slice)| (*at, slice.len())).collect();
        assert_eq!(sizes, made, "after {} bytes", say.len());
    }
}

#[tokio::test(start_paused = true)]
async fn text_that_was_not_taken_goes_with_the_next_checkpoint() {
    let mut stage = Stage::new();
    let (_, handle) = stage.registry.begin(me(), Some("titled".into()), None).unwrap();
    drop(ask(&handle));
    let call = stage.calls.recv().await.unwrap();
    for (say, full) in [("a", false), ("b", true), ("", true), ("c", true), ("d", false)] {
        stage.store.fill(full);
        call.say(say);
        tokio::time::sleep(limits::CHECKPOINT_EVERY * 2).await;
    }
    assert_eq!(stage.store.checkpoints(), [(0, "a".to_owned()), (1, "bcd".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_shown_how_things_stand_is_told_who_waits() {
    let stage = Stage::new();
    let (_, handle) = stage.registry.begin(me(), Some("titled".into()), None).unwrap();
    ask(&handle).known().await.unwrap();
    let waits = ask(&handle).known().await.unwrap().accepted.turn;
    let cursor = snapshot(&*stage.store, handle.feed()).await.unwrap().cursor;
    for (mut place, told) in
        [(Place::at(cursor), vec![]), (Place::of_snapshot(cursor), vec![(waits, 1)])]
    {
        let mut client = Client::default();
        client.know(&cursor, None);
        client.room = 9;
        handle.feed().read(&mut place, &mut client);
        assert_eq!(client.positions, told);
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_brings_its_branch_along() {
    let mut stage = Stage::new();
    let (_, handle) = stage.registry.begin(me(), Some("titled".into()), None).unwrap();
    for (said, before) in [("one", 0), ("two", 2), ("three", 4)] {
        drop(ask(&handle));
        let call = stage.calls.recv().await.unwrap();
        let items = &call.request.items;
        assert_eq!(items.len(), before + 1);
        assert_eq!(items.last(), Some(&Item::User("question".into())));
        call.say(said);
        call.end();
        settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_conversation_leaves_memory_when_nobody_holds_it() {
    let mut stage = Stage::new();
    let (_, handle) = stage.registry.begin(me(), Some("titled".into()), None).unwrap();
    drop(ask(&handle));
    tokio::time::sleep(limits::CONVERSATION_IDLE * 3).await;
    let call = stage.calls.recv().await.unwrap();
    call.end();
    drop(call);
    tokio::time::sleep(limits::CONVERSATION_IDLE * 3).await;
    assert_eq!(stage.registry.live(), 1, "it is held");
    drop(handle);
    tokio::time::sleep(limits::CONVERSATION_IDLE + Duration::from_secs(1)).await;
    assert_eq!(stage.registry.live(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_running_turn_keeps_its_conversation_in_memory() {
    let mut stage = Stage::new();
    let (_, handle) = stage.registry.begin(me(), Some("titled".into()), None).unwrap();
    drop(ask(&handle));
    drop(handle);
    tokio::time::sleep(limits::CONVERSATION_IDLE * 5).await;
    let call = stage.calls.recv().await.unwrap();
    assert!(!call.is_dropped(), "a disconnect is not a cancel");
    call.end();
    drop(call);
    tokio::time::sleep(limits::CONVERSATION_IDLE + Duration::from_secs(1)).await;
    assert_eq!(stage.registry.live(), 0);
}

#[tokio::test(start_paused = true)]
async fn opening_many_times_at_once_makes_one_writer() {
    let stage = Stage::new();
    let identity = Authority::new(None).anonymous().unwrap();
    let (record, handle) =
        stage.registry.create(identity.user, Some("titled".into()), None).await.unwrap();
    drop(handle);
    tokio::time::sleep(limits::CONVERSATION_IDLE * 2).await;
    assert_eq!(stage.registry.live(), 0);
    let granted = identity.grant(&record).unwrap();
    let opening = (0..20).map(|_| stage.registry.open(granted));
    let opened = futures_util::future::join_all(opening).await;
    assert_eq!(stage.registry.live(), 1);
    let first = opened[0].as_ref().unwrap().feed().clone();
    assert!(opened.iter().flatten().all(|handle| std::sync::Arc::ptr_eq(handle.feed(), &first)));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_exist_is_not_kept_in_memory() {
    let stage = Stage::new();
    let identity = Authority::new(None).anonymous().unwrap();
    let (record, handle) =
        stage.registry.create(identity.user, Some("titled".into()), None).await.unwrap();
    let granted = identity.grant(&record).unwrap();
    handle.delete().known().await.unwrap();
    settle().await;
    assert!(stage.registry.open(granted).await.is_err());
    assert_eq!(stage.registry.live(), 0);
    assert_eq!(stage.store.conversation(ConversationId::new()).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_until_the_last_end_is_shown() {
    let stage = Stage::new();
    let (_, handle) = stage.registry.begin(me(), Some("titled".into()), None).unwrap();
    drop(ask(&handle));
    settle().await;
    stage.store.hold();
    let lifecycle = stage.registry.workshop().lifecycle.clone();
    lifecycle.interrupting().reach();
    settle().await;
    assert_eq!(lifecycle.turns_running(), 1, "its end is not durable yet");
    stage.store.open();
    settle().await;
    assert_eq!(lifecycle.turns_running(), 0);
}
