//! What every store must do, said once and run against each of them.

#![expect(clippy::cognitive_complexity, reason = "every assert counts as two branches")]

mod alerts;
mod tasks;

use std::sync::Arc;

pub(crate) use alerts::incident;
pub(super) use alerts::watch;
pub(super) use tasks::task;

use super::{Batch, Expect, LocalStore, Page, Store, StoreError, Turn, Write};
use crate::{
    limits::{ANSWER_BYTES_MAX, STORE_GROUP_MAX, STORE_JOBS_MAX},
    model::{
        Accepted, Account, Conversation, ConversationId, Day, Event, Message, MessageId, Role,
        Sequenced, Session, SessionId, Spend, Standing, Timestamp, TurnId, TurnRef, User, UserId,
    },
};

const ALL: Page = Page { rows: 1_000, bytes: usize::MAX };

/// Runs the whole suite. It ends with the store closed.
pub(super) async fn holds(store: &dyn Store) {
    users_and_sessions_are_kept_and_replaced(store).await;
    an_expectation_that_fails_changes_nothing(store).await;
    batches_are_applied_in_the_order_of_the_calls(store).await;
    conversations_are_listed_newest_first_and_paged(store).await;
    a_branch_is_read_from_its_leaf_within_its_page(store).await;
    messages_and_events_come_in_order_after_a_place(store).await;
    the_largest_answer_is_kept_whole(store).await;
    turns_are_known_for_ever_and_open_until_closed(store).await;
    checkpoints_join_or_are_ignored(store).await;
    keys_are_answered_until_they_expire(store).await;
    what_is_spent_adds_up_by_account(store).await;
    a_deleted_conversation_leaves_nothing(store).await;
    a_part_is_in_no_list_and_goes_with_its_whole(store).await;
    tasks::hold(store).await;
    alerts::hold(store).await;
    a_full_queue_lets_in_what_has_begun(store).await;
    a_closed_store_says_so(store).await;
}

async fn users_and_sessions_are_kept_and_replaced(store: &dyn Store) {
    let id = UserId::new();
    assert_eq!(store.user(id).await.unwrap(), None);
    assert_eq!(store.session(id).await.unwrap(), None);
    for name in ["ada", "ada lovelace"] {
        let user = User { id, name: name.into(), created_at: Timestamp(7) };
        let session = Session { id: SessionId::new(), user: id, created_at: Timestamp(8) };
        let writes = vec![Write::User(user.clone()), Write::Session(session.clone())];
        commit(store, Expect::Nothing, writes).await.unwrap();
        assert_eq!(store.user(id).await.unwrap(), Some(user));
        assert_eq!(store.session(id).await.unwrap(), Some(session));
    }
}

async fn an_expectation_that_fails_changes_nothing(store: &dyn Store) {
    let (held, unknown) = (conversation(UserId::new(), 3), ConversationId::new());
    keep(store, &held).await;
    let rows = [
        (Expect::Nothing, true),
        (Expect::New(unknown), true),
        (Expect::New(held.id), false),
        (Expect::Epoch(held.id, 3), true),
        (Expect::Epoch(held.id, 2), false),
        (Expect::Epoch(held.id, 4), false),
        (Expect::Epoch(unknown, 0), false),
    ];
    for (expect, applied) in rows {
        let message = message(held.id, None, "hello");
        let turn = turn(held.id);
        let writes = vec![Write::Message(message.clone()), Write::OpenTurn(turn.clone())];
        let answer = commit(store, expect, writes).await;
        assert_eq!(answer.is_ok(), applied, "{expect:?}");
        assert!(applied || matches!(answer, Err(StoreError::Stale)), "{expect:?}");
        let kept = store.message(held.id, message.id).await.unwrap();
        assert_eq!(kept.is_some(), applied, "{expect:?}");
        assert_eq!(store.turn(turn.turn).await.unwrap().is_some(), applied, "{expect:?}");
    }
}

