//! `/api/v1/notifications`: what people are told.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{KeepInbox, May, Read, unrestricted};
use crate::http::conditional::{IfMatch, stale, tagged};
use crate::http::extract::{Body, Named, Params};
use crate::http::moment::rfc3339;
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::Principal;
use crate::notifications::{Cursor, Notice, NoticeFilter, NotificationError, Way};
use crate::protocol::ids::{NotificationId, PushSubscriptionId, WorkspaceId};

/// What it happened to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NotificationSource {
    /// `session`, `approval`, `process`, `mcp_server` …
    #[serde(rename = "type")]
    kind: &'static str,
    /// Which one.
    id: String,
}

/// A notification.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notification)]
pub(super) struct NotificationView {
    id: String,
    /// What happened: a word that never changes.
    pattern: String,
    /// `webhook`, `experiment`, `session`, `system` or `channel`.
    category: &'static str,
    /// `info`, `warning` or `error`: the worst of all times that it happened.
    severity: &'static str,
    /// `unread`, `read` or `dismissed`.
    status: &'static str,
    /// At most 255 characters, of the last time.
    title: String,
    /// At most 5,000 characters, of the last time.
    body: String,
    /// How often it happened.
    count: u64,
    source: Option<NotificationSource>,
    /// The workspace that it concerns; `null` for everything.
    workspace_id: Option<String>,
    first_at: String,
    last_at: String,
    read_at: Option<String>,
    version: i64,
}

impl From<Notice> for NotificationView {
    fn from(notice: Notice) -> Self {
        let source =
            notice.source.map(|source| NotificationSource { kind: source.kind.as_str(), id: source.id });
        Self {
            id: notice.id.to_string(),
            pattern: notice.pattern,
            category: notice.category.as_str(),
            severity: notice.severity.as_str(),
            status: notice.status.as_str(),
            title: notice.title,
            body: notice.body,
            count: notice.count,
            source,
            workspace_id: notice.workspace.map(|id| id.to_string()),
            first_at: rfc3339(notice.first_ms),
            last_at: rfc3339(notice.last_ms),
            read_at: notice.read_ms.map(rfc3339),
            version: notice.version,
        }
    }
}

#[derive(Deserialize)]
struct ListNotifications {
    limit: Option<usize>,
    after: Option<String>,
    status: Option<String>,
    category: Option<String>,
    severity: Option<String>,
    workspace: Option<String>,
}

/// What becomes of a notification.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangeNotification {
    /// `read`, `unread` or `dismissed`. What is dismissed stays so.
    status: String,
}

/// Which notifications are marked.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct ReadAll {
    /// Only those of this workspace.
    workspace_id: Option<String>,
}

/// How many were marked.
#[derive(Serialize, ToSchema)]
pub(super) struct MarkedRead {
    marked_read: usize,
}

/// How many nobody has read.
#[derive(Serialize, ToSchema)]
pub(super) struct Unread {
    unread_count: usize,
}

/// What is tried out.
#[derive(Deserialize, ToSchema)]
pub(super) struct TestNotification {
    /// `email`, `push` or `channel`.
    way: String,
    /// The browser that gets the push.
    subscription_id: Option<String>,
}

/// What was promised.
#[derive(Serialize, ToSchema)]
pub(super) struct TestPromised {
    /// The id of the message.
    delivery_id: String,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(unread))
        .routes(routes!(read_all))
        .routes(routes!(test))
        .routes(routes!(read, change))
}

/// Notifications, the last first, without those that were dismissed unless `status` asks for them.
#[utoipa::path(
    get, path = "/api/v1/notifications", tag = "notifications",
    params(
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
        ("status" = Option<String>, Query, description = "`unread`, `read` or `dismissed`"),
        ("category" = Option<String>, Query, description = "`webhook`, `experiment`, `session`, `system` or `channel`"),
        ("severity" = Option<String>, Query, description = "`info`, `warning` or `error`: as bad as this, or worse"),
        ("workspace" = Option<String>, Query, description = "Only those of this workspace"),
    ),
    responses((status = 200, body = Page<NotificationView>), (status = 422, description = "A parameter is no id or word")),
    security(("token" = ["read"]))
)]
async fn list(
    by: May<Read>,
    State(state): State<AppState>,
    Params(query): Params<ListNotifications>,
) -> Result<Json<Page<NotificationView>>, Problem> {
    refuse_restricted(&by)?;
    let paging = Paging::<Cursor>::new(query.limit, query.after.as_deref())?;
    let filter = NoticeFilter {
        workspace: parsed("workspace", query.workspace)?,
        status: parsed("status", query.status)?,
        category: parsed("category", query.category)?,
        severity: parsed("severity", query.severity)?,
        with_dismissed: false,
    };
    let found = state.notifications.list(&by.tenant, filter, paging.after, paging.fetch()).await?;
    Ok(Json(paging.page(found, |notice| Cursor::after(notice).to_string(), NotificationView::from)))
}

