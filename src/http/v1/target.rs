//! Who answers a call: what the words `model` and `agent_id` name.

use std::sync::Arc;

use super::call::Call;
use super::error::ApiError;
use crate::assistants::{Assistant, AssistantError};
use crate::backends::{Backend, Backends};
use crate::guard::{ModelCall, TextOf};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::Principal;
use crate::policy::{Autonomy, PermissionMode, SourceKind, Subject};

/// Who answers.
pub(super) struct Target {
    pub(super) backend: Arc<dyn Backend>,
    /// In the backend's words; empty for its default.
    pub(super) model: String,
    /// The assistant, where one was named.
    pub(super) assistant: Option<Assistant>,
}

impl Target {
    /// The call of a program that keeps nothing here. What it sends is its own, so nothing of it is untrusted
    /// that it does not know of.
    pub(super) fn call(&self, by: &Principal) -> ModelCall {
        let assistant = self.assistant.as_ref();
        let default = self.backend.default_model().unwrap_or_default();
        ModelCall {
            of: TextOf { tenant: by.tenant.clone(), thread: None },
            source: by.source(),
            turn: None,
            subject: Subject {
                assistant: assistant.map(|assistant| assistant.id),
                workspace: None,
                thread: None,
                source: SourceKind::of(by.provenance()),
            },
            mode: assistant.map_or(PermissionMode::Default, |assistant| assistant.permission_mode),
            autonomy: assistant.map_or(Autonomy::Supervised, |assistant| assistant.autonomy),
            tainted: false,
            backend: self.backend.name().to_owned(),
            model: if self.model.is_empty() { default.to_owned() } else { self.model.clone() },
            local: self.backend.is_local(),
            private: false,
        }
    }

    /// Finds it. A name of a backend wins over the same name of an assistant; `agent_id` names an assistant only.
    /// A principal that is bound to an assistant reaches nobody else.
    pub(super) async fn find(state: &AppState, by: &Principal, call: &Call) -> Result<Self, ApiError> {
        let model = call.model.as_deref().unwrap_or_default();
        let direct = direct(&state.backends, model);
        if let Some(agent) = &call.agent_id {
            let mut target = Self::of_assistant(state, by, agent, "agent_id").await?;
            if let (Some((backend, model)), None) = (direct, by.assistant) {
                (target.backend, target.model) = (backend, model);
            }
            return Ok(target);
        }
        match direct {
            Some((backend, model)) if by.assistant.is_none() => Ok(Self { backend, model, assistant: None }),
            _ => Self::of_assistant(state, by, model, "model").await,
        }
    }

    async fn of_assistant(
        state: &AppState,
        by: &Principal,
        name: &str,
        param: &str,
    ) -> Result<Self, ApiError> {
        let unknown = || ApiError { param: Some(param.to_owned()), ..ApiError::no_model(name) };
        let found = match state.assistants.find(&by.tenant, name).await {
            Ok(found) if by.may_use(found.id) => found,
            Ok(_) | Err(AssistantError::NotFound) => return Err(unknown()),
            Err(error) => {
                tracing::warn!(%error, "an assistant could not be read");
                return Err(Problem::unavailable("the store did not answer").into());
            }
        };
        let backend = state.backends.get(&found.backend).ok_or_else(|| {
            let text = format!(
                "the assistant `{}` uses the backend `{}`, which is not configured",
                found.name, found.backend
            );
            ApiError::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "configuration", text)
        })?;
        Ok(Self { backend, model: found.model.clone(), assistant: Some(found) })
    }
}

/// `backend/model`, or a backend alone. Models may have slashes of their own.
fn direct(backends: &Backends, name: &str) -> Option<(Arc<dyn Backend>, String)> {
    if let Some((backend, model)) = name.split_once('/').filter(|(_, model)| !model.is_empty()) {
        return backends.get(backend).map(|backend| (backend, model.to_owned()));
    }
    backends.get(name).map(|backend| (backend, String::new()))
}
