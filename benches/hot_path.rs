//! The hot path, from a provider's token to a reader's frame, and what stands around it.
//!
//! `cargo bench --bench hot_path`. Numbers of one machine say nothing of another: compare two
//! commits on the same one. `benches/compare` measures the whole binary against a bare relay.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::ready,
    hint::black_box,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use arc_swap::ArcSwap;
use async_stream::stream;
use axum::{Router, extract::ws::Message as Frame, http::header::CONTENT_TYPE};
use criterion::{BenchmarkId, Criterion, Throughput};
use futures_util::{
    Sink, Stream, StreamExt,
    future::{BoxFuture, join_all},
};
use operatoros::{
    alert::Alerts,
    auth::Authority,
    budget::Ledger,
    config::{LiveSettings, OfflineSettings, ProviderKind, ProviderSettings, Settings},
    connection::{self, Admission, Gateway, Seats},
    conversation::{Ask, Handle, IfBusy, Parent, Registry, Workshop},
    lifecycle::Lifecycle,
    model::{
        AnswerStatus, Clock, Conversation, ConversationId, FinishReason, Gauges, Message,
        MessageId, ProviderName, Role, Standing, TurnId, UserId,
    },
    monitor::{Monitor, PoolWatch},
    operator::Operator,
    pool::Pools,
    provider::{
        self, Answer, Ending, Failure, Item, OFFLINE, Offer, Piece, Prices, Provider, Providers,
        Request, Style,
    },
    route,
    store::{Batch, Expect, LocalStore, Store, Write},
    task::Tasks,
    wire,
};
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    sync::{Notify, mpsc},
    task::yield_now,
};

/// As long as a token is on average.
const TOKEN: &str = " tok";
/// Tokens of one answer, so many that its two commits do not count.
const ANSWER_TOKENS: usize = 10_000;
/// Tokens of one recorded stream.
const STREAM_TOKENS: usize = 1_000;
/// Messages that arrive at the store together.
const TOGETHER: usize = 64;

fn main() {
    // Fails only where one is installed already.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let mut criterion = Criterion::default().configure_from_args();
    frames(&mut criterion);
    answers(&mut criterion);
    commits(&mut criterion);
    streams(&mut criterion);
    criterion.final_summary();
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime can be made")
}

// ---- one frame --------------------------------------------------------------------------------

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame");
    let (conversation, turn) = (ConversationId::new(), TurnId::new());
    for tokens in [1, 64] {
        let text = TOKEN.repeat(tokens);
        group.throughput(Throughput::Elements(tokens as u64));
        group.bench_function(BenchmarkId::new("turn.delta, tokens", tokens), |bencher| {
            bencher.iter(|| wire::delta(conversation, turn, black_box(12_345), black_box(&text)));
        });
    }
    let send = format!(
        r#"{{"type":"message.send","id":"17","conversation":"{conversation}","key":"8f14e45f","text":"How did the markets close today?"}}"#
    );
    group.throughput(Throughput::Elements(1));
    group.bench_function("read a message.send", |bencher| {
        bencher.iter(|| wire::read(black_box(&send)));
    });
    group.finish();
}

// ---- a whole answer, in memory ----------------------------------------------------------------

/// From the provider through pool, writer, feed and connection to a transport in memory. The
/// readers get a turn after each slice, as they do when a model is slower than they are; so it
/// begins to speak only when the first of them knows that it will: what comes earlier is one piece.
fn answers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("answer");
    group.throughput(Throughput::Elements(ANSWER_TOKENS as u64)).sample_size(20);
    for readers in [1, 10] {
        for tokens in [1, 64] {
            let mut stage = Stage::set(tokens, readers);
            let slices = ANSWER_TOKENS.div_ceil(tokens) as u64;
            let frames = stage.play();
            assert!(frames > slices / 2, "{frames} frames for {slices} slices are too few");
            let name = BenchmarkId::new(format!("{readers} readers, tokens a slice"), tokens);
            group.bench_function(name, |bencher| bencher.iter(|| stage.play()));
        }
    }
    group.finish();
}

/// A conversation with its readers, and nothing else in the house.
struct Stage {
    runtime: Runtime,
    handle: Handle,
    /// What readers tell: they follow, or the answer has ended after so many pieces.
    told: mpsc::Receiver<u64>,
    /// The other ends of the readers' transports: a reader whose end is gone leaves.
    ends: Vec<mpsc::Sender<Frame>>,
}

