//! `/api/workspaces/{workspace}/notifications` and `…/notification_rules`: MonkeyClaw's REST, with its shapes, words and
//! errors; where it was wrong it is right: the category `channel` is a filter like the others, and a workspace that is
//! not there is not an empty list.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::notifications::refuse_restricted;
use crate::http::auth::{Admin, KeepInbox, May, Read};
use crate::http::extract::{Body, Named, Params};
use crate::http::moment::rfc3339;
use crate::http::page::{LIMIT_DEFAULT, LIMIT_MAX};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::Principal;
use crate::notifications::{
    Delivery, NewRule, Notice, NoticeFilter, NoticeStatus, NotificationError, Rule, RuleChange, Severity,
};
use crate::protocol::ids::{NotificationId, NotificationRuleId, WorkspaceId};

/// A notification of a workspace.
#[derive(Serialize, ToSchema)]
pub(super) struct WorkspaceNotification {
    id: String,
    title: String,
    body: String,
    /// `webhook`, `experiment`, `session`, `system` or `channel`.
    category: &'static str,
    /// `info`, `warning` or `error`.
    severity: &'static str,
    /// `unread`, `read` or `dismissed`.
    status: &'static str,
    /// `event`, `count` and `last_at`.
    #[schema(value_type = Object)]
    metadata: Value,
    source_id: Option<String>,
    source_type: Option<&'static str>,
    read_at: Option<String>,
    inserted_at: String,
    updated_at: String,
}

/// Notifications of a workspace.
#[derive(Serialize, ToSchema)]
pub(super) struct WorkspaceNotifications {
    notifications: Vec<WorkspaceNotification>,
    unread_count: usize,
}

/// One notification of a workspace.
#[derive(Serialize, ToSchema)]
pub(super) struct OneNotification {
    notification: WorkspaceNotification,
}

/// How many were marked.
#[derive(Serialize, ToSchema)]
pub(super) struct AllRead {
    marked_read: usize,
}

/// A rule of a workspace.
#[derive(Serialize, ToSchema)]
pub(super) struct WorkspaceRule {
    id: String,
    name: String,
    event_pattern: String,
    /// `in_app`, `email`, `push`, `channel` or `all`.
    channel: &'static str,
    enabled: bool,
    /// `info`, `warning` or `error`.
    min_severity: &'static str,
    inserted_at: String,
    updated_at: String,
}

/// Rules of a workspace.
#[derive(Serialize, ToSchema)]
pub(super) struct WorkspaceRules {
    rules: Vec<WorkspaceRule>,
}

/// One rule of a workspace.
#[derive(Serialize, ToSchema)]
pub(super) struct OneRule {
    rule: WorkspaceRule,
}

/// A rule that is made or changed. For a new one `name` and `event_pattern` are needed.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct WorkspaceRuleFields {
    name: Option<String>,
    event_pattern: Option<String>,
    /// `in_app` without it.
    channel: Option<String>,
    /// `true` without it.
    enabled: Option<bool>,
    /// `info` without it.
    min_severity: Option<String>,
}

/// What is not a word or a number is as good as absent, as it always was here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Query {
    status: Option<String>,
    category: Option<String>,
    limit: Option<String>,
}

/// Why there is no answer: in this API's own shape where it has one.
enum Refused {
    Own(StatusCode, Value),
    Other(Box<Problem>),
}

type Answer = Result<Response, Refused>;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(read_all))
        .routes(routes!(mark_read))
        .routes(routes!(dismiss))
        .routes(routes!(rules, create))
        .routes(routes!(change, delete))
}

/// Notifications of a workspace, the last first.
#[utoipa::path(
    get, path = "/api/workspaces/{workspace}/notifications", tag = "monkeyclaw",
    params(
        ("workspace" = String, Path),
        ("status" = Option<String>, Query, description = "`unread`, `read` or `dismissed`"),
        ("category" = Option<String>, Query, description = "`webhook`, `experiment`, `session`, `system` or `channel`"),
        ("limit" = Option<String>, Query, description = "At most 200, 50 without it"),
    ),
    responses((status = 200, body = WorkspaceNotifications), (status = 404, description = "No such workspace")),
    security(("token" = ["read"]))
)]
async fn list(
    by: May<Read>,
    State(state): State<AppState>,
    Named(id): Named<String>,
    Params(query): Params<Query>,
) -> Answer {
    let workspace = workspace(&state, &by, &id).await?;
    let word = |text: Option<String>| text.unwrap_or_default();
    // silent-ok: see `Query`
    let (status, category) = (word(query.status).parse().ok(), word(query.category).parse().ok());
    let limit = word(query.limit).parse::<usize>().ok().filter(|limit| *limit > 0);
    let filter =
        NoticeFilter { workspace: Some(workspace), status, category, severity: None, with_dismissed: true };
    let limit = limit.unwrap_or(LIMIT_DEFAULT).min(LIMIT_MAX);
    let found = state.notifications.list(&by.tenant, filter, None, limit).await.map_err(refused)?;
    let unread_count = state.notifications.unread(&by.tenant, Some(workspace)).await.map_err(refused)?;
    let notifications = found.into_iter().map(notification).collect();
    Ok(Json(WorkspaceNotifications { notifications, unread_count }).into_response())
}

