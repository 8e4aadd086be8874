//! `/api/v1/push-subscriptions`: browsers that get pushes.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::notifications::refuse_restricted;
use crate::http::auth::{KeepInbox, May, Read};
use crate::http::extract::{Body, Named};
use crate::http::moment::rfc3339;
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::notifications::{Browser, NewBrowser};
use crate::protocol::ids::PushSubscriptionId;

/// A browser that gets pushes.
#[derive(Serialize, ToSchema)]
#[schema(as = PushSubscription)]
pub(super) struct PushSubscriptionView {
    id: String,
    /// What it is called.
    label: String,
    /// The host of its push service. The address itself is not shown: with it others could push.
    service: String,
    /// Whose it is: `owner`, or a member's or token's id.
    owner: String,
    created_at: String,
    /// When its service took a push last.
    last_at: Option<String>,
}

impl From<Browser> for PushSubscriptionView {
    fn from(browser: Browser) -> Self {
        Self {
            id: browser.id.to_string(),
            label: browser.label,
            service: browser.service,
            owner: browser.owner,
            created_at: rfc3339(browser.created_ms),
            last_at: browser.last_ms.map(rfc3339),
        }
    }
}

/// What a browser gives out when it subscribes, as `PushSubscription.toJSON()` has it.
#[derive(Deserialize, ToSchema)]
pub(super) struct Subscribe {
    /// Its address at its push service.
    endpoint: String,
    keys: SubscribeKeys,
    /// What it is called.
    #[serde(default)]
    label: String,
}

/// The keys of a browser, base64url.
#[derive(Deserialize, ToSchema)]
pub(super) struct SubscribeKeys {
    p256dh: String,
    auth: String,
}

/// The key that signs.
#[derive(Serialize, ToSchema)]
pub(super) struct PushKey {
    /// Its public part, base64url: `applicationServerKey` of the browser's API.
    application_server_key: String,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(key)).routes(routes!(list, create)).routes(routes!(delete))
}

/// The key that browsers want before they subscribe.
#[utoipa::path(
    get, path = "/api/v1/push-key", tag = "notifications",
    responses(
        (status = 200, body = PushKey),
        (status = 409, description = "Pushes are not set up"),
        (status = 503, description = "The vault is sealed"),
    ),
    security(("token" = ["approve"]))
)]
async fn key(by: May<KeepInbox>, State(state): State<AppState>) -> Result<Json<PushKey>, Problem> {
    refuse_restricted(&by)?;
    Ok(Json(PushKey { application_server_key: state.notifications.push_key(&by.tenant).await? }))
}

/// Browsers that get pushes.
#[utoipa::path(
    get, path = "/api/v1/push-subscriptions", tag = "notifications",
    responses((status = 200, body = Page<PushSubscriptionView>)), security(("token" = ["read"]))
)]
async fn list(
    by: May<Read>,
    State(state): State<AppState>,
) -> Result<Json<Page<PushSubscriptionView>>, Problem> {
    refuse_restricted(&by)?;
    let found = state.notifications.browsers(&by.tenant).await?;
    Ok(Json(Page::whole(found.into_iter().map(PushSubscriptionView::from).collect())))
}

/// Adds a browser, or takes its new keys.
#[utoipa::path(
    post, path = "/api/v1/push-subscriptions", tag = "notifications", request_body = Subscribe,
    responses(
        (status = 201, body = PushSubscriptionView),
        (status = 409, description = "There are too many"),
        (status = 422, description = "A field is wrong"),
    ),
    security(("token" = ["approve"]))
)]
async fn create(
    by: May<KeepInbox>,
    State(state): State<AppState>,
    Body(body): Body<Subscribe>,
) -> Result<(StatusCode, Json<PushSubscriptionView>), Problem> {
    refuse_restricted(&by)?;
    let new = NewBrowser {
        endpoint: body.endpoint,
        p256dh: body.keys.p256dh,
        auth: body.keys.auth,
        label: state.clean(&by, "push_subscription", body.label),
    };
    let made = state.notifications.subscribe(&by, new).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Takes a browser off the list.
#[utoipa::path(
    delete, path = "/api/v1/push-subscriptions/{id}", tag = "notifications", params(("id" = String, Path)),
    responses((status = 204), (status = 404, description = "No such browser")),
    security(("token" = ["approve"]))
)]
async fn delete(
    by: May<KeepInbox>,
    State(state): State<AppState>,
    Named(id): Named<PushSubscriptionId>,
) -> Result<StatusCode, Problem> {
    refuse_restricted(&by)?;
    state.notifications.unsubscribe(&by.tenant, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
