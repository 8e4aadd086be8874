//! Texts become vectors: through the guard, as every call of a model.

use super::desk::SemanticParts;
use crate::backends::{EmbedRequest, Embedded, UsageKey};
use crate::guard::{ModelCall, TextOf};
use crate::policy::{Autonomy, PermissionMode, SourceKind, Subject};
use crate::protocol::chat::{ChatMessage, Role, Usage};
use crate::protocol::ids::TenantId;
use crate::protocol::model::{ModelError, ModelErrorKind, ModelRequest};

/// Who asks, for the policy and the budgets.
#[derive(Clone, Debug)]
pub struct OnBehalf {
    /// `owner`, the id of a member or a token, …
    pub source: String,
    /// Who, where, and because of whom.
    pub subject: Subject,
}

// === impl OnBehalf ===

impl OnBehalf {
    /// The daemon itself, for something that is here.
    pub(super) fn daemon(subject: Subject) -> Self {
        Self { source: "search".to_owned(), subject }
    }

    /// The owner of this home, who set it up, nowhere in particular.
    #[must_use]
    pub const fn nobody() -> Subject {
        Subject { assistant: None, workspace: None, thread: None, source: SourceKind::Owner }
    }
}

// === impl SemanticParts ===

impl SemanticParts {
    pub(super) fn is_local(&self) -> bool {
        self.backends.get(&self.backend).is_some_and(|backend| backend.is_local())
    }

    fn call(&self, tenant: &TenantId, by: &OnBehalf) -> ModelCall {
        ModelCall {
            of: TextOf { tenant: tenant.clone(), thread: by.subject.thread },
            source: by.source.clone(),
            turn: None,
            subject: by.subject,
            mode: PermissionMode::Default,
            autonomy: Autonomy::Supervised,
            // A vector says nothing that anybody could be made to do.
            tainted: false,
            backend: self.backend.clone(),
            model: self.model.clone(),
            local: self.is_local(),
            private: false,
        }
    }

    /// Whether texts of this may be sent.
    ///
    /// # Errors
    /// `Halted`; `Denied` where the policy says no, or that a person is to be asked.
    pub(super) async fn may(&self, tenant: &TenantId, by: &OnBehalf) -> Result<(), ModelError> {
        // Nobody is asked for a call without a turn: the answer is yes or an error.
        self.guard.permit(&self.call(tenant, by)).await.map(|_| ())
    }

    /// The vectors of these texts, which may be sent.
    ///
    /// # Errors
    /// Those of the call; `Configuration` where the backend has none.
    pub(super) async fn embed(
        &self,
        tenant: &TenantId,
        by: &OnBehalf,
        texts: Vec<String>,
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        let backend = self.backends.get(&self.backend);
        let embed = backend.and_then(|backend| backend.embeddings()).ok_or_else(|| {
            let text = format!("the backend `{}` has no embeddings", self.backend);
            ModelError::new(ModelErrorKind::Configuration, text)
        })?;
        let count = texts.len();
        let mut request = ModelRequest {
            model: self.model.clone(),
            messages: texts.into_iter().map(|text| ChatMessage::text(Role::User, text)).collect(),
            max_tokens: Some(0),
            ..ModelRequest::default()
        };
        let admitted = self.guard.admit(self.call(tenant, by), &mut request).await?;
        let texts = request.messages.iter().map(ChatMessage::plain_text).collect();
        let asked = EmbedRequest { model: self.model.clone(), texts };
        let answer = async {
            let Embedded { vectors, usage } = embed.embed(asked).await?;
            self.usage.record(self.usage_key(tenant, by), usage);
            Ok::<(Vec<Vec<f32>>, Usage), ModelError>((vectors, usage))
        };
        let vectors = admitted.figures(answer).await?;
        if vectors.len() == count { Ok(vectors) } else { Err(miscounted()) }
    }

    fn usage_key(&self, tenant: &TenantId, by: &OnBehalf) -> UsageKey {
        UsageKey {
            tenant: tenant.clone(),
            principal: by.source.clone(),
            backend: self.backend.clone(),
            model: self.model.clone(),
        }
    }
}

fn miscounted() -> ModelError {
    ModelError::new(ModelErrorKind::Protocol, "the vectors are not as many as the texts")
}
