//! What turns and sessions tell each other.

use std::path::PathBuf;

use tokio::sync::mpsc;

use super::dialect::{Decision, Event};
use crate::protocol::ids::{TenantId, ThreadId, TurnId};

/// Pieces that a session may be ahead of its turn.
const AHEAD_MAX: usize = 256;
/// Answers to questions that wait to be taken.
const TOLD_MAX: usize = 32;

/// Which session of whom: a thread has one with each program.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SessionKey {
    /// Whose it is.
    pub tenant: TenantId,
    /// What it answers.
    pub thread: ThreadId,
    /// The backend that is the program.
    pub backend: String,
}

/// What a turn wants of a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wish {
    /// The turn.
    pub turn: TurnId,
    /// The model; the program's own choice without one.
    pub model: Option<String>,
    /// What is added to the program's own instructions.
    pub instructions: String,
    /// Where it works.
    pub folder: PathBuf,
    /// What is said in a session that knows the thread as it was before this turn.
    pub text: String,
    /// What is said in a session that was told of this turn, and died.
    pub again: String,
    /// What is said in a new session: the thread, and the message.
    pub seeded: String,
}

/// What a session is told, with whom it talks.
pub(super) struct Order {
    pub(super) wish: Wish,
    /// The session to take up, and what is said in it.
    pub(super) earlier: Option<(String, String)>,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) told: mpsc::Receiver<(String, Decision)>,
}

/// One prompt of a session, as its turn has it. Dropping it interrupts the program.
pub struct Talk {
    events: mpsc::Receiver<Event>,
    told: mpsc::Sender<(String, Decision)>,
}

// === impl SessionKey ===

impl SessionKey {
    /// The name of its child in the tree.
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.thread, self.backend)
    }
}

// === impl Talk ===

impl Talk {
    /// A talk, and its other side.
    pub(super) fn open(wish: Wish, earlier: Option<(String, String)>) -> (Self, Order) {
        let (events, heard) = mpsc::channel(AHEAD_MAX);
        let (tell, told) = mpsc::channel(TOLD_MAX);
        (Self { events: heard, told: tell }, Order { wish, earlier, events, told })
    }

    /// What the program does next; `None` once nothing more comes.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// Answers a question. One that is answered, or whose program is gone, needs none.
    pub async fn decide(&self, ask: &str, decision: Decision) {
        // silent-ok: see above
        let _ = self.told.send((ask.to_owned(), decision)).await;
    }
}
