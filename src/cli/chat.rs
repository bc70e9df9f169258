//! A terminal client: streams answers, and takes up where it was when the gateway restarts.

use std::{
    collections::BTreeMap,
    io::{IsTerminal, Write},
};

use operatoros_protocol::{
    Event, IfBusy, MessageSend, Role, SPECIALIST, ToolPhase, TurnId,
    client::{Client, ClientError, Options, Update},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin};

use super::Chat;

/// What is asked where nobody says anything.
const OPENING: &str = "Hello! What is this, and what can you do for me?";

/// The command that goes on in another conversation.
const ENTERS: &str = "conversation.new";

/// Why a chat ends before its user wants it to.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// The connection, or what was asked over it.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The one message that was to be answered was not.
    #[error("no whole answer came; the lines above say why")]
    Unanswered,
}

/// Whether a gateway answers at the address, if only with a certificate that is not trusted.
pub async fn answers(chat: &Chat) -> bool {
    match Client::connect(options(chat)).await {
        Err(error @ ClientError::Connect(_)) => error.is_of_tls(),
        _ => true,
    }
}

/// Talks until the input ends or the user has had enough.
pub async fn run(chat: Chat) -> Result<(), ChatError> {
    let client = Client::connect(options(&chat)).await?;
    let terminal = std::io::stdin().is_terminal();
    let mut talk = Talk {
        client,
        conversation: None,
        running: Vec::new(),
        column_zero: true,
        sides: BTreeMap::new(),
        speaking: None,
        heading: None,
        whole: true,
    };
    if let Some(message) = &chat.message {
        talk.say(message).await?;
        let whole = talk.listen_to_the_end().await?;
        return if whole { Ok(()) } else { Err(ChatError::Unanswered) };
    }
    if chat.opening {
        talk.print(&format!("> {OPENING}\n"));
        talk.say(OPENING).await?;
    }
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = talk.next_line(&mut lines, terminal).await? {
        match line.trim() {
            "" => {}
            "/quit" | "/exit" => return Ok(()),
            "/stop" => talk.stop().await?,
            line => talk.say(line).await?,
        }
    }
    talk.listen_to_the_end().await?;
    Ok(())
}

fn options(chat: &Chat) -> Options {
    let token = chat.token.as_ref().map(SecretString::expose_secret);
    let token = token.map(|token| match &chat.user {
        Some(user) => format!("{token}:{user}"),
        None => token.to_owned(),
    });
    Options { token, ..Options::new(&chat.url) }
}

/// A conversation at a terminal.
struct Talk {
    client: Client,
    conversation: Option<String>,
    running: Vec<TurnId>,
    column_zero: bool,
    /// Specialists that answer side by side, by their turns.
    sides: BTreeMap<TurnId, Side>,
    /// Which of them was shown last.
    speaking: Option<TurnId>,
    /// Who makes one answer of theirs, until it begins.
    heading: Option<String>,
    /// No answer failed, and no message was refused.
    whole: bool,
}

/// A specialist that answers beside others.
struct Side {
    name: String,
    /// What it has said since its last whole paragraph.
    text: String,
}

