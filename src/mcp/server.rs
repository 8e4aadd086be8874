//! What is known about an MCP server before anybody connects to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::McpError;
use crate::protocol::ids::{McpServerId, WorkspaceId};

/// Most characters of a server's name: `name__tool` has to fit into the name of a tool.
pub(super) const NAME_CHARS_MAX: usize = 32;
/// Most servers of a tenant; as many as `supervision.toml` lets run.
pub const SERVERS_MAX: usize = 64;
/// Most arguments, variables or headers.
const ENTRIES_MAX: usize = 64;
/// Most bytes of one of them.
const VALUE_BYTES_MAX: usize = 4_096;
/// Headers that belong to the transport.
const OWN_HEADERS: [&str; 9] = [
    "accept",
    "connection",
    "content-length",
    "content-type",
    "host",
    "last-event-id",
    "mcp-protocol-version",
    "mcp-session-id",
    "transfer-encoding",
];

/// How a server is reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Transport {
    /// A program in the sandbox that talks on its standard streams.
    Stdio {
        /// A name that is looked up in the path, or an absolute path.
        command: String,
        /// Its arguments.
        #[serde(default)]
        args: Vec<String>,
        /// Variables of its environment. A value may name secrets: `@secret:NAME`.
        #[serde(default)]
        env: BTreeMap<String, String>,
        /// The folder that it works in, absolute; its own one without this.
        #[serde(default)]
        cwd: Option<String>,
        /// Folders and files that it may read besides, absolute.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        read: Vec<String>,
        /// Folders that it may change, absolute.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        write: Vec<String>,
        /// Whether it may use the network.
        #[serde(default)]
        network: bool,
    },
    /// Streamable HTTP.
    Http {
        /// Its address.
        url: String,
        /// Headers of every request. A value may name secrets: `@secret:NAME`.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
}

/// A configured server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct McpServer {
    /// Its id.
    pub id: McpServerId,
    /// Its name, unique in the tenant. It stays.
    pub name: String,
    /// Whose threads see its tools; `None` for all.
    pub workspace_id: Option<WorkspaceId>,
    /// How it is reached.
    pub transport: Transport,
    /// Whether it runs.
    pub enabled: bool,
    /// Whether its hints about its own tools are believed.
    pub trusted: bool,
    /// The tools that are offered, as the server calls them; `None` for all.
    pub allowed_tools: Option<Vec<String>>,
    /// Whether its first list of tools was taken.
    pub pinned: bool,
    /// Counts changes, from 1.
    pub version: i64,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it was changed last.
    pub updated_ms: i64,
}

/// What is asked for when a server is added.
#[derive(Clone, Debug)]
pub struct NewServer {
    /// 1–32 characters of `a-z`, `0-9`, `_` and `-`.
    pub name: String,
    /// Whose threads see its tools; `None` for all.
    pub workspace_id: Option<WorkspaceId>,
    /// How it is reached.
    pub transport: Transport,
    /// Whether it runs.
    pub enabled: bool,
    /// Whether its hints are believed.
    pub trusted: bool,
    /// The tools that are offered.
    pub allowed_tools: Option<Vec<String>>,
}

/// What changes of a server. `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ServerChange {
    /// Another workspace; `Some(None)` for all.
    pub workspace_id: Option<Option<WorkspaceId>>,
    /// Another way to reach it. Its tools are then taken as those of a new server.
    pub transport: Option<Transport>,
    /// Whether it runs.
    pub enabled: Option<bool>,
    /// Whether its hints are believed.
    pub trusted: Option<bool>,
    /// Other tools; `Some(None)` for all.
    pub allowed_tools: Option<Option<Vec<String>>>,
}

// === impl NewServer ===

impl NewServer {
    pub(super) fn into_server(self, now_ms: i64) -> Result<McpServer, McpError> {
        let server = McpServer {
            id: McpServerId::new(),
            name: self.name,
            workspace_id: self.workspace_id,
            transport: self.transport,
            enabled: self.enabled,
            trusted: self.trusted,
            allowed_tools: self.allowed_tools,
            pinned: false,
            version: 1,
            created_ms: now_ms,
            updated_ms: now_ms,
        };
        server.check()?;
        Ok(server)
    }
}

// === impl ServerChange ===

impl ServerChange {
    pub(super) fn apply(self, to: McpServer, now_ms: i64) -> Result<McpServer, McpError> {
        let transport = self.transport.unwrap_or_else(|| to.transport.clone());
        let changed = McpServer {
            workspace_id: self.workspace_id.unwrap_or(to.workspace_id),
            pinned: to.pinned && transport == to.transport,
            transport,
            enabled: self.enabled.unwrap_or(to.enabled),
            trusted: self.trusted.unwrap_or(to.trusted),
            allowed_tools: self.allowed_tools.unwrap_or(to.allowed_tools),
            version: to.version + 1,
            updated_ms: now_ms,
            ..to
        };
        changed.check()?;
        Ok(changed)
    }
}

// === impl McpServer ===

