//! What somebody wants to try out, and whether it can be.

use serde::{Deserialize, Serialize};

use super::error::ExperimentError;
use super::experiment::{
    Applied, Experiment, GOAL_CHARS_MAX, ITERATIONS_DEFAULT, ITERATIONS_MAX, Kind, Maker, Reason, State,
    TIME_BUDGET_S_DEFAULT, TIME_BUDGET_S_MAX, TITLE_CHARS_MAX,
};
use super::settings::Settings;
use crate::protocol::ids::{ExperimentId, WorkspaceId};

/// What somebody wants to try out.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewExperiment {
    /// Where; the default workspace without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<WorkspaceId>,
    /// 1–200 characters.
    #[serde(default)]
    pub title: String,
    /// What is tried out.
    pub kind: Kind,
    /// What is wanted.
    pub goal: String,
    /// How it is done and judged.
    #[serde(default)]
    pub settings: Settings,
    /// 1–100; 10 without it.
    #[serde(default)]
    pub iterations_max: Option<u32>,
    /// 1 second to a day; an hour without it.
    #[serde(default)]
    pub time_budget_s: Option<u64>,
}

// === impl NewExperiment ===

impl NewExperiment {
    /// Whether it can be made.
    ///
    /// # Errors
    /// [`ExperimentError::Field`]: what is wrong with it.
    pub fn check(&self) -> Result<(), ExperimentError> {
        text("title", &self.title, TITLE_CHARS_MAX)?;
        text("goal", &self.goal, GOAL_CHARS_MAX)?;
        if !(1..=ITERATIONS_MAX).contains(&self.iterations_max.unwrap_or(ITERATIONS_DEFAULT)) {
            return Err(ExperimentError::field("iterations_max", format!("is 1 to {ITERATIONS_MAX}")));
        }
        if !(1..=TIME_BUDGET_S_MAX).contains(&self.time_budget_s.unwrap_or(TIME_BUDGET_S_DEFAULT)) {
            return Err(ExperimentError::field(
                "time_budget_s",
                format!("is 1 to {TIME_BUDGET_S_MAX} seconds"),
            ));
        }
        self.settings.check(self.kind)
    }

    /// The experiment that this makes, or what is wrong with it.
    pub(super) fn into_experiment(
        self,
        by: &Maker,
        workspace: WorkspaceId,
        now_ms: i64,
    ) -> Result<Experiment, ExperimentError> {
        self.check()?;
        Ok(Experiment {
            id: ExperimentId::new(),
            workspace_id: workspace,
            title: self.title.trim().to_owned(),
            kind: self.kind,
            goal: self.goal.trim().to_owned(),
            settings: self.settings,
            state: State::Created,
            reason: Reason::None,
            stopping: false,
            source: by.source.clone(),
            provenance: by.provenance,
            iterations_max: self.iterations_max.unwrap_or(ITERATIONS_DEFAULT),
            time_budget_ms: self.time_budget_s.unwrap_or(TIME_BUDGET_S_DEFAULT) * 1_000,
            iteration: 0,
            best: None,
            base: None,
            baseline: None,
            approval: None,
            answer: None,
            applied: Applied::No,
            outcome: None,
            version: 1,
            created_ms: now_ms,
            started_ms: None,
            deadline_ms: None,
            ended_ms: None,
            updated_ms: now_ms,
        })
    }
}

fn text(field: &'static str, text: &str, most: usize) -> Result<(), ExperimentError> {
    let text = text.trim();
    let is_odd = |c: char| c.is_control() && !(field == "goal" && matches!(c, '\n' | '\t'));
    if !(1..=most).contains(&text.chars().count()) || text.chars().any(is_odd) {
        return Err(ExperimentError::field(
            field,
            format!("has 1 to {most} characters and no control characters"),
        ));
    }
    Ok(())
}
