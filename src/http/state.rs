//! What routes work with: one cheap-clone struct of handles.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use capuchin_actors::ports::keep_ledger::AcceptError;
use capuchin_actors::session::SessionDirectory;
use capuchin_actors::supervision::TreeHandle;
use tokio_util::sync::CancellationToken;

use crate::assistants::Assistants;
use crate::backends::{Backends, UsageRecorder};
use crate::config::Config;
use crate::db::Db;
use crate::identity::Identity;
use crate::protocol::turn::{Accepted, Inbound};
use crate::telemetry::Metrics;
use crate::turns::Turns;
use crate::workspaces::{Threads, Workspaces};

/// Handles for every route. Built once by the daemon; every field is shared.
#[derive(Clone)]
pub struct AppState {
    /// The settings of this life of the daemon.
    pub config: Arc<Config>,
    /// The store, for its figures. Product modules keep the statements.
    pub db: Db,
    /// Who comes in.
    pub identity: Identity,
    /// Personas.
    pub assistants: Assistants,
    /// Projects.
    pub workspaces: Workspaces,
    /// Conversations and their messages.
    pub threads: Threads,
    /// The ledger and its event log.
    pub turns: Turns,
    /// Live sessions: where messages go.
    pub sessions: Arc<SessionDirectory>,
    /// Who answers.
    pub backends: Backends,
    /// Tokens of calls that store nothing else.
    pub usage: UsageRecorder,
    /// The supervision tree; set once it runs, which is after its listeners were started.
    pub tree: Arc<OnceLock<TreeHandle>>,
    /// The registry of metrics.
    pub metrics: Metrics,
    /// When this life of the daemon began.
    pub started: Instant,
    /// Cancelled when the console drains, so that streams end.
    pub stopping: CancellationToken,
}

impl AppState {
    /// Takes a message into its thread, as every face does, and counts what came of it.
    ///
    /// # Errors
    /// Every [`AcceptError`]; nothing was stored then, but see `Timeout`.
    pub async fn submit(&self, inbound: Inbound) -> Result<Accepted, AcceptError> {
        let outcome = self.sessions.submit(inbound).await;
        let counters = &self.metrics.messages;
        match &outcome {
            Ok(Accepted { repeated: true, .. }) => counters.repeated.inc(),
            Ok(_) => counters.accepted.inc(),
            Err(AcceptError::Busy { .. }) => counters.busy.inc(),
            Err(_) => counters.refused.inc(),
        };
        outcome
    }
}
