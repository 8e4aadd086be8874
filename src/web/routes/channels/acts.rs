//! What is done with a channel that runs, with who wrote there, and with what has not arrived.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::super::super::answer::{Fields, Reader};
use super::super::super::framed::local_path;
use super::super::super::headers::page;
use super::super::super::read;
use super::super::super::view::channels::{ChannelPage, OutboxPage};
use crate::channels::{ChannelChange, PersonChange};
use crate::http::auth::{Admin, Operate, Read};
use crate::http::extract::{Named, Params};
use crate::http::{AppState, May, Problem};
use crate::identity::Principal;
use crate::protocol::ids::{ChannelId, ObligationId};

/// What a test says when nobody says something else.
const TEST: &str = "A test. It works.";

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::web::routes) struct PersonFields {
    sender: String,
    change: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::web::routes) struct TestFields {
    conversation: String,
    words: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::web::routes) struct BackFields {
    back: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::web::routes) struct DoneQuery {
    done: String,
}

/// `POST /channels/{id}/people`.
pub(in crate::web::routes) async fn person(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<ChannelId>,
    reader: Reader,
    Fields(fields): Fields<PersonFields>,
) -> Result<Response, Problem> {
    super::super::unrestricted(&by)?;
    let change = match fields.change.as_str() {
        "approve" => PersonChange::Approve { decides: false },
        "decide" => PersonChange::Approve { decides: true },
        "block" => PersonChange::Block,
        "forget" => PersonChange::Forget,
        _ => return Err(Problem::bad_request("no such change")),
    };
    let outcome = state.channels.change_person(&by, (id, &fields.sender), change).await;
    after(&state, &by, &reader, id, outcome.map(|()| "person").map_err(Problem::from)).await
}

/// `POST /channels/{id}/{act}`: `restart`, `enable` or `disable`.
pub(in crate::web::routes) async fn act(
    by: May<Admin>,
    State(state): State<AppState>,
    Named((id, act)): Named<(ChannelId, String)>,
    reader: Reader,
) -> Result<Response, Problem> {
    super::super::unrestricted(&by)?;
    let switched = |enabled| {
        let change = ChannelChange { enabled: Some(enabled), ..ChannelChange::default() };
        state.channels.update(&by, (id, None), change, None)
    };
    let outcome = match act.as_str() {
        "restart" => state.channels.restart(&by, id).await.map(|_| "restarted"),
        "enable" => switched(true).await.map(|_| "enabled"),
        "disable" => switched(false).await.map(|_| "disabled"),
        _ => return Err(Problem::not_found()),
    };
    after(&state, &by, &reader, id, outcome.map_err(Problem::from)).await
}

/// `POST /channels/{id}/test`.
pub(in crate::web::routes) async fn test(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<ChannelId>,
    reader: Reader,
    Fields(fields): Fields<TestFields>,
) -> Result<Response, Problem> {
    super::super::unrestricted(&by)?;
    let outcome = async {
        if fields.conversation.is_empty() {
            return Err(Problem::invalid_field("conversation", "is chosen from the list"));
        }
        let words = Some(fields.words.trim()).filter(|words| !words.is_empty()).unwrap_or(TEST);
        let words = state.clean(&by, "message", words.to_owned());
        state.channels.say(&by.tenant, id, &fields.conversation, words).await?;
        Ok("tested")
    };
    let outcome = outcome.await;
    after(&state, &by, &reader, id, outcome).await
}

/// `POST /channels/{id}/outbox/{obligation}/retry`.
pub(in crate::web::routes) async fn retry(
    by: May<Operate>,
    State(state): State<AppState>,
    Named((id, owed)): Named<(ChannelId, ObligationId)>,
    reader: Reader,
    Fields(fields): Fields<BackFields>,
) -> Result<Response, Problem> {
    super::super::unrestricted(&by)?;
    state.channels.retry(&by, id, owed).await?;
    let back = match local_path(&fields.back) {
        "/inbox/outbox" => "/inbox/outbox?done=retried".to_owned(),
        _ => format!("/channels/{id}?done=retried"),
    };
    Ok(reader.answer(StatusCode::OK, json!({ "id": owed }), &back))
}

/// `GET /inbox/outbox`.
pub(in crate::web::routes) async fn outbox(
    by: May<Read>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<DoneQuery>,
) -> Result<Response, Problem> {
    super::super::unrestricted(&by)?;
    let shown = OutboxPage {
        frame: reader.frame("Outbox", "inbox"),
        list: read::channels::outbox::list(&state, &by).await?,
        undelivered: read::channels::outbox::dead(&state, &by).await,
        notice: (query.done == "retried").then_some("It is tried again."),
    };
    Ok(page(StatusCode::OK, &shown))
}

/// What a form of the page of a channel did: JSON for scripts, the page for everybody else.
pub(super) async fn after(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    id: ChannelId,
    outcome: Result<&'static str, Problem>,
) -> Result<Response, Problem> {
    match outcome {
        Ok(_) if reader.json => Ok(reader.answer(StatusCode::OK, json!({ "id": id }), "")),
        outcome => {
            let refused = |page: &mut ChannelPage, why| page.error = Some(why);
            reader
                .after(&format!("/channels/{id}"), outcome, super::shown(state, by, reader, id), refused)
                .await
        }
    }
}
