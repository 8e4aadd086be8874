//! The handle of approvals.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tokio::sync::watch;

use super::approval::{Approval, ApprovalState, Choice, DecisionScope, Question};
use super::decision::{decided, ended, is_late, lasting, may_decide, text};
use super::display;
use super::error::ApprovalError;
use super::store;
use crate::audit::{self, Outcome};
use crate::channels::OutboxBell;
use crate::channels::outbox;
use crate::db::{Db, TenantTx};
use crate::identity::{Made, Principal, RequestKey, once};
use crate::notifications::{Notifications, SourceType};
use crate::policy::{Action, Author, Policies};
use crate::protocol::ids::{ApprovalId, TenantId};

/// Questions of a tenant that may wait at a time.
pub const APPROVALS_PENDING_MAX: usize = 1_000;
/// Longest sleep of a waiter: a decision that it was not told of is seen after it.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// Questions that one round of housekeeping ends.
const OVERDUE_MAX: usize = 500;
/// How long decided questions are kept. The audit trail keeps what was decided.
const KEPT_MS: i64 = 90 * 24 * 3_600 * 1_000;

/// How long questions wait.
#[derive(Clone, Copy, Debug)]
pub struct ApprovalTimes {
    /// When somebody who may decide is likely to look.
    pub attended: Duration,
    /// When nobody is.
    pub unattended: Duration,
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Approvals {
    db: Db,
    policies: Policies,
    times: ApprovalTimes,
    /// Counts decisions, for those who wait for one.
    decisions: Arc<watch::Sender<u64>>,
    notices: Option<Notifications>,
    /// Rung when a conversation elsewhere is owed a decision.
    bell: OutboxBell,
}

/// What a decision met.
enum Met {
    Decided(Approval),
    /// Somebody was faster, or it was too late.
    Settled(Approval),
}

impl Approvals {
    /// A handle on this store, whose lasting decisions become rules of these policies.
    #[must_use]
    pub fn new(db: Db, policies: Policies, times: ApprovalTimes) -> Self {
        let (decisions, _) = watch::channel(0);
        Self {
            db,
            policies,
            times,
            decisions: Arc::new(decisions),
            notices: None,
            bell: OutboxBell::default(),
        }
    }

    /// The same, telling people when a question begins to wait.
    #[must_use]
    pub fn with_notices(self, notices: Notifications) -> Self {
        Self { notices: Some(notices), ..self }
    }

    /// The same, telling conversations elsewhere what was decided of their questions.
    #[must_use]
    pub fn ringing(self, bell: OutboxBell) -> Self {
        Self { bell, ..self }
    }

    /// Keeps a question. The same question of the same turn is asked once: whoever asks again, for
    /// instance after a restart, gets the first one, whatever became of it.
    ///
    /// # Errors
    /// [`ApprovalError`]; then nobody was asked.
    pub async fn ask(&self, tenant: &TenantId, question: Question) -> Result<Approval, ApprovalError> {
        Ok(self.ask_once(tenant, question, None).await?.thing)
    }

    /// The same for a program that may repeat its call.
    ///
    /// # Errors
    /// [`ApprovalError`]; then nobody was asked.
    pub async fn ask_once(
        &self,
        tenant: &TenantId,
        question: Question,
        key: Option<RequestKey>,
    ) -> Result<Made<Approval>, ApprovalError> {
        let (new, notices) = (self.prepare(question)?, self.notices.clone());
        let write = self.db.write(tenant, move |tx| {
            let made = once(tx, key.as_ref(), new.requested_ms, |tx| keep(tx, &new))?;
            let thing = store::by_id(tx, None, made.thing)?;
            if let Some(notices) = notices.filter(|_| thing.id == new.id) {
                let (tenant, waits) = (tx.tenant().clone(), thing.waits());
                tx.on_commit(move || notices.raise(&tenant, waits));
            }
            Ok(Made { thing, repeated: made.repeated })
        });
        write.await
    }

