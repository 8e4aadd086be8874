//! `/api/v1/notification-rules`, `-patterns` and `-settings`: what people want to be told, how, and when.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::notifications::{parsed, refuse_restricted};
use crate::http::auth::{Admin, May, Read};
use crate::http::conditional::{IdempotencyKey, IfMatch, created, tagged};
use crate::http::extract::{Body, Named, Params};
use crate::http::moment::rfc3339;
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::notifications::{
    Delivery, NewRule, NoticeSettings, Pattern, Rule, RuleChange, SettingsChange, Severity,
};
use crate::protocol::ids::{NotificationRuleId, WorkspaceId};

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationRule)]
pub(super) struct RuleView {
    id: String,
    name: String,
    /// What it is about: a pattern, or the beginning of some with `.*`, or `*`.
    pattern: String,
    /// What is less bad is not told.
    severity: &'static str,
    /// Where it goes besides the inbox: `in_app`, `email`, `push`, `channel` or `all`.
    delivery: &'static str,
    /// Whether it is told at all.
    enabled: bool,
    /// For this workspace; `null` for everything.
    workspace_id: Option<String>,
    version: i64,
    created_at: String,
    updated_at: String,
}

impl From<Rule> for RuleView {
    fn from(rule: Rule) -> Self {
        Self {
            id: rule.id.to_string(),
            name: rule.name,
            pattern: rule.pattern,
            severity: rule.severity.as_str(),
            delivery: rule.delivery.as_str(),
            enabled: rule.enabled,
            workspace_id: rule.workspace.map(|id| id.to_string()),
            version: rule.version,
            created_at: rfc3339(rule.created_ms),
            updated_at: rfc3339(rule.updated_ms),
        }
    }
}

/// A new rule. A workspace, or everything, has one for a pattern.
#[derive(Deserialize, Serialize, ToSchema)]
pub(super) struct CreateRule {
    /// 1–100 characters; the pattern without it.
    #[serde(default)]
    name: String,
    /// A pattern, or the beginning of some with `.*`, or `*`.
    pattern: String,
    /// `info`, `warning` or `error`; `info` without it.
    severity: Option<String>,
    /// `in_app`, `email`, `push`, `channel` or `all`; `in_app` without it.
    delivery: Option<String>,
    /// `true` without it; `false` mutes.
    enabled: Option<bool>,
    /// For this workspace; everything without it.
    workspace_id: Option<String>,
}

/// What changes of a rule.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangeRule {
    name: Option<String>,
    pattern: Option<String>,
    severity: Option<String>,
    delivery: Option<String>,
    enabled: Option<bool>,
}

/// What can happen.
#[derive(Serialize, ToSchema)]
#[schema(as = NotificationPattern)]
pub(super) struct PatternView {
    /// Its word.
    pattern: &'static str,
    /// Words of an earlier system for the same thing; rules may name them too.
    also: &'static [&'static str],
    category: &'static str,
    /// How bad it is unless whoever tells it knows better.
    severity: &'static str,
    /// What happened, for people.
    text: &'static str,
}

/// When people are told.
#[derive(Serialize, ToSchema)]
#[schema(as = NotificationSettings)]
pub(super) struct SettingsView {
    /// A name of the IANA time zones.
    zone: String,
    /// `22:00`; `null` without quiet hours.
    quiet_from: Option<String>,
    /// `07:00`.
    quiet_until: Option<String>,
    /// Whether errors are sent in quiet hours too.
    errors_break_through: bool,
    /// Until when everything goes to `away_delivery`.
    away_until: Option<String>,
    away_delivery: &'static str,
    /// `08:00`: what is not an error waits until then and is sent in one message.
    digest_at: Option<String>,
    /// Ways that are set up.
    ways: Vec<&'static str>,
    version: i64,
}

/// What changes. What is absent stays; `null` takes away.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct ChangeSettings {
    zone: Option<String>,
    /// `22:00`, with `quiet_until`; `null` ends quiet hours.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    quiet_from: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    quiet_until: Option<Option<String>>,
    errors_break_through: Option<bool>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    away_until: Option<Option<String>>,
    away_delivery: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    digest_at: Option<Option<String>>,
}

