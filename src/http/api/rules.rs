//! `/api/v1/policy/rules`: the rules of people.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::policy::author;
use crate::http::auth::{Admin, Fresh, May};
use crate::http::conditional::{IdempotencyKey, IfMatch, created, tagged};
use crate::http::extract::{Body, Named, Params};
use crate::http::moment::{parse_rfc3339, rfc3339};
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::{Principal, once};
use crate::policy::{NewRule, Origin, Rule};
use crate::protocol::ids::RuleId;

/// A rule.
#[derive(Serialize, ToSchema)]
#[schema(as = Rule)]
pub(super) struct RuleView {
    id: String,
    /// `allow`, `ask` or `deny`.
    effect: &'static str,
    /// Which actions: `{"kind": "write_path", "path": "notes/**"}`.
    #[schema(value_type = Object)]
    action: Value,
    /// Of whom: `assistant`, `workspace`, `thread` (ids) and `source`; empty for everybody.
    #[schema(value_type = Object)]
    subject: Value,
    /// Whether it allows also after untrusted text was read.
    even_untrusted: bool,
    /// The rule in plain words that the model is told, too.
    standing: Option<String>,
    note: String,
    expires_at: Option<String>,
    /// `person`, or `approval`.
    origin: &'static str,
    /// The question whose answer made it.
    approval_id: Option<String>,
    created_at: String,
    created_by: String,
}

impl From<Rule> for RuleView {
    fn from(rule: Rule) -> Self {
        let approval = match rule.origin {
            Origin::Person => None,
            Origin::Approval(id) => Some(id.to_string()),
        };
        Self {
            id: rule.id.to_string(),
            effect: rule.effect.as_str(),
            // silent-ok: our own shapes always encode
            action: serde_json::to_value(&rule.action).unwrap_or_default(),
            subject: serde_json::to_value(rule.subject).unwrap_or_default(),
            even_untrusted: rule.even_untrusted,
            standing: rule.standing,
            note: rule.note,
            expires_at: rule.expires_ms.map(rfc3339),
            origin: if approval.is_some() { "approval" } else { "person" },
            approval_id: approval,
            created_at: rfc3339(rule.created_ms),
            created_by: rule.created_by,
        }
    }
}

/// A rule to be.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteRule {
    /// `allow`, `ask` or `deny`. Deny wins over ask wins over allow.
    effect: String,
    /// Which actions; a field that is left out matches everything. `{"kind": "any"}` is every action.
    #[schema(value_type = Object)]
    action: Value,
    /// Of whom; a field that is left out matches everybody.
    #[schema(value_type = Option<Object>)]
    subject: Option<Value>,
    /// Whether it allows also after untrusted text was read.
    #[serde(default)]
    even_untrusted: bool,
    /// A deny in plain words, 1–500 characters, that the model is told, too.
    standing: Option<String>,
    /// Up to 500 characters.
    #[serde(default)]
    note: String,
    /// When it ends, RFC 3339.
    expires_at: Option<String>,
}

#[derive(Deserialize)]
struct ListRules {
    limit: Option<usize>,
    after: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(list, create)).routes(routes!(read, replace, remove))
}

/// The rules of people, oldest first.
#[utoipa::path(
    get, path = "/api/v1/policy/rules", tag = "policy",
    params(
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
    ),
    responses((status = 200, body = Page<RuleView>)), security(("token" = ["admin"]))
)]
async fn list(
    by: May<Admin>,
    State(state): State<AppState>,
    Params(query): Params<ListRules>,
) -> Result<Json<Page<RuleView>>, Problem> {
    let paging = Paging::<RuleId>::new(query.limit, query.after.as_deref())?;
    let policy = state.policies.current(&by.tenant).await?;
    let rest = policy.rules.iter().filter(|rule| paging.after.is_none_or(|after| rule.id > after));
    let found: Vec<Rule> = rest.take(paging.fetch()).cloned().collect();
    Ok(Json(paging.page(found, |rule| rule.id.to_string(), RuleView::from)))
}

