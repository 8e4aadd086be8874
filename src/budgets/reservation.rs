//! What is reserved, until it is settled. Dropping it settles it, so nothing stays reserved for ever.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::amounts::Amounts;
use super::budget::Budget;
use super::handle::Budgets;
use super::meter::{Instance, Key};
use super::scope::tokens;
use crate::backends::Price;
use crate::protocol::chat::Usage;
use crate::protocol::ids::{TenantId, TurnId};
use crate::protocol::model::ModelEvent;

/// One count that something is reserved in.
pub(super) struct Hold {
    pub(super) key: Key,
    pub(super) budget: Arc<Budget>,
}

/// What is reserved, and where.
pub(super) struct Held {
    pub(super) budgets: Budgets,
    pub(super) tenant: TenantId,
    pub(super) holds: Vec<Hold>,
    pub(super) reserved: Amounts,
    pub(super) price: Option<Price>,
}

/// What a call has reserved. [`Reservation::observe`] what it answers, and drop it when it is over; or settle it
/// with what is known.
#[must_use = "dropping a reservation settles it"]
pub struct Reservation {
    held: Option<Held>,
    what: What,
    began: Instant,
}

enum What {
    /// A model call.
    Call {
        estimate: Usage,
        /// The provider's own figures, the last ones.
        known: Option<Usage>,
        /// Bytes of the answer so far.
        said_bytes: usize,
        /// Whether it counts as a turn and its time as work.
        stateless: bool,
    },
    /// A whole turn, its time.
    Turn { turn: Option<TurnId> },
    /// One call of a tool.
    ToolCall,
    /// Nothing of it was used.
    Unused,
}

/// A turn that may run. Dropping it ends its time.
pub struct TurnPass {
    reservation: Reservation,
    wall_left: Option<Duration>,
}

// === impl Reservation ===

impl Reservation {
    pub(super) fn unlimited() -> Self {
        Self { held: None, what: What::Unused, began: Instant::now() }
    }

    pub(super) fn of_call(held: Held, estimate: Usage, stateless: bool) -> Self {
        let what = What::Call { estimate, known: None, said_bytes: 0, stateless };
        Self { held: Some(held), what, began: Instant::now() }
    }

    pub(super) fn of_turn(held: Held, turn: Option<TurnId>) -> Self {
        Self { held: Some(held), what: What::Turn { turn }, began: Instant::now() }
    }

    pub(super) fn of_tool_call(held: Held) -> Self {
        Self { held: Some(held), what: What::ToolCall, began: Instant::now() }
    }

    /// Sees an event of the answer, so that a call that is cut off is settled at what came.
    pub fn observe(&mut self, event: &ModelEvent) {
        let What::Call { known, said_bytes, .. } = &mut self.what else { return };
        match event {
            ModelEvent::Text(text) | ModelEvent::Thinking(text) => *said_bytes += text.len(),
            ModelEvent::ToolCall(call) => *said_bytes += call.name.len() + call.arguments.len(),
            ModelEvent::Usage(usage) => *known = Some(*usage),
            ModelEvent::ThinkingSignature(_) | ModelEvent::Stop(_) => {}
        }
    }

    /// The call is over and used this. All zeros are no figures: what was observed counts then.
    pub fn settle(mut self, usage: Usage) {
        if let (What::Call { known, .. }, true) = (&mut self.what, usage != Usage::default()) {
            *known = Some(usage);
        }
    }

    /// The call did not reach its provider: nothing was used.
    pub fn release(mut self) {
        self.what = What::Unused;
    }

    /// Whose counts in the store it changes, if any.
    pub(super) fn kept_tenant(&self) -> Option<TenantId> {
        let held = self.held.as_ref()?;
        held.holds.iter().any(|hold| hold.budget.is_kept()).then(|| held.tenant.clone())
    }

    fn spent(&self, held: &Held) -> Amounts {
        let wall_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &self.what {
            What::Unused => Amounts::default(),
            What::ToolCall => held.reserved,
            What::Turn { .. } => Amounts { turns: 1, wall_ms, ..Amounts::default() },
            What::Call { estimate, known, said_bytes, stateless } => {
                let usage = used(*estimate, *known, *said_bytes);
                Amounts {
                    turns: u64::from(*stateless),
                    tokens: usage.input_tokens.saturating_add(usage.output_tokens),
                    cost_nano: held.price.map_or(0, |price| price.cost_nano(usage)),
                    wall_ms: if *stateless { wall_ms } else { 0 },
                    tool_calls: 0,
                }
            }
        }
    }

    fn turn_over(&self) -> Option<Instance> {
        match &self.what {
            What::Turn { turn } => turn.map(|turn| *turn.as_bytes()),
            _ => None,
        }
    }
}

/// What a call used, as far as it is known.
fn used(estimate: Usage, known: Option<Usage>, said_bytes: usize) -> Usage {
    match known {
        Some(usage) => usage,
        // Nothing came: nobody knows how far the provider was.
        None if said_bytes == 0 => estimate,
        None => Usage { output_tokens: tokens(said_bytes), ..estimate },
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let Some(held) = self.held.take() else { return };
        let spent = self.spent(&held);
        held.budgets.settle(&held, spent, self.turn_over());
        let kept = held.holds.iter().any(|hold| hold.budget.is_kept());
        if kept && !matches!(self.what, What::Call { stateless: true, .. }) {
            // Queued now; a write that fails is repeated by the next flush.
            drop(held.budgets.flush_tenant(&held.tenant));
        }
    }
}

// === impl TurnPass ===

impl TurnPass {
    pub(super) const fn new(reservation: Reservation, wall_left: Option<Duration>) -> Self {
        Self { reservation, wall_left }
    }

    pub(super) fn unlimited() -> Self {
        Self { reservation: Reservation::unlimited(), wall_left: None }
    }

    /// How long the turn may take; stop it then.
    #[must_use]
    pub const fn wall_left(&self) -> Option<Duration> {
        self.wall_left
    }

    /// The turn did not begin: nothing was used.
    pub fn release(self) {
        self.reservation.release();
    }
}
