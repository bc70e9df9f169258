//! The binary: reads the command line and the settings, and does what they say.

use std::{
    io::{BufReader, BufWriter, IsTerminal as _, Write as _},
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::Parser;
use operatoros::{
    app::{App, Startup},
    cli::{self, Chat, Cli, Command},
    config::{self, Changes, Settings, Source},
    intent::Vocabulary,
    lifecycle::Drained,
    operator,
    store::{self, LocalStore},
    telemetry::Telemetry,
};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What stops the program, in words for the one who started it.
type Problem = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let startup = Startup::default();
    let (command, flags) = Cli::parse().into_parts();
    let file = Path::new(config::DEFAULT_FILE);
    let mut source = Source::new(flags, config::environment(), file);
    let settings = source.load().map(Arc::new).map_err(Problem::from);
    match settings.and_then(|settings| run(command, settings, source, startup)) {
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
fn run(
    command: Command,
    settings: Arc<Settings>,
    source: Source,
    mut startup: Startup,
) -> Result<(), Problem> {
    // Fails only where a provider is installed already, which is as good.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match command {
        Command::Serve => {
            let wanted = config::traces(config::environment());
            let telemetry = Telemetry::begin(&settings, wanted);
            startup.phase("settings");
            let served = runtime()?.block_on(serve(settings, source, startup, &telemetry));
            telemetry.end();
            served
        }
        Command::Config => {
            print!("{}", config::describe(&settings));
            Ok(())
        }
        Command::Chat(chat) => runtime()?.block_on(converse(chat, settings, source, startup)),
        Command::Route(asked) => {
            Ok(cli::understand::route(&asked, &settings, &mut std::io::stdout().lock())?)
        }
        Command::Calibrate(asked) => {
            Ok(cli::understand::calibrate(&asked, &settings, &mut std::io::stdout().lock())?)
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

/// What a command did, beside what it wrote to the standard output.
fn tell(what: &str) {
    // Nobody may be reading it.
    drop(writeln!(std::io::stderr(), "{what}"));
}

/// Runs the gateway until a signal, and takes it down with care.
async fn serve(
    settings: Arc<Settings>,
    source: Source,
    startup: Startup,
    telemetry: &Telemetry,
) -> Result<(), Problem> {
    let mut signals = Signals::listen()?;
    let app = App::start(settings.clone(), source, startup).await?;
    let (address, scheme) = (app.address(), settings.scheme());
    tell(&format!(
        "OperatorOS {} listens on {scheme}://{address}/ws, data in {}",
        env!("CARGO_PKG_VERSION"),
        settings.data_dir.display(),
    ));
    tell(&format!("Talk to it:  npx wscat -c {scheme}://{address}/ws"));
    let mut adopted = app.settings().follow();
    loop {
        tokio::select! {
            wish = signals.next() => match wish {
                Wish::End => break,
                Wish::Reload => reload(&app).await,
            },
            Ok(()) = adopted.changed() => telemetry.adopt(&adopted.borrow_and_update()),
        }
    }
    tell("going down; once more ends it at once");
    go_down(app, signals).await;
    Ok(())
}

/// Reads the settings again, as a signal asked for.
async fn reload(app: &App) {
    match app.settings().reload().await {
        Ok(Changes { live, .. }) if live.is_empty() => tell("nothing in the settings is different"),
        Ok(changes) => tell(&format!("in force now: {}", config::listed(&changes.live))),
        Err(problem) => tell(&format!("everything stays as it is: {problem}")),
    }
}

/// Gives running answers time to end. A second signal ends everything at once.
async fn go_down(app: App, mut signals: Signals) {
    let store = app.store();
    let patience = Duration::from_secs(app.settings().now().drain_seconds);
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
async fn converse(
    chat: Chat,
    settings: Arc<Settings>,
    source: Source,
    startup: Startup,
) -> Result<(), Problem> {
    let chat = if settings.tls.files().is_some() { chat.within_tls() } else { chat };
    if !chat.is_at_usual_place() || cli::chat::answers(&chat).await {
        return Ok(cli::chat::run(chat).await?);
    }
    let mut source = source.private();
    let own = Arc::new(source.load()?);
    let app = App::start(own.clone(), source, startup).await?;
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
    hang_up: Signal,
    /// It was started in a terminal.
    attached: bool,
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
            reload: signal(SignalKind::user_defined1())?,
            hang_up: signal(SignalKind::hangup())?,
            attached: at_a_terminal(),
        })
    }

    async fn next(&mut self) -> Wish {
        tokio::select! {
            _ = self.terminate.recv() => Wish::End,
            _ = self.interrupt.recv() => Wish::End,
            _ = self.reload.recv() => Wish::Reload,
            // A gateway in a terminal ends when that is closed; the terminal is gone by then.
            _ = self.hang_up.recv() => {
                if self.attached && !at_a_terminal() { Wish::End } else { Wish::Reload }
            }
        }
    }

    async fn end(&mut self) {
        while self.next().await != Wish::End {}
    }
}

/// Whether a terminal is there, to be read or to be written to.
fn at_a_terminal() -> bool {
    std::io::stdin().is_terminal() || std::io::stderr().is_terminal()
}
