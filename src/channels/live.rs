//! What channels do at the moment, in memory, and who is told when something waits.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::outgoing::Us;
use crate::protocol::ids::{ChannelId, TenantId};

/// Beats that are kept of a channel.
const BEATS_MAX: usize = 40;

/// What a channel does.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum ChannelState {
    /// Nobody started it.
    #[default]
    Stopped,
    /// It is being connected.
    Connecting,
    /// Messages come and go.
    Live,
    /// It runs, and the platform does not do what it should.
    Troubled(String),
    /// It does not run, for this reason; it is started again after a while.
    Failed(String),
}

/// One look at the platform: when, and whether all was well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Beat {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Whether the platform did what it should.
    pub good: bool,
}

/// A channel as it is now.
#[derive(Clone, Debug, Default)]
pub struct LiveChannel {
    /// What it does.
    pub state: ChannelState,
    /// Who we are there.
    pub us: Option<Us>,
    /// The last looks, oldest first.
    pub beats: Vec<Beat>,
}

#[derive(Default)]
struct Entry {
    state: ChannelState,
    us: Option<Us>,
    beats: VecDeque<Beat>,
    restarts: u64,
    inbox: Arc<Notify>,
    outbox: Arc<Notify>,
}

/// All of them. Bounded by the channels that are configured.
#[derive(Default)]
pub(super) struct LiveTable {
    entries: Mutex<HashMap<ChannelId, Entry>>,
    changed: Mutex<HashMap<TenantId, Arc<Notify>>>,
}

// === impl LiveTable ===

impl LiveTable {
    pub(super) fn view(&self, id: ChannelId) -> LiveChannel {
        let entries = self.entries.lock();
        entries.get(&id).map_or_else(LiveChannel::default, |entry| LiveChannel {
            state: entry.state.clone(),
            us: entry.us.clone(),
            beats: entry.beats.iter().copied().collect(),
        })
    }

    /// Another state, and a beat with it.
    pub(super) fn enter(&self, id: ChannelId, state: ChannelState, now_ms: i64) {
        let good = match &state {
            ChannelState::Live => Some(true),
            ChannelState::Troubled(_) | ChannelState::Failed(_) => Some(false),
            ChannelState::Stopped | ChannelState::Connecting => None,
        };
        let mut entries = self.entries.lock();
        let entry = entries.entry(id).or_default();
        entry.state = state;
        if let Some(good) = good {
            if entry.beats.len() == BEATS_MAX {
                entry.beats.pop_front();
            }
            entry.beats.push_back(Beat { at_ms: now_ms, good });
        }
    }

    pub(super) fn known_as(&self, id: ChannelId, us: Us) {
        self.entries.lock().entry(id).or_default().us = Some(us);
    }

    pub(super) fn ask_restart(&self, id: ChannelId) {
        self.entries.lock().entry(id).or_default().restarts += 1;
    }

    pub(super) fn restarts(&self, id: ChannelId) -> u64 {
        self.entries.lock().get(&id).map_or(0, |entry| entry.restarts)
    }

    pub(super) fn forget(&self, id: ChannelId) {
        self.entries.lock().remove(&id);
    }

    /// Told when something came.
    pub(super) fn inbox(&self, id: ChannelId) -> Arc<Notify> {
        Arc::clone(&self.entries.lock().entry(id).or_default().inbox)
    }

    /// Told when something is owed.
    pub(super) fn outbox(&self, id: ChannelId) -> Arc<Notify> {
        Arc::clone(&self.entries.lock().entry(id).or_default().outbox)
    }

    /// Something is owed somewhere.
    pub(super) fn wake_outboxes(&self) {
        for entry in self.entries.lock().values() {
            entry.outbox.notify_one();
        }
    }

    /// Told when the list of channels changed.
    pub(super) fn changed(&self, tenant: &TenantId) -> Arc<Notify> {
        Arc::clone(self.changed.lock().entry(tenant.clone()).or_default())
    }
}
