//! Backends that are programs with an agent of their own. What they answer comes from a session of `coders`, which turns of
//! threads have; a call without a thread cannot be made.

use std::sync::Arc;

use futures::future::{self, BoxFuture};
use futures::stream::{self, BoxStream, StreamExt as _};

use super::{Backend, ModelInfo};
use crate::config::backends::{BackendConfig, ProgramSettings};
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent, ModelRequest};

/// See the module.
pub(super) struct Program {
    pub(super) settings: ProgramSettings,
    /// The models that the settings name.
    pub(super) models: Vec<String>,
    /// Whose address and credential it uses.
    pub(super) provider: Option<Arc<dyn Backend>>,
}

// === impl Program ===

impl Program {
    pub(super) fn new(
        settings: ProgramSettings,
        config: &BackendConfig,
        provider: Option<Arc<dyn Backend>>,
    ) -> Self {
        Self { settings, models: config.models.clone(), provider }
    }
}

impl Backend for Program {
    fn name(&self) -> &str {
        &self.settings.name
    }

    fn default_model(&self) -> Option<&str> {
        let of_provider = || self.provider.as_ref()?.default_model();
        self.settings.model.as_deref().or_else(of_provider)
    }

    fn is_local(&self) -> bool {
        self.provider.as_ref().is_some_and(|provider| provider.is_local())
    }

    fn provider(&self) -> &'static str {
        self.provider.as_ref().map_or("compatible", |provider| provider.provider())
    }

    fn context_tokens(&self) -> Option<u64> {
        self.provider.as_ref()?.context_tokens()
    }

    fn stream(&self, _: ModelRequest) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let text = format!(
            "`{}` is a program that works in the folder of a conversation, so it answers turns of threads only: send \
             `session_id`, or ask another backend",
            self.settings.name
        );
        let error = ModelError::new(ModelErrorKind::InvalidRequest, text);
        stream::once(future::ready(Err(error))).boxed()
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, ModelError>> {
        let named: Vec<ModelInfo> = match (self.models.is_empty(), &self.settings.model) {
            (false, _) => self.models.iter().map(ModelInfo::named).collect(),
            (true, Some(model)) => vec![ModelInfo::named(model)],
            (true, None) => match &self.provider {
                Some(provider) => return provider.models(),
                None => Vec::new(),
            },
        };
        Box::pin(future::ready(Ok(named)))
    }

    fn program(&self) -> Option<&ProgramSettings> {
        Some(&self.settings)
    }
}
