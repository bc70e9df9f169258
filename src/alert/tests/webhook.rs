//! The webhook: signed, tried again, given up, and gone on with.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::{FutureExt, future::BoxFuture};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::watch,
    time::{Instant, sleep},
};

pub(super) use crate::alert::webhook::Outcome;
use crate::{
    alert::{
        Alerts,
        webhook::{Courier, Hook, Post, Signer},
    },
    config::AlertSettings,
    conversation::tests::stage::{Stage, settle},
    limits::{WEBHOOK_ANSWER_WITHIN, WEBHOOK_ATTEMPTS_MAX, WEBHOOK_PAUSE_MAX},
    model::{Clock, Gauges, Incident, Severity, Timestamp, Vitals},
    monitor::Sample,
    store::Store,
};

pub(super) const FAILED: Outcome = Outcome::Failed(None);

/// Answers posts as a list says, then takes them, and remembers which they were.
#[derive(Clone, Default)]
pub(super) struct Receiver {
    answers: Arc<Mutex<VecDeque<Outcome>>>,
    got: Arc<Mutex<Vec<Incident>>>,
}

impl Receiver {
    fn of(answers: &[Outcome]) -> Self {
        let receiver = Self::default();
        receiver.answers.lock().unwrap().extend(answers);
        receiver
    }

    /// How much there was to tell with each post.
    pub(super) fn news(&self) -> Vec<u32> {
        self.got.lock().unwrap().iter().map(|incident| incident.news).collect()
    }
}

impl Post for Receiver {
    fn post<'a>(&'a self, incident: &'a Incident) -> BoxFuture<'a, Outcome> {
        self.got.lock().unwrap().push(incident.clone());
        let answer = self.answers.lock().unwrap().pop_front();
        std::future::ready(answer.unwrap_or(Outcome::Delivered)).boxed()
    }
}

pub(super) struct House {
    stage: Stage,
    pub(super) alerts: Alerts,
    samples: watch::Sender<Arc<Sample>>,
    pub(super) receiver: Receiver,
}

impl House {
    pub(super) async fn new(answers: &[Outcome]) -> Self {
        Self::over(Stage::new(), Receiver::of(answers)).await
    }

    async fn over(stage: Stage, receiver: Receiver) -> Self {
        let rule = AlertSettings {
            metric: "connections".to_owned(),
            above: Some(5.0),
            below: None,
            for_seconds: 0,
            clear: None,
            clear_for_seconds: 0,
            severity: Severity::Critical,
            enabled: true,
        };
        let rules = [("crowded".to_owned(), rule)].into();
        let (samples, watched) = watch::channel(Arc::default());
        let courier = Courier::with(receiver.clone(), stage.registry.workshop());
        let registry = stage.registry.clone();
        let alerts = Alerts::start_with(registry, watched, &rules, Some(courier)).await.unwrap();
        settle().await;
        Self { stage, alerts, samples, receiver }
    }

    async fn crash(self) -> Self {
        let store = self.stage.store.crash();
        Self::over(Stage::over(store, BTreeMap::new()), self.receiver).await
    }

    pub(super) async fn measure(&self, seconds: i64, connections: usize) {
        let gauges = Gauges { connections, ..Gauges::default() };
        let vitals = Vitals { gauges, ..Vitals::default() };
        let rev = self.samples.borrow().rev + 1;
        let at = Timestamp(seconds * 1_000);
        self.samples.send_replace(Arc::new(Sample::of(rev, at, &vitals)));
        settle().await;
    }

    async fn undelivered(&self) -> usize {
        let kept = self.stage.store.incidents(None, 9).await.unwrap();
        kept.iter().filter(|incident| incident.delivered < incident.news).count()
    }
}

