//! How fast one account may be tried, whatever addresses the tries come from.
//!
//! Ten failures are free; then each next one doubles the wait before another try is looked at, up to
//! a minute. Who is signed in at an address already is not made to wait there by others, and a passkey
//! cannot be guessed, so it never waits. Pure and bounded; unknown names are counted like known ones.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::secret::SecretHash;

/// Failures that cost no waiting.
pub(super) const FREE_FAILURES: u32 = 10;
/// Longest wait between two tries.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(60);
/// How long failures are remembered.
pub(super) const MEMORY: Duration = Duration::from_secs(15 * 60);
/// Most accounts that are remembered; the oldest makes room.
pub(super) const ACCOUNTS_MAX: usize = 1_024;

#[derive(Clone, Copy)]
struct Account {
    failures: u32,
    last: Instant,
}

/// The failures of all accounts, under the hash of the name that was tried.
#[derive(Default)]
pub(super) struct AccountTable {
    accounts: HashMap<SecretHash, Account>,
}

impl AccountTable {
    /// How long the next try has to wait; `None` when it may be looked at.
    pub(super) fn wait_for(&self, account: &SecretHash, now: Instant) -> Option<Duration> {
        let found = self.accounts.get(account).filter(|found| !found.is_stale(now))?;
        let doublings = found.failures.checked_sub(FREE_FAILURES)?.min(16);
        let until = found.last + Duration::from_secs(1 << doublings).min(WAIT_MAX);
        until.checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// Counts a failure.
    pub(super) fn failed(&mut self, account: SecretHash, now: Instant) {
        if self.accounts.len() >= ACCOUNTS_MAX && !self.accounts.contains_key(&account) {
            self.accounts.retain(|_, found| !found.is_stale(now));
            let oldest = self.accounts.iter().min_by_key(|(_, found)| found.last).map(|(key, _)| *key);
            if let (true, Some(oldest)) = (self.accounts.len() >= ACCOUNTS_MAX, oldest) {
                self.accounts.remove(&oldest);
            }
        }
        let found = self.accounts.entry(account).or_insert(Account { failures: 0, last: now });
        if found.is_stale(now) {
            found.failures = 0;
        }
        *found = Account { failures: found.failures.saturating_add(1), last: now };
    }

    /// Forgets the failures of an account that was proved.
    pub(super) fn succeeded(&mut self, account: &SecretHash) {
        self.accounts.remove(account);
    }
}

impl Account {
    fn is_stale(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) >= MEMORY
    }
}

#[cfg(test)]
mod tests;