impl Talk {
    async fn say(&mut self, text: &str) -> Result<(), ClientError> {
        let message = MessageSend {
            text: text.to_owned(),
            conversation: self.conversation.clone(),
            if_busy: Some(IfBusy::Queue),
            ..MessageSend::default()
        };
        match self.client.send_message(message).await {
            Ok(sent) => {
                self.conversation = Some(sent.conversation);
                self.running.push(sent.turn);
            }
            Err(ClientError::Refused(refused)) => {
                self.whole = false;
                self.note(&format!("! {}", refused.message));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn stop(&mut self) -> Result<(), ClientError> {
        let Some(turn) = self.running.first().cloned() else { return Ok(()) };
        match self.client.cancel(&turn).await {
            Err(ClientError::Refused(refused)) => self.note(&format!("! {}", refused.message)),
            other => other?,
        }
        Ok(())
    }

    /// The next line of the input, showing what comes meanwhile. From a pipe it is read only when
    /// the answer before is whole.
    async fn next_line(
        &mut self,
        lines: &mut Lines<BufReader<Stdin>>,
        terminal: bool,
    ) -> Result<Option<String>, ClientError> {
        loop {
            if terminal && self.running.is_empty() && self.column_zero {
                self.print("> ");
                self.column_zero = true;
            }
            tokio::select! {
                line = lines.next_line(), if terminal || self.running.is_empty() => {
                    self.column_zero = true;
                    return Ok(line.unwrap_or(None));
                }
                update = self.client.next() => match update {
                    Some(update) => self.show(update)?,
                    None => return Ok(None),
                },
            }
        }
    }

    /// True when every answer was whole.
    async fn listen_to_the_end(mut self) -> Result<bool, ClientError> {
        while !self.running.is_empty() {
            match self.client.next().await {
                Some(update) => self.show(update)?,
                None => return Ok(false),
            }
        }
        self.client.close().await;
        Ok(self.whole)
    }

    fn show(&mut self, update: Update) -> Result<(), ClientError> {
        self.running.retain(|turn| !update.ends(turn));
        match update {
            Update::Text { turn, text, .. } => self.hear(&turn, &text),
            Update::Rewound { turn, .. } if self.sides.contains_key(&turn) => {
                self.sides.entry(turn).and_modify(|side| side.text.clear());
            }
            Update::Rewound { .. } => self.note("# the answer starts over"),
            Update::Event(event) => self.tell(&event.event),
            Update::Snapshot(snapshot) => {
                let newest = snapshot.messages.iter().rev().find(|m| m.role == Role::Assistant);
                match (snapshot.turn, newest) {
                    (Some(growing), _) => self.print(&growing.text),
                    (None, Some(newest)) => self.note(&newest.text),
                    (None, None) => {}
                }
            }
            Update::Disconnected { .. } => self.note("# the connection is lost; trying again"),
            Update::Reconnected => self.note("# connected again"),
            Update::Refused(refused) => self.note(&format!("! {}", refused.message)),
            Update::Closed(closed) => return Err(closed.into()),
            _ => {}
        }
        Ok(())
    }

    /// Those who answer side by side are shown by the paragraph, each under its name.
    fn hear(&mut self, turn: &TurnId, text: &str) {
        let Some(side) = self.sides.get_mut(turn) else {
            self.speaking = None;
            if let Some(heading) = self.heading.take() {
                self.note(&heading);
            }
            return self.print(text);
        };
        side.text.push_str(text);
        if let Some(end) = side.text.rfind("\n\n") {
            let rest = side.text.split_off(end + 2);
            let whole = std::mem::replace(&mut side.text, rest);
            self.show_side(turn, &whole);
        }
    }

    fn show_side(&mut self, turn: &TurnId, text: &str) {
        let Some(side) = self.sides.get(turn).filter(|_| !text.trim().is_empty()) else { return };
        let name = format!("# {}", side.name);
        if self.speaking.as_ref() != Some(turn) {
            self.note(&name);
            self.speaking = Some(turn.clone());
        }
        self.note(text.trim_end());
    }

    /// Shows what is left of a specialist's answer. False where the event is none of theirs.
    fn end_side(&mut self, event: &Event) -> bool {
        let Some((turn, _)) = event.ends() else { return false };
        let Some(side) = self.sides.get_mut(turn) else { return false };
        let rest = std::mem::take(&mut side.text);
        self.show_side(turn, &rest);
        self.sides.remove(turn);
        true
    }

    fn tell(&mut self, event: &Event) {
        if self.end_side(event) {
            return;
        }
        match event {
            Event::TurnStarted { turn, pool, agent, provider, model, parent: Some(_), .. } => {
                let name = voice(pool, agent.as_ref(), provider, model);
                self.sides.insert(turn.clone(), Side { name, text: String::new() });
            }
            Event::TurnStarted { pool, agent, provider, model, specialists, .. }
                if !specialists.is_empty() =>
            {
                let names: Vec<_> = specialists.iter().map(|one| one.pool.as_str()).collect();
                self.note(&format!("# asking {}", names.join(", ")));
                self.heading = Some(format!("# {}", voice(pool, agent.as_ref(), provider, model)));
            }
            Event::TurnTool { tool, phase, summary, .. } if &**tool != SPECIALIST => {
                self.note(&tool_line(tool, *phase, summary.as_deref()));
            }
            Event::TurnTool { phase: ToolPhase::Failed, summary, error: Some(error), .. } => {
                let who = summary.as_deref().unwrap_or_default();
                self.note(&format!("! {who} has not answered: {} ({})", error.message, error.code));
            }
            Event::TurnQueued { position, .. } => {
                self.note(&format!("# waiting, number {position}"));
            }
            Event::TurnStarted { pool, agent, provider, model, .. } => {
                self.note(&format!("# {}", voice(pool, agent.as_ref(), provider, model)));
            }
            Event::TurnCompleted { usage, timing_ms, cost_usd, .. } if usage.output > 0 => {
                let about = if usage.estimated == Some(true) { "about " } else { "" };
                let cost = cost_usd.map_or_else(String::new, |usd| format!(" · ${usd:.5}"));
                let (input, output, ms) = (usage.input, usage.output, timing_ms.total);
                self.note(&format!("# {about}{input} + {output} tokens · {ms} ms{cost}"));
            }
            Event::TurnCompleted { .. } => self.note(""),
            Event::TurnFailed { error, .. } => {
                self.whole = false;
                self.note(&format!("! {} ({})", error.message, error.code));
            }
            // What is said next is said there.
            Event::CommandResult { intent, data, .. } if &**intent == ENTERS => {
                let entered = data["conversation"].as_str().map(str::to_owned);
                self.conversation = entered.or_else(|| self.conversation.take());
            }
            Event::ConversationDeleted {} => self.conversation = None,
            Event::TurnCancelled { .. } => self.note("# stopped"),
            Event::TurnInterrupted { .. } => self.note("# interrupted"),
            _ => {}
        }
    }

    /// A line of its own.
    fn note(&mut self, line: &str) {
        if !self.column_zero {
            self.print("\n");
        }
        if !line.is_empty() {
            self.print(&format!("{line}\n"));
        }
    }

    fn print(&mut self, text: &str) {
        if let Some(last) = text.chars().last() {
            self.column_zero = last == '\n';
        }
        let mut out = std::io::stdout().lock();
        // Who closed the pipe does not want to read any more.
        drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
    }
}

/// What a tool is asked, and what it has found.
fn tool_line(tool: &str, phase: ToolPhase, summary: Option<&str>) -> String {
    let about = summary.map_or_else(String::new, |summary| format!(": {summary}"));
    match phase {
        ToolPhase::Started => format!("# calling {tool}{about}"),
        ToolPhase::Finished => format!("# {tool}{about}"),
        ToolPhase::Failed => format!("# {tool} has failed{about}"),
    }
}

/// Who speaks.
fn voice(pool: &str, agent: Option<&String>, provider: &str, model: &str) -> String {
    let agent = agent.map_or_else(String::new, |agent| format!(" ({agent})"));
    format!("{pool}{agent} · {provider}/{model}")
}
