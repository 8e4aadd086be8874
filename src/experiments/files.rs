//! What was accepted on its way into the workspace, and back out of it; and what an iteration changed, as text.

use std::path::Path;
use std::sync::Arc;

use super::desk::{Experiments, told};
use super::error::ExperimentError;
use super::experiment::{Applied, Experiment, Iteration, Maker, State};
use super::live::ExperimentKey;
use super::workbench::WorkError;
use super::{rules, store};
use crate::audit;
use crate::notifications::{Happening, Pattern, SourceType};
use crate::protocol::ids::ExperimentId;

/// Most bytes of a patch that is shown.
const PATCH_BYTES_MAX: usize = 512 << 10;

// === impl Experiments ===

impl Experiments {
    /// What an iteration changed, as text that people and programs know.
    ///
    /// # Errors
    /// [`ExperimentError::NotFound`]; [`ExperimentError::Work`] when its files cannot be read.
    pub async fn patch(&self, key: &ExperimentKey, number: u32) -> Result<String, ExperimentError> {
        let id = key.id;
        let read = self.db().read(&key.tenant, move |read| {
            Ok::<_, ExperimentError>((store::by_id(read, id)?, store::iteration_of(read, id, number)?))
        });
        let (_, one) = read.await?;
        let Some(tree) = one.tree else { return Ok(String::new()) };
        let bench = self.bench(key);
        Ok(blocking(move || bench.patch(&one.parent, &tree, PATCH_BYTES_MAX)).await?)
    }

    /// Where the workspace of an experiment is.
    ///
    /// # Errors
    /// [`ExperimentError::Workspace`].
    pub async fn workspace(
        &self,
        key: &ExperimentKey,
        experiment: &Experiment,
    ) -> Result<Arc<Path>, ExperimentError> {
        Ok(self.inner.parts.workspaces.folder(&key.tenant, experiment.workspace_id).await?)
    }

    /// Whether what an iteration changed may go into the workspace without a question.
    ///
    /// # Errors
    /// [`ExperimentError`]; then it may not.
    pub async fn may_apply(
        &self,
        key: &ExperimentKey,
        experiment: &Experiment,
        one: &Iteration,
    ) -> Result<bool, ExperimentError> {
        let root = self.workspace(key, experiment).await?.display().to_string();
        let paths = self.changed_paths(key, experiment, one).await?;
        let policies = &self.inner.parts.policies;
        Ok(rules::may_apply(policies, &key.tenant, experiment, (&root, &paths)).await)
    }

    /// Every file that an accepted iteration changes in the workspace.
    ///
    /// # Errors
    /// [`ExperimentError::Work`].
    pub async fn changed_paths(
        &self,
        key: &ExperimentKey,
        experiment: &Experiment,
        one: &Iteration,
    ) -> Result<Vec<String>, ExperimentError> {
        let (Some(base), Some(tree)) = (experiment.base.clone(), one.tree.clone()) else {
            return Ok(Vec::new());
        };
        let bench = self.bench(key);
        let changes = blocking(move || bench.changes(&base, &tree)).await?;
        Ok(changes.into_iter().flat_map(|one| std::iter::once(one.path).chain(one.old_path)).collect())
    }

