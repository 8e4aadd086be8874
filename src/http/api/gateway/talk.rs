//! What a peer says, and a turn that is answered to it.

use futures::stream::{self, BoxStream, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};

use super::rpc::Request;
use crate::assistants::AssistantError;
use crate::http::problem::Problem;
use crate::http::state::{AppState, Draft};
use crate::http::v1::{ApiError, answer_of_turn};
use crate::identity::Principal;
use crate::protocol::ids::{AssistantId, ThreadId};
use crate::protocol::model::ModelEvent;
use crate::protocol::turn::TurnOverrides;
use crate::workspaces::{Thread, WorkspaceError};

/// Longest message in bytes.
const CONTENT_BYTES_MAX: usize = 512 * 1024;

/// What a peer is told of a turn, to its end.
pub(super) type Answering = BoxStream<'static, Value>;

/// Something that a peer said.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Said {
    Rpc(Request),
    Message(Spoken),
}

/// `{"type":"message"}`.
#[derive(Deserialize)]
pub(super) struct Spoken {
    #[serde(rename = "type")]
    _kind: MessageWord,
    content: String,
    /// An assistant, by name or id.
    #[serde(default)]
    agent_id: Option<String>,
    /// A session of the caller's, or the id of a thread; without it, the connection has one.
    #[serde(default)]
    session_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum MessageWord {
    Message,
}

/// How the pieces of an answer are told.
pub(super) trait Manner: Send + 'static {
    fn tell(&self, event: &'static str, data: Value) -> Value;
}

/// As messages: the word is the type.
struct Plain;

impl Manner for Plain {
    fn tell(&self, event: &'static str, mut data: Value) -> Value {
        if let Value::Object(members) = &mut data {
            members.insert("type".to_owned(), event.into());
        }
        data
    }
}

// === impl Spoken ===

impl Spoken {
    /// Begins the turn. What the peer is told at once, and what later.
    pub(super) async fn begin(
        self,
        state: &AppState,
        by: &Principal,
        own: &str,
        room: bool,
    ) -> (Option<Value>, Option<Answering>) {
        let session = self.session_id.as_deref().unwrap_or(own);
        let thread = match thread_of(state, by, session, self.agent_id.as_deref()).await {
            Ok(thread) => thread,
            Err(error) => return (Some(Plain.tell("error", wrong(&error))), None),
        };
        match submit(state, by, &thread, self.content, room, Plain).await {
            Ok(answering) => (None, Some(answering)),
            Err(error) => (Some(Plain.tell("error", wrong(&error))), None),
        }
    }
}

/// What a peer is told that said something else.
pub(super) fn not_understood(text: &str) -> Value {
    if serde_json::from_str::<Value>(text).is_err() {
        return json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32700, "message": "this is not JSON" } });
    }
    let what = "send {\"type\":\"message\",\"content\":…} or a request of JSON-RPC 2.0";
    Plain.tell("error", json!({ "code": "invalid_request", "error": what }))
}

/// The thread of a session: an id of a thread, or a name of the caller's own, which is made where it is new. With an
/// assistant, the thread is its.
pub(super) async fn thread_of(
    state: &AppState,
    by: &Principal,
    session: &str,
    agent: Option<&str>,
) -> Result<Thread, ApiError> {
    let agent = match agent {
        Some(name) => Some(assistant(state, by, name).await?),
        None => None,
    };
    let thread = match session.parse::<ThreadId>() {
        Ok(id) => state.threads.get(by, id).await,
        Err(_) => state.threads.for_session(by, session, agent).await,
    };
    let thread = thread.map_err(|error| match error {
        WorkspaceError::Field { .. } => ApiError::invalid("session_id", error.to_string()),
        other => Problem::from(other).into(),
    })?;
    match agent {
        Some(agent) if thread.effective_assistant_id != Some(agent) => {
            Err(ApiError::invalid("agent_id", "this session is another assistant's; name another session"))
        }
        _ => Ok(thread),
    }
}

async fn assistant(state: &AppState, by: &Principal, name: &str) -> Result<AssistantId, ApiError> {
    match state.assistants.find(&by.tenant, name).await {
        Ok(found) if by.may_use(found.id) => Ok(found.id),
        Ok(_) | Err(AssistantError::NotFound) => {
            Err(ApiError { param: Some("agent_id".to_owned()), ..ApiError::no_model(name) })
        }
        Err(error) => Err(Problem::from(error).into()),
    }
}

/// Stores a message as a turn; what the peer is told of its answer.
pub(super) async fn submit(
    state: &AppState,
    by: &Principal,
    thread: &Thread,
    content: String,
    room: bool,
    manner: impl Manner,
) -> Result<Answering, ApiError> {
    if !room {
        let text = "this connection has as many turns as it may; wait for one of them";
        return Err(ApiError::new(axum::http::StatusCode::TOO_MANY_REQUESTS, "busy", text));
    }
    if content.trim().is_empty() || content.len() > CONTENT_BYTES_MAX {
        let text = format!("a message has 1 to {CONTENT_BYTES_MAX} bytes");
        return Err(ApiError::invalid("content", text));
    }
    let log = state.turns.stream(&by.tenant, thread.id, 0);
    let draft = Draft { content, idempotency_key: None, overrides: TurnOverrides::default() };
    let accepted = state.take_in(by, thread, draft).await?.accepted;
    let answer = answer_of_turn(log.since(&accepted), accepted.turn_id, state.stopping.clone());
    let told =
        stream::unfold((answer, String::new(), manner), |(mut answer, mut whole, manner)| async move {
            loop {
                let told = match answer.next().await? {
                    Ok(ModelEvent::Text(text)) => {
                        whole.push_str(&text);
                        manner.tell("chunk", json!({ "content": text }))
                    }
                    Ok(ModelEvent::Stop(_)) => {
                        manner.tell("done", json!({ "content": std::mem::take(&mut whole) }))
                    }
                    Ok(_) => continue,
                    Err(error) => manner.tell("error", wrong(&error)),
                };
                return Some((told, (answer, whole, manner)));
            }
        });
    Ok(told.boxed())
}

fn wrong(error: &ApiError) -> Value {
    json!({ "code": error.code, "error": error.message })
}
