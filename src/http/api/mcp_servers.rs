//! `/api/v1/mcp-servers`: MCP servers, what they do now, and their tools.

mod bodies;

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{Admin, May, Operate, Read, unrestricted};
use crate::http::conditional::{IdempotencyKey, IfMatch, created, stale, tagged};
use crate::http::extract::{Body, Named, Params};
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::{Made, Principal};
use crate::mcp::{McpError, McpView, NewServer, ServerChange};
use crate::protocol::ids::McpServerId;

use bodies::{
    AcceptTools, ChangeMcpServer, CreateMcpServer, ImportMcpServers, ImportedMcpServers, McpServerView,
    McpToolView,
};

/// Longest wait for a server in seconds.
const WAIT_S_MAX: u64 = 60;

#[derive(Deserialize)]
struct ListServers {
    limit: Option<usize>,
    after: Option<String>,
}

#[derive(Deserialize)]
struct WaitFor {
    #[serde(default)]
    wait_s: u64,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(import))
        .routes(routes!(read, change, delete))
        .routes(routes!(tools))
        .routes(routes!(accept))
        .routes(routes!(restart))
}

/// MCP servers with their state, in the order of their making.
#[utoipa::path(
    get, path = "/api/v1/mcp-servers", tag = "mcp",
    params(
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
    ),
    responses((status = 200, body = Page<McpServerView>)),
    security(("token" = ["read"]))
)]
async fn list(
    by: May<Read>,
    State(state): State<AppState>,
    Params(query): Params<ListServers>,
) -> Result<Json<Page<McpServerView>>, Problem> {
    refuse_restricted(&by)?;
    let paging = Paging::<McpServerId>::new(query.limit, query.after.as_deref())?;
    let mut found = state.mcp.list(&by.tenant).await?;
    // There are never more than a few dozen.
    found.retain(|view| paging.after.is_none_or(|after| view.server.id > after));
    found.truncate(paging.fetch());
    Ok(Json(paging.page(found, |view| view.server.id.to_string(), McpServerView::from)))
}

/// Adds a server. It is connected at once; the tools of its first list are accepted with it.
#[utoipa::path(
    post, path = "/api/v1/mcp-servers", tag = "mcp", request_body = CreateMcpServer,
    responses((status = 201, body = McpServerView), (status = 409, description = "The name is taken")),
    security(("token" = ["admin"]))
)]
async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Body(body): Body<CreateMcpServer>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let key = key.of(&by, "POST /api/v1/mcp-servers", &body);
    let new = NewServer {
        name: body.name,
        workspace_id: body.workspace_id,
        transport: body.transport,
        enabled: body.enabled.unwrap_or(true),
        trusted: body.trusted.unwrap_or(false),
        allowed_tools: body.allowed_tools,
    };
    let Made { thing, repeated } = state.mcp.create(&by, new, key).await?;
    let view = McpView { server: thing, live: crate::mcp::LiveView::default(), log: Vec::new() };
    Ok(created(Made { thing: view, repeated }, |view| Some(view.server.version), McpServerView::from))
}

/// Takes over the `mcpServers` JSON of another product. Secrets in it are moved into the vault.
#[utoipa::path(
    post, path = "/api/v1/mcp-servers/import", tag = "mcp", request_body = ImportMcpServers,
    responses((status = 200, body = ImportedMcpServers)),
    security(("token" = ["admin"]))
)]
async fn import(
    by: May<Admin>,
    State(state): State<AppState>,
    Body(body): Body<ImportMcpServers>,
) -> Result<Json<ImportedMcpServers>, Problem> {
    refuse_restricted(&by)?;
    let imported = state.mcp.import(&by, &state.vault, body.into_import()).await?;
    Ok(Json(imported.into()))
}

/// One server, by its id or its name.
#[utoipa::path(
    get, path = "/api/v1/mcp-servers/{id}", tag = "mcp",
    params(
        ("id" = String, Path),
        ("wait_s" = Option<u64>, Query, description = "Seconds to wait until it is ready or has failed; 60 at most"),
    ),
    responses((status = 200, body = McpServerView)),
    security(("token" = ["read"]))
)]
async fn read(
    by: May<Read>,
    State(state): State<AppState>,
    Named(id): Named<String>,
    Params(query): Params<WaitFor>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let found = find(&state, &by, &id).await?;
    let within = Duration::from_secs(query.wait_s.min(WAIT_S_MAX));
    let view = state.mcp.settled(&by.tenant, found.server.id, within).await?;
    Ok(tagged(StatusCode::OK, view.server.version, McpServerView::from(view)))
}

