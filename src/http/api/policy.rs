//! `/api/v1/policy`: the settings of a policy and what it would say.

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

use super::rules::RuleView;
use crate::http::auth::{Admin, Fresh, May};
use crate::http::conditional::{IfMatch, tagged};
use crate::http::extract::Body;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::Principal;
use crate::policy::{
    Action, ApprovalMode, Ask, Author, Autonomy, PermissionMode, Policy, PolicyChange, Preset, SourceKind,
    Subject, judge,
};

/// The whole policy.
#[derive(Serialize, ToSchema)]
#[schema(as = Policy)]
pub(super) struct PolicyView {
    /// Counts changes; also the ETag.
    version: i64,
    /// `careful`, `balanced` or `custom`.
    preset: &'static str,
    /// When a person is asked: `off` (never: it is denied), `on_miss` (when no rule answers) or `always`.
    approvals: &'static str,
    /// How far any assistant may go: `read_only`, `supervised` or `full`.
    autonomy_max: &'static str,
    /// The rules of people, oldest first.
    rules: Vec<RuleView>,
}

impl From<&Policy> for PolicyView {
    fn from(policy: &Policy) -> Self {
        Self {
            version: policy.version,
            preset: policy.preset().as_str(),
            approvals: policy.approvals.as_str(),
            autonomy_max: policy.autonomy_max.as_str(),
            rules: policy.rules.iter().cloned().map(RuleView::from).collect(),
        }
    }
}

/// What changes. What is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangePolicy {
    /// `careful` or `balanced`: sets the two others.
    preset: Option<String>,
    /// `off`, `on_miss` or `always`.
    approvals: Option<String>,
    /// `read_only`, `supervised` or `full`.
    autonomy_max: Option<String>,
}

/// An action and its circumstances.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TestAction {
    /// `{"kind": "write_path", "path": "notes/today.md"}`.
    #[schema(value_type = Object)]
    action: Value,
    /// An assistant by name or id: whose mode and autonomy hold; the default one without it.
    assistant: Option<String>,
    /// Another permission mode than the assistant's.
    mode: Option<String>,
    /// Another autonomy than the assistant's.
    autonomy: Option<String>,
    /// Who causes it: `owner`, `member`, `token`, `channel`, `stranger`, `webhook` or `schedule`.
    source: Option<String>,
    /// In this workspace.
    workspace_id: Option<String>,
    /// In this conversation.
    thread_id: Option<String>,
    /// Whether the turn has read untrusted text.
    #[serde(default)]
    tainted: bool,
    /// The workspace's folder.
    workspace_root: Option<String>,
}

/// What the policy says.
#[derive(Serialize, ToSchema)]
#[schema(as = Verdict)]
pub(super) struct VerdictView {
    /// `allow`, `ask` or `deny`.
    effect: &'static str,
    /// The rule that decided, when one did.
    rule_id: Option<String>,
    /// What decided, in words.
    reason: String,
    /// The action as people see it.
    shown: String,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(read, change)).routes(routes!(test))
}

/// The whole policy of the tenant.
#[utoipa::path(
    get, path = "/api/v1/policy", tag = "policy", responses((status = 200, body = PolicyView)),
    security(("token" = ["admin"]))
)]
async fn read(by: May<Admin>, State(state): State<AppState>) -> Result<Response, Problem> {
    let policy = state.policies.current(&by.tenant).await?;
    Ok(tagged(StatusCode::OK, policy.version, PolicyView::from(policy.as_ref())))
}

