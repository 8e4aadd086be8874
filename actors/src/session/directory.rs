//! The directory of live sessions: from a thread to its lane, starting one where none is.
//!
//! Called by every face. Holds no truth: an entry is a lane that registered itself and
//! vanishes with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use futures::future::BoxFuture;
use ractor::{ActorCell, ActorRef};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::factory::LaneKey;
use super::hold::Holds;
use super::lane::LaneMsg;
use super::slot::{LaneStatus, Slot};
use super::stop::StopTable;
use super::submission::{Submission, SubmitReply};
use super::{SessionLimits, SessionPorts, SessionShared};
use crate::ports::keep_ledger::{AcceptError, LedgerError};
use crate::protocol::ids::{TenantId, ThreadId, TurnId};
use crate::protocol::turn::{Accepted, Inbound};

/// How often a message is offered to lanes that go to sleep under it.
const OFFERS_MAX: usize = 8;
/// Longest wait for the end of a lane that goes to sleep.
const STOPPING_LANE_WAIT: Duration = Duration::from_millis(100);

/// Why a lane could not be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It crashed too often and waits for a release.
    #[error("quarantined: {reason}")]
    Quarantined {
        /// The last crash.
        reason: String,
    },
    /// Too many sessions are live.
    #[error("too many live sessions")]
    TooMany,
    /// Its start failed, or its supervisor did not answer.
    #[error("the session could not be started: {0}")]
    Failed(String),
}

/// What opening met.
#[derive(Clone, Debug)]
pub enum Opened {
    /// The lane was started and is registered.
    Fresh,
    /// It had a process already: somebody else opened it, or it is about to sleep.
    Already(ActorCell),
}

/// Starts the lane of a thread under the right supervisor.
pub trait OpenLane: Send + Sync + 'static {
    /// See the trait.
    fn open(&self, key: LaneKey) -> BoxFuture<'static, Result<Opened, OpenError>>;
}

/// What a stop met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StopOutcome {
    /// The turn runs or waits here and will end within the grace.
    Stopping,
    /// No such turn runs or waits.
    NotRunning,
}

/// One live session as the Runtime page shows it.
#[derive(Clone, Copy, Debug)]
pub struct SessionView {
    /// Turns that wait or run.
    pub waiting: usize,
    /// Whether a turn runs.
    pub running: bool,
    /// Time since the last activity.
    pub idle: Duration,
}

/// A registered lane.
pub(super) struct LaneEntry {
    tenant: TenantId,
    lane: ActorRef<LaneMsg>,
    status: Arc<LaneStatus>,
}

impl LaneEntry {
    pub(super) fn new(tenant: TenantId, lane: ActorRef<LaneMsg>, status: Arc<LaneStatus>) -> Self {
        Self { tenant, lane, status }
    }
}

/// See the module.
pub struct SessionDirectory {
    shared: Arc<SessionShared>,
    opener: Arc<dyn OpenLane>,
    lanes: DashMap<ThreadId, LaneEntry>,
    /// Free places of each tenant.
    tenants: DashMap<TenantId, Arc<Semaphore>>,
    draining: AtomicBool,
}

impl SessionDirectory {
    /// A directory without lanes.
    #[must_use]
    pub fn new(ports: SessionPorts, limits: SessionLimits, opener: Arc<dyn OpenLane>) -> Arc<Self> {
        Arc::new(Self {
            shared: Arc::new(SessionShared {
                ports,
                limits,
                stops: StopTable::default(),
                holds: Holds::default(),
            }),
            opener,
            lanes: DashMap::new(),
            tenants: DashMap::new(),
            draining: AtomicBool::new(false),
        })
    }

    pub(super) fn shared(&self) -> &Arc<SessionShared> {
        &self.shared
    }

    /// Takes a message into its thread. `Ok` means that it is stored for good.
    ///
    /// # Errors
    /// Every [`AcceptError`]; after `Timeout` the outcome is open, and sending the same idempotency key again settles it.
    pub async fn submit(&self, inbound: Inbound) -> Result<Accepted, AcceptError> {
        let mut inbound = inbound;
        let mut permit = Some(self.tenant_permit(&inbound.tenant)?);
        for _ in 0..OFFERS_MAX {
            let key = LaneKey { tenant: inbound.tenant.clone(), thread: inbound.thread };
            let Some((lane, status)) = self.lane(key.thread) else {
                self.open(key).await?;
                continue;
            };
            let taken = match permit.take() {
                Some(permit) => permit,
                None => self.tenant_permit(&inbound.tenant)?,
            };
            let slot = status.take(self.shared.limits.queue_per_thread, Some(taken)).ok_or(self.busy())?;
            match self.offer(&lane, inbound, slot).await? {
                SubmitReply::Outcome(outcome) => return outcome,
                SubmitReply::Returned(unread) => inbound = unread,
            }
        }
        Err(AcceptError::Timeout)
    }

    async fn offer(
        &self,
        lane: &ActorRef<LaneMsg>,
        inbound: Inbound,
        slot: Slot,
    ) -> Result<SubmitReply, AcceptError> {
        let thread = inbound.thread;
        let (reply, answer) = oneshot::channel();
        if lane.cast(LaneMsg::Submit(Box::new(Submission::new(inbound, slot, reply)))).is_err() {
            self.forget(thread, lane);
        }
        match tokio::time::timeout(self.shared.limits.submit_timeout, answer).await {
            Ok(Ok(reply)) => Ok(reply),
            // The lane crashed over it, or is stuck: whether it was stored is open.
            Ok(Err(_)) | Err(_) => Err(AcceptError::Timeout),
        }
    }

