//! Experiments: their desk, and what the lives of their actors work with.

use crate::adapters::experiments::{TrialParts, TrialRuns};
use crate::approvals::Approvals;
use crate::config::Home;
use crate::db::Db;
use crate::experiments::{ExperimentParts, Experiments};
use crate::notifications::Notifications;
use crate::policy::{KillSwitches, Policies};
use crate::workspaces::Workspaces;

use super::mind::Mind;
use super::parts::Parts;

/// The supervisor of a tenant's experiments, as `supervision.toml` names it.
pub(super) const EXPERIMENTS: &str = "experiments";

/// The desk.
pub(super) fn build(
    (db, home, workspaces): (&Db, &Home, &Workspaces),
    (approvals, policies, switches): (&Approvals, &Policies, &KillSwitches),
    (notices, mind): (&Notifications, &Mind),
) -> Experiments {
    let parts = ExperimentParts {
        db: db.clone(),
        workspaces: workspaces.clone(),
        approvals: approvals.clone(),
        policies: policies.clone(),
        switches: switches.clone(),
        notices: notices.clone(),
        extensions: mind.extensions.clone(),
    };
    Experiments::new(parts, home)
}

/// The port of their actors and of the keeper.
pub(super) fn runs(parts: &Parts) -> TrialRuns {
    TrialRuns::new(TrialParts {
        experiments: parts.experiments.clone(),
        sessions: std::sync::Arc::clone(&parts.sessions),
        turns: parts.turns.clone(),
        threads: parts.threads.clone(),
        backends: parts.models.backends().clone(),
        guard: parts.guard.clone(),
        budgets: parts.budgets.clone(),
        usage: parts.usage.clone(),
        sandbox: parts.hands.sandbox.clone(),
    })
}
