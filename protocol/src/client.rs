//! A client that resumes: whatever happens to the connection, its user sees every event once and
//! every answer whole.
//!
//! Nothing runs in the background. [`Client::next`] and the requests drive the connection, and both
//! may be given up at any point. A program that calls neither for a minute loses the connection, and
//! finds everything again with the next call.
//!
//! ```no_run
//! # async fn talk() -> Result<(), operatoros_protocol::client::ClientError> {
//! use operatoros_protocol::client::{Client, Options, Update};
//!
//! let mut client = Client::connect(Options::new("ws://127.0.0.1:8000/ws")).await?;
//! let sent = client.send("How did the markets close?").await?;
//! while let Some(update) = client.next().await {
//!     if let Update::Text { text, .. } = &update {
//!         print!("{text}");
//!     }
//!     if update.ends(&sent.turn) {
//!         break;
//!     }
//! }
//! # Ok(()) }
//! ```

mod assembly;
mod backoff;
mod link;
mod update;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use tokio::time::{Instant, timeout_at};

pub use assembly::{Assembly, Step};
pub use update::{ClientError, Closed, Update};

use crate::{
    client_frame::{
        ClientFrame, ConversationFollow, Hello, MessageSend, Request, Software, Subscribe,
        TurnCancel,
    },
    codes::ErrorCode,
    event::{ConversationEvent, Event},
    ids::{ConversationId, TurnId},
    results::{Outcome, SendResult},
    server_frame::{ErrorFrame, ServerFrame, Welcome},
    topics::Topic,
};
use link::{Happened, Link};

/// Updates that may wait to be read; text that continues text counts once.
const UPDATES_WAITING_MAX: usize = 4_096;
/// Frames a second that a server takes which does not say how many.
const FRAMES_PER_SECOND_ASSUMED: u64 = 100;

/// Where to connect, and as whom.
#[derive(Clone)]
pub struct Options {
    /// The server's address: `ws://host:port/ws`, or `wss://…`, for which the program must have
    /// installed a rustls crypto provider.
    pub url: String,
    /// The credentials; none for a server that needs none.
    pub token: Option<String>,
    /// What the program calls itself.
    pub software: Option<Software>,
}

impl Options {
    /// A connection without credentials.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), token: None, software: None }
    }
}

/// A connection to a server that survives its sockets.
pub struct Client {
    link: Link,
    software: Option<Software>,
    welcome: Option<Welcome>,
    /// The welcome of the connection that stands now has come.
    welcomed: bool,
    followed: BTreeMap<ConversationId, Assembly>,
    /// Those that this program asked for by name, or sent to.
    wanted: BTreeSet<ConversationId>,
    /// Those that a specialist's answer brought along, and the turn with which they pass.
    passing: BTreeMap<ConversationId, TurnId>,
    /// Those that the `hello` of this connection had no room for, the last to be followed first;
    /// and when the next of them may be.
    unresumed: Vec<ConversationId>,
    follow_at: Instant,
    /// The topics, and how often each is told where that was said.
    topics: BTreeMap<Topic, Option<u64>>,
    asked: Option<Asked>,
    asked_before: u64,
    updates: VecDeque<Update>,
}

/// The request whose answer is awaited.
struct Asked {
    id: String,
    request: Request,
    answer: Option<Result<Outcome, ClientError>>,
}

impl Client {
    /// Connects and waits for the welcome. Only this first attempt can fail for want of a server:
    /// once welcomed, the client comes back by itself.
    pub async fn connect(options: Options) -> Result<Self, ClientError> {
        let mut client = Self {
            link: Link::new(&options.url, options.token.as_deref())?,
            software: options.software,
            welcome: None,
            welcomed: false,
            followed: BTreeMap::new(),
            wanted: BTreeSet::new(),
            passing: BTreeMap::new(),
            unresumed: Vec::new(),
            follow_at: Instant::now(),
            topics: BTreeMap::new(),
            asked: None,
            asked_before: 0,
            updates: VecDeque::new(),
        };
        while !client.welcomed {
            match client.link.happens().await {
                Happened::Lost { error: Some(error), .. } => {
                    return Err(ClientError::Connect(error));
                }
                Happened::Lost { because, .. } => return Err(ClientError::NoWelcome { because }),
                Happened::Closed(closed) => return Err(closed.into()),
                other => client.take(other),
            }
        }
        Ok(client)
    }

    /// What the server said at the latest welcome: its limits, the user, the session.
    pub fn welcome(&self) -> Option<&Welcome> {
        self.welcome.as_ref()
    }

