//! `/api/v1/leaks`: where secrets were taken out of texts. Kinds and counts; nobody keeps values.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{Admin, May};
use crate::http::extract::Params;
use crate::http::moment::rfc3339;
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::redaction::{Leak, LeakId};

/// Secrets of one kind that were taken out of texts of one place.
#[derive(Serialize, ToSchema)]
#[schema(as = Leak)]
pub(super) struct LeakView {
    id: String,
    at: String,
    /// `prompt`, `message`, `answer`, `thinking`, `tool`, `log`, `audit`, `export`, …
    place: String,
    /// `github_token`, …; `vault:NAME` for a stored secret.
    kind: String,
    thread_id: Option<String>,
    /// How many within some seconds.
    count: u64,
}

impl From<Leak> for LeakView {
    fn from(leak: Leak) -> Self {
        Self {
            id: leak.id.to_string(),
            at: rfc3339(leak.at_ms),
            place: leak.place.into_owned(),
            kind: leak.kind.into_owned(),
            thread_id: leak.thread.map(|id| id.to_string()),
            count: leak.count,
        }
    }
}

#[derive(Deserialize)]
struct ListLeaks {
    limit: Option<usize>,
    after: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(list))
}

/// Where secrets were found in the last 90 days, newest first.
#[utoipa::path(
    get, path = "/api/v1/leaks", tag = "leaks",
    params(
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
    ),
    responses((status = 200, body = Page<LeakView>)), security(("token" = ["admin"]))
)]
async fn list(
    by: May<Admin>,
    State(state): State<AppState>,
    Params(query): Params<ListLeaks>,
) -> Result<Json<Page<LeakView>>, Problem> {
    let paging = Paging::<LeakId>::new(query.limit, query.after.as_deref())?;
    let leaks = state.leaks.list(&by.tenant, paging.after, paging.fetch()).await?;
    Ok(Json(paging.page(leaks, |leak| leak.id.to_string(), LeakView::from)))
}
