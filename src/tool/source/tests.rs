//! Tests of sources: what servers do to us, what is asked again, and what no plan allows.

use std::{
    io,
    sync::{Mutex, PoisonError},
};

use reqwest::header::HeaderName;
use serde::Deserialize;
use tokio::time::{self, Instant};
use tracing_subscriber::fmt::MakeWriter;

use super::*;
use crate::tool::{
    lenient::Text,
    tests::server::{Server, http},
};

const KEY: &str = "k3y-0f-the-tests";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    name: Text,
}

fn manners(key: Key, allows: Vec<Allowance>) -> Manners {
    let user_agent = USER_AGENT.to_owned();
    let judge = Box::new(|reply: &Reply<'_>| reply.by_status());
    Manners { name: "The Source", user_agent, key, allows, judge }
}

fn source(server: &Server, allows: Vec<Allowance>) -> Source {
    let key = Key::Query("apikey", KEY.to_owned().into());
    Source::new(&server.base_url(), manners(key, allows)).unwrap()
}

async fn asked(source: &Source, what: &str) -> String {
    let query = [("name", what)];
    let question = Question { path: &["v1", "of"], query: &query, keeps: Duration::from_secs(60) };
    match source.ask::<Said>(&question).await {
        Ok(Some(said)) => said.name.0.clone(),
        Ok(None) => "nothing".to_owned(),
        Err(trouble) => format!("!{trouble}"),
    }
}

fn said(name: &str) -> String {
    http("200 OK", &format!(r#"{{"name":"{name}"}}"#))
}

/// Lets time pass that no socket needs.
async fn pass(time: Duration) {
    time::pause();
    time::advance(time).await;
    time::resume();
}

#[tokio::test]
async fn a_question_carries_its_key_and_each_part_is_encoded() {
    for (key, line, header) in [
        (Key::None, "GET /base/v1/a%2Fb%3F?q=%26x%3D1+%5E HTTP/1.1", None),
        (
            Key::Query("apiKey", "a&b".to_owned().into()),
            "GET /base/v1/a%2Fb%3F?q=%26x%3D1+%5E&apiKey=a%26b HTTP/1.1",
            None,
        ),
        (
            Key::Bearer(KEY.to_owned().into()),
            "GET /base/v1/a%2Fb%3F?q=%26x%3D1+%5E HTTP/1.1",
            Some("authorization: Bearer k3y-0f-the-tests"),
        ),
    ] {
        let server = Server::start().await;
        let base = format!("{}/base/", server.base_url());
        let source = Source::new(&base, manners(key, Vec::new())).unwrap();
        let query = [("q", "&x=1 ^")];
        let question =
            Question { path: &["v1", "a/b?"], query: &query, keeps: Duration::from_secs(1) };
        let reply = said("a");
        let (answer, exchange) =
            tokio::join!(source.ask::<Said>(&question), server.answers(&reply));
        assert_eq!(answer.unwrap().unwrap().name.0, "a");
        let lines: Vec<_> = exchange.head.lines().collect();
        assert_eq!(lines[0], line);
        let agent = concat!("user-agent: operatoros/", env!("CARGO_PKG_VERSION"));
        for header in header.iter().chain(&[agent, "accept-encoding: gzip"]) {
            assert!(lines.contains(header), "{header} {lines:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_is_told_again_while_it_is_fresh_and_a_failure_is_not() {
    let server = Server::start().await;
    let source = source(&server, Vec::new());
    for (after, question, reply, expected) in [
        (0, "a", Some(said("one")), "one"),
        (59, "a", None, "one"),
        (0, "b", Some(said("other")), "other"),
        (2, "a", Some(http("500 Oh", "")), "!The Source does not answer"),
        (0, "a", Some(said("two")), "two"),
        (0, "c", Some(http("404 Not Found", "")), "nothing"),
        (0, "c", None, "nothing"),
        (61, "c", Some(said("late")), "late"),
    ] {
        pass(Duration::from_secs(after)).await;
        let answering = async {
            if let Some(reply) = &reply {
                server.answers(reply).await;
            }
        };
        let (told, ()) = tokio::join!(asked(&source, question), answering);
        assert_eq!(told, expected, "{question}");
    }
}

#[tokio::test]
async fn the_same_question_of_many_is_one_request_which_ends_with_the_last_of_them() {
    let server = Server::start().await;
    let source = source(&server, Vec::new());
    let all = async {
        let first = source.clone();
        let mut first = Box::pin(async move { asked(&first, "a").await });
        let others = futures_util::future::join_all((0..10).map(|_| asked(&source, "a")));
        let mut others = Box::pin(others);
        // The one that began it goes away once it is under way.
        let mut exchange = tokio::select! {
            _ = &mut first => unreachable!(),
            _ = &mut others => unreachable!(),
            exchange = server.request() => exchange,
        };
        drop(first);
        let reply = said("one");
        let (told, ()) = tokio::join!(others, exchange.answer(&reply));
        told
    };
    assert_eq!(all.await, vec!["one"; 10]);

    let mut alone = Box::pin(asked(&source, "b"));
    let mut exchange = tokio::select! {
        _ = &mut alone => unreachable!(),
        exchange = server.request() => exchange,
    };
    drop(alone);
    exchange.closed().await;
    let reply = said("again");
    let (told, _) = tokio::join!(asked(&source, "b"), server.answers(&reply));
    assert_eq!(told, "again");
}

#[tokio::test]
async fn whatever_a_server_does_ends_in_our_words_and_without_the_key() {
    let planted = format!(r#"{{"error":"no plan for {KEY} at http://here/?apikey={KEY}"}}"#);
    let elsewhere = format!(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/?apikey={KEY}\r\ncontent-length: 0\r\n\r\n"
    );
    let cut = http("200 OK", &format!(r#"{{"name":"{KEY}","#));
    let short = said("cut").replace("content-length: ", "content-length: 9");
    let log = Log::default();
    let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
    let _logged = tracing::subscriber::set_default(lines.with_writer(log.clone()).finish());
    let away = "!The Source does not answer";
    for (reply, expected) in [
        (http("401 No", &planted), "!The Source refuses the key, or its plan does not cover this"),
        (http("403 No", &planted), "!The Source refuses the key, or its plan does not cover this"),
        (
            http("429 No", &planted),
            "!The Source has been asked as often as it allows; again in 60 s",
        ),
        (http("500 No", &planted), away),
        (http("400 No", &planted), away),
        (http("200 OK", &format!("<html>{KEY}</html>")), away),
        (http("200 OK", ""), away),
        (cut, away),
        (short, away),
        (elsewhere, away),
        ("SSH-2.0-OpenSSH\r\n\r\n".to_owned(), away),
    ] {
        let server = Server::start().await;
        let source = source(&server, Vec::new());
        let (told, _) = tokio::join!(asked(&source, "a"), server.answers(&reply));
        assert_eq!(told, expected, "{reply}");
    }

    let server = Server::start().await;
    let gone = source(&server, Vec::new());
    drop(server);
    assert_eq!(asked(&gone, "a").await, away);

    let logged = log.text();
    assert!(logged.contains("The Source") && !logged.contains(KEY), "{logged}");
}

#[tokio::test]
async fn a_body_without_end_and_one_that_does_not_come_are_given_up() {
    let server = Server::start().await;
    let source = source(&server, Vec::new());
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
    let endless = async {
        let mut exchange = server.request().await;
        exchange.send(head).await;
        exchange.send_for_ever(&"[".repeat(4_096)).await;
    };
    let (told, ()) = tokio::join!(asked(&source, "a"), endless);
    assert_eq!(told, "!The Source does not answer");

    let silent = async {
        let mut exchange = server.request().await;
        exchange.send(head).await;
        exchange.send("{").await;
        time::pause();
        exchange.closed().await;
    };
    let began = Instant::now();
    let (told, ()) = tokio::join!(asked(&source, "a"), silent);
    assert_eq!(told, "!The Source does not answer");
    assert!(began.elapsed() >= limits::SOURCE_ANSWER_WITHIN);
}

#[tokio::test]
async fn a_source_that_has_nothing_left_is_not_asked_before_its_time() {
    let server = Server::start().await;
    let source = source(&server, Vec::new());
    let refusal = http("429 No", "{}").replacen("\r\n", "\r\nretry-after: 7\r\n", 1);
    let exhausted = "!The Source has been asked as often as it allows; again in";
    let reply = said("one");
    let (told, _) = tokio::join!(asked(&source, "kept"), server.answers(&reply));
    assert_eq!(told, "one");
    for (after, question, reply, expected) in [
        (0, "a", Some(&refusal), format!("{exhausted} 7 s")),
        (0, "a", None, format!("{exhausted} 6 s")),
        (0, "kept", None, "one".to_owned()),
        (4, "b", None, format!("{exhausted} 2 s")),
        (3, "b", Some(&said("two")), "two".to_owned()),
    ] {
        pass(Duration::from_secs(after)).await;
        let answering = async {
            if let Some(reply) = reply {
                server.answers(reply).await;
            }
        };
        let (told, ()) = tokio::join!(asked(&source, question), answering);
        assert_eq!(told, expected, "{question}");
    }
}

#[test]
fn a_source_says_how_long_it_wants_to_be_left_alone_or_it_is_assumed() {
    let noon = ("date", "Sun, 22 Nov 2026 12:00:00 GMT");
    let assumed = limits::SOURCE_REST_ASSUMED;
    let rows: [(&[(&'static str, &'static str)], Duration); 6] = [
        (&[], assumed),
        (&[("retry-after", "7")], Duration::from_secs(7)),
        (&[noon, ("retry-after", "Sun, 22 Nov 2026 12:00:30 GMT")], Duration::from_secs(30)),
        (&[noon, ("retry-after", "Sun, 22 Nov 2026 11:00:00 GMT")], assumed),
        (&[("retry-after", "Sun, 22 Nov 2026 12:00:30 GMT")], assumed),
        (&[noon, ("retry-after", "later")], assumed),
    ];
    for (lines, expected) in rows {
        let lines = lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let headers: HeaderMap = lines.collect();
        let reply = Reply { status: 429, headers: &headers, body: b"" };
        assert_eq!(reply.by_status(), Verdict::Exhausted(expected), "{headers:?}");
    }
}

#[test]
fn what_cannot_be_a_source_is_named() {
    for (base, key, expected) in [
        ("not an address", Key::None, "the base_url of The Source is no address"),
        ("mailto:somebody", Key::None, "the base_url of The Source is no address"),
        ("http://here", Key::Bearer("a\nb".to_owned().into()), "the key of The Source is none"),
    ] {
        let refused = Source::new(base, manners(key, Vec::new())).err().unwrap();
        assert_eq!(refused.to_string(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_gate_waits_a_moment_and_refuses_what_is_far() {
    let allows = |requests, seconds| Allowance { requests, within: Duration::from_secs(seconds) };
    let far = |seconds| Err(Duration::from_secs(seconds));
    let day = vec![allows(1, 1), allows(3, 86_400)];
    for (allows, asks) in [
        (vec![], vec![(0, Ok(0)), (0, Ok(0)), (0, Ok(0))]),
        (vec![allows(1, 1)], vec![(0, Ok(0)), (0, Ok(1)), (5, Ok(0))]),
        (
            vec![allows(2, 60)],
            vec![(0, Ok(0)), (10, Ok(0)), (0, far(50)), (49, Ok(1)), (0, far(10))],
        ),
        (day.clone(), vec![(0, Ok(0)), (0, Ok(1)), (0, Ok(1)), (0, far(86_398))]),
        (day, vec![(0, Ok(0)), (5, Ok(0)), (5, Ok(0)), (86_390, Ok(0)), (0, far(5))]),
    ] {
        let gate = Gate::new(&allows);
        for (number, (after, expected)) in asks.iter().enumerate() {
            time::advance(Duration::from_secs(*after)).await;
            let began = Instant::now();
            let passed = gate.pass().await.map(|()| began.elapsed().as_secs());
            assert_eq!(passed, *expected, "{allows:?} {number}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_gate_rests_for_as_long_as_was_said_and_a_day_at_the_most() {
    let gate = Gate::new(&[]);
    assert_eq!(gate.rest(Duration::from_secs(30)), Duration::from_secs(30));
    assert_eq!(gate.rest(Duration::from_secs(5)), Duration::from_secs(30));
    assert_eq!(gate.pass().await, Err(Duration::from_secs(30)));
    time::advance(Duration::from_secs(29)).await;
    assert_eq!(gate.pass().await, Ok(()));
    assert_eq!(gate.rest(Duration::MAX), limits::SOURCE_REST_MAX);
}

#[tokio::test(start_paused = true)]
async fn no_more_is_kept_than_there_is_room_for() {
    let answers = Answers::default();
    let asked = |name: usize| (TypeId::of::<Said>(), name.to_string());
    let known = |name: usize| {
        let nobody = || async { Err(Trouble::TooLate) }.boxed().shared();
        matches!(answers.look(&asked(name), nobody), Looked::Known(_))
    };
    for name in 0..limits::SOURCE_ANSWERS_MAX + 10 {
        answers.keep(asked(name), (None, 1), Duration::from_secs(60 + name as u64));
    }
    assert!(!known(9) && known(10));
    let large = limits::SOURCE_ANSWERS_BYTES_MAX;
    answers.keep(asked(1_000), (None, large), Duration::from_secs(3_600));
    assert!(known(1_000) && !known(10) && !known(limits::SOURCE_ANSWERS_MAX));
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