#[tokio::test(start_paused = true)]
async fn a_post_is_tried_again_later_and_later_until_it_is_taken() {
    let asked_to_wait = Outcome::Failed(Some(Duration::from_secs(60)));
    let house = House::new(&[FAILED, FAILED, asked_to_wait]).await;
    house.measure(2, 9).await;
    let mut waits = Vec::new();
    for count in 2..=4 {
        let before = Instant::now();
        while house.receiver.news().len() < count {
            sleep(Duration::from_millis(100)).await;
        }
        waits.push(before.elapsed().as_secs_f64());
    }
    for (wait, least) in waits.iter().zip([1.0, 2.0, 60.0]) {
        assert!((least - 0.2..least * 1.25 + 0.2).contains(wait), "{waits:?}");
    }
    settle().await;
    assert_eq!(house.undelivered().await, 0);
    let ids: Vec<_> = house.receiver.got.lock().unwrap().iter().map(|got| got.id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    house.measure(4, 1).await;
    assert_eq!(house.receiver.news(), [1, 1, 1, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn what_is_given_up_goes_on_after_a_start() {
    let attempts = usize::try_from(WEBHOOK_ATTEMPTS_MAX).unwrap();
    let house = House::new(&vec![FAILED; attempts]).await;
    house.measure(2, 9).await;
    sleep(WEBHOOK_PAUSE_MAX * WEBHOOK_ATTEMPTS_MAX).await;
    assert_eq!((house.receiver.news().len(), house.undelivered().await), (attempts, 1));
    let house = house.crash().await;
    assert_eq!((house.receiver.news().len(), house.undelivered().await), (attempts + 1, 0));
    let house = house.crash().await;
    assert_eq!(house.receiver.news().len(), attempts + 1, "what was taken is not posted again");
}

#[tokio::test(start_paused = true)]
async fn of_what_waits_the_newest_state_wins() {
    let house = House::new(&[FAILED]).await;
    house.measure(2, 9).await;
    house.measure(4, 1).await;
    sleep(WEBHOOK_PAUSE_MAX).await;
    assert_eq!(house.receiver.news(), [1, 2], "that it was raised is posted no more");
    assert_eq!(house.undelivered().await, 0);
}

#[tokio::test(start_paused = true)]
async fn who_is_gone_is_left_alone_until_the_next_start() {
    let house = House::new(&[Outcome::Gone]).await;
    house.measure(2, 9).await;
    house.measure(4, 1).await;
    sleep(WEBHOOK_PAUSE_MAX).await;
    assert_eq!((house.receiver.news(), house.undelivered().await), (vec![1], 1));
    let house = house.crash().await;
    assert_eq!((house.receiver.news(), house.undelivered().await), (vec![1, 2], 0));
}

const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The example of the specification's own libraries.
#[test]
fn it_signs_as_the_specification_says() {
    let signer = Signer::new(&STANDARD.decode(SECRET).unwrap());
    let body = r#"{"test": 2432232314}"#;
    let signature = signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
    assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

/// Takes one post, answers with this head or not at all, and tells what it got.
async fn post_to(head: Option<&'static str>) -> (Outcome, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let key = STANDARD.decode(SECRET).unwrap();
    let hook = Hook::new(&url, &key, Clock::at(Timestamp(1_614_265_330_000))).unwrap();
    let receive = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut text = String::new();
        let mut buffer = [0; 4_096];
        while !text.contains("\r\n\r\n{") || !text.ends_with('}') {
            let read = socket.read(&mut buffer).await.unwrap();
            text.push_str(str::from_utf8(&buffer[..read]).unwrap());
        }
        match head {
            Some(head) => {
                let answer = format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n");
                socket.write_all(answer.as_bytes()).await.unwrap();
            }
            None => drop(socket.read(&mut buffer).await),
        }
        text
    };
    let incident = crate::store::conformance::incident(None);
    tokio::join!(hook.post(&incident), receive)
}

#[tokio::test]
async fn an_answer_says_whether_it_was_taken() {
    for (head, expected) in [
        ("204 No Content", Outcome::Delivered),
        ("302 Found\r\nlocation: http://127.0.0.1:1/", FAILED),
        ("410 Gone", Outcome::Gone),
        ("500 Oh", FAILED),
        ("429 Slow\r\nretry-after: 7", Outcome::Failed(Some(Duration::from_secs(7)))),
        ("429 Slow\r\nretry-after: 999999", Outcome::Failed(Some(WEBHOOK_PAUSE_MAX))),
        (
            "503 Later\r\ndate: Sun, 22 Nov 2026 12:00:00 GMT\r\n\
             retry-after: Sun, 22 Nov 2026 12:00:30 GMT",
            Outcome::Failed(Some(Duration::from_secs(30))),
        ),
    ] {
        let (outcome, got) = post_to(Some(head)).await;
        assert_eq!(outcome, expected, "{head}");
        let header = |name: &str| {
            got.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap()
        };
        let (id, signature) = (header("webhook-id"), header("webhook-signature"));
        assert_eq!(header("webhook-timestamp"), "1614265330");
        let (_, body) = got.split_once("\r\n\r\n").unwrap();
        let signer = Signer::new(&STANDARD.decode(SECRET).unwrap());
        assert_eq!(signature, signer.sign(id, 1_614_265_330, body));
        assert!(body.contains(r#""type":"alert.raised""#), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_not_waited_for() {
    let before = Instant::now();
    let (outcome, _) = post_to(None).await;
    assert_eq!(outcome, FAILED);
    assert!(before.elapsed() <= WEBHOOK_ANSWER_WITHIN + Duration::from_secs(1));
}
