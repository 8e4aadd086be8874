//! A program that runs, with its streams: lines out of it, lines into it, its last words. No protocol, no deadline.

use std::collections::VecDeque;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use super::port::{Running, Started};

/// Longest line that a program prints: answers of tools with pictures are long.
const LINE_BYTES_MAX: usize = 16 << 20;
/// What waits for a program that reads nothing, at most.
const UNSENT_BYTES_MAX: usize = 16 << 20;
/// Of its errors so much is kept.
const LAST_WORDS_BYTES: usize = 2_000;
const READ_BYTES: usize = 16 << 10;
/// So long a program may take to end after it has closed its output.
const ENDS_WITHIN: Duration = Duration::from_secs(1);

/// See the module. Dropping it ends the program with all that it started.
pub(super) struct Alive {
    stdin: Box<dyn AsyncWrite + Send + Unpin>,
    stdout: Box<dyn AsyncRead + Send + Unpin>,
    /// Until it is at its end.
    stderr: Option<Box<dyn AsyncRead + Send + Unpin>>,
    program: Box<dyn Running>,
    relay: BoxFuture<'static, ()>,
    /// Printed, and not a whole line yet; up to here it was looked through.
    heard: Vec<u8>,
    looked: usize,
    unsent: VecDeque<u8>,
    last_words: Vec<u8>,
}

// === impl Alive ===

impl Alive {
    pub(super) fn new(started: Started) -> Self {
        Self {
            stdin: started.stdin,
            stdout: started.stdout,
            stderr: Some(started.stderr),
            program: started.program,
            relay: started.relay,
            heard: Vec::new(),
            looked: 0,
            unsent: VecDeque::new(),
            last_words: Vec::new(),
        }
    }

    /// Has these lines written while [`line`](Self::line) is waited for.
    pub(super) fn send(&mut self, lines: Vec<String>) {
        for line in lines {
            self.unsent.extend(line.into_bytes());
            self.unsent.push_back(b'\n');
        }
    }

    /// The next line. The error says how the program ended, or what it did that no program does. Can be dropped and called
    /// again: nothing is lost.
    pub(super) async fn line(&mut self) -> Result<String, String> {
        loop {
            if let Some(line) = self.whole_line() {
                return Ok(line);
            }
            if self.heard.len() > LINE_BYTES_MAX {
                return Err(format!("it printed a line of more than {} MiB", LINE_BYTES_MAX >> 20));
            }
            if self.unsent.len() > UNSENT_BYTES_MAX {
                return Err("it does not read what it is told".to_owned());
            }
            self.heard.reserve(READ_BYTES);
            tokio::select! {
                read = self.stdout.read_buf(&mut self.heard) => {
                    if !matches!(read, Ok(1..)) {
                        return Err(self.end().await);
                    }
                }
                read = read_some(self.stderr.as_mut(), &mut self.last_words) => match read {
                    0 => self.stderr = None,
                    _ => keep_last(&mut self.last_words),
                },
                () = &mut self.relay => {}
                wrote = self.stdin.write(self.unsent.as_slices().0), if !self.unsent.is_empty() => match wrote {
                    Ok(wrote @ 1..) => {
                        self.unsent.drain(..wrote);
                    }
                    // It has closed its input, or is gone: what it prints says which.
                    _ => self.unsent.clear(),
                },
            }
        }
    }

    fn whole_line(&mut self) -> Option<String> {
        let rest = self.heard.get(self.looked..)?;
        let Some(at) = rest.iter().position(|byte| *byte == b'\n') else {
            self.looked = self.heard.len();
            return None;
        };
        let line: Vec<u8> = self.heard.drain(..=self.looked + at).collect();
        self.looked = 0;
        Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
    }

    /// It prints no more: how it ended.
    async fn end(&mut self) -> String {
        // Who closes the streams is about to end, and how is worth a moment.
        let how = match timeout(ENDS_WITHIN, self.program.wait()).await {
            Ok(how) => how,
            Err(_) => self.program.stop().await,
        };
        // What it said last is in the pipe; nothing of it lives that could write more.
        if let Some(stderr) = &mut self.stderr {
            while let Ok(1..) = stderr.read_buf(&mut self.last_words).await {
                keep_last(&mut self.last_words);
            }
        }
        match String::from_utf8_lossy(&self.last_words).trim() {
            "" => how,
            words => format!("{how}; it said: {words}"),
        }
    }

    /// Ends it with all that it started.
    pub(super) async fn stop(mut self) {
        let how = self.program.stop().await;
        tracing::debug!(how, "a coding program was ended");
    }
}

/// Reads something more; 0 at the end, and for ever nothing where there is no stream.
async fn read_some(from: Option<&mut Box<dyn AsyncRead + Send + Unpin>>, into: &mut Vec<u8>) -> usize {
    match from {
        Some(from) => from.read_buf(into).await.unwrap_or(0),
        None => std::future::pending().await,
    }
}

fn keep_last(words: &mut Vec<u8>) {
    let over = words.len().saturating_sub(LAST_WORDS_BYTES);
    words.drain(..over);
}
