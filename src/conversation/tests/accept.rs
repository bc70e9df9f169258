//! What is accepted, in which order it is answered, and what is refused.

use super::play::check;

#[tokio::test(start_paused = true)]
async fn one_turn_from_message_to_end() {
    check(
        "ask       | a accepted, a started, ok a
         say Hel   | a +Hel
         say lo    | a +lo
         end       | a completed
         ask       | b accepted, b started, ok b
         end       | b completed",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn turns_wait_in_order_and_are_told_their_place() {
    check(
        "ask       | a accepted, a started, ok a
         ask       | b accepted, b queued 1, ok b
         ask       | c accepted, c queued 2, ok c
         ask       | d accepted, d queued 3, ok d
         cancel c  | c cancelled, b at 1, d at 2, Cancelled c of 0
         end       | a completed, b started, d at 1
         say B     | b +B
         end       | b completed, d started
         end       | d completed",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn if_busy_decides_what_becomes_of_the_next() {
    check(
        "ask reject     | a accepted, a started, ok a
         say A          | a +A
         ask reject     | no: Busy
         ask            | b accepted, b queued 1, ok b
         ask interrupt  | a cancelled, b cancelled, c accepted, c queued 1, c started, ok c
         say C          | c +C
         end            | c completed
         ask reject     | d accepted, d started, ok d
         ask pool=none  | no: UnknownPool(\"general, reset, small, tools\")
         ask interrupt pool=none | no: UnknownPool(\"general, reset, small, tools\")
         end            | d completed",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_cancelled_wherever_it_stands() {
    check(
        "ask pool=small          | a accepted, a started small, ok a
         say A                   | a +A
         another                 |
         ask pool=small          | b accepted, b queued 1, ok b
         ask                     | c accepted, c queued 2, ok c
         cancel b                | b cancelled, c started, Cancelled b of 0
         cancel b                | no: TurnEnded
         cancel c                | c cancelled, Cancelled c of 0
         back                    |
         cancel b                | no: TurnEnded
         cancel a                | a cancelled, Cancelled a of 1
         another                 |
         ask pool=small          | d accepted, d started small, ok d",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_says_nothing_by_itself_goes_to_the_pool_that_was_asked_before() {
    check(
        "ask pool=small          | a accepted, a started small, ok a
         end                     | a completed
         ask text=why?           | b accepted, b started small, ok b
         end                     | b completed
         crash                   |
         ask text=why?           | c accepted, c started small, ok c
         end                     | c completed
         change pool=reset       | updated, changed
         ask text=why?           | d accepted, d started reset, ok d
         end                     | d completed
         retry a                 | e accepted, e started small, ok e",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_worker_gets_it_when_it_is_free() {
    check(
        "ask pool=small  | a accepted, a started small, ok a
         another         |
         ask pool=small  | b accepted, b queued 1, ok b
         back            |
         end             | a completed
         back            | b started small
         end             | b completed",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_worker_is_told_its_place_among_all_who_do() {
    check(
        "ask pool=small  | a accepted, a started small, ok a
         another         |
         ask pool=small  | b accepted, b queued 1, ok b
         another         |
         ask pool=small  | c accepted, c queued 2, ok c
         ask             | d accepted, d queued 3, ok d
         back            |
         cancel b        | b cancelled, Cancelled b of 0
         back            |
         back            |
         wait 320        |
         wait 30         | c at 1, d at 2
         back            |
         back            |
         end             | a completed
         back            | c started small, d at 1",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_turn_waits_for_a_worker_only_so_long() {
    check(
        "ask pool=small  | a accepted, a started small, ok a
         another         |
         ask pool=small  | b accepted, b queued 1, ok b
         ask             | c accepted, c queued 2, ok c
         wait 119990     |
         wait 10         | b failed DeadlineExceeded, c started",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn retry_edit_and_going_back_make_branches() {
    check(
        "ask            | a accepted, a started, ok a
         retry a        | no: TurnOpen
         say A          | a +A
         end            | a completed
         retry a        | b accepted, b started, ok b
         change head=a  | no: Busy
         say B          | b +B
         end            | b completed
         change head=a  | updated, changed
         ask after=root | c accepted, c started, ok c
         end            | c completed
         ask after=b    | d accepted, d started, ok d
         end            | d completed
         retry z        | no: NotFound
         change title=T | updated, changed
         change pool=small | updated, changed
         change pool=no | no: UnknownPool(\"general, reset, small, tools\")
         ask            | e accepted, e started small, ok e",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_key_is_good_for_one_message() {
    check(
        "ask key=k   | a accepted, a started, ok a
         ask key=k   | again a
         end         | a completed
         ask key=k   | again a
         note key=k  | again a
         another     |
         ask key=k   | again a
         note key=n  | b accepted, b result, b +fine, b completed, ok b
         ask key=n   | again b
         ask key=l pool=none | no: UnknownPool(\"general, reset, small, tools\")
         ask key=l   | c accepted, c started, ok c",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_key_sent_twice_at_once_is_answered_once() {
    check(
        "hold        |
         ask key=k   |
         ask key=k   |
         another     |
         ask key=k   |
         through     | ok a, again a, again a
         back        | a accepted, a started
         ask key=k   | again a",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_key_whose_message_was_not_kept_is_free_again() {
    check(
        "ask key=x | a accepted, a started, ok a
         end       | a completed
         hold      |
         ask key=k |
         another   |
         ask key=k |
         refuse    |
         through   | no: Store(Unwritable(Kind(StorageFull))), no: Lost
         heal      |
         open-gate |
         ask key=k | b accepted, b started, ok b",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_command_stands_beside_the_running_turn() {
    check(
        "note   | a accepted, a result, a +fine, a completed, ok a
         ask    | b accepted, b started, ok b
         say B  | b +B
         note   | c accepted, c result, c +fine, c completed, ok c
         say b  | b +b
         end    | b completed",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_accepted_in_a_drain() {
    check(
        "ask    | a accepted, a started, ok a
         drain  |
         ask    | no: Draining
         note   | no: Draining
         retry a | no: Draining
         say A  | a +A
         end    | a completed",
    )
    .await;
}