    /// Puts what an iteration changed into the workspace, for its actor. What was cut off before is done again.
    ///
    /// # Errors
    /// [`WorkError::Conflict`] when the workspace has changed meanwhile; then nothing was written.
    pub async fn apply(
        &self,
        key: &ExperimentKey,
        experiment: &Experiment,
        one: &Iteration,
    ) -> Result<usize, ExperimentError> {
        let (Some(base), Some(tree)) = (experiment.base.clone(), one.tree.clone()) else {
            return Err(ExperimentError::NotFound);
        };
        let (number, id) = (one.number, key.id);
        let begun = self.write(&key.tenant, key.id, move |tx, experiment| {
            if !experiment.state.is_live() || store::is_busy(tx, experiment.workspace_id, id)? {
                return Err(ExperimentError::State(experiment.state));
            }
            (experiment.applied, experiment.best) = (Applied::Applying, Some(number));
            Ok(())
        });
        begun.await?;
        let (bench, folder) = (self.bench(key), self.workspace(key, experiment).await?);
        let done = blocking(move || bench.apply(&folder, &base, &tree)).await;
        let applied = match &done {
            Ok(_) => Applied::Yes,
            Err(WorkError::Conflict(_)) => Applied::No,
            // It may be half done: the next life does it again.
            Err(_) => Applied::Applying,
        };
        let (files, accepted) = (done.as_ref().ok().copied(), experiment.clone());
        let kept = self.write(&key.tenant, key.id, move |tx, experiment| {
            experiment.applied = applied;
            if let Some(files) = files {
                let count = i64::try_from(files).unwrap_or(i64::MAX);
                audit::append(tx, told("experiment", "experiment.applied", &accepted).with("files", count))?;
            }
            Ok(())
        });
        kept.await?;
        Ok(done?)
    }

    /// Takes an accepted experiment back: every file of the workspace that it changed is as it was.
    ///
    /// # Errors
    /// [`ExperimentError::NotApplied`]; [`WorkError::Conflict`] when one of them was changed since, and then nothing is.
    pub async fn rollback(&self, by: &Maker, id: ExperimentId) -> Result<Experiment, ExperimentError> {
        let key = ExperimentKey { tenant: by.tenant.clone(), id };
        let begun = self.write(&by.tenant, id, move |tx, experiment| {
            if experiment.state != State::Accepted
                || !matches!(experiment.applied, Applied::Yes | Applied::Undoing)
            {
                return Err(ExperimentError::NotApplied);
            }
            if store::is_busy(tx, experiment.workspace_id, id)? {
                return Err(ExperimentError::State(experiment.state));
            }
            experiment.applied = Applied::Undoing;
            Ok(())
        });
        let experiment = begun.await?;
        let best = experiment.best.unwrap_or_default();
        let read = self
            .db()
            .read(&by.tenant, move |read| Ok::<_, ExperimentError>(store::iteration_of(read, id, best)?));
        let one = read.await?;
        let (bench, folder) = (self.bench(&key), self.workspace(&key, &experiment).await?);
        let (base, tree) = (experiment.base.clone().unwrap_or_default(), one.tree.unwrap_or_default());
        let done = blocking(move || bench.apply(&folder, &tree, &base)).await;
        let applied = match &done {
            Ok(_) => Applied::Undone,
            Err(WorkError::Conflict(_)) => Applied::Yes,
            Err(_) => Applied::Undoing,
        };
        let (source, parts, files) =
            (by.source.clone(), self.inner.parts.clone(), done.as_ref().ok().copied());
        let kept = self.write(&by.tenant, id, move |tx, experiment| {
            experiment.applied = applied;
            if let Some(files) = files {
                let count = i64::try_from(files).unwrap_or(i64::MAX);
                audit::append(tx, told(&source, "experiment.rolled_back", experiment).with("files", count))?;
                let (tenant, taken) = (tx.tenant().clone(), experiment.clone());
                tx.on_commit(move || parts.notices.raise(&tenant, taken_back(&taken, files)));
            }
            Ok(())
        });
        let kept = kept.await?;
        done?;
        Ok(kept)
    }
}

fn taken_back(experiment: &Experiment, files: usize) -> Happening {
    tracing::info!(
        target: "capuchin::experiment", event = "rollback", experiment_id = %experiment.id,
        strategy = experiment.kind.as_str(), files, "an experiment was taken back"
    );
    Happening::new(Pattern::ExperimentRollback, format!("Experiment taken back: {}", experiment.title))
        .saying(format!("{files} files of the workspace are as they were before it."))
        .within(experiment.workspace_id)
        .to(SourceType::Experiment, experiment.id)
}

/// Runs this on a thread that may block.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WorkError> + Send + 'static,
) -> Result<T, WorkError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(WorkError::CutOff))
}
