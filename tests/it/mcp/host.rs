//! The MCP host of the daemon, without the daemon around it: one server at an address, and its tools.

use std::sync::Arc;
use std::time::Duration;

use capuchin::config::{EgressConfig, McpConfig};
use capuchin::db::{Db, DbOptions, WriterRun};
use capuchin::egress::Egress;
use capuchin::identity::Principal;
use capuchin::mcp::{McpServers, McpTools, NewServer, NoProcesses, ServerState, Transport};
use capuchin::protocol::ids::{AssistantId, TenantId, ThreadId, TurnId};
use capuchin::redaction::Redactor;
use capuchin::tools::{Place, Tool, ToolCallRun, ToolError, ToolOutput, ToolSource as _};
use capuchin::workspaces::Workspaces;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub struct Host {
    servers: McpServers,
    place: Place,
    stop: CancellationToken,
    _writer: WriterRun,
    _home: tempfile::TempDir,
}

impl Host {
    /// Connects to the server at this address, which is called `peer`.
    pub async fn start(url: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let db = Db::open(home.path().join("capuchin.db"), DbOptions::default()).unwrap();
        let writer = db.start_writer().unwrap();
        let tenant = TenantId::home();
        let workspace =
            Workspaces::new(db.clone(), &capuchin::config::Home::locate(Some(home.path())).unwrap())
                .ensure_default(&tenant)
                .await
                .unwrap()
                .id;
        let egress = Egress::new(&EgressConfig::default());
        let processes = Arc::new(NoProcesses);
        let servers = McpServers::new(db, egress, Redactor::new(), processes, McpConfig::default());
        let new = NewServer {
            name: "peer".to_owned(),
            workspace_id: None,
            transport: Transport::Http { url: url.to_owned(), headers: [].into() },
            enabled: true,
            trusted: true,
            allowed_tools: None,
        };
        let server = servers.create(&Principal::owner(tenant.clone()), new, None).await.unwrap().thing;
        let stop = CancellationToken::new();
        let (living, told, whose) = (servers.clone(), stop.clone(), tenant.clone());
        tokio::spawn(async move { living.live(&whose, "peer", &told).await });
        let view = servers.settled(&tenant, server.id, Duration::from_secs(20)).await.unwrap();
        assert_eq!(view.live.state, ServerState::Ready, "{:?}", view.log);
        let place = Place {
            tenant,
            thread: ThreadId::new(),
            turn: TurnId::new(),
            assistant: AssistantId::new(),
            workspace,
            folder: Arc::from(home.path()),
            depth: 0,
        };
        Self { servers, place, stop, _writer: writer, _home: home }
    }

    async fn tools(&self) -> Vec<Arc<dyn Tool>> {
        McpTools(self.servers.clone()).tools(&self.place).await
    }

    pub async fn names(&self) -> Vec<String> {
        self.tools().await.iter().map(|tool| tool.spec().name).collect()
    }

    pub async fn call(&self, name: &str, arguments: Value) -> ToolOutput {
        self.attempt(name, arguments).await.unwrap()
    }

    pub async fn attempt(&self, name: &str, arguments: Value) -> Result<ToolOutput, ToolError> {
        let tools = self.tools().await;
        let tool =
            tools.iter().find(|tool| tool.spec().name == name).unwrap_or_else(|| panic!("no tool {name}"));
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        tool.plan(&arguments, &self.place)?;
        tool.run(ToolCallRun { arguments, place: self.place.clone() }).await
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
