//! The newest output of a process that runs, for any number of peers.
//!
//! A peer has a place in the transcript and asks for what came after it, so nothing is ever queued for one. A peer that
//! falls behind the tape hears where the tape begins; what it missed is in the transcript.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

use super::process::Process;
use super::screen::{Screen, ScreenLine};
use super::tape::{Piece, Since, Tape};
use crate::protocol::process::{OutputStream, TerminalSize};

/// Most bytes that a peer gets at once.
const STEP_BYTES_MAX: usize = 64 << 10;
/// Most bytes that are drawn on a screen at once.
const DRAWN_BYTES_MAX: usize = 1 << 10;
/// Longest time that one text is drawn.
const DRAWING_MAX: Duration = Duration::from_millis(250);
/// Least time between two pictures of a screen for one peer.
const GLANCE_EVERY: Duration = Duration::from_millis(40);

/// See the module.
pub(super) struct Live {
    now: Mutex<Now>,
    /// Never held together with what is before it: drawing takes its time.
    screen: Option<Mutex<Screen>>,
    /// Counts changes.
    changes: watch::Sender<u64>,
}

struct Now {
    tape: Tape,
    lines: u64,
    /// Set once, at the end.
    ended: Option<Arc<Process>>,
}

/// A picture of a screen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Glance {
    /// Its lines, without the empty ones at its end.
    pub lines: Vec<ScreenLine>,
    /// Line and column of the cursor, from 0; absent while it is hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<(u16, u16)>,
    /// Its size.
    #[serde(flatten)]
    pub size: TerminalSize,
    /// Whether arrow keys are sent in their application form.
    pub application_keys: bool,
    /// Whether pasted text is put in brackets.
    pub bracketed_paste: bool,
}

/// What a peer gets next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Frame {
    /// Output.
    Pieces(Vec<Piece>),
    /// The screen as it is now.
    Screen(Box<Glance>),
    /// The peer was too slow: what it lacks is in the transcript only, and the newest output begins at this place.
    Behind {
        /// Where, in bytes.
        resume: u64,
    },
    /// It has ended, and everything was said.
    Ended(Arc<Process>),
}

/// One peer of a process that runs.
pub struct Follower {
    live: Arc<Live>,
    changes: watch::Receiver<u64>,
    place: u64,
    /// Set where pictures of the screen are wanted instead of output.
    pictures: Option<Pictures>,
}

/// The last picture of a peer.
#[derive(Clone, Copy, Default)]
struct Pictures {
    last: Option<Instant>,
    /// The count of changes that it shows.
    shown: Option<u64>,
}

enum Look {
    Now(Frame),
    At(Instant),
    AfterChange,
}

// === impl Live ===

impl Live {
    pub(super) fn new(bytes_max: usize, start: u64, terminal: Option<TerminalSize>) -> Arc<Self> {
        let now = Now { tape: Tape::new(bytes_max, start), lines: 0, ended: None };
        let screen = terminal.map(|size| Mutex::new(Screen::new(size)));
        Arc::new(Self { now: Mutex::new(now), screen, changes: watch::Sender::new(0) })
    }

    /// Takes in what was said.
    pub(super) fn push(&self, stream: OutputStream, text: &str, marked_bytes: u64) {
        {
            let mut now = self.now.lock();
            now.lines += text.bytes().filter(|byte| *byte == b'\n').count() as u64;
            now.tape.push(stream, text, marked_bytes);
        }
        self.draw(text);
        self.changed();
    }

    /// Draws in steps, so that nobody waits long for a look. What takes too long is not drawn: the transcript has it.
    fn draw(&self, mut rest: &str) {
        let Some(screen) = &self.screen else { return };
        let (mut screen, begun) = (screen.lock(), std::time::Instant::now());
        while !rest.is_empty() && begun.elapsed() < DRAWING_MAX {
            let (head, tail) = rest.split_at(rest.floor_char_boundary(DRAWN_BYTES_MAX));
            screen.draw(head);
            rest = tail;
            MutexGuard::bump(&mut screen);
        }
    }

    pub(super) fn resize(&self, size: TerminalSize) {
        if let Some(screen) = &self.screen {
            screen.lock().resize(size);
        }
        self.changed();
    }