    /// The text of a turn's answer as far as it is known; each conversation keeps its latest.
    pub fn text(&self, conversation: &str, turn: &str) -> Option<&str> {
        self.followed.get(conversation)?.text(turn)
    }

    /// Uses another token from the next connection on.
    pub fn set_token(&mut self, token: &str) -> Result<(), ClientError> {
        self.link.set_token(token)
    }

    /// The next update; none after [`Update::Closed`].
    pub async fn next(&mut self) -> Option<Update> {
        loop {
            if let Some(update) = self.updates.pop_front() {
                return Some(update);
            }
            if self.link.closed().is_some() {
                return None;
            }
            self.step().await;
        }
    }

    /// Sends a message to a new conversation.
    pub async fn send(&mut self, text: impl Into<String>) -> Result<SendResult, ClientError> {
        self.send_message(MessageSend { text: text.into(), ..MessageSend::default() }).await
    }

    /// Sends a message to a conversation.
    pub async fn send_to(
        &mut self,
        conversation: &str,
        text: impl Into<String>,
    ) -> Result<SendResult, ClientError> {
        let conversation = Some(conversation.to_owned());
        self.send_message(MessageSend { conversation, text: text.into(), ..MessageSend::default() })
            .await
    }

    /// Sends a message with all that can be said about it. Where it has no key it gets one, so that
    /// it is not doubled, whatever happens to the connection meanwhile.
    pub async fn send_message(&mut self, message: MessageSend) -> Result<SendResult, ClientError> {
        Ok(self.request(Request::MessageSend(message)).await?.read()?)
    }

    /// Stops a turn.
    pub async fn cancel(&mut self, turn: &str) -> Result<(), ClientError> {
        self.request(Request::TurnCancel(TurnCancel { turn: turn.to_owned() })).await.map(drop)
    }

    /// Follows a conversation: a snapshot comes, then what happens.
    pub async fn follow(&mut self, conversation: &str) -> Result<(), ClientError> {
        let conversation = conversation.to_owned();
        let follow = ConversationFollow { conversation, ..ConversationFollow::default() };
        self.request(Request::ConversationFollow(follow)).await.map(drop)
    }

    /// Subscribes to a topic, for this connection and those that follow it.
    pub async fn subscribe(&mut self, topic: Topic) -> Result<(), ClientError> {
        self.request(Request::Subscribe(Subscribe { topic, interval_ms: None })).await.map(drop)
    }

    /// Asks anything and waits for the answer; updates that come meanwhile wait for [`Self::next`].
    /// A request that may be repeated is, should the connection break; of another
    /// [`ClientError::Uncertain`] says so. To wait no longer than some time, drop the future.
    pub async fn request(&mut self, mut request: Request) -> Result<Outcome, ClientError> {
        self.prepare(&mut request);
        self.asked_before += 1;
        let id = format!("c{}", self.asked_before);
        self.asked = Some(Asked { id, request, answer: None });
        self.ask();
        loop {
            if let Some(answer) = self.asked.as_mut().and_then(|asked| asked.answer.take()) {
                let asked = self.asked.take();
                if let (Ok(outcome), Some(asked)) = (&answer, asked) {
                    self.learn(&asked.request, outcome);
                }
                return answer;
            }
            if let Some(closed) = self.link.closed() {
                return Err(closed.clone().into());
            }
            if self.updates.len() >= UPDATES_WAITING_MAX {
                return Err(ClientError::Unread);
            }
            self.step().await;
        }
    }

    /// Says goodbye. What runs goes on; another connection may read it.
    pub async fn close(mut self) {
        self.link.close().await;
    }

    /// Waits for what happens next, or until it is time to follow another conversation.
    async fn step(&mut self) {
        if !self.welcomed || self.unresumed.is_empty() {
            let happened = self.link.happens().await;
            return self.take(happened);
        }
        if self.follow_at > Instant::now()
            && let Ok(happened) = timeout_at(self.follow_at, self.link.happens()).await
        {
            return self.take(happened);
        }
        self.follow_another();
    }

    /// Follows one that the `hello` had no room for. Half of the rate is left to everything else.
    fn follow_another(&mut self) {
        let rate = match self.welcome.as_ref().map(|welcome| welcome.limits.frames_per_second) {
            None | Some(0) => FRAMES_PER_SECOND_ASSUMED,
            Some(rate) => rate,
        };
        self.follow_at =
            Instant::now() + Duration::from_secs(2) / u32::try_from(rate).unwrap_or(u32::MAX);
        let next = self.unresumed.pop().and_then(|next| self.followed.get(&next));
        if let Some(follow) = next.map(Assembly::follow) {
            self.say(Request::ConversationFollow(follow));
        }
    }

