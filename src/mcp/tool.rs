//! A tool of a server, as a tool like any other.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use rmcp::RoleClient;
use rmcp::model::{CallToolRequestParams, CallToolResponse};
use rmcp::service::{Peer, ServiceError};
use serde_json::Value;

use super::connection::trouble;
use super::desk::McpServers;
use super::live::{Live, Standing};
use super::offer::FoundTool;
use super::render;
use super::server::{McpServer, Transport};
use crate::protocol::chat::ToolSpec;
use crate::protocol::ids::TenantId;
use crate::tools::{Arguments, Place, Plan, Tool, ToolCallRun, ToolError, ToolOutput};

/// See the module.
pub(super) struct McpTool {
    pub(super) servers: McpServers,
    pub(super) server: Arc<McpServer>,
    pub(super) tool: FoundTool,
}

impl Tool for McpTool {
    fn spec(&self) -> ToolSpec {
        let said = if self.tool.description.is_empty() { "no description" } else { &self.tool.description };
        ToolSpec {
            name: self.tool.offered.clone(),
            // Whoever wrote the server wrote this; the model is told so.
            description: format!("[MCP server {}] {said}", self.server.name),
            parameters: self.tool.schema.clone(),
        }
    }

    fn server(&self) -> Option<&str> {
        Some(&self.server.name)
    }

    fn plan(&self, arguments: &Arguments, _place: &Place) -> Result<Plan, ToolError> {
        let sent = Value::Object(arguments.clone());
        let payload =
            serde_json::to_string_pretty(&sent).map_err(|error| ToolError::Arguments(error.to_string()))?;
        Ok(Plan::new(self.tool.class).with_payload(payload))
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        let (servers, server, tool) = (self.servers.clone(), Arc::clone(&self.server), self.tool.clone());
        async move {
            let live = Ready::now(&servers, &call.place.tenant, &server.name)?;
            let fits = live.offers(&tool);
            if !fits {
                return Err(ToolError::Refused(format!(
                    "{} changed since it was offered, and is withheld until a person accepts it again",
                    tool.offered
                )));
            }
            let params = CallToolRequestParams::new(tool.name.clone()).with_arguments(call.arguments);
            match live.ask(&servers, live.peer.call_tool_once(params)).await? {
                CallToolResponse::Complete(result) => {
                    let output = said(&server, render::answer(&result));
                    Ok(if result.is_error == Some(true) { output.failed() } else { output })
                }
                CallToolResponse::InputRequired(_) => {
                    Err(ToolError::Failed("the server wants to ask the person, which it may not".to_owned()))
                }
                _ => Err(ToolError::Failed("the server answered with a task, which it may not".to_owned())),
            }
        }
        .boxed()
    }
}

/// A server that can be asked now.
pub(super) struct Ready {
    pub(super) peer: Peer<RoleClient>,
    pub(super) server: Arc<McpServer>,
    live: Live,
}

impl Ready {
    /// The server of this name, if it runs.
    pub(super) fn now(servers: &McpServers, tenant: &TenantId, name: &str) -> Result<Self, ToolError> {
        let live = servers.table().get(tenant, name);
        let (Some(peer), Some(server)) = (live.peer.clone(), live.server.clone()) else {
            return Err(ToolError::Failed(format!("the MCP server {name} does not run at the moment")));
        };
        Ok(Self { peer, server, live })
    }

    fn offers(&self, tool: &FoundTool) -> bool {
        let same = |found: &super::live::StandingTool| {
            found.standing == Standing::Accepted
                && found.tool.name == tool.name
                && found.tool.hash == tool.hash
        };
        self.live.view.tools.iter().any(same)
    }

    /// Waits for an answer, within the time of a call. The server hears when nobody waits any more, and whoever
    /// does not answer in time is asked whether it still lives.
    pub(super) async fn ask<T>(
        &self,
        servers: &McpServers,
        asked: impl Future<Output = Result<T, ServiceError>>,
    ) -> Result<T, ToolError> {
        let within = Duration::from_secs(servers.limits().call_timeout_s);
        let doubt = || {
            if let Some(doubt) = &self.live.doubt {
                doubt.notify_one();
            }
        };
        match tokio::time::timeout(within, asked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error @ ServiceError::McpError(_))) => Err(ToolError::Failed(trouble(&error))),
            Ok(Err(error)) => {
                doubt();
                Err(ToolError::Failed(trouble(&error)))
            }
            Err(_) => {
                doubt();
                Err(ToolError::Failed(format!("the server did not answer within {} s", within.as_secs())))
            }
        }
    }
}

/// What a server said, marked with where it came from.
pub(super) fn said(server: &McpServer, text: String) -> ToolOutput {
    match &server.transport {
        Transport::Stdio { network: false, .. } => ToolOutput::tool(text),
        _ => ToolOutput::web(text),
    }
}
