//! Certificates that are made for the test, and a port that speaks TLS.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use axum::{Router, routing::get};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex},
    net::{TcpListener, TcpStream},
    time::Instant,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{serve, tls::Tls};
use crate::{
    lifecycle::{Drained, Lifecycle},
    limits,
    model::Timestamp,
};

/// A certificate and its key, as PEM.
#[derive(Clone)]
struct Made {
    certificate: String,
    key: String,
    der: CertificateDer<'static>,
}

/// For `localhost`, good from 2020 until the end of this year.
fn made(year: i32) -> Made {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(year, 12, 31);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let der = certificate.der().clone();
    Made { certificate: certificate.pem(), key: key.serialize_pem(), der }
}

/// The directory in which they lie.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn files(&self) -> [PathBuf; 2] {
        ["certificate", "key"].map(|name| self.0.path().join(name))
    }

    fn write(&self, certificate: &str, key: &str) {
        for (file, text) in self.files().iter().zip([certificate, key]) {
            fs::write(file, text).unwrap();
        }
    }

    fn with(made: &Made) -> Self {
        let place = Self::new();
        place.write(&made.certificate, &made.key);
        place
    }
}

#[test]
fn a_pair_that_cannot_be_used_is_refused_by_what_is_wrong() {
    let (made, other) = (made(2099), made(2098));
    let place = Place::new();
    let refused = |certificate: &str, key: &str| {
        place.write(certificate, key);
        let error = Tls::open(place.files()).err().expect("it is refused").to_string();
        error.replace(&format!("{}/", place.0.path().display()), "")
    };
    let huge = "#".repeat(usize::try_from(limits::CERTIFICATE_BYTES_MAX).unwrap() + 1);
    let wrapped =
        |label: &str| format!("-----BEGIN {label}-----\nc2VjcmV0\n-----END {label}-----\n");
    let cut = made.certificate.replace("-----END", "END");
    for (certificate, key, expected) in [
        ("", &*made.key, "certificate: holds no certificate in PEM"),
        (&*made.key, &*made.key, "certificate: holds no certificate in PEM"),
        (&*cut, &*made.key, "certificate: holds no certificate in PEM"),
        (&*wrapped("CERTIFICATE"), &*made.key, "certificate: holds a certificate that is none"),
        (&*made.certificate, "", "key: holds no private key in PEM"),
        (&*made.certificate, &*made.certificate, "key: holds no private key in PEM"),
        (
            &*made.certificate,
            &*wrapped("ENCRYPTED PRIVATE KEY"),
            "key: holds no private key in PEM",
        ),
        (&*made.certificate, &*wrapped("PRIVATE KEY"), "key: holds a private key of a kind"),
        (&*made.certificate, &*other.key, "key is not the key of the certificate in certificate"),
        (&*made.certificate, &*huge, "key: is larger than 262144 bytes"),
    ] {
        let error = refused(certificate, key);
        assert!(error.starts_with(expected), "{error}");
        assert!(!error.contains("c2VjcmV0") && !error.contains("secret"), "{error}");
    }
    fs::remove_file(&place.files()[1]).unwrap();
    let gone = Tls::open(place.files()).err().unwrap().to_string();
    assert!(gone.contains("key: cannot be read: "), "{gone}");
}

#[test]
fn a_chain_and_whatever_else_stands_in_the_files_is_read() {
    let (made, signer) = (made(2099), made(2050));
    let chain = format!("subject=/CN=localhost\n{}{}", made.certificate, signer.certificate);
    let key = format!(
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{}",
        made.key
    );
    let place = Place::new();
    place.write(&chain, &key);
    let shown = Tls::open(place.files()).unwrap().certificate(Timestamp(0));
    let day = |time: Timestamp| time.to_utc().format("%Y-%m-%d").to_string();
    assert_eq!((day(shown.from).as_str(), day(shown.until).as_str()), ("2020-01-01", "2099-12-31"));
    let second = Duration::from_secs(1);
    let almost = Timestamp(shown.until.0 - 1_000);
    let left = |now: Timestamp| crate::model::Certificate { now, ..shown }.left();
    assert_eq!((left(almost), left(shown.until.plus(second))), (second, Duration::ZERO));
}

