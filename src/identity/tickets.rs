//! Tickets: one-use values that stand for a principal for thirty seconds, for streams that cannot send a header.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::principal::Principal;
use super::secret::{NoRandomness, SecretHash, SecretText};

/// How long a ticket waits to be used.
pub const TICKET_LIFETIME: Duration = Duration::from_secs(30);
/// Most unused tickets at a time.
pub(super) const TICKETS_MAX: usize = 1_024;

/// Why no ticket was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTicket {
    /// Too many wait to be used.
    #[error("too many tickets wait to be used; use one or try again in {} s", TICKET_LIFETIME.as_secs())]
    TooMany,
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

/// The unused tickets. Kept in memory only.
#[derive(Default)]
pub(super) struct TicketDesk {
    tickets: HashMap<SecretHash, (Principal, Instant)>,
}

impl TicketDesk {
    /// Makes a ticket for this principal.
    ///
    /// # Errors
    /// [`NoTicket`].
    pub(super) fn issue(&mut self, principal: Principal, now: Instant) -> Result<SecretText, NoTicket> {
        if self.tickets.len() >= TICKETS_MAX {
            self.tickets.retain(|_, (_, until)| now < *until);
        }
        if self.tickets.len() >= TICKETS_MAX {
            return Err(NoTicket::TooMany);
        }
        let ticket = SecretText::random("")?;
        self.tickets.insert(ticket.hash(), (principal, now + TICKET_LIFETIME));
        Ok(ticket)
    }

    /// Takes a ticket. It is gone afterwards, in time or not.
    #[must_use]
    pub(super) fn redeem(&mut self, presented: &str, now: Instant) -> Option<Principal> {
        let (principal, until) = self.tickets.remove(&SecretHash::of(presented))?;
        (now < until).then_some(principal)
    }
}

#[cfg(test)]
mod tests;
