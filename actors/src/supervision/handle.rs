//! Calling a supervisor: OTP's functions, by id.
//!
//! A handle names a supervisor by its path, so it stays good when that supervisor is restarted.
//! Every call has a timeout; a request that timed out may still be carried out.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ractor::ActorCell;
use tokio::sync::oneshot;

use super::child::Args;
use super::error::CallError;
use super::path::ActorPath;
use super::spec::{ChildKind, ChildSpec};
use super::supervisor::{Mail, Reply, SupervisorMsg};
use super::tree::TreeHandle;

/// How long a call waits unless the handle says otherwise. Longer than the usual shutdown.
pub const CALL_TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);

/// How many requests wait for one supervisor at most; one more is told that it is busy.
pub const CALLS_QUEUED_MAX: usize = 4096;

/// A supervisor of a tree, by path. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SupervisorHandle {
    tree: TreeHandle,
    path: ActorPath,
    timeout: Duration,
}

/// One child, as `which_children` lists it.
#[derive(Clone, Debug)]
pub struct ChildInfo {
    /// Its id.
    pub id: Arc<str>,
    /// Its process, if it has one.
    pub process: ChildProcess,
    /// Worker or supervisor.
    pub kind: ChildKind,
}

/// Whether a child has a process.
#[derive(Clone, Debug)]
pub enum ChildProcess {
    /// It runs.
    Running(ActorCell),
    /// It is about to be started again.
    Restarting,
    /// It does not run.
    None,
}

/// What `count_children` counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChildrenCount {
    /// Specifications, with or without a process; 1 for a dynamic supervisor.
    pub specs: usize,
    /// Children with a process.
    pub active: usize,
    /// Children that supervise, with or without a process.
    pub supervisors: usize,
    /// Children that work, with or without a process.
    pub workers: usize,
}

// === impl SupervisorHandle ===

impl SupervisorHandle {
    pub(crate) fn new(tree: TreeHandle, path: ActorPath) -> Self {
        Self { tree, path, timeout: CALL_TIMEOUT_DEFAULT }
    }

    /// The same supervisor with another timeout for every call.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Where the supervisor lives.
    pub fn path(&self) -> &ActorPath {
        &self.path
    }

    /// Starts a child of a dynamic supervisor and waits until it runs. `Ok(None)`: its factory
    /// had nothing to start, and nothing is kept.
    pub async fn start_child(&self, id: &str, args: Option<Args>) -> Result<Option<ActorCell>, CallError> {
        let id = Arc::from(id);
        self.ask(|reply| SupervisorMsg::StartDynamic { id, args, reply }).await
    }

    /// Adds a child with a specification of its own to a supervisor that is not dynamic, and
    /// waits until it runs. A child whose start fails is not kept.
    pub async fn start_child_spec(&self, spec: ChildSpec) -> Result<Option<ActorCell>, CallError> {
        self.ask(|reply| SupervisorMsg::StartChild { spec, reply }).await
    }

    /// Stops a child and keeps it down. Not an error if it does not run.
    pub async fn terminate_child(&self, id: &str) -> Result<(), CallError> {
        let id = Arc::from(id);
        self.ask(|reply| SupervisorMsg::Terminate { id, reply }).await.map(drop)
    }

    /// Starts a declared child that does not run.
    pub async fn restart_child(&self, id: &str) -> Result<Option<ActorCell>, CallError> {
        let id = Arc::from(id);
        self.ask(|reply| SupervisorMsg::RestartChild { id, reply }).await
    }

    /// Forgets a declared child that does not run.
    pub async fn delete_child(&self, id: &str) -> Result<(), CallError> {
        let id = Arc::from(id);
        self.ask(|reply| SupervisorMsg::Delete { id, reply }).await.map(drop)
    }

    /// All children: declared ones from last to first, dynamic ones from oldest to newest process.
    pub async fn which_children(&self) -> Result<Vec<ChildInfo>, CallError> {
        self.call(|reply| SupervisorMsg::Which { reply }).await
    }

    /// How many children there are.
    pub async fn count_children(&self) -> Result<ChildrenCount, CallError> {
        self.call(|reply| SupervisorMsg::Count { reply }).await
    }

    /// The process of a child that runs; does not wait for the supervisor.
    pub fn running_child(&self, id: &str) -> Option<ActorCell> {
        let node = self.tree.node(&self.path)?;
        let table = node.table.lock();
        match &table.find(id)?.1.state {
            super::table::ChildState::Running(live) => Some(live.cell.clone()),
            _ => None,
        }
    }

    pub(crate) async fn ask(
        &self,
        msg: impl FnOnce(Reply) -> SupervisorMsg,
    ) -> Result<Option<ActorCell>, CallError> {
        self.call(msg).await?
    }

    async fn call<T>(&self, msg: impl FnOnce(oneshot::Sender<T>) -> SupervisorMsg) -> Result<T, CallError> {
        let node = self.tree.node(&self.path).ok_or(CallError::NotFound)?;
        let supervisor = node.cell.get().ok_or(CallError::NotFound)?;
        let permit = node.calls.clone().try_acquire_owned().map_err(|_| CallError::Busy)?;
        let (reply, answer) = oneshot::channel();
        let mail = Mail { msg: msg(reply), permit: Some(permit) };
        supervisor.send_message(mail).map_err(|_| CallError::Gone)?;
        match tokio::time::timeout(self.timeout, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(CallError::Gone),
            Err(_) => Err(CallError::Timeout(self.timeout)),
        }
    }
}

impl fmt::Display for ChildProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running(cell) => write!(f, "{}", cell.get_id()),
            Self::Restarting => f.write_str("restarting"),
            Self::None => f.write_str("none"),
        }
    }
}
