//! The other side of a connection, and a talk with it: what is sent beside what is heard.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::extract::ws::Message;
use futures_util::{Sink, SinkExt, Stream};
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::PollSender;

use crate::{
    alert::Alerts,
    auth::Authority,
    config::{LiveSettings, Settings, TaskSettings, WebhookSettings},
    connection::{Admission, Gateway, Seats, serve},
    conversation::tests::stage::{Call, Gate, Stage, at_once, settle},
    model::{Clock, Gauges, Timestamp},
    monitor::{Monitor, PoolWatch},
    operator::Operator,
    task::Tasks,
    wire::{SUBPROTOCOL_JSON, SUBPROTOCOL_TEXT},
};

/// Messages that are on their way to a client that reads.
const ROOM: usize = 4_096;
const TOKEN: &str = "a-good-token";

/// A gateway whose store, providers and time belong to the test.
pub(super) struct House {
    pub(super) stage: Stage,
    gateway: Arc<Gateway>,
}

impl House {
    /// Everybody is the same anonymous user.
    pub(super) fn open() -> Self {
        Self::guarded_by(Authority::new(None))
    }

    /// `TOKEN:alice` is alice.
    pub(super) fn guarded() -> Self {
        Self::guarded_by(Authority::new(Some(TOKEN.to_owned().into())))
    }

    /// Everybody is the same anonymous user, within budgets in the words of the settings.
    pub(super) fn within(budgets: &str) -> Self {
        let stage = Stage::over(Gate::new(), toml::from_str(budgets).unwrap());
        Self::over(stage, Authority::new(None))
    }

    fn guarded_by(authority: Authority) -> Self {
        Self::over(Stage::new(), authority)
    }

    fn over(stage: Stage, authority: Authority) -> Self {
        let settings = TaskSettings::default();
        let started = Tasks::start(stage.registry.clone(), &settings);
        let tasks = at_once(Box::pin(started)).unwrap();
        let samples = watch::channel(Arc::default()).1;
        let (rules, webhook) = (BTreeMap::new(), WebhookSettings::default());
        let alerts = Alerts::start(stage.registry.clone(), samples, &rules, &webhook);
        let alerts = at_once(Box::pin(alerts)).unwrap();
        let settings = Settings { data_dir: "".into(), ..Settings::default() };
        let (live, _asked) = LiveSettings::new(Arc::new(settings));
        let monitor = Monitor::start(&stage.registry, &live, Gauges::default);
        let gateway = Arc::new(Gateway {
            authority,
            operator: Operator::new(
                stage.registry.clone(),
                tasks.clone(),
                alerts.clone(),
                live,
                monitor.clone(),
            ),
            alerts,
            tasks,
            monitor,
            pools: PoolWatch::start(
                &stage.registry.workshop().lifecycle,
                Clock::at(Timestamp(1_000)),
                stage.registry.workshop().pools.clone(),
            ),
            seats: Seats::default(),
            lifecycle: stage.registry.workshop().lifecycle.clone(),
            echo: false,
            registry: stage.registry.clone(),
        });
        Self { stage, gateway }
    }

    /// Connects as somebody, or as nobody yet.
    pub(super) fn connect(&self, who: Option<&str>, subprotocol: Option<&'static str>) -> Peer {
        self.connect_with_room(who, subprotocol, ROOM)
    }

    /// Connects as one whose socket takes only so many messages.
    pub(super) fn connect_with_room(
        &self,
        who: Option<&str>,
        subprotocol: Option<&'static str>,
        room: usize,
    ) -> Peer {
        let authority = &self.gateway.authority;
        let identity = match who {
            Some(name) => authority.bearer(&format!("{TOKEN}:{name}")).ok(),
            None => authority.anonymous().ok(),
        };
        let (to, incoming) = mpsc::channel(ROOM);
        let (outgoing, from) = mpsc::channel(room);
        let pipe = Pipe { incoming, outgoing: PollSender::new(outgoing) };
        let served = serve(
            self.gateway.clone(),
            pipe,
            Admission { identity, subprotocol, traceparent: None },
        );
        self.gateway.lifecycle.spawn(served);
        Peer { to, from }
    }
}

