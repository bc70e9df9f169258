//! The binary: reads the command line and the settings, and does what they say.

use std::{
    io::{BufReader, BufWriter, IsTerminal as _, Write as _},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use operatoros::{
    app::App,
    cli::{self, Chat, Cli, Command},
    config::{self, ConfigError, LogFormat, Settings},
    intent::Vocabulary,
    lifecycle::Drained,
    operator,
    store::{self, LocalStore},
};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// What stops the program, in words for the one who started it.
type Problem = Box<dyn std::error::Error + Send + Sync>;

/// Reads the settings, from where they were read before.
trait Load: Fn() -> Result<Settings, ConfigError> {}
impl<F: Fn() -> Result<Settings, ConfigError>> Load for F {}

fn main() -> ExitCode {
    let (command, flags) = Cli::parse().into_parts();
    let file = Path::new(config::DEFAULT_FILE);
    let load = move || config::load(flags.clone(), config::environment(), file);
    let done = load().map_err(Problem::from).and_then(|settings| run(command, &settings, load));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            say_error(&*problem);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "the one who started it reads it there")]
fn say_error(problem: &(dyn std::error::Error + Send + Sync)) {
    eprintln!("operatoros: {problem}");
}

#[expect(clippy::print_stdout, reason = "it is what the command is for")]
fn run(command: Command, settings: &Settings, load: impl Load) -> Result<(), Problem> {
    // Fails only where a provider is installed already, which is as good.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match command {
        Command::Serve => {
            log_to(settings);
            runtime()?.block_on(serve(settings, load))
        }
        Command::Config => {
            print!("{}", config::describe(settings));
            Ok(())
        }
        Command::Chat(chat) => runtime()?.block_on(converse(chat, settings)),
        Command::Route(asked) => {
            Ok(cli::understand::route(&asked, settings, &mut std::io::stdout().lock())?)
        }
        Command::Calibrate(asked) => {
            Ok(cli::understand::calibrate(&asked, settings, &mut std::io::stdout().lock())?)
        }
        Command::Intent(asked) => {
            let pools = settings.pools.keys().map(String::as_str);
            let vocabulary = Vocabulary::new(pools, operator::demo_names());
            let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
            Ok(cli::intent::run(&asked, &vocabulary, &mut input, &mut output)?)
        }
        Command::Export { file } => {
            let store = LocalStore::open(&settings.data_dir)?;
            let counts = match file {
                Some(file) => {
                    let mut to = BufWriter::new(std::fs::File::create_new(file)?);
                    let counts = store::export(&store, &mut to)?;
                    to.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
                    counts
                }
                None => store::export(&store, &mut BufWriter::new(std::io::stdout().lock()))?,
            };
            tell(&format!("{} records exported", counts.records()));
            runtime()?.block_on(async { store::Store::close(&store).await });
            Ok(())
        }
        Command::Import { file } => {
            let store = LocalStore::open(&settings.data_dir)?;
            let imported = runtime()?.block_on(async {
                let imported = if file.as_os_str() == "-" {
                    store::import(&store, &mut std::io::stdin().lock()).await
                } else {
                    store::import(&store, &mut BufReader::new(std::fs::File::open(file)?)).await
                };
                store::Store::close(&store).await;
                imported.map_err(Problem::from)
            });
            tell(&format!("{} records imported", imported?.records()));
            Ok(())
        }
    }
}

fn log_to(settings: &Settings) {
    let filter = EnvFilter::try_new(&settings.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let colours = std::io::stderr().is_terminal();
    match settings.log_format {
        LogFormat::Text => lines.with_target(false).with_ansi(colours).init(),
        LogFormat::Json => lines.json().init(),
    }
}

/// What a command did, beside what it wrote to the standard output.
fn tell(what: &str) {
    // Nobody may be reading it.
    drop(writeln!(std::io::stderr(), "{what}"));
}

/// Runs the gateway until a signal, and takes it down with care.
async fn serve(settings: &Settings, load: impl Load) -> Result<(), Problem> {
    let mut signals = Signals::listen()?;
    let app = App::start(settings).await?;
    let address = app.address();
    tell(&format!(
        "OperatorOS {} listens on ws://{address}/ws, data in {}",
        env!("CARGO_PKG_VERSION"),
        settings.data_dir.display(),
    ));
    tell(&format!("Talk to it:  npx wscat -c ws://{address}/ws"));
    while signals.next().await == Wish::Reload {
        match load() {
            Ok(settings) => {
                app.adopt(&settings);
                tell("the settings were read again; pools have the workers that they say");
            }
            Err(problem) => tell(&format!("everything stays as it is: {problem}")),
        }
    }
    tell("going down; once more ends it at once");
    go_down(app, signals, settings).await;
    Ok(())
}

/// Gives running answers time to end. A second signal ends everything at once.
async fn go_down(app: App, mut signals: Signals, settings: &Settings) {
    let store = app.store();
    let patience = Duration::from_secs(settings.drain_seconds);
    tokio::select! {
        drained = app.stop(patience) => {
            if let Drained::Left(tasks) = drained {
                tracing::warn!(tasks, "some tasks did not end in time");
            }
        }
        () = signals.end() => store.close().await,
    }
}

/// Talks to a gateway; to one of its own where none is running at the usual place.
async fn converse(chat: Chat, settings: &Settings) -> Result<(), Problem> {
    if !chat.is_at_usual_place() || cli::chat::answers(&chat).await {
        return Ok(cli::chat::run(chat).await?);
    }
    let mut own = settings.clone();
    own.bind.set_port(0);
    let app = App::start(&own).await?;
    tell(&format!(
        "no gateway is running, so this is one of its own, data in {}",
        own.data_dir.display()
    ));
    let chat = chat.at(&format!("ws://{}/ws", app.address()), settings.token.as_ref());
    let ended = cli::chat::run(chat).await;
    app.stop(Duration::from_secs(settings.drain_seconds)).await;
    Ok(ended?)
}

/// The signals that the program heeds.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    reload: Signal,
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    End,
    Reload,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            // Not SIGHUP: a gateway in a terminal ends when that is closed.
            reload: signal(SignalKind::user_defined1())?,
        })
    }

    async fn next(&mut self) -> Wish {
        tokio::select! {
            _ = self.terminate.recv() => Wish::End,
            _ = self.interrupt.recv() => Wish::End,
            _ = self.reload.recv() => Wish::Reload,
        }
    }

    async fn end(&mut self) {
        while self.next().await != Wish::End {}
    }
}