async fn batches_are_applied_in_the_order_of_the_calls(store: &dyn Store) {
    let user = UserId::new();
    let made = conversation(user, 1);
    let newer = Conversation { epoch: 2, ..made.clone() };
    // None of the futures is polled before all were made; the second batch sees the first.
    let first = begin(store, Expect::New(made.id), vec![Write::Conversation(made.clone())]);
    let again = begin(store, Expect::New(made.id), vec![Write::Conversation(made.clone())]);
    let next = begin(store, Expect::Epoch(made.id, 1), vec![Write::Conversation(newer.clone())]);
    let stale = begin(store, Expect::Epoch(made.id, 1), vec![Write::Delete(made.id)]);
    assert!(stale.await.is_err_and(|e| matches!(e, StoreError::Stale)));
    assert!(again.await.is_err_and(|e| matches!(e, StoreError::Stale)));
    next.await.unwrap();
    first.await.unwrap();
    assert_eq!(store.conversation(made.id).await.unwrap(), Some(newer));
    // A future that nobody waits for undoes nothing.
    drop(begin(store, Expect::Epoch(made.id, 2), vec![Write::Delete(made.id)]));
    commit(store, Expect::Nothing, vec![]).await.unwrap();
    assert_eq!(store.conversation(made.id).await.unwrap(), None);
}

async fn conversations_are_listed_newest_first_and_paged(store: &dyn Store) {
    let (user, other) = (UserId::new(), UserId::new());
    let mut made = Vec::new();
    for _ in 0..5 {
        made.insert(0, conversation(user, 1));
        keep(store, &made[0]).await;
        keep(store, &conversation(other, 1)).await;
    }
    let list = async |before, rows| store.conversations(user, before, rows).await.unwrap();
    assert_eq!(list(None, 10).await, made);
    assert_eq!(list(None, 2).await, made[..2]);
    assert_eq!(list(Some(made[1].id), 2).await, made[2..4]);
    assert_eq!(list(Some(made[4].id), 2).await, []);
    let moved = Conversation { user: other, ..made[0].clone() };
    keep(store, &moved).await;
    assert_eq!(list(None, 1).await, made[1..2]);
    assert_eq!(store.conversations(other, None, 100).await.unwrap().len(), 6);
}

async fn a_branch_is_read_from_its_leaf_within_its_page(store: &dyn Store) {
    let held = conversation(UserId::new(), 1);
    let root = message(held.id, None, "0123456789");
    let left = message(held.id, Some(root.id), "left 6789");
    let right = message(held.id, Some(root.id), "right 789");
    let leaf = message(held.id, Some(right.id), "leaf");
    let all = [&root, &left, &right, &leaf];
    let writes = all.iter().map(|m| Write::Message((*m).clone())).collect();
    commit(store, Expect::Nothing, writes).await.unwrap();
    let rows: [(&Message, Page, &[&Message]); 6] = [
        (&leaf, ALL, &[&leaf, &right, &root]),
        (&left, ALL, &[&left, &root]),
        (&leaf, Page { rows: 2, ..ALL }, &[&leaf, &right]),
        (&leaf, Page { bytes: 13, ..ALL }, &[&leaf, &right]),
        (&leaf, Page { bytes: 0, ..ALL }, &[&leaf]),
        (&leaf, Page { rows: 0, ..ALL }, &[]),
    ];
    for (from, page, expected) in rows {
        let read = store.branch(held.id, from.id, page).await.unwrap();
        assert_eq!(read.iter().collect::<Vec<_>>(), expected, "{page:?}");
    }
    assert_eq!(store.branch(held.id, MessageId::new(), ALL).await.unwrap(), []);
    assert_eq!(store.branch(ConversationId::new(), leaf.id, ALL).await.unwrap(), []);
}

async fn messages_and_events_come_in_order_after_a_place(store: &dyn Store) {
    let held = ConversationId::new();
    let all: Vec<_> = (0..5).map(|n| message(held, None, &n.to_string())).collect();
    let log: Vec<_> = [1, 2, 255, 256, 65_536].map(|seq| event(held, seq)).into();
    let shuffled = [3, 0, 4, 1, 2];
    let writes = shuffled
        .iter()
        .flat_map(|&n| [Write::Message(all[n].clone()), Write::Event(Arc::clone(&log[n]))])
        .collect();
    commit(store, Expect::Nothing, writes).await.unwrap();
    for (after, rows, expected) in [(None, 9, 0..5), (None, 2, 0..2), (Some(1), 2, 2..4)] {
        let from = after.map(|n: usize| all[n].id);
        let read = store.messages(held, from, rows).await.unwrap();
        assert_eq!(read, all[expected.clone()]);
        let from = after.map_or(0, |n| log[n].seq);
        assert_eq!(store.events(held, from, rows).await.unwrap(), log[expected]);
    }
    assert_eq!(store.events(held, 65_536, 9).await.unwrap(), []);
    assert_eq!(store.events(held, u64::MAX, 9).await.unwrap(), []);
    assert_eq!(store.messages(held, Some(all[4].id), 9).await.unwrap(), []);
}

