//! Asks a question, prints the answer as it comes, and survives any number of lost connections.
//!
//! `cargo run --example rust_client -- ws://localhost:8000/ws "How did the markets close?" [TOKEN]`

use std::io::Write;

use operatoros_protocol::{
    Event,
    client::{Client, ClientError, Options, Update},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "ws://127.0.0.1:8000/ws".to_owned());
    let question = arguments.next().unwrap_or_else(|| "What can you do?".to_owned());

    let token = arguments.next();
    let mut client = Client::connect(Options { token, ..Options::new(url) }).await?;
    ask(&mut client, &question).await?;
    client.close().await;
    Ok(())
}

/// The client resumes by itself; the program only hears that it happened.
async fn ask(client: &mut Client, question: &str) -> Result<(), ClientError> {
    let sent = client.send(question).await?;
    let mut out = std::io::stdout();
    let mut shown = String::new();
    while let Some(update) = client.next().await {
        let ended = update.ends(&sent.turn);
        match update {
            Update::Text { text, .. } => {
                drop(write!(out, "{text}").and_then(|()| out.flush()));
                shown.push_str(&text);
            }
            Update::Rewound { to, .. } => {
                note("\n[the answer starts over]");
                shown.truncate(usize::try_from(to).unwrap_or(usize::MAX));
            }
            Update::Snapshot(snapshot) => {
                note("\n[this is how it stands now]");
                let answer = snapshot.messages.iter().rev().find(|m| m.turn == sent.turn);
                let growing = snapshot.turn.as_ref().map(|growing| &*growing.text);
                let whole = growing.or(answer.map(|m| &*m.text)).unwrap_or("");
                // Less was kept than was shown where the server was killed: nothing of it is new.
                if !shown.starts_with(whole) {
                    drop(write!(out, "{}", whole.strip_prefix(&*shown).unwrap_or(whole)));
                    whole.clone_into(&mut shown);
                }
            }
            Update::Event(event) => {
                if let Event::TurnFailed { error, .. } = &event.event {
                    note(&format!("\n[failed: {}]", error.message));
                }
            }
            Update::Disconnected { retry_in, .. } => {
                note(&format!("[lost; again in {retry_in:?}]"));
            }
            Update::Reconnected => note("[connected again]"),
            Update::Closed(closed) => return Err(closed.into()),
            _ => {}
        }
        if ended {
            drop(writeln!(out));
            break;
        }
    }
    Ok(())
}

/// What is not the answer goes to the standard error.
fn note(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}
