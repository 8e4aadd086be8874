//! Whether a tool may be called: the kill switch, the policy on everything that the call does, then a person.

use super::permit::{denied, halted, unasked};
use super::{Guard, ModelCall, Permit, admission};
use crate::approvals::{Approval, Question};
use crate::policy::{Action, Ask, Effect, Verdict};
use crate::protocol::ids::TurnId;
use crate::protocol::model::ModelError;

/// What a call of a tool does, and where.
#[derive(Clone, Debug)]
pub struct ToolUse {
    /// The call itself, then everything that it does.
    pub actions: Vec<Action>,
    /// The text that belongs to it.
    pub payload: String,
    /// The workspace's folder.
    pub workspace_root: String,
    /// Hosts that a person named for this turn.
    pub known_hosts: Vec<String>,
}

// === impl ToolUse ===

impl ToolUse {
    /// What a person allows when they allow it: the digest of the approval.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Action::digest(&self.actions, &self.payload)
    }

    fn ask(&self, call: &ModelCall, action: &Action) -> Ask {
        Ask {
            mode: call.mode,
            autonomy: call.autonomy,
            tainted: call.tainted,
            workspace_root: Some(self.workspace_root.clone()),
            known_hosts: self.known_hosts.clone(),
            private: call.private,
            ..Ask::plain(action.clone(), call.subject)
        }
    }

    /// A built-in tool says everything that it does, so what nobody made a rule about is decided by that.
    fn says_more(&self, action: &Action, verdict: &Verdict) -> bool {
        matches!(action, Action::CallTool { server: None, .. })
            && self.actions.len() > 1
            && verdict.rule.is_none()
            && verdict.effect == Effect::Ask
    }
}

// === impl Guard ===

impl Guard {
    /// Judges a call of a tool in this turn. What is asked is kept already; the same question of a turn is asked once,
    /// until it was used.
    ///
    /// # Errors
    /// `Halted` while the kill switch is engaged; `Denied` where the policy says no or nobody can be asked.
    pub async fn may(&self, call: &ModelCall, turn: TurnId, wanted: &ToolUse) -> Result<Permit, ModelError> {
        let tenant = &call.of.tenant;
        self.running(call)?;
        let mut asked: Option<Verdict> = None;
        for action in &wanted.actions {
            let verdict = self.policies.judge(tenant, &wanted.ask(call, action)).await;
            match verdict.effect {
                Effect::Deny => {
                    return Err(denied(format!("the policy does not allow to {action}: {}", verdict.reason)));
                }
                Effect::Ask if !wanted.says_more(action, &verdict) => asked = asked.or(Some(verdict)),
                Effect::Ask | Effect::Allow => {}
            }
        }
        let Some(verdict) = asked else { return Ok(Permit::Granted) };
        self.put(call, turn, wanted, verdict).await
    }

    /// Whether the policy lets this be done without a question.
    pub async fn would_allow(&self, call: &ModelCall, wanted: &ToolUse) -> bool {
        for action in &wanted.actions {
            let verdict = self.policies.judge(&call.of.tenant, &wanted.ask(call, action)).await;
            if verdict.effect != Effect::Allow && !wanted.says_more(action, &verdict) {
                return false;
            }
        }
        self.running(call).is_ok()
    }

    /// Puts a question of a turn to a person, whatever the policy says.
    ///
    /// # Errors
    /// `Halted` while the kill switch is engaged; `Denied` when nobody can be asked.
    pub async fn put_question(
        &self,
        call: &ModelCall,
        turn: TurnId,
        wanted: &ToolUse,
        why: &str,
    ) -> Result<Permit, ModelError> {
        self.running(call)?;
        let verdict = Verdict { effect: Effect::Ask, rule: None, reason: why.to_owned() };
        self.put(call, turn, wanted, verdict).await
    }

    async fn put(
        &self,
        call: &ModelCall,
        turn: TurnId,
        wanted: &ToolUse,
        verdict: Verdict,
    ) -> Result<Permit, ModelError> {
        let question = Question {
            subject: call.subject,
            turn: Some(turn),
            source: call.source.clone(),
            actions: wanted.actions.clone(),
            payload: wanted.payload.clone(),
            why: verdict.reason,
            rule: verdict.rule,
            tainted: call.tainted,
            expires_in: None,
        };
        let kept = self.approvals.ask(&call.of.tenant, question).await;
        kept.map(|approval| Permit::Asked(Box::new(approval))).map_err(|error| unasked(&error))
    }

    /// Uses an approval for what is done now. Once.
    ///
    /// # Errors
    /// `Denied` when it was not allowed, was used, or is about something else.
    pub async fn redeem(
        &self,
        call: &ModelCall,
        approval: &Approval,
        wanted: &ToolUse,
    ) -> Result<(), ModelError> {
        let redeemed = self.approvals.redeem(&call.of.tenant, approval.id, wanted.digest()).await;
        redeemed.map_err(|error| denied(error.to_string()))
    }

    /// Spends one tool call of every budget that it belongs to.
    ///
    /// # Errors
    /// `Halted` while the kill switch is engaged, `BudgetExceeded`, or `Overloaded` when the budgets cannot be kept.
    pub async fn spend_tool_call(&self, call: &ModelCall) -> Result<(), ModelError> {
        self.running(call)?;
        self.budgets.tool_call(&admission::scope(call)).await.map_err(admission::refused)
    }

    fn running(&self, call: &ModelCall) -> Result<(), ModelError> {
        self.switches.status(&call.of.tenant).map_or(Ok(()), |engaged| Err(halted(&engaged)))
    }
}
