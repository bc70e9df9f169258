//! The client against a server that follows a script: what it says, when it comes back, and as what.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use futures_util::{SinkExt, StreamExt};
use operatoros_protocol::{
    ClientFrame, CloseCode, ConversationCreate, MessageSend, Request, SUBPROTOCOL_JSON, Subscribe,
    Topic,
    client::{Client, ClientError, Options, Update},
};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Duration, pause, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request as Upgrade, Response},
        protocol::CloseFrame,
    },
};

/// One end of a scripted connection.
struct Wire(WebSocketStream<TcpStream>);

impl Wire {
    /// Accepts a connection and reads its `hello`.
    async fn accept(listener: &TcpListener) -> (Self, Value) {
        let (stream, _) = listener.accept().await.unwrap();
        #[expect(clippy::result_large_err, reason = "the callback's signature is tungstenite's")]
        let agree = |upgrade: &Upgrade, mut response: Response| -> Result<_, ErrorResponse> {
            assert_eq!(upgrade.headers().get("authorization").unwrap(), "Bearer secret");
            let offered = upgrade.headers().get("sec-websocket-protocol").unwrap();
            assert_eq!(offered, SUBPROTOCOL_JSON);
            response.headers_mut().insert("sec-websocket-protocol", offered.clone());
            Ok(response)
        };
        let mut wire = Self(accept_hdr_async(stream, agree).await.unwrap());
        let hello = wire.hear().await;
        assert_eq!(hello["type"], "hello");
        (wire, hello)
    }

    async fn welcomed(listener: &TcpListener) -> (Self, Value) {
        let (mut wire, hello) = Self::accept(listener).await;
        wire.say(json!({
            "type": "welcome", "protocol": "operatoros.v1", "session": "ses_1", "user": "usr_1",
            "server": "script/1", "limits": {"resume_entries": 2}, "heartbeat_ms": 25_000, "anonymous": false,
        }))
        .await;
        (wire, hello)
    }

