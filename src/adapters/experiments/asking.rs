//! Models that are asked for an experiment besides its ideas: judges, and the cases of a prompt. Within the policy, the kill
//! switch, redaction and the budget of the experiment's thread; never with tools.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};

use super::TrialParts;
use crate::backends::{Backend, UsageKey};
use crate::experiments::{AskModel, Experiment, ModelQuestion};
use crate::guard::{ModelCall, Permit, TextOf};
use crate::policy::{Autonomy, PermissionMode, SourceKind, Subject};
use crate::protocol::chat::{ChatMessage, Role, Usage};
use crate::protocol::ids::{TenantId, ThreadId, WorkspaceId};
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent, ModelRequest};
use crate::protocol::turn::Provenance;
use crate::workspaces::Answering;

/// How long one answer may take.
const WITHIN: Duration = Duration::from_secs(180);
/// Most bytes of an answer.
const ANSWER_BYTES_MAX: usize = 256 << 10;

/// Asks on behalf of one experiment.
pub(super) struct Asker {
    parts: Arc<TrialParts>,
    tenant: TenantId,
    experiment: Experiment,
}

// === impl Asker ===

impl Asker {
    pub(super) fn new(parts: Arc<TrialParts>, tenant: TenantId, experiment: &Experiment) -> Self {
        Self { parts, tenant, experiment: experiment.clone() }
    }

    async fn answer(&self, question: ModelQuestion) -> Result<String, ModelError> {
        let life = super::life::Life::new(
            Arc::clone(&self.parts),
            crate::experiments::ExperimentKey { tenant: self.tenant.clone(), id: self.experiment.id },
        );
        let thread = life.thread(&self.experiment, 0).await.map_err(|why| refused(&why))?;
        let (backend, model) = self.whom(&question, thread).await?;
        let call = self.call((thread, self.experiment.workspace_id), (backend.as_ref(), &model));
        match self.parts.guard.permit(&call).await? {
            Permit::Granted => {}
            Permit::Asked(_) => {
                return Err(refused("it needs a person's approval for each call; add a rule"));
            }
        }
        let mut request = ModelRequest {
            model: model.clone(),
            system: question.system,
            messages: vec![ChatMessage::text(Role::User, question.message)],
            ..ModelRequest::default()
        };
        let key = UsageKey {
            tenant: self.tenant.clone(),
            principal: self.experiment.source.clone(),
            backend: backend.name().to_owned(),
            model,
        };
        let admitted = self.parts.guard.admit(call, &mut request).await?;
        let mut answer = admitted.answer(backend.stream(request));
        let (mut text, mut usage, mut whole) = (String::new(), Usage::default(), false);
        let gathered = async {
            while let Some(event) = answer.next().await {
                match event? {
                    ModelEvent::Text(piece) if text.len() < ANSWER_BYTES_MAX => text.push_str(&piece),
                    ModelEvent::Usage(used) => usage = used,
                    ModelEvent::Stop(_) => whole = true,
                    _ => {}
                }
            }
            Ok::<_, ModelError>(())
        };
        let outcome = tokio::time::timeout(WITHIN, gathered).await;
        self.parts.usage.record(key, usage);
        outcome.unwrap_or_else(|_| Err(unfinished()))?;
        if whole { Ok(text) } else { Err(unfinished()) }
    }

    /// The backend that was named, else the assistant's own.
    async fn whom(
        &self,
        question: &ModelQuestion,
        thread: ThreadId,
    ) -> Result<(Arc<dyn Backend>, String), ModelError> {
        let db = &self.parts.experiments.parts().db;
        let answering = db.read(&self.tenant, move |read| Answering::read(read, thread)).await;
        let answering = answering.map_err(|error| refused(&error.to_string()))?;
        let named = question.backend.clone();
        let is_own = named.as_ref().is_none_or(|name| *name == answering.backend);
        let name = named.unwrap_or(answering.backend);
        let backend = self.parts.backends.get(&name);
        let backend = backend.ok_or_else(|| refused(&format!("there is no backend `{name}`")))?;
        if answering.routing.local_only && !backend.is_local() {
            return Err(refused(&format!(
                "`{name}` is not on this machine, and nothing of this assistant leaves it"
            )));
        }
        let own = is_own.then_some(answering.model).filter(|model| !model.is_empty());
        let model = question.model.clone().or(own);
        let model = model.unwrap_or_else(|| backend.default_model().unwrap_or_default().to_owned());
        Ok((backend, model))
    }

    fn call(
        &self,
        (thread, workspace): (ThreadId, WorkspaceId),
        (backend, model): (&dyn Backend, &str),
    ) -> ModelCall {
        ModelCall {
            of: TextOf { tenant: self.tenant.clone(), thread: Some(thread) },
            source: self.experiment.source.clone(),
            turn: None,
            subject: Subject {
                assistant: None,
                workspace: Some(workspace),
                thread: Some(thread),
                source: SourceKind::of(self.experiment.provenance),
            },
            mode: PermissionMode::Default,
            autonomy: Autonomy::Supervised,
            tainted: !Provenance::is_trusted(self.experiment.provenance),
            backend: backend.name().to_owned(),
            model: model.to_owned(),
            local: backend.is_local(),
            private: false,
        }
    }
}

impl AskModel for Asker {
    fn ask(&self, question: ModelQuestion) -> BoxFuture<'_, Result<String, String>> {
        async move { self.answer(question).await.map_err(|error| format!("a model could not be asked: {error}")) }
            .boxed()
    }
}

fn refused(why: &str) -> ModelError {
    ModelError::new(ModelErrorKind::Denied, why.to_owned())
}

fn unfinished() -> ModelError {
    ModelError::new(ModelErrorKind::Truncated, "the answer did not come in time, or not whole")
}
