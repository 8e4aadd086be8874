//! The servers that run now: their state, their tools, and the way to call them. Nothing here outlives the daemon.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use rmcp::RoleClient;
use rmcp::service::Peer;
use tokio::sync::{Notify, watch};

use super::offer::FoundTool;
use super::server::McpServer;
use crate::protocol::ids::TenantId;

/// Most lines that are kept of what went wrong with one server.
const LOG_LINES_MAX: usize = 100;

/// What a server does at the moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum ServerState {
    /// Nobody started it.
    #[default]
    Stopped,
    /// It is being connected.
    Starting,
    /// Its tools can be called.
    Ready,
    /// It does not run, for this reason; it is started again after a while.
    Failed(String),
}

impl ServerState {
    /// Whether it was tried: it is ready, or it failed.
    pub(super) const fn is_decided(&self) -> bool {
        matches!(self, Self::Ready | Self::Failed(_))
    }
}

/// Whether a tool is offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It is what a person accepted.
    Accepted,
    /// It was not there when the server was added.
    New,
    /// It says something else than what was accepted.
    Changed,
    /// The settings of the server leave it out.
    NotAllowed,
}

/// A tool with its standing.
#[derive(Clone, PartialEq, Debug)]
pub struct StandingTool {
    /// The tool.
    pub tool: FoundTool,
    /// Whether it is offered.
    pub standing: Standing,
    /// What was accepted instead, for a changed one.
    pub was: Option<String>,
}

/// Something that a server said on its error output, or that went wrong with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogLine {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// What; secrets are taken out.
    pub text: String,
}

/// One server as it is now.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LiveView {
    /// What it does.
    pub state: ServerState,
    /// The protocol revision that it speaks.
    pub protocol: Option<String>,
    /// What it calls itself.
    pub calls_itself: Option<String>,
    /// Its tools.
    pub tools: Arc<[StandingTool]>,
    /// Tools that cannot be offered at all.
    pub left_out: usize,
    /// Whether it has resources.
    pub has_resources: bool,
    /// Whether it has prompts.
    pub has_prompts: bool,
}

/// One server with the way to it.
#[derive(Clone, Default)]
pub(super) struct Live {
    pub(super) view: LiveView,
    /// The settings of this life.
    pub(super) server: Option<Arc<McpServer>>,
    /// Set while it is ready.
    pub(super) peer: Option<Peer<RoleClient>>,
    /// Wakes its life to look again at its tools, which also tells whether it still answers.
    pub(super) doubt: Option<Arc<Notify>>,
}

#[derive(Default)]
struct Entry {
    live: Live,
    /// How often a person asked for another life.
    restarts: u64,
    /// What went wrong, oldest first.
    log: VecDeque<LogLine>,
}

/// All of them. Bounded by the servers that are configured.
#[derive(Default)]
pub(super) struct LiveTable {
    entries: Mutex<HashMap<(TenantId, String), Entry>>,
    changed: Mutex<HashMap<TenantId, Arc<Notify>>>,
    /// Tenants whose servers were all tried in this life of the daemon.
    tried: Mutex<HashSet<TenantId>>,
    /// Counts what happened to any of them.
    moved: watch::Sender<u64>,
}

impl LiveTable {
    pub(super) fn get(&self, tenant: &TenantId, name: &str) -> Live {
        let entries = self.entries.lock();
        entries.get(&(tenant.clone(), name.to_owned())).map(|entry| entry.live.clone()).unwrap_or_default()
    }

    pub(super) fn all(&self, tenant: &TenantId) -> Vec<Live> {
        let entries = self.entries.lock();
        entries.iter().filter(|((of, _), _)| of == tenant).map(|(_, entry)| entry.live.clone()).collect()
    }

    pub(super) fn change(&self, tenant: &TenantId, name: &str, change: impl FnOnce(&mut Live)) {
        change(&mut self.entries.lock().entry((tenant.clone(), name.to_owned())).or_default().live);
        self.moved.send_modify(|moves| *moves = moves.wrapping_add(1));
    }

    /// Whether the servers of a tenant that shall run were all tried.
    pub(super) fn is_tried(&self, tenant: &TenantId) -> bool {
        self.tried.lock().contains(tenant)
    }

    pub(super) fn set_tried(&self, tenant: &TenantId) {
        self.tried.lock().insert(tenant.clone());
    }

    /// The server is in another state, and nothing of what was known of it holds any more.
    pub(super) fn enter(&self, tenant: &TenantId, name: &str, state: ServerState) {
        self.change(tenant, name, |live| {
            *live = Live { view: LiveView { state, ..LiveView::default() }, ..Live::default() };
        });
    }

    /// Changes whenever something happens to any server.
    pub(super) fn moves(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    pub(super) fn note(&self, tenant: &TenantId, name: &str, line: LogLine) {
        let mut entries = self.entries.lock();
        let log = &mut entries.entry((tenant.clone(), name.to_owned())).or_default().log;
        if log.len() >= LOG_LINES_MAX {
            log.pop_front();
        }
        log.push_back(line);
        drop(entries);
        self.moved.send_modify(|moves| *moves = moves.wrapping_add(1));
    }

    pub(super) fn log(&self, tenant: &TenantId, name: &str) -> Vec<LogLine> {
        let entries = self.entries.lock();
        let entry = entries.get(&(tenant.clone(), name.to_owned()));
        entry.map(|entry| entry.log.iter().cloned().collect()).unwrap_or_default()
    }

    pub(super) fn forget(&self, tenant: &TenantId, name: &str) {
        self.entries.lock().remove(&(tenant.clone(), name.to_owned()));
    }

    /// It is about to be tried again: whoever waits for it waits for that.
    pub(super) fn forget_failure(&self, tenant: &TenantId, name: &str) {
        if matches!(self.get(tenant, name).view.state, ServerState::Failed(_)) {
            self.enter(tenant, name, ServerState::Stopped);
        }
    }

    pub(super) fn restarts(&self, tenant: &TenantId, name: &str) -> u64 {
        self.entries.lock().get(&(tenant.clone(), name.to_owned())).map_or(0, |entry| entry.restarts)
    }

    pub(super) fn ask_restart(&self, tenant: &TenantId, name: &str) {
        self.entries.lock().entry((tenant.clone(), name.to_owned())).or_default().restarts += 1;
    }

    /// Wakes the keeper of a tenant, which keeps the wish if it does not wait at the moment.
    pub(super) fn changed(&self, tenant: &TenantId) -> Arc<Notify> {
        Arc::clone(self.changed.lock().entry(tenant.clone()).or_default())
    }
}
