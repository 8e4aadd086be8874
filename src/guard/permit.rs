//! Whether a model may be asked: the kill switch, then the policy, then a person.
//!
//! A turn can wait for a person; a stateless call cannot, so where a turn would ask it is refused.

use futures::future::BoxFuture;

use super::{Guard, TextOf};
use crate::approvals::{Approval, ApprovalError, ApprovalState, Question};
use crate::policy::{Action, Ask, Autonomy, Effect, Engaged, PermissionMode, Subject, Verdict};
use crate::protocol::ids::{TenantId, TurnId};
use crate::protocol::model::{ModelError, ModelErrorKind};

/// A model call before it is made: by whom, because of whom, and to whom.
#[derive(Clone, Debug)]
pub struct ModelCall {
    /// Whose text it is.
    pub of: TextOf,
    /// `owner`, the id of a member or a token, …
    pub source: String,
    /// The turn; `None` for a stateless call.
    pub turn: Option<TurnId>,
    /// Who does it, where, and because of whom.
    pub subject: Subject,
    /// The assistant's permission mode.
    pub mode: PermissionMode,
    /// The assistant's autonomy.
    pub autonomy: Autonomy,
    /// Whether untrusted text is in it.
    pub tainted: bool,
    /// The backend.
    pub backend: String,
    /// The model.
    pub model: String,
    /// Whether the conversation stays on this machine.
    pub local: bool,
    /// Whether its tools work in a private copy, which nothing leaves but through a gate.
    pub private: bool,
}

/// What a call may do now.
#[derive(Debug)]
pub enum Permit {
    /// Go on.
    Granted,
    /// Wait for this decision; it is kept already.
    Asked(Box<Approval>),
}

// === impl ModelCall ===

impl ModelCall {
    fn action(&self) -> Action {
        Action::UseModel { backend: self.backend.clone(), model: self.model.clone(), local: self.local }
    }

    fn ask(&self) -> Ask {
        Ask {
            mode: self.mode,
            autonomy: self.autonomy,
            tainted: self.tainted,
            ..Ask::plain(self.action(), self.subject)
        }
    }

    fn question(&self, turn: TurnId, verdict: Verdict) -> Question {
        Question {
            subject: self.subject,
            turn: Some(turn),
            source: self.source.clone(),
            actions: vec![self.action()],
            payload: String::new(),
            why: verdict.reason,
            rule: verdict.rule,
            tainted: self.tainted,
            expires_in: None,
        }
    }
}

// === impl Guard ===

impl Guard {
    /// Judges a call. The same question of the same turn is asked once, over restarts too.
    ///
    /// # Errors
    /// `Halted` while the kill switch is engaged, `Denied` where the policy says no or nobody can be asked.
    pub async fn permit(&self, call: &ModelCall) -> Result<Permit, ModelError> {
        if let Some(engaged) = self.switches.status(&call.of.tenant) {
            return Err(halted(&engaged));
        }
        let verdict = self.policies.judge(&call.of.tenant, &call.ask()).await;
        match (verdict.effect, call.turn) {
            (Effect::Allow, _) => Ok(Permit::Granted),
            (Effect::Deny, _) => Err(denied(format!(
                "the policy does not let `{}/{}` be asked: {}; see Settings → Safety",
                call.backend, call.model, verdict.reason
            ))),
            (Effect::Ask, None) => Err(denied(format!(
                "`{}/{}` is asked only with a person's approval ({}), and a stateless call cannot wait for one: \
                 send `session_id`, or add a rule",
                call.backend, call.model, verdict.reason
            ))),
            (Effect::Ask, Some(turn)) => {
                let kept = self.approvals.ask(&call.of.tenant, call.question(turn, verdict)).await;
                kept.map(|approval| Permit::Asked(Box::new(approval))).map_err(|error| unasked(&error))
            }
        }
    }

    /// The standing rules of people for this subject, in their words. A policy that cannot be read has none here;
    /// it denies whatever is judged.
    pub async fn standing(&self, tenant: &TenantId, subject: &Subject) -> Vec<String> {
        let Ok(policy) = self.policies.current(tenant).await else { return Vec::new() };
        let now_ms = jiff::Timestamp::now().as_millisecond();
        policy.standing(subject, now_ms).into_iter().map(str::to_owned).collect()
    }

    /// Waits for the decision, as long as the question lives.
    ///
    /// # Errors
    /// `Denied` when the question is gone or the store does not answer.
    pub async fn decision(&self, call: &ModelCall, asked: &Approval) -> Result<Approval, ModelError> {
        self.approvals.wait(&call.of.tenant, asked.id).await.map_err(|error| unasked(&error))
    }

    /// Resolves when the kill switch is engaged, with what the caller is told.
    pub(super) fn halt(&self, of: &TextOf) -> BoxFuture<'static, ModelError> {
        let (switches, tenant) = (self.switches.clone(), of.tenant.clone());
        Box::pin(async move { halted(&switches.until_engaged(&tenant).await) })
    }
}

/// Whether a decided question lets the call go on.
///
/// # Errors
/// `Denied`, with who said no.
pub fn honour(decided: &Approval) -> Result<(), ModelError> {
    if decided.state == ApprovalState::Allowed {
        return Ok(());
    }
    let by = decided.decided_by.as_deref().unwrap_or("nobody");
    let text = match (decided.state, decided.reason.is_empty()) {
        (ApprovalState::Expired, _) => "nobody decided in time, so it was not done".to_owned(),
        (_, true) => format!("{by} did not allow it"),
        (_, false) => format!("{by} did not allow it: {}", decided.reason),
    };
    Err(denied(text))
}

pub(super) fn halted(engaged: &Engaged) -> ModelError {
    ModelError::new(ModelErrorKind::Halted, engaged.to_string())
}

pub(super) fn denied(text: String) -> ModelError {
    ModelError::new(ModelErrorKind::Denied, text)
}

/// What cannot be asked is not done.
pub(super) fn unasked(error: &ApprovalError) -> ModelError {
    denied(format!("a person had to be asked, and could not: {error}"))
}