async fn the_largest_answer_is_kept_whole(store: &dyn Store) {
    let held = ConversationId::new();
    let mut answer = message(held, None, "");
    // The shorter one after the longer leaves none of its pieces behind.
    for length in [0, 1, 6_000, ANSWER_BYTES_MAX, 20_000, 3] {
        answer.text = "ä".repeat(length / 2).into();
        commit(store, Expect::Nothing, vec![Write::Message(answer.clone())]).await.unwrap();
        assert_eq!(store.message(held, answer.id).await.unwrap(), Some(answer.clone()));
        assert_eq!(store.messages(held, None, 2).await.unwrap(), [answer.clone()]);
    }
}

async fn turns_are_known_for_ever_and_open_until_closed(store: &dyn Store) {
    let (here, there) = (ConversationId::new(), ConversationId::new());
    let (a, b, c) = (turn(here), turn(here), turn(there));
    for turn in [&a, &b, &c] {
        commit(store, Expect::Nothing, vec![Write::OpenTurn(turn.clone())]).await.unwrap();
    }
    assert_eq!(store.open_turns(Some(here)).await.unwrap(), [a.clone(), b.clone()]);
    let everywhere = store.open_turns(None).await.unwrap();
    assert!([&a, &b, &c].iter().all(|turn| everywhere.contains(turn)));
    let close = vec![Write::CloseTurn(a.turn), Write::CloseTurn(TurnId::new())];
    commit(store, Expect::Nothing, close).await.unwrap();
    assert_eq!(store.open_turns(Some(here)).await.unwrap(), [b]);
    assert_eq!(store.turn(a.turn).await.unwrap(), Some(a));
    assert_eq!(store.turn(TurnId::new()).await.unwrap(), None);
}

async fn checkpoints_join_or_are_ignored(store: &dyn Store) {
    let rows: &[(&[(u64, &str)], &str)] = &[
        (&[], ""),
        (&[(0, "one "), (4, "twö"), (8, "!")], "one twö!"),
        (&[(0, "one "), (5, "hole")], "one "),
        (&[(0, "one "), (5, "hole"), (4, "two")], "one two"),
        (&[(0, "one "), (3, "overlap")], "one "),
        (&[(4, "no beginning")], ""),
        (&[(0, "one "), (4, "two"), (0, "again")], "again"),
        (&[(0, "one "), (0, ""), (4, "late")], ""),
    ];
    for (slices, expected) in rows {
        let turn = turn(ConversationId::new());
        let early = turn.turn;
        assert!(store.checkpoint(early, 0, "before it was open"));
        commit(store, Expect::Nothing, vec![Write::OpenTurn(turn)]).await.unwrap();
        for (offset, slice) in *slices {
            assert!(store.checkpoint(early, *offset, slice));
        }
        // No commit in between: what was handed over is seen.
        assert_eq!(store.checkpointed(early).await.unwrap(), *expected, "{slices:?}");
        commit(store, Expect::Nothing, vec![Write::CloseTurn(early)]).await.unwrap();
        assert!(store.checkpoint(early, 0, "after it was closed"));
        commit(store, Expect::Nothing, vec![]).await.unwrap();
        assert_eq!(store.checkpointed(early).await.unwrap(), "", "{slices:?}");
    }
}

