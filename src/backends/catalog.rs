//! Which models all backends offer: asked at once, within a bound, and remembered for a minute.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use parking_lot::Mutex;

use super::{Backend, Backends, ModelInfo};

/// How long a list is believed.
const FRESH_FOR: Duration = Duration::from_secs(60);
/// How long a backend may take; after that its default model stands for it.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// A model with the backend that offers it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfferedModel {
    /// The backend's name.
    pub backend: String,
    /// The model.
    pub model: ModelInfo,
}

/// Lists by backend. Written by [`Backends::models`]; one entry for each configured backend.
#[derive(Default)]
pub(super) struct Catalog(Mutex<HashMap<String, (Instant, Vec<ModelInfo>)>>);

impl Backends {
    /// Every model that can be called now, backend by backend. A backend that does not answer in time is there
    /// with its default model, and is asked again next time.
    pub async fn models(&self) -> Vec<OfferedModel> {
        let backends: Vec<_> = self.names().filter_map(|name| self.get(name)).collect();
        let lists = join_all(backends.iter().map(|backend| self.list(backend))).await;
        let offered = backends.iter().zip(lists).flat_map(|(backend, models)| {
            models.into_iter().map(|model| OfferedModel { backend: backend.name().to_owned(), model })
        });
        offered.collect()
    }

    async fn list(&self, backend: &Arc<dyn Backend>) -> Vec<ModelInfo> {
        let known = self.catalog().0.lock().get(backend.name()).cloned();
        if let Some((_, models)) = known.filter(|(asked, _)| asked.elapsed() < FRESH_FOR) {
            return models;
        }
        match tokio::time::timeout(ANSWER_WITHIN, backend.models()).await {
            Ok(Ok(models)) => {
                let entry = (Instant::now(), models.clone());
                self.catalog().0.lock().insert(backend.name().to_owned(), entry);
                models
            }
            Ok(Err(error)) => {
                tracing::debug!(backend = backend.name(), %error, "no list of models");
                backend.default_model().map(ModelInfo::named).into_iter().collect()
            }
            Err(_) => backend.default_model().map(ModelInfo::named).into_iter().collect(),
        }
    }
}
