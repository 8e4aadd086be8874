//! The composition root: builds every part, starts the tree, and ends it in order.
//!
//! Knows everybody and decides nothing. What can fail at start fails here, with its reason,
//! before the first listener answers; afterwards everything is a child of the tree.

mod certificate_watch;
mod chores;
mod coders;
mod experiments;
mod extensions;
mod factories;
mod hands;
mod mind;
mod notices;
mod parts;
mod processes;
mod protection;
mod reports;
mod told;
mod wanted;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use capuchin_actors::supervision::declaration::{Declaration, Factories};
use capuchin_actors::supervision::parse::parse;
use capuchin_actors::supervision::{ActorPath, RunningTree, SelfEnd, TreeEnd};

use crate::config::{Config, Home, Sources};
use crate::extensions::{Hook, Plug};
use crate::http::AppState;
use crate::protocol::ids::TenantId;
use crate::redaction::Redactor;
use crate::telemetry::Troubles;

use factories::Doors;
use parts::Parts;

pub use protection::close_process;

/// The tree unless the configuration folder has another one.
const SUPERVISION: &str = include_str!("../supervision.toml");
/// Path of the root supervisor.
const ROOT: &str = "root";
/// Time that running turns get when the daemon stops; the rest is resumed at the next start.
const DRAIN: Duration = Duration::from_secs(20);
/// Time for the ordered end of the tree after that.
const SHUTDOWN: Duration = Duration::from_secs(40);

/// What a start leaves out, and what it shares with its process.
#[derive(Clone)]
pub struct StartOptions {
    /// Whether the console and the ingress listen. The control socket always does.
    pub listen: bool,
    /// The engine that the process's log uses too, so that it knows the same secrets.
    pub redactor: Redactor,
    /// Where the process's log says what went wrong, so that people are told.
    pub troubles: Troubles,
    /// Plugs of the program that the daemon is in, each at one point or, with `None`, at every one; behind those of the
    /// settings.
    pub plugs: Vec<(Option<Hook>, Arc<dyn Plug>)>,
    /// Where the settings came from, for what is read again while the daemon runs: `[extensions]`.
    pub sources: Option<Sources>,
}

impl Default for StartOptions {
    fn default() -> Self {
        Self {
            listen: true,
            redactor: Redactor::new(),
            troubles: Troubles::default(),
            plugs: Vec::new(),
            sources: None,
        }
    }
}

impl StartOptions {
    /// A daemon inside another program of the same user: reachable by the control socket only.
    #[must_use]
    pub fn embedded() -> Self {
        Self { listen: false, ..Self::default() }
    }
}

/// Why a daemon ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DaemonExit {
    /// It was told to.
    Stopped,
    /// The root supervisor gave up: a clean process is the last resort.
    GaveUp,
}

/// A daemon whose listeners answer.
pub struct RunningDaemon {
    tree: RunningTree,
    parts: Parts,
    doors: Arc<Doors>,
    setup_link: Option<String>,
}

/// Builds and starts everything. When it returns, every listener answers.
///
/// # Errors
/// What could not be opened, parsed or bound; then nothing runs.
pub async fn start(config: Config, home: Home, options: StartOptions) -> anyhow::Result<RunningDaemon> {
    let declaration = declaration(&home)?;
    // Boxed: it builds everything, and whoever starts a daemon should not carry that on the stack.
    let parts =
        Box::pin(Parts::build(config, &home, (options.redactor, (options.plugs, options.sources)))).await?;
    notices::hear(&options.troubles, &parts.notifications);
    processes::lose(&parts.hands.processes, &parts.notifications).await?;
    let doors = Arc::new(Doors::new(&parts.config, options.listen));
    let quarantines = reports::Quarantines::new();
    let factories = factories::table(&parts, &home, &doors, quarantines.clone());
    let spec = declaration.build(&factories).context("supervision.toml")?;
    let told = parts.told.clone();
    let watch = notices::subscriber(parts.notifications.clone());
    let subscribers = vec![reports::subscriber(parts.metrics.clone(), quarantines, told), watch];
    // Before anything new is anchored: the last anchor is the one that counts.
    parts.told.check_anchors().await;
    let tree = RunningTree::start(ROOT, spec, subscribers).await.context("the daemon could not start")?;
    parts.opener.connect(tree.handle().clone());
    parts.hands.process_opener.connect(tree.handle().clone());
    // silent-ok: it is set once per start, here
    let _ = parts.tree.set(tree.handle().clone());
    start_tenants(&parts).await?;
    parts.told.started(&parts.config).await;
    parts.told.anchor().await;
    let setup_link = setup_link(&parts, &doors)?;
    Ok(RunningDaemon { tree, parts, doors, setup_link })
}

