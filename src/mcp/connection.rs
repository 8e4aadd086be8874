//! One connection: from a server's settings to a peer that answers, in either era of the protocol.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{
    ClientCapabilities, ClientConfig, Implementation, PaginatedRequestParams, ProtocolVersion, Tool,
};
use rmcp::service::{
    ClientInitializeError, ClientLifecycleMode, ClientServiceExt as _, NotificationContext, Peer,
    RunningService, ServiceError,
};
use rmcp::transport::DynamicTransportError;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientHandler, RoleClient};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::Notify;

use super::desk::McpServers;
use super::process::{ProcessWish, StartedProcess};
use super::server::{McpServer, Transport};
use super::wire::Wire;
use crate::protocol::ids::TenantId;

/// Most pages of a list of tools.
const PAGES_MAX: usize = 50;
/// Most bytes that are read of what a program wrote before it ended.
const SAID_BYTES_MAX: usize = 4_096;
/// How long that may take.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Our side of a connection. It offers a server nothing: no sampling, no roots, no questions to the person.
pub(super) struct Us {
    /// The server says that its list of tools changed.
    pub(super) changed: Arc<Notify>,
}

impl ClientHandler for Us {
    fn get_info(&self) -> ClientConfig {
        let us = Implementation::new("capuchin", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(ClientCapabilities::default(), us)
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.changed.notify_one();
    }
}

/// A connection, with what keeps its program alive.
pub(super) struct Connection {
    pub(super) running: RunningService<RoleClient, Us>,
    pub(super) program: Option<Program>,
}

/// The rest of a program whose other two streams the connection has. Dropping it ends the program.
pub(super) struct Program {
    pub(super) stderr: Box<dyn AsyncRead + Send + Unpin>,
    pub(super) guard: Box<dyn Send>,
}

/// Connects. The error is for people.
pub(super) async fn connect(
    servers: &McpServers,
    tenant: &TenantId,
    server: &McpServer,
    changed: &Arc<Notify>,
) -> Result<Connection, String> {
    let us = Us { changed: Arc::clone(changed) };
    match &server.transport {
        Transport::Stdio { .. } => match by_program(servers, tenant, server, us, either_era()).await {
            Ok(connection) => Ok(connection),
            // Some programs of the older era end when the first word is one that they do not know.
            Err(Refused::Start(why)) => Err(why),
            Err(Refused::Talk(_)) => {
                let us = Us { changed: Arc::clone(changed) };
                let again = by_program(servers, tenant, server, us, ClientLifecycleMode::Initialize).await;
                again.map_err(Refused::into_words)
            }
        },
        Transport::Http { url, headers } => {
            let wire = wire(servers, tenant, server, (url, headers))?;
            let first = by_address(servers, wire.clone(), url, us, either_era()).await;
            let Err(refused) = first else { return first };
            // Some servers of the older era answer the word that they do not know with something that is no error.
            let us = Us { changed: Arc::clone(changed) };
            let again = by_address(servers, wire, url, us, ClientLifecycleMode::Initialize).await;
            again.map_err(|_| refused)
        }
    }
}

async fn by_address(
    servers: &McpServers,
    wire: Wire,
    url: &str,
    us: Us,
    era: ClientLifecycleMode,
) -> Result<Connection, String> {
    let mut config = StreamableHttpClientTransportConfig::with_uri(url);
    config.max_sse_event_size = servers.limits().message_bytes_max;
    let transport = StreamableHttpClientTransport::with_client(wire, config);
    let running = us.serve_with_lifecycle(transport, era).await.map_err(|error| refusal(&error))?;
    Ok(Connection { running, program: None })
}

/// The newest revision, or the handshake of the older ones with whoever does not know the newest.
fn either_era() -> ClientLifecycleMode {
    ClientLifecycleMode::Auto {
        preferred_versions: vec![ProtocolVersion::LATEST],
        legacy_version: Some(ProtocolVersion::LATEST_WITH_INITIALIZE),
    }
}

/// Why there is no connection with a program.
enum Refused {
    /// It was not started.
    Start(String),
    /// It does not speak the protocol.
    Talk(String),
}

impl Refused {
    fn into_words(self) -> String {
        match self {
            Self::Start(why) | Self::Talk(why) => why,
        }
    }
}

async fn by_program(
    servers: &McpServers,
    tenant: &TenantId,
    server: &McpServer,
    us: Us,
    era: ClientLifecycleMode,
) -> Result<Connection, Refused> {
    let started = start(servers, tenant, server).await.map_err(Refused::Start)?;
    let StartedProcess { stdin, stdout, mut stderr, guard } = started;
    let transport =
        AsyncRwTransport::new_client(stdout, stdin).with_max_line_length(servers.limits().message_bytes_max);
    match us.serve_with_lifecycle(transport, era).await {
        Ok(running) => Ok(Connection { running, program: Some(Program { stderr, guard }) }),
        Err(error) => {
            // What it wrote before it ended says more than that it ended.
            let mut said = [0; SAID_BYTES_MAX];
            let read = tokio::time::timeout(LAST_WORDS, stderr.read(&mut said)).await;
            let said = read.ok().and_then(Result::ok).and_then(|length| said.get(..length));
            let said = String::from_utf8_lossy(said.unwrap_or_default());
            for line in said.lines() {
                servers.note(tenant, &server.name, line);
            }
            Err(Refused::Talk(refusal(&error)))
        }
    }
}

async fn start(
    servers: &McpServers,
    tenant: &TenantId,
    server: &McpServer,
) -> Result<StartedProcess, String> {
    let Transport::Stdio { command, args, env, cwd, read, write, network } = &server.transport else {
        return Err("it is no program".to_owned());
    };
    let mut filled = Vec::new();
    for (name, value) in env {
        let value =
            servers.egress().fill_for_program(tenant, &server.secret_host(), server.used_by(), value).await;
        filled.push((name.clone(), value.map_err(|error| error.to_string())?));
    }
    let wish = ProcessWish {
        tenant: tenant.clone(),
        server: server.id,
        name: server.name.clone(),
        workspace: server.workspace_id,
        command: command.clone(),
        args: args.clone(),
        env: filled,
        cwd: cwd.clone(),
        read: read.clone(),
        write: write.clone(),
        network: *network,
    };
    servers.processes().start(wish).await
}

fn wire(
    servers: &McpServers,
    tenant: &TenantId,
    server: &McpServer,
    (url, headers): (&str, &BTreeMap<String, String>),
) -> Result<Wire, String> {
    let (origin, path) = split(url);
    let limits = servers.limits();
    Ok(Wire {
        destination: servers.egress().destination(origin, false).map_err(|error| error.to_string())?,
        path: Arc::from(path),
        headers: headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        tenant: tenant.clone(),
        used_by: Arc::from(server.used_by()),
        timeout: Duration::from_secs(limits.call_timeout_s),
        message_bytes_max: limits.message_bytes_max,
    })
}

/// `https://host:1` and `/path?query`.
pub(super) fn split(url: &str) -> (&str, &str) {
    let after = url.find("://").map_or(0, |at| at + 3);
    let rest = url.get(after..).unwrap_or_default();
    let end = after + rest.find(['/', '?']).unwrap_or(rest.len());
    (url.get(..end).unwrap_or(url), url.get(end..).unwrap_or_default())
}

/// Every tool, up to a bound, page by page.
pub(super) async fn all_tools(
    peer: &Peer<RoleClient>,
    tools_max: usize,
) -> Result<(Vec<Tool>, usize), String> {
    let (mut tools, mut cursor) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let params = PaginatedRequestParams::default().with_cursor(cursor);
        let page = match peer.list_tools(Some(params)).await {
            Ok(page) => page,
            Err(ServiceError::McpError(error)) if error.code == rmcp::model::ErrorCode::METHOD_NOT_FOUND => {
                return Ok((Vec::new(), 0));
            }
            Err(error) => return Err(trouble(&error)),
        };
        tools.extend(page.tools);
        cursor = page.next_cursor;
        if cursor.is_none() || tools.len() > tools_max {
            break;
        }
    }
    let beyond = tools.len().saturating_sub(tools_max);
    tools.truncate(tools_max);
    Ok((tools, beyond))
}

fn refusal(error: &ClientInitializeError) -> String {
    let why = match error {
        ClientInitializeError::TransportError { error, .. } => carried(error),
        error => error.to_string(),
    };
    super::offer::plain_text(&format!("it could not be connected: {why}"), 500)
}

/// Why a message did not get there, without the names of the library's types.
fn carried(error: &DynamicTransportError) -> String {
    let why = error.error.to_string();
    why.strip_prefix("Client error: ").unwrap_or(&why).to_owned()
}

/// What went wrong, in one line; a server's own words in it are cut.
pub(super) fn trouble(error: &ServiceError) -> String {
    let why = match error {
        ServiceError::TransportSend(error) => carried(error),
        error => error.to_string(),
    };
    super::offer::plain_text(&why, 500)
}