/// A field that is there, with a value or as `null`.
fn present<'de, D: Deserializer<'de>>(field: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(field).map(Some)
}

#[derive(Deserialize)]
struct ListRules {
    workspace: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(read, change, delete))
        .routes(routes!(patterns))
        .routes(routes!(settings, change_settings))
}

/// All rules, in the order of their making.
#[utoipa::path(
    get, path = "/api/v1/notification-rules", tag = "notifications",
    params(("workspace" = Option<String>, Query, description = "Only those of this workspace")),
    responses((status = 200, body = Page<RuleView>), (status = 422, description = "No id")),
    security(("token" = ["read"]))
)]
async fn list(
    by: May<Read>,
    State(state): State<AppState>,
    Params(query): Params<ListRules>,
) -> Result<Json<Page<RuleView>>, Problem> {
    refuse_restricted(&by)?;
    let workspace: Option<WorkspaceId> = parsed("workspace", query.workspace)?;
    let rules = state.notifications.rules(&by.tenant, workspace.map(Some)).await?;
    Ok(Json(Page::whole(rules.into_iter().map(RuleView::from).collect())))
}

/// Makes a rule.
#[utoipa::path(
    post, path = "/api/v1/notification-rules", tag = "notifications", request_body = CreateRule,
    responses(
        (status = 201, body = RuleView),
        (status = 409, description = "There is one for this pattern here, or there are too many"),
        (status = 422, description = "A field is wrong"),
    ),
    security(("token" = ["admin"]))
)]
async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Body(body): Body<CreateRule>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let key = key.of(&by, "POST /api/v1/notification-rules", &body);
    let new = NewRule {
        workspace: parsed("/workspace_id", body.workspace_id)?,
        name: state.clean(&by, "notification_rule", body.name),
        pattern: body.pattern,
        severity: parsed("/severity", body.severity)?.unwrap_or(Severity::Info),
        delivery: parsed("/delivery", body.delivery)?.unwrap_or(Delivery::InApp),
        enabled: body.enabled.unwrap_or(true),
    };
    let made = state.notifications.create_rule(&by, new, key).await?;
    Ok(created(made, |rule| Some(rule.version), RuleView::from))
}

/// One rule.
#[utoipa::path(
    get, path = "/api/v1/notification-rules/{id}", tag = "notifications", params(("id" = String, Path)),
    responses((status = 200, body = RuleView), (status = 404, description = "No such rule")),
    security(("token" = ["read"]))
)]
async fn read(
    by: May<Read>,
    State(state): State<AppState>,
    Named(id): Named<NotificationRuleId>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let rule = state.notifications.rule(&by.tenant, id).await?;
    Ok(tagged(StatusCode::OK, rule.version, RuleView::from(rule)))
}

/// Changes a rule, if it still has the version of `If-Match` where one is sent.
#[utoipa::path(
    patch, path = "/api/v1/notification-rules/{id}", tag = "notifications", params(("id" = String, Path)),
    request_body = ChangeRule,
    responses(
        (status = 200, body = RuleView),
        (status = 404, description = "No such rule"),
        (status = 409, description = "There is one for this pattern here"),
        (status = 412, description = "Somebody else changed it"),
        (status = 422, description = "A field is wrong"),
    ),
    security(("token" = ["admin"]))
)]
async fn change(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<NotificationRuleId>,
    known: IfMatch,
    Body(body): Body<ChangeRule>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let change = RuleChange {
        name: body.name.map(|name| state.clean(&by, "notification_rule", name)),
        pattern: body.pattern,
        severity: parsed("/severity", body.severity)?,
        delivery: parsed("/delivery", body.delivery)?,
        enabled: body.enabled,
    };
    let rule = state.notifications.update_rule(&by, (id, None), known.version(), change).await?;
    Ok(tagged(StatusCode::OK, rule.version, RuleView::from(rule)))
}

