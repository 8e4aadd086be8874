//! A tiny call that tries a backend out. Through the guard, like any other: the policy may say no, and it is paid for.

use std::time::{Duration, Instant};

use futures::StreamExt as _;

use super::problem::Problem;
use super::state::AppState;
use crate::backends::UsageKey;
use crate::guard::{ModelCall, TextOf};
use crate::identity::Principal;
use crate::policy::{Autonomy, PermissionMode, SourceKind, Subject};
use crate::protocol::chat::{ChatMessage, Role, Usage};
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent, ModelRequest};

/// How long it may take: a local model may have to be loaded.
const WITHIN: Duration = Duration::from_secs(60);
/// Tokens of its answer: enough for a model that reasons before it says a word.
const ANSWER_TOKENS: u32 = 64;
/// Characters of the answer that are shown.
const SHOWN_CHARS: usize = 200;

/// What came of it.
#[derive(Debug)]
pub(crate) struct Tried {
    pub(crate) backend: String,
    pub(crate) model: String,
    /// What it answered, cut short.
    pub(crate) text: String,
    pub(crate) failure: Option<ModelError>,
    pub(crate) first_token: Option<Duration>,
    pub(crate) took: Duration,
    pub(crate) usage: Usage,
}

/// Calls the backend's default model, or the first of its list.
///
/// # Errors
/// 404 where there is no such backend. A call that fails is no error.
pub(crate) async fn try_out(state: &AppState, by: &Principal, name: &str) -> Result<Tried, Problem> {
    let backend = state.backends.get(name).ok_or_else(Problem::not_found)?;
    let listed = || state.models.offered().into_iter().find(|one| one.known.key.backend == name);
    let default = backend.default_model().map(str::to_owned);
    let model = default.or_else(|| listed().map(|one| one.known.key.model)).unwrap_or_default();
    let call = ModelCall {
        of: TextOf { tenant: by.tenant.clone(), thread: None },
        source: by.source(),
        turn: None,
        subject: Subject {
            assistant: None,
            workspace: None,
            thread: None,
            source: SourceKind::of(by.provenance()),
        },
        mode: PermissionMode::Default,
        autonomy: Autonomy::Supervised,
        tainted: false,
        backend: name.to_owned(),
        model: model.clone(),
        local: backend.is_local(),
        private: false,
    };
    let began = Instant::now();
    let mut tried = Tried {
        backend: name.to_owned(),
        model: model.clone(),
        text: String::new(),
        failure: None,
        first_token: None,
        took: Duration::ZERO,
        usage: Usage::default(),
    };
    let late = || ModelError::new(ModelErrorKind::Timeout, "it did not answer within a minute");
    let outcome = tokio::time::timeout(WITHIN, ask(state, by, call, &mut tried)).await;
    tried.failure = outcome.unwrap_or_else(|_| Err(late())).err();
    tried.took = began.elapsed();
    Ok(tried)
}

async fn ask(state: &AppState, by: &Principal, call: ModelCall, tried: &mut Tried) -> Result<(), ModelError> {
    let Some(backend) = state.backends.get(&call.backend) else { return Ok(()) };
    state.guard.permit(&call).await?;
    let mut request = ModelRequest {
        model: call.model.clone(),
        messages: vec![ChatMessage::text(Role::User, "Answer with the word OK.")],
        max_tokens: Some(ANSWER_TOKENS),
        stream: true,
        ..ModelRequest::default()
    };
    let admitted = state.guard.admit(call.clone(), &mut request).await?;
    let began = Instant::now();
    state.models.begun(&call.backend, &call.model);
    let mut answer = admitted.answer(backend.stream(request));
    let mut outcome = Ok(());
    while let Some(event) = answer.next().await {
        match event {
            Ok(ModelEvent::Text(text)) => {
                tried.first_token.get_or_insert_with(|| began.elapsed());
                let left = SHOWN_CHARS.saturating_sub(tried.text.chars().count());
                tried.text.extend(text.chars().take(left));
            }
            Ok(ModelEvent::Thinking(_)) => {
                tried.first_token.get_or_insert_with(|| began.elapsed());
            }
            Ok(ModelEvent::Usage(usage)) => tried.usage = usage,
            Ok(_) => {}
            Err(error) => outcome = Err(error),
        }
    }
    let ended = outcome.as_ref().err().map_or(Ok(()), Err);
    state.models.ended((&call.backend, &call.model), ended, tried.first_token);
    let ModelCall { source, backend, model, .. } = call;
    let key = UsageKey { tenant: by.tenant.clone(), principal: source, backend, model };
    if outcome.is_ok() {
        state.usage.record(key, tried.usage);
    }
    outcome
}