impl Stage {
    fn set(tokens: usize, readers: usize) -> Self {
        let runtime = runtime();
        let script = Script {
            name: OFFLINE.into(),
            slice: TOKEN.repeat(tokens),
            slices: ANSWER_TOKENS.div_ceil(tokens),
            started: Arc::default(),
        };
        let started = script.started.clone();
        let (handle, told, ends) = runtime.block_on(async {
            let gateway = gateway(script).await;
            let identity = gateway.authority.anonymous().expect("no token is set");
            let created = gateway.registry.create(identity.user, None, None).await;
            let (conversation, handle) = created.expect("there is room for one");
            let follow = format!(
                r#"{{"type":"conversation.follow","id":"1","conversation":"{}"}}"#,
                conversation.id
            );
            let (tell, mut told) = mpsc::channel(readers);
            let mut ends = Vec::new();
            for reader in 0..readers {
                let (end, heard) = mpsc::channel(1);
                end.try_send(Frame::text(follow.clone())).expect("it is the first");
                ends.push(end);
                let started = (reader == 0).then(|| started.clone());
                let transport = Transport { heard, tell: tell.clone(), started, pieces: 0 };
                let admission = Admission {
                    identity: Some(identity.clone()),
                    subprotocol: Some(wire::SUBPROTOCOL_JSON),
                    traceparent: None,
                };
                let reader = connection::serve(gateway.clone(), transport, admission);
                gateway.lifecycle.spawn(reader);
            }
            for _ in 0..readers {
                told.recv().await;
            }
            (handle, told, ends)
        });
        Self { runtime, handle, told, ends }
    }

    /// One message, answered to everybody. Says how many pieces the fastest reader got.
    fn play(&mut self) -> u64 {
        // At the root, so that no history has to be read.
        let ask = Ask {
            text: "Go on.".into(),
            parent: Parent::Root,
            if_busy: IfBusy::Reject,
            ..Ask::default()
        };
        let readers = self.ends.len();
        self.runtime.block_on(async {
            self.handle.ask(ask).known().await.expect("nothing else runs");
            let mut most = 0;
            for _ in 0..readers {
                most = most.max(self.told.recv().await.expect("the readers stay"));
            }
            most
        })
    }
}

fn swappable<T>(held: T) -> Arc<ArcSwap<T>> {
    Arc::new(ArcSwap::from_pointee(held))
}

async fn gateway(script: Script) -> Arc<Gateway> {
    let settings = Settings::default();
    let providers = Providers::from([(OFFLINE.into(), Arc::new(script) as Arc<dyn Provider>)]);
    let lifecycle = Lifecycle::default();
    let pools = Pools::new(&settings, &providers, &operatoros::tool::Toolbox::default());
    let registry = Registry::new(Workshop {
        store: Arc::new(LocalStore::in_memory().expect("a thread can be made")),
        router: swappable(route::Router::of(&settings).expect("the defaults are right")),
        pools: pools.clone(),
        prices: swappable(Prices::new(settings.prices.clone())),
        ledger: Ledger::default(),
        clock: Clock::system(),
        lifecycle: lifecycle.clone(),
    });
    let tasks = Tasks::start(registry.clone(), &settings.tasks).await.expect("the store is empty");
    let settings = Settings { data_dir: "".into(), ..settings };
    let (rules, webhook) = (settings.alerts.clone(), settings.webhook.clone());
    let (live, _asked) = LiveSettings::new(Arc::new(settings));
    let monitor = Monitor::start(&registry, &live, Gauges::default);
    let alerts = Alerts::start(registry.clone(), monitor.samples(), &rules, &webhook);
    let alerts = alerts.await.expect("the store is empty");
    Arc::new(Gateway {
        authority: Authority::new(None),
        operator: Operator::new(
            registry.clone(),
            tasks.clone(),
            alerts.clone(),
            live,
            monitor.clone(),
        ),
        alerts,
        tasks,
        monitor,
        pools: PoolWatch::start(&lifecycle, Clock::system(), pools),
        seats: Seats::default(),
        lifecycle,
        echo: false,
        registry,
    })
}

