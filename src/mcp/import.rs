//! The `mcpServers` JSON that other products have, taken over: every server, and its secrets into the vault.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::desk::McpServers;
use super::error::McpError;
use super::server::{McpServer, NAME_CHARS_MAX, NewServer, Transport};
use crate::identity::Principal;
use crate::protocol::ids::WorkspaceId;
use crate::vault::{Hosts, NewSecret, SecretValue, Vault, VaultError, Which};

/// Words in the name of a variable or a header that say that its value is a secret.
const SECRET_WORDS: [&str; 8] = ["auth", "credential", "key", "passwd", "password", "pat", "secret", "token"];
/// Schemes in front of a credential: they are no part of it.
const SCHEMES: [&str; 3] = ["Bearer ", "Basic ", "token "];

/// What is taken over, and how.
#[derive(Clone, Debug)]
pub struct McpImport {
    /// The JSON text: an object with `mcpServers` (or `servers`), or what is in it.
    pub text: String,
    /// Whose threads see the tools; `None` for all.
    pub workspace_id: Option<WorkspaceId>,
    /// Whether its programs may use the network.
    pub network: bool,
}

/// What became of it.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// The servers that were added.
    pub added: Vec<McpServer>,
    /// The names of the secrets that were moved into the vault.
    pub secrets: Vec<String>,
    /// The servers that were not added, and why.
    pub refused: Vec<(String, String)>,
}

/// A value that goes to the vault.
struct Moved {
    name: String,
    value: String,
}

impl McpServers {
    /// Adds every server of a text that can be added.
    ///
    /// # Errors
    /// [`McpError::NotMcpServers`]; then nothing is added. What is wrong with one server is in the answer.
    pub async fn import(
        &self,
        by: &Principal,
        vault: &Vault,
        import: McpImport,
    ) -> Result<Imported, McpError> {
        let entries = entries(&import.text)?;
        let mut imported = Imported::default();
        for (name, entry) in entries {
            match self.import_one(by, vault, &import, (&name, &entry)).await {
                Ok((server, mut secrets)) => {
                    imported.added.push(server);
                    imported.secrets.append(&mut secrets);
                }
                Err(why) => imported.refused.push((name.chars().take(100).collect(), why)),
            }
        }
        Ok(imported)
    }

    async fn import_one(
        &self,
        by: &Principal,
        vault: &Vault,
        import: &McpImport,
        (called, entry): (&str, &Value),
    ) -> Result<(McpServer, Vec<String>), String> {
        let name = plain_name(called);
        let mut new = NewServer {
            name: name.clone(),
            workspace_id: import.workspace_id,
            transport: transport(entry, import.network)?,
            enabled: entry.get("disabled") != Some(&Value::Bool(true)),
            trusted: false,
            allowed_tools: None,
        };
        let taken = self.list(&by.tenant).await.map_err(|error| error.to_string())?;
        let plain = |name: &str| name.replace('-', "_");
        if taken.iter().any(|view| plain(&view.server.name) == plain(&name)) {
            return Err(McpError::NameTaken.to_string());
        }
        let moved = self.move_secrets(&mut new);
        let host = match &new.transport {
            Transport::Http { url, .. } => host(url).to_owned(),
            Transport::Stdio { .. } => {
                new.clone().into_server(0).map_err(|error| error.to_string())?.secret_host()
            }
        };
        let mut stored = Vec::new();
        for secret in moved {
            let hosts = Hosts::new([host.as_str()]).map_err(|error| error.to_string())?;
            let made = NewSecret {
                name: secret.name.clone(),
                value: SecretValue::new(secret.value),
                kind: None,
                description: format!("of the MCP server {name}"),
                hosts: Some(hosts),
            };
            if let Err(error) = vault.create_secret(by, made, None).await {
                self.take_back(by, vault, &stored).await;
                let why = match error {
                    VaultError::NameTaken => {
                        "there is a secret of this name already; delete it, or add the server \
                                              by hand"
                            .to_owned()
                    }
                    error => error.to_string(),
                };
                return Err(format!("{}: {why}", secret.name));
            }
            stored.push(secret.name);
        }
        match self.create(by, new, None).await {
            Ok(made) => Ok((made.thing, stored)),
            Err(error) => {
                self.take_back(by, vault, &stored).await;
                Err(match error {
                    McpError::Field { field, why } => format!("{field} {why}"),
                    error => error.to_string(),
                })
            }
        }
    }

