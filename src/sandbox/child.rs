//! A program in its cage. Dropping it ends the whole tree.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;

use super::captured::Captured;
use super::door::Relay;
use super::leftovers::Record;
use super::plan::{Ended, EndedBy, Message, STOP};

/// A message of a cage is shorter.
const HEARD_BYTES_MAX: usize = 64 << 10;
/// Time beyond the program's own grace after which the cage itself is killed.
const PATIENCE: Duration = Duration::from_secs(3);
const READ_BYTES: usize = 16 << 10;

/// A program in its cage. Dropping it ends the whole tree.
#[derive(Debug)]
pub struct Child {
    /// Its input, if the command asked for one. Dropping it closes it.
    pub stdin: Option<pipe::Sender>,
    /// Its output; `None` on a terminal. A child whose output nobody reads stops when the pipe is full.
    pub stdout: Option<pipe::Receiver>,
    /// Its errors; `None` on a terminal, and where they go to the output.
    pub stderr: Option<pipe::Receiver>,
    /// The door of its profile, to be run while the child lives; `None` without one, and where there are no namespaces.
    pub door: Option<Relay>,
    control: UnixStream,
    heard: Vec<u8>,
    launcher: tokio::process::Child,
    pid: u32,
    grace: Duration,
    ended: Option<Ended>,
    _record: Record,
}

/// A program that ended, with what it wrote.
#[derive(Clone, Debug)]
pub struct Finished {
    /// How it ended.
    pub ended: Ended,
    /// What it wrote to its output.
    pub stdout: Captured,
    /// What it wrote to its errors.
    pub stderr: Captured,
}

pub(super) struct Parts {
    pub(super) streams: Streams,
    pub(super) control: UnixStream,
    pub(super) launcher: tokio::process::Child,
    pub(super) record: Record,
    pub(super) grace: Duration,
}

/// Our sides of a program's pipes.
#[derive(Default)]
pub(super) struct Streams {
    pub(super) stdin: Option<pipe::Sender>,
    pub(super) stdout: Option<pipe::Receiver>,
    pub(super) stderr: Option<pipe::Receiver>,
}

// === impl Streams ===

impl Streams {
    /// Whether there are none: the program is on a terminal.
    pub(super) const fn none(&self) -> bool {
        self.stdin.is_none() && self.stdout.is_none() && self.stderr.is_none()
    }
}

// === impl Child ===

impl Child {
    pub(super) fn new(parts: Parts) -> Self {
        Self {
            stdin: parts.streams.stdin,
            stdout: parts.streams.stdout,
            stderr: parts.streams.stderr,
            door: None,
            control: parts.control,
            heard: Vec::new(),
            pid: parts.launcher.id().unwrap_or(0),
            launcher: parts.launcher,
            grace: parts.grace,
            ended: None,
            _record: parts.record,
        }
    }

    /// Process id of its cage, outside.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.pid
    }

    /// The next message of the cage; `None` when there will be no more. Loses nothing when it is dropped.
    pub(super) async fn hear(&mut self) -> io::Result<Option<Message>> {
        loop {
            if let Some(at) = self.heard.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.heard.drain(..=at).collect();
                return Ok(Some(serde_json::from_slice(&line)?));
            }
            if self.heard.len() > HEARD_BYTES_MAX {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if self.control.read_buf(&mut self.heard).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Waits until the program has ended, and every other process of the cage with it. Can be dropped and called
    /// again.
    pub async fn wait(&mut self) -> Ended {
        while self.ended.is_none() {
            match self.hear().await {
                Ok(Some(Message::Ended(ended))) => self.ended = Some(ended),
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => self.ended = Some(LOST),
            }
        }
        if let Err(error) = self.launcher.wait().await {
            tracing::warn!(%error, "the end of a child process was not seen");
        }
        self.ended.unwrap_or(LOST)
    }

    /// Ends the tree: TERM, and KILL after the grace of its limits. How it ended, as [`wait`](Self::wait).
    pub async fn stop(&mut self) -> Ended {
        // silent-ok: a cage that hears nothing is gone, or killed below
        let _ = self.control.write_all(STOP).await;
        if let Ok(ended) = tokio::time::timeout(self.grace + PATIENCE, self.wait()).await {
            return ended;
        }
        // silent-ok: it is gone already
        let _ = self.launcher.start_kill();
        self.wait().await
    }

    /// Reads the program's output until it has ended; of each stream at most so many bytes, from its beginning and
    /// its end.
    pub async fn run_to_end(mut self, bytes_max: usize) -> Finished {
        let (stdout, stderr) = (self.stdout.take(), self.stderr.take());
        drop(self.stdin.take());
        let (ended, stdout, stderr) =
            tokio::join!(self.wait(), capture(stdout, bytes_max), capture(stderr, bytes_max));
        Finished { ended, stdout, stderr }
    }
}

const LOST: Ended = Ended { code: None, signal: None, by: EndedBy::Lost };

async fn capture(stream: Option<pipe::Receiver>, bytes_max: usize) -> Captured {
    let mut captured = Captured::new(bytes_max);
    let Some(mut stream) = stream else { return captured };
    let mut buffer = vec![0; READ_BYTES];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        captured.push(buffer.get(..read).unwrap_or_default());
    }
    captured
}

// === impl Finished ===

impl Finished {
    /// Output, then errors, as text with marks where something is cut.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.stdout.text();
        let errors = self.stderr.text();
        if !text.is_empty() && !errors.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text + &errors
    }
}
