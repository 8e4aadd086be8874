//! Stopping a turn out of band: a signal that reaches it without any mailbox.

use dashmap::DashMap;
use tokio_util::sync::CancellationToken;

use crate::protocol::ids::TurnId;

/// The stop signals of all turns that run in this process.
#[derive(Default)]
pub(crate) struct StopTable {
    signals: DashMap<TurnId, CancellationToken>,
}

impl StopTable {
    /// Registers a turn that begins; the signal is raised at most once.
    pub(crate) fn register(&self, turn: TurnId) -> CancellationToken {
        let signal = CancellationToken::new();
        self.signals.insert(turn, signal.clone());
        signal
    }

    /// Forgets a turn that ended.
    pub(crate) fn forget(&self, turn: TurnId) {
        self.signals.remove(&turn);
    }

    /// Raises the signal of a running turn. `false` when no such turn runs here.
    pub(crate) fn raise(&self, turn: TurnId) -> bool {
        self.signals.get(&turn).map(|signal| signal.cancel()).is_some()
    }

    /// Turns that run now.
    pub(crate) fn running(&self) -> usize {
        self.signals.len()
    }
}
