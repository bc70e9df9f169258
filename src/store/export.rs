//! Everything in a store as lines of JSON: a head, a line for each record, an end with a checksum.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::{
    LocalStore, StoreError, Turn,
    alerts::{INCIDENT, WATCH},
    keys::{self, CONVERSATION, EVENT, KEY, MESSAGE, SESSION, SPEND, TURN, USER},
    kv::{Order, View},
    plan::Keyed,
    tasks::{KeyedTask, TASK, TASK_KEY},
};
use crate::{
    limits::STORE_SCAN_ROWS,
    model::{
        Accepted, Account, Conversation, Incident, Message, Sequenced, Session, Spend, Task,
        TaskId, Timestamp, TurnId, User, UserId, Watch,
    },
};

/// The version of the lines; one more whenever an older reader would misread.
pub(super) const VERSION: u32 = 1;
/// What the head of an export calls itself.
pub(super) const FORMAT: &str = "operatoros-export";

/// How many records of each kind went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Users.
    pub users: u64,
    /// Sessions.
    pub sessions: u64,
    /// Conversations.
    pub conversations: u64,
    /// Messages.
    pub messages: u64,
    /// Events.
    pub events: u64,
    /// Turns, open or ended.
    pub turns: u64,
    /// Slices of answers that had not ended.
    pub checkpoints: u64,
    /// Idempotency keys, of messages and of tasks.
    pub keys: u64,
    /// Background tasks.
    pub tasks: u64,
    /// Watches, and incidents there were.
    pub alerts: u64,
    /// Accounts of what was spent.
    pub accounts: u64,
}

impl Counts {
    /// All of them.
    pub fn records(&self) -> u64 {
        self.users
            + self.sessions
            + self.conversations
            + self.messages
            + self.events
            + self.turns
            + self.checkpoints
            + self.keys
            + self.tasks
            + self.alerts
            + self.accounts
    }

    pub(super) fn add(&mut self, line: &Line) {
        match line {
            Line::Head { .. } | Line::End { .. } => {}
            Line::User(_) => self.users += 1,
            Line::Session(_) => self.sessions += 1,
            Line::Conversation(_) => self.conversations += 1,
            Line::Message(_) => self.messages += 1,
            Line::Event(_) => self.events += 1,
            Line::Turn { .. } => self.turns += 1,
            Line::Checkpoint { .. } => self.checkpoints += 1,
            Line::Key { .. } | Line::TaskKey { .. } => self.keys += 1,
            Line::Task(_) => self.tasks += 1,
            Line::Watch(_) | Line::Incident(_) => self.alerts += 1,
            Line::Spend { .. } => self.accounts += 1,
        }
    }
}

/// One line.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Line {
    Head { format: Box<str>, version: u32 },
    User(User),
    Session(Session),
    Conversation(Conversation),
    Message(Message),
    Event(Sequenced),
    Turn { turn: Turn, open: bool },
    Checkpoint { turn: TurnId, offset: u64, text: Box<str> },
    Key { user: UserId, key: Box<str>, accepted: Accepted, expires_at: Timestamp },
    Task(Task),
    TaskKey { user: UserId, key: Box<str>, task: TaskId, expires_at: Timestamp },
    Watch(Watch),
    Incident(Incident),
    Spend { account: Account, spend: Spend },
    End { records: u64, blake3: Box<str> },
}

/// Every kind of record, in the order in which they are written.
const KINDS: [u8; 12] = [
    USER,
    SESSION,
    CONVERSATION,
    MESSAGE,
    EVENT,
    TURN,
    KEY,
    TASK,
    TASK_KEY,
    WATCH,
    INCIDENT,
    SPEND,
];

/// Writes every record of a store to which nobody writes meanwhile. Blocks.
///
/// `InvalidData` where a record cannot be read, `StoreError` inside.
pub fn export(store: &LocalStore, to: &mut impl Write) -> io::Result<Counts> {
    let mut lines = Lines { to, hash: blake3::Hasher::new(), counts: Counts::default() };
    lines.write(&Line::Head { format: FORMAT.into(), version: VERSION })?;
    for kind in KINDS {
        if kind == KEY {
            write_drafts(store, &mut lines)?;
        }
        let mut range = keys::under(vec![kind]);
        loop {
            let page = store.look(|view| page(view, kind, &range.start, &range.end));
            let (page, last) = page.map_err(io::Error::other)?;
            let Some(last) = last else { break };
            page.iter().try_for_each(|line| lines.write(line))?;
            range.start = keys::next(&last);
        }
    }
    let blake3 = lines.hash.finalize().to_hex().as_str().into();
    let counts = lines.counts;
    lines.write(&Line::End { records: counts.records(), blake3 })?;
    lines.to.flush()?;
    Ok(counts)
}

