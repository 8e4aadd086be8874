//! A program that was started, and one exchange with it.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe;

use crate::extensions::answer::{ANSWER_BYTES_MAX, short};
use crate::extensions::plug::PlugError;
use crate::sandbox::{Captured, Child};

/// What is kept of its error output.
const ERRORS_BYTES: usize = 2_000;
/// Time for what a program wrote there before it ended.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// See the module. Dropping it ends the program with everything that it started.
pub(super) struct Running {
    stdin: Option<pipe::Sender>,
    stdout: pipe::Receiver,
    stderr: pipe::Receiver,
    /// What it wrote there during an exchange.
    errors: Captured,
    _child: Child,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failed {
    /// It ended before it said anything; what it wrote to its error output.
    Ended(String),
    /// It did something else than was agreed.
    Wrong(PlugError),
}

impl From<Failed> for PlugError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Ended(said) if said.is_empty() => {
                Self::Unavailable("it ended without an answer".to_owned())
            }
            Failed::Ended(said) => Self::Unavailable(format!("it ended without an answer: {said}")),
            Failed::Wrong(error) => error,
        }
    }
}

// === impl Running ===

impl Running {
    /// A program with its streams.
    pub(super) fn of(mut child: Child) -> Option<Self> {
        let streams = (child.stdin.take(), child.stdout.take()?, child.stderr.take()?);
        let (stdin, stdout, stderr) = streams;
        Some(Self { stdin, stdout, stderr, errors: Captured::new(ERRORS_BYTES), _child: child })
    }

    /// A line for a line.
    pub(super) async fn ask(&mut self, line: &str) -> Result<Vec<u8>, Failed> {
        let mut early = [0];
        match self.stdout.try_read(&mut early) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(0) => return Err(self.ended().await),
            Ok(_) => return Err(wrong("it spoke without being asked")),
            Err(error) => return Err(Failed::Ended(short(&error.to_string()))),
        }
        self.exchange(line, false).await
    }

    /// A line, and everything that it says until it ends.
    pub(super) async fn ask_once(mut self, line: &str) -> Result<Vec<u8>, Failed> {
        self.exchange(line, true).await
    }

    /// It has ended. What it wrote last is in the pipe, or on its way there.
    async fn ended(&mut self) -> Failed {
        let last = tokio::time::timeout(LAST_WORDS, listen_to_the_end(&mut self.stderr, &mut self.errors));
        // silent-ok: it is told as far as it is known
        let _ = last.await;
        Failed::Ended(short(&self.errors.text()))
    }

    async fn exchange(&mut self, line: &str, to_the_end: bool) -> Result<Vec<u8>, Failed> {
        let Self { stdin, stdout, stderr, errors, .. } = self;
        let write = async {
            let written = match stdin.as_mut() {
                Some(stdin) => stdin.write_all(line.as_bytes()).await,
                None => Err(io::ErrorKind::BrokenPipe.into()),
            };
            if to_the_end {
                stdin.take();
            }
            written
        };
        let talk = async { futures::join!(write, read(stdout, to_the_end)) };
        let (written, said) = tokio::select! {
            biased;
            talked = talk => talked,
            () = listen(stderr, errors) => return Err(wrong("its error output is broken")),
        };
        let said = said?;
        if said.iter().all(u8::is_ascii_whitespace) {
            return Err(self.ended().await);
        }
        match written {
            Ok(()) => Ok(said),
            // A program that answers without having read all is told apart from one that is gone by its answer.
            Err(_) if to_the_end => Ok(said),
            Err(_) => Err(wrong("it answered before it had read what it was asked")),
        }
    }
}

fn wrong(what: &str) -> Failed {
    Failed::Wrong(PlugError::Invalid(what.to_owned()))
}

/// A line, or everything; empty if there is nothing more.
async fn read(stdout: &mut pipe::Receiver, to_the_end: bool) -> Result<Vec<u8>, Failed> {
    let mut said = Vec::new();
    loop {
        let before = said.len();
        match stdout.read_buf(&mut said).await {
            Ok(0) => return Ok(said),
            Ok(_) => {}
            Err(error) => return Err(Failed::Ended(short(&error.to_string()))),
        }
        let end = said.iter().skip(before).position(|byte| *byte == b'\n').map(|at| before + at + 1);
        if let (Some(end), false) = (end, to_the_end) {
            if end < said.len() {
                return Err(wrong("it said more than one line"));
            }
            return Ok(said);
        }
        if said.len() > ANSWER_BYTES_MAX {
            return Err(Failed::Wrong(PlugError::TooMuch(format!(
                "{} KiB in an answer",
                ANSWER_BYTES_MAX >> 10
            ))));
        }
    }
}

/// Takes in what it writes there, for ever.
async fn listen(stderr: &mut pipe::Receiver, errors: &mut Captured) {
    listen_to_the_end(stderr, errors).await;
    std::future::pending::<()>().await;
}

async fn listen_to_the_end(stderr: &mut pipe::Receiver, errors: &mut Captured) {
    let mut piece = Vec::with_capacity(4_096);
    while let Ok(1..) = stderr.read_buf(&mut piece).await {
        errors.push(&piece);
        piece.clear();
    }
}