    fn take(&mut self, happened: Happened) {
        match happened {
            Happened::Opened => self.greet(),
            Happened::Text(text) => match ServerFrame::parse(&text) {
                Ok(frame) => self.hear(frame),
                Err(error) => self.show(Update::Unreadable { because: error.to_string() }),
            },
            Happened::Lost { because, retry_in, .. } => self.lost(because, retry_in),
            Happened::Closed(closed) => self.show(Update::Closed(closed)),
        }
    }

    /// The first words on a connection: where this client stands. They need not wait for the
    /// welcome, which comes by itself or as the answer. The conversations of late come first.
    fn greet(&mut self) {
        let room = match self.welcome.as_ref().map(|welcome| welcome.limits.resume_entries) {
            None | Some(0) => usize::MAX,
            Some(room) => usize::try_from(room).unwrap_or(usize::MAX),
        };
        let mut resume: Vec<_> =
            self.followed.values().rev().filter_map(Assembly::resume).collect();
        let beyond = resume.split_off(room.min(resume.len()));
        self.unresumed = beyond.into_iter().rev().map(|of| of.conversation).collect();
        let hello = Hello { token: None, client: self.software.clone(), resume };
        self.say(Request::Hello(hello));
    }

    fn hear(&mut self, frame: ServerFrame) {
        match frame {
            ServerFrame::Welcome(welcome) => self.welcomed(*welcome),
            ServerFrame::Reply(reply) => self.answered(&reply.re, Ok(reply.result)),
            ServerFrame::Error(error) => self.refused(error),
            ServerFrame::Event(event) => {
                let (conversation, gone) =
                    (event.conversation.clone(), event.event == Event::ConversationDeleted {});
                let over = gone || self.passes(&event);
                self.assemble(&conversation, |assembly| assembly.event(*event));
                if over {
                    self.forget(&conversation);
                }
            }
            ServerFrame::Delta(delta) => {
                self.assemble(&delta.conversation, |assembly| assembly.delta(&delta));
            }
            ServerFrame::Snapshot(snapshot) => {
                let conversation = snapshot.conversation.clone();
                self.assemble(&conversation, |assembly| assembly.snapshot(snapshot));
            }
            ServerFrame::Resumed(resumed) => {
                self.assemble(&resumed.conversation, |assembly| assembly.resumed(&resumed));
            }
            ServerFrame::GoAway(away) => {
                self.link.pause_for(Duration::from_millis(away.reconnect_after_ms));
            }
            ServerFrame::Status(_)
            | ServerFrame::Pools(_)
            | ServerFrame::Task(_)
            | ServerFrame::Alert(_) => self.show(Update::Topic(Box::new(frame))),
            ServerFrame::Pong(_) | ServerFrame::Unknown(_) => {}
        }
    }

    fn forget(&mut self, conversation: &str) {
        self.followed.remove(conversation);
        self.wanted.remove(conversation);
        self.passing.remove(conversation);
    }

    /// Whether it is the last event of a conversation that a specialist's answer brought along, and
    /// that nobody asked to follow.
    fn passes(&mut self, event: &ConversationEvent) -> bool {
        let conversation = &event.conversation;
        match &event.event {
            Event::TurnStarted { turn, parent: Some(_), .. }
                if !self.wanted.contains(conversation) =>
            {
                self.passing.insert(conversation.clone(), turn.clone());
                false
            }
            of => match (of.ends(), self.passing.get(conversation)) {
                (Some((ended, _)), Some(turn)) => ended == turn,
                _ => false,
            },
        }
    }

    fn welcomed(&mut self, welcome: Welcome) {
        let again = self.welcome.replace(welcome).is_some();
        self.welcomed = true;
        let unplaced = self.followed.values().filter(|assembly| assembly.resume().is_none());
        let follows: Vec<_> = unplaced.map(Assembly::follow).collect();
        for follow in follows {
            self.say(Request::ConversationFollow(follow));
        }
        for (topic, interval_ms) in self.topics.clone() {
            self.say(Request::Subscribe(Subscribe { topic, interval_ms }));
        }
        if again {
            self.show(Update::Reconnected);
        }
        self.ask();
    }

