//! Nothing is seen before it is durable; what the store refuses has not happened.

use super::play::check;

#[tokio::test(start_paused = true)]
async fn early_text_waits_until_its_start_is_durable() {
    check(
        "hold      |
         ask       |
         say early |
         through   | a accepted, a started, a +early, ok a
         say  late | a + late
         end       |
         through   | a completed",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_end_before_its_start_is_durable() {
    check(
        "hold     |
         ask      |
         say all  |
         end      |
         through  | a accepted, a started, ok a
         through  | a +all, a completed",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_reset_while_the_start_is_in_flight_loses_nothing() {
    check(
        "hold            |
         ask pool=reset  |
         say void        |
         fail never      |
         say new         |
         through         | a accepted, a started reset, ok a
         through         | a reset, a +new
         end             |
         through         | a completed second",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn text_after_a_reset_waits_for_the_reset() {
    check(
        "ask pool=reset  | a accepted, a started reset, ok a
         say void        | a +void
         hold            |
         fail never      |
         say new         |
         through         | a reset, a +new
         say er          | a +er
         open-gate       |
         end             | a completed second",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn positions_do_not_tell_of_turns_that_are_not_durable() {
    check(
        "ask pool=small  | a accepted, a started small, ok a
         another         |
         hold            |
         ask pool=small  |
         through         | b accepted, b queued 1, ok b
         ask             |
         cancel b        |
         through         | c accepted, c queued 2, ok c
         through         | b cancelled, Cancelled b of 0
         through         | c started",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_cancel_while_the_start_is_in_flight_comes_after_it() {
    check(
        "hold      |
         ask       |
         say early |
         fail none |
         through   | a accepted, a started, ok a",
    )
    .await;
    check(
        "hold          |
         ask           |
         say early     |
         ask interrupt |
         through       | a accepted, a started, ok a
         through       | a +early, a cancelled
         through       | b accepted, b queued 1, ok b
         through       | b started",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_head_does_not_move_under_a_message_that_waits() {
    check(
        "ask            | a accepted, a started, ok a
         end            | a completed
         retry a        | b accepted, b started, ok b
         end            | b completed
         hold           |
         change title=T |
         ask            |
         change head=a  | no: Busy
         open-gate      | updated, c accepted, c queued 1, c started, changed, ok c",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn another_turns_end_is_not_the_end_on_its_way() {
    check(
        "ask           | a accepted, a started, ok a
         hold          |
         note          |
         end           |
         through       | b accepted, b result, b +fine, b completed, ok b
         ask reject    | no: Busy
         through       | a completed
         open-gate     |
         ask reject    | c accepted, c started, ok c",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_refuses_who_asked_and_what_was_kept_goes_on() {
    check(
        "ask     | a accepted, a started, ok a
         say A   | a +A
         wait 300 |
         refuse  |
         ask     | lost, no: Store(Unwritable(Kind(StorageFull)))
         heal    |
         return  | snapshot Interrupted A
         ask     | b accepted, b started, ok b
         end     | b completed",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn commands_behind_a_refused_commit_are_refused_alike() {
    check(
        "ask      | a accepted, a started, ok a
         hold     |
         ask      |
         change title=T |
         refuse stale |
         through  | lost, no: Store(Stale), no: Store(Stale)",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn deleting_ends_everything_first() {
    check(
        "ask      | a accepted, a started, ok a
         say A    | a +A
         ask      | b accepted, b queued 1, ok b
         hold     |
         delete   |
         ask      | no: NotFound
         delete   | no: NotFound
         through  | a cancelled
         through  | b cancelled
         through  | deleted, gone, done",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_handle_to_a_deleted_conversation_finds_nothing() {
    let stage = super::stage::Stage::new();
    let me = crate::auth::Authority::new(None).anonymous().unwrap();
    let (_, handle) = stage.registry.create(me.user, None, None).await.unwrap();
    handle.delete().known().await.unwrap();
    let refused = handle.change(crate::conversation::Change::default()).known().await;
    assert!(matches!(refused, Err(crate::conversation::Refusal::NotFound)), "{refused:?}");
}
