//! How many requests one host gets at a time. Who comes first is served first.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Semaphore;

/// Hosts that are counted apart; the hosts of more than this many running requests share one count.
const HOSTS_MAX: usize = 1_024;

/// See the module. For hosts that no setting names; a configured destination has a count of its own.
pub(super) struct HostSlots {
    per_host: usize,
    hosts: Mutex<HashMap<Box<str>, Arc<Semaphore>>>,
    others: Arc<Semaphore>,
}

impl HostSlots {
    pub(super) fn new(per_host: usize) -> Self {
        Self { per_host, hosts: Mutex::default(), others: Arc::new(Semaphore::new(per_host)) }
    }

    /// The slots of a host. A host without a running or waiting request may be forgotten.
    pub(super) fn of(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock();
        if let Some(slots) = hosts.get(host) {
            return Arc::clone(slots);
        }
        if hosts.len() >= HOSTS_MAX {
            hosts.retain(|_, slots| Arc::strong_count(slots) > 1);
        }
        if hosts.len() >= HOSTS_MAX {
            return Arc::clone(&self.others);
        }
        let slots = Arc::new(Semaphore::new(self.per_host));
        hosts.insert(host.into(), Arc::clone(&slots));
        slots
    }
}

#[cfg(test)]
mod tests;