/// Changes the settings of a policy that still has the version of `If-Match`.
#[utoipa::path(
    put, path = "/api/v1/policy", tag = "policy", request_body = ChangePolicy,
    responses(
        (status = 200, body = PolicyView),
        (status = 412, description = "Somebody else changed it"),
        (status = 428, description = "If-Match is missing"),
    ),
    security(("token" = ["admin"]), ("session" = ["step_up"]))
)]
async fn change(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    known: IfMatch,
    Body(body): Body<ChangePolicy>,
) -> Result<Response, Problem> {
    let author = author(&by)?;
    let preset: Option<Preset> = word("/preset", body.preset)?;
    let mut change = PolicyChange {
        approvals: word::<ApprovalMode>("/approvals", body.approvals)?,
        autonomy_max: word::<Autonomy>("/autonomy_max", body.autonomy_max)?,
    };
    if let Some(preset) = preset {
        let Some((approvals, autonomy)) = preset.settings() else {
            return Err(Problem::invalid_field(
                "/preset",
                "`custom` is what other settings are called; set those",
            ));
        };
        if change != PolicyChange::default() {
            return Err(Problem::invalid_field("/preset", "sets the other two; leave them out"));
        }
        change = PolicyChange { approvals: Some(approvals), autonomy_max: Some(autonomy) };
    }
    let policy = state.policies.change(&by.tenant, author, known.required()?, change).await?;
    Ok(tagged(StatusCode::OK, policy.version, PolicyView::from(policy.as_ref())))
}

/// What the policy says about an action. Nothing is done and nobody is asked.
#[utoipa::path(
    post, path = "/api/v1/policy/test", tag = "policy", request_body = TestAction,
    responses((status = 200, body = VerdictView)), security(("token" = ["admin"]))
)]
async fn test(
    by: May<Admin>,
    State(state): State<AppState>,
    Body(body): Body<TestAction>,
) -> Result<Json<VerdictView>, Problem> {
    let action: Action = serde_json::from_value(body.action)
        .map_err(|error| Problem::invalid_field("/action", error.to_string()))?;
    let assistant = match &body.assistant {
        Some(name) => state.assistants.find(&by.tenant, name).await,
        None => state.assistants.default(&by.tenant).await,
    };
    let assistant = assistant.map_err(|_| Problem::invalid_field("/assistant", "names no assistant"))?;
    let source = body.source.map(|word| {
        let unknown = |_| Problem::invalid_field("/source", "is none of the kinds of causes");
        serde_json::from_value::<SourceKind>(Value::String(word)).map_err(unknown)
    });
    let ask = Ask {
        mode: word::<PermissionMode>("/mode", body.mode)?.unwrap_or(assistant.permission_mode),
        autonomy: word::<Autonomy>("/autonomy", body.autonomy)?.unwrap_or(assistant.autonomy),
        tainted: body.tainted,
        workspace_root: body.workspace_root,
        ..Ask::plain(
            action,
            Subject {
                assistant: Some(assistant.id),
                workspace: id("/workspace_id", body.workspace_id)?,
                thread: id("/thread_id", body.thread_id)?,
                source: source.transpose()?.unwrap_or(SourceKind::Owner),
            },
        )
    };
    let policy = state.policies.current(&by.tenant).await?;
    let verdict = judge(&policy, &ask, Timestamp::now().as_millisecond());
    Ok(Json(VerdictView {
        effect: verdict.effect.as_str(),
        rule_id: verdict.rule.map(|id| id.to_string()),
        reason: verdict.reason,
        shown: crate::approvals::visible(&ask.action.to_string()),
    }))
}

/// Who changes the policy. A token for one assistant does not: it could widen itself.
pub(super) fn author(by: &Principal) -> Result<Author, Problem> {
    match by.assistant {
        None => Ok(Author::at_console(by.source())),
        Some(_) => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "a token for one assistant cannot change the policy",
        )),
    }
}

/// One of our words, if it is there.
pub(super) fn word<T: std::str::FromStr<Err: std::fmt::Display>>(
    field: &str,
    word: Option<String>,
) -> Result<Option<T>, Problem> {
    word.map(|word| word.parse().map_err(|error: T::Err| Problem::invalid_field(field, error.to_string())))
        .transpose()
}

pub(super) fn id<T: std::str::FromStr>(field: &str, text: Option<String>) -> Result<Option<T>, Problem> {
    text.map(|text| text.parse().map_err(|_| Problem::invalid_field(field, "is no id"))).transpose()
}
