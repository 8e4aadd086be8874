//! What is owed in all channels, and where words can be sent in one.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bodies::{ConversationView, OwedView, PlatformView};
use super::refuse_restricted;
use crate::channels::OFFERED;
use crate::channels::outbox::ObligationState;
use crate::http::auth::{May, Read};
use crate::http::extract::{Named, Params};
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::protocol::ids::{ChannelId, ObligationId};

#[derive(Deserialize)]
struct OwedQuery {
    state: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(platforms)).routes(routes!(owed)).routes(routes!(conversations))
}

/// The platforms that a channel can be made for, with what each one asks for and where a person finds it.
#[utoipa::path(
    get, path = "/api/v1/channel-platforms", tag = "channels",
    responses((status = 200, body = Page<PlatformView>)),
    security(("token" = ["read"]))
)]
async fn platforms(_: May<Read>) -> Json<Page<PlatformView>> {
    Json(Page::whole(OFFERED.iter().copied().map(PlatformView::from).collect()))
}

/// What has not arrived in all channels, newest first: what is still tried, and what is dead.
#[utoipa::path(
    get, path = "/api/v1/obligations", tag = "channels",
    params(
        ("state" = Option<String>, Query, description = "`pending` or `dead`; both without it"),
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
    ),
    responses((status = 200, body = Page<OwedView>)),
    security(("token" = ["read"]))
)]
async fn owed(
    by: May<Read>,
    State(state): State<AppState>,
    Params(query): Params<OwedQuery>,
) -> Result<Json<Page<OwedView>>, Problem> {
    refuse_restricted(&by)?;
    let wanted = match query.state.as_deref() {
        None | Some("") => None,
        Some("pending") => Some(ObligationState::Pending),
        Some("dead") => Some(ObligationState::Dead),
        Some(_) => return Err(Problem::invalid_field("/state", "is pending or dead")),
    };
    let paging = Paging::<ObligationId>::new(query.limit, query.after.as_deref())?;
    let found = state.channels.owed(&by.tenant, wanted, paging.after, paging.fetch()).await?;
    Ok(Json(paging.page(found, |owed| owed.obligation.id.to_string(), OwedView::from)))
}

/// Where words can be sent in a channel: conversations that are held there, and those that were answered.
#[utoipa::path(
    get, path = "/api/v1/channels/{id}/conversations", tag = "channels", params(("id" = String, Path)),
    responses((status = 200, body = Page<ConversationView>)),
    security(("token" = ["read"]))
)]
async fn conversations(
    by: May<Read>,
    State(state): State<AppState>,
    Named(id): Named<ChannelId>,
) -> Result<Json<Page<ConversationView>>, Problem> {
    refuse_restricted(&by)?;
    let found = state.channels.conversations(&by.tenant, id).await?;
    Ok(Json(Page::whole(found.into_iter().map(ConversationView::from).collect())))
}