    async fn say(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.0.next().await.unwrap().unwrap() {
                assert!(ClientFrame::parse(&text).is_ok(), "{text}");
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    async fn close(mut self, code: CloseCode) {
        let frame = CloseFrame { code: code.number().into(), reason: code.reason().into() };
        self.0.close(Some(frame)).await.unwrap();
    }

    async fn event(&mut self, seq: u64, mut frame: Value) {
        let place = json!({
            "conversation": "cnv_1", "epoch": 7, "seq": seq, "at": "2026-03-01T09:30:00.000Z",
            "turn": "trn_1",
        });
        frame.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
        self.say(frame).await;
    }

    async fn delta(&mut self, offset: usize, text: &str) {
        self.say(json!({
            "type": "turn.delta", "conversation": "cnv_1", "turn": "trn_1", "offset": offset,
            "end": offset + text.len(), "text": text,
        }))
        .await;
    }

    async fn accept_message(&mut self, sent: &Value) {
        let result = json!({
            "conversation": "cnv_1", "message": "msg_1", "turn": "trn_1", "state": "running"
        });
        self.say(json!({"type": "reply", "re": sent["id"], "result": result})).await;
    }
}

async fn server() -> (TcpListener, Options) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut options = Options::new(format!("ws://{}/ws", listener.local_addr().unwrap()));
    options.token = Some("secret".to_owned());
    (listener, options)
}

fn started() -> Value {
    json!({
        "type": "turn.started", "pool": "p", "provider": "o", "model": "m",
        "routing": {"by": "default", "because": "so"},
    })
}

async fn both<A, B>(server: impl Future<Output = A>, client: impl Future<Output = B>) -> B {
    let together = async { tokio::join!(server, client) };
    timeout(Duration::from_secs(20), together).await.expect("neither side waits for ever").1
}

#[tokio::test]
async fn an_answer_survives_its_socket() {
    let (listener, options) = server().await;
    let script = async {
        let (mut wire, hello) = Wire::welcomed(&listener).await;
        assert_eq!(hello.get("resume"), None);
        let sent = wire.hear().await;
        wire.accept_message(&sent).await;
        wire.event(1, json!({"type": "message.accepted", "message": "msg_1", "text": "hi"})).await;
        wire.event(2, started()).await;
        wire.delta(0, "Grüß").await;
        assert_eq!(wire.hear().await["topic"], "status");
        wire.close(CloseCode::ServerError).await;

        let (mut wire, hello) = Wire::welcomed(&listener).await;
        let place = json!([
            {"conversation": "cnv_1", "epoch": 7, "seq": 2, "turn": "trn_1", "offset": 6}
        ]);
        assert_eq!(hello["resume"], place);
        assert_eq!(wire.hear().await["topic"], "status", "asked again, as it was not answered");
        wire.event(2, started()).await;
        wire.delta(6, " Gott").await;
        wire.event(3, json!({"type": "turn.cancelled", "length": 11})).await;
        wire
    };
    let talk = async {
        let mut client = Client::connect(options).await.unwrap();
        let sent = client.send("hi").await.unwrap();
        let (mut text, mut kinds) = (String::new(), Vec::new());
        let mut subscribed = false;
        while let Some(update) = client.next().await {
            match &update {
                Update::Text { text: more, .. } => text.push_str(more),
                Update::Event(of) => kinds.push(of.seq.unwrap()),
                Update::Disconnected { .. } => kinds.push(0),
                _ => {}
            }
            if update.ends(&sent.turn) {
                break;
            }
            if !subscribed && text == "Grüß" {
                subscribed = true;
                // Given up at once: what was begun goes on with `next`.
                let asked = client.subscribe(Topic::Status);
                assert!(timeout(Duration::from_millis(50), asked).await.is_err());
            }
        }
        assert_eq!(text, "Grüß Gott");
        assert_eq!(client.text("cnv_1", "trn_1"), Some("Grüß Gott"));
        assert_eq!(kinds, [1, 2, 0, 3], "each event once, with the loss between");
    };
    both(script, talk).await;
}

#[tokio::test]
async fn what_a_hello_has_no_room_for_is_followed_after_it_and_topics_come_as_often_as_before() {
    let (listener, options) = server().await;
    let script = async {
        let (mut wire, _) = Wire::welcomed(&listener).await;
        for seq in 1..=5 {
            let asked = wire.hear().await;
            let conversation = asked["conversation"].clone();
            let result = json!({"conversation": conversation, "epoch": 7, "seq": seq});
            wire.say(json!({"type": "reply", "re": asked["id"], "result": result})).await;
            wire.say(json!({
                "type": "resumed", "conversation": conversation, "epoch": 7, "seq": seq,
            }))
            .await;
        }
        let asked = wire.hear().await;
        wire.say(json!({"type": "reply", "re": asked["id"], "result": {}})).await;
        wire.close(CloseCode::ServerError).await;

        let (mut wire, hello) = Wire::welcomed(&listener).await;
        let places = |frame: &Value| json!([frame["conversation"], frame["epoch"], frame["seq"]]);
        let resumed: Vec<_> = hello["resume"].as_array().unwrap().iter().map(places).collect();
        assert_eq!(resumed, [json!(["cnv_5", 7, 5]), json!(["cnv_4", 7, 4])]);
        let again = wire.hear().await;
        assert_eq!((&again["topic"], &again["interval_ms"]), (&json!("status"), &json!(5_000)));
        let mut followed = Vec::new();
        for _ in 0..3 {
            let follow = wire.hear().await;
            assert_eq!(follow["type"], "conversation.follow");
            followed.push(places(&follow));
        }
        assert_eq!(followed, [3, 2, 1].map(|n| json!([format!("cnv_{n}"), 7, n])));
        wire.close(CloseCode::UserErased).await;
    };
    let talk = async {
        let mut client = Client::connect(options).await.unwrap();
        for number in 1..=5 {
            client.follow(&format!("cnv_{number}")).await.unwrap();
        }
        let status = Subscribe { topic: Topic::Status, interval_ms: Some(5_000) };
        client.request(Request::Subscribe(status)).await.unwrap();
        while client.next().await.is_some() {}
    };
    both(script, talk).await;
}

#[tokio::test]
async fn a_message_without_an_answer_is_sent_again_with_the_same_key() {
    let (listener, options) = server().await;
    let script = async {
        let (mut wire, _) = Wire::welcomed(&listener).await;
        let first = wire.hear().await;
        drop(wire);
        let (mut wire, _) = Wire::welcomed(&listener).await;
        let second = wire.hear().await;
        assert_eq!(first, second);
        assert!(first["key"].as_str().unwrap().len() >= 32);
        // A drain: the answer is to be had elsewhere.
        wire.say(json!({
            "type": "error", "re": second["id"], "code": "shutting_down", "message": "drain",
            "retryable": true,
        }))
        .await;
        let (mut wire, _) = Wire::welcomed(&listener).await;
        let third = wire.hear().await;
        assert_eq!(first, third);
        wire.accept_message(&third).await;
        wire
    };
    let talk = async {
        let mut client = Client::connect(options).await.unwrap();
        assert_eq!(client.send("hi").await.unwrap().turn, "trn_1");
    };
    both(script, talk).await;
}

#[tokio::test]
async fn what_must_not_be_repeated_is_not() {
    let (listener, options) = server().await;
    let script = async {
        let (mut wire, _) = Wire::welcomed(&listener).await;
        assert_eq!(wire.hear().await["type"], "conversation.create");
        drop(wire);
        let (mut wire, _) = Wire::welcomed(&listener).await;
        let sent = wire.hear().await;
        assert_eq!(sent["type"], "message.send");
        wire.say(json!({
            "type": "error", "re": sent["id"], "code": "unknown_pool", "message": "No such pool.",
            "retryable": false,
        }))
        .await;
        wire
    };
    let talk = async {
        let mut client = Client::connect(options).await.unwrap();
        let create = Request::ConversationCreate(ConversationCreate::default());
        assert!(matches!(client.request(create).await, Err(ClientError::Uncertain)));
        let message = MessageSend { pool: Some("moon".to_owned()), ..MessageSend::default() };
        let refused = client.send_message(message).await.unwrap_err();
        assert_eq!(refused.to_string(), "unknown_pool: No such pool.");
    };
    both(script, talk).await;
}

#[tokio::test]
async fn a_stop_code_is_the_end() {
    let (listener, options) = server().await;
    let script = async {
        let (wire, _) = Wire::welcomed(&listener).await;
        wire.close(CloseCode::UserErased).await;
    };
    let talk = async {
        let mut client = Client::connect(options).await.unwrap();
        let closed = match client.next().await {
            Some(Update::Closed(closed)) => closed,
            other => panic!("unexpected {other:?}"),
        };
        assert_eq!(closed.to_string(), "closed for good (4510): user erased");
        assert!(client.next().await.is_none());
        assert!(matches!(client.send("hi").await, Err(ClientError::Closed(_))));
    };
    both(script, talk).await;
}

#[tokio::test]
async fn a_hole_is_asked_for_and_filled() {
    let (listener, options) = server().await;
    let script = async {
        let (mut wire, _) = Wire::welcomed(&listener).await;
        let sent = wire.hear().await;
        wire.accept_message(&sent).await;
        wire.event(1, started()).await;
        wire.event(3, json!({"type": "turn.cancelled", "length": 0})).await;
        let follow = wire.hear().await;
        assert_eq!(follow["type"], "conversation.follow");
        assert_eq!((&follow["epoch"], &follow["seq"]), (&json!(7), &json!(1)));
        wire.event(2, json!({"type": "turn.of_tomorrow", "x": 1})).await;
        wire.event(3, json!({"type": "turn.cancelled", "length": 0})).await;
        wire
    };
    let talk = async {
        let mut client = Client::connect(options).await.unwrap();
        let sent = client.send("hi").await.unwrap();
        let mut seqs = Vec::new();
        while let Some(update) = client.next().await {
            if let Update::Event(of) = &update {
                seqs.push(of.seq.unwrap());
            }
            if update.ends(&sent.turn) {
                break;
            }
        }
        assert_eq!(seqs, [1, 2, 3], "an event of a newer server has its place, too");
    };
    both(script, talk).await;
}

#[tokio::test]
async fn silence_is_a_loss() {
    let (listener, options) = server().await;
    let (wire, client) =
        tokio::join!(Wire::welcomed(&listener), async { Client::connect(options).await.unwrap() });
    let mut client = client;
    pause();
    match client.next().await {
        Some(Update::Disconnected { because, .. }) => {
            assert!(because.contains("nothing was heard"));
        }
        other => panic!("unexpected {other:?}"),
    }
    drop(wire);
}

#[tokio::test]
async fn nobody_there_is_told_at_once() {
    let (listener, options) = server().await;
    drop(listener);
    assert!(matches!(Client::connect(options).await, Err(ClientError::Connect(_))));
    assert!(matches!(
        Client::connect(Options::new("not an address")).await,
        Err(ClientError::Malformed(_))
    ));
}
