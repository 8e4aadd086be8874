//! What the actors of processes keep: rows, transcripts, and the newest output of those that run.
//!
//! Programs that are about to be begun are here and nowhere else: a process is never begun twice, so what it was begun
//! with (its environment may hold anything) is not stored.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use capuchin_actors::ports::run_process::{KeepError, ProcessReport, ProcessWork};
use dashmap::DashMap;
use jiff::Timestamp;
use parking_lot::Mutex;

use super::channel::Channel;
use super::error::ProcessError;
use super::live::{Follower, Live};
use super::process::{Process, ProcessState};
use super::store;
use super::transcript::{Passage, Transcripts};
use super::wish::Program;
use crate::config::ProcessesConfig;
use crate::db::{Db, DbError, TenantTx};
use crate::protocol::ids::{TenantId, ThreadId};
use crate::protocol::process::{KillReason, OutputStream, ProcessEnd, ProcessId, ProcessKey, TerminalSize};
use crate::redaction::{LeakLog, Redactor};

/// Bytes of the end of a transcript that stand for the recent output of a process that has ended.
const RECENT_BYTES: u64 = 64 << 10;
/// Processes that one round of housekeeping forgets.
const PRUNED_MAX: usize = 200;
/// What is said of what ran when the daemon ended without a word.
const LOST: &str = "the daemon ended while it ran, and it ended with it";

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Records {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    redactor: Redactor,
    leaks: LeakLog,
    transcripts: Transcripts,
    config: ProcessesConfig,
    /// Kept from the start of a process until its actor begins it.
    programs: DashMap<ProcessKey, Prepared>,
    running: DashMap<ProcessKey, Arc<Recording>>,
}

struct Prepared {
    program: Program,
    task: String,
    thread: Option<ThreadId>,
}

/// A process that runs.
struct Recording {
    key: ProcessKey,
    thread: Option<ThreadId>,
    live: Arc<Live>,
    channel: Mutex<Channel>,
}

// === impl Records ===

impl Records {
    /// Records in this store, with transcripts in this folder.
    #[must_use]
    pub fn new(
        db: Db,
        (redactor, leaks): (Redactor, LeakLog),
        folder: PathBuf,
        config: ProcessesConfig,
    ) -> Self {
        let transcripts = Transcripts::new(folder, config.transcript_bytes_max);
        let inner = Inner {
            db,
            redactor,
            leaks,
            transcripts,
            config,
            programs: DashMap::new(),
            running: DashMap::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    pub(super) fn db(&self) -> &Db {
        &self.inner.db
    }

    pub(super) fn config(&self) -> &ProcessesConfig {
        &self.inner.config
    }

    pub(super) fn redactor(&self) -> &Redactor {
        &self.inner.redactor
    }

    /// What has not ended, with its task. After a start: what an earlier life of the daemon left.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn unended(&self) -> Result<Vec<(TenantId, ProcessId, String)>, ProcessError> {
        Ok(self.inner.db.read_system(store::unended).await?)
    }

    /// Says of everything that an earlier life of the daemon left that it is lost. Before the first process of this
    /// life; how many.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn lose_all(&self) -> Result<usize, ProcessError> {
        let now_ms = now_ms();
        Ok(self.inner.db.write_system(move |tx| store::lose_all(tx, LOST, now_ms)).await?)
    }

