//! One call, whichever face it came to: stateless, or a turn of a stored thread.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures::StreamExt;
use uuid::Uuid;

use super::durable;
use super::error::ApiError;
use super::respond::{self, Answer, Document, Frames};
use super::target::Target;
use crate::backends::{UsageKey, UsageRecorder};
use crate::guard::ModelCall;
use crate::http::extract::payload_too_large;
use crate::http::problem::Problem;
use crate::http::state::{AppState, Draft};
use crate::identity::{IDEMPOTENCY_KEY_CHARS_MAX, Principal};
use crate::protocol::chat::{ChatMessage, Part, Role, Usage};
use crate::protocol::model::{ModelEvent, ModelRequest};
use crate::protocol::turn::TurnOverrides;
use crate::workspaces::WorkspaceError;

/// Where the session of a stored call is told.
const SESSION_ID: HeaderName = HeaderName::from_static("x-session-id");
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// What is asked for.
#[derive(Debug)]
pub(super) struct Call {
    /// `backend/model`, a backend, or an assistant; `None` when only `agent_id` says who answers.
    pub(super) model: Option<String>,
    /// An assistant, by name or id.
    pub(super) agent_id: Option<String>,
    /// The conversation that this call is a turn of.
    pub(super) session_id: Option<String>,
    /// Whether the call is stored even without a session.
    pub(super) store: bool,
    /// The call itself; its model is still to be found.
    pub(super) request: ModelRequest,
}

/// What every piece of one answer repeats.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// Of the answer.
    pub(super) id: String,
    /// Seconds since 1970.
    pub(super) created: i64,
    /// As the caller named it.
    pub(super) model: String,
}

/// An answer that has begun.
pub(super) struct Begun {
    answer: Answer,
    stream: bool,
    session: Option<String>,
}

// === impl Call ===

impl Call {
    /// Whether the call is a turn of a stored thread.
    pub(super) const fn is_durable(&self) -> bool {
        self.store || self.session_id.is_some()
    }

    /// What the pieces of its answer will repeat. `prefix` is the face's, before the id.
    pub(super) fn head(&self, prefix: &str, target: &Target) -> Head {
        let assistant = || target.assistant.as_ref().map(|assistant| assistant.name.clone());
        Head {
            id: format!("{prefix}{}", Uuid::now_v7().simple()),
            created: jiff::Timestamp::now().as_second(),
            model: self.model.clone().or_else(assistant).unwrap_or_default(),
        }
    }

    /// Asks.
    pub(super) async fn begin(
        self,
        state: &AppState,
        by: &Principal,
        headers: &HeaderMap,
        target: Target,
    ) -> Result<Begun, ApiError> {
        let stream = self.request.stream;
        let (answer, session) = if self.is_durable() {
            let key = idempotency_key(headers)?;
            submit(state, by, self, target, key).await?
        } else {
            (stateless(state, by, self.request, target).await?, None)
        };
        Ok(Begun { answer, stream, session })
    }
}

// === impl Begun ===

impl Begun {
    /// The answer in the shapes of a face.
    pub(super) async fn respond(
        self,
        document: impl Document,
        frames: impl Frames,
    ) -> Result<Response, ApiError> {
        let mut response = if self.stream {
            respond::streamed(self.answer, frames).await?
        } else {
            respond::whole(self.answer, document).await?
        };
        if let Some(Ok(session)) = self.session.map(HeaderValue::try_from) {
            response.headers_mut().insert(SESSION_ID, session);
        }
        Ok(response)
    }
}