/// The text of open turns, after the turns: it is kept only for those that are known.
fn write_drafts(store: &LocalStore, lines: &mut Lines<'_, impl Write>) -> io::Result<()> {
    let turns = store.drafts().turns();
    for turn in turns {
        let slices = store.drafts().slices(turn);
        for (offset, text) in slices {
            lines.write(&Line::Checkpoint { turn, offset, text: text.into() })?;
        }
    }
    Ok(())
}

struct Lines<'a, W> {
    to: &'a mut W,
    hash: blake3::Hasher,
    counts: Counts,
}

impl<W: Write> Lines<'_, W> {
    fn write(&mut self, line: &Line) -> io::Result<()> {
        let mut text = keys::encode(line);
        text.push(b'\n');
        self.hash.update(&text);
        self.counts.add(line);
        self.to.write_all(&text)
    }
}

type LinePage = (Vec<Line>, Option<Vec<u8>>);

/// The next lines of a kind, and the key up to which they go.
fn page(view: &dyn View, kind: u8, from: &[u8], to: &[u8]) -> Result<LinePage, StoreError> {
    let pairs = view.page(from..to, Order::Rising, STORE_SCAN_ROWS)?;
    let last = pairs.last().map(|(key, _)| key.clone());
    let lines = pairs
        .into_iter()
        .map(|(key, first)| {
            let value = keys::join(view, &key, first)?;
            line(view, kind, &key, &value)
        })
        .collect::<Result<_, _>>()?;
    Ok((lines, last))
}

fn line(view: &dyn View, kind: u8, key: &[u8], value: &[u8]) -> Result<Line, StoreError> {
    match kind {
        USER => keys::decode(value, "a user").map(Line::User),
        SESSION => keys::decode(value, "a session").map(Line::Session),
        CONVERSATION => keys::decode(value, "a conversation").map(Line::Conversation),
        MESSAGE => keys::decode(value, "a message").map(Line::Message),
        EVENT => keys::decode(value, "an event").map(Line::Event),
        TURN => {
            let turn: Turn = keys::decode(value, "a turn")?;
            let open = view.get(&keys::open(turn.conversation, turn.turn))?.is_some();
            Ok(Line::Turn { turn, open })
        }
        TASK => keys::decode(value, "a task").map(Line::Task),
        TASK_KEY => {
            let KeyedTask { task, expires_at } = keys::decode(value, "a task's key")?;
            let (user, key) = given(key)?;
            Ok(Line::TaskKey { user, key, task, expires_at })
        }
        WATCH => keys::decode(value, "a watch").map(Line::Watch),
        INCIDENT => keys::decode(value, "an incident").map(Line::Incident),
        SPEND => {
            let (account, spend) = keys::decode(value, "an account")?;
            Ok(Line::Spend { account, spend })
        }
        _ => {
            let Keyed { accepted, expires_at } = keys::decode(value, "an idempotency key")?;
            let (user, key) = given(key)?;
            Ok(Line::Key { user, key, accepted, expires_at })
        }
    }
}

