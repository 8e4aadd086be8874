//! What everybody reads: the models as they are after the last commit. Belongs to no actor, waits for nobody.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;

use super::merge::Known;
use super::model::{KnownModel, ModelKey};

/// See the module. A cheap clone. Bounded by the backends of the settings and [`super::merge::MODELS_MAX`] for each report.
#[derive(Clone, Default)]
pub(super) struct Table(Arc<RwLock<BTreeMap<ModelKey, KnownModel>>>);

impl Table {
    /// Puts models in, as they are now.
    pub(super) fn put(&self, models: impl IntoIterator<Item = KnownModel>) {
        self.0.write().extend(models.into_iter().map(|model| (model.key.clone(), model)));
    }

    /// Takes out what is forgotten.
    pub(super) fn drop_all(&self, keys: &[ModelKey]) {
        let mut table = self.0.write();
        for key in keys {
            table.remove(key);
        }
    }

    /// All of them, in the order of their names.
    pub(super) fn all(&self) -> Vec<KnownModel> {
        self.0.read().values().cloned().collect()
    }

    /// Those of one backend and provider.
    pub(super) fn of(&self, backend: &str, provider: &str) -> Known {
        let table = self.0.read();
        let own = table.values().filter(|one| one.key.backend == backend && one.key.provider == provider);
        own.map(|one| (one.key.model.clone(), one.clone())).collect()
    }

    /// One of them.
    pub(super) fn get(&self, key: &ModelKey) -> Option<KnownModel> {
        self.0.read().get(key).cloned()
    }
}