/// The bytes of a JSON body.
pub(super) fn json_body(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Bytes, ApiError> {
    if is_json(headers) {
        return body.map_err(|refused| unread(&refused));
    }
    let text = "send JSON with `Content-Type: application/json`";
    Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", text))
}

/// Straight to the backend; nothing is stored but the tokens.
async fn stateless(
    state: &AppState,
    by: &Principal,
    mut request: ModelRequest,
    target: Target,
) -> Result<Answer, ApiError> {
    let model_call = target.call(by);
    state.guard.permit(&model_call).await?;
    if let Some(assistant) = target.assistant {
        request.system = assistant.system_prompt;
    }
    request.model = target.model;
    let ModelCall { source, backend, model, .. } = model_call.clone();
    let key = UsageKey { tenant: by.tenant.clone(), principal: source, backend, model };
    let admitted = state.guard.admit(model_call, &mut request).await?;
    let mut meter =
        Meter { recorder: state.usage.clone(), key: Some(key), usage: Usage::default(), answered: false };
    let events = admitted.answer(target.backend.stream(request));
    let answer = events
        .map(move |item| {
            meter.see(item.as_ref().ok());
            item.map_err(ApiError::from)
        })
        .boxed();
    Ok(answer)
}

/// Stores the message as a turn of its session's thread.
async fn submit(
    state: &AppState,
    by: &Principal,
    call: Call,
    target: Target,
    idempotency_key: Option<String>,
) -> Result<(Answer, Option<String>), ApiError> {
    let content = new_message(&call.request)?;
    let session = call.session_id.unwrap_or_else(|| Uuid::now_v7().to_string());
    let assistant = target.assistant.as_ref().map(|assistant| assistant.id);
    let thread = state.threads.for_session(by, &session, assistant).await.map_err(of_workspace)?;
    // The thread's own assistant answers unless the call names somebody else.
    let other = assistant.is_none() || assistant != thread.effective_assistant_id;
    let extra =
        (!call.request.extra.is_empty()).then(|| serde_json::Value::Object(call.request.extra).to_string());
    let overrides = TurnOverrides {
        backend: other.then(|| target.backend.name().to_owned()),
        model: (other && !target.model.is_empty()).then_some(target.model),
        max_tokens: call.request.max_tokens,
        extra,
        ..TurnOverrides::default()
    };
    let log = state.turns.stream(&by.tenant, thread.id, 0);
    let draft = Draft { content, idempotency_key, overrides };
    let accepted = state.take_in(by, &thread, draft).await?.accepted;
    let log = log.since(&accepted);
    Ok((durable::answer(log, accepted.turn_id, state.stopping.clone()), Some(session)))
}

/// The text that a stored turn answers: the last message. What came before it is in the thread.
fn new_message(request: &ModelRequest) -> Result<String, ApiError> {
    if !request.tools.is_empty() {
        let text = "tools of the caller work in stateless calls only; leave out `session_id` and `store`";
        return Err(ApiError::invalid("tools", text));
    }
    let last = request.messages.last().filter(|message| message.role == Role::User);
    let last =
        last.ok_or_else(|| ApiError::invalid("messages", "the last message of a stored call is the user's"))?;
    if last.parts.iter().any(|part| !matches!(part, Part::Text { .. })) {
        return Err(ApiError::invalid(
            "messages",
            "a stored message is text; pictures work in stateless calls only",
        ));
    }
    let text = ChatMessage::plain_text(last);
    if text.is_empty() { Err(ApiError::invalid("messages", "the last message is empty")) } else { Ok(text) }
}

fn of_workspace(error: WorkspaceError) -> ApiError {
    match error {
        WorkspaceError::Field { field, .. } | WorkspaceError::Unknown { field } => {
            ApiError::invalid(field, format!("`{field}` {error}"))
        }
        WorkspaceError::NotFound => {
            ApiError { param: Some("session_id".to_owned()), ..ApiError::from(Problem::not_found()) }
        }
        other => {
            tracing::warn!(error = %other, "the thread of a session could not be read");
            Problem::unavailable("the store did not answer").into()
        }
    }
}

/// The error of a body that was not taken whole.
fn unread(refused: &BytesRejection) -> ApiError {
    if refused.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return payload_too_large().into();
    }
    ApiError::invalid("", refused.body_text())
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|text| text.split(';').next());
    media_type.is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case("application/json"))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&key.len()));
    key.map(|key| Some(key.to_owned())).ok_or_else(|| {
        let text = format!("`Idempotency-Key` has 1 to {IDEMPOTENCY_KEY_CHARS_MAX} printable characters");
        ApiError::invalid(IDEMPOTENCY_KEY, text)
    })
}

/// Counts the tokens of one call when its stream is over, however it ends.
struct Meter {
    recorder: UsageRecorder,
    key: Option<UsageKey>,
    usage: Usage,
    answered: bool,
}

impl Meter {
    fn see(&mut self, event: Option<&ModelEvent>) {
        self.answered |= event.is_some();
        if let Some(ModelEvent::Usage(usage)) = event {
            self.usage = *usage;
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let (Some(key), true) = (self.key.take(), self.answered) {
            self.recorder.record(key, self.usage);
        }
    }
}
