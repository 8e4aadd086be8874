//! What servers have besides tools: resources, which are read, and prompts, which are texts to begin with.

use std::fmt::Write as _;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use rmcp::model::{
    GetPromptRequestParams, GetPromptResponse, PaginatedRequestParams, Prompt, ReadResourceRequestParams,
    ReadResourceResponse, Resource,
};
use serde_json::{Map, Value, json};

use super::desk::McpServers;
use super::offer::plain_text;
use super::render;
use super::source::here;
use super::tool::{Ready, said};
use crate::policy::Action;
use crate::protocol::chat::ToolSpec;
use crate::tools::{Arguments, Place, Plan, Tool, ToolCallRun, ToolClass, ToolError, ToolOutput};

/// Most resources or prompts of one server that are listed.
const LISTED_MAX: usize = 200;
/// Most pages that are asked for.
const PAGES_MAX: usize = 20;
/// Most bytes of a description.
const DESCRIPTION_BYTES_MAX: usize = 200;

/// Lists resources and prompts.
pub(super) struct McpResources(pub(super) McpServers);
/// Reads a resource.
pub(super) struct McpReadResource(pub(super) McpServers);
/// Reads a prompt.
pub(super) struct McpPrompt(pub(super) McpServers);

impl Tool for McpResources {
    fn spec(&self) -> ToolSpec {
        spec(
            "mcp_resources",
            "Lists the resources and prompts that MCP servers have.",
            json!({ "server": { "type": "string", "description": "one server; all without it" } }),
            &[],
        )
    }

    fn plan(&self, _: &Arguments, _: &Place) -> Result<Plan, ToolError> {
        Ok(Plan::new(ToolClass::ReadOnly))
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        let servers = self.0.clone();
        async move {
            let only = call.arguments.get("server").and_then(Value::as_str).map(str::to_owned);
            let mut text = String::new();
            for live in here(&servers, &call.place) {
                let Some(name) = live.server.as_ref().map(|server| server.name.clone()) else { continue };
                if only.as_ref().is_some_and(|only| *only != name) {
                    continue;
                }
                let ready = Ready::now(&servers, &call.place.tenant, &name)?;
                // silent-ok: writing to a string does not fail
                let _ = writeln!(text, "server {name}");
                if live.view.has_resources {
                    match servers_resources(&servers, &ready).await {
                        Ok(found) => text.extend(found.iter().map(resource_line)),
                        Err(error) => text.push_str(&format!("  resources: {error}\n")),
                    }
                }
                if live.view.has_prompts {
                    match servers_prompts(&servers, &ready).await {
                        Ok(found) => text.extend(found.iter().map(prompt_line)),
                        Err(error) => text.push_str(&format!("  prompts: {error}\n")),
                    }
                }
            }
            if text.is_empty() {
                return Err(ToolError::Arguments("no MCP server of this name runs here".to_owned()));
            }
            Ok(ToolOutput::web(text))
        }
        .boxed()
    }
}

impl Tool for McpReadResource {
    fn spec(&self) -> ToolSpec {
        spec(
            "mcp_read_resource",
            "Reads a resource of an MCP server.",
            json!({ "server": { "type": "string" }, "uri": { "type": "string" } }),
            &["server", "uri"],
        )
    }

    fn plan(&self, arguments: &Arguments, place: &Place) -> Result<Plan, ToolError> {
        plan(&self.0, arguments, place, "resources/read")
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        let servers = self.0.clone();
        async move {
            let ready = Ready::now(&servers, &call.place.tenant, word(&call.arguments, "server")?)?;
            let params = ReadResourceRequestParams::new(word(&call.arguments, "uri")?);
            match ready.ask(&servers, ready.peer.read_resource_once(params)).await? {
                ReadResourceResponse::Complete(result) => {
                    let text = result.contents.iter().map(render::contents).collect::<Vec<_>>().join("\n");
                    Ok(said(&ready.server, text))
                }
                _ => {
                    Err(ToolError::Failed("the server wants to ask the person, which it may not".to_owned()))
                }
            }
        }
        .boxed()
    }
}

impl Tool for McpPrompt {
    fn spec(&self) -> ToolSpec {
        spec(
            "mcp_prompt",
            "Reads a prompt of an MCP server, filled with arguments.",
            json!({
                "server": { "type": "string" },
                "name": { "type": "string" },
                "arguments": { "type": "object", "additionalProperties": { "type": "string" } },
            }),
            &["server", "name"],
        )
    }

