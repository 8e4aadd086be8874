//! What the rules of people say of an experiment: whether its commands may be run, and whether its files may be written
//! without a question. As with processes, the scope of whoever made it is the permission and rules are its limits.

use super::error::ExperimentError;
use super::experiment::Experiment;
use crate::policy::{
    Action, Ask, Autonomy, Effect, PermissionMode, Policies, Policy, SourceKind, Subject, judge,
};
use crate::protocol::ids::TenantId;

/// Refuses an experiment whose commands a rule denies, or asks for where nobody answers. What no rule is about is run: whoever made
/// it, or the schedule of it, may run programs.
pub(super) async fn may_measure(
    policies: &Policies,
    tenant: &TenantId,
    experiment: &Experiment,
) -> Result<(), ExperimentError> {
    let unread = |_| ExperimentError::Denied("the policy cannot be read, so nothing is started".to_owned());
    let policy = policies.current(tenant).await.map_err(unread)?;
    let rules = Policy { rules: policy.rules.clone(), version: policy.version, ..Policy::default() };
    for command in experiment.settings.each_command() {
        let Some((program, args)) = command.split_first() else { continue };
        let action = Action::RunCommand { program: program.clone(), args: args.to_vec() };
        let ask = Ask {
            mode: PermissionMode::BypassPermissions,
            autonomy: Autonomy::Full,
            ..Ask::plain(action, subject(experiment))
        };
        let verdict = judge(&rules, &ask, jiff::Timestamp::now().as_millisecond());
        match verdict.effect {
            Effect::Allow => {}
            Effect::Ask if !experiment.is_unattended() || verdict.rule.is_none() => {}
            Effect::Ask | Effect::Deny => {
                return Err(ExperimentError::Denied(format!(
                    "the policy does not let `{}` be run: {}",
                    command.join(" "),
                    verdict.reason
                )));
            }
        }
    }
    Ok(())
}

/// On whose behalf an experiment acts.
pub(super) const fn subject(experiment: &Experiment) -> Subject {
    Subject {
        assistant: None,
        workspace: Some(experiment.workspace_id),
        thread: None,
        source: SourceKind::of(experiment.provenance),
    }
}

/// Whether every one of these files may be written into the workspace without a question: only where somebody attends,
/// and a rule or the mode of `accept_edits` says so.
pub(super) async fn may_apply(
    policies: &Policies,
    tenant: &TenantId,
    experiment: &Experiment,
    (root, paths): (&str, &[String]),
) -> bool {
    if experiment.is_unattended() {
        return false;
    }
    for path in paths {
        let ask = Ask {
            mode: PermissionMode::AcceptEdits,
            workspace_root: Some(root.to_owned()),
            ..Ask::plain(Action::WritePath { path: path.clone() }, subject(experiment))
        };
        if policies.judge(tenant, &ask).await.effect != Effect::Allow {
            return false;
        }
    }
    true
}