#[test]
fn what_is_renewed_is_shown_and_what_cannot_be_used_changes_nothing() {
    let (first, second) = (made(2097), made(2098));
    let place = Place::with(&first);
    let tls = Tls::open(place.files()).unwrap();
    let year = || tls.certificate(Timestamp(0)).until.to_utc().format("%Y").to_string();
    let refused = || tls.certificate(Timestamp(0)).refused;
    assert!(!tls.renew(), "nothing is different");
    assert_eq!(tls.look(), tls.read());
    // The certificate comes first, and its key a moment later.
    fs::write(&place.files()[0], &second.certificate).unwrap();
    assert_ne!(tls.look(), tls.read());
    assert!(!tls.renew());
    assert_eq!((year().as_str(), refused()), ("2097", Some("the key is not the certificate's")));
    assert_eq!(tls.look(), tls.read(), "what was refused is not read over and over");
    fs::write(&place.files()[1], &second.key).unwrap();
    assert!(tls.renew());
    assert_eq!((year().as_str(), refused()), ("2098", None));
    fs::remove_file(&place.files()[0]).unwrap();
    assert!(!tls.renew());
    assert_eq!((year().as_str(), refused()), ("2098", Some("one cannot be read")));
    place.write(&second.certificate, &second.key);
    assert!(!tls.renew(), "it is the same again");
    assert_eq!(refused(), None);
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_shake_hands_is_let_go() {
    let place = Place::with(&made(2099));
    let tls = Tls::open(place.files()).unwrap();
    let (_silent, stream) = duplex(1_024);
    let before = Instant::now();
    let late = tls.handshake().unwrap().with(stream).await.err().unwrap();
    assert_eq!(late.kind(), std::io::ErrorKind::TimedOut);
    assert_eq!(before.elapsed(), limits::HANDSHAKE_WITHIN);
}

#[test]
fn so_many_shake_hands_at_a_time() {
    let place = Place::with(&made(2099));
    let tls = Tls::open(place.files()).unwrap();
    let mut all: Vec<_> =
        (0..limits::HANDSHAKES_MAX).filter_map(|_| tls.handshake().ok()).collect();
    assert_eq!(all.len(), limits::HANDSHAKES_MAX);
    assert!(tls.handshake().is_err());
    all.pop();
    assert!(tls.handshake().is_ok());
}

/// A port with TLS, and what goes on behind it.
struct Port {
    address: std::net::SocketAddr,
    tls: Arc<Tls>,
    lifecycle: Lifecycle,
}

impl Port {
    async fn open(files: [PathBuf; 2]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tls, lifecycle) = (Arc::new(Tls::open(files).unwrap()), Lifecycle::default());
        let router = Router::new().route("/", get(async || "answered"));
        lifecycle.spawn(serve(listener, router, Some(tls.clone()), lifecycle.clone()));
        Self { address, tls, lifecycle }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// As a client does that trusts this certificate and none else.
    async fn agree(
        &self,
        trusted: &Made,
        offers: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.der.clone()).unwrap();
        let mut config =
            ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots)
                .with_no_client_auth();
        config.alpn_protocols = offers.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, self.connect().await).await
    }
}

/// What it has asked for is not kept for it.
#[tokio::test(start_paused = true)]
async fn whoever_asks_and_never_reads_is_let_go() {
    let (mut greedy, stream) = duplex(1_024);
    let router = Router::new().route("/", get(async || "answered"));
    let peer = super::Peer(([127, 0, 0, 1], 1).into());
    let asks = async {
        let request = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(10);
        while greedy.write_all(request.as_bytes()).await.is_ok() {}
    };
    let before = Instant::now();
    let attended = super::attend(stream, peer, router, Lifecycle::default());
    tokio::join!(attended, asks);
    assert_eq!(before.elapsed(), limits::HTTP_LIVES + limits::CLOSE_WITHIN);
}

async fn ask(stream: &mut TlsStream<TcpStream>) -> String {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"answered") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "it ended early");
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_to_those_who_come_and_those_who_are_there_stay() {
    let (first, second) = (made(2097), made(2098));
    let place = Place::with(&first);
    let port = Port::open(place.files()).await;
    let mut there = port.agree(&first, &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(there.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert!(ask(&mut there).await.starts_with("HTTP/1.1 200"));
    place.write(&second.certificate, &second.key);
    assert!(port.tls.renew());
    port.agree(&first, &[]).await.expect_err("it is not shown any more");
    let mut new = port.agree(&second, &[]).await.unwrap();
    for stream in [&mut there, &mut new] {
        ask(stream).await;
    }
    port.agree(&second, &["h2"]).await.expect_err("nothing else is spoken here");
    assert_eq!(port.lifecycle.drain(Duration::ZERO).await, Drained::Clean);
}

#[tokio::test]
async fn whoever_speaks_no_tls_hurts_nobody() {
    let made = made(2099);
    let port = Port::open(Place::with(&made).files()).await;
    let silent = port.connect().await;
    let mut plain = port.connect().await;
    plain.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut heard = Vec::new();
    // It is told in TLS what is wrong, and closed.
    let _ended = plain.read_to_end(&mut heard).await;
    assert!(heard.len() < 16 && !heard.starts_with(b"HTTP"), "{heard:?}");
    let mut gone = port.connect().await;
    gone.write_all(&[0x16, 3, 1]).await.unwrap();
    drop(gone);
    ask(&mut port.agree(&made, &[]).await.unwrap()).await;
    // A drain does not wait for who is still to say something.
    assert_eq!(port.lifecycle.drain(Duration::ZERO).await, Drained::Clean);
    drop(silent);
}

/// What a connection costs that speaks no TLS does not depend on it.
#[test]
fn a_plain_connection_holds_nothing_of_tls() {
    fn size<S, P, R, L, F>(_: impl Fn(S, P, R, L) -> F) -> usize {
        size_of::<F>()
    }
    let plain = size(super::attend::<TcpStream>);
    let within = size(super::attend::<tokio_rustls::server::TlsStream<TcpStream>>);
    assert!(plain + size_of::<rustls::ServerConnection>() <= within, "{plain} and {within} bytes");
}
