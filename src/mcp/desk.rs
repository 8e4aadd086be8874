//! The handle of MCP servers: what is configured, what was accepted, and what runs.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;

use super::error::McpError;
use super::live::{Live, LiveTable, LiveView, LogLine, Standing, StandingTool};
use super::offer::{FoundTool, plain_text};
use super::process::StartProcess;
use super::server::{McpServer, NewServer, SERVERS_MAX, ServerChange};
use super::store::{self, Pin};
use crate::audit::{self, Entry};
use crate::config::McpConfig;
use crate::db::{Db, TenantRead};
use crate::egress::Egress;
use crate::identity::{Made, Principal, RequestKey, once};
use crate::notifications::{Happening, Notifications, Pattern, SourceType};
use crate::protocol::ids::{McpServerId, TenantId};
use crate::redaction::Redactor;
use crate::workspaces::Workspaces;

/// Longest line of a server's log, in bytes.
pub(super) const LINE_BYTES_MAX: usize = 500;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct McpServers {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    egress: Egress,
    redactor: Redactor,
    processes: Arc<dyn StartProcess>,
    limits: McpConfig,
    live: LiveTable,
    notices: OnceLock<Notifications>,
}

/// A server with its state.
#[derive(Clone, Debug)]
pub struct McpView {
    /// What is configured.
    pub server: McpServer,
    /// What it does now.
    pub live: LiveView,
    /// What went wrong with it, oldest first.
    pub log: Vec<LogLine>,
}

// === impl McpServers ===

impl McpServers {
    /// The servers of this store, reached through these.
    #[must_use]
    pub fn new(
        db: Db,
        egress: Egress,
        redactor: Redactor,
        processes: Arc<dyn StartProcess>,
        limits: McpConfig,
    ) -> Self {
        let live = LiveTable::default();
        let notices = OnceLock::new();
        Self { inner: Arc::new(Inner { db, egress, redactor, processes, limits, live, notices }) }
    }

    /// Says who tells people that a server is down or its tools changed. The first one stays.
    pub fn tell(&self, notices: Notifications) {
        // silent-ok: it is set once per start
        let _ = self.inner.notices.set(notices);
    }

    pub(super) fn is_back(&self, tenant: &TenantId, name: &str) {
        if let Some(notices) = self.inner.notices.get() {
            notices.is_over(tenant, SourceType::McpServer, name);
        }
    }

    pub(super) fn notice(
        &self,
        tenant: &TenantId,
        pattern: Pattern,
        name: &str,
        (title, body): (String, &str),
    ) {
        if let Some(notices) = self.inner.notices.get() {
            let happening = Happening::new(pattern, title).saying(body).to(SourceType::McpServer, name);
            notices.raise(tenant, happening);
        }
    }

    pub(super) fn limits(&self) -> &McpConfig {
        &self.inner.limits
    }

    pub(super) fn egress(&self) -> &Egress {
        &self.inner.egress
    }

    pub(super) fn processes(&self) -> &dyn StartProcess {
        self.inner.processes.as_ref()
    }

    pub(super) fn db(&self) -> &Db {
        &self.inner.db
    }

    pub(super) fn table(&self) -> &LiveTable {
        &self.inner.live
    }