async fn keys_are_answered_until_they_expire(store: &dyn Store) {
    let (user, other) = (UserId::new(), UserId::new());
    let put = async |key: &str, accepted: &Accepted, at| {
        let accepted = accepted.clone();
        let write = Write::Key { user, key: key.into(), accepted, expires_at: Timestamp(at) };
        commit(store, Expect::Nothing, vec![write]).await.unwrap();
    };
    let ask = async |user, key, now| store.keyed(user, key, Timestamp(now)).await.unwrap();
    let (first, second) = (accepted(), accepted());
    put("a", &first, 100).await;
    put("ab", &second, 200).await;
    assert_eq!(ask(user, "a", 99).await, Some(first.clone()));
    assert_eq!(ask(user, "ab", 99).await, Some(second.clone()));
    assert_eq!(ask(other, "a", 99).await, None);
    assert_eq!(ask(user, "", 99).await, None);
    // A key given again lives on: its earlier expiry is void.
    put("a", &second, 300).await;
    assert_eq!(ask(user, "ab", 200).await, None);
    commit(store, Expect::Nothing, vec![]).await.unwrap();
    assert_eq!(ask(user, "ab", 0).await, None, "purged");
    assert_eq!(ask(user, "a", 299).await, Some(second));
    assert_eq!(ask(user, "a", 300).await, None);
}

/// Who asks, from and up to which day, and what they get.
type Asked<'a> = (Option<UserId>, [i32; 2], &'a [(Account, Spend)]);

async fn what_is_spent_adds_up_by_account(store: &dyn Store) {
    // Those who sort before and after them must not be taken for them.
    let [before, ada, bob, after] = [0, 1, 2, 3].map(|n| UserId::from_bytes([n; 16]));
    let of = |turns, input| Spend { turns, input, ..Spend::default() };
    let other = Account { model: "m2".into(), ..account(ada, 7) };
    let spend = |user, day, input| Write::Spend(account(user, day), of(1, input));
    // An account twice in one batch, twice in two, and one in a batch that is refused.
    let twice = vec![spend(ada, 7, 1), spend(ada, 7, 2), spend(ada, -1, 9), spend(bob, 7, 3)];
    commit(store, Expect::Nothing, twice).await.unwrap();
    let again = vec![spend(ada, 7, 4), Write::Spend(other.clone(), of(1, 5)), spend(ada, 8, 6)];
    commit(store, Expect::Nothing, again).await.unwrap();
    let stale = Expect::Epoch(ConversationId::new(), 1);
    commit(store, stale, vec![spend(ada, 7, 1_000)]).await.unwrap_err();
    let seventh = [(account(ada, 7), of(3, 7)), (other, of(1, 5))];
    let rows: [Asked<'_>; 8] = [
        (Some(ada), [7, 8], &seventh),
        (Some(ada), [-1, 0], &[(account(ada, -1), of(1, 9))]),
        (Some(ada), [8, 99], &[(account(ada, 8), of(1, 6))]),
        (Some(ada), [0, 7], &[]),
        (Some(ada), [8, 7], &[]),
        (Some(before), [-99, 99], &[]),
        (Some(after), [-99, 99], &[]),
        (None, [8, 9], &[(account(ada, 8), of(1, 6))]),
    ];
    for (user, [from, to], expected) in rows {
        let spent = store.spent(user, Day(from)..Day(to)).await.unwrap();
        assert_eq!(spent, expected, "{user:?} {from}..{to}");
    }
    let everybody = store.spent(None, Day(7)..Day(8)).await.unwrap();
    assert_eq!(everybody, [&seventh[..], &[(account(bob, 7), of(1, 3))]].concat());
}

async fn a_deleted_conversation_leaves_nothing(store: &dyn Store) {
    let (gone, stays) = (conversation(UserId::new(), 1), conversation(UserId::new(), 1));
    let (closed, open, others) = (turn(gone.id), turn(gone.id), turn(stays.id));
    let big = message(gone.id, None, &"x".repeat(100_000));
    let kept = message(stays.id, None, "stays");
    let mut writes = vec![Write::Conversation(gone.clone()), Write::Conversation(stays.clone())];
    writes.extend([&big, &kept].map(|m| Write::Message(m.clone())));
    writes.extend([&closed, &open, &others].map(|t| Write::OpenTurn(t.clone())));
    writes.extend((1..600).map(|seq| Write::Event(event(gone.id, seq))));
    writes.push(Write::CloseTurn(closed.turn));
    commit(store, Expect::Nothing, writes).await.unwrap();
    assert!(store.checkpoint(open.turn, 0, "text"));
    let delete = vec![Write::Delete(gone.id), Write::Delete(ConversationId::new())];
    commit(store, Expect::Epoch(gone.id, 1), delete).await.unwrap();

    assert_eq!(store.conversation(gone.id).await.unwrap(), None);
    assert_eq!(store.conversations(gone.user, None, 9).await.unwrap(), []);
    assert_eq!(store.message(gone.id, big.id).await.unwrap(), None);
    assert_eq!(store.messages(gone.id, None, 9).await.unwrap(), []);
    assert_eq!(store.events(gone.id, 0, 9).await.unwrap(), []);
    assert_eq!(store.open_turns(Some(gone.id)).await.unwrap(), []);
    assert_eq!(store.turn(open.turn).await.unwrap(), None);
    assert_eq!(store.turn(closed.turn).await.unwrap(), None);
    assert_eq!(store.checkpointed(open.turn).await.unwrap(), "");
    let stale = commit(store, Expect::Epoch(gone.id, 1), vec![]).await;
    assert!(matches!(stale, Err(StoreError::Stale)));

    assert_eq!(store.messages(stays.id, None, 9).await.unwrap(), [kept]);
    assert_eq!(store.open_turns(Some(stays.id)).await.unwrap(), [others]);
}

