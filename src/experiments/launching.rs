//! Made and started in one transaction, once for a key: experiments that nobody looks after while they begin.

use super::desk::{Experiments, begin, make, now_ms};
use super::error::ExperimentError;
use super::experiment::{Experiment, Maker};
use super::wanted::NewExperiment;
use super::{rules, store};
use crate::identity::{RequestKey, once};
use crate::workspaces::Workspaces;

// === impl Experiments ===

impl Experiments {
    /// Makes an experiment and starts it. The same key is the same experiment, whatever it has become since.
    ///
    /// # Errors
    /// [`ExperimentError`]; then there is none.
    pub async fn launch(
        &self,
        by: &Maker,
        new: NewExperiment,
        key: RequestKey,
    ) -> Result<Experiment, ExperimentError> {
        let refused = self.may_launch(by, &new).await.err();
        let (now_ms, maker) = (now_ms(), by.clone());
        let write = self.db().write(&by.tenant, move |tx| {
            once(tx, Some(&key), now_ms, |tx| {
                if let Some(refused) = refused {
                    return Err(refused);
                }
                let mut made = make(tx, &maker, new, now_ms)?;
                begin(tx, &maker.source, &mut made, now_ms)?;
                made.version += 1;
                store::update(tx, &made)?;
                Ok(made)
            })
        });
        let launched = write.await?.thing;
        self.look_again(&by.tenant);
        Ok(launched)
    }

    /// Whether the kill switch and the rules let it begin.
    async fn may_launch(&self, by: &Maker, new: &NewExperiment) -> Result<(), ExperimentError> {
        if let Some(engaged) = self.inner.parts.switches.status(&by.tenant) {
            return Err(ExperimentError::Denied(engaged.to_string()));
        }
        let named = new.workspace_id;
        let found = self.db().read(&by.tenant, move |read| {
            Workspaces::named_or_default(read, named)?.ok_or(ExperimentError::NoWorkspace)
        });
        let drawn = new.clone().into_experiment(by, found.await?, now_ms())?;
        rules::may_measure(&self.inner.parts.policies, &by.tenant, &drawn).await
    }
}
