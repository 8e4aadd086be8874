//! What the daemon offers at `/mcp`: its assistants, and the chats with them.

use std::fmt::Write as _;
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData, Implementation,
    JsonObject, ListPromptsRequestMethod, ListPromptsResult, ListResourceTemplatesRequestMethod,
    ListResourceTemplatesResult, ListResourcesRequestMethod, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::http::auth::{Chat, Need as _};
use crate::http::moment::rfc3339;
use crate::http::problem::Problem;
use crate::http::state::{AppState, Draft};
use crate::identity::Principal;
use crate::protocol::event::EventKind;
use crate::protocol::ids::ThreadId;
use crate::protocol::turn::TurnFailure;
use crate::workspaces::{NewThread, Thread, ThreadFilter};

/// Items of a list at most.
const LIST_MAX: usize = 50;
/// Messages of a chat at most.
const MESSAGES_MAX: usize = 100;
/// Longest wait for an answer.
const ANSWER_WAIT: Duration = Duration::from_secs(600);

/// What one caller sees. Cheap to clone.
#[derive(Clone)]
pub(super) struct McpDesk {
    state: AppState,
    by: Principal,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    message: String,
    assistant: Option<String>,
    thread_id: Option<ThreadId>,
    idempotency_key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadThread {
    thread_id: ThreadId,
}

#[derive(Deserialize)]
struct DoneData {
    content: String,
}

impl McpDesk {
    pub(super) const fn new(state: AppState, by: Principal) -> Self {
        Self { state, by }
    }

    async fn call(&self, name: &str, arguments: JsonObject) -> Result<String, Problem> {
        match name {
            "ask" => self.ask(read(arguments)?).await,
            "list_assistants" => {
                let Nothing {} = read(arguments)?;
                self.list_assistants().await
            }
            "list_workspaces" => {
                let Nothing {} = read(arguments)?;
                self.list_workspaces().await
            }
            "list_threads" => {
                let Nothing {} = read(arguments)?;
                self.list_threads().await
            }
            "read_thread" => self.read_thread(read(arguments)?).await,
            _ => Err(Problem::bad_request("there is no tool of this name")),
        }
    }

    /// Sends a message and waits for the answer. What the caller does not wait for goes on all the same.
    async fn ask(&self, ask: Ask) -> Result<String, Problem> {
        self.by.authorize(Chat::ANY_OF)?;
        let (state, by) = (&self.state, &self.by);
        let thread = self.thread(&ask).await?;
        let log = state.turns.stream(&by.tenant, thread.id, 0);
        let draft = Draft { content: ask.message, idempotency_key: ask.idempotency_key, ..Draft::default() };
        let accepted = state.take_in(by, &thread, draft).await?.accepted;
        let mut log = log.since(&accepted);
        let answer = async {
            loop {
                let event = log.next().await.map_err(|error| {
                    tracing::warn!(%error, "the log of a thread could not be read");
                    Problem::unavailable("the answer could not be read; read the thread later")
                })?;
                if event.turn != accepted.turn_id {
                    continue;
                }
                match event.kind {
                    EventKind::Done => return unpacked::<DoneData>(&event.data).map(|done| done.content),
                    EventKind::Error => {
                        let failure: TurnFailure = unpacked(&event.data)?;
                        return Err(Problem::unavailable(failure.message));
                    }
                    _ => {}
                }
            }
        };
        let waited = tokio::time::timeout(ANSWER_WAIT, state.stopping.run_until_cancelled(answer)).await;
        let answer = match waited {
            Ok(Some(answer)) => answer?,
            Ok(None) | Err(_) => {
                "There is no answer yet; the work goes on. Read the thread later.".to_owned()
            }
        };
        Ok(format!("{answer}\n\n[thread_id: {}]", thread.id))
    }

    /// The thread that a message goes to: a named one, or a new one.
    async fn thread(&self, ask: &Ask) -> Result<Thread, Problem> {
        if let Some(id) = ask.thread_id {
            return Ok(self.state.threads.get(&self.by, id).await?);
        }
        let assistant_id = match &ask.assistant {
            None => None,
            Some(wanted) => {
                let all = self.assistants().await?;
                let found = all.into_iter().find(|(id, name, _)| id.to_string() == *wanted || name == wanted);
                let missing =
                    || Problem::invalid_field("/assistant", "is the name or the id of an assistant");
                Some(found.ok_or_else(missing)?.0)
            }
        };
        let new = NewThread { workspace_id: None, assistant_id, title: String::new() };
        Ok(self.state.threads.create(&self.by, new, None).await?.thing)
    }