/// The gateway's end of a socket.
struct Pipe {
    incoming: mpsc::Receiver<Message>,
    outgoing: PollSender<Message>,
}

impl Stream for Pipe {
    type Item = Result<Message, ()>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.incoming.poll_recv(cx).map(|message| message.map(Ok))
    }
}

impl Sink<Message> for Pipe {
    type Error = ();

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ()>> {
        self.outgoing.poll_ready_unpin(cx).map_err(drop)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), ()> {
        self.outgoing.start_send_unpin(message).map_err(drop)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ()>> {
        self.outgoing.poll_flush_unpin(cx).map_err(drop)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ()>> {
        self.outgoing.poll_close_unpin(cx).map_err(drop)
    }
}

/// A client's end of a socket.
pub(super) struct Peer {
    to: mpsc::Sender<Message>,
    from: mpsc::Receiver<Message>,
}

impl Peer {
    pub(super) fn send(&self, text: &str) {
        self.send_message(Message::Text(text.into()));
    }

    pub(super) fn send_message(&self, message: Message) {
        // The gateway may have closed.
        drop(self.to.try_send(message));
    }

    /// What has arrived, once everybody has done what they can.
    pub(super) async fn hear(&mut self) -> Vec<Message> {
        settle().await;
        let mut heard = Vec::new();
        while let Ok(message) = self.from.try_recv() {
            heard.push(message);
        }
        heard
    }

    /// The frames that have arrived.
    pub(super) async fn frames(&mut self) -> Vec<Value> {
        let heard = self.hear().await;
        heard
            .iter()
            .filter_map(|message| serde_json::from_str(message.to_text().ok()?).ok())
            .collect()
    }
}

/// A talk between one client after the other and the gateway.
///
/// In what is sent, `$c`, `$t`, `$m` and `$k` are the newest conversation, turn, answered message
/// and task.
pub(super) struct Talk {
    pub(super) house: House,
    peer: Peer,
    calls: Vec<Call>,
    names: [String; 4],
}

impl Talk {
    pub(super) fn json() -> Self {
        Self::over(House::open(), None, Some(SUBPROTOCOL_JSON))
    }

    pub(super) fn text() -> Self {
        Self::over(House::open(), None, Some(SUBPROTOCOL_TEXT))
    }

    pub(super) fn over(house: House, who: Option<&str>, mode: Option<&'static str>) -> Self {
        let peer = house.connect(who, mode);
        Self { house, peer, calls: Vec::new(), names: Default::default() }
    }

    /// Plays lines of `what is done | what is heard`.
    pub(super) async fn check(&mut self, script: &str) {
        let lines = script.lines().map(str::trim).filter(|line| !line.is_empty());
        for (number, line) in (1..).zip(lines) {
            let (act, expected) = line.rsplit_once('|').unwrap_or((line, ""));
            self.act(act.trim()).await;
            let heard = self.heard().await.join(", ");
            assert_eq!(heard.trim(), expected.trim(), "line {number}: {act}");
        }
    }

    /// Does this and says what is heard.
    pub(super) async fn hear_after(&mut self, act: &str) -> Vec<String> {
        self.act(act).await;
        self.heard().await
    }

    /// Sends a frame and does not listen.
    pub(super) fn send(&self, frame: &str) {
        let [conversation, turn, message, task] = &self.names;
        let frame = frame.replace("$c", conversation).replace("$t", turn);
        self.peer.send(&frame.replace("$m", message).replace("$k", task));
    }

    async fn act(&mut self, act: &str) {
        let (verb, rest) = act.split_once(' ').unwrap_or((act, ""));
        match verb {
            "" => {}
            "say" => self.call().say(rest),
            "end" => self.call().end(),
            "wait" => tokio::time::sleep(Duration::from_secs_f64(rest.parse().unwrap())).await,
            "drain" => self.house.stage.registry.workshop().lifecycle.draining().reach(),
            "close-all" => self.house.stage.registry.workshop().lifecycle.closing().reach(),
            "reconnect" => self.peer = self.house.connect(None, Some(SUBPROTOCOL_JSON)),
            "binary" => self.peer.send_message(Message::Binary(rest.to_owned().into())),
            ">" => self.peer.send(rest),
            _ => self.send(act),
        }
    }

    fn call(&mut self) -> &Call {
        while let Ok(call) = self.house.stage.calls.try_recv() {
            self.calls.push(call);
        }
        self.calls.last().expect("a provider was asked")
    }

    async fn heard(&mut self) -> Vec<String> {
        let heard = self.peer.hear().await;
        let mut heard: Vec<_> = heard.iter().map(|message| self.brief(message)).collect();
        // A reply may come before or after the events of the same commit.
        heard.sort_by_key(|line| line.starts_with("reply "));
        heard
    }

    fn brief(&mut self, message: &Message) -> String {
        match message {
            Message::Close(Some(frame)) => format!("close {}", frame.code),
            Message::Ping(_) => "ping".to_owned(),
            Message::Text(text) => match serde_json::from_str::<Value>(text) {
                Ok(frame) if frame.is_object() => {
                    let inside = frame.get("result").unwrap_or(&frame);
                    let keys = ["conversation", "turn", "message", "task"];
                    for (name, key) in self.names.iter_mut().zip(keys) {
                        if let Some(id) = inside.get(key).and_then(Value::as_str)
                            && frame["type"] != "error"
                        {
                            id.clone_into(name);
                        }
                    }
                    brief(&frame)
                }
                _ => text.as_str().replace('\n', "⏎"),
            },
            other => format!("{other:?}"),
        }
    }
}

/// A frame in a few words.
pub(super) fn brief(frame: &Value) -> String {
    let text = |key: &str| frame[key].as_str().unwrap_or("-").to_owned();
    let kind = text("type");
    match kind.as_str() {
        "reply" => {
            let result = &frame["result"];
            let state = result["state"].as_str().unwrap_or_default();
            let again = if result["duplicate"] == true { " again" } else { "" };
            let rows = ["messages", "conversations", "tasks"];
            let rows = rows.iter().find_map(|rows| result[rows].as_array());
            let rows = rows.map(|rows| format!("{} rows", rows.len())).unwrap_or_default();
            let task = if result["task"].is_string() { task(result) } else { String::new() };
            format!("reply {} {task}{state}{again}{rows}", text("re")).trim_end().to_owned()
        }
        "error" => {
            let details = &frame["details"];
            let problem = details["problem"].as_str().or(details["field"].as_str()).unwrap_or("");
            format!("error {} {} {problem}", text("re"), text("code")).trim_end().to_owned()
        }
        "turn.delta" => format!("+{}:{}", frame["offset"], text("text")),
        "snapshot" => {
            let rows = frame["messages"].as_array().map_or(0, Vec::len);
            let growing = frame["turn"]["text"].as_str();
            let growing = growing.map(|text| format!(" growing {text}")).unwrap_or_default();
            format!("snapshot {} with {rows}{growing}", frame["seq"]).trim_end().to_owned()
        }
        "task" => task(frame),
        "resumed" => format!("resumed {}", frame["seq"]),
        "goaway" => format!("goaway {}", text("reason")),
        "pong" => format!("pong {}", text("re")),
        _ => match &frame["seq"] {
            Value::Null => kind,
            seq => format!("{seq} {kind}"),
        },
    }
}

/// A task's number and how it stands.
fn task(of: &Value) -> String {
    format!("task {} {}", of["number"], of["status"].as_str().unwrap_or("-"))
}