    /// Says how it ended. Peers get it after everything that was said.
    pub(super) fn end(&self, process: Process) {
        self.now.lock().ended.get_or_insert_with(|| Arc::new(process));
        self.changed();
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(super) fn lines(&self) -> u64 {
        self.now.lock().lines
    }

    /// The newest output with the place where it begins, or the screen.
    pub(super) fn recent(&self) -> (String, u64) {
        match self.screen_text() {
            Some(screen) => (screen, self.now.lock().tape.end()),
            None => {
                let now = self.now.lock();
                (now.tape.text(), now.tape.start())
            }
        }
    }

    pub(super) const fn is_terminal(&self) -> bool {
        self.screen.is_some()
    }

    pub(super) fn screen_text(&self) -> Option<String> {
        self.screen.as_ref().map(|screen| screen.lock().text())
    }

    /// How many follow it.
    pub(super) fn peers(&self) -> usize {
        self.changes.receiver_count()
    }

    /// A peer that has everything up to a place; without one, everything that there is.
    pub(super) fn follow(self: &Arc<Self>, place: Option<u64>, pictures: bool) -> Follower {
        let changes = self.changes.subscribe();
        let pictures = pictures && self.screen.is_some();
        let place = place.unwrap_or_else(|| self.now.lock().tape.start());
        Follower { live: Arc::clone(self), changes, place, pictures: pictures.then(Pictures::default) }
    }
}

// === impl Follower ===

impl Follower {
    /// The place in the transcript that it has reached.
    #[must_use]
    pub const fn place(&self) -> u64 {
        self.place
    }

    /// Everything up to now that the peer does not have, as one text with the place where it begins: for the first
    /// message. A place that is gone begins at the oldest output that is held.
    pub fn catch_up(&mut self) -> (String, u64) {
        let now = self.live.now.lock();
        let from = self.place.clamp(now.tape.start(), now.tape.end());
        let text = match now.tape.since(from, usize::MAX) {
            Since::Pieces(pieces) => pieces.iter().map(|piece| &*piece.text).collect(),
            Since::Gone(_) => String::new(),
        };
        self.place = now.tape.end();
        drop(now);
        (text, from)
    }

    /// What comes next. Can be dropped and asked again.
    pub async fn next(&mut self) -> Frame {
        loop {
            let count = *self.changes.borrow_and_update();
            match self.look(count) {
                Look::Now(frame) => return frame,
                Look::At(when) => tokio::time::sleep_until(when).await,
                Look::AfterChange => {
                    // silent-ok: the sender is in what this holds
                    let _ = self.changes.changed().await;
                }
            }
        }
    }

    fn look(&mut self, count: u64) -> Look {
        if let (Some(pictures), Some(screen)) = (&mut self.pictures, &self.live.screen) {
            let now = Instant::now();
            let due = pictures.last.map(|last| last + GLANCE_EVERY).filter(|due| *due > now);
            match (due, screen.try_lock()) {
                _ if pictures.shown == Some(count) => {}
                (Some(due), _) => return Look::At(due),
                // It is being drawn.
                (None, None) => return Look::At(now + GLANCE_EVERY),
                (None, Some(screen)) => {
                    *pictures = Pictures { last: Some(now), shown: Some(count) };
                    let glance = glance(&screen);
                    drop(screen);
                    self.place = self.live.now.lock().tape.end();
                    return Look::Now(Frame::Screen(Box::new(glance)));
                }
            }
        }
        let now = self.live.now.lock();
        if self.pictures.is_none() {
            match now.tape.since(self.place, STEP_BYTES_MAX) {
                Since::Gone(resume) => return Look::Now(Frame::Behind { resume }),
                Since::Pieces(pieces) => {
                    if let Some(last) = pieces.last() {
                        self.place = last.end;
                        return Look::Now(Frame::Pieces(pieces));
                    }
                }
            }
        }
        now.ended.clone().map_or(Look::AfterChange, |process| Look::Now(Frame::Ended(process)))
    }
}

fn glance(screen: &Screen) -> Glance {
    Glance {
        lines: screen.lines(),
        cursor: screen.cursor(),
        size: screen.size(),
        application_keys: screen.application_keys(),
        bracketed_paste: screen.bracketed_paste(),
    }
}

#[cfg(test)]
mod tests;
