//! One example of each frame, frozen: a frame is read and written back as it lies in its file.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, fs, path::Path};

use operatoros_protocol::{
    ClientFrame, Delta, DeltaRef, Event, Outcome, Request, SendResult, SendState, ServerFrame,
};
use serde::Serialize;
use serde_json::{Value, json};

/// Every file of one direction, by the `type` it is named after.
fn golden(direction: &str) -> Vec<(String, String)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(direction);
    let files = fs::read_dir(directory).unwrap().map(|file| file.unwrap().path());
    files
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

fn pretty(frame: &impl Serialize) -> String {
    serde_json::to_string_pretty(frame).unwrap() + "\n"
}

fn names(golden: &[(String, String)]) -> BTreeSet<&str> {
    golden.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn each_client_frame_comes_back_as_it_was() {
    let golden = golden("client");
    assert_eq!(names(&golden), Request::TYPES.iter().map(|(name, _)| *name).collect());
    for (name, text) in &golden {
        let frame = ClientFrame::parse(text).unwrap();
        assert_eq!(frame.request.name(), name);
        assert_eq!(pretty(&frame), *text);
    }
}

#[test]
fn each_server_frame_comes_back_as_it_was() {
    let golden = golden("server");
    assert_eq!(names(&golden), ServerFrame::TYPES.into_iter().chain(Event::TYPES).collect());
    for (name, text) in &golden {
        let frame = ServerFrame::parse(text).unwrap();
        assert!(!matches!(frame, ServerFrame::Unknown(_)), "{name}");
        assert_eq!(matches!(frame, ServerFrame::Event(_)), Event::TYPES.contains(&&**name));
        assert_eq!(pretty(&frame), *text);
    }
}

#[test]
fn what_a_newer_server_says_is_no_error_and_a_broken_frame_is() {
    for (name, text) in golden("server") {
        let (first, last) = text.split_once('{').unwrap();
        let more = format!(r#"{first}{{"of_tomorrow": [1], {last}"#);
        let (now, then) = (ServerFrame::parse(&text).unwrap(), ServerFrame::parse(&more).unwrap());
        // Two frames carry what the server likes to add.
        if name != "status" {
            assert_eq!(now, then, "an unknown field is passed over");
        }
    }
    let unknown = ServerFrame::parse(r#"{"type":"fanfare","loud":true}"#).unwrap();
    assert!(matches!(unknown, ServerFrame::Unknown(_)));
    let event = ServerFrame::parse(
        r#"{"type":"turn.sung","conversation":"c","epoch":1,"seq":2,"at":"2026-03-01T09:30:00Z"}"#,
    );
    assert!(matches!(event, Ok(ServerFrame::Event(of)) if of.seq == Some(2)));
    for broken in ["", "[]", "{}", r#"{"type":"reply"}"#, r#"{"type":"turn.started","turn":1}"#] {
        assert!(ServerFrame::parse(broken).is_err(), "{broken}");
    }
}

#[test]
fn the_borrowing_delta_and_the_typed_result_write_what_the_others_read() {
    let delta =
        DeltaRef { conversation: "cnv_1", turn: "trn_1", offset: 2, end: 4, text: "\u{fc}" };
    let read = ServerFrame::parse(&serde_json::to_string(&delta).unwrap()).unwrap();
    let (conversation, turn) = ("cnv_1".to_owned(), "trn_1".to_owned());
    let owned = Delta { conversation, turn, offset: 2, end: 4, text: "\u{fc}".to_owned() };
    assert_eq!(read, ServerFrame::Delta(owned));

    let sent = SendResult {
        conversation: "cnv_1".to_owned(),
        message: "msg_1".to_owned(),
        turn: "trn_1".to_owned(),
        state: SendState::Queued,
        position: Some(1),
        duplicate: None,
    };
    let json = serde_json::to_string(&Outcome::Sent(sent.clone())).unwrap();
    let outcome: Outcome = serde_json::from_str(&json).unwrap();
    assert!(matches!(outcome, Outcome::Other(_)));
    assert_eq!(outcome.read::<SendResult>().unwrap(), sent);
}

/// Frames that are nearly right: each field of each frame made something else, or cut short.
#[test]
fn no_frame_that_is_nearly_right_upsets_the_reader() {
    for (_, text) in golden("client") {
        let frame: Value = serde_json::from_str(&text).unwrap();
        for field in frame.as_object().unwrap().keys() {
            for odd in [json!(null), json!(-1), json!(1.5), json!([[]]), json!({"": ""}), json!("")]
            {
                let mut frame = frame.clone();
                frame[field] = odd;
                if let Err(bad) = ClientFrame::parse(&frame.to_string()) {
                    assert!(field == "id" || bad.id.is_some() || frame.get("id").is_none());
                    assert!(field == "type" || bad.message().contains(field), "{bad}");
                }
            }
        }
        let chars: Vec<char> = text.trim_end().chars().collect();
        for end in 0..chars.len() {
            let cut: String = chars.iter().take(end).collect();
            assert!(ClientFrame::parse(&cut).is_err(), "{cut}");
        }
    }
}