/// Changes a server; with `If-Match` only if nobody else did. It is connected anew.
#[utoipa::path(
    patch, path = "/api/v1/mcp-servers/{id}", tag = "mcp", params(("id" = String, Path)),
    request_body = ChangeMcpServer, responses((status = 200, body = McpServerView)),
    security(("token" = ["admin"]))
)]
async fn change(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<String>,
    known: IfMatch,
    Body(body): Body<ChangeMcpServer>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let found = find(&state, &by, &id).await?;
    let change = ServerChange {
        workspace_id: body.workspace_id,
        transport: body.transport,
        enabled: body.enabled,
        trusted: body.trusted,
        allowed_tools: body.allowed_tools,
    };
    let view = state.mcp.update(&by, found.server.id, known.version(), change).await?;
    Ok(tagged(StatusCode::OK, view.server.version, McpServerView::from(view)))
}

/// Removes a server and ends it.
#[utoipa::path(
    delete, path = "/api/v1/mcp-servers/{id}", tag = "mcp", params(("id" = String, Path)),
    responses((status = 204)), security(("token" = ["admin"]))
)]
async fn delete(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<String>,
    known: IfMatch,
) -> Result<StatusCode, Problem> {
    refuse_restricted(&by)?;
    let found = find(&state, &by, &id).await?;
    state.mcp.delete(&by, found.server.id, known.version()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The tools of a server as it describes them now, with whether assistants have them.
#[utoipa::path(
    get, path = "/api/v1/mcp-servers/{id}/tools", tag = "mcp", params(("id" = String, Path)),
    responses((status = 200, body = Page<McpToolView>)),
    security(("token" = ["read"]))
)]
async fn tools(
    by: May<Read>,
    State(state): State<AppState>,
    Named(id): Named<String>,
) -> Result<Json<Page<McpToolView>>, Problem> {
    refuse_restricted(&by)?;
    let found = find(&state, &by, &id).await?;
    Ok(Json(Page::whole(found.live.tools.iter().map(McpToolView::from).collect())))
}

/// Accepts tools as they are now: new ones, and those that say something else than when they were accepted.
#[utoipa::path(
    post, path = "/api/v1/mcp-servers/{id}/accept", tag = "mcp", params(("id" = String, Path)),
    request_body = AcceptTools,
    responses(
        (status = 200, body = Page<McpToolView>),
        (status = 409, description = "A tool is something else by now"),
    ),
    security(("token" = ["admin"]))
)]
async fn accept(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<String>,
    Body(body): Body<AcceptTools>,
) -> Result<Json<Page<McpToolView>>, Problem> {
    refuse_restricted(&by)?;
    let found = find(&state, &by, &id).await?;
    let view = state.mcp.accept(&by, found.server.id, body.into_tools()?).await?;
    Ok(Json(Page::whole(view.live.tools.iter().map(McpToolView::from).collect())))
}

/// Ends the connection and makes another one, out of quarantine too.
#[utoipa::path(
    post, path = "/api/v1/mcp-servers/{id}/restart", tag = "mcp", params(("id" = String, Path)),
    responses((status = 200, body = McpServerView)),
    security(("token" = ["operate"]))
)]
async fn restart(
    by: May<Operate>,
    State(state): State<AppState>,
    Named(id): Named<String>,
) -> Result<Json<McpServerView>, Problem> {
    refuse_restricted(&by)?;
    let found = find(&state, &by, &id).await?;
    Ok(Json(state.mcp.restart(&by, found.server.id).await?.into()))
}

/// A server by its id or its name.
async fn find(state: &AppState, by: &Principal, which: &str) -> Result<McpView, Problem> {
    let all = state.mcp.list(&by.tenant).await?;
    let id = which.parse::<McpServerId>().ok();
    let fits = |view: &McpView| id.is_some_and(|id| view.server.id == id) || view.server.name == which;
    all.into_iter().find(fits).ok_or_else(Problem::not_found)
}

/// A token for one assistant has nothing to do with servers, which are there for all.
fn refuse_restricted(by: &Principal) -> Result<(), Problem> {
    unrestricted(by, "see or change MCP servers")
}

impl From<McpError> for Problem {
    fn from(error: McpError) -> Self {
        let detail = error.to_string();
        match error {
            McpError::Field { field, why } => Self::invalid_field(format!("/{field}"), why),
            McpError::NoWorkspace => Self::invalid_field("/workspace_id", detail),
            McpError::NotMcpServers(_) => Self::invalid_field("/text", detail),
            McpError::NameTaken => Self::conflict("name_taken", detail),
            McpError::TooMany(_) => Self::conflict("too_many", detail),
            McpError::OtherTool(_) => Self::conflict("other_tool", detail),
            McpError::Stale => stale(),
            McpError::NotFound => Self::not_found(),
            McpError::KeyReused(reused) => reused.into(),
            McpError::Store(error) => error.into(),
        }
    }
}