/// A provider that says the same slice again and again, as fast as it is asked.
struct Script {
    name: ProviderName,
    slice: String,
    slices: usize,
    started: Arc<Notify>,
}

impl Provider for Script {
    fn name(&self) -> &ProviderName {
        &self.name
    }

    fn ask(&self, _: Request) -> BoxFuture<'static, Result<Answer, Failure>> {
        let (slice, slices, started) = (self.slice.clone(), self.slices, self.started.clone());
        let answer = stream! {
            started.notified().await;
            for _ in 0..slices {
                yield Ok(Piece::Text(slice.clone()));
                // Once for the writer, who looks whether more came in the same packet, and once to
                // let the readers have their turn.
                yield_now().await;
                yield_now().await;
            }
            let finish_reason = FinishReason::Stop;
            yield Ok(Piece::End(Ending { finish_reason, usage: None, model: None }));
        };
        Box::pin(ready(Ok(answer.boxed())))
    }
}

/// A socket without a network: takes every frame at once and remembers none.
struct Transport {
    heard: mpsc::Receiver<Frame>,
    tell: mpsc::Sender<u64>,
    /// Told of each start of a turn, by one reader alone.
    started: Option<Arc<Notify>>,
    pieces: u64,
}

impl Stream for Transport {
    type Item = Result<Frame, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.heard.poll_recv(context).map(|frame| frame.map(Ok))
    }
}

impl Sink<Frame> for Transport {
    type Error = Infallible;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> Result<(), Infallible> {
        let Frame::Text(text) = frame else { return Ok(()) };
        if text.starts_with(r#"{"type":"turn.delta""#) {
            self.pieces += 1;
        } else if text.contains(r#""turn.started""#) {
            self.started.iter().for_each(|started| started.notify_one());
        } else if text.contains(r#""turn.completed""#) || text.contains(r#""reply""#) {
            let pieces = std::mem::take(&mut self.pieces);
            self.tell.try_send(pieces).expect("there is room for each reader");
        }
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }
}

// ---- the store --------------------------------------------------------------------------------

/// What a message costs to be durable, alone and in company.
fn commits(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("commit");
    let dir = tempfile::tempdir().expect("a directory can be made");
    let store = LocalStore::open(dir.path()).expect("an empty directory can be opened");
    let runtime = runtime();
    let clock = Clock::system();
    for together in [1, TOGETHER] {
        group.throughput(Throughput::Elements(together as u64)).sample_size(50);
        group.bench_function(BenchmarkId::new("messages at once", together), |bencher| {
            bencher.iter(|| {
                let commits: Vec<_> =
                    (0..together).map(|_| store.commit(first_message(&clock))).collect();
                for kept in runtime.block_on(join_all(commits)) {
                    kept.expect("it is kept");
                }
            });
        });
    }
    group.finish();
    runtime.block_on(store.close());
}

/// A conversation that begins with a message.
fn first_message(clock: &Clock) -> Batch {
    let now = clock.now();
    let id = ConversationId::new();
    let asked = "How did the markets close today?".into();
    let question = Message::new(id, TurnId::new(), Role::User, asked, now);
    let answer = Message {
        id: MessageId::new(),
        role: Role::Assistant,
        text: "Higher, by a little.".into(),
        parent: Some(question.id),
        status: Some(AnswerStatus::Completed),
        ..question.clone()
    };
    let conversation = Conversation {
        id,
        user: UserId::named("bench"),
        title: None,
        pool: None,
        asked: None,
        agent: None,
        asked_agent: None,
        created_at: now,
        updated_at: now,
        epoch: 1,
        seq: 0,
        head: Some(answer.id),
        messages: 2,
        remote: None,
        standing: Standing::default(),
        part_of: None,
    };
    let writes =
        vec![Write::Message(question), Write::Message(answer), Write::Conversation(conversation)];
    Batch { expect: Expect::New(id), writes }
}

// ---- providers --------------------------------------------------------------------------------