async fn a_part_is_in_no_list_and_goes_with_its_whole(store: &dyn Store) {
    let (user, other) = (UserId::new(), UserId::new());
    let (whole, beside) = (conversation(user, 1), conversation(user, 1));
    let part = |of: &Conversation| part(of, TurnId::new());
    let early = part(&whole);
    let begin = async |part: &Conversation| {
        let writes = vec![Write::Conversation(part.clone())];
        commit(store, Expect::New(part.id), writes).await
    };
    assert!(matches!(begin(&early).await, Err(StoreError::Stale)), "there is no whole yet");
    keep(store, &whole).await;
    keep(store, &beside).await;
    let (first, second, alone) = (part(&whole), part(&whole), part(&beside));
    for one in [&first, &second, &alone] {
        begin(one).await.unwrap();
    }
    let parts = async |of: &Conversation| store.parts(of.id).await.unwrap();
    assert_eq!(parts(&whole).await, [first.id, second.id]);
    assert_eq!(store.conversation(first.id).await.unwrap(), Some(first.clone()));
    let listed = store.conversations(user, None, 9).await.unwrap();
    assert_eq!(listed, [beside.clone(), whole.clone()]);
    // A record that is written again stays where it is; one whose user changes is listed nowhere.
    keep(store, &Conversation { user: other, epoch: 2, ..first.clone() }).await;
    assert_eq!(store.conversations(other, None, 9).await.unwrap(), []);
    assert_eq!(parts(&whole).await, [first.id, second.id]);

    // One goes alone, the others with their whole, and none comes after it.
    let (open, said) = (turn(second.id), message(second.id, None, "said"));
    let writes = vec![Write::OpenTurn(open.clone()), Write::Message(said.clone())];
    commit(store, Expect::Nothing, writes).await.unwrap();
    assert!(store.checkpoint(open.turn, 0, "text"));
    let delete = |of: &Conversation| vec![Write::Delete(of.id)];
    commit(store, Expect::Epoch(first.id, 2), delete(&first)).await.unwrap();
    assert_eq!(parts(&whole).await, [second.id]);
    commit(store, Expect::Epoch(whole.id, 1), delete(&whole)).await.unwrap();
    assert_eq!(parts(&whole).await, []);
    assert_eq!(store.conversation(second.id).await.unwrap(), None);
    assert_eq!(store.message(second.id, said.id).await.unwrap(), None);
    assert_eq!(store.turn(open.turn).await.unwrap(), None);
    assert_eq!(store.checkpointed(open.turn).await.unwrap(), "");
    assert!(matches!(begin(&early).await, Err(StoreError::Stale)));
    assert_eq!(parts(&beside).await, [alone.id]);
}

async fn a_full_queue_lets_in_what_has_begun(store: &dyn Store) {
    let (user, open) = (UserId::new(), turn(ConversationId::new()));
    commit(store, Expect::Nothing, vec![Write::OpenTurn(open.clone())]).await.unwrap();
    let user = User { id: user, name: "busy".into(), created_at: Timestamp(0) };
    // Takes the writer far longer to plan than the rest takes to be handed over.
    let slow = begin(store, Expect::Nothing, vec![Write::User(user); 50_000]);
    let many = STORE_JOBS_MAX + STORE_GROUP_MAX + 1;
    let commits: Vec<_> = (0..many).map(|_| begin(store, Expect::Nothing, vec![])).collect();
    assert!(matches!(store.room(), Err(StoreError::Busy)));
    assert!(!store.checkpoint(open.turn, 0, "waits where it is"));
    assert!(store.checkpoint(open.turn, 0, ""), "it starts over, which must not be missed");
    slow.await.unwrap();
    for commit in commits {
        commit.await.unwrap();
    }
    assert!(store.room().is_ok() && store.health().writable);
    assert!(store.checkpoint(open.turn, 0, "comes again"));
    assert_eq!(store.checkpointed(open.turn).await.unwrap(), "comes again");
}

