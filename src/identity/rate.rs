//! How often somebody may be wrong: ten failures in a minute close the door for five.
//!
//! Pure and bounded. The caller brings the time, so that no test waits. One bucket per
//! address and purpose; headers that a client writes play no part in the address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Failures within [`WINDOW`] that close the door.
pub const FAILURES_MAX: u32 = 10;
/// How long failures are remembered.
pub(super) const WINDOW: Duration = Duration::from_secs(60);
/// How long the door stays closed.
pub const LOCKOUT: Duration = Duration::from_secs(300);
/// Most addresses that are remembered; the oldest makes room.
pub(super) const BUCKETS_MAX: usize = 4_096;
/// Longest delay of an answer before the door closes.
pub(super) const DELAY_MAX: Duration = Duration::from_secs(2);

/// What was tried. Each has buckets of its own, so that one cannot close the other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Purpose {
    /// A password, and the code beside it.
    Password,
    /// An API token.
    Token,
    /// A passkey.
    Passkey,
    /// An invitation or a recovery key.
    Entrance,
    /// A code of a device.
    Device,
}

/// A counted failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Failed {
    /// How long the answer should be held back: longer with each one.
    pub(super) delay: Duration,
    /// Whether it is worth an entry in the audit: the first of a series, and the one that closes the door.
    pub(super) notable: bool,
}

#[derive(Clone, Copy)]
struct Bucket {
    failures: u32,
    since: Instant,
    locked_until: Option<Instant>,
}

/// The failures of all addresses.
#[derive(Default)]
pub(super) struct FailureTable {
    buckets: HashMap<(IpAddr, Purpose), Bucket>,
}

impl FailureTable {
    /// How long this address has to wait; `None` when it may try.
    #[must_use]
    pub(super) fn locked_for(&self, address: IpAddr, purpose: Purpose, now: Instant) -> Option<Duration> {
        let until = self.buckets.get(&(network(address), purpose))?.locked_until?;
        until.checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// Counts a failure.
    pub(super) fn failed(&mut self, address: IpAddr, purpose: Purpose, now: Instant) -> Failed {
        let address = network(address);
        self.make_room(address, purpose, now);
        let bucket = self.buckets.entry((address, purpose)).or_insert(Bucket {
            failures: 0,
            since: now,
            locked_until: None,
        });
        if bucket.is_stale(now) {
            *bucket = Bucket { failures: 0, since: now, locked_until: None };
        }
        bucket.failures = bucket.failures.saturating_add(1);
        if bucket.failures >= FAILURES_MAX {
            bucket.locked_until = Some(now + LOCKOUT);
        }
        let doublings = bucket.failures.saturating_sub(1).min(16);
        let delay = Duration::from_millis(50 << doublings).min(DELAY_MAX);
        Failed { delay, notable: bucket.failures == 1 || bucket.failures == FAILURES_MAX }
    }

    /// Forgets the failures of an address that proved itself.
    pub(super) fn succeeded(&mut self, address: IpAddr, purpose: Purpose) {
        self.buckets.remove(&(network(address), purpose));
    }

    fn make_room(&mut self, address: IpAddr, purpose: Purpose, now: Instant) {
        if self.buckets.len() < BUCKETS_MAX || self.buckets.contains_key(&(address, purpose)) {
            return;
        }
        self.buckets.retain(|_, bucket| !bucket.is_stale(now));
        if self.buckets.len() >= BUCKETS_MAX
            && let Some(oldest) = self.buckets.iter().min_by_key(|(_, b)| b.since).map(|(key, _)| *key)
        {
            self.buckets.remove(&oldest);
        }
    }
}

/// Whoever has one IPv6 address has 2^64 of them: they count as one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

impl Bucket {
    fn is_stale(&self, now: Instant) -> bool {
        match self.locked_until {
            Some(until) => now >= until,
            None => now.saturating_duration_since(self.since) >= WINDOW,
        }
    }
}

#[cfg(test)]
mod tests;
