//! Arguments: what can be typed, as types.
//!
//! Invariant: nothing here reads the environment; `config` does.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use secrecy::SecretString;

use super::{
    intent::Intent,
    understand::{Calibrate, Route},
};
use crate::config::Flags;

/// A headless gateway that orchestrates AI agents over one WebSocket.
#[derive(Debug, Parser)]
#[command(name = "operatoros", version, propagate_version = true)]
#[command(
    after_help = "Settings come from operatoros.toml and the environment; a flag beats both."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    shared: Shared,
}

/// What is to be done.
#[derive(Debug, Default, Subcommand)]
pub enum Command {
    /// Run the gateway (what happens when no command is given)
    #[default]
    Serve,
    /// Show the settings in force, as a settings file without secrets
    Config,
    /// Talk to a gateway
    Chat(Chat),
    /// Say which pool each message belongs to, and why, as lines of JSON
    Route(Route),
    /// Fit the weights of the routing to labelled messages, and report how good they are
    Calibrate(Calibrate),
    /// Say which operator command each message is
    Intent(Intent),
    /// Write everything that is stored, as lines of JSON
    Export {
        /// Where to; the standard output when it is left out
        file: Option<PathBuf>,
    },
    /// Read what `export` wrote into an empty store
    Import {
        /// Where from; - is the standard input
        file: PathBuf,
    },
}

/// Whom to talk to, and how.
#[derive(Debug, Args)]
pub struct Chat {
    /// The gateway's WebSocket: ws://host:port/ws, or wss:// where it speaks TLS, with the system's
    /// roots or those of `SSL_CERT_FILE`
    #[arg(default_value = USUAL_PLACE)]
    pub url: String,
    /// Say this, print the answer and end, instead of a conversation
    #[arg(short, long)]
    pub message: Option<String>,
    /// The bearer token
    #[arg(long)]
    pub token: Option<SecretString>,
    /// Who is talking
    #[arg(long)]
    pub user: Option<String>,
    /// Nobody has said anything yet, so something is asked to begin with
    #[arg(skip)]
    pub opening: bool,
}

/// Where a gateway with no settings listens.
const USUAL_PLACE: &str = "ws://127.0.0.1:8000/ws";
/// The same where it has a certificate, which is for a name.
const USUAL_PLACE_TLS: &str = "wss://localhost:8000/ws";

impl Chat {
    /// No other gateway was named than the one that may run here.
    pub fn is_at_usual_place(&self) -> bool {
        [USUAL_PLACE, USUAL_PLACE_TLS].contains(&self.url.as_str())
    }

    /// The same chat where the gateway that may run here speaks TLS.
    #[must_use]
    pub fn within_tls(self) -> Self {
        let url = if self.is_at_usual_place() { USUAL_PLACE_TLS.to_owned() } else { self.url };
        Self { url, ..self }
    }

    /// The same chat with a gateway that has just begun, so there is something to show.
    #[must_use]
    pub fn at(self, url: &str, token: Option<&SecretString>) -> Self {
        let token = self.token.or_else(|| token.cloned());
        Self { url: url.to_owned(), token, opening: true, ..self }
    }
}

/// Flags that every command takes.
#[derive(Debug, Args)]
struct Shared {
    /// The settings file, instead of operatoros.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to listen, with the port: 127.0.0.1:8000
    #[arg(long, global = true, value_name = "ADDR")]
    bind: Option<SocketAddr>,
    /// Where to listen: the port alone
    #[arg(long, global = true, value_name = "N")]
    port: Option<u16>,
    /// Where the embedded database lives
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Let anybody in on an address that others can reach
    #[arg(long, global = true)]
    allow_anonymous: bool,
}

impl Cli {
    /// What is to be done, and what the flags say about the settings.
    pub fn into_parts(self) -> (Command, Flags) {
        let Shared { config, bind, port, data_dir, allow_anonymous } = self.shared;
        let flags = Flags { config, bind, port, data_dir, allow_anonymous };
        (self.command.unwrap_or_default(), flags)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<(Command, Flags), String> {
        let words = ["operatoros"].into_iter().chain(line.split_whitespace());
        Cli::try_parse_from(words).map(Cli::into_parts).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let (command, _) = parse(line).unwrap();
        assert_eq!(format!("{command:?}"), expected, "{line}");
    }

    #[test]
    fn a_line_is_a_command() {
        let chat = "Chat(Chat { url: \"ws://127.0.0.1:8000/ws\", message: None, token: None, user: None, opening: false })";
        for (line, expected) in [
            ("", "Serve"),
            ("serve", "Serve"),
            ("--port 1", "Serve"),
            ("config", "Config"),
            ("chat", chat),
            ("route hello", "Route(Route { messages: [\"hello\"], jsonl: false })"),
            ("route --jsonl", "Route(Route { messages: [], jsonl: true })"),
            (
                "calibrate a b -o w",
                "Calibrate(Calibrate { files: [\"a\", \"b\"], output: \"w\", report: false })",
            ),
            ("intent status", "Intent(Intent { messages: [\"status\"], jsonl: false })"),
            ("intent --jsonl", "Intent(Intent { messages: [], jsonl: true })"),
            ("export", "Export { file: None }"),
            ("export all.jsonl", "Export { file: Some(\"all.jsonl\") }"),
            ("import all.jsonl --data-dir d", "Import { file: \"all.jsonl\" }"),
        ] {
            check(line, expected);
        }
    }

    #[test]
    fn chat_takes_a_message_and_hides_the_token() {
        let (command, _) =
            parse("chat wss://x/ws -m hello --token s3cret-token --user ann").unwrap();
        assert!(!format!("{command:?}").contains("s3cret"));
        let Command::Chat(chat) = command else { panic!("not a chat: {command:?}") };
        assert_eq!((chat.url.as_str(), chat.message.as_deref()), ("wss://x/ws", Some("hello")));
        assert_eq!((chat.token.is_some(), chat.user.as_deref()), (true, Some("ann")));
    }

    #[test]
    fn flags_stand_before_or_behind_the_command() {
        let flags = "--config c.toml --bind [::1]:2 --port 3 --data-dir d --allow-anonymous";
        let (_, before) = parse(&format!("{flags} serve")).unwrap();
        let (_, behind) = parse(&format!("serve {flags}")).unwrap();
        assert_eq!(before, behind);
        assert_eq!(before.config.as_deref(), Some(Path::new("c.toml")));
        assert_eq!(before.bind, "[::1]:2".parse().ok());
        assert_eq!((before.port, before.allow_anonymous), (Some(3), true));
        assert_eq!(parse("").unwrap().1, Flags::default());
    }

    #[test]
    fn a_bad_line_names_the_flag() {
        for (line, named) in [
            ("--bind nowhere", "'nowhere' for '--bind <ADDR>'"),
            ("--port 70000", "'70000' for '--port <N>'"),
            ("import", "<FILE>"),
            ("route", "<MESSAGES>"),
            ("route hello --jsonl", "cannot be used with"),
            ("calibrate", "<FILE>"),
            ("intent", "<MESSAGE>"),
            ("intent help --jsonl", "'[MESSAGE]...'"),
            ("sever", "'serve'"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(named), "{line}: {error}");
        }
    }

    #[test]
    fn the_help() {
        Cli::command().debug_assert();
        insta::assert_snapshot!(Cli::command().render_help());
    }
}