async fn a_closed_store_says_so(store: &dyn Store) {
    let id = UserId::new();
    let user = User { id, name: "last".into(), created_at: Timestamp(0) };
    let last = begin(store, Expect::Nothing, vec![Write::User(user)]);
    store.close().await;
    last.await.unwrap();
    store.close().await;
    assert!(matches!(commit(store, Expect::Nothing, vec![]).await, Err(StoreError::Closed)));
    assert!(matches!(store.user(id).await, Err(StoreError::Closed)));
    assert!(matches!(store.open_turns(None).await, Err(StoreError::Closed)));
    assert!(!store.checkpoint(TurnId::new(), 0, "ignored"));
}

fn begin(store: &dyn Store, expect: Expect, writes: Vec<Write>) -> super::Commit {
    store.commit(Batch { expect, writes })
}

pub(super) async fn commit(
    store: &dyn Store,
    expect: Expect,
    writes: Vec<Write>,
) -> Result<(), StoreError> {
    begin(store, expect, writes).await
}

async fn keep(store: &dyn Store, conversation: &Conversation) {
    let writes = vec![Write::Conversation(conversation.clone())];
    commit(store, Expect::Nothing, writes).await.unwrap();
}

/// A conversation under this epoch.
pub(super) fn conversation(user: UserId, epoch: u64) -> Conversation {
    Conversation {
        id: ConversationId::new(),
        user,
        title: Some("a \"title\"\n".into()),
        pool: None,
        asked: None,
        agent: None,
        asked_agent: None,
        created_at: Timestamp(1),
        updated_at: Timestamp(-2),
        epoch,
        seq: 0,
        head: None,
        messages: 0,
        remote: None,
        standing: Standing::default(),
        part_of: None,
    }
}

/// A conversation that is part of another.
pub(super) fn part(of: &Conversation, turn: TurnId) -> Conversation {
    let part_of = Some(TurnRef { conversation: of.id, turn });
    Conversation { part_of, ..conversation(of.user, 1) }
}

/// A message of the user.
pub(super) fn message(of: ConversationId, parent: Option<MessageId>, text: &str) -> Message {
    Message {
        parent,
        metadata: Some(serde_json::json!({"n": [1, 2.5, null]})),
        ..Message::new(of, TurnId::new(), Role::User, text.into(), Timestamp(5))
    }
}

/// A turn of a conversation.
pub(super) fn turn(conversation: ConversationId) -> Turn {
    let (message, answer) = (MessageId::new(), MessageId::new());
    Turn { conversation, turn: TurnId::new(), message, answer }
}

/// An event of a conversation.
pub(super) fn event(conversation: ConversationId, seq: u64) -> Arc<Sequenced> {
    let event = Event::TurnQueued { turn: TurnId::new(), position: seq };
    Arc::new(Sequenced { conversation, epoch: 1, seq, at: Timestamp(9), event })
}

/// An account of a user.
pub(super) fn account(user: UserId, day: i32) -> Account {
    let (pool, provider) = ("general".into(), "first".into());
    Account { user, day: Day(day), pool, provider, model: "m".into() }
}

/// What a message was answered.
pub(super) fn accepted() -> Accepted {
    let conversation = ConversationId::new();
    Accepted { conversation, message: MessageId::new(), turn: TurnId::new(), position: Some(2) }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_conforms() {
    holds(&LocalStore::in_memory().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sled_conforms() {
    let dir = tempfile::tempdir().unwrap();
    holds(&LocalStore::open(dir.path()).unwrap()).await;
    let blobs = std::fs::read_dir(dir.path().join("blobs")).unwrap();
    assert_eq!(blobs.count(), 0, "sled never syncs a blob, so there must be none");
}
