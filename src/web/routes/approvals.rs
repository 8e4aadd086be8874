//! The inbox and the answers to questions.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::super::answer::{Fields, Reader};
use super::super::framed::sentence;
use super::super::headers::page;
use super::super::read;
use super::super::view::approvals::{ApprovalPage, DecidePage, InboxPage};
use crate::approvals::{ApprovalError, Choice};
use crate::http::auth::{Decide, SeeApprovals};
use crate::http::extract::{Named, Params};
use crate::http::{AppState, May, Problem};
use crate::identity::Principal;
use crate::protocol::ids::ApprovalId;

#[derive(Deserialize)]
pub(super) struct InboxQuery {
    /// How many the last form denied.
    denied: Option<usize>,
}

#[derive(Deserialize)]
pub(super) struct ApprovalQuery {
    #[serde(default)]
    late: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct DecideQuery {
    choice: String,
}

#[derive(Deserialize)]
pub(super) struct DecideFields {
    choice: String,
    #[serde(default)]
    reason: String,
    /// `yes`: whoever allows has seen what is asked.
    #[serde(default)]
    sure: String,
}

/// `GET /inbox`.
pub(super) async fn inbox(
    by: May<SeeApprovals>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<InboxQuery>,
) -> Result<Response, Problem> {
    let notice =
        query.denied.map(|count| format!("{count} denied. What was decided meanwhile stays as it is."));
    let inbox = read::approvals::inbox(&state, &by).await?;
    let undelivered = read::channels::outbox::dead(&state, &by).await;
    let frame = reader.frame("Inbox", "inbox");
    Ok(page(StatusCode::OK, &InboxPage { frame, inbox, undelivered, notice }))
}

/// `POST /inbox/deny`: what is ticked. Nothing is ever allowed in bulk.
pub(super) async fn deny_ticked(
    by: May<Decide>,
    State(state): State<AppState>,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let of = |name: &'static str| fields.iter().filter(move |(key, _)| key == name).map(|(_, value)| value);
    let reason = of("reason").next().cloned().unwrap_or_default();
    let mut denied = 0;
    // silent-ok: a value that is no id names nothing
    for id in of("id").filter_map(|id| id.parse::<ApprovalId>().ok()) {
        match decide(&state, &by, id, Choice::Deny, &reason).await {
            Ok(()) => denied += 1,
            Err(ApprovalError::Decided(_) | ApprovalError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Redirect::to(&format!("/inbox?denied={denied}")).into_response())
}

/// `GET /a/{id}`.
pub(super) async fn show(
    by: May<SeeApprovals>,
    State(state): State<AppState>,
    Named(id): Named<ApprovalId>,
    reader: Reader,
    Params(query): Params<ApprovalQuery>,
) -> Result<Response, Problem> {
    let ask = read::approvals::one(&state, &by, id).await?;
    let notice = query.late.map(|_| "It was decided already. Your answer changed nothing.");
    Ok(page(StatusCode::OK, &ApprovalPage { frame: reader.frame("Question", "inbox"), ask, notice }))
}

/// `GET /a/{id}/decide`: for browsers without scripts.
pub(super) async fn confirm(
    by: May<Decide>,
    State(state): State<AppState>,
    Named(id): Named<ApprovalId>,
    reader: Reader,
    Params(query): Params<DecideQuery>,
) -> Result<Response, Problem> {
    confirm_page(&state, &by, &reader, id, &query.choice, (StatusCode::OK, None)).await
}

/// `POST /a/{id}/decide`. The first answer counts; a later one hears who gave it.
pub(super) async fn answer(
    by: May<Decide>,
    State(state): State<AppState>,
    Named(id): Named<ApprovalId>,
    reader: Reader,
    Fields(fields): Fields<DecideFields>,
) -> Result<Response, Problem> {
    let choice: Choice = fields.choice.parse().map_err(|()| Problem::bad_request("no such answer"))?;
    if choice != Choice::Deny && fields.sure != "yes" {
        let text = "Tick that you have read it; nothing is allowed by one key.".to_owned();
        let refused = (StatusCode::UNPROCESSABLE_ENTITY, Some(text));
        return confirm_page(&state, &by, &reader, id, &fields.choice, refused).await;
    }
    match decide(&state, &by, id, choice, &fields.reason).await {
        Ok(()) => Ok(reader.answer(StatusCode::OK, json!({ "id": id }), &format!("/a/{id}"))),
        Err(ApprovalError::Decided(_)) if !reader.json => {
            Ok(Redirect::to(&format!("/a/{id}?late=1")).into_response())
        }
        Err(error) if reader.json => Err(error.into()),
        Err(error) => {
            let text = sentence(&error.to_string());
            let problem = Problem::from(error);
            if problem.status.is_server_error() || problem.status == StatusCode::NOT_FOUND {
                return Err(problem);
            }
            confirm_page(&state, &by, &reader, id, &fields.choice, (problem.status, Some(text))).await
        }
    }
}

async fn decide(
    state: &AppState,
    by: &Principal,
    id: ApprovalId,
    choice: Choice,
    reason: &str,
) -> Result<(), ApprovalError> {
    let reason = state.clean(by, "approval", reason.to_owned());
    state.approvals.decide(by, id, choice, &reason).await.map(|_| ())
}

async fn confirm_page(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    id: ApprovalId,
    word: &str,
    (status, error): (StatusCode, Option<String>),
) -> Result<Response, Problem> {
    let ask = read::approvals::one(state, by, id).await?;
    let choice = ask.choices.iter().find(|choice| choice.word == word).copied();
    // Decided meanwhile, or nothing that this person may answer: the question says so itself.
    let Some(choice) = choice else { return Ok(Redirect::to(&format!("/a/{id}")).into_response()) };
    let template = DecidePage {
        frame: reader.frame(choice.label, "inbox"),
        ask,
        choice: choice.word,
        label: choice.label,
        effect: choice.effect,
        error,
    };
    Ok(page(status, &template))
}
