//! `/api/v1/tools`: what assistants can do.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{May, ReadChats};
use crate::http::page::Page;
use crate::http::state::AppState;
use crate::tools::{Reach, Tool};

/// Something that a model can call.
#[derive(Serialize, ToSchema)]
#[schema(as = Tool)]
pub(super) struct ToolView {
    name: String,
    description: String,
    /// The JSON Schema of its arguments.
    #[schema(value_type = Object)]
    parameters: Value,
    /// `always`: its schema is in every prompt. `on_demand`: a model asks for it.
    reach: &'static str,
}

impl From<&dyn Tool> for ToolView {
    fn from(tool: &dyn Tool) -> Self {
        let spec = tool.spec();
        let reach = match tool.reach() {
            Reach::Always => "always",
            Reach::OnDemand => "on_demand",
        };
        Self { name: spec.name, description: spec.description, parameters: spec.parameters, reach }
    }
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(list))
}

/// The built-in tools. Those of MCP servers are with their servers.
#[utoipa::path(
    get, path = "/api/v1/tools", tag = "tools", responses((status = 200, body = Page<ToolView>)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn list(_by: May<ReadChats>, State(state): State<AppState>) -> Json<Page<ToolView>> {
    Json(Page::whole(state.tools.built_in().map(ToolView::from).collect()))
}
