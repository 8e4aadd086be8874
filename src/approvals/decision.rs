//! Decisions: who may take them, what they become, and what ends a question without one.

use super::approval::{Approval, ApprovalState, Choice, DecisionScope};
use super::desk::now_ms;
use super::error::ApprovalError;
use super::store;
use crate::db::{DbError, TenantTx};
use crate::identity::{Principal, Scope, Who};
use crate::policy::{ActionPattern, Effect, NewRule, Origin, PolicyError, SubjectPattern};

/// Most characters of an explanation or a reason.
const TEXT_CHARS_MAX: usize = 500;

/// Whether nobody decided in time, written or not.
pub(super) fn is_late(approval: &Approval, now_ms: i64) -> bool {
    approval.state == ApprovalState::Pending && approval.expires_ms <= now_ms
}

/// The end of a question that nobody can decide any more.
pub(super) fn ended(tx: &TenantTx<'_>, found: &Approval) -> Result<Option<Approval>, DbError> {
    if found.state != ApprovalState::Pending {
        return Ok(None);
    }
    let now_ms = now_ms();
    if is_late(found, now_ms) {
        return Ok(Some(Approval {
            state: ApprovalState::Expired,
            decided_ms: Some(now_ms),
            ..found.clone()
        }));
    }
    match found.turn {
        Some(turn) if !store::turn_goes_on(tx, turn)? => Ok(Some(Approval {
            state: ApprovalState::Denied,
            decided_by: Some("system".to_owned()),
            decided_ms: Some(now_ms),
            reason: "the turn that asked has ended".to_owned(),
            ..found.clone()
        })),
        _ => Ok(None),
    }
}

/// Whether this principal may give this answer.
pub(super) fn may_decide(by: &Principal, found: &Approval, choice: Choice) -> Result<(), ApprovalError> {
    let admin = by.scopes.allows(Scope::Admin);
    if matches!(by.who, Who::Token(_)) && !admin && found.source == by.source() {
        return Err(ApprovalError::Own);
    }
    match choice {
        Choice::Allow(DecisionScope::Always) if !admin || by.assistant.is_some() => {
            Err(ApprovalError::NeedsAdmin)
        }
        Choice::Allow(DecisionScope::Thread) if found.thread.is_none() => Err(ApprovalError::NoThread),
        _ => Ok(()),
    }
}

/// The question with this answer.
pub(super) fn decided(found: Approval, by: &Principal, choice: Choice, reason: String) -> Approval {
    let (state, scope) = match choice {
        Choice::Allow(scope) => (ApprovalState::Allowed, Some(scope)),
        Choice::Deny => (ApprovalState::Denied, None),
    };
    Approval { state, scope, decided_by: Some(by.source()), decided_ms: Some(now_ms()), reason, ..found }
}

/// The rules that a lasting decision makes: exactly these actions, of this assistant, caused the same way.
pub(super) fn lasting(allowed: &Approval) -> Result<Vec<NewRule>, ApprovalError> {
    let thread = (allowed.scope == Some(DecisionScope::Thread)).then_some(allowed.thread).flatten();
    let subject = SubjectPattern {
        assistant: allowed.assistant,
        workspace: allowed.workspace,
        thread,
        source: Some(allowed.source_kind),
    };
    let mut rules = Vec::with_capacity(allowed.actions.len());
    for action in &allowed.actions {
        let wrong =
            |_| PolicyError::Field { field: "decision", why: "cannot last: the action has no plain form" };
        let Some(pattern) = ActionPattern::exactly(action).map_err(wrong)? else { continue };
        rules.push(NewRule {
            subject,
            origin: Origin::Approval(allowed.id),
            ..NewRule::of_person(Effect::Allow, pattern)
        });
    }
    Ok(rules)
}

/// A short text of a person or a program.
pub(super) fn text(field: &'static str, text: &str) -> Result<String, ApprovalError> {
    let text = text.trim();
    let fits = text.chars().count() <= TEXT_CHARS_MAX && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err(ApprovalError::Text { field }) }
}
