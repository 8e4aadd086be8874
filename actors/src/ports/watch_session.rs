//! `WatchSession`: who hears that a session wakes and rests, and may keep it from waking.

use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::protocol::ids::{TenantId, ThreadId};

/// Why a session rests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rest {
    /// Nothing was said for a while.
    Idle,
    /// Its supervisor stopped it: somebody asked for that, or the daemon ends.
    Stopped,
    /// It crashed or was killed. Nobody heard that it would.
    Crashed,
}

/// Somebody does not let a session wake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Who and why, for people.
    pub reason: String,
}

/// See the module.
pub trait WatchSession: Send + Sync + 'static {
    /// A session is about to take its first message or to begin its first turn. Waited for, so it has to end soon.
    fn starting(&self, tenant: &TenantId, thread: ThreadId) -> BoxFuture<'static, Result<(), Refusal>>;

    /// It woke. Nobody waits.
    fn started(&self, tenant: &TenantId, thread: ThreadId);

    /// It is about to rest. Nobody waits.
    fn stopping(&self, tenant: &TenantId, thread: ThreadId, why: Rest);

    /// It rests. Nobody waits.
    fn stopped(&self, tenant: &TenantId, thread: ThreadId, why: Rest);
}

/// Nobody hears anything, and everything may wake.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched;

// === impl Rest ===

impl Rest {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Stopped => "stopped",
            Self::Crashed => "crashed",
        }
    }
}

// === impl Unwatched ===

impl WatchSession for Unwatched {
    fn starting(&self, _: &TenantId, _: ThreadId) -> BoxFuture<'static, Result<(), Refusal>> {
        futures::future::ready(Ok(())).boxed()
    }

    fn started(&self, _: &TenantId, _: ThreadId) {}

    fn stopping(&self, _: &TenantId, _: ThreadId, _: Rest) {}

    fn stopped(&self, _: &TenantId, _: ThreadId, _: Rest) {}
}
