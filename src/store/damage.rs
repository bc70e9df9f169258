//! What a start does with a damaged directory: an error and untouched bytes, or everything is there.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    Expect, LocalStore, OpenError, Page, Store, StoreError, Turn, Write,
    conformance::{commit, conversation, event, message, turn},
    embedded::sealed_files,
    seal,
};
use crate::{
    limits::STORE_FREE_BYTES_MIN,
    model::{Conversation, Message, UserId},
};

/// How a directory is damaged.
type Damage = fn(&Path);

/// What may come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Nothing acknowledged is missing.
    Whole,
    /// `OpenError::Damaged`.
    Damaged,
    /// One of these two: it depends on what sled happened to keep in that place.
    Either,
    /// `OpenError::Foreign`.
    Foreign,
    /// `OpenError::Newer`.
    Newer,
}

const ROWS: &[(&str, Damage, Outcome)] = &[
    ("nothing", |_| {}, Outcome::Whole),
    ("db cut to nothing", |dir| resize(dir, "db", |_| 0), Outcome::Damaged),
    ("db cut to half", |dir| resize(dir, "db", |len| len / 2), Outcome::Damaged),
    ("db cut to its first page", |dir| resize(dir, "db", |_| 4096), Outcome::Damaged),
    ("db one byte short", |dir| resize(dir, "db", |len| len - 1), Outcome::Either),
    ("db doubled", |dir| twice(dir, "db"), Outcome::Either),
    ("db of zeroes", |dir| fill(dir, "db", 0..100, 0), Outcome::Damaged),
    ("garbage at the start of db", |dir| fill(dir, "db", 0..1, 0xa5), Outcome::Either),
    ("garbage in the middle of db", |dir| fill(dir, "db", 40..60, 0xa5), Outcome::Either),
    ("db removed", |dir| remove(dir, "db"), Outcome::Damaged),
    ("db is a text", |dir| overwrite(dir, "db"), Outcome::Damaged),
    ("conf cut to nothing", |dir| resize(dir, "conf", |_| 0), Outcome::Damaged),
    ("conf cut to half", |dir| resize(dir, "conf", |len| len / 2), Outcome::Damaged),
    ("conf doubled", |dir| twice(dir, "conf"), Outcome::Damaged),
    ("conf is a text", |dir| overwrite(dir, "conf"), Outcome::Whole),
    ("conf removed", |dir| remove(dir, "conf"), Outcome::Damaged),
    ("snapshots removed", |dir| remove(dir, "snap."), Outcome::Whole),
    ("snapshots cut to half", |dir| resize(dir, "snap.", |len| len / 2), Outcome::Damaged),
    ("snapshots doubled", |dir| twice(dir, "snap."), Outcome::Damaged),
    ("snapshots are text", |dir| overwrite(dir, "snap."), Outcome::Damaged),
    ("watermark removed", |dir| remove(dir, "watermark"), Outcome::Damaged),
    ("watermark cut", |dir| resize(dir, "watermark", |len| len / 2), Outcome::Damaged),
    ("watermark is a text", |dir| overwrite(dir, "watermark"), Outcome::Damaged),
    ("drafts removed", |dir| remove(dir, "drafts"), Outcome::Whole),
    ("drafts cut to half", |dir| resize(dir, "drafts", |len| len / 2), Outcome::Whole),
    ("drafts doubled", |dir| twice(dir, "drafts"), Outcome::Whole),
    ("drafts are a text", |dir| overwrite(dir, "drafts"), Outcome::Whole),
    ("garbage in the drafts", |dir| fill(dir, "drafts", 30..50, 0xa5), Outcome::Whole),
    ("drafts are a folder", |dir| folder(dir, "drafts"), Outcome::Whole),
    ("seal removed", |dir| remove(dir, "seal"), Outcome::Whole),
    ("seal is a text", |dir| overwrite(dir, "seal"), Outcome::Whole),
    ("marker removed", |dir| remove(dir, "operatoros.json"), Outcome::Foreign),
    ("marker cut", |dir| resize(dir, "operatoros.json", |len| len / 2), Outcome::Damaged),
    ("marker of a newer version", |dir| newer(dir), Outcome::Newer),
    ("foreign files", |dir| overwrite_new(dir, "holiday.jpg"), Outcome::Whole),
    ("a foreign snapshot", |dir| overwrite_new(dir, "snap.zzz"), Outcome::Damaged),
    ("a foreign blob", |dir| overwrite_new(dir, "blobs/holiday.jpg"), Outcome::Whole),
    ("blobs removed", |dir| fs::remove_dir(dir.join("blobs")).unwrap(), Outcome::Whole),
    ("lock is a text", |dir| overwrite(dir, "lock"), Outcome::Whole),
];