    fn plan(&self, arguments: &Arguments, place: &Place) -> Result<Plan, ToolError> {
        plan(&self.0, arguments, place, "prompts/get")
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        let servers = self.0.clone();
        async move {
            let ready = Ready::now(&servers, &call.place.tenant, word(&call.arguments, "server")?)?;
            let mut params = GetPromptRequestParams::new(word(&call.arguments, "name")?);
            if let Some(Value::Object(filled)) = call.arguments.get("arguments") {
                params = params.with_arguments(filled.clone());
            }
            match ready.ask(&servers, ready.peer.get_prompt_once(params)).await? {
                GetPromptResponse::Complete(result) => {
                    let lines = result.messages.iter().map(|message| {
                        let role =
                            if message.role == rmcp::model::Role::User { "person" } else { "assistant" };
                        format!("{role}: {}", render::block(&message.content))
                    });
                    Ok(said(&ready.server, lines.collect::<Vec<_>>().join("\n")))
                }
                _ => {
                    Err(ToolError::Failed("the server wants to ask the person, which it may not".to_owned()))
                }
            }
        }
        .boxed()
    }
}

fn spec(name: &str, description: &str, properties: Value, required: &[&str]) -> ToolSpec {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), Value::from("object"));
    schema.insert("properties".to_owned(), properties);
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema.insert("additionalProperties".to_owned(), Value::Bool(false));
    ToolSpec { name: name.to_owned(), description: description.to_owned(), parameters: Value::Object(schema) }
}

/// Reading at a server is a call of that server, with what the model sends along. What it does there only a
/// trusted server is believed.
fn plan(servers: &McpServers, arguments: &Arguments, place: &Place, what: &str) -> Result<Plan, ToolError> {
    let name = word(arguments, "server")?;
    let found =
        here(servers, place).into_iter().filter_map(|live| live.server).find(|server| server.name == name);
    let Some(server) = found else {
        return Err(ToolError::Arguments(format!("no MCP server `{}` runs here", plain_text(name, 64))));
    };
    let class = if server.trusted { ToolClass::ReadOnly } else { ToolClass::Effectful };
    let call = Action::CallTool { server: Some(server.name.clone()), tool: what.to_owned(), class };
    let payload = serde_json::to_string_pretty(arguments).unwrap_or_default(); // silent-ok: JSON always encodes
    Ok(Plan::new(class).doing(call).with_payload(payload))
}

fn word<'a>(arguments: &'a Arguments, name: &str) -> Result<&'a str, ToolError> {
    let found = arguments.get(name).and_then(Value::as_str);
    found.ok_or_else(|| ToolError::Arguments(format!("{name} is missing")))
}

async fn servers_resources(servers: &McpServers, ready: &Ready) -> Result<Vec<Resource>, ToolError> {
    let page = |params| async {
        let page = ready.ask(servers, ready.peer.list_resources(Some(params))).await?;
        Ok((page.resources, page.next_cursor))
    };
    listed(page).await
}

async fn servers_prompts(servers: &McpServers, ready: &Ready) -> Result<Vec<Prompt>, ToolError> {
    let page = |params| async {
        let page = ready.ask(servers, ready.peer.list_prompts(Some(params))).await?;
        Ok((page.prompts, page.next_cursor))
    };
    listed(page).await
}

/// A list page by page, up to its bounds.
async fn listed<T, P>(page: impl Fn(PaginatedRequestParams) -> P) -> Result<Vec<T>, ToolError>
where
    P: Future<Output = Result<(Vec<T>, Option<String>), ToolError>>,
{
    let (mut all, mut cursor) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let (found, next) = page(PaginatedRequestParams::default().with_cursor(cursor)).await?;
        all.extend(found);
        cursor = next;
        if cursor.is_none() || all.len() >= LISTED_MAX {
            break;
        }
    }
    all.truncate(LISTED_MAX);
    Ok(all)
}

fn resource_line(resource: &Resource) -> String {
    let (uri, name) = (plain_text(&resource.uri, 500), plain_text(&resource.name, 100));
    let about = plain_text(resource.description.as_deref().unwrap_or_default(), DESCRIPTION_BYTES_MAX);
    format!("  resource {uri} ({name}) {about}\n")
}

fn prompt_line(prompt: &Prompt) -> String {
    let about = plain_text(prompt.description.as_deref().unwrap_or_default(), DESCRIPTION_BYTES_MAX);
    let arguments = prompt.arguments.iter().flatten().take(20).map(|argument| {
        let name = plain_text(&argument.name, 64);
        if argument.required == Some(true) { name } else { format!("[{name}]") }
    });
    format!(
        "  prompt {}({}) {about}\n",
        plain_text(&prompt.name, 100),
        arguments.collect::<Vec<_>>().join(", ")
    )
}
