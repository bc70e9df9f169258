//! `kill -9` at any moment: what was acknowledged is there, and no batch is there by half.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use operatoros::{
    model::{
        Conversation, ConversationId, Event, MessageId, Sequenced, Standing, Timestamp, TurnId,
        User, UserId,
    },
    store::{Batch, Commit, Expect, LocalStore, Store, Turn, Write},
};

const ROUNDS: u32 = 8;
/// Commits under way at once, so that groups are larger than one.
const AT_ONCE: usize = 16;
const DIRECTORY: &str = "directory=";

#[tokio::test]
async fn a_killed_process_loses_nothing_it_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let mut before = 0;
    for round in 0..ROUNDS {
        let acknowledged = kill_after(dir.path(), fastrand::u64(1..400));
        let store = LocalStore::open(dir.path()).unwrap();
        let kept = store.conversation(conversation()).await.unwrap().unwrap().seq;
        assert!(kept >= acknowledged, "round {round}: {kept} of {acknowledged}");
        let events = store.events(conversation(), 0, usize::MAX).await.unwrap();
        assert!(events.iter().map(|event| event.seq).eq(1..=kept), "round {round}");
        for n in 1..=kept {
            assert!(store.user(user(n)).await.unwrap().is_some(), "round {round}: {n} by half");
        }
        // Its turn alone is open; of its answer, what was handed over before the newest
        // acknowledged commit is there, and nothing is missing in between.
        let open = store.open_turns(None).await.unwrap();
        assert_eq!(open, [turn()], "round {round}");
        let text = store.checkpointed(turn().turn).await.unwrap();
        let numbers: Vec<u64> = text.split_whitespace().map(|n| n.parse().unwrap()).collect();
        let first = numbers.first().copied().unwrap_or(0);
        let last = numbers.last().copied().unwrap_or(0);
        assert!(numbers.is_empty() || numbers.iter().copied().eq(first..=last), "{text}");
        assert!(acknowledged <= before + 1 || last + 1 >= acknowledged, "round {round}: {text}");
        before = kept;
    }
}

/// Starts the victim, kills it after so many acknowledgements and returns the newest one.
fn kill_after(dir: &Path, count: u64) -> u64 {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "victim", "--nocapture"])
        .arg(format!("{DIRECTORY}{}", dir.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut newest = 0;
    let mut seen = 0;
    // After the kill the pipe still holds what was acknowledged before it.
    for line in BufReader::new(victim.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let Some((_, number)) = line.split_once("acknowledged ") else { continue };
        newest = number.parse().unwrap_or(newest);
        seen += 1;
        if seen == count {
            victim.kill().unwrap();
        }
    }
    victim.wait().unwrap();
    assert!(seen >= count, "the victim died by itself");
    newest
}

#[tokio::test]
#[ignore = "started and killed by the test above"]
async fn victim() {
    let Some(dir) = std::env::args().find_map(|arg| arg.strip_prefix(DIRECTORY).map(String::from))
    else {
        return;
    };
    let store = LocalStore::open(Path::new(&dir)).unwrap();
    let stored = store.conversation(conversation()).await.unwrap();
    let mut under_way: VecDeque<(u64, Commit)> = VecDeque::new();
    let first = stored.map_or(0, |stored| stored.seq) + 1;
    for n in first.. {
        under_way.push_back((n, store.commit(batch(n))));
        let slice = format!("{n:>9} ");
        let _taken = store.checkpoint(turn().turn, (n - first) % 50 * slice.len() as u64, &slice);
        if under_way.len() == AT_ONCE {
            let (n, commit) = under_way.pop_front().unwrap();
            commit.await.unwrap();
            println!("acknowledged {n}");
        }
    }
}

fn conversation() -> ConversationId {
    ConversationId::from_bytes([7; 16])
}

fn user(n: u64) -> UserId {
    UserId::named(&n.to_string())
}

fn turn() -> Turn {
    let (message, answer) = (MessageId::from_bytes([1; 16]), MessageId::from_bytes([2; 16]));
    Turn { conversation: conversation(), turn: TurnId::from_bytes([3; 16]), message, answer }
}

/// Moves the conversation from `n - 1` to `n`, with a user and an event of that number.
fn batch(n: u64) -> Batch {
    let (id, epoch) = (conversation(), 1);
    let record = Conversation {
        id,
        user: user(0),
        title: None,
        pool: None,
        asked: None,
        agent: None,
        asked_agent: None,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
        epoch,
        seq: n,
        head: None,
        messages: n,
        remote: None,
        standing: Standing::default(),
        part_of: None,
    };
    let name = "a name ".repeat(usize::try_from(n % 300).unwrap()).into();
    let event = Event::TurnQueued { turn: turn().turn, position: n };
    let event = Sequenced { conversation: id, epoch, seq: n, at: Timestamp(0), event };
    let expect = if n == 1 { Expect::New(id) } else { Expect::Epoch(id, epoch) };
    let writes = vec![
        Write::Conversation(record),
        Write::Event(Arc::new(event)),
        Write::OpenTurn(turn()),
        Write::User(User { id: user(n), name, created_at: Timestamp(0) }),
    ];
    Batch { expect, writes }
}
