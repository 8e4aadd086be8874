//! `KeepLedger` over the stored ledger: what sessions may write.

use std::time::Duration;

use capuchin_actors::ports::keep_ledger::{AcceptError, KeepLedger, LedgerError};
use futures::FutureExt;
use futures::future::BoxFuture;

use super::turns::turn_ended;
use crate::db::{Db, DbError};
use crate::extensions::{Extensions, Hook};
use crate::notifications::{Happening, Notifications, Pattern, SourceType};
use crate::protocol::event::EventKind;
use crate::protocol::ids::{TenantId, ThreadId, TurnId};
use crate::protocol::journal::TurnLog;
use crate::protocol::turn::{Accepted, Inbound, PendingTurn, Settlement, TurnState};
use crate::schedules::Schedules;
use crate::telemetry::Metrics;
use crate::turns::{Turns, TurnsError};

/// When a sender that found the store busy tries again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The ledger as a port.
#[derive(Clone)]
pub struct Ledger {
    turns: Turns,
    metrics: Metrics,
    /// Who tells people how turns end.
    notices: Option<Notifications>,
    /// The plugs that hear of it, and where they read what was said.
    plugs: Option<(Extensions, Db)>,
    /// Who waits for the ends of turns.
    schedules: Option<Schedules>,
}

// === impl Ledger ===

impl Ledger {
    /// The port to these turns.
    #[must_use]
    pub const fn new(turns: Turns, metrics: Metrics) -> Self {
        Self { turns, metrics, notices: None, plugs: None, schedules: None }
    }

    /// The same, telling people how turns end.
    #[must_use]
    pub fn with_notices(self, notices: Notifications) -> Self {
        Self { notices: Some(notices), ..self }
    }

    /// The same, telling schedules that a turn has ended or waits for a person.
    #[must_use]
    pub fn with_schedules(self, schedules: Schedules) -> Self {
        Self { schedules: Some(schedules), ..self }
    }

    /// The same, telling plugs how turns end.
    #[must_use]
    pub fn with_plugs(self, plugs: Extensions, db: Db) -> Self {
        Self { plugs: Some((plugs, db)), ..self }
    }
}

impl KeepLedger for Ledger {
    fn pending(
        &self,
        tenant: &TenantId,
        thread: ThreadId,
    ) -> BoxFuture<'static, Result<Vec<PendingTurn>, LedgerError>> {
        self.turns.pending(tenant, thread).map(|done| done.map_err(ledger_error)).boxed()
    }

    fn accept(
        &self,
        inbound: Inbound,
        turn: TurnId,
        begin: bool,
    ) -> BoxFuture<'static, Result<Accepted, AcceptError>> {
        self.turns.accept(inbound, turn, begin).map(|done| done.map_err(accept_error)).boxed()
    }

    fn begin(
        &self,
        tenant: &TenantId,
        turn: TurnId,
        attempt: u32,
    ) -> BoxFuture<'static, Result<(), LedgerError>> {
        self.turns.begin(tenant, turn, attempt).map(|done| done.map_err(ledger_error)).boxed()
    }

    fn append(
        &self,
        tenant: &TenantId,
        thread: ThreadId,
        turn: TurnId,
        log: TurnLog,
    ) -> BoxFuture<'static, Result<(), LedgerError>> {
        let asks = log.events.iter().any(|event| event.kind == EventKind::Approval);
        let waiting = self.schedules.clone().filter(|_| asks);
        let appended = self.turns.append(tenant, thread, turn, log).map(move |done| {
            if let (Ok(()), Some(schedules)) = (&done, waiting) {
                schedules.turn_changed();
            }
            done.map_err(ledger_error)
        });
        appended.boxed()
    }

    fn settle(&self, settlement: Settlement) -> BoxFuture<'static, Result<(), LedgerError>> {
        let (state, metrics) = (settlement.state, self.metrics.clone());
        let told = self.notices.clone().zip(ended(&settlement));
        let (tenant, of) = (settlement.tenant.clone(), (settlement.thread, settlement.turn_id));
        let (plugs, schedules) = (self.plugs.clone(), self.schedules.clone());
        let settled = self.turns.settle(settlement).map(move |done| {
            let done = done.map_err(ledger_error);
            if done.is_ok() {
                metrics.turns.ended(state);
                if let Some(schedules) = schedules {
                    schedules.turn_changed();
                }
                if let Some((plugs, db)) = plugs {
                    plugs.tell_what(Hook::QueryPost, &tenant, turn_ended(db, tenant.clone(), of));
                }
                if let Some((notices, ended)) = told {
                    notices.raise(&tenant, ended);
                }
            }
            done
        });
        settled.boxed()
    }
}

/// What people are told of a turn that has ended. What they stopped themselves they know.
fn ended(settlement: &Settlement) -> Option<Happening> {
    let (pattern, title) = match settlement.state {
        TurnState::Done => (Pattern::TurnFinished, "A turn has its answer"),
        TurnState::Failed => (Pattern::TurnFailed, "A turn failed"),
        TurnState::Interrupted => (Pattern::TurnInterrupted, "A turn was cut off"),
        TurnState::Queued | TurnState::Running | TurnState::Stopped => return None,
    };
    let failure = settlement.failure.as_ref();
    let (code, why) = failure.map_or(("", ""), |failure| (&failure.code, &failure.message));
    let happening = Happening::new(pattern, title).saying(why).told_apart_by(code);
    Some(happening.to(SourceType::Session, settlement.thread))
}

#[allow(clippy::needless_pass_by_value, reason = "the shape that map_err has")]
fn ledger_error(error: TurnsError) -> LedgerError {
    match error {
        TurnsError::Fenced | TurnsError::NoThread => LedgerError::Fenced,
        TurnsError::Store(DbError::DiskFull) => LedgerError::DiskFull,
        TurnsError::Store(error) => {
            tracing::warn!(%error, "the ledger could not be written");
            LedgerError::Unavailable
        }
        TurnsError::KeyReused => LedgerError::Unavailable,
    }
}

fn accept_error(error: TurnsError) -> AcceptError {
    match error {
        TurnsError::KeyReused => AcceptError::KeyReused,
        TurnsError::NoThread => AcceptError::NoThread,
        TurnsError::Store(DbError::Busy) => AcceptError::Busy { retry_after: RETRY_AFTER },
        other => AcceptError::Ledger(ledger_error(other)),
    }
}
