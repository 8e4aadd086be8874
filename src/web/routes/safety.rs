//! Safety: what assistants may do, and the switch that stops all of them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::framed::sentence;
use super::super::headers::page;
use super::super::read;
use super::super::view::safety::{KillPage, RuleDraft, SafetyPage, TestDraft};
use crate::assistants::AssistantChange;
use crate::http::auth::{Admin, Halt};
use crate::http::extract::{Named, Params};
use crate::http::{AppState, Fresh, May, Problem};
use crate::identity::Principal;
use crate::policy::{Author, PolicyChange, Preset};
use crate::protocol::ids::{AssistantId, RuleId};

#[derive(Deserialize)]
pub(super) struct SafetyQuery {
    #[serde(default)]
    done: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    first: String,
    #[serde(default)]
    second: String,
    #[serde(default)]
    assistant: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    tainted: String,
}

#[derive(Deserialize)]
pub(super) struct PolicyFields {
    version: i64,
    preset: String,
    approvals: String,
    autonomy_max: String,
}

#[derive(Deserialize)]
pub(super) struct AssistantFields {
    version: i64,
    mode: String,
    autonomy: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RuleFields {
    effect: String,
    kind: String,
    first: String,
    second: String,
    assistant: String,
    source: String,
    days: String,
    standing: String,
    note: String,
}

#[derive(Deserialize)]
pub(super) struct KillFields {
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
pub(super) struct ResumeFields {
    #[serde(default)]
    sure: String,
}

fn notice(done: &str) -> Option<&'static str> {
    Some(match done {
        "policy" => "Saved.",
        "assistant" => "Saved. The next turn of the assistant holds to it.",
        "rule" => "The rule holds from now on.",
        "removed" => "The rule is removed.",
        "stopped" => "Everything is stopped.",
        "resumed" => "Released. What waited goes on.",
        _ => return None,
    })
}

/// `GET /settings/safety`. With an action in the query: what the policy says to it.
pub(super) async fn show(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<SafetyQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let mut template = safety_page(&state, &by, &reader).await?;
    template.notice = notice(&query.done);
    if query.kind.is_empty() {
        return Ok(page(StatusCode::OK, &template));
    }
    template.tested = TestDraft {
        kind: query.kind,
        first: query.first,
        second: query.second,
        assistant: query.assistant,
        source: query.source,
        tainted: query.tainted == "yes",
    };
    match read::safety::verdict(&state, &by, &template.tested).await {
        Ok(verdict) => template.verdict = Some(verdict),
        Err(problem) if problem.status.is_server_error() => return Err(problem),
        Err(problem) => template.error = Some(sentence(&problem.detail)),
    }
    Ok(page(StatusCode::OK, &template))
}

/// `POST /settings/safety/policy`.
pub(super) async fn policy(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<PolicyFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let change = match fields.preset.parse::<Preset>().ok().and_then(Preset::settings) {
        Some((approvals, autonomy)) => {
            PolicyChange { approvals: Some(approvals), autonomy_max: Some(autonomy) }
        }
        // `custom`, and words that are none: what else was chosen.
        None => PolicyChange {
            approvals: Some(word("approvals", &fields.approvals)?),
            autonomy_max: Some(word("autonomy_max", &fields.autonomy_max)?),
        },
    };
    let outcome = state.policies.change(&by.tenant, author(&by), fields.version, change).await;
    done(&state, &by, &reader, outcome.map(|_| "policy").map_err(Problem::from)).await
}

/// `POST /settings/safety/assistants/{id}`.
pub(super) async fn assistant(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    Named(id): Named<AssistantId>,
    reader: Reader,
    Fields(fields): Fields<AssistantFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let change = AssistantChange {
        permission_mode: Some(word("mode", &fields.mode)?),
        autonomy: Some(word("autonomy", &fields.autonomy)?),
        ..AssistantChange::default()
    };
    let outcome = state.assistants.update(&by, id, fields.version, change).await;
    done(&state, &by, &reader, outcome.map(|_| "assistant").map_err(Problem::from)).await
}

/// `POST /settings/safety/rules`.
pub(super) async fn add_rule(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<RuleFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let draft = RuleDraft {
        effect: fields.effect,
        kind: fields.kind,
        first: fields.first,
        second: fields.second,
        assistant: fields.assistant,
        source: fields.source,
        days: fields.days,
        standing: fields.standing,
        note: fields.note,
    };
    let outcome = store_rule(&state, &by, &draft).await.map(|()| "rule");
    let refused = |page: &mut SafetyPage, why| (page.error, page.draft) = (Some(why), draft);
    reader.after("/settings/safety", outcome, safety_page(&state, &by, &reader), refused).await
}

async fn store_rule(state: &AppState, by: &Principal, draft: &RuleDraft) -> Result<(), Problem> {
    let new = read::safety::new_rule(state, by, draft)?;
    let (policies, author) = (state.policies.clone(), author(by));
    state.db.write(&by.tenant, move |tx| policies.add(tx, &author, new)).await?;
    Ok(())
}

/// `POST /settings/safety/rules/{id}/remove`.
pub(super) async fn remove_rule(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    Named(id): Named<RuleId>,
    reader: Reader,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let outcome = state.policies.remove_rule(&by.tenant, author(&by), None, id).await;
    done(&state, &by, &reader, outcome.map(|()| "removed").map_err(Problem::from)).await
}

/// `GET /settings/safety/kill`: the last question.
pub(super) async fn confirm_kill(
    by: May<Halt>,
    State(state): State<AppState>,
    reader: Reader,
    Params(fields): Params<KillFields>,
) -> Result<Response, Problem> {
    let running = state.turns.threads_with_pending(&by.tenant).await.map_err(read::turns_problem)?.len();
    let frame = reader.frame("Stop everything", "settings");
    Ok(page(StatusCode::OK, &KillPage { frame, reason: fields.reason, running }))
}

/// `POST /settings/safety/kill`.
pub(super) async fn kill(
    by: May<Halt>,
    State(state): State<AppState>,
    Fields(fields): Fields<KillFields>,
) -> Result<Response, Problem> {
    let reason = state.clean(&by, "kill_switch", fields.reason);
    state.halt(&by.tenant, author(&by), &reason).await?;
    Ok(Redirect::to("/settings/safety?done=stopped").into_response())
}

/// `POST /settings/safety/resume`.
pub(super) async fn resume(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    Fields(fields): Fields<ResumeFields>,
) -> Result<Response, Problem> {
    if fields.sure != "yes" {
        return Err(Problem::bad_request("tick the box to release the kill switch"));
    }
    state.resume(&by.tenant, author(&by)).await?;
    Ok(Redirect::to("/settings/safety?done=resumed").into_response())
}

fn author(by: &Principal) -> Author {
    Author::at_console(by.source())
}

fn word<T: std::str::FromStr<Err: std::fmt::Display>>(field: &str, word: &str) -> Result<T, Problem> {
    word.parse().map_err(|error: T::Err| Problem::invalid_field(field, error.to_string()))
}

async fn safety_page(state: &AppState, by: &Principal, reader: &Reader) -> Result<SafetyPage, Problem> {
    read::safety::page(state, by, reader.frame("Safety", "settings")).await
}

/// Back to the page with what was done, or the page with why it was not.
async fn done(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    outcome: Result<&'static str, Problem>,
) -> Result<Response, Problem> {
    let refused = |page: &mut SafetyPage, why| page.error = Some(why);
    reader.after("/settings/safety", outcome, safety_page(state, by, reader), refused).await
}