    async fn take_back(&self, by: &Principal, vault: &Vault, stored: &[String]) {
        for name in stored {
            if let Err(error) = vault.delete_secret(by, Which::Name(name.clone()), None, true).await {
                tracing::warn!(name, %error, "a secret of a server that was not imported is left in the vault");
            }
        }
    }

    /// Takes the secrets out of variables and headers, and leaves their names there.
    fn move_secrets(&self, new: &mut NewServer) -> Vec<Moved> {
        let values = match &mut new.transport {
            Transport::Stdio { env, .. } => env,
            Transport::Http { headers, .. } => headers,
        };
        let mut moved = Vec::new();
        for (key, value) in values.iter_mut() {
            let named = key.to_ascii_lowercase();
            let says = named.split(['_', '-', '.']).any(|word| SECRET_WORDS.contains(&word))
                || ["apikey", "authorization", "accesstoken"].contains(&named.as_str());
            let plain = value.is_empty() || value.contains("@secret:") || value.contains("${");
            if plain || !(says || self.holds_secret(key, value)) {
                continue;
            }
            let scheme =
                SCHEMES.iter().find(|scheme| value.starts_with(**scheme)).copied().unwrap_or_default();
            let name: String = format!("mcp_{}_{}", new.name, named)
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                .take(100)
                .collect();
            let secret = value.get(scheme.len()..).unwrap_or_default().to_owned();
            *value = format!("{scheme}@secret:{name}");
            moved.push(Moved { name, value: secret });
        }
        moved
    }
}

fn entries(text: &str) -> Result<Map<String, Value>, McpError> {
    let whole: Value = serde_json::from_str(text).map_err(|_| McpError::NotMcpServers("it is not JSON"))?;
    let inner = ["mcpServers", "servers", "mcp"].into_iter().find_map(|key| whole.get(key));
    let inner = inner.and_then(|inner| inner.get("servers").or(Some(inner))).unwrap_or(&whole);
    match inner {
        Value::Object(entries) if !entries.is_empty() && entries.values().all(Value::is_object) => {
            Ok(entries.clone())
        }
        _ => Err(McpError::NotMcpServers("it has no object `mcpServers` with servers by name")),
    }
}

/// A name as it may be here: small letters, digits, and single `_` between them.
fn plain_name(called: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' };
    let words: String = called.chars().map(plain).collect();
    let name = words.split_whitespace().collect::<Vec<_>>().join("_");
    let cut: String = name.chars().take(NAME_CHARS_MAX).collect();
    cut.trim_end_matches('_').to_owned()
}

fn transport(entry: &Value, network: bool) -> Result<Transport, String> {
    let word = |key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(command) = word("command") {
        let args = match entry.get("args") {
            None | Some(Value::Null) => Vec::new(),
            Some(args) => serde_json::from_value(args.clone()).map_err(|_| "`args` is no list of texts")?,
        };
        let env = texts(entry, "env")?;
        let (cwd, read, write) = (word("cwd"), Vec::new(), Vec::new());
        return Ok(Transport::Stdio { command, args, env, cwd, read, write, network });
    }
    if word("type").or_else(|| word("transport")).is_some_and(|kind| kind == "sse") {
        return Err(
            "it speaks the HTTP+SSE transport of 2024, which is not supported; look for its streamable HTTP \
                    address"
                .to_owned(),
        );
    }
    match ["url", "serverUrl", "httpUrl"].into_iter().find_map(word) {
        Some(url) => Ok(Transport::Http { url, headers: texts(entry, "headers")? }),
        None => Err("it has neither `command` nor `url`".to_owned()),
    }
}

fn texts(entry: &Value, key: &str) -> Result<BTreeMap<String, String>, String> {
    let Some(Value::Object(found)) = entry.get(key) else { return Ok(BTreeMap::new()) };
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(word) => Ok(word.to_string()),
        _ => Err(format!("`{key}` holds something that is no text")),
    };
    found.iter().map(|(name, value)| Ok((name.clone(), text(value)?))).collect()
}

/// The host of an address, without its port.
fn host(url: &str) -> &str {
    let (origin, _) = super::connection::split(url);
    let authority = origin.split("://").nth(1).unwrap_or_default();
    match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}
