//! `RunProcess` over the sandbox, and `KeepProcess` over the records of processes.
//!
//! A program runs in a cage of its own, with the folder of its workspace and nothing else of this machine. Its output
//! is taken as fast as it can be kept, and no faster: a flood stands still in the program's own pipe.

mod streams;

use std::time::Duration;

use capuchin_actors::ports::run_process::{
    KeepError, KeepProcess, ProcessLines, ProcessReport, ProcessWork, RunProcess,
};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::mpsc;

use crate::processes::{Program, Records};
use crate::protocol::process::{
    KillReason, OutputStream, ProcessEnd, ProcessKey, ProcessOrder, TerminalSize,
};
use crate::sandbox::{
    Child, Command, Ended, EndedBy, Limits, Network, Profile, Sandbox, SandboxError, Terminal,
};

/// How long the rest of an output is waited for after its program has ended.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// The exit codes that shells have for a program that is not there, and for one that may not be run.
const NOT_FOUND: i32 = 127;
const NOT_RUN: i32 = 126;
/// What ends the input of a terminal.
const END_OF_INPUT: &[u8] = &[4];

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct SandboxedProcesses {
    sandbox: Sandbox,
    records: Records,
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct KeptProcesses {
    records: Records,
}

/// A program that runs.
struct Running {
    child: Child,
    terminal: Option<Terminal>,
}

// === impl KeptProcesses ===

impl KeptProcesses {
    /// Keeps what is known of processes in these records.
    #[must_use]
    pub const fn new(records: Records) -> Self {
        Self { records }
    }
}

impl KeepProcess for KeptProcesses {
    fn begin(&self, key: &ProcessKey) -> BoxFuture<'static, Result<ProcessWork, KeepError>> {
        let (records, key) = (self.records.clone(), key.clone());
        async move { records.begin(key).await }.boxed()
    }

    fn report(&self, key: &ProcessKey, report: ProcessReport) -> BoxFuture<'static, Result<(), KeepError>> {
        let (records, key) = (self.records.clone(), key.clone());
        async move { records.report(key, report).await }.boxed()
    }

    fn rest(&self, key: &ProcessKey) -> BoxFuture<'static, Result<(), KeepError>> {
        let (records, key) = (self.records.clone(), key.clone());
        async move { records.rest(key).await }.boxed()
    }

    fn settle(&self, key: &ProcessKey, end: ProcessEnd) -> BoxFuture<'static, Result<(), KeepError>> {
        let (records, key) = (self.records.clone(), key.clone());
        async move { records.settle(key, end).await }.boxed()
    }

    fn lose(&self, key: &ProcessKey, why: &'static str) -> BoxFuture<'static, Result<(), KeepError>> {
        let (records, key) = (self.records.clone(), key.clone());
        async move { records.lose(key, why).await }.boxed()
    }
}

// === impl SandboxedProcesses ===

impl SandboxedProcesses {
    /// Starts the programs of these records in this sandbox.
    #[must_use]
    pub const fn new(sandbox: Sandbox, records: Records) -> Self {
        Self { sandbox, records }
    }

    async fn start(&self, program: Program) -> Result<Running, SandboxError> {
        let limits = Limits { cpu_s: u64::from(u32::MAX), wall_ms: None, ..self.sandbox.limits() };
        let network = if program.network { Network::Open } else { Network::Off };
        let profile = Profile { network, env: program.env, ..Profile::writing(vec![program.root], limits) };
        let command = Command::new(program.program, program.args).at(program.cwd);
        let Some(size) = program.terminal else {
            let child = self.sandbox.spawn(command.with_input(), &profile).await?;
            return Ok(Running { child, terminal: None });
        };
        let (terminal, inside) = Terminal::open(size.rows, size.cols).map_err(SandboxError::Launcher)?;
        let child = self.sandbox.spawn_on_terminal(command, &profile, inside).await?;
        Ok(Running { child, terminal: Some(terminal) })
    }