    /// Every server, in the order of their making.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn list(&self, tenant: &TenantId) -> Result<Vec<McpView>, McpError> {
        let all = self.inner.db.read(tenant, store::all).await?;
        Ok(all.into_iter().map(|server| self.view(tenant, server)).collect())
    }

    /// One server.
    ///
    /// # Errors
    /// [`McpError::NotFound`], or what the store answers.
    pub async fn get(&self, tenant: &TenantId, id: McpServerId) -> Result<McpView, McpError> {
        let server = self.inner.db.read(tenant, move |read| store::by_id(read, id)).await?;
        Ok(self.view(tenant, server))
    }

    fn view(&self, tenant: &TenantId, server: McpServer) -> McpView {
        let Live { view, .. } = self.inner.live.get(tenant, &server.name);
        McpView { live: view, log: self.inner.live.log(tenant, &server.name), server }
    }

    /// Adds a server. It is connected soon after.
    ///
    /// # Errors
    /// [`McpError`]; then nothing is stored.
    pub async fn create(
        &self,
        by: &Principal,
        new: NewServer,
        key: Option<RequestKey>,
    ) -> Result<Made<McpServer>, McpError> {
        let now_ms = Timestamp::now().as_millisecond();
        let server = new.into_server(now_ms)?;
        self.refuse_secrets(&server)?;
        let told = told(by, "mcp.created", &server);
        let write = self.inner.db.write(&by.tenant, move |tx| {
            once(tx, key.as_ref(), now_ms, |tx| {
                if store::count(tx)? >= SERVERS_MAX {
                    return Err(McpError::TooMany(SERVERS_MAX));
                }
                check_workspace(tx, &server)?;
                store::insert(tx, &server)?;
                audit::append(tx, told)?;
                Ok(server)
            })
        });
        let made = write.await?;
        self.inner.live.changed(&by.tenant).notify_one();
        Ok(made)
    }

    /// Changes a server, if it still has this version where one is given. It is connected anew.
    ///
    /// # Errors
    /// [`McpError`]; then nothing changed.
    pub async fn update(
        &self,
        by: &Principal,
        id: McpServerId,
        version: Option<i64>,
        change: ServerChange,
    ) -> Result<McpView, McpError> {
        let now_ms = Timestamp::now().as_millisecond();
        let (changer, servers) = (by.clone(), self.clone());
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let found = current(store::by_id(tx, id)?, version)?;
            let changed = change.apply(found, now_ms)?;
            servers.refuse_secrets(&changed)?;
            check_workspace(tx, &changed)?;
            store::update(tx, &changed)?;
            if !changed.pinned {
                store::unpin(tx, id)?;
            }
            audit::append(tx, told(&changer, "mcp.changed", &changed))?;
            Ok::<_, McpError>(changed)
        });
        let changed = write.await?;
        self.inner.live.forget_failure(&by.tenant, &changed.name);
        self.inner.live.changed(&by.tenant).notify_one();
        Ok(self.view(&by.tenant, changed))
    }

    /// Removes a server and ends it.
    ///
    /// # Errors
    /// [`McpError`]; then it is still there.
    pub async fn delete(
        &self,
        by: &Principal,
        id: McpServerId,
        version: Option<i64>,
    ) -> Result<(), McpError> {
        let deleter = by.clone();
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let found = current(store::by_id(tx, id)?, version)?;
            store::delete(tx, id)?;
            audit::append(tx, told(&deleter, "mcp.deleted", &found))?;
            Ok::<_, McpError>(found)
        });
        let gone = write.await?;
        self.inner.live.forget(&by.tenant, &gone.name);
        self.inner.live.changed(&by.tenant).notify_one();
        Ok(())
    }

    /// Ends the life of a server, out of quarantine too, and begins another one.
    ///
    /// # Errors
    /// [`McpError::NotFound`], or what the store answers.
    pub async fn restart(&self, by: &Principal, id: McpServerId) -> Result<McpView, McpError> {
        let restarter = by.clone();
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let found = store::by_id(tx, id)?;
            audit::append(tx, told(&restarter, "mcp.restarted", &found))?;
            Ok::<_, McpError>(found)
        });
        let server = write.await?;
        self.inner.live.forget_failure(&by.tenant, &server.name);
        self.inner.live.ask_restart(&by.tenant, &server.name);
        self.inner.live.changed(&by.tenant).notify_one();
        Ok(self.view(&by.tenant, server))
    }

    /// Accepts tools as they are now. `tools` says which, by name and hash, as the person saw them.
    ///
    /// # Errors
    /// [`McpError::OtherTool`] when one of them is something else by now; then none is accepted.
    pub async fn accept(
        &self,
        by: &Principal,
        id: McpServerId,
        tools: Vec<(String, [u8; 32])>,
    ) -> Result<McpView, McpError> {
        let view = self.get(&by.tenant, id).await?;
        let mut pins = Vec::new();
        for (name, hash) in tools {
            let fits = |found: &&StandingTool| found.tool.name == name && found.tool.hash == hash;
            let Some(found) = view.live.tools.iter().find(fits) else {
                return Err(McpError::OtherTool(name));
            };
            pins.push(pin_of(&found.tool));
        }
        let (source, now_ms) = (by.source(), Timestamp::now().as_millisecond());
        let server = view.server.clone();
        let write = self.inner.db.write(&by.tenant, move |tx| {
            for pin in pins {
                store::pin(tx, id, &pin, (&source, now_ms))?;
                let entry = Entry::done("mcp", source.clone(), "mcp.tool_accepted").on(id.to_string());
                let entry = entry.with("name", server.name.as_str()).with("tool", pin.name.as_str());
                audit::append(tx, entry.with("description", pin.description.as_str()))?;
            }
            Ok::<_, McpError>(store::pins(tx, id)?)
        });
        let pins = write.await?;
        self.inner.live.change(&by.tenant, &view.server.name, |live| {
            let found = live.view.tools.iter().map(|standing| standing.tool.clone()).collect();
            live.view.tools = standing(&view.server, found, &pins).into();
        });
        self.get(&by.tenant, id).await
    }

    /// A server once it is ready or has failed, or as it is when the time is over.
    ///
    /// # Errors
    /// [`McpError::NotFound`], or what the store answers.
    pub async fn settled(
        &self,
        tenant: &TenantId,
        id: McpServerId,
        within: Duration,
    ) -> Result<McpView, McpError> {
        let server = self.get(tenant, id).await?.server;
        let mut moves = self.inner.live.moves();
        let decided = async {
            loop {
                let live = self.inner.live.get(tenant, &server.name).view;
                if !server.enabled || live.state.is_decided() || moves.changed().await.is_err() {
                    break live;
                }
            }
        };
        // What was decided is the answer: one that failed is started again soon after.
        let decided = tokio::time::timeout(within, decided).await.ok();
        let now = self.get(tenant, id).await?;
        Ok(McpView { live: decided.unwrap_or_else(|| now.live.clone()), ..now })
    }

    /// Keeps a line for people about what went wrong with a server.
    pub(super) fn note(&self, tenant: &TenantId, name: &str, line: &str) {
        let text = self.inner.redactor.redact(&plain_text(line, LINE_BYTES_MAX)).text.into_owned();
        if !text.is_empty() {
            let line = LogLine { at_ms: Timestamp::now().as_millisecond(), text };
            self.inner.live.note(tenant, name, line);
        }
    }

    /// What goes into the store and into a program's arguments has no secret in plain text.
    fn refuse_secrets(&self, server: &McpServer) -> Result<(), McpError> {
        for (field, value) in server.transport.values() {
            let name = field.rsplit('/').next().unwrap_or_default();
            if self.holds_secret(name, value) {
                let why = "holds a secret in plain text; keep it with `capuchin vault set NAME`, grant it to the \
                           server, and write @secret:NAME in a variable or a header";
                return Err(McpError::field(field, why));
            }
        }
        Ok(())
    }

    /// Whether a value of this name is a secret in plain text, by its looks or by its name.
    pub(super) fn holds_secret(&self, name: &str, value: &str) -> bool {
        let announced = format!("{name}={value}");
        !self.inner.redactor.redact(value).findings.is_empty()
            || !value.contains("@secret:") && !self.inner.redactor.redact(&announced).findings.is_empty()
    }
}