/// A recorded stream from a server on the loopback, the request and the connection included.
fn streams(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("stream");
    group.throughput(Throughput::Elements(STREAM_TOKENS as u64)).sample_size(30);
    for (name, kind, body) in [
        ("openai", ProviderKind::Openai, responses()),
        ("openai-chat", ProviderKind::OpenaiChat, chat_completions()),
        ("anthropic", ProviderKind::Anthropic, messages()),
    ] {
        let runtime = runtime();
        let provider = runtime.block_on(provider_of(&runtime, kind, body));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let bytes = runtime.block_on(length(&*provider));
                assert_eq!(bytes, STREAM_TOKENS * TOKEN.len(), "every token arrives");
            });
        });
    }
    group.finish();
}

async fn length(provider: &dyn Provider) -> usize {
    let request = Request {
        model: "recorded".into(),
        pool: "general".into(),
        agent: None,
        system: "Be brief.".into(),
        items: vec![Item::User("Go on.".into())],
        tools: Offer::default(),
        style: Style { max_output_tokens: 4_096, ..Style::default() },
        remote: None,
        trace: None,
    };
    let mut answer = provider.ask(request).await.expect("the server answers");
    let mut bytes = 0;
    while let Some(piece) = answer.next().await {
        if let Piece::Text(text) = piece.expect("the stream is whole") {
            bytes += text.len();
        }
    }
    bytes
}

async fn provider_of(runtime: &Runtime, kind: ProviderKind, body: String) -> Arc<dyn Provider> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let body = axum::body::Bytes::from(body);
    let answer = move || ready(([(CONTENT_TYPE, "text/event-stream")], body.clone()));
    let server = axum::serve(listener, Router::new().fallback(answer));
    runtime.spawn(async move { server.await.expect("it serves as long as the runtime lives") });
    let settings = ProviderSettings {
        kind,
        base_url: format!("http://{address}/v1"),
        api_key: None,
        model: "recorded".to_owned(),
        server_state: false,
        connect_ms: 5_000,
        first_token_ms: 60_000,
        silence_ms: 60_000,
        turn_ms: 600_000,
        max_concurrent: None,
        trace: false,
    };
    let all = BTreeMap::from([("recorded".to_owned(), settings)]);
    let providers = provider::build(&all, &OfflineSettings::default());
    let providers = providers.expect("the settings are right");
    providers.get("recorded").expect("it needs no key").clone()
}

fn chat_completions() -> String {
    let chunk = |rest: &str| {
        format!(
            r#"data: {{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"recorded","choices":[{{"index":0,{rest}}}]}}{}"#,
            "\n\n"
        )
    };
    let token = chunk(&format!(r#""delta":{{"content":"{TOKEN}"}},"finish_reason":null"#));
    let end = chunk(r#""delta":{},"finish_reason":"stop""#);
    format!("{}{end}data: [DONE]\n\n", token.repeat(STREAM_TOKENS))
}

fn responses() -> String {
    let event = |kind: &str, rest: &str| {
        format!("event: {kind}\ndata: {{\"type\":\"{kind}\",\"sequence_number\":7,{rest}}}\n\n")
    };
    let token = event(
        "response.output_text.delta",
        &format!(
            r#""item_id":"msg_1","output_index":0,"content_index":0,"delta":"{TOKEN}","logprobs":[]"#
        ),
    );
    let end = event(
        "response.completed",
        r#""response":{"id":"resp_1","object":"response","status":"completed","model":"recorded","output":[],"usage":{"input_tokens":5,"output_tokens":1000,"total_tokens":1005}}"#,
    );
    format!("{}{end}", token.repeat(STREAM_TOKENS))
}

fn messages() -> String {
    let event =
        |kind: &str, rest: &str| format!("event: {kind}\ndata: {{\"type\":\"{kind}\"{rest}}}\n\n");
    let start = event(
        "message_start",
        r#","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"recorded","stop_reason":null,"usage":{"input_tokens":5,"output_tokens":1}}"#,
    );
    let open =
        event("content_block_start", r#","index":0,"content_block":{"type":"text","text":""}"#);
    let token = event(
        "content_block_delta",
        &format!(r#","index":0,"delta":{{"type":"text_delta","text":"{TOKEN}"}}"#),
    );
    let close = event("content_block_stop", r#","index":0"#);
    let end = event(
        "message_delta",
        r#","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":1000}"#,
    );
    let stop = event("message_stop", "");
    format!("{start}{open}{}{close}{end}{stop}", token.repeat(STREAM_TOKENS))
}
