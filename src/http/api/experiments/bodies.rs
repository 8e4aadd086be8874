//! What the routes of experiments take and answer.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::experiments::{Answer, Experiment, Iteration, Reason};
use crate::http::moment::rfc3339;
use crate::http::problem::Problem;
use crate::protocol::ids::WorkspaceId;

/// An experiment.
#[derive(Serialize, ToSchema)]
#[schema(as = Experiment)]
pub(super) struct ExperimentBody {
    id: String,
    workspace_id: String,
    title: String,
    /// `code`, `research`, `prompt` or `external`.
    kind: &'static str,
    goal: String,
    /// How it is done and judged.
    #[schema(value_type = Object)]
    settings: Value,
    /// `created`, `running`, `evaluating`, `awaiting_human`, `accepted`, `rejected`, `cancelled` or `halted`.
    state: &'static str,
    /// Why it ended, besides what its state says.
    reason: Option<&'static str>,
    /// Whether it ends after what it is doing.
    stopping: bool,
    /// Who made it.
    source: String,
    iterations_max: u32,
    time_budget_s: u64,
    /// The last iteration that began; 0 for none.
    iteration: u32,
    /// The iteration that counts.
    best: Option<u32>,
    /// What was measured on the untouched workspace.
    #[schema(value_type = Option<Object>)]
    baseline: Option<Value>,
    /// The question to a person, while one is asked.
    approval_id: Option<String>,
    /// `no`, `applying`, `yes`, `undoing` or `undone`: what became of the workspace's files.
    applied: &'static str,
    /// `{decision, score, summary, diff_stat, iterations}`, once it is over.
    #[schema(value_type = Option<Object>)]
    result: Option<Value>,
    version: i64,
    created_at: String,
    started_at: Option<String>,
    deadline_at: Option<String>,
    ended_at: Option<String>,
}

/// One try.
#[derive(Serialize, ToSchema)]
#[schema(as = ExperimentIteration)]
pub(super) struct IterationBody {
    number: u32,
    /// Those of one round ran beside each other.
    round: u32,
    /// `running`, `evaluating`, `accepted`, `rejected`, `continued`, `halted` or `failed`.
    status: &'static str,
    reason: Option<&'static str>,
    thread_id: Option<String>,
    turn_id: Option<String>,
    /// What the model was told.
    prompt: String,
    /// What it said, which never counts.
    answer: String,
    score: Option<f64>,
    summary: String,
    /// What was measured.
    #[schema(value_type = Option<Object>)]
    evaluation: Option<Value>,
    /// `{files, insertions, deletions, changes, violations}`.
    #[schema(value_type = Option<Object>)]
    diff_stat: Option<Value>,
    tokens: u64,
    tool_calls: u64,
    started_at: String,
    ended_at: Option<String>,
}

/// A new experiment.
#[derive(Deserialize, Serialize, ToSchema)]
pub(super) struct CreateExperiment {
    /// 1–200 characters.
    pub(super) title: String,
    /// `code`, `research`, `prompt` or `external`.
    pub(super) kind: String,
    /// What is wanted: up to 10,000 characters.
    pub(super) goal: String,
    /// Where; the default workspace without it.
    #[schema(value_type = Option<String>)]
    pub(super) workspace_id: Option<WorkspaceId>,
    /// How it is done and judged: scope, tests, metric, rubric, thresholds, ideas, budget, gate, apply …
    #[schema(value_type = Option<Object>)]
    pub(super) settings: Option<Value>,
    /// 1–100, 10 without it.
    pub(super) iterations_max: Option<u32>,
    /// Seconds up to a day, an hour without it.
    pub(super) time_budget_s: Option<u64>,
}

/// What a person says at the gate.
#[derive(Deserialize, ToSchema)]
pub(super) struct DecideExperiment {
    /// `accept`, `reject` or `continue`.
    pub(super) decision: String,
    /// Why, for the record.
    pub(super) reason: Option<String>,
}

impl DecideExperiment {
    pub(super) fn answer(&self) -> Result<Answer, Problem> {
        Answer::parse(&self.decision)
            .ok_or_else(|| Problem::invalid_field("/decision", "is accept, reject or continue"))
    }
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn word(reason: Reason) -> Option<&'static str> {
    (reason != Reason::None).then(|| reason.as_str())
}

impl From<Experiment> for ExperimentBody {
    fn from(one: Experiment) -> Self {
        Self {
            id: one.id.to_string(),
            workspace_id: one.workspace_id.to_string(),
            settings: json(&one.settings),
            kind: one.kind.as_str(),
            state: one.state.as_str(),
            reason: word(one.reason),
            stopping: one.stopping,
            iterations_max: one.iterations_max,
            time_budget_s: one.time_budget_ms / 1_000,
            iteration: one.iteration,
            best: one.best,
            baseline: one.baseline.as_ref().map(json),
            approval_id: one.approval.filter(|_| one.state.is_live()).map(|id| id.to_string()),
            applied: one.applied.as_str(),
            result: one.outcome.as_ref().map(json),
            version: one.version,
            created_at: rfc3339(one.created_ms),
            started_at: one.started_ms.map(rfc3339),
            deadline_at: one.deadline_ms.map(rfc3339),
            ended_at: one.ended_ms.map(rfc3339),
            title: one.title,
            goal: one.goal,
            source: one.source,
        }
    }
}

impl From<Iteration> for IterationBody {
    fn from(one: Iteration) -> Self {
        Self {
            number: one.number,
            round: one.round,
            status: one.status.as_str(),
            reason: word(one.reason),
            thread_id: one.thread.map(|id| id.to_string()),
            turn_id: one.turn.map(|id| id.to_string()),
            score: one.score,
            evaluation: one.evaluation.as_ref().map(json),
            diff_stat: one.diff.as_ref().map(json),
            tokens: one.tokens,
            tool_calls: one.tool_calls,
            started_at: rfc3339(one.started_ms),
            ended_at: one.ended_ms.map(rfc3339),
            prompt: one.prompt,
            answer: one.answer,
            summary: one.summary,
        }
    }
}
