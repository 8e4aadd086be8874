//! The directory of processes that run: from a key to its lines.
//!
//! Called by every face. Holds no truth: an entry is an actor that runs, and vanishes with it.

use std::sync::Arc;

use dashmap::DashMap;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, watch};

use super::ProcessPorts;
use crate::protocol::ids::TenantId;
use crate::protocol::process::{KillReason, ProcessKey, ProcessOrder};

/// Orders that wait for one process. More are refused: it does not read its input.
const ORDERS_MAX: usize = 64;

/// Why a process has no actor.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StartRefused {
    /// Too many run.
    #[error("too many processes run")]
    TooMany,
    /// Its supervisor does not answer, or its start failed.
    #[error("the process could not be started: {0}")]
    Failed(String),
}

/// Why an order was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OrderError {
    /// It does not run.
    #[error("the process does not run")]
    Gone,
    /// It does not take what it was told before.
    #[error("the process does not read its input")]
    Busy,
}

/// Starts the actor of a process under the right supervisor.
pub trait OpenProcess: Send + Sync + 'static {
    /// See the trait.
    fn open(&self, key: ProcessKey) -> BoxFuture<'static, Result<(), StartRefused>>;
}

/// How one running process is reached.
pub(super) struct Line {
    pub(super) orders: mpsc::Sender<ProcessOrder>,
    pub(super) kill: watch::Sender<Option<KillReason>>,
}

/// The other ends of a line.
pub(super) struct Ends {
    pub(super) orders: mpsc::Receiver<ProcessOrder>,
    pub(super) kill: watch::Receiver<Option<KillReason>>,
    pub(super) registered: Registered,
}

/// Takes the line of a process out of the directory, however its actor ends.
pub(super) struct Registered {
    pub(super) directory: Arc<ProcessDirectory>,
    pub(super) key: ProcessKey,
}

/// See the module.
pub struct ProcessDirectory {
    ports: ProcessPorts,
    opener: Arc<dyn OpenProcess>,
    lines: DashMap<ProcessKey, Line>,
}

// === impl ProcessDirectory ===

impl ProcessDirectory {
    /// A directory without processes.
    #[must_use]
    pub fn new(ports: ProcessPorts, opener: Arc<dyn OpenProcess>) -> Arc<Self> {
        Arc::new(Self { ports, opener, lines: DashMap::new() })
    }

    pub(super) const fn ports(&self) -> &ProcessPorts {
        &self.ports
    }

    /// Starts the actor of a process that is kept already.
    ///
    /// # Errors
    /// [`StartRefused`]; then it does not run.
    pub async fn start(&self, key: ProcessKey) -> Result<(), StartRefused> {
        self.opener.open(key).await
    }

    /// Tells a process something. Returns at once.
    ///
    /// # Errors
    /// [`OrderError`]; then it was not told.
    pub fn order(&self, key: &ProcessKey, order: ProcessOrder) -> Result<(), OrderError> {
        let line = self.lines.get(key).ok_or(OrderError::Gone)?;
        line.orders.try_send(order).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => OrderError::Busy,
            mpsc::error::TrySendError::Closed(_) => OrderError::Gone,
        })
    }

    /// Ends a process with everything below it. Returns at once; the first reason counts. Whether it runs.
    pub fn kill(&self, key: &ProcessKey, reason: KillReason) -> bool {
        let Some(line) = self.lines.get(key) else { return false };
        line.kill.send_if_modified(|kept| match kept {
            Some(_) => false,
            None => {
                *kept = Some(reason);
                true
            }
        });
        true
    }

    /// Ends every process of a tenant. How many.
    pub fn kill_all(&self, tenant: &TenantId, reason: KillReason) -> usize {
        let keys: Vec<ProcessKey> = self
            .lines
            .iter()
            .filter(|line| line.key().tenant == *tenant)
            .map(|line| line.key().clone())
            .collect();
        keys.iter().filter(|key| self.kill(key, reason)).count()
    }

    /// Makes the line of a process. Before it is begun: what it is told from then on reaches it.
    pub(super) fn connect(self: &Arc<Self>, key: ProcessKey) -> Ends {
        let (orders, taken) = mpsc::channel(ORDERS_MAX);
        let (kill, killed) = watch::channel(None);
        self.lines.insert(key.clone(), Line { orders, kill });
        Ends { orders: taken, kill: killed, registered: Registered { directory: Arc::clone(self), key } }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.directory.lines.remove(&self.key);
    }
}