    async fn assistants(&self) -> Result<Vec<(crate::protocol::ids::AssistantId, String, bool)>, Problem> {
        let found = match self.by.assistant {
            Some(only) => vec![self.state.assistants.get(&self.by.tenant, only).await?],
            None => self.state.assistants.list(&self.by.tenant, None, LIST_MAX).await?,
        };
        Ok(found.into_iter().map(|one| (one.id, one.name, one.is_default)).collect())
    }

    async fn list_assistants(&self) -> Result<String, Problem> {
        let items = self.assistants().await?.into_iter();
        let items = items.map(
            |(id, name, is_default)| json!({ "id": id.to_string(), "name": name, "is_default": is_default }),
        );
        Ok(Value::Array(items.collect()).to_string())
    }

    async fn list_workspaces(&self) -> Result<String, Problem> {
        let items = self.state.workspaces.list(&self.by, None, LIST_MAX).await?.into_iter();
        let items = items.map(|one| json!({ "id": one.id.to_string(), "name": one.name }));
        Ok(Value::Array(items.collect()).to_string())
    }

    async fn list_threads(&self) -> Result<String, Problem> {
        let filter = ThreadFilter { workspace: None, after: None };
        let items = self.state.threads.list(&self.by, filter, LIST_MAX).await?.into_iter();
        let items = items.map(|thread| {
            json!({
                "thread_id": thread.id.to_string(), "title": thread.title,
                "workspace_id": thread.workspace_id.to_string(), "updated_at": rfc3339(thread.updated_ms),
            })
        });
        Ok(Value::Array(items.collect()).to_string())
    }

    async fn read_thread(&self, read: ReadThread) -> Result<String, Problem> {
        let messages =
            self.state.threads.latest_messages(&self.by, read.thread_id, None, MESSAGES_MAX).await?;
        let mut text = String::new();
        for message in messages {
            // silent-ok: writing to a string does not fail
            let _ = writeln!(text, "{} ({}): {}", message.role, rfc3339(message.created_ms), message.content);
        }
        Ok(text)
    }
}

impl ServerHandler for McpDesk {
    fn get_info(&self) -> ServerConfig {
        let us = Implementation::new("capuchin", env!("CARGO_PKG_VERSION")).with_title("Capuchin");
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(us)
            .with_instructions("Personal assistants of the owner of this daemon. `ask` talks to one of them.")
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools()))
    }

    // What is not offered is not there, instead of an empty list of it.
    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Err(ErrorData::method_not_found::<ListPromptsRequestMethod>())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Err(ErrorData::method_not_found::<ListResourcesRequestMethod>())
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Err(ErrorData::method_not_found::<ListResourceTemplatesRequestMethod>())
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools().into_iter().find(|tool| tool.name == name)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if self.get_tool(&request.name).is_none() {
            return Err(ErrorData::invalid_params("there is no tool of this name", None));
        }
        let result = match self.call(&request.name, request.arguments.unwrap_or_default()).await {
            Ok(text) => CallToolResult::success(vec![ContentBlock::text(text)]),
            Err(problem) => CallToolResult::error(vec![ContentBlock::text(problem.detail.into_owned())]),
        };
        Ok(CallToolResponse::Complete(result))
    }
}

fn tools() -> Vec<Tool> {
    let text = |about: &str| json!({ "type": "string", "description": about });
    vec![
        tool(
            "ask",
            "Asks an assistant and waits for its answer. Without a thread a new one begins.",
            json!({
                "message": text("what to say"),
                "assistant": text("name or id; the default one without it"),
                "thread_id": text("the thread to go on with"),
                "idempotency_key": text("the same key twice is one message"),
            }),
            &["message"],
            false,
        ),
        tool("list_assistants", "The assistants that can be asked.", json!({}), &[], true),
        tool("list_workspaces", "The workspaces.", json!({}), &[], true),
        tool("list_threads", "The newest threads.", json!({}), &[], true),
        tool(
            "read_thread",
            "The last messages of a thread.",
            json!({ "thread_id": text("its id") }),
            &["thread_id"],
            true,
        ),
    ]
}

#[allow(clippy::needless_pass_by_value, reason = "callers write it in place")]
fn tool(name: &'static str, about: &'static str, properties: Value, required: &[&str], reads: bool) -> Tool {
    let schema = json!({
        "type": "object", "properties": properties, "required": required, "additionalProperties": false,
    });
    let schema = schema.as_object().cloned().unwrap_or_default();
    let hints =
        ToolAnnotations::new().read_only(reads).destructive(false).idempotent(reads).open_world(!reads);
    Tool::new(name, about, schema).with_annotations(hints)
}

fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, Problem> {
    serde_json::from_value(Value::Object(arguments)).map_err(|error| Problem::bad_request(error.to_string()))
}

fn unpacked<T: DeserializeOwned>(data: &str) -> Result<T, Problem> {
    serde_json::from_str(data).map_err(|error| {
        tracing::error!(%error, "an event of the log is unreadable");
        Problem::internal()
    })
}