    fn prepare(&self, question: Question) -> Result<Approval, ApprovalError> {
        if question.actions.is_empty() {
            return Err(ApprovalError::Empty);
        }
        let why = text("why", &question.why)?;
        let kind = question.subject.source;
        let time = question.expires_in.unwrap_or(match kind.is_unattended() {
            true => self.times.unattended,
            false => self.times.attended,
        });
        let requested_ms = now_ms();
        Ok(Approval {
            id: ApprovalId::new(),
            thread: question.subject.thread,
            turn: question.turn,
            workspace: question.subject.workspace,
            assistant: question.subject.assistant,
            source: question.source,
            source_kind: kind,
            shown: display::shown(&question.actions, &question.payload)?,
            digest: Action::digest(&question.actions, &question.payload),
            actions: question.actions,
            payload: question.payload,
            why,
            rule: question.rule,
            tainted: question.tainted,
            requested_ms,
            expires_ms: requested_ms.saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX)),
            state: ApprovalState::Pending,
            scope: None,
            decided_by: None,
            decided_ms: None,
            reason: String::new(),
            made_rule: None,
            used_ms: None,
        })
    }

    /// Decides. The first decision counts; what it was is in the error of every later one.
    ///
    /// # Errors
    /// [`ApprovalError`]; then nothing was decided by this call.
    pub async fn decide(
        &self,
        by: &Principal,
        id: ApprovalId,
        choice: Choice,
        reason: &str,
    ) -> Result<Approval, ApprovalError> {
        let reason = text("reason", reason)?;
        let (desk, by) = (self.clone(), by.clone());
        let tenant = by.tenant.clone();
        let write = self.db.write(&tenant, move |tx| {
            let found = store::by_id(tx, by.assistant, id)?;
            if found.state != ApprovalState::Pending {
                return Ok(Met::Settled(found));
            }
            if let Some(ended) = ended(tx, &found)? {
                return desk.settle(tx, ended, ("housekeeper", "system")).map(Met::Settled);
            }
            may_decide(&by, &found, choice)?;
            desk.settle(tx, decided(found, &by, choice, reason), ("http", &by.source())).map(Met::Decided)
        });
        match write.await? {
            Met::Decided(approval) => Ok(approval),
            Met::Settled(approval) => Err(ApprovalError::Decided(Box::new(approval))),
        }
    }

    /// Writes an end of a question, with the rule that it makes and its entry in the audit trail.
    pub(super) fn settle(
        &self,
        tx: &mut TenantTx<'_>,
        mut end: Approval,
        (actor, principal): (&'static str, &str),
    ) -> Result<Approval, ApprovalError> {
        if end.state == ApprovalState::Allowed && end.scope != Some(DecisionScope::Once) {
            let author = Author { principal: principal.to_owned(), actor: "approvals" };
            for rule in lasting(&end)? {
                end.made_rule = Some(self.policies.add(tx, &author, rule)?.id);
            }
        }
        if !store::decide(tx, &end)? {
            return Ok(store::by_id(tx, None, end.id)?);
        }
        let outcome = if end.state == ApprovalState::Allowed { Outcome::Allowed } else { Outcome::Denied };
        let action =
            if end.state == ApprovalState::Expired { "approval.expired" } else { "approval.decided" };
        let mut entry = audit::Entry::done(actor, principal, action).on(end.id.to_string());
        entry.outcome = outcome;
        entry.reason.clone_from(&end.reason);
        entry.detail.insert("digest".to_owned(), json!(end.digest_hex()));
        entry.detail.insert("scope".to_owned(), json!(end.scope.map(DecisionScope::as_str)));
        audit::append(tx, entry)?;
        if outbox::owe_decision(tx, end.id, now_ms())? {
            let bell = self.bell.clone();
            tx.on_commit(move || bell.ring());
        }
        let (decisions, notices, id) = (Arc::clone(&self.decisions), self.notices.clone(), end.id);
        let tenant = tx.tenant().clone();
        tx.on_commit(move || {
            decisions.send_modify(|count| *count += 1);
            if let Some(notices) = notices {
                notices.is_over(&tenant, SourceType::Approval, id);
            }
        });
        Ok(end)
    }

    /// Waits until somebody decided, or it is too late, or its turn has ended. Safe to drop and call again.
    ///
    /// # Errors
    /// [`ApprovalError::NotFound`], or what the store answers; nothing is approved then.
    pub async fn wait(&self, tenant: &TenantId, id: ApprovalId) -> Result<Approval, ApprovalError> {
        let mut decisions = self.decisions.subscribe();
        loop {
            let found =
                self.db.read(tenant, move |read| Ok::<_, ApprovalError>(store::by_id(read, None, id)?));
            let found = self.current(tenant, found.await?).await?;
            if found.state != ApprovalState::Pending {
                return Ok(found);
            }
            let left = u64::try_from(found.expires_ms.saturating_sub(now_ms())).unwrap_or(0);
            let nap = Duration::from_millis(left.saturating_add(1)).min(LOOK_EVERY);
            tokio::select! {
                told = decisions.changed() => if told.is_err() { tokio::time::sleep(nap).await },
                () = tokio::time::sleep(nap) => {}
            }
        }
    }

    /// Uses an approval for an action with this digest. Once.
    ///
    /// # Errors
    /// [`ApprovalError::NotApproved`] when it was not allowed, was used, or is about something else.
    pub async fn redeem(
        &self,
        tenant: &TenantId,
        id: ApprovalId,
        digest: [u8; 32],
    ) -> Result<(), ApprovalError> {
        let write = self.db.write(tenant, move |tx| {
            if !store::redeem(tx, id, &digest, now_ms())? {
                return Err(ApprovalError::NotApproved);
            }
            let entry = audit::Entry::done("turn", "system", "approval.used").on(id.to_string());
            Ok(audit::append(tx, entry)?)
        });
        write.await
    }

    /// Denies what nobody decided in time and what nobody waits for any more. How many there were.
    ///
    /// # Errors
    /// What the store answers; the rest is done the next time.
    pub async fn end_overdue(&self) -> Result<usize, ApprovalError> {
        let now_ms = now_ms();
        let overdue = self
            .db
            .read_system(move |read| Ok::<_, ApprovalError>(store::overdue(read, now_ms, OVERDUE_MAX)?));
        let overdue = overdue.await?;
        let count = overdue.len();
        for (tenant, id) in overdue {
            self.end_one(&tenant, id).await?;
        }
        Ok(count)
    }

    /// Forgets what was decided long ago. How many went.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn prune(&self) -> Result<usize, ApprovalError> {
        let before_ms = now_ms().saturating_sub(KEPT_MS);
        let write =
            self.db.write_system(move |tx| Ok::<_, ApprovalError>(store::prune(tx, before_ms, OVERDUE_MAX)?));
        write.await
    }

    pub(super) fn db(&self) -> &Db {
        &self.db
    }

    /// The question as it is now: one that is too late is ended first.
    pub(super) async fn current(
        &self,
        tenant: &TenantId,
        found: Approval,
    ) -> Result<Approval, ApprovalError> {
        if is_late(&found, now_ms()) { self.end_one(tenant, found.id).await } else { Ok(found) }
    }

    async fn end_one(&self, tenant: &TenantId, id: ApprovalId) -> Result<Approval, ApprovalError> {
        let desk = self.clone();
        let write = self.db.write(tenant, move |tx| {
            let found = store::by_id(tx, None, id)?;
            match ended(tx, &found)? {
                Some(ended) => desk.settle(tx, ended, ("housekeeper", "system")),
                None => Ok(found),
            }
        });
        write.await
    }
}

/// Keeps a question, or finds the one that its turn asked before.
fn keep(tx: &mut TenantTx<'_>, new: &Approval) -> Result<ApprovalId, ApprovalError> {
    if let Some(turn) = new.turn
        && let Some(found) = store::of_turn(tx, turn, &new.digest)?
    {
        return Ok(found.id);
    }
    if store::pending(tx)? >= APPROVALS_PENDING_MAX {
        return Err(ApprovalError::TooMany);
    }
    store::insert(tx, new)?;
    let mut entry =
        audit::Entry::done("approvals", new.source.as_str(), "approval.asked").on(new.id.to_string());
    entry.outcome = Outcome::Asked;
    entry.reason.clone_from(&new.why);
    entry.detail.insert("digest".to_owned(), json!(new.digest_hex()));
    let kinds: Vec<_> = new.actions.iter().map(Action::kind).collect();
    entry.detail.insert("actions".to_owned(), json!(kinds));
    audit::append(tx, entry)?;
    Ok(new.id)
}

pub(super) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}