#[tokio::test]
async fn a_damaged_directory_is_refused_untouched_or_whole() {
    let original = tempfile::tempdir().unwrap();
    let told = populate(original.path()).await;
    let mut surprises = Vec::new();
    for (what, damage, expected) in ROWS {
        let dir = tempfile::tempdir().unwrap();
        copy(original.path(), dir.path());
        // Whoever comes after a clean end is noticed by the time of the change.
        LocalStore::open(dir.path()).unwrap().close().await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        assert!(seal::holds(dir.path(), &sealed_files(dir.path()).unwrap()), "{what}");
        damage(dir.path());
        let before = contents(dir.path());
        let outcome = match LocalStore::open(dir.path()) {
            Ok(store) => {
                assert!(holds(&store, &told).await, "{what}: acknowledged records are missing");
                let draft = store.checkpointed(told.2.turn).await.unwrap();
                let whole = draft == DRAFT.concat() || what.contains("drafts");
                assert!(whole && DRAFT.concat().starts_with(&draft), "{what}: {draft}");
                Outcome::Whole
            }
            Err(error) => {
                let changed = differing(&before, &contents(dir.path()));
                assert!(changed.is_empty(), "{what}: {error}: {changed:?}");
                match error {
                    OpenError::Damaged { .. } => Outcome::Damaged,
                    OpenError::Foreign(_) => Outcome::Foreign,
                    OpenError::Newer { .. } => Outcome::Newer,
                    other => panic!("{what}: {other}"),
                }
            }
        };
        let either = [Outcome::Whole, Outcome::Damaged].contains(&outcome);
        if outcome != *expected && !(*expected == Outcome::Either && either) {
            surprises.push(format!("{what}: {outcome:?}"));
        }
    }
    assert_eq!(surprises, Vec::<String>::new());
}

type Told = (Conversation, Vec<Message>, Turn);

/// What had grown of an answer.
const DRAFT: [&str; 4] = ["it ", "had ", "grown ", "so far"];

/// Makes a store of a few megabytes in several segments, ending as a crash does.
async fn populate(dir: &Path) -> Told {
    let store = LocalStore::open(dir).unwrap();
    let held = conversation(UserId::new(), 1);
    let mut told = Vec::new();
    commit(&store, Expect::Nothing, vec![Write::Conversation(held.clone())]).await.unwrap();
    for seq in 0..200 {
        let text = "what was said ".repeat(if seq % 50 == 0 { 20_000 } else { 200 });
        let said = message(held.id, told.last().map(|m: &Message| m.id), &text);
        let writes = vec![Write::Message(said.clone()), Write::Event(event(held.id, seq + 1))];
        commit(&store, Expect::Epoch(held.id, 1), writes).await.unwrap();
        told.push(said);
    }
    let grows = turn(held.id);
    commit(&store, Expect::Nothing, vec![Write::OpenTurn(grows.clone())]).await.unwrap();
    let mut offset = 0;
    for slice in DRAFT {
        assert!(store.checkpoint(grows.turn, offset, slice));
        offset += slice.len() as u64;
    }
    commit(&store, Expect::Nothing, vec![]).await.unwrap();
    (held, told, grows)
}

async fn holds(store: &LocalStore, (held, told, _): &Told) -> bool {
    let all = Page { rows: 1_000, bytes: usize::MAX };
    let last = told.last().unwrap().id;
    let mut branch = store.branch(held.id, last, all).await.unwrap_or_default();
    branch.reverse();
    let events = store.events(held.id, 0, 1_000).await.unwrap_or_default();
    branch == *told && events.len() == told.len()
}

/// The files that a damage with this name is about.
fn named(dir: &Path, name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| {
            let file = path.file_name().unwrap().to_string_lossy();
            file == name || name == "snap." && file.starts_with(name)
        })
        .collect()
}

fn resize(dir: &Path, name: &str, to: fn(u64) -> u64) {
    for path in named(dir, name) {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_len(to(file.metadata().unwrap().len())).unwrap();
    }
}

fn twice(dir: &Path, name: &str) {
    for path in named(dir, name) {
        let bytes = fs::read(&path).unwrap();
        fs::write(path, [bytes.as_slice(), &bytes].concat()).unwrap();
    }
}

/// Fills some percent of a file with a byte.
fn fill(dir: &Path, name: &str, percent: std::ops::Range<usize>, byte: u8) {
    let path = dir.join(name);
    let mut bytes = fs::read(&path).unwrap();
    let (from, to) = (bytes.len() * percent.start / 100, bytes.len() * percent.end / 100);
    bytes[from..to].fill(byte);
    fs::write(path, bytes).unwrap();
}

