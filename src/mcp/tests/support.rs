//! A store, and servers that are scripts.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::{EgressConfig, McpConfig};
use crate::db::{Db, DbOptions, WriterRun};
use crate::egress::Egress;
use crate::identity::Principal;
use crate::mcp::{
    McpServer, McpServers, McpTools, McpView, NewServer, ProcessWish, ServerState, StartProcess,
    StartedProcess, Transport,
};
use crate::protocol::ids::{TenantId, WorkspaceId};
use crate::redaction::Redactor;
use crate::tools::{Place, Tool, ToolCallRun, ToolError, ToolOutput, ToolSource as _};
use crate::vault::{Vault, VaultOptions};
use crate::workspaces::Workspaces;

const PATIENCE: Duration = Duration::from_secs(20);

/// The variables of a program.
type Variables = Vec<(String, String)>;

/// What a server says to a message; `None` ends it.
pub(super) type Script = dyn Fn(&Value) -> Option<Vec<String>> + Send + Sync;

#[derive(Clone, Default)]
pub(super) struct Scripts {
    by_name: Arc<Mutex<HashMap<String, Arc<Script>>>>,
    /// What servers heard.
    pub(super) heard: Arc<Mutex<Vec<Value>>>,
    /// The variables of every program that was to be started.
    pub(super) wishes: Arc<Mutex<Vec<Variables>>>,
}

impl StartProcess for Scripts {
    fn start(&self, wish: ProcessWish) -> BoxFuture<'static, Result<StartedProcess, String>> {
        let env = wish.env.iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
        self.wishes.lock().push(env);
        let script = self.by_name.lock().get(&wish.name).cloned();
        let heard = Arc::clone(&self.heard);
        Box::pin(async move {
            let script = script.ok_or("there is no such program")?;
            let (stdin, theirs_in) = tokio::io::duplex(1 << 16);
            let (stdout, mut theirs_out) = tokio::io::duplex(1 << 16);
            let (stderr, mut theirs_err) = tokio::io::duplex(1 << 16);
            let running = tokio::spawn(async move {
                theirs_err.write_all(b"hello from stderr\n").await.unwrap();
                let mut lines = BufReader::new(theirs_in).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    let message: Value = serde_json::from_str(&line).unwrap();
                    heard.lock().push(message.clone());
                    let Some(said) = script(&message) else { return };
                    for line in said {
                        if theirs_out.write_all(format!("{line}\n").as_bytes()).await.is_err() {
                            return;
                        }
                    }
                }
            });
            let guard: Box<dyn Send> = Box::new(Running(running));
            Ok(StartedProcess {
                stdin: Box::new(stdin),
                stdout: Box::new(stdout),
                stderr: Box::new(stderr),
                guard,
            })
        })
    }
}

struct Running(JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A tool as a server lists it.
pub(super) fn tool(name: &str, description: &str) -> Value {
    json!({ "name": name, "description": description, "inputSchema": { "type": "object" } })
}

/// A result for a request.
#[allow(clippy::needless_pass_by_value, reason = "callers write it in place")]
pub(super) fn result(message: &Value, result: Value) -> Option<Vec<String>> {
    Some(vec![json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }).to_string()])
}

/// The beginning of every conversation of the older era; `None` for what a script has to answer itself.
pub(super) fn greeting(message: &Value, version: &str) -> Option<Vec<String>> {
    match message["method"].as_str().unwrap_or_default() {
        "initialize" => result(
            message,
            json!({
                "protocolVersion": version,
                "capabilities": { "tools": { "listChanged": true }, "resources": {}, "prompts": {} },
                "serverInfo": { "name": "scripted", "version": "1" },
            }),
        ),
        "server/discover" => {
            let error = json!({ "code": -32601, "message": "what?" });
            Some(vec![json!({ "jsonrpc": "2.0", "id": message["id"], "error": error }).to_string()])
        }
        "ping" => result(message, json!({})),
        method if method.starts_with("notifications/") => Some(Vec::new()),
        _ => None,
    }
}

pub(super) struct World {
    pub(super) servers: McpServers,
    pub(super) scripts: Scripts,
    pub(super) vault: Vault,
    pub(super) by: Principal,
    pub(super) place: Place,
    _writer: WriterRun,
    _home: tempfile::TempDir,
}

