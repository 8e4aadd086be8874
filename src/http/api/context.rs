//! `/api/v1/threads/{id}/context`: what the model would be told with the next message of a conversation.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::adapters::turns::Preview;
use crate::http::auth::{May, ReadChats};
use crate::http::extract::Named;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::protocol::ids::ThreadId;

/// A prompt before its message.
#[derive(Serialize, ToSchema)]
#[schema(as = Context)]
pub(super) struct ContextView {
    backend: String,
    model: String,
    /// Parts of the system prompt, in their order.
    told: Vec<ToldView>,
    /// What stands for older messages; `null` when nothing does.
    summary: Option<String>,
    /// Messages that are told word for word.
    messages: usize,
    /// Tools whose schemas are in the prompt.
    tools: Vec<String>,
    /// Tools that are named only, until the model looks for them.
    tools_on_demand: Vec<String>,
    /// Tokens of all of it at most, as a guess.
    input_tokens: u64,
    /// Tokens that the model takes.
    context_tokens: u64,
    /// Whether text of strangers is in the conversation.
    tainted: bool,
}

/// A part of a system prompt.
#[derive(Serialize, ToSchema)]
#[schema(as = ContextPart)]
pub(super) struct ToldView {
    /// What it is.
    what: &'static str,
    text: String,
}

impl From<Preview> for ContextView {
    fn from(preview: Preview) -> Self {
        let told = preview.told.into_iter().map(|part| ToldView { what: part.what, text: part.text });
        Self {
            backend: preview.backend,
            model: preview.model,
            told: told.collect(),
            summary: preview.summary,
            messages: preview.messages,
            tools: preview.tools,
            tools_on_demand: preview.tools_on_demand,
            input_tokens: preview.input_tokens,
            context_tokens: preview.context_tokens,
            tainted: preview.is_tainted,
        }
    }
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(read))
}

/// What the model would be told with the next message.
#[utoipa::path(
    get, path = "/api/v1/threads/{id}/context", tag = "threads", params(("id" = String, Path)),
    responses((status = 200, body = ContextView)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn read(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(thread): Named<ThreadId>,
) -> Result<Json<ContextView>, Problem> {
    state.threads.get(&by, thread).await?;
    let preview = state.model_turns.preview(&by.tenant, thread).await;
    let nobody =
        |error: crate::protocol::model::ModelError| Problem::conflict("not_ready", error.to_string());
    Ok(Json(preview.map_err(nobody)?.into()))
}