/// Removes a rule, if it still has the version of `If-Match` where one is sent.
#[utoipa::path(
    delete, path = "/api/v1/notification-rules/{id}", tag = "notifications", params(("id" = String, Path)),
    responses(
        (status = 204),
        (status = 404, description = "No such rule"),
        (status = 412, description = "Somebody else changed it"),
    ),
    security(("token" = ["admin"]))
)]
async fn delete(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<NotificationRuleId>,
    known: IfMatch,
) -> Result<StatusCode, Problem> {
    refuse_restricted(&by)?;
    state.notifications.delete_rule(&by, (id, None), known.version()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Everything that can happen, with the words that rules name.
#[utoipa::path(
    get, path = "/api/v1/notification-patterns", tag = "notifications",
    responses((status = 200, body = Page<PatternView>)), security(("token" = ["read"]))
)]
async fn patterns(_by: May<Read>) -> Json<Page<PatternView>> {
    let view = |pattern: &Pattern| PatternView {
        pattern: pattern.as_str(),
        also: pattern.also(),
        category: pattern.category().as_str(),
        severity: pattern.severity().as_str(),
        text: pattern.text(),
    };
    Json(Page::whole(Pattern::ALL.iter().map(view).collect()))
}

/// Quiet hours, away and digest.
#[utoipa::path(
    get, path = "/api/v1/notification-settings", tag = "notifications",
    responses((status = 200, body = SettingsView)), security(("token" = ["read"]))
)]
async fn settings(by: May<Read>, State(state): State<AppState>) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let settings = state.notifications.settings(&by.tenant).await?;
    Ok(tagged(StatusCode::OK, settings.version, view(&state, &by, &settings)))
}

/// Changes them, if they still have the version of `If-Match` where one is sent.
#[utoipa::path(
    patch, path = "/api/v1/notification-settings", tag = "notifications", request_body = ChangeSettings,
    responses(
        (status = 200, body = SettingsView),
        (status = 412, description = "Somebody else changed them"),
        (status = 422, description = "A field is wrong"),
    ),
    security(("token" = ["admin"]))
)]
async fn change_settings(
    by: May<Admin>,
    State(state): State<AppState>,
    known: IfMatch,
    Body(body): Body<ChangeSettings>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let quiet = match (body.quiet_from, body.quiet_until) {
        (None, None) => None,
        (Some(Some(from)), Some(Some(until))) => Some(Some((from, until))),
        (Some(None) | None, Some(None) | None) => Some(None),
        _ => return Err(Problem::invalid_field("/quiet_until", "is there when quiet_from is")),
    };
    let until_ms = |text: String| {
        let moment: Result<Timestamp, _> = text.parse();
        let wrong = |_| Problem::invalid_field("/away_until", "is a moment such as 2026-12-24T18:00:00Z");
        moment.map(Timestamp::as_millisecond).map_err(wrong)
    };
    let change = SettingsChange {
        zone: body.zone,
        quiet,
        errors_break_through: body.errors_break_through,
        away_until_ms: body.away_until.map(|until| until.map(until_ms).transpose()).transpose()?,
        away_delivery: parsed("/away_delivery", body.away_delivery)?,
        digest_at: body.digest_at,
    };
    let settings = state.notifications.change_settings(&by, known.version(), change).await?;
    Ok(tagged(StatusCode::OK, settings.version, view(&state, &by, &settings)))
}

fn view(state: &AppState, by: &crate::identity::Principal, settings: &NoticeSettings) -> SettingsView {
    let (quiet_from, quiet_until) = settings.quiet.map(|quiet| quiet.words()).unzip();
    let mut ways: Vec<_> = state.notifications.ways(&by.tenant).into_iter().map(|way| way.as_str()).collect();
    ways.sort_unstable();
    SettingsView {
        zone: settings.zone.clone(),
        quiet_from,
        quiet_until,
        errors_break_through: settings.errors_break_through,
        away_until: settings.away_until_ms.map(rfc3339),
        away_delivery: settings.away_delivery.as_str(),
        digest_at: settings.digest_words(),
        ways,
        version: settings.version,
    }
}
