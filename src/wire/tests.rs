//! Golden frames: how each event and answer looks on the wire.

use std::sync::Arc;

use operatoros_protocol::{Delta, ServerFrame};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Complaint, delta, error, event, position, read, snapshot};
use crate::model::{
    ConversationId, Cursor, Event, FinishReason, MessageId, Reason, Routing, Sequenced, Timestamp,
    Timing, ToolPhase, TurnError, TurnId, Usage,
};

const CNV: &str = "cnv_01010101010101010101010101010101";
const TRN: &str = "trn_02020202020202020202020202020202";
const MSG: &str = "msg_03030303030303030303030303030303";

fn ids() -> (ConversationId, TurnId, MessageId) {
    (
        ConversationId::from_bytes([1; 16]),
        TurnId::from_bytes([2; 16]),
        MessageId::from_bytes([3; 16]),
    )
}

/// The frame of an event, without what all of them have.
#[track_caller]
fn check(of: Event, expected: &Value) {
    let (conversation, ..) = ids();
    let frame =
        event(&Sequenced { conversation, epoch: 4, seq: 5, at: Timestamp(1_500), event: of });
    let mut frame: Value = serde_json::from_str(&frame).unwrap();
    let fields = frame.as_object_mut().unwrap();
    let common = ["conversation", "epoch", "seq", "at"].map(|key| fields.remove(key).unwrap());
    assert_eq!(common, [json!(CNV), json!(4), json!(5), json!("1970-01-01T00:00:01.500Z")]);
    assert_eq!(&frame, expected);
}

#[test]
fn how_a_turn_comes_along() {
    let (_, turn, message) = ids();
    let key = Some("k".into());
    check(
        Event::MessageAccepted { message, turn, text: "Hi \"you\"".into(), key },
        &json!({"type": "message.accepted", "message": MSG, "turn": TRN, "text": "Hi \"you\"", "key": "k"}),
    );
    check(
        Event::MessageAccepted { message, turn, text: "Hi".into(), key: None },
        &json!({"type": "message.accepted", "message": MSG, "turn": TRN, "text": "Hi"}),
    );
    check(
        Event::TurnQueued { turn, position: 2 },
        &json!({"type": "turn.queued", "turn": TRN, "position": 2}),
    );
    let routing = Routing { confidence: Some(0.5), ..Routing::new("pinned", "so") };
    let (pool, provider, model) = ("general".into(), "openai".into(), "m".into());
    check(
        Event::TurnStarted {
            turn,
            pool,
            agent: Some("triage".into()),
            provider,
            model,
            routing,
            specialists: Vec::new(),
            part_of: None,
        },
        &json!({"type": "turn.started", "turn": TRN, "pool": "general", "agent": "triage",
               "provider": "openai", "model": "m", "routing": {"by": "pinned", "confidence": 0.5, "because": "so"}}),
    );
    let (tool, call, phase) = ("quote".into(), "c1".into(), ToolPhase::Finished);
    check(
        Event::TurnTool { turn, tool, phase, call, summary: None, error: None },
        &json!({"type": "turn.tool", "turn": TRN, "tool": "quote", "phase": "finished", "call": "c1"}),
    );
    check(
        Event::TurnReset { turn, because: Reason::ProviderTruncated },
        &json!({"type": "turn.reset", "turn": TRN, "because": "provider_truncated"}),
    );
}

#[test]
fn how_a_turn_ends() {
    let (_, turn, _) = ids();
    check(
        Event::TurnCompleted {
            turn,
            finish_reason: FinishReason::Length,
            usage: Usage { input: 1, output: 2, estimated: true, ..Usage::default() },
            cost_usd: Some(0.25),
            length: 9,
            timing: Timing { queued: 1, first_token: 2, total: 3 },
            provider: "openai".into(),
            model: "m".into(),
        },
        &json!({"type": "turn.completed", "turn": TRN, "finish_reason": "length",
               "usage": {"input": 1, "output": 2, "estimated": true}, "cost_usd": 0.25, "length": 9,
               "timing_ms": {"queued": 1, "first_token": 2, "total": 3},
               "provider": "openai", "model": "m"}),
    );
    check(
        Event::TurnCancelled { turn, length: 9 },
        &json!({"type": "turn.cancelled", "turn": TRN, "length": 9}),
    );
    check(
        Event::TurnInterrupted { turn, length: 9 },
        &json!({"type": "turn.interrupted", "turn": TRN, "length": 9}),
    );
    let (slots, data) = (json!({"pool": "sports"}), json!({"done": true}));
    check(
        Event::CommandResult { turn, intent: "pool.scale".into(), slots, text: "Ok.".into(), data },
        &json!({"type": "command.result", "turn": TRN, "intent": "pool.scale",
               "slots": {"pool": "sports"}, "text": "Ok.", "data": {"done": true}}),
    );
}

