//! A provider's server in the test's hands: it answers, breaks and listens as the test says.

use std::fmt::Write;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    config::{OfflineSettings, ProviderKind, ProviderSettings},
    provider::{self, Provider},
};

/// Listens on a port of its own.
pub(super) struct Server {
    listener: TcpListener,
}

/// One connection, with the request that came on it.
pub(super) struct Exchange {
    pub(super) head: String,
    pub(super) body: serde_json::Value,
    socket: TcpStream,
}

impl Server {
    pub(super) async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    /// The provider that asks this server, made as the gateway makes it.
    pub(super) fn provider(
        &self,
        kind: ProviderKind,
        set: impl FnOnce(&mut ProviderSettings),
    ) -> std::sync::Arc<dyn Provider> {
        let path = if kind == ProviderKind::Anthropic { "" } else { "v1/" };
        let mut settings = ProviderSettings {
            kind,
            base_url: format!("http://{}/{path}", self.listener.local_addr().unwrap()),
            api_key: Some("sk-test".to_owned().into()),
            model: "a-model".to_owned(),
            server_state: false,
            connect_ms: 5_000,
            first_token_ms: 5_000,
            silence_ms: 5_000,
            turn_ms: 10_000,
            max_concurrent: None,
            trace: false,
        };
        set(&mut settings);
        let settings = [("here".to_owned(), settings)].into();
        let providers = provider::build(&settings, &OfflineSettings::default()).unwrap();
        providers["here"].clone()
    }

    /// The next request.
    pub(super) async fn request(&self) -> Exchange {
        Exchange::read(self.listener.accept().await.unwrap().0).await
    }

    /// Answers the next request with this status and document.
    pub(super) async fn answers(&self, status: &str, json: &str) -> Exchange {
        let mut exchange = self.request().await;
        exchange.send(&format!("HTTP/1.1 {status}\r\nconnection: close\r\n")).await;
        exchange.send("content-type: application/json\r\n").await;
        exchange.send(&format!("content-length: {}\r\n\r\n{json}", json.len())).await;
        exchange
    }

    /// Answers the next request with this stream and closes.
    pub(super) async fn streams(&self, body: &[u8]) -> Exchange {
        let mut exchange = self.request().await;
        exchange.begin().await;
        exchange.socket.write_all(body).await.unwrap();
        exchange.socket.shutdown().await.unwrap();
        exchange
    }
}

impl Exchange {
    async fn read(mut socket: TcpStream) -> Self {
        let mut read = Vec::new();
        let (head, body) = loop {
            assert_ne!(socket.read_buf(&mut read).await.unwrap(), 0, "the client hung up");
            let text = String::from_utf8_lossy(&read);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            // Whoever gets sends no body.
            let length = length.map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                break (head.to_owned(), serde_json::from_str(body).unwrap_or_default());
            }
        };
        Self { head, body, socket }
    }

    /// The next request on the same connection.
    pub(super) async fn next(self) -> Self {
        Self::read(self.socket).await
    }

    /// A whole stream, after which the connection stays open.
    pub(super) async fn stream_chunked(&mut self, events: &[&str]) {
        let mut stream = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
        for event in events.iter().chain(&[""]) {
            write!(stream, "{:x}\r\n{event}\r\n", event.len()).unwrap();
        }
        self.send(&stream).await;
    }

    /// The head of an event stream that ends with the connection.
    pub(super) async fn begin(&mut self) {
        self.send(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n",
        )
        .await;
    }

    pub(super) async fn send(&mut self, text: &str) {
        self.socket.write_all(text.as_bytes()).await.unwrap();
    }

    /// Sends the same again until the other end is gone.
    pub(super) async fn send_for_ever(&mut self, text: &str) {
        while self.socket.write_all(text.as_bytes()).await.is_ok() {}
    }

    /// Resolves when the other end closes.
    pub(super) async fn closed(&mut self) {
        while matches!(self.socket.read_buf(&mut Vec::new()).await, Ok(1..)) {}
    }
}