fn remove(dir: &Path, name: &str) {
    for path in named(dir, name) {
        fs::remove_file(path).unwrap();
    }
}

fn overwrite(dir: &Path, name: &str) {
    for path in named(dir, name) {
        fs::write(path, "a text\n").unwrap();
    }
}

fn folder(dir: &Path, name: &str) {
    remove(dir, name);
    fs::create_dir(dir.join(name)).unwrap();
}

fn overwrite_new(dir: &Path, name: &str) {
    fs::write(dir.join(name), "not ours\n").unwrap();
}

fn newer(dir: &Path) {
    fs::write(dir.join("operatoros.json"), r#"{"format":2,"made":true}"#).unwrap();
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs::create_dir(&to).unwrap();
            copy(&path, &to);
        } else {
            fs::copy(path, to).unwrap();
        }
    }
}

fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(contents(&path));
            all.insert(path, Vec::new());
        // The lock holds the number of the process that last came by.
        } else if path.file_name().unwrap() != "lock" {
            all.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    all
}

fn differing(a: &BTreeMap<PathBuf, Vec<u8>>, b: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<PathBuf> {
    let paths = a.keys().chain(b.keys());
    paths.filter(|path| a.get(*path) != b.get(*path)).cloned().collect()
}

#[tokio::test]
async fn a_seal_is_true_only_while_nobody_touches_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let told = populate(dir.path()).await;
    let sealed = || seal::holds(dir.path(), &sealed_files(dir.path()).unwrap());
    for name in ["db", "conf", "watermark"] {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        assert!(sealed(), "{name}");
        fill(dir.path(), name, 0..0, 0);
        assert!(!sealed(), "{name}");
        let store = LocalStore::open(dir.path()).unwrap();
        assert!(!dir.path().join("seal").exists(), "{name}");
        assert!(holds(&store, &told).await, "{name}");
        store.close().await;
    }
    overwrite_new(dir.path(), "blobs/holiday.jpg");
    assert!(!sealed());
}

#[test]
fn a_directory_that_is_not_ours_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    overwrite_new(dir.path(), "holiday.jpg");
    assert!(matches!(LocalStore::open(dir.path()), Err(OpenError::Foreign(_))));
    let file = dir.path().join("holiday.jpg");
    assert!(matches!(LocalStore::open(&file), Err(OpenError::NotADirectory(_))));
    assert_eq!(contents(dir.path()).len(), 1);
}

#[test]
fn a_first_start_that_was_cut_short_is_made_up_for() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("operatoros.json"), r#"{"format":1,"made":false}"#).unwrap();
    for name in ["db", "conf", "snap.0", "watermark", "lock"] {
        overwrite_new(dir.path(), name);
    }
    drop(LocalStore::open(dir.path()).unwrap());
    drop(LocalStore::open(dir.path()).unwrap());
}

#[test]
fn a_second_owner_is_told_who_the_first_is() {
    let dir = tempfile::tempdir().unwrap();
    let first = LocalStore::open(&dir.path().join("a/b")).unwrap();
    let second = LocalStore::open(&dir.path().join("a/b")).unwrap_err();
    assert!(second.to_string().contains(&format!("process {};", std::process::id())), "{second}");
    drop(first);
    drop(LocalStore::open(&dir.path().join("a/b")).unwrap());
}

#[tokio::test]
async fn a_full_disk_refuses_writes_until_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let free = Arc::new(AtomicU64::new(u64::MAX));
    let probe = Arc::clone(&free);
    let probe = Box::new(move |_: &Path| Ok(probe.load(Ordering::Relaxed)));
    let store = LocalStore::open_with(dir.path(), probe).unwrap();
    let held = conversation(UserId::new(), 1);
    let put =
        async || commit(&store, Expect::Nothing, vec![Write::Conversation(held.clone())]).await;
    for (room, writable) in [(u64::MAX, true), (STORE_FREE_BYTES_MIN, false), (u64::MAX, true)] {
        free.store(room, Ordering::Relaxed);
        let written = put().await;
        assert_eq!(written.is_ok(), writable, "{written:?}");
        assert_eq!(store.health().writable, writable);
        assert_eq!(store.conversation(held.id).await.unwrap().as_ref(), Some(&held));
        let full = |e: &StoreError| matches!(e, StoreError::Unwritable(e) if e.kind() == std::io::ErrorKind::StorageFull);
        assert!(written.as_ref().err().is_none_or(full), "{written:?}");
    }
}
