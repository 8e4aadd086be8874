//! A plug that is a program: a line of JSON in, a line of JSON out, in a cage without network.
//!
//! It is kept between calls, because starting a program and its cage costs more than most plugs do: one call at a time, and
//! a program that ends after an answer is started again with the next call. One that ends without an answer rests before it is
//! tried again, longer each time. With `once` it is started for each call and reads to the end of its input. Whoever says more
//! than was asked, or is not waited for any more, is ended with everything that it started.

mod running;

use std::path::PathBuf;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::answer::{Speaker, asked, take};
use super::context::Context;
use super::plug::{Plug, PlugError};
use crate::sandbox::{Command, Network, Profile, Sandbox};
use running::{Failed, Running};

/// First rest of a program that ended without an answer; then twice as long each time.
const REST_FIRST: Duration = Duration::from_secs(1);
/// Longest rest.
const REST_MAX: Duration = Duration::from_secs(60);
/// Processes and threads of a plug.
const PROCESSES_MAX: u64 = 64;
/// Bytes of each file that it writes, and of its private folder for temporary files.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// A program as a plug.
#[derive(Clone, PartialEq, Debug)]
pub struct CommandWish {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// What it is told with every call.
    pub options: Map<String, Value>,
    /// Files and folders that it may read; those that the command names are added.
    pub read: Vec<PathBuf>,
    /// Memory in bytes of everything that it starts.
    pub memory_bytes: u64,
    /// Whether it is started for each call.
    pub once: bool,
    /// Whether what it says counts as the system's own word.
    pub trusted: bool,
    /// Whether its failure halts the point.
    pub guards: bool,
}

/// See the module.
pub struct CommandPlug {
    speaker: Speaker,
    wish: CommandWish,
    sandbox: Sandbox,
    kept: Mutex<Kept>,
}

/// The program between two calls.
#[derive(Default)]
struct Kept {
    running: Option<Running>,
    rest: Option<Rest>,
}

/// A program that ended without an answer is left alone for a while.
struct Rest {
    until: Instant,
    next: Duration,
    why: String,
}

// === impl CommandPlug ===

impl CommandPlug {
    /// The plug of this name. Nothing is started before the first call.
    #[must_use]
    pub fn new(name: &str, wish: CommandWish, sandbox: Sandbox) -> Self {
        let speaker = Speaker { name: name.to_owned(), trusted: wish.trusted };
        Self { speaker, wish, sandbox, kept: Mutex::default() }
    }

    async fn ask(&self, line: &str) -> Result<Vec<u8>, PlugError> {
        if self.wish.once {
            return Ok(self.start().await?.ask_once(line).await?);
        }
        let mut kept = self.kept.lock().await;
        kept.rested()?;
        // Taken out: a call that is not waited for any more takes its program with it.
        if let Some(mut running) = kept.running.take() {
            match running.ask(line).await {
                Ok(said) => return Ok(kept.go_on(running, said)),
                // It ended between two calls, as programs do that answer once.
                Err(Failed::Ended(_)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        let mut running = match self.start().await {
            Ok(running) => running,
            Err(error) => return Err(kept.lie_down(error)),
        };
        match running.ask(line).await {
            Ok(said) => Ok(kept.go_on(running, said)),
            Err(failed) => Err(kept.lie_down(failed.into())),
        }
    }

    async fn start(&self) -> Result<Running, PlugError> {
        let gone =
            |error: &dyn std::fmt::Display| PlugError::Unavailable(format!("it was not started: {error}"));
        let (program, args) = self.wish.command.split_first().ok_or_else(|| gone(&"it has no program"))?;
        // Links are not given: those of the system are there anyway, others are for people to name where they lead.
        let given = |path: &PathBuf| path.is_absolute() && path.exists() && !path.is_symlink();
        let named = self.wish.command.iter().map(PathBuf::from).filter(given);
        let mut limits = self.sandbox.limits();
        limits.memory_bytes = self.wish.memory_bytes;
        limits.processes = limits.processes.min(PROCESSES_MAX);
        limits.file_bytes = limits.file_bytes.min(FILE_BYTES_MAX);
        limits.tmp_bytes = limits.tmp_bytes.min(FILE_BYTES_MAX);
        let profile = Profile {
            read: named.chain(self.wish.read.iter().cloned()).collect(),
            network: Network::Off,
            limits,
            ..Profile::default()
        };
        let command = Command::new(program, args.iter().cloned()).with_input();
        let child = self.sandbox.spawn(command, &profile).await.map_err(|error| gone(&error))?;
        Running::of(child).ok_or_else(|| gone(&"it has no input or output"))
    }
}

impl Plug for CommandPlug {
    fn name(&self) -> &str {
        &self.speaker.name
    }

    fn call(&self, context: Context) -> BoxFuture<'_, Result<Context, PlugError>> {
        async move {
            let line = asked(&context, Some(&self.wish.options))? + "\n";
            let said = self.ask(&line).await?;
            take(context, &self.speaker, &said)
        }
        .boxed()
    }

    fn guards(&self) -> bool {
        self.wish.guards
    }
}

// === impl Kept ===

impl Kept {
    /// Whether it may be started.
    fn rested(&self) -> Result<(), PlugError> {
        match &self.rest {
            Some(rest) if rest.until > Instant::now() => {
                let seconds = rest.until.saturating_duration_since(Instant::now()).as_secs() + 1;
                Err(PlugError::Unavailable(format!("{}; it is tried again in {seconds} s", rest.why)))
            }
            _ => Ok(()),
        }
    }

    /// It answered, and is there for the next call.
    fn go_on(&mut self, running: Running, said: Vec<u8>) -> Vec<u8> {
        (self.running, self.rest) = (Some(running), None);
        said
    }

    /// It was started for nothing.
    fn lie_down(&mut self, why: PlugError) -> PlugError {
        let rest = self.rest.as_ref().map_or(REST_FIRST, |rest| rest.next);
        let next = (rest * 2).min(REST_MAX);
        self.rest = Some(Rest { until: Instant::now() + rest, next, why: why.to_string() });
        why
    }
}