pub(super) fn pin_of(tool: &FoundTool) -> Pin {
    Pin { name: tool.name.clone(), hash: tool.hash, description: tool.description.clone() }
}

/// What of a server's tools is offered, by what was accepted.
pub(super) fn standing(server: &McpServer, found: Vec<FoundTool>, pins: &[Pin]) -> Vec<StandingTool> {
    let of = |tool: FoundTool| {
        let allowed = server.allowed_tools.as_ref().is_none_or(|names| names.contains(&tool.name));
        let pin = pins.iter().find(|pin| pin.name == tool.name);
        let (standing, was) = match pin {
            _ if !allowed => (Standing::NotAllowed, None),
            None => (Standing::New, None),
            Some(pin) if pin.hash == tool.hash => (Standing::Accepted, None),
            Some(pin) => (Standing::Changed, Some(pin.description.clone())),
        };
        StandingTool { tool, standing, was }
    };
    found.into_iter().map(of).collect()
}

fn check_workspace(read: &TenantRead<'_>, server: &McpServer) -> Result<(), McpError> {
    match server.workspace_id {
        Some(id) if Workspaces::named_or_default(read, Some(id))?.is_none() => Err(McpError::NoWorkspace),
        _ => Ok(()),
    }
}

fn current(found: McpServer, version: Option<i64>) -> Result<McpServer, McpError> {
    match version {
        Some(version) if version != found.version => Err(McpError::Stale),
        _ => Ok(found),
    }
}

/// What the audit is told. Variables and headers stay out of it.
fn told(by: &Principal, action: &'static str, server: &McpServer) -> Entry {
    Entry::done("mcp", by.source(), action)
        .on(server.id.to_string())
        .with("name", server.name.as_str())
        .with("target", server.transport.target())
        .with("trusted", server.trusted)
        .with("enabled", server.enabled)
        .with("version", server.version)
}
