//! `serve`: this process is the daemon.

use std::ffi::OsString;
use std::pin::pin;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::{Claim, ClaimError, Config, Presence};
use crate::daemon::{self, DaemonExit, RunningDaemon, StartOptions};
use crate::telemetry;

use super::args::ServeArgs;
use super::commands::many;
use super::detect::{self, Ollama};
use super::exit::{Exit, Failure, Outcome};
use super::lifecycle::{READY, SETUP};
use super::output::{self, Style};
use super::place::Place;

pub(super) fn run(place: &Place, args: &ServeArgs) -> Outcome {
    if args.detached {
        // silent-ok: a process that leads a session already has left the terminal's.
        let _ = rustix::process::setsid();
    }
    let config = place.config(args)?;
    place.prepare()?;
    // Outlives the runtime: the last spans are sent when everything else has ended.
    let options = StartOptions { sources: Some(place.sources_with(args)), ..StartOptions::default() };
    let _telemetry = telemetry::init(&config.telemetry, &options.redactor, &options.troubles)?;
    daemon::close_process();
    let runtime = many()?;
    let outcome = runtime.block_on(Box::pin(live(place, config, options, args.detached)));
    // Whatever still blocks a thread after the ordered end has nothing left to save.
    runtime.shutdown_background();
    outcome
}

async fn live(place: &Place, config: Config, options: StartOptions, detached: bool) -> Outcome {
    // Before anything is ready: from then on a signal must find somebody who listens.
    let signals = Signals::install()?;
    let claim = Claim::take(&place.home).await.map_err(|error| taken(place, error))?;
    let daemon = daemon::start(config, place.home.clone(), options).await?;
    let (console, ingress) = (daemon.console_url(), daemon.ingress_url());
    let presence = Presence::of_this_process(&place.home, Some(console.clone()), Some(ingress.clone()));
    claim.announce(&presence)?;
    let setup_link = daemon.setup_link();
    if let (true, Some(link)) = (detached, &setup_link) {
        // For `start`, which shows it: stderr is a log there, and a link that lets somebody in is not for it.
        output::line(format_args!("{SETUP} {link}"));
    }
    output::line(format_args!("{READY} console={console} ingress={ingress}"));
    let greeting = greet(place.home.describe().to_string(), setup_link.filter(|_| !detached));
    let mut ending = pin!(until_the_end(&daemon, signals));
    tokio::select! {
        outcome = &mut ending => return outcome,
        () = greeting => {}
    }
    ending.await
}

fn taken(place: &Place, error: ClaimError) -> Failure {
    match error {
        ClaimError::Taken(_) => Failure::new(Exit::Unavailable, error).hint(format!(
            "talk to it with `capuchin chat`, end it with `capuchin stop`, or give another --home than {}",
            place.home.describe()
        )),
        ClaimError::Io { .. } => error.into(),
    }
}

/// What ends a daemon from outside.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn install() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Waits for a signal or for the daemon's own end. The second signal does not wait for anything.
async fn until_the_end(daemon: &RunningDaemon, mut signals: Signals) -> Outcome {
    tokio::select! {
        () = signals.next() => {}
        exit = daemon.wait() => return Ok(of_daemon(exit)),
    }
    output::talk("stopping: running turns get time to end; a second signal does not wait");
    tokio::select! {
        () = daemon.shutdown() => Ok(Exit::Done),
        () = signals.next() => forced(),
    }
}

const fn of_daemon(exit: DaemonExit) -> Exit {
    match exit {
        DaemonExit::Stopped => Exit::Done,
        DaemonExit::GaveUp => Exit::GaveUp,
    }
}

fn forced() -> Outcome {
    Err(Failure::text(
        Exit::Failed,
        "stopped without waiting; what was accepted is resumed at the next start",
    ))
}

/// Tells a person where everything is, and what on this machine could answer.
async fn greet(home: String, setup_link: Option<String>) {
    let style = Style::of_stderr();
    output::talk(format_args!(
        "{} · home {home} · nothing leaves this machine until you connect a model",
        style.bold(concat!("capuchin ", env!("CARGO_PKG_VERSION")))
    ));
    if let Some(link) = setup_link {
        output::talk(format_args!(
            "  Open   {}   (works once, 15 minutes, this machine only)",
            style.bold(&link)
        ));
    }
    output::talk(format_args!("  Found  {}", found().await.join(" · ")));
}

/// The way in for the first person.
pub(super) fn invite(link: &str) {
    let link = Style::of_stderr().bold(link);
    output::talk(format_args!("  Open   {link}   (works once, 15 minutes, this machine only)"));
}

async fn found() -> Vec<String> {
    let setting = std::env::var("OLLAMA_HOST").ok();
    let mut found = Vec::new();
    match detect::ollama(setting.as_deref()).await {
        Ollama::Here { address, models } => found.push(format!("Ollama at {address} ({models} models)")),
        Ollama::Elsewhere(address) => found.push(format!("OLLAMA_HOST names {address}, not asked")),
        Ollama::Absent => {}
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.extend(detect::clis(&path).into_iter().map(|name| format!("{name} CLI")));
    let names = std::env::vars_os().filter_map(|(name, _): (OsString, _)| name.into_string().ok());
    found.extend(detect::key_names(names).into_iter().map(|name| format!("{name} (not read)")));
    found.push("demo, offline".to_owned());
    found
}