/// Marks every unread notification of a workspace as read.
#[utoipa::path(
    post, path = "/api/workspaces/{workspace}/notifications/read_all", tag = "monkeyclaw",
    params(("workspace" = String, Path)),
    responses((status = 200, body = AllRead), (status = 404, description = "No such workspace")),
    security(("token" = ["approve"]))
)]
async fn read_all(by: May<KeepInbox>, State(state): State<AppState>, Named(id): Named<String>) -> Answer {
    let workspace = workspace(&state, &by, &id).await?;
    let marked_read = state.notifications.read_all(&by.tenant, Some(workspace)).await.map_err(refused)?;
    Ok(Json(AllRead { marked_read }).into_response())
}

/// Marks a notification as read.
#[utoipa::path(
    patch, path = "/api/workspaces/{workspace}/notifications/{id}/read", tag = "monkeyclaw",
    params(("workspace" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = OneNotification), (status = 404, description = "Not there")),
    security(("token" = ["approve"]))
)]
async fn mark_read(
    by: May<KeepInbox>,
    State(state): State<AppState>,
    Named((workspace, id)): Named<(String, String)>,
) -> Answer {
    mark(&state, &by, (workspace, id), NoticeStatus::Read).await
}

/// Dismisses a notification.
#[utoipa::path(
    patch, path = "/api/workspaces/{workspace}/notifications/{id}/dismiss", tag = "monkeyclaw",
    params(("workspace" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = OneNotification), (status = 404, description = "Not there")),
    security(("token" = ["approve"]))
)]
async fn dismiss(
    by: May<KeepInbox>,
    State(state): State<AppState>,
    Named((workspace, id)): Named<(String, String)>,
) -> Answer {
    mark(&state, &by, (workspace, id), NoticeStatus::Dismissed).await
}

async fn mark(
    state: &AppState,
    by: &Principal,
    (workspace_id, id): (String, String),
    status: NoticeStatus,
) -> Answer {
    let workspace = workspace(state, by, &workspace_id).await?;
    let id: NotificationId = id.parse().map_err(|_| not_found())?;
    let marked = state.notifications.mark(&by.tenant, (id, Some(workspace)), status, None).await;
    let notification = notification(marked.map_err(refused)?);
    Ok(Json(OneNotification { notification }).into_response())
}

/// The rules of a workspace.
#[utoipa::path(
    get, path = "/api/workspaces/{workspace}/notification_rules", tag = "monkeyclaw",
    params(("workspace" = String, Path)),
    responses((status = 200, body = WorkspaceRules), (status = 404, description = "No such workspace")),
    security(("token" = ["read"]))
)]
async fn rules(by: May<Read>, State(state): State<AppState>, Named(id): Named<String>) -> Answer {
    let workspace = workspace(&state, &by, &id).await?;
    let found = state.notifications.rules(&by.tenant, Some(Some(workspace))).await.map_err(refused)?;
    Ok(Json(WorkspaceRules { rules: found.into_iter().map(rule).collect() }).into_response())
}

/// Makes a rule of a workspace.
#[utoipa::path(
    post, path = "/api/workspaces/{workspace}/notification_rules", tag = "monkeyclaw",
    params(("workspace" = String, Path)), request_body = WorkspaceRuleFields,
    responses(
        (status = 201, body = OneRule),
        (status = 404, description = "No such workspace"),
        (status = 422, description = "A field is wrong, or there is a rule for this pattern"),
    ),
    security(("token" = ["admin"]))
)]
async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<String>,
    Body(body): Body<WorkspaceRuleFields>,
) -> Answer {
    let workspace = workspace(&state, &by, &id).await?;
    let change = change_of(&state, &by, body)?;
    let missing = |field: &'static str| wrong(field, "can't be blank");
    let new = NewRule {
        workspace: Some(workspace),
        name: change.name.filter(|name| !name.trim().is_empty()).ok_or_else(|| missing("name"))?,
        pattern: change.pattern.ok_or_else(|| missing("event_pattern"))?,
        severity: change.severity.unwrap_or(Severity::Info),
        delivery: change.delivery.unwrap_or(Delivery::InApp),
        enabled: change.enabled.unwrap_or(true),
    };
    let made = state.notifications.create_rule(&by, new, None).await.map_err(refused)?;
    Ok((StatusCode::CREATED, Json(OneRule { rule: rule(made.thing) })).into_response())
}