/// Whose an idempotency key is, and the key as it was given.
fn given(key: &[u8]) -> Result<(UserId, Box<str>), StoreError> {
    let user = UserId::from_bytes(keys::first_id(key)?);
    let given = key.get(17..).and_then(|given| str::from_utf8(given).ok());
    Ok((user, given.ok_or(StoreError::Damaged("an idempotency key"))?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        Expect, ImportError, Store, Write,
        conformance::{
            accepted, account, commit, conversation, event, incident, message, part, task, turn,
            watch,
        },
        import,
    };

    async fn full() -> LocalStore {
        let store = LocalStore::in_memory().unwrap();
        let user = User { id: UserId::new(), name: "ada".into(), created_at: Timestamp(-1) };
        let id = crate::model::SessionId::new();
        let session = Session { id, user: user.id, created_at: Timestamp(2) };
        let held = conversation(user.id, 4);
        let (open, ended) = (turn(held.id), turn(held.id));
        let mut writes = vec![
            Write::User(user.clone()),
            Write::Session(session),
            Write::Conversation(held.clone()),
            Write::Conversation(part(&held, ended.turn)),
            Write::Message(message(held.id, None, &"lång\n".repeat(10_000))),
            Write::OpenTurn(open.clone()),
            Write::OpenTurn(ended.clone()),
            Write::CloseTurn(ended.turn),
            Write::Key {
                user: user.id,
                key: "a key".into(),
                accepted: accepted(),
                expires_at: Timestamp(9),
            },
            Write::Task(task(user.id, 3)),
            Write::TaskKey {
                user: user.id,
                key: "a key".into(),
                task: TaskId::new(),
                expires_at: Timestamp(9),
            },
            Write::Watch(watch(user.id, 2)),
            Write::Incident(incident(Some((user.id, 2)))),
            Write::Incident(incident(None)),
            Write::Spend(account(user.id, 3), Spend { turns: 1, ..Spend::default() }),
        ];
        writes.extend((1..=700).map(|seq| Write::Event(event(held.id, seq))));
        commit(&store, Expect::Nothing, writes).await.unwrap();
        assert!(store.checkpoint(open.turn, 0, "so "));
        assert!(store.checkpoint(open.turn, 3, "far"));
        commit(&store, Expect::Nothing, vec![]).await.unwrap();
        store
    }

    #[tokio::test]
    async fn an_export_comes_back_the_same_and_only_into_an_empty_store() {
        let mut first = Vec::new();
        let counts = export(&full().await, &mut first).unwrap();
        assert_eq!((counts.events, counts.turns, counts.checkpoints), (700, 2, 2));
        assert_eq!((counts.tasks, counts.alerts, counts.records()), (1, 3, 716));
        let store = LocalStore::in_memory().unwrap();
        assert_eq!(import(&store, &mut first.as_slice()).await.unwrap(), counts);
        let mut second = Vec::new();
        assert_eq!(export(&store, &mut second).unwrap(), counts);
        assert_eq!(first, second);
        let again = import(&store, &mut first.as_slice()).await;
        assert!(matches!(again, Err(ImportError::NotEmpty)), "{again:?}");
        assert_eq!(store.open_turns(None).await.unwrap().len(), 1);
        assert_eq!(store.open_tasks().await.unwrap().len(), 1);
        assert_eq!(store.unsettled_incidents().await.unwrap().len(), 2);
        assert_eq!(store.highest_task_number().await.unwrap(), 3);
        let user = store.open_tasks().await.unwrap()[0].user;
        let listed = store.conversations(user, None, 9).await.unwrap();
        assert_eq!((counts.conversations, listed.len()), (2, 1), "a part is in no list");
        assert_eq!(store.parts(listed[0].id).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_is_no_whole_export_is_refused() {
        let mut bytes = Vec::new();
        export(&full().await, &mut bytes).unwrap();
        let whole = String::from_utf8(bytes).unwrap();
        let lines: Vec<_> = whole.split_inclusive('\n').collect();
        let without = |n: usize| [&lines[..n], &lines[n + 1..]].concat().concat();
        let newer = whole.replacen("\"version\":1", "\"version\":2", 1);
        let rows = [
            ("empty", String::new(), "not an export"),
            ("a text", "hello\n".into(), "not an export"),
            ("no head", without(0), "not an export"),
            ("newer", newer, "version 2"),
            ("a line missing", without(3), "checksum"),
            ("no end", without(lines.len() - 1), "breaks off"),
            ("cut in a line", lines[..9].concat().trim_end_matches("}\n").into(), "line 9"),
            ("a letter changed", whole.replacen("ada", "adb", 1), "checksum"),
            ("a line that is no record", whole.replacen("{\"kind\":\"turn\"", "{", 1), "line 707"),
            ("more after the end", format!("{whole}{{}}\n"), "after its end"),
        ];
        for (what, text, expected) in rows {
            let store = LocalStore::in_memory().unwrap();
            let error = import(&store, &mut text.as_bytes()).await.unwrap_err().to_string();
            assert!(error.contains(expected), "{what}: {error}");
        }
    }
}
