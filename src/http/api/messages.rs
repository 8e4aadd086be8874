//! `/api/v1/threads/{id}/messages` and `/api/v1/messages`: what was said, and saying something.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{Chat, May, ReadChats};
use crate::http::conditional::IdempotencyKey;
use crate::http::extract::{Body, Named, Params};
use crate::http::moment::rfc3339;
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::{AppState, Draft, TakenIn};
use crate::protocol::ids::{MessageId, ThreadId};
use crate::protocol::turn::TurnOverrides;
use crate::workspaces::Message;

/// A stored message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub(super) struct MessageView {
    id: String,
    thread_id: String,
    /// `system`, `user`, `assistant` or `tool`.
    role: String,
    /// The text.
    content: String,
    created_at: String,
    turn_id: Option<String>,
    /// Where the text came from: `owner`, `member`, `token`, `approved_sender`, `stranger`, `tool`, `web`, `webhook`,
    /// `schedule`, `model` or `system`.
    provenance: String,
    /// What the model thought.
    #[serde(skip_serializing_if = "String::is_empty")]
    thinking: String,
    /// Tools that the model asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<Value>,
    /// Of a tool's answer: the call that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    call_id: Option<String>,
    /// Of a tool's answer: `done`, `failed`, `denied` or `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    /// Whether the turn ended before the answer was whole.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
}

impl From<Message> for MessageView {
    fn from(message: Message) -> Self {
        // silent-ok: what is not JSON is shown as absent; only the ledger writes that column
        let tool_calls = message.tool_calls.and_then(|calls| serde_json::from_str(&calls).ok());
        Self {
            id: message.id.to_string(),
            thread_id: message.thread_id.to_string(),
            role: message.role,
            content: message.content,
            created_at: rfc3339(message.created_ms),
            turn_id: message.turn_id.map(|id| id.to_string()),
            provenance: message.provenance,
            thinking: message.thinking,
            tool_calls,
            call_id: message.call_id,
            outcome: message.outcome,
            partial: message.partial,
        }
    }
}

/// A message to the assistant.
#[derive(Deserialize, ToSchema)]
pub(super) struct SendMessage {
    /// The text, not empty.
    content: String,
    /// Another backend for this turn.
    backend: Option<String>,
    /// Another model for this turn.
    model: Option<String>,
    /// Limit of the answer in tokens.
    max_tokens: Option<u32>,
}

/// The proof that a message is stored.
#[derive(Serialize, ToSchema)]
pub(super) struct AcceptedMessage {
    /// The turn that answers it.
    turn_id: String,
    /// The stored message.
    message_id: String,
    /// Follow the thread's events `?after` this for everything of the turn.
    after: i64,
    /// Whether an earlier call with the same key stored it.
    repeated: bool,
    /// How many secrets were taken out of it before it was stored.
    redactions: usize,
}

#[derive(Deserialize)]
struct ListMessages {
    limit: Option<usize>,
    after: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(list, send)).routes(routes!(read))
}

/// Messages of a conversation, oldest first.
#[utoipa::path(
    get, path = "/api/v1/threads/{id}/messages", tag = "messages",
    params(
        ("id" = String, Path),
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
    ),
    responses((status = 200, body = Page<MessageView>)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn list(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(id): Named<ThreadId>,
    Params(query): Params<ListMessages>,
) -> Result<Json<Page<MessageView>>, Problem> {
    let paging = Paging::<MessageId>::new(query.limit, query.after.as_deref())?;
    let messages = state.threads.messages(&by, id, paging.after, paging.fetch()).await?;
    Ok(Json(paging.page(messages, |message| message.id.to_string(), MessageView::from)))
}

/// Stores a message and has it answered. 202 means that it cannot be lost any more; the answer
/// comes as events of the conversation.
#[utoipa::path(
    post, path = "/api/v1/threads/{id}/messages", tag = "messages", params(("id" = String, Path)),
    request_body = SendMessage,
    responses(
        (status = 202, body = AcceptedMessage),
        (status = 429, description = "Too much is waiting; see Retry-After"),
        (status = 503, description = "The store is not available"),
        (status = 507, description = "The disk is full"),
    ),
    security(("token" = ["chat"]))
)]
async fn send(
    by: May<Chat>,
    State(state): State<AppState>,
    Named(id): Named<ThreadId>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Body(body): Body<SendMessage>,
) -> Result<(StatusCode, Json<AcceptedMessage>), Problem> {
    check(&by, &state, &body)?;
    let thread = state.threads.get(&by, id).await?;
    let overrides = TurnOverrides {
        backend: body.backend,
        model: body.model,
        max_tokens: body.max_tokens,
        ..TurnOverrides::default()
    };
    let draft = Draft { content: body.content, idempotency_key, overrides };
    let TakenIn { accepted, redactions } = state.take_in(&by, &thread, draft).await?;
    let answer = AcceptedMessage {
        turn_id: accepted.turn_id.to_string(),
        message_id: accepted.message_id.to_string(),
        after: accepted.event_id - 1,
        repeated: accepted.repeated,
        redactions,
    };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

fn check(by: &May<Chat>, state: &AppState, body: &SendMessage) -> Result<(), Problem> {
    let bytes_max = state.config.sessions.message_bytes_max;
    if body.content.trim().is_empty() {
        return Err(Problem::invalid_field("/content", "is empty"));
    }
    if body.content.len() > bytes_max {
        let detail = format!("has {} bytes and may have {bytes_max}", body.content.len());
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "message_too_large", detail));
    }
    if by.assistant.is_some() && (body.backend.is_some() || body.model.is_some()) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "this token may use its own assistant only, with that one's backend and model",
        ));
    }
    match &body.backend {
        Some(name) if state.backends.get(name).is_none() => {
            Err(Problem::invalid_field("/backend", "names no configured backend"))
        }
        _ => Ok(()),
    }
}

/// One message.
#[utoipa::path(
    get, path = "/api/v1/messages/{id}", tag = "messages", params(("id" = String, Path)),
    responses((status = 200, body = MessageView)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn read(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(id): Named<MessageId>,
) -> Result<Json<MessageView>, Problem> {
    Ok(Json(state.threads.message(&by, id).await?.into()))
}
