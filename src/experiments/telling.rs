//! What plugs are told of experiments and iterations: what they are, which skills they had, and whether a stranger's words
//! had a hand in them.

use serde_json::{Value, json};

use super::desk::Experiments;
use super::error::ExperimentError;
use super::experiment::{Experiment, Iteration};
use super::live::ExperimentKey;
use crate::db::TenantRead;
use crate::skills::{SkillPlace, Skills};
use crate::turns::has_read_untrusted;

/// What iterations had, besides the words of their experiment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Had {
    /// Whether something untrusted was read.
    tainted: bool,
    /// The ids of the skills that were in their prompts, in order.
    skills: Vec<String>,
}

// === impl Had ===

impl Had {
    /// What all of these had. What cannot be known counts as untrusted.
    pub(super) fn of<'i>(
        read: &TenantRead<'_>,
        iterations: impl IntoIterator<Item = &'i Iteration>,
    ) -> Result<Self, ExperimentError> {
        let mut had = Self::default();
        for (thread, turn) in iterations.into_iter().filter_map(|one| one.thread.zip(one.turn)) {
            had.tainted |= has_read_untrusted(read, thread, turn).unwrap_or(true);
            had.skills.extend(Skills::used_in(read, turn)?.into_iter().map(skill_id));
        }
        had.skills.sort();
        had.skills.dedup();
        Ok(had)
    }
}

/// A skill as plugs are told: its name, in a workspace behind the id of that.
fn skill_id((place, name): (SkillPlace, String)) -> String {
    match place {
        SkillPlace::Home => name,
        SkillPlace::Workspace(id) => format!("{id}/{name}"),
    }
}

/// An experiment whose iterations had this.
pub(super) fn experiment(of: &Experiment, had: &Had) -> Value {
    let mut config = json!(of.settings);
    if let Some(config) = config.as_object_mut() {
        config.insert("skills".to_owned(), json!(had.skills));
    }
    json!({
        "id": of.id, "title": of.title, "kind": of.kind, "workspace_id": of.workspace_id, "goal": of.goal,
        "config": config, "state": of.state, "tainted": had.tainted || !of.provenance.is_trusted(),
    })
}

/// An iteration of an experiment. It has what those before it in its thread had.
fn iteration(of: &Experiment, one: &Iteration, had: &Had) -> Value {
    let mut told = json!(one);
    if let Some(told) = told.as_object_mut() {
        told.insert("skills".to_owned(), json!(had.skills));
        told.insert("tainted".to_owned(), json!(had.tainted || !of.provenance.is_trusted()));
    }
    json!({ "experiment_id": of.id, "iteration": told })
}

// === impl Experiments ===

impl Experiments {
    /// An experiment that begins, as plugs are told.
    #[must_use]
    pub fn told(of: &Experiment) -> Value {
        json!({ "experiment": experiment(of, &Had::default()) })
    }

    /// An iteration, as plugs are told. One that has no thread yet has what all before it had.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn told_of(
        &self,
        key: &ExperimentKey,
        of: &Experiment,
        one: &Iteration,
    ) -> Result<Value, ExperimentError> {
        let (id, own) = (key.id, one.clone());
        let had = self.db().read(&key.tenant, move |read| {
            let mut all = super::store::iterations(read, id)?;
            all.retain(|other| other.number < own.number);
            all.retain(|other| own.thread.is_none() || other.thread == own.thread);
            Had::of(read, all.iter().chain([&own]))
        });
        Ok(iteration(of, one, &had.await?))
    }
}