    /// Forgets what ended long ago, or is too much, with its transcripts; how many.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn prune(&self) -> Result<usize, ProcessError> {
        let kept_ms = i64::try_from(self.inner.config.kept_s.saturating_mul(1_000)).unwrap_or(i64::MAX);
        let before_ms = now_ms().saturating_sub(kept_ms);
        let bytes_max = self.inner.config.kept_bytes;
        let prune = self.inner.db.write_system(move |tx| store::prune(tx, before_ms, bytes_max, PRUNED_MAX));
        let gone = prune.await?;
        let (count, records) = (gone.len(), self.clone());
        let removed = blocking(move || {
            for (tenant, id) in gone {
                records.inner.transcripts.remove(&ProcessKey { tenant, id })?;
            }
            Ok(())
        });
        if let Err(error) = removed.await {
            tracing::warn!(%error, "a transcript of a forgotten process is still there");
        }
        Ok(count)
    }

    /// Keeps what a process will be begun with.
    pub(super) fn prepare(&self, key: ProcessKey, program: Program, of: &Process) {
        let prepared = Prepared { program, task: of.task.clone(), thread: of.thread };
        self.inner.programs.insert(key, prepared);
    }

    /// The program of a process that was begun a moment ago. Once.
    #[must_use]
    pub fn take_program(&self, key: &ProcessKey) -> Option<Program> {
        self.inner.programs.remove(key).map(|(_, prepared)| prepared.program)
    }

    /// See [`KeepProcess::begin`](capuchin_actors::ports::run_process::KeepProcess::begin).
    ///
    /// # Errors
    /// [`KeepError`].
    pub async fn begin(&self, key: ProcessKey) -> Result<ProcessWork, KeepError> {
        let id = key.id;
        let begun = self.inner.db.write(&key.tenant, move |tx| store::begin(tx, id)).await;
        if !begun.map_err(unkept)? {
            return Err(KeepError::Fenced);
        }
        let Some((task, thread, terminal)) = self
            .inner
            .programs
            .get(&key)
            .map(|prepared| (prepared.task.clone(), prepared.thread, prepared.program.terminal))
        else {
            return Err(KeepError::Fenced);
        };
        let (records, of) = (self.clone(), key.clone());
        let writer = blocking(move || records.inner.transcripts.begin(&of, &task)).await;
        let writer = writer.map_err(|error| unwritten(&error))?;
        let live = Live::new(self.inner.config.buffer_bytes, writer.bytes(), terminal);
        let channel = Mutex::new(Channel::new(writer, &self.inner.redactor));
        let recording = Recording { key: key.clone(), thread, live, channel };
        self.inner.running.insert(key.clone(), Arc::new(recording));
        Ok(ProcessWork { key, time: Duration::from_secs(self.inner.config.run_s) })
    }

    /// See [`KeepProcess::report`](capuchin_actors::ports::run_process::KeepProcess::report).
    ///
    /// # Errors
    /// [`KeepError`].
    pub async fn report(&self, key: ProcessKey, report: ProcessReport) -> Result<(), KeepError> {
        match report {
            ProcessReport::Started { pid } => {
                let id = key.id;
                let write = self.inner.db.write(&key.tenant, move |tx| store::started(tx, id, pid));
                write.await.map_err(unkept)
            }
            ProcessReport::Output { stream, bytes } => {
                self.say(&key, move |channel| channel.push(stream, &bytes)).await
            }
        }
    }

    /// See [`KeepProcess::rest`](capuchin_actors::ports::run_process::KeepProcess::rest). Only what is on a terminal is
    /// shown then: people see what they type. Elsewhere a word waits for its end, as it may become a secret.
    ///
    /// # Errors
    /// [`KeepError`].
    pub async fn rest(&self, key: ProcessKey) -> Result<(), KeepError> {
        if !self.inner.running.get(&key).is_some_and(|recording| recording.live.is_terminal()) {
            return Ok(());
        }
        let fresh = self.inner.redactor.clone();
        self.say(&key, move |channel| channel.rest(&fresh)).await
    }

    /// Adds what a step of the channel gives to transcript and tape.
    async fn say<F>(&self, key: &ProcessKey, step: F) -> Result<(), KeepError>
    where
        F: FnOnce(&mut Channel) -> Vec<(OutputStream, String)> + Send + 'static,
    {
        let recording =
            self.inner.running.get(key).map(|found| Arc::clone(&found)).ok_or(KeepError::Fenced)?;
        let leaks = self.inner.leaks.clone();
        let said = blocking(move || {
            let mut channel = recording.channel.lock();
            for (stream, text) in step(&mut channel) {
                channel.note(&leaks, &recording.key.tenant, recording.thread);
                if !text.is_empty() {
                    let marked_bytes = channel.writer.append(stream, &text)?;
                    recording.live.push(stream, &text, marked_bytes);
                }
            }
            Ok(())
        });
        said.await.map_err(|error| unwritten(&error))
    }

    /// See [`KeepProcess::settle`](capuchin_actors::ports::run_process::KeepProcess::settle).
    ///
    /// # Errors
    /// [`KeepError`].
    pub async fn settle(&self, key: ProcessKey, end: ProcessEnd) -> Result<(), KeepError> {
        let state = if end.killed.is_some() { ProcessState::Killed } else { ProcessState::Exited };
        let fresh = self.inner.redactor.clone();
        let last = self.say(&key, move |channel| channel.finish(&fresh)).await;
        if last.is_err() {
            tracing::warn!(process = %key, "the last output of a process is not in its transcript");
        }
        self.sync(&key).await;
        let code = end.code.filter(|_| end.killed.is_none());
        let row = store::End { code, signal: end.signal, ..ended(state, end.reason) };
        self.end(&key, row).await
    }

    async fn sync(&self, key: &ProcessKey) {
        let Some(recording) = self.inner.running.get(key).map(|found| Arc::clone(&found)) else { return };
        let synced = blocking(move || recording.channel.lock().writer.sync());
        if let Err(error) = synced.await {
            tracing::warn!(%error, process = %key, "a transcript may not survive a crash of the machine");
        }
    }

    /// See [`KeepProcess::lose`](capuchin_actors::ports::run_process::KeepProcess::lose).
    ///
    /// # Errors
    /// [`KeepError`].
    pub async fn lose(&self, key: ProcessKey, why: &'static str) -> Result<(), KeepError> {
        self.end(&key, ended(ProcessState::Lost, why.to_owned())).await
    }

    /// Ends a process that was not begun, so that it never is; whether it was not.
    pub(super) async fn cancel(&self, key: &ProcessKey) -> Result<bool, DbError> {
        let (id, now_ms) = (key.id, now_ms());
        let write = move |tx: &mut TenantTx<'_>| store::cancel(tx, id, KillReason::Asked.describe(), now_ms);
        self.inner.db.write(&key.tenant, write).await
    }

    /// Ends a process whose actor could not be started.
    pub(super) async fn unstarted(&self, key: &ProcessKey, why: String) -> Result<(), KeepError> {
        self.end(key, ended(ProcessState::Killed, why)).await
    }

    async fn end(&self, key: &ProcessKey, mut end: store::End) -> Result<(), KeepError> {
        self.inner.programs.remove(key);
        let recording = self.inner.running.get(key).map(|found| Arc::clone(&found));
        if let Some(recording) = &recording {
            end.lines = recording.live.lines();
            end.bytes = recording.channel.lock().writer.bytes();
            end.screen = recording.live.screen_text();
        }
        let id = key.id;
        let write = self.inner.db.write(&key.tenant, move |tx| {
            store::end(tx, id, &end)?;
            store::by_id(tx, id)
        });
        let ended = write.await.map_err(unkept)?;
        if let Some(recording) = recording {
            recording.live.end(ended);
        }
        self.inner.running.remove(key);
        Ok(())
    }

    /// Notes the size that a pseudo-terminal has now.
    pub fn resized(&self, key: &ProcessKey, size: TerminalSize) {
        if let Some(recording) = self.inner.running.get(key) {
            recording.live.resize(size);
        }
    }

    /// A peer of a process that runs.
    pub(super) fn follow(&self, key: &ProcessKey, place: Option<u64>, pictures: bool) -> Option<Follower> {
        self.inner.running.get(key).map(|recording| recording.live.follow(place, pictures))
    }

    /// Lines and peers of a process that runs.
    pub(super) fn figures(&self, key: &ProcessKey) -> Option<(u64, usize)> {
        self.inner.running.get(key).map(|recording| (recording.live.lines(), recording.live.peers()))
    }

    /// The newest output of a process that runs, or its screen.
    pub(super) fn recent(&self, key: &ProcessKey) -> Option<(String, u64)> {
        self.inner.running.get(key).map(|recording| recording.live.recent())
    }

    /// A part of a transcript from a place on.
    pub(super) async fn passage(&self, key: &ProcessKey, since: u64) -> Result<Passage, ProcessError> {
        let (records, key) = (self.clone(), key.clone());
        let read = blocking(move || records.inner.transcripts.read(&key, since));
        read.await.map_err(ProcessError::Transcript)
    }

    /// The last of what a process with this task said.
    pub(super) async fn tail(&self, key: &ProcessKey, task: &str) -> Result<Passage, ProcessError> {
        let (records, key, task) = (self.clone(), key.clone(), task.to_owned());
        let read = blocking(move || records.inner.transcripts.tail(&key, &task, RECENT_BYTES));
        read.await.map_err(ProcessError::Transcript)
    }

    /// The file of a transcript.
    pub(super) fn transcript_path(&self, tenant: &TenantId, of: &Process) -> PathBuf {
        self.inner.transcripts.path(&ProcessKey { tenant: tenant.clone(), id: of.id })
    }
}

/// An end of which nothing else is known.
fn ended(state: ProcessState, reason: String) -> store::End {
    let ended_ms = now_ms();
    store::End { state, code: None, signal: None, reason, lines: 0, bytes: 0, screen: None, ended_ms }
}

/// Work on files, where it may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|broken| Err(io::Error::other(broken)))
}

#[allow(clippy::needless_pass_by_value, reason = "the shape that map_err asks for")]
fn unkept(error: DbError) -> KeepError {
    tracing::warn!(%error, "what is known of a process could not be stored");
    KeepError::Unavailable
}

fn unwritten(error: &io::Error) -> KeepError {
    tracing::warn!(%error, "a transcript could not be written");
    KeepError::Unavailable
}

fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}