#[test]
fn a_failure_has_the_code_of_its_reason() {
    let (_, turn, _) = ids();
    for (reason, code) in [
        (Reason::ProviderUnavailable, "provider_unavailable"),
        (Reason::ProviderRateLimited, "provider_rate_limited"),
        (Reason::ProviderQuota, "provider_quota"),
        (Reason::ProviderAuth, "provider_auth"),
        (Reason::ProviderRejected, "provider_rejected"),
        (Reason::ContextTooLong, "context_too_long"),
        (Reason::ProviderProtocol, "provider_protocol"),
        (Reason::ProviderTruncated, "provider_truncated"),
        (Reason::DeadlineExceeded, "deadline_exceeded"),
        (Reason::AnswerTooLong, "answer_too_long"),
        (Reason::SpecialistsFailed, "specialists_failed"),
        (Reason::ToolRejected, "tool_rejected"),
        (Reason::ToolUnavailable, "tool_unavailable"),
        (Reason::Cancelled, "cancelled"),
        (Reason::Interrupted, "interrupted"),
        (Reason::Overloaded, "overloaded"),
        (Reason::Internal, "internal"),
    ] {
        let error = TurnError { reason, retryable: true, retry_after_ms: Some(7) };
        let frame = event(&Sequenced {
            conversation: ids().0,
            epoch: 1,
            seq: 1,
            at: Timestamp(0),
            event: Event::TurnFailed { turn, error, length: 0 },
        });
        let frame: Value = serde_json::from_str(&frame).unwrap();
        let told = &frame["error"];
        assert_eq!((&told["code"], &told["retryable"]), (&json!(code), &json!(true)));
        assert_eq!(told["retry_after_ms"], 7);
        assert!(told["message"].as_str().is_some_and(|message| !message.is_empty()));
    }
}

#[test]
fn how_a_conversation_changes() {
    let (.., message) = ids();
    check(
        Event::ConversationUpdated { title: Some("T".into()), pool: None, agent: None, head: None },
        &json!({"type": "conversation.updated", "title": "T"}),
    );
    let pool = Some("sports".into());
    check(
        Event::ConversationUpdated {
            title: None,
            pool,
            agent: Some("triage".into()),
            head: Some(message),
        },
        &json!({"type": "conversation.updated", "pool": "sports", "agent": "triage", "head": MSG}),
    );
    check(Event::ConversationDeleted, &json!({"type": "conversation.deleted"}));
}

#[test]
fn what_has_no_number_says_none() {
    let (conversation, turn, _) = ids();
    let told = position((conversation, 4), Timestamp(0), turn, 2);
    let expected = json!({"type": "turn.queued", "conversation": CNV, "epoch": 4,
                          "at": "1970-01-01T00:00:00.000Z", "turn": TRN, "position": 2});
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap(), expected);
    let at = Cursor { epoch: 4, seq: 5, reading: None };
    let told = snapshot(conversation, &at, &[], Some((turn, Arc::from("ä"))));
    let expected = json!({"type": "snapshot", "conversation": CNV, "epoch": 4, "seq": 5,
                          "messages": [], "turn": {"turn": TRN, "text": "ä", "end": 2}});
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap(), expected);
    let told = error(Some("1".to_owned()), Complaint::too_large("text", 9, 8));
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["re"], &told["code"]), (&json!("1"), &json!("too_large")));
    assert_eq!(told["details"], json!({"field": "text", "bytes": 9, "bytes_max": 8}));
    assert_eq!((&told["retryable"], &told["execution"]), (&json!(false), &json!("not_started")));
}

proptest! {
    #[test]
    fn a_delta_by_hand_is_what_serde_would_write(text: String, offset in 0..1_u64 << 50) {
        let (conversation, turn, _) = ids();
        let expected = ServerFrame::Delta(Delta {
            conversation: CNV.to_owned(),
            turn: TRN.to_owned(),
            offset,
            end: offset + text.len() as u64,
            text: text.clone(),
        });
        let by_hand = delta(conversation, turn, offset, &text);
        prop_assert_eq!(by_hand.as_str(), expected.to_json());
    }

    #[test]
    fn nothing_that_comes_in_makes_it_panic(text: String) {
        prop_assert!(read(&text).asked.is_err());
        let known = json!({"type": "message.send", "text": text, "key": text, "parent": text});
        drop(read(&known.to_string()));
    }
}

#[test]
fn a_delta_of_nasty_text_is_what_serde_would_write() {
    let (conversation, turn, _) = ids();
    for text in ["", "\"", "\\", "\u{0}\u{1f}\u{7f}", "\u{2028}\u{feff}", "😀\r\n\t", "</script>"]
    {
        let frame = delta(conversation, turn, 0, text);
        let read: Value = serde_json::from_str(&frame).unwrap();
        assert_eq!((read["text"].as_str(), &read["end"]), (Some(text), &json!(text.len())));
    }
}
