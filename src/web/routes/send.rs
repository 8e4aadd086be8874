//! What a person does to conversations: send, stop, try again, rename, delete.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::super::answer::{Fields, Reader};
use super::super::read;
use crate::http::auth::Chat;
use crate::http::extract::Named;
use crate::http::{AppState, Draft, May, Problem};
use crate::identity::{Principal, RequestKey};
use crate::protocol::ids::{ThreadId, TurnId};
use crate::protocol::turn::{Accepted, TurnOverrides};
use crate::workspaces::{NewThread, ThreadChange};

/// Most characters of an idempotency key.
const KEY_CHARS_MAX: usize = 200;

#[derive(Deserialize)]
pub(super) struct MessageFields {
    content: String,
    /// `backend/model`; empty for the assistant's own.
    #[serde(default)]
    model: String,
    #[serde(default)]
    key: String,
    /// Of a new conversation: where it begins; empty for the default workspace.
    #[serde(default)]
    workspace: String,
}

#[derive(Deserialize)]
pub(super) struct RenameFields {
    title: String,
}

#[derive(Deserialize)]
pub(super) struct DeleteFields {
    #[serde(default)]
    sure: String,
}

/// `POST /chat`: a new conversation and its first message. The form's key makes both once.
pub(super) async fn first(
    by: May<Chat>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<MessageFields>,
) -> Result<Response, Problem> {
    check_content(&state, &fields.content)?;
    let key = (!fields.key.is_empty())
        .then(|| RequestKey::new(&by, "web.chat", &fields.key, fields.content.as_bytes()));
    let workspace_id = super::workspace_of(&fields.workspace)?;
    let new = NewThread { workspace_id, ..NewThread::default() };
    let made = state.threads.create(&by, new, key).await.map_err(read::problem)?;
    let thread = made.thing.id;
    let accepted = submit(&state, &by, thread, fields, None).await?;
    let page = format!("/c/{thread}");
    Ok(reader.answer(
        StatusCode::ACCEPTED,
        json!({ "thread_id": thread, "turn_id": accepted.turn_id }),
        &page,
    ))
}

/// `POST /c/{thread}/messages`.
pub(super) async fn message(
    by: May<Chat>,
    State(state): State<AppState>,
    Named(thread): Named<ThreadId>,
    reader: Reader,
    headers: HeaderMap,
    Fields(fields): Fields<MessageFields>,
) -> Result<Response, Problem> {
    check_content(&state, &fields.content)?;
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let accepted = submit(&state, &by, thread, fields, key).await?;
    let value = json!({ "turn_id": accepted.turn_id, "message_id": accepted.message_id });
    Ok(reader.answer(StatusCode::ACCEPTED, value, &format!("/c/{thread}")))
}

/// `POST /c/{thread}/turns/{turn}/retry`: sends the same message again, as a turn of its own.
pub(super) async fn retry(
    by: May<Chat>,
    State(state): State<AppState>,
    Named((thread, turn)): Named<(ThreadId, TurnId)>,
    reader: Reader,
) -> Result<Response, Problem> {
    let record = turn_of(&state, &by, thread, turn).await?;
    let message = state.threads.message(&by, record.message_id).await.map_err(read::problem)?;
    let fields = MessageFields {
        content: message.content,
        model: String::new(),
        key: format!("retry {turn} {}", record.attempt),
        workspace: String::new(),
    };
    let accepted = submit(&state, &by, thread, fields, None).await?;
    Ok(reader.answer(StatusCode::ACCEPTED, json!({ "turn_id": accepted.turn_id }), &format!("/c/{thread}")))
}

/// `POST /c/{thread}/turns/{turn}/stop`: out of band; the turn ends within the grace.
pub(super) async fn stop(
    by: May<Chat>,
    State(state): State<AppState>,
    Named((thread, turn)): Named<(ThreadId, TurnId)>,
    reader: Reader,
) -> Result<Response, Problem> {
    turn_of(&state, &by, thread, turn).await?;
    let outcome = state.sessions.stop(thread, turn);
    let value = json!({ "outcome": format!("{outcome:?}").to_lowercase() });
    Ok(reader.answer(StatusCode::ACCEPTED, value, &format!("/c/{thread}")))
}

/// `POST /c/{thread}/rename`.
pub(super) async fn rename(
    by: May<Chat>,
    State(state): State<AppState>,
    Named(thread): Named<ThreadId>,
    Fields(fields): Fields<RenameFields>,
) -> Result<Response, Problem> {
    let change =
        ThreadChange { title: Some(state.clean(&by, "title", fields.title)), ..ThreadChange::default() };
    state.threads.update(&by, thread, None, change).await.map_err(read::problem)?;
    Ok(Redirect::to(&format!("/c/{thread}")).into_response())
}

/// `POST /c/{thread}/delete`. Turns that run are stopped first.
pub(super) async fn delete(
    by: May<Chat>,
    State(state): State<AppState>,
    Named(thread): Named<ThreadId>,
    Fields(fields): Fields<DeleteFields>,
) -> Result<Response, Problem> {
    if fields.sure != "yes" {
        return Err(Problem::bad_request("tick the box to delete a chat"));
    }
    state.threads.get(&by, thread).await.map_err(read::problem)?;
    for pending in state.turns.pending(&by.tenant, thread).await.map_err(read::turns_problem)? {
        // silent-ok: a turn that ended by itself in this moment needs no stop.
        let _ = state.sessions.stop(thread, pending.turn_id);
    }
    state.threads.delete(&by, thread, None).await.map_err(read::problem)?;
    Ok(Redirect::to("/chat").into_response())
}

fn check_content(state: &AppState, content: &str) -> Result<(), Problem> {
    if content.trim().is_empty() {
        return Err(Problem::invalid_field("/content", "write something first"));
    }
    let most = state.config.sessions.message_bytes_max;
    if content.len() > most {
        return Err(Problem::invalid_field("/content", format!("a message has at most {most} bytes")));
    }
    Ok(())
}

/// Hands a message to its session: accepted means stored.
async fn submit(
    state: &AppState,
    by: &Principal,
    thread: ThreadId,
    fields: MessageFields,
    key: Option<String>,
) -> Result<Accepted, Problem> {
    let found = state.threads.get(by, thread).await.map_err(read::problem)?;
    let (backend, model) = match fields.model.split_once('/') {
        Some((backend, model)) => (Some(backend.to_owned()), Some(model.to_owned())),
        None => (None, None),
    };
    let key = key.or((!fields.key.is_empty()).then_some(fields.key));
    if key.as_ref().is_some_and(|key| key.chars().count() > KEY_CHARS_MAX) {
        return Err(Problem::invalid_field("idempotency-key", "a key has at most 200 characters"));
    }
    // Browsers send line ends in the way of old terminals.
    let content = fields.content.replace("\r\n", "\n");
    let overrides = TurnOverrides { backend, model, ..TurnOverrides::default() };
    let draft = Draft { content, idempotency_key: key, overrides };
    Ok(state.take_in(by, &found, draft).await?.accepted)
}

/// A turn of this thread that the caller may see.
async fn turn_of(
    state: &AppState,
    by: &Principal,
    thread: ThreadId,
    turn: TurnId,
) -> Result<crate::turns::TurnRecord, Problem> {
    state.threads.get(by, thread).await.map_err(read::problem)?;
    let record = state.turns.turn(&by.tenant, turn).await.map_err(read::turns_problem)?;
    record.filter(|record| record.thread_id == thread).ok_or_else(Problem::not_found)
}
