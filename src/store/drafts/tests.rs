//! Drafts on a file: what a start finds after any damage, and what goes wrong while writing.

use std::{cell::Cell, fs, path::Path};

use super::*;

fn on(dir: &Path, open: &[TurnId]) -> Drafts {
    Drafts::open(Paper::in_dir(dir).unwrap(), open.to_vec())
}

fn slice(turn: TurnId, offset: u64, text: &str) -> Step {
    Step::Slice(turn, offset, text.into())
}

fn write(drafts: &mut Drafts, steps: Vec<Step>) {
    drafts.write(steps, true, |_| Ok(()));
}

fn text(drafts: &Drafts, turn: TurnId) -> String {
    drafts.slices(turn).into_iter().map(|(_, text)| text).collect()
}

fn length(dir: &Path) -> u64 {
    fs::metadata(dir.join("drafts")).unwrap().len()
}

#[test]
fn a_file_cut_or_changed_anywhere_gives_a_beginning() {
    let dir = tempfile::tempdir().unwrap();
    let turns = [TurnId::new(), TurnId::new()];
    let mut drafts = on(dir.path(), &turns);
    let whole = ["one", "twö", "three"];
    let mut offset = 0;
    for part in whole {
        write(&mut drafts, turns.map(|turn| slice(turn, offset, part)).into());
        offset += part.len() as u64;
    }
    let bytes = fs::read(dir.path().join("drafts")).unwrap();
    let whole = whole.concat();
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 0xa5;
        for damaged in [&bytes[..place], &changed] {
            fs::write(dir.path().join("drafts"), damaged).unwrap();
            let mut drafts = on(dir.path(), &turns);
            for turn in turns {
                let kept = text(&drafts, turn);
                assert!(whole.starts_with(&kept), "{place}: {kept}");
                assert!(kept.len() >= place / 110 * 3, "{place}: {kept}");
                // What is cut off does not come back behind what follows.
                write(&mut drafts, vec![slice(turn, 0, "again")]);
                assert_eq!(text(&drafts, turn), "again");
            }
            let again = on(dir.path(), &turns);
            assert_eq!(turns.map(|turn| text(&again, turn)), ["again", "again"], "{place}");
        }
    }
}

#[test]
fn the_file_is_emptied_when_nothing_in_it_is_of_use() {
    let dir = tempfile::tempdir().unwrap();
    let turns = [TurnId::new(), TurnId::new()];
    let mut drafts = on(dir.path(), &turns);
    write(&mut drafts, turns.map(|turn| slice(turn, 0, "text")).into());
    write(&mut drafts, vec![Step::Closed(turns[0])]);
    assert!(length(dir.path()) > 0);
    write(&mut drafts, vec![Step::Closed(turns[1])]);
    assert_eq!(length(dir.path()), 0);
    write(&mut drafts, vec![Step::Opened(turns[0]), slice(turns[0], 0, "text")]);
    drop(on(dir.path(), &turns[1..]));
    assert_eq!(length(dir.path()), 0);
}

#[test]
fn a_turn_that_was_closed_and_opened_again_begins_empty() {
    let dir = tempfile::tempdir().unwrap();
    let (stays, again) = (TurnId::new(), TurnId::new());
    let mut drafts = on(dir.path(), &[stays, again]);
    write(&mut drafts, [stays, again].map(|turn| slice(turn, 0, "text")).into());
    for seen in [&[stays, again][..], &[stays], &[stays, again]] {
        write(&mut drafts, vec![Step::Closed(again), Step::Opened(again)]);
        drafts = on(dir.path(), seen);
        assert_eq!((text(&drafts, again), text(&drafts, stays)), (String::new(), "text".into()));
        write(&mut drafts, vec![slice(again, 0, "text")]);
    }
}

#[test]
fn a_group_that_was_refused_opens_nothing() {
    let turns = [TurnId::new(), TurnId::new(), TurnId::new()];
    let [known, refused, closed] = turns;
    let mut drafts = Drafts::open(Paper::Memory(Vec::new()), vec![known, closed]);
    let steps = [Step::Opened(refused), Step::Closed(closed)];
    let steps = steps.into_iter().chain(turns.map(|turn| slice(turn, 0, "text"))).collect();
    drafts.write(steps, false, |_| Ok(()));
    assert_eq!(turns.map(|turn| text(&drafts, turn)), ["text", "", "text"]);
    assert!(drafts.doubted());
    drafts.know(vec![known, refused]);
    assert_eq!(turns.map(|turn| text(&drafts, turn)), ["text", "", ""]);
    assert!(!drafts.doubted());
}

#[test]
fn what_cannot_be_written_yet_is_written_later_up_to_a_limit() {
    let turn = TurnId::new();
    let mut drafts = Drafts::open(Paper::Memory(Vec::new()), vec![turn]);
    let full = Cell::new(false);
    let long = "t".repeat(STORE_DRAFTS_UNWRITTEN_MAX);
    for (disk_full, offset, more, expected) in [
        (false, 0, "text", "text"),
        (true, 4, "more", "text"),
        (true, 8, "and", "text"),
        (false, 11, "end", "textmoreandend"),
        (true, 14, &*long, "textmoreandend"),
        (false, 14, "!", "textmoreandend!"),
    ] {
        full.set(disk_full);
        let room = |_| if full.get() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) };
        drafts.write(vec![slice(turn, offset, more)], true, room);
        assert_eq!((text(&drafts, turn), drafts.failing), (expected.into(), disk_full));
    }
}

#[test]
fn a_file_that_grows_too_long_keeps_what_is_of_use() {
    let dir = tempfile::tempdir().unwrap();
    let (stays, ends) = (TurnId::new(), TurnId::new());
    let mut drafts = on(dir.path(), &[stays]);
    let large = "x".repeat(1024 * 1024);
    write(&mut drafts, vec![slice(stays, 0, "one ")]);
    for _ in 0..STORE_DRAFTS_BYTES_MAX / (1024 * 1024) {
        write(&mut drafts, vec![Step::Opened(ends), slice(ends, 0, &large), Step::Closed(ends)]);
        assert!(length(dir.path()) <= STORE_DRAFTS_BYTES_MAX);
    }
    assert!(length(dir.path()) < 1024 * 1024, "{}", length(dir.path()));
    write(&mut drafts, vec![slice(stays, 4, "two")]);
    assert_eq!(text(&drafts, stays), "one two");
    assert_eq!(text(&on(dir.path(), &[stays]), stays), "one two");
    assert!(!dir.path().join("drafts.new").exists());
}