/// Changes a rule of a workspace.
#[utoipa::path(
    patch, path = "/api/workspaces/{workspace}/notification_rules/{id}", tag = "monkeyclaw",
    params(("workspace" = String, Path), ("id" = String, Path)), request_body = WorkspaceRuleFields,
    responses(
        (status = 200, body = OneRule),
        (status = 404, description = "Not there"),
        (status = 422, description = "A field is wrong, or there is a rule for this pattern"),
    ),
    security(("token" = ["admin"]))
)]
async fn change(
    by: May<Admin>,
    State(state): State<AppState>,
    Named((workspace_id, id)): Named<(String, String)>,
    Body(body): Body<WorkspaceRuleFields>,
) -> Answer {
    let workspace = workspace(&state, &by, &workspace_id).await?;
    let id: NotificationRuleId = id.parse().map_err(|_| not_found())?;
    let change = change_of(&state, &by, body)?;
    let changed = state.notifications.update_rule(&by, (id, Some(workspace)), None, change).await;
    Ok(Json(OneRule { rule: rule(changed.map_err(refused)?) }).into_response())
}

/// Removes a rule of a workspace.
#[utoipa::path(
    delete, path = "/api/workspaces/{workspace}/notification_rules/{id}", tag = "monkeyclaw",
    params(("workspace" = String, Path), ("id" = String, Path)),
    responses((status = 204), (status = 404, description = "Not there")),
    security(("token" = ["admin"]))
)]
async fn delete(
    by: May<Admin>,
    State(state): State<AppState>,
    Named((workspace_id, id)): Named<(String, String)>,
) -> Answer {
    let workspace = workspace(&state, &by, &workspace_id).await?;
    let id: NotificationRuleId = id.parse().map_err(|_| not_found())?;
    state.notifications.delete_rule(&by, (id, Some(workspace)), None).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The workspace that the address names, if it is there.
async fn workspace(state: &AppState, by: &Principal, id: &str) -> Result<WorkspaceId, Refused> {
    refuse_restricted(by)?;
    let id: WorkspaceId = id.parse().map_err(|_| not_found())?;
    match state.workspaces.get(by, id).await {
        Ok(found) => Ok(found.id),
        Err(crate::workspaces::WorkspaceError::NotFound) => Err(not_found()),
        Err(error) => Err(Problem::from(error).into()),
    }
}

fn change_of(state: &AppState, by: &Principal, body: WorkspaceRuleFields) -> Result<RuleChange, Refused> {
    let severity = body.min_severity.map(|word| word.parse::<Severity>()).transpose();
    let delivery = body.channel.map(|word| word.parse::<Delivery>()).transpose();
    Ok(RuleChange {
        name: body.name.map(|name| state.clean(by, "notification_rule", name)),
        pattern: body.event_pattern,
        severity: severity.map_err(|_| wrong("min_severity", "is invalid"))?,
        delivery: delivery.map_err(|_| wrong("channel", "is invalid"))?,
        enabled: body.enabled,
    })
}

fn notification(notice: Notice) -> WorkspaceNotification {
    let (source_type, source_id) = notice.source.map(|source| (source.kind.as_str(), source.id)).unzip();
    let last_at = rfc3339(notice.last_ms);
    WorkspaceNotification {
        id: notice.id.to_string(),
        title: notice.title,
        body: notice.body,
        category: notice.category.as_str(),
        severity: notice.severity.as_str(),
        status: notice.status.as_str(),
        metadata: json!({ "event": notice.pattern, "count": notice.count, "last_at": last_at }),
        source_id,
        source_type,
        read_at: notice.read_ms.map(rfc3339),
        inserted_at: rfc3339(notice.first_ms),
        updated_at: rfc3339(notice.updated_ms),
    }
}

fn rule(rule: Rule) -> WorkspaceRule {
    WorkspaceRule {
        id: rule.id.to_string(),
        name: rule.name,
        event_pattern: rule.pattern,
        channel: rule.delivery.as_str(),
        enabled: rule.enabled,
        min_severity: rule.severity.as_str(),
        inserted_at: rfc3339(rule.created_ms),
        updated_at: rfc3339(rule.updated_ms),
    }
}

fn not_found() -> Refused {
    Refused::Own(StatusCode::NOT_FOUND, json!({ "error": "not found" }))
}

fn wrong(field: &str, text: &str) -> Refused {
    Refused::Own(StatusCode::UNPROCESSABLE_ENTITY, json!({ "error": { field: [text] } }))
}

fn refused(error: NotificationError) -> Refused {
    match error {
        NotificationError::NotFound => not_found(),
        NotificationError::Taken => wrong("event_pattern", "has already been taken"),
        NotificationError::Field { field: "pattern", .. } => wrong("event_pattern", "is invalid"),
        NotificationError::Field { field, text } => wrong(field, &text),
        other => Problem::from(other).into(),
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Other(Box::new(problem))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Own(status, value) => (status, Json(value)).into_response(),
            Self::Other(problem) => problem.into_response(),
        }
    }
}
