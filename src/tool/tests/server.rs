//! A source's server in the test's hands: it answers, breaks and listens as the test says.

use std::sync::Mutex;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Listens on a port of its own.
pub(in crate::tool) struct Server {
    listener: TcpListener,
}

/// One connection, with the request that came on it.
pub(in crate::tool) struct Exchange {
    pub(in crate::tool) head: String,
    socket: TcpStream,
}

impl Server {
    pub(in crate::tool) async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(in crate::tool) fn base_url(&self) -> String {
        format!("http://{}", self.listener.local_addr().unwrap())
    }

    /// The next request.
    pub(in crate::tool) async fn request(&self) -> Exchange {
        let (mut socket, _) = self.listener.accept().await.unwrap();
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\n") {
            assert_ne!(socket.read_buf(&mut read).await.unwrap(), 0, "the client hung up");
        }
        Exchange { head: String::from_utf8(read).unwrap(), socket }
    }

    /// Answers the next request so: status line, headers and body, as `http` or a fixture writes them.
    pub(in crate::tool) async fn answers(&self, reply: &str) -> Exchange {
        let mut exchange = self.request().await;
        exchange.answer(reply).await;
        exchange
    }

    /// Answers each request as `reply` says of its target, which is noted, until the test is over.
    pub(in crate::tool) async fn serve(
        &self,
        asked: &Mutex<Vec<String>>,
        reply: impl Fn(&str) -> String,
    ) -> ! {
        loop {
            let mut exchange = self.request().await;
            let target = exchange.target().to_owned();
            asked.lock().unwrap().push(target.clone());
            exchange.answer(&reply(&target)).await;
        }
    }
}

impl Exchange {
    /// Path and query.
    pub(in crate::tool) fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    /// A whole answer, with which the connection ends.
    pub(in crate::tool) async fn answer(&mut self, reply: &str) {
        self.send(&reply.replacen("\r\n", "\r\nconnection: close\r\n", 1)).await;
    }

    pub(in crate::tool) async fn send(&mut self, text: &str) {
        // Who has read enough may be gone.
        drop(self.socket.write_all(text.as_bytes()).await);
    }

    /// Sends the same again until the other end is gone.
    pub(in crate::tool) async fn send_for_ever(&mut self, text: &str) {
        while self.socket.write_all(text.as_bytes()).await.is_ok() {}
    }

    /// Resolves when the other end closes.
    pub(in crate::tool) async fn closed(&mut self) {
        while matches!(self.socket.read_buf(&mut Vec::new()).await, Ok(1..)) {}
    }
}

/// An answer with this status line and body.
pub(in crate::tool) fn http(status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}
