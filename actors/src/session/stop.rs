//! Stopping turns out of band: signals that reach them without any mailbox.

use dashmap::DashMap;
use tokio_util::sync::CancellationToken;

use crate::protocol::ids::{TenantId, TurnId};

/// The turns that run in this process, with their stop signals.
#[derive(Default)]
pub(crate) struct StopTable {
    turns: DashMap<TurnId, Live>,
}

struct Live {
    tenant: TenantId,
    signal: CancellationToken,
    /// Whether it waits for a person and does nothing else.
    waits: bool,
}

impl StopTable {
    /// Registers a turn that begins; the signal is raised at most once.
    pub(crate) fn register(&self, tenant: &TenantId, turn: TurnId) -> CancellationToken {
        let signal = CancellationToken::new();
        self.turns.insert(turn, Live { tenant: tenant.clone(), signal: signal.clone(), waits: false });
        signal
    }

    /// Forgets a turn that ended.
    pub(crate) fn forget(&self, turn: TurnId) {
        self.turns.remove(&turn);
    }

    /// Raises the signal of a running turn. `false` when no such turn runs here.
    pub(crate) fn raise(&self, turn: TurnId) -> bool {
        self.turns.get(&turn).map(|live| live.signal.cancel()).is_some()
    }

    /// Raises the signals of all turns of a tenant. How many there were.
    pub(crate) fn raise_all(&self, tenant: &TenantId) -> usize {
        self.turns.iter().filter(|live| live.tenant == *tenant).map(|live| live.signal.cancel()).count()
    }

    /// Notes whether a turn waits for a person.
    pub(crate) fn set_waits(&self, turn: TurnId, waits: bool) {
        if let Some(mut live) = self.turns.get_mut(&turn) {
            live.waits = waits;
        }
    }

    /// Turns that run now.
    pub(crate) fn running(&self) -> usize {
        self.turns.len()
    }

    /// Turns that run and do not just wait for a person.
    pub(crate) fn working(&self) -> usize {
        self.turns.iter().filter(|live| !live.waits).count()
    }
}