/// How many notifications nobody has read.
#[utoipa::path(
    get, path = "/api/v1/notifications/unread", tag = "notifications",
    responses((status = 200, body = Unread)), security(("token" = ["read"]))
)]
async fn unread(by: May<Read>, State(state): State<AppState>) -> Result<Json<Unread>, Problem> {
    refuse_restricted(&by)?;
    Ok(Json(Unread { unread_count: state.notifications.unread(&by.tenant, None).await? }))
}

/// Marks every unread notification as read.
#[utoipa::path(
    post, path = "/api/v1/notifications/read-all", tag = "notifications", request_body = ReadAll,
    responses((status = 200, body = MarkedRead), (status = 422, description = "A field is wrong")),
    security(("token" = ["approve"]))
)]
async fn read_all(
    by: May<KeepInbox>,
    State(state): State<AppState>,
    Body(body): Body<ReadAll>,
) -> Result<Json<MarkedRead>, Problem> {
    refuse_restricted(&by)?;
    let workspace: Option<WorkspaceId> = parsed("/workspace_id", body.workspace_id)?;
    Ok(Json(MarkedRead { marked_read: state.notifications.read_all(&by.tenant, workspace).await? }))
}

/// Sends a message that tries out one way. What becomes of it is in the inbox if it fails.
#[utoipa::path(
    post, path = "/api/v1/notifications/test", tag = "notifications", request_body = TestNotification,
    responses(
        (status = 202, body = TestPromised),
        (status = 409, description = "This way is not set up"),
        (status = 422, description = "A field is wrong"),
    ),
    security(("token" = ["admin"]))
)]
async fn test(
    by: May<crate::http::auth::Admin>,
    State(state): State<AppState>,
    Body(body): Body<TestNotification>,
) -> Result<(StatusCode, Json<TestPromised>), Problem> {
    refuse_restricted(&by)?;
    let way: Option<Way> = parsed("/way", Some(body.way))?;
    let target: Option<PushSubscriptionId> = parsed("/subscription_id", body.subscription_id)?;
    let id = state.notifications.test(&by.tenant, way.unwrap_or(Way::Email), target).await?;
    Ok((StatusCode::ACCEPTED, Json(TestPromised { delivery_id: id.to_string() })))
}

/// One notification.
#[utoipa::path(
    get, path = "/api/v1/notifications/{id}", tag = "notifications", params(("id" = String, Path)),
    responses((status = 200, body = NotificationView), (status = 404, description = "No such notification")),
    security(("token" = ["read"]))
)]
async fn read(
    by: May<Read>,
    State(state): State<AppState>,
    Named(id): Named<NotificationId>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let notice = state.notifications.get(&by.tenant, id).await?;
    Ok(tagged(StatusCode::OK, notice.version, NotificationView::from(notice)))
}

/// Marks a notification, if it still has the version of `If-Match` where one is sent.
#[utoipa::path(
    patch, path = "/api/v1/notifications/{id}", tag = "notifications", params(("id" = String, Path)),
    request_body = ChangeNotification,
    responses(
        (status = 200, body = NotificationView),
        (status = 404, description = "No such notification"),
        (status = 412, description = "It was changed, or happened again, since it was read"),
        (status = 422, description = "The status is no word"),
    ),
    security(("token" = ["approve"]))
)]
async fn change(
    by: May<KeepInbox>,
    State(state): State<AppState>,
    Named(id): Named<NotificationId>,
    known: IfMatch,
    Body(body): Body<ChangeNotification>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let status = body.status.parse().map_err(|error| wrong("/status", &error))?;
    let notice = state.notifications.mark(&by.tenant, (id, None), status, known.version()).await?;
    Ok(tagged(StatusCode::OK, notice.version, NotificationView::from(notice)))
}

/// A token for one assistant has nothing to do with what people are told of everything.
pub(super) fn refuse_restricted(by: &Principal) -> Result<(), Problem> {
    unrestricted(by, "see or change notifications")
}

/// A word or an id that may be absent.
pub(super) fn parsed<T: std::str::FromStr>(pointer: &str, text: Option<String>) -> Result<Option<T>, Problem>
where
    T::Err: std::fmt::Display,
{
    text.map(|text| text.parse::<T>().map_err(|error| wrong(pointer, &error))).transpose()
}

fn wrong(pointer: &str, error: &dyn std::fmt::Display) -> Problem {
    let text = error.to_string();
    let text = if text.starts_with("is ") { text } else { "is no id".to_owned() };
    Problem::invalid_field(pointer, text)
}

impl From<NotificationError> for Problem {
    fn from(error: NotificationError) -> Self {
        let detail = error.to_string();
        match error {
            NotificationError::Field { field, text } => Self::invalid_field(format!("/{field}"), text),
            NotificationError::NotFound => Self::not_found(),
            NotificationError::Taken => Self::conflict("pattern_taken", detail),
            NotificationError::TooMany(_) => Self::conflict("too_many", detail),
            NotificationError::NotSetUp(_) => Self::conflict("not_set_up", detail),
            NotificationError::Stale => stale(),
            NotificationError::KeyReused(reused) => reused.into(),
            NotificationError::Vault(error) => error.into(),
            NotificationError::Store(error) => error.into(),
        }
    }
}
