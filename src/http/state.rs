//! What routes work with: one cheap-clone struct of handles.

use std::sync::Arc;

use crate::assistants::Assistants;
use crate::config::Config;
use crate::db::Db;
use crate::identity::Identity;
use crate::telemetry::Metrics;
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
    /// The registry of metrics.
    pub metrics: Metrics,
}