    fn refused(&mut self, error: ErrorFrame) {
        let awaited = self.asked.as_ref().map(|asked| asked.id.as_str());
        if error.re.is_none() || error.re.as_deref() != awaited {
            // An answer that nobody waits for any more is no news.
            if error.re.is_none() {
                self.show(Update::Refused(Box::new(error)));
            }
            return;
        }
        let repeat = self.asked.as_ref().is_some_and(|asked| may_repeat(&asked.request));
        if error.code == ErrorCode::ShuttingDown && repeat {
            let gone = self.link.give_up(error.message);
            return self.take(gone);
        }
        let re = error.re.clone().unwrap_or_default();
        self.answered(&re, Err(ClientError::Refused(Box::new(error))));
    }

    fn answered(&mut self, re: &str, answer: Result<Outcome, ClientError>) {
        if let Some(asked) = self.asked.as_mut().filter(|asked| asked.id == re) {
            asked.answer = Some(answer);
        }
    }

    fn lost(&mut self, because: String, retry_in: Duration) {
        for assembly in self.followed.values_mut() {
            assembly.disconnected();
        }
        if let Some(asked) = self.asked.as_mut().filter(|asked| !may_repeat(&asked.request)) {
            asked.answer.get_or_insert(Err(ClientError::Uncertain));
        }
        if std::mem::take(&mut self.welcomed) {
            self.show(Update::Disconnected { because, retry_in });
        }
    }

    /// Gives what must not be done twice a key, and a reader that starts from a position its place.
    fn prepare(&mut self, request: &mut Request) {
        match request {
            Request::MessageSend(message) => {
                message.key.get_or_insert_with(key);
            }
            Request::TaskSubmit(task) => {
                task.key.get_or_insert_with(key);
            }
            Request::ConversationFollow(follow) => {
                let conversation = follow.conversation.clone();
                if let (Some(epoch), Some(seq)) = (follow.epoch, follow.seq) {
                    let assembly = Assembly::at(conversation.clone(), epoch, seq);
                    self.followed.insert(conversation, assembly);
                    // The text before an offset is not known here, so the whole is asked for.
                    (follow.turn, follow.offset) = (None, None);
                }
            }
            _ => {}
        }
    }

    /// Remembers what the server does on this connection because of a request, to ask for the same
    /// on the next.
    fn learn(&mut self, request: &Request, outcome: &Outcome) {
        let Outcome::Other(result) = outcome else { return };
        match request {
            Request::MessageSend(_)
            | Request::ConversationCreate(_)
            | Request::ConversationFork(_)
            | Request::ConversationFollow(_) => {
                if let Some(conversation) = result.get("conversation").and_then(|id| id.as_str()) {
                    let new = || Assembly::new(conversation.to_owned());
                    self.followed.entry(conversation.to_owned()).or_insert_with(new);
                    self.wanted.insert(conversation.to_owned());
                    self.passing.remove(conversation);
                }
            }
            Request::ConversationUnfollow(of) => self.forget(&of.conversation),
            Request::ConversationDelete(of) => self.forget(&of.conversation),
            Request::Subscribe(of) => drop(self.topics.insert(of.topic, of.interval_ms)),
            Request::Unsubscribe(of) => drop(self.topics.remove(&of.topic)),
            _ => {}
        }
    }

    /// Hands a frame to its conversation. One that is not known yet was begun by a request whose
    /// reply is still to come.
    fn assemble(&mut self, conversation: &str, take: impl FnOnce(&mut Assembly) -> Step) {
        let new = || Assembly::new(conversation.to_owned());
        let step = take(self.followed.entry(conversation.to_owned()).or_insert_with(new));
        for update in step.updates {
            self.show(update);
        }
        if let Some(follow) = step.ask {
            self.say(Request::ConversationFollow(follow));
        }
    }

    /// Says what is asked, where the connection is ready for it; if not, the welcome does.
    fn ask(&mut self) {
        if !self.welcomed {
            return;
        }
        if let Some(asked) = self.asked.as_ref().filter(|asked| asked.answer.is_none()) {
            let (id, request) = (Some(asked.id.clone()), asked.request.clone());
            self.link.say(ClientFrame { request, id }.to_json());
        }
    }

    fn say(&mut self, request: Request) {
        self.link.say(ClientFrame { request, id: None }.to_json());
    }

    fn show(&mut self, update: Update) {
        let update = match self.updates.back_mut() {
            Some(latest) => latest.absorb(update),
            None => Some(update),
        };
        self.updates.extend(update);
    }
}

/// Whether asking twice does no more than asking once.
const fn may_repeat(request: &Request) -> bool {
    !matches!(
        request,
        Request::ConversationCreate(_) | Request::ConversationFork(_) | Request::TurnRetry(_)
    )
}

fn key() -> String {
    format!("{:032x}", fastrand::u128(..))
}