impl McpServer {
    /// The host that a secret must be granted to before this server's program gets it.
    #[must_use]
    pub fn secret_host(&self) -> String {
        format!("{}.mcp.internal", self.name.replace('_', "-"))
    }

    /// For the access log of the vault.
    pub(super) fn used_by(&self) -> String {
        format!("mcp server {}", self.name)
    }

    fn check(&self) -> Result<(), McpError> {
        let is_part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
        let is_edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let name = &self.name;
        if name.len() > NAME_CHARS_MAX
            || !name.bytes().all(is_part)
            || !is_edge(name.chars().next())
            || !is_edge(name.chars().next_back())
            || name.replace('-', "_").contains("__")
        {
            let why = "has 1 to 32 characters of a-z, 0-9, _ and -, begins and ends with a letter or a digit, and \
                       has no two of _ and - in a row";
            return Err(McpError::field("name", why));
        }
        if self.allowed_tools.as_ref().is_some_and(|names| {
            names.len() > 1_000 || names.iter().any(|name| name.is_empty() || name.len() > 256)
        }) {
            return Err(McpError::field("allowed_tools", "has at most 1,000 names of 1 to 256 bytes"));
        }
        self.transport.check()
    }
}

// === impl Transport ===

impl Transport {
    /// Where it leads, for people: the program, or the address.
    #[must_use]
    pub fn target(&self) -> String {
        match self {
            Self::Stdio { command, args, .. } => {
                std::iter::once(command).chain(args).map(String::as_str).collect::<Vec<_>>().join(" ")
            }
            Self::Http { url, .. } => url.clone(),
        }
    }

    /// The values that may be a secret in plain text: field and value.
    pub(super) fn values(&self) -> impl Iterator<Item = (String, &str)> {
        let (kind, named, args): (_, _, &[String]) = match self {
            Self::Stdio { env, args, .. } => ("env", env, args),
            Self::Http { headers, .. } => ("headers", headers, &[]),
        };
        let named =
            named.iter().map(move |(name, value)| (format!("transport/{kind}/{name}"), value.as_str()));
        named.chain(args.iter().enumerate().map(|(at, arg)| (format!("transport/args/{at}"), arg.as_str())))
    }

    fn check(&self) -> Result<(), McpError> {
        let plain =
            |text: &str, bytes_max: usize| text.len() <= bytes_max && !text.chars().any(char::is_control);
        match self {
            Self::Stdio { command, args, env, cwd, read, write, .. } => {
                if command.trim().is_empty() || !plain(command, VALUE_BYTES_MAX) {
                    return Err(McpError::field("transport/command", "is the name or the path of a program"));
                }
                if args.len() > ENTRIES_MAX || !args.iter().all(|arg| plain(arg, VALUE_BYTES_MAX)) {
                    return Err(McpError::field("transport/args", "has at most 64 texts of 4 KiB"));
                }
                let is_place = |path: &str| path.starts_with('/') && plain(path, VALUE_BYTES_MAX);
                if cwd.as_deref().is_some_and(|cwd| !is_place(cwd)) {
                    return Err(McpError::field("transport/cwd", "is an absolute path"));
                }
                for (field, paths) in [("transport/read", read), ("transport/write", write)] {
                    if paths.len() > ENTRIES_MAX || !paths.iter().all(|path| is_place(path)) {
                        return Err(McpError::field(field, "has at most 64 absolute paths"));
                    }
                }
                let is_name = |name: &str| {
                    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                        && name.bytes().next().is_some_and(|b| !b.is_ascii_digit())
                };
                check_entries("env", env, is_name)
            }
            Self::Http { url, headers } => {
                let fits = url.starts_with("https://") || url.starts_with("http://");
                if !fits || !plain(url, VALUE_BYTES_MAX) || url.contains(['@', '#']) {
                    let why = "is an http or https address without user name, secret and fragment";
                    return Err(McpError::field("transport/url", why));
                }
                let is_name = |name: &str| {
                    let token = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
                    !name.is_empty()
                        && name.bytes().all(token)
                        && !OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str())
                };
                check_entries("headers", headers, is_name)
            }
        }
    }
}

fn check_entries(
    field: &'static str,
    entries: &BTreeMap<String, String>,
    is_name: impl Fn(&str) -> bool,
) -> Result<(), McpError> {
    let fits = |text: &str| text.len() <= VALUE_BYTES_MAX && !text.chars().any(char::is_control);
    let place = |name: &str| format!("transport/{field}/{name}");
    if entries.len() > ENTRIES_MAX {
        return Err(McpError::field(format!("transport/{field}"), "has at most 64 entries"));
    }
    for (name, value) in entries {
        if name.len() > 128 || !is_name(name) {
            return Err(McpError::field(place(name), "is no name that can be set here"));
        }
        if !fits(value) {
            return Err(McpError::field(place(name), "has at most 4 KiB and no control characters"));
        }
        if value.contains("${") {
            let why =
                "has `${`, which is not filled in here; keep the value in the vault and write @secret:NAME";
            return Err(McpError::field(place(name), why));
        }
    }
    Ok(())
}
