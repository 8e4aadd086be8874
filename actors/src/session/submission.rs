//! A message on its way into a lane: with its place in the queue, and never lost silently.

use tokio::sync::oneshot;

use super::slot::Slot;
use crate::ports::keep_ledger::AcceptError;
use crate::protocol::turn::{Accepted, Inbound};

/// What a lane answers to a message.
pub(super) enum SubmitReply {
    /// The outcome.
    Outcome(Result<Accepted, AcceptError>),
    /// The lane went away before it looked at the message; nothing happened.
    Returned(Inbound),
}

/// A message in a lane's mailbox. Returns itself when it is dropped unread.
pub(super) struct Submission {
    pub(super) inbound: Option<(Inbound, Slot)>,
    pub(super) reply: Option<oneshot::Sender<SubmitReply>>,
}

impl Submission {
    pub(super) fn new(inbound: Inbound, slot: Slot, reply: oneshot::Sender<SubmitReply>) -> Self {
        Self { inbound: Some((inbound, slot)), reply: Some(reply) }
    }
}

impl Drop for Submission {
    fn drop(&mut self) {
        if let (Some((inbound, _slot)), Some(reply)) = (self.inbound.take(), self.reply.take()) {
            // silent-ok: whoever waited has given up
            let _ = reply.send(SubmitReply::Returned(inbound));
        }
    }
}