/// Makes a rule.
#[utoipa::path(
    post, path = "/api/v1/policy/rules", tag = "policy", request_body = WriteRule,
    responses((status = 201, body = RuleView), (status = 409, description = "There are too many")),
    security(("token" = ["admin"]), ("session" = ["step_up"]))
)]
async fn create(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Body(body): Body<WriteRule>,
) -> Result<Response, Problem> {
    let author = author(&by)?;
    let key = key.of(&by, "POST /api/v1/policy/rules", &body);
    let new = rule(&state, &by, body)?;
    let (policies, now_ms) = (state.policies.clone(), Timestamp::now().as_millisecond());
    let made = state.db.write(&by.tenant, move |tx| {
        once(tx, key.as_ref(), now_ms, |tx| policies.add(tx, &author, new).map_err(Problem::from))
    });
    Ok(created(made.await?, |_| None, RuleView::from))
}

/// One rule. Its ETag is the version of the whole policy.
#[utoipa::path(
    get, path = "/api/v1/policy/rules/{id}", tag = "policy", params(("id" = String, Path)),
    responses((status = 200, body = RuleView)), security(("token" = ["admin"]))
)]
async fn read(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<RuleId>,
) -> Result<Response, Problem> {
    let policy = state.policies.current(&by.tenant).await?;
    let found = policy.rules.iter().find(|rule| rule.id == id).ok_or_else(Problem::not_found)?;
    Ok(tagged(StatusCode::OK, policy.version, RuleView::from(found.clone())))
}

/// Puts another rule in its place, if the policy still has the version of `If-Match`.
#[utoipa::path(
    put, path = "/api/v1/policy/rules/{id}", tag = "policy", params(("id" = String, Path)),
    request_body = WriteRule,
    responses(
        (status = 200, body = RuleView),
        (status = 412, description = "Somebody else changed the policy"),
        (status = 428, description = "If-Match is missing"),
    ),
    security(("token" = ["admin"]), ("session" = ["step_up"]))
)]
async fn replace(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    Named(id): Named<RuleId>,
    known: IfMatch,
    Body(body): Body<WriteRule>,
) -> Result<Response, Problem> {
    let author = author(&by)?;
    let new = rule(&state, &by, body)?;
    let (policy, rule) = state.policies.replace_rule(&by.tenant, author, known.required()?, id, new).await?;
    Ok(tagged(StatusCode::OK, policy.version, RuleView::from(rule)))
}

/// Removes a rule; with `If-Match` only while the policy has that version.
#[utoipa::path(
    delete, path = "/api/v1/policy/rules/{id}", tag = "policy", params(("id" = String, Path)),
    responses((status = 204), (status = 412, description = "Somebody else changed the policy")),
    security(("token" = ["admin"]), ("session" = ["step_up"]))
)]
async fn remove(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    Named(id): Named<RuleId>,
    known: IfMatch,
) -> Result<StatusCode, Problem> {
    state.policies.remove_rule(&by.tenant, author(&by)?, known.version(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn rule(state: &AppState, by: &Principal, body: WriteRule) -> Result<NewRule, Problem> {
    fn read<T: serde::de::DeserializeOwned>(field: &str, value: Value) -> Result<T, Problem> {
        serde_json::from_value(value).map_err(|error| Problem::invalid_field(field, error.to_string()))
    }
    let end = |text: String| {
        parse_rfc3339(&text).ok_or_else(|| Problem::invalid_field("/expires_at", "is no RFC 3339 time"))
    };
    Ok(NewRule {
        effect: serde_json::from_value(Value::String(body.effect))
            .map_err(|_| Problem::invalid_field("/effect", "is allow, ask or deny"))?,
        action: read("/action", body.action)?,
        subject: body.subject.map(|subject| read("/subject", subject)).transpose()?.unwrap_or_default(),
        even_untrusted: body.even_untrusted,
        standing: body.standing.map(|words| state.clean(by, "policy", words)),
        note: state.clean(by, "policy", body.note),
        expires_ms: body.expires_at.map(end).transpose()?,
        origin: Origin::Person,
    })
}