    async fn run_to_end(&self, key: ProcessKey, mut lines: ProcessLines) -> ProcessEnd {
        let Some(program) = self.records.take_program(&key) else {
            return unrun(NOT_RUN, "it is not known what to run".to_owned());
        };
        let started = tokio::select! {
            started = self.start(program) => started,
            () = lines.kill.cancelled() => return unrun(NOT_RUN, "it was not run".to_owned()),
        };
        let mut running = match started {
            Ok(running) => running,
            Err(error) => {
                let code = if matches!(error, SandboxError::Program { .. }) { NOT_FOUND } else { NOT_RUN };
                let text = match &error {
                    SandboxError::Unreadable { source, .. } => format!("{error}: {source}"),
                    _ => error.to_string(),
                };
                say(&lines.reports, OutputStream::Stderr, format!("{text}\n").into_bytes()).await;
                return unrun(code, text);
            }
        };
        let pid = Some(running.child.id());
        // silent-ok: nobody listens only when the actor is gone, and then this is dropped
        let _ = lines.reports.send(ProcessReport::Started { pid }).await;
        let ended = match running.terminal.take() {
            Some(terminal) => self.drive_terminal(&key, &mut running.child, terminal, &mut lines).await,
            None => drive_streams(&mut running.child, &mut lines).await,
        };
        end_of(ended)
    }

    /// A program in a pseudo-terminal, up to its end.
    async fn drive_terminal(
        &self,
        key: &ProcessKey,
        child: &mut Child,
        terminal: Terminal,
        lines: &mut ProcessLines,
    ) -> Ended {
        let said = streams::watch(&terminal, &lines.reports);
        let told = async {
            while let Some(order) = lines.orders.recv().await {
                // silent-ok: a program that is gone reads nothing, and its end says so
                let _ = match order {
                    ProcessOrder::Input(bytes) => terminal.write_all(&bytes).await,
                    ProcessOrder::EndInput => terminal.write_all(END_OF_INPUT).await,
                    ProcessOrder::Resize(size) => {
                        self.resize(key, &terminal, size);
                        Ok(())
                    }
                };
            }
        };
        to_the_end(child, &lines.kill, said, told).await
    }

    fn resize(&self, key: &ProcessKey, terminal: &Terminal, size: TerminalSize) {
        match terminal.resize(size.rows, size.cols) {
            Ok(()) => self.records.resized(key, size),
            Err(error) => tracing::debug!(%error, process = %key, "a terminal kept its size"),
        }
    }
}

impl RunProcess for SandboxedProcesses {
    fn run(&self, key: ProcessKey, lines: ProcessLines) -> BoxFuture<'static, ProcessEnd> {
        let this = self.clone();
        async move { this.run_to_end(key, lines).await }.boxed()
    }
}

/// A program with streams, up to its end.
async fn drive_streams(child: &mut Child, lines: &mut ProcessLines) -> Ended {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let said = async {
        tokio::join!(
            streams::pump(stdout, OutputStream::Stdout, &lines.reports),
            streams::pump(stderr, OutputStream::Stderr, &lines.reports),
        );
    };
    let told = streams::feed(stdin, &mut lines.orders);
    to_the_end(child, &lines.kill, said, told).await
}

/// Waits for the end of a program while it is listened to and told things.
async fn to_the_end(
    child: &mut Child,
    kill: &tokio_util::sync::CancellationToken,
    said: impl Future<Output = ()>,
    told: impl Future<Output = ()>,
) -> Ended {
    let ended = async {
        tokio::select! {
            ended = child.wait() => ended,
            () = kill.cancelled() => child.stop().await,
        }
    };
    // Told lasts at most as long as the program, but its end is not the program's.
    let told = async {
        told.await;
        futures::future::pending::<()>().await;
    };
    tokio::pin!(ended, said, told);
    let mut silent = false;
    let ended = loop {
        tokio::select! {
            ended = &mut ended => break ended,
            () = &mut said, if !silent => silent = true,
            () = &mut told => {}
        }
    };
    if !silent && tokio::time::timeout(LAST_WORDS, said).await.is_err() {
        tracing::warn!("the last output of a process did not come in time");
    }
    ended
}

async fn say(reports: &mpsc::Sender<ProcessReport>, stream: OutputStream, bytes: Vec<u8>) {
    // silent-ok: nobody listens only when the actor is gone, and then this is dropped
    let _ = reports.send(ProcessReport::Output { stream, bytes }).await;
}

fn unrun(code: i32, reason: String) -> ProcessEnd {
    ProcessEnd { code: Some(code), signal: None, killed: None, reason }
}

fn end_of(ended: Ended) -> ProcessEnd {
    // What somebody stopped, the actor knows better; and what vanished, nobody ended on purpose.
    let by_limit = !matches!(ended.by, EndedBy::Itself | EndedBy::Stopped | EndedBy::Lost);
    let killed = by_limit.then_some(KillReason::Limit);
    ProcessEnd { code: ended.code, signal: ended.signal, killed, reason: ended.describe() }
}

#[cfg(test)]
mod tests;