/// A server that runs.
pub(super) struct Life {
    pub(super) server: McpServer,
    pub(super) ended: JoinHandle<Result<(), String>>,
    pub(super) stop: CancellationToken,
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(McpConfig { connect_timeout_s: 5, call_timeout_s: 5, ..McpConfig::default() }).await
    }

    /// With a server that has to answer within a second.
    pub(super) async fn impatient() -> Self {
        Self::with(McpConfig {
            connect_timeout_s: 1,
            call_timeout_s: 1,
            message_bytes_max: 100_000,
            tools_max: 10,
        })
        .await
    }

    async fn with(limits: McpConfig) -> Self {
        let home = tempfile::tempdir().unwrap();
        let db = Db::open(home.path().join("capuchin.db"), DbOptions::default()).unwrap();
        let writer = db.start_writer().unwrap();
        let tenant = TenantId::home();
        let workspace = Workspaces::new(db.clone(), &crate::config::Home::locate(Some(home.path())).unwrap())
            .ensure_default(&tenant)
            .await
            .unwrap()
            .id;
        let options = VaultOptions {
            source: None,
            key_file: home.path().join("keys/vault.key"),
            credentials: None,
            data: home.path().join("data"),
        };
        let vault = Vault::load(db.clone(), options, Redactor::new()).await.unwrap();
        let egress = Egress::new(&EgressConfig::default());
        egress.set_source(Arc::new(vault.clone()));
        let scripts = Scripts::default();
        let servers = McpServers::new(db, egress, Redactor::new(), Arc::new(scripts.clone()), limits);
        let place = Place { tenant: tenant.clone(), workspace, ..Place::somewhere(home.path()) };
        Self { servers, scripts, vault, by: Principal::owner(tenant), place, _writer: writer, _home: home }
    }

    pub(super) fn program(name: &str) -> NewServer {
        NewServer {
            name: name.to_owned(),
            workspace_id: None,
            transport: Transport::Stdio {
                command: "server".to_owned(),
                args: Vec::new(),
                env: [].into(),
                cwd: None,
                read: Vec::new(),
                write: Vec::new(),
                network: false,
            },
            enabled: true,
            trusted: false,
            allowed_tools: None,
        }
    }

    pub(super) fn script(
        &self,
        name: &str,
        script: impl Fn(&Value) -> Option<Vec<String>> + Send + Sync + 'static,
    ) {
        self.scripts.by_name.lock().insert(name.to_owned(), Arc::new(script));
    }

    /// Adds a server and begins its life.
    pub(super) async fn run(&self, new: NewServer) -> Life {
        let server = self.servers.create(&self.by, new, None).await.unwrap().thing;
        self.live(server)
    }

    pub(super) fn live(&self, server: McpServer) -> Life {
        self.servers.table().forget_failure(&self.by.tenant, &server.name);
        let (servers, stop) = (self.servers.clone(), CancellationToken::new());
        let (tenant, name, told) = (self.by.tenant.clone(), server.name.clone(), stop.clone());
        let ended = tokio::spawn(async move { servers.live(&tenant, &name, &told).await });
        Life { server, ended, stop }
    }

    pub(super) async fn view(&self, life: &Life) -> McpView {
        self.servers.settled(&self.by.tenant, life.server.id, PATIENCE).await.unwrap()
    }

    /// The server, which is ready.
    pub(super) async fn ready(&self, life: &Life) -> McpView {
        let view = self.view(life).await;
        assert_eq!(view.live.state, ServerState::Ready, "{:?}", view.log);
        view
    }

    /// Waits until the server looks like this.
    pub(super) async fn until(&self, life: &Life, fits: impl Fn(&McpView) -> bool) -> McpView {
        let mut moves = self.servers.table().moves();
        let wait = async {
            loop {
                let view = self.servers.get(&self.by.tenant, life.server.id).await.unwrap();
                if fits(&view) {
                    return view;
                }
                moves.changed().await.unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("the server never looked like this")
    }

    pub(super) async fn tools(&self) -> Vec<Arc<dyn Tool>> {
        McpTools(self.servers.clone()).tools(&self.place).await
    }

    pub(super) async fn names(&self) -> Vec<String> {
        self.tools().await.iter().map(|tool| tool.spec().name).collect()
    }

    pub(super) async fn call(&self, name: &str, arguments: Value) -> Result<ToolOutput, ToolError> {
        let tools = self.tools().await;
        let tool =
            tools.iter().find(|tool| tool.spec().name == name).unwrap_or_else(|| panic!("no tool {name}"));
        let arguments: Map<String, Value> = arguments.as_object().cloned().unwrap_or_default();
        tool.plan(&arguments, &self.place)?;
        tool.run(ToolCallRun { arguments, place: self.place.clone() }).await
    }

    pub(super) fn elsewhere(&self) -> Place {
        Place { workspace: WorkspaceId::new(), ..self.place.clone() }
    }
}
