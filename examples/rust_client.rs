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
    while let Some(update) = client.next().await {
        let ended = update.ends(&sent.turn);
        match update {
            Update::Text { text, .. } => drop(write!(out, "{text}").and_then(|()| out.flush())),
            Update::Rewound { .. } => note("\n[the answer starts over]"),
            Update::Snapshot(snapshot) => {
                note("\n[this is how it stands now]");
                let answer = snapshot.messages.iter().rev().find(|m| m.turn == sent.turn);
                let whole = snapshot.turn.as_ref().map(|growing| &*growing.text);
                drop(write!(out, "{}", whole.or(answer.map(|m| &*m.text)).unwrap_or("")));
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