    fn lane(&self, thread: ThreadId) -> Option<(ActorRef<LaneMsg>, Arc<LaneStatus>)> {
        self.lanes.get(&thread).map(|entry| (entry.lane.clone(), Arc::clone(&entry.status)))
    }

    fn tenant_permit(&self, tenant: &TenantId) -> Result<OwnedSemaphorePermit, AcceptError> {
        if self.draining.load(Ordering::Acquire) {
            return Err(AcceptError::Ledger(LedgerError::Unavailable));
        }
        if let Some(reason) = self.shared.holds.reason(tenant) {
            return Err(AcceptError::Held { reason });
        }
        let places = match self.tenants.get(tenant) {
            Some(places) => Arc::clone(&places),
            None => {
                let fresh = || Arc::new(Semaphore::new(self.shared.limits.queue_per_tenant));
                Arc::clone(&self.tenants.entry(tenant.clone()).or_insert_with(fresh))
            }
        };
        places.try_acquire_owned().map_err(|_none| self.busy())
    }

    fn busy(&self) -> AcceptError {
        AcceptError::Busy { retry_after: self.shared.limits.busy_retry_after }
    }

    /// Makes sure that the lane of a thread is live, for instance to resume what an earlier life left.
    ///
    /// # Errors
    /// `Quarantined`, `Busy` (too many live sessions) or `Unavailable`.
    pub async fn open(&self, key: LaneKey) -> Result<(), AcceptError> {
        let thread = key.thread;
        match self.opener.open(key).await {
            Ok(Opened::Fresh) => Ok(()),
            Ok(Opened::Already(lane)) => {
                // A lane leaves the directory before it stops, so that its end is near.
                if self.lane(thread).is_none() {
                    // silent-ok: whether it ended shows with the next try
                    let _ = lane.wait(Some(STOPPING_LANE_WAIT)).await;
                }
                Ok(())
            }
            Err(OpenError::Quarantined { reason }) => Err(AcceptError::Quarantined { reason }),
            Err(OpenError::TooMany) => Err(self.busy()),
            Err(OpenError::Failed(why)) => {
                tracing::warn!(%thread, why, "a session could not be started");
                Err(AcceptError::Ledger(LedgerError::Unavailable))
            }
        }
    }

    /// Stops a turn, running or waiting. Returns at once; the turn ends within the grace.
    #[must_use]
    pub fn stop(&self, thread: ThreadId, turn: TurnId) -> StopOutcome {
        let signalled = self.shared.stops.raise(turn);
        let Some((lane, status)) = self.lane(thread) else {
            return if signalled { StopOutcome::Stopping } else { StopOutcome::NotRunning };
        };
        let busy = status.waiting() > 0;
        let told = busy && lane.cast(LaneMsg::Stop(turn)).is_ok();
        if signalled || told { StopOutcome::Stopping } else { StopOutcome::NotRunning }
    }

    /// Sessions that are live.
    #[must_use]
    pub fn live(&self) -> usize {
        self.lanes.len()
    }

    /// Turns that run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.shared.stops.running()
    }

    /// One live session.
    #[must_use]
    pub fn view(&self, thread: ThreadId) -> Option<SessionView> {
        self.lanes.get(&thread).map(|entry| SessionView {
            waiting: entry.status.waiting(),
            running: entry.status.is_running(),
            idle: entry.status.idle_for(),
        })
    }

    /// Refuses new messages from now on and waits until no turn works, at most `limit`. `true` when all ended.
    /// A turn that waits for a person is not waited for: the next life resumes it.
    pub async fn drain(&self, limit: Duration) -> bool {
        const LOOK_EVERY: Duration = Duration::from_millis(20);
        self.draining.store(true, Ordering::Release);
        let ended = async {
            while self.shared.stops.working() > 0 {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::time::timeout(limit, ended).await.is_ok()
    }

    /// Tells every session that rested long enough to sleep. Returns how many.
    pub(super) fn put_idle_to_sleep(&self) -> usize {
        let idle_after = self.shared.limits.idle_after;
        let rested = self.lanes.iter().filter(|entry| entry.status.idle_for() >= idle_after);
        rested.filter(|entry| entry.lane.cast(LaneMsg::Sleep).is_ok()).count()
    }

    /// Sends every live lane of a tenant a message.
    pub(super) fn tell(&self, tenant: &TenantId, msg: impl Fn() -> LaneMsg) {
        for entry in self.lanes.iter().filter(|entry| entry.tenant == *tenant) {
            // silent-ok: a lane that is gone is told by what it reads when it starts again
            let _ = entry.lane.cast(msg());
        }
    }

    pub(super) fn register(&self, thread: ThreadId, entry: LaneEntry) {
        self.lanes.insert(thread, entry);
    }

    /// Removes this very lane, not a successor.
    pub(super) fn forget(&self, thread: ThreadId, lane: &ActorRef<LaneMsg>) {
        self.lanes.remove_if(&thread, |_, entry| entry.lane.get_id() == lane.get_id());
    }

    /// The same for a lane that only knows its status.
    pub(super) fn forget_status(&self, thread: ThreadId, status: &Arc<LaneStatus>) {
        self.lanes.remove_if(&thread, |_, entry| Arc::ptr_eq(&entry.status, status));
    }
}
