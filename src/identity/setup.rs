//! The one-time setup token: it lets the person who started the daemon set the first password.
//!
//! Lives in memory only. It dies when it is used, when a password exists, after fifteen
//! minutes, or after five wrong tries. Whether the caller is on this machine is checked
//! by [`super::Identity`], which also knows whether a password exists.

use std::time::{Duration, Instant};

use super::secret::{NoRandomness, SecretHash, SecretText};

/// How long the token works.
pub const SETUP_LIFETIME: Duration = Duration::from_secs(15 * 60);
/// Wrong tokens until it is void.
pub const SETUP_TRIES_MAX: u32 = 5;

/// Why a setup token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupRefused {
    /// There is none, or it was used, or its time is over.
    #[error("no setup is open; run `capuchin serve` again for a new link")]
    Closed,
    /// It is another one.
    #[error(
        "this is not the setup token; {tries_left} tries are left; the link is in the terminal of `capuchin serve`"
    )]
    Wrong {
        /// Tries until it is void.
        tries_left: u32,
    },
}

struct Open {
    hash: SecretHash,
    until: Instant,
    tries_left: u32,
}

/// Holds at most one setup token.
#[derive(Default)]
pub(super) struct SetupDesk {
    open: Option<Open>,
}

impl SetupDesk {
    /// Makes a new token. An older one is void.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub(super) fn open(&mut self, now: Instant) -> Result<SecretText, NoRandomness> {
        let token = SecretText::random("")?;
        self.open =
            Some(Open { hash: token.hash(), until: now + SETUP_LIFETIME, tries_left: SETUP_TRIES_MAX });
        Ok(token)
    }

    /// Whether a token would be accepted now.
    #[must_use]
    pub(super) fn is_open(&self, now: Instant) -> bool {
        self.open.as_ref().is_some_and(|open| now < open.until)
    }

    /// Checks a presented token; a wrong one costs a try.
    ///
    /// # Errors
    /// [`SetupRefused`].
    pub(super) fn check(&mut self, presented: &str, now: Instant) -> Result<(), SetupRefused> {
        if !self.is_open(now) {
            self.open = None;
        }
        let open = self.open.as_mut().ok_or(SetupRefused::Closed)?;
        if open.hash.matches(&SecretHash::of(presented)) {
            return Ok(());
        }
        open.tries_left = open.tries_left.saturating_sub(1);
        let tries_left = open.tries_left;
        if tries_left == 0 {
            self.open = None;
        }
        Err(SetupRefused::Wrong { tries_left })
    }

    /// Voids the token.
    pub(super) fn close(&mut self) {
        self.open = None;
    }
}

#[cfg(test)]
mod tests;