/// The tree as the home declares it, or the built-in one.
///
/// # Errors
/// Every problem of `supervision.toml` at once.
pub fn declaration(home: &Home) -> anyhow::Result<Declaration> {
    let file = home.supervision_file();
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => SUPERVISION.to_owned(),
        Err(error) => return Err(error).with_context(|| file.display().to_string()),
    };
    parse(&text).with_context(|| file.display().to_string())
}

/// The names of all factories that the daemon supplies.
#[must_use]
pub fn factory_names() -> &'static [&'static str] {
    factories::NAMES
}

/// The built-in tree.
#[must_use]
pub const fn built_in_supervision() -> &'static str {
    SUPERVISION
}

fn tenants_path() -> ActorPath {
    ActorPath::root(ROOT).child("tenants")
}

/// Starts every tenant that the housekeeper, which runs already, has not started to resume its sessions.
async fn start_tenants(parts: &Parts) -> anyhow::Result<()> {
    for tenant in parts.turns.tenants().await.context("the tenants")? {
        parts.opener.open_tenant(&tenant).await.with_context(|| format!("tenant {tenant}"))?;
    }
    Ok(())
}

/// The address that sets a new home up, if nobody did yet. The token is in the fragment, which
/// reaches neither a log nor another site.
fn setup_link(parts: &Parts, doors: &Doors) -> anyhow::Result<Option<String>> {
    let Some(address) = doors.console_address() else { return Ok(None) };
    let token = parts.identity.open_setup().context("the setup link")?;
    let scheme = if parts.config.console.has_tls() { "https" } else { "http" };
    Ok(token.map(|token| format!("{scheme}://localhost:{}/setup#{}", address.port(), token.expose())))
}

// === impl RunningDaemon ===

impl RunningDaemon {
    /// The console's address, `http://127.0.0.1:7717`; empty when it does not listen.
    #[must_use]
    pub fn console_url(&self) -> String {
        let scheme = if self.parts.config.console.has_tls() { "https" } else { "http" };
        url(scheme, self.doors.console_address())
    }

    /// The ingress's address.
    #[must_use]
    pub fn ingress_url(&self) -> String {
        let scheme = if self.parts.config.ingress.has_tls() { "https" } else { "http" };
        url(scheme, self.doors.ingress_address())
    }

    /// The one-time address for the first person, while there is no owner.
    #[must_use]
    pub fn setup_link(&self) -> Option<String> {
        self.setup_link.clone()
    }

    /// What the routes of the console work with.
    #[must_use]
    pub fn state(&self) -> AppState {
        self.parts.state()
    }

    /// Waits for the daemon's own end.
    pub async fn wait(&self) -> DaemonExit {
        match self.tree.ended().await {
            TreeEnd::Stopped | TreeEnd::Itself(SelfEnd::Significant { .. }) => DaemonExit::Stopped,
            TreeEnd::Itself(SelfEnd::GaveUp { .. }) | TreeEnd::Crashed => DaemonExit::GaveUp,
        }
    }

    /// Takes no new message, gives running turns time to end, then stops everything in order.
    pub async fn shutdown(&self) {
        if !self.parts.sessions.drain(DRAIN).await {
            tracing::warn!("turns still run after the drain time; they are resumed at the next start");
        }
        self.parts.told.tell_rest(true);
        self.parts.told.stopping().await;
        self.parts.told.anchor().await;
        if let Err(error) = self.parts.notifications.flush().await {
            tracing::warn!(%error, "the last notices are lost");
        }
        if let Err(error) = self.parts.leaks.flush().await {
            tracing::warn!(%error, "the last records of leaks are lost");
        }
        if !self.tree.shutdown(SHUTDOWN).await {
            tracing::warn!("the tree did not end in time and was killed");
        }
    }
}

fn url(scheme: &str, address: Option<SocketAddr>) -> String {
    address.map(|address| format!("{scheme}://{address}")).unwrap_or_default()
}

/// The tenant of a path below `root/tenants`, and the session if it names one.
fn session_of(path: &ActorPath) -> Option<(TenantId, &str)> {
    let mut segments = path.segments();
    let place = (segments.next(), segments.next(), segments.next(), segments.next(), segments.next());
    match (place, segments.next()) {
        ((Some(ROOT), Some("tenants"), Some(tenant), Some("sessions"), Some(session)), None) => {
            tenant.parse().ok().map(|tenant| (tenant, session))
        }
        _ => None,
    }
}

/// The tenant and the name of an MCP server, if a path names one.
fn server_of(path: &ActorPath) -> Option<(TenantId, &str)> {
    let mut segments = path.segments();
    let place = (segments.next(), segments.next(), segments.next(), segments.next(), segments.next());
    match (place, segments.next()) {
        ((Some(ROOT), Some("tenants"), Some(tenant), Some(factories::MCP_SERVERS), Some(server)), None) => {
            tenant.parse().ok().map(|tenant| (tenant, server))
        }
        _ => None,
    }
}

/// The factories of a table, for the type's sake in one place.
type Table = Factories;
