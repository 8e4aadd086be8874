//! Experiments as rows.

use super::{problem, rfc3339};
use crate::experiments::{
    Applied, DiffStat, Evaluation, Experiment, ExperimentKey, Iteration, Kind, State, Status, chart,
};
use crate::guard::TextOf;
use crate::http::{AppState, Problem};
use crate::identity::{Principal, Scope};
use crate::protocol::ids::ExperimentId;
use crate::web::view::Frame;
use crate::web::view::experiments::{
    ExperimentDraft, ExperimentFragment, ExperimentPage, ExperimentRow, ExperimentsPage, IterationRow,
};

/// Experiments that the page shows.
const ROWS_MAX: usize = 200;
/// Workspaces that the form offers.
const WORKSPACES_MAX: usize = 200;
/// What a new experiment begins with.
const SETTINGS: &str = r#"{
  "scope": ["src/**"],
  "tests": { "command": ["sh", "test.sh"] },
  "metric": { "command": ["sh", "bench.sh"], "regex": "time: ([0-9.]+)", "direction": "lower" }
}"#;

/// The newest ones.
pub(in crate::web) async fn rows(state: &AppState, by: &Principal) -> Result<Vec<ExperimentRow>, Problem> {
    let found = state.experiments.list(&by.tenant, None, ROWS_MAX).await?;
    Ok(found.into_iter().map(row).collect())
}

/// The page of all of them.
pub(in crate::web) async fn page(
    state: &AppState,
    by: &Principal,
    frame: Frame,
) -> Result<ExperimentsPage, Problem> {
    let workspaces = state.workspaces.list(by, None, WORKSPACES_MAX).await.map_err(problem)?;
    Ok(ExperimentsPage {
        frame,
        rows: rows(state, by).await?,
        may_run: may_run(by),
        workspaces: workspaces.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        kinds: Kind::ALL.iter().map(|kind| kind.as_str()).collect(),
        draft: ExperimentDraft {
            kind: "code".to_owned(),
            settings: SETTINGS.to_owned(),
            ..ExperimentDraft::default()
        },
        notice: None,
        error: None,
    })
}

/// One of them as it is now.
pub(in crate::web) async fn live(
    state: &AppState,
    by: &Principal,
    id: ExperimentId,
) -> Result<(ExperimentFragment, Experiment), Problem> {
    let found = state.experiments.get(&by.tenant, id).await?;
    let iterations = state.experiments.iterations(&by.tenant, id).await?;
    let fragment = ExperimentFragment {
        chart: chart(&found, &iterations),
        iterations: iterations.into_iter().map(iteration).collect(),
        baseline: found.baseline.as_ref().map(Evaluation::words).unwrap_or_default(),
        may_run: may_run(by),
        may_decide: by.scopes.allows(Scope::Approve),
        row: row(found.clone()),
    };
    Ok((fragment, found))
}

/// The page of one.
pub(in crate::web) async fn one(
    state: &AppState,
    by: &Principal,
    (id, diff): (ExperimentId, Option<u32>),
    frame: impl FnOnce(&str) -> Frame,
) -> Result<ExperimentPage, Problem> {
    let (shown, found) = live(state, by, id).await?;
    let diff = match diff {
        Some(number) => {
            let key = ExperimentKey { tenant: by.tenant.clone(), id };
            let patch = state.experiments.patch(&key, number).await?;
            let of = TextOf { tenant: by.tenant.clone(), thread: None };
            Some((number, state.guard.clean(&of, "experiment", patch).text))
        }
        None => None,
    };
    Ok(ExperimentPage {
        frame: frame(&found.title),
        shown,
        settings: serde_json::to_string_pretty(&found.settings).unwrap_or_default(),
        diff,
        notice: None,
        error: None,
    })
}

fn may_run(by: &Principal) -> bool {
    by.scopes.allows(Scope::Processes)
}

fn row(found: Experiment) -> ExperimentRow {
    let (state, words) = match found.state {
        State::Created => ("stopped", "Not started"),
        State::Running if found.stopping => ("stopping", "Running, ends after this round"),
        State::Evaluating if found.stopping => ("stopping", "Measuring, ends after this round"),
        State::Running => ("running", "Running"),
        State::Evaluating => ("running", "Measuring"),
        State::AwaitingHuman => ("waiting", "Waits for a person"),
        State::Accepted => ("done", "Accepted"),
        State::Rejected => ("stopped", "Rejected"),
        State::Cancelled => ("stopped", "Cancelled"),
        State::Halted => ("failed", "Halted"),
    };
    let outcome = found.outcome.as_ref();
    ExperimentRow {
        id: found.id.to_string(),
        kind: found.kind.as_str(),
        state,
        words: words.to_owned(),
        tried: (found.iteration, found.iterations_max),
        score: outcome.and_then(|one| one.score).map(|score| format!("{score:.2}")).unwrap_or_default(),
        summary: outcome.map(|one| one.summary.clone()).unwrap_or_default(),
        at: rfc3339(found.created_ms),
        is_new: found.state == State::Created,
        is_live: found.state.is_live(),
        is_asked: found.state == State::AwaitingHuman && found.approval.is_some(),
        is_applied: found.state == State::Accepted
            && matches!(found.applied, Applied::Yes | Applied::Undoing),
        files: match found.applied {
            Applied::No => "not in the workspace",
            Applied::Applying => "being put into the workspace",
            Applied::Yes => "in the workspace",
            Applied::Undoing => "being taken back",
            Applied::Undone => "taken back",
        },
        title: found.title,
        goal: found.goal,
    }
}

fn iteration(one: Iteration) -> IterationRow {
    let (state, words) = match one.status {
        Status::Running => ("running", "Running"),
        Status::Evaluating => ("running", "Measuring"),
        Status::Accepted => ("done", "Accepted"),
        Status::Rejected => ("stopped", "Rejected"),
        Status::Continued => ("done", "Continued"),
        Status::Halted => ("stopped", "Halted"),
        Status::Failed => ("failed", "Failed"),
    };
    let run = one.thread.zip(one.turn).map(|(thread, turn)| format!("/c/{thread}#turn-{turn}"));
    IterationRow {
        number: one.number,
        state,
        words,
        score: one.score.map(|score| format!("{score:.2}")).unwrap_or_default(),
        summary: one.summary,
        changed: one.diff.as_ref().map(DiffStat::words).unwrap_or_default(),
        run: run.unwrap_or_default(),
        has_diff: one.tree.is_some(),
    }
}
