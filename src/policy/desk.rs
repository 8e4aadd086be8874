//! The handle of policies: read often and from memory, changed seldom and by people.

use std::sync::Arc;

use dashmap::DashMap;
use jiff::Timestamp;
use serde_json::json;

use super::document::Policy;
use super::error::PolicyError;
use super::judge::{Ask, Verdict, judge};
use super::mode::{ApprovalMode, Autonomy};
use super::rule::{Effect, NewRule, RULES_MAX, Rule};
use super::store;
use crate::audit;
use crate::db::{Db, DbError, TenantTx};
use crate::protocol::ids::{RuleId, TenantId};

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Policies {
    db: Db,
    known: Arc<DashMap<TenantId, Known>>,
}

/// What this process knows of a tenant's policy.
#[derive(Default)]
struct Known {
    /// As it was read last.
    policy: Option<Arc<Policy>>,
    /// The version that the last change made or tried to make. An older one in memory is not used: a
    /// change holds from the moment at which its maker hears that it is durable.
    at_least: i64,
}

/// Who changes a policy: a person, or a program with the scope `admin`. Never an assistant: no action of
/// theirs reaches this handle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Author {
    /// `owner`, or the id of a member or a token.
    pub principal: String,
    /// Which part of the daemon it came through: `http`, `approvals`.
    pub actor: &'static str,
}

/// What changes of the settings. `None` stays as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PolicyChange {
    /// When a person is asked.
    pub approvals: Option<ApprovalMode>,
    /// How far any assistant may go.
    pub autonomy_max: Option<Autonomy>,
}

// === impl Author ===

impl Author {
    /// Somebody at the console.
    #[must_use]
    pub fn at_console(principal: String) -> Self {
        Self { principal, actor: "http" }
    }
}

// === impl Policies ===

impl Policies {
    /// A handle on this store.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db, known: Arc::default() }
    }

    /// The policy of a tenant.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn current(&self, tenant: &TenantId) -> Result<Arc<Policy>, PolicyError> {
        if let Some(policy) = self.known.get(tenant).and_then(|known| known.current()) {
            return Ok(policy);
        }
        let read = self.db.read(tenant, |read| Ok::<_, PolicyError>(store::policy(read)?)).await?;
        Ok(self.known.entry(tenant.clone()).or_default().keep(Arc::new(read)))
    }

    /// What becomes of an action. A policy that cannot be read denies.
    pub async fn judge(&self, tenant: &TenantId, ask: &Ask) -> Verdict {
        match self.current(tenant).await {
            Ok(policy) => judge(&policy, ask, now_ms()),
            Err(error) => {
                tracing::error!(%error, "the policy cannot be read, so everything is denied");
                let reason = "the policy cannot be read; the daemon's log says why".to_owned();
                Verdict { effect: Effect::Deny, rule: None, reason }
            }
        }
    }

    /// Changes the settings of a policy that still has this version.
    ///
    /// # Errors
    /// [`PolicyError::Stale`], or what the store answers; then nothing changed.
    pub async fn change(
        &self,
        tenant: &TenantId,
        by: Author,
        version: i64,
        change: PolicyChange,
    ) -> Result<Arc<Policy>, PolicyError> {
        let desk = self.clone();
        let write = self.db.write(tenant, move |tx| {
            desk.edit(tx, &by, ("policy.changed", String::new()), Some(version), |_, policy| {
                policy.approvals = change.approvals.unwrap_or(policy.approvals);
                policy.autonomy_max = change.autonomy_max.unwrap_or(policy.autonomy_max);
                Ok(())
            })
        });
        write.await.map(|(policy, ())| policy)
    }

    /// Makes a rule as part of a larger transaction.
    ///
    /// # Errors
    /// [`PolicyError`]; then the transaction must not be committed.
    pub fn add(&self, tx: &mut TenantTx<'_>, by: &Author, new: NewRule) -> Result<Rule, PolicyError> {
        let rule = new.into_rule(RuleId::new(), &by.principal, now_ms())?;
        let (_, rule) =
            self.edit(tx, by, ("policy.rule_added", rule.id.to_string()), None, |tx, policy| {
                if policy.rules.len() >= RULES_MAX {
                    return Err(PolicyError::TooMany);
                }
                store::put_rule(tx, &rule)?;
                policy.rules.push(rule.clone());
                Ok(rule)
            })?;
        Ok(rule)
    }

    /// Puts another rule in the place of one. Its origin becomes a person's.
    ///
    /// # Errors
    /// [`PolicyError`]; then nothing changed.
    pub async fn replace_rule(
        &self,
        tenant: &TenantId,
        by: Author,
        version: i64,
        id: RuleId,
        new: NewRule,
    ) -> Result<(Arc<Policy>, Rule), PolicyError> {
        let rule = new.into_rule(id, &by.principal, now_ms())?;
        let desk = self.clone();
        let write = self.db.write(tenant, move |tx| {
            desk.edit(tx, &by, ("policy.rule_changed", id.to_string()), Some(version), |tx, policy| {
                let place = policy.rules.iter_mut().find(|found| found.id == id);
                let place = place.ok_or(PolicyError::NotFound)?;
                store::put_rule(tx, &rule)?;
                place.clone_from(&rule);
                Ok(rule)
            })
        });
        write.await
    }

    /// Removes a rule.
    ///
    /// # Errors
    /// [`PolicyError`]; then it is still there.
    pub async fn remove_rule(
        &self,
        tenant: &TenantId,
        by: Author,
        version: Option<i64>,
        id: RuleId,
    ) -> Result<(), PolicyError> {
        let desk = self.clone();
        let write = self.db.write(tenant, move |tx| {
            desk.edit(tx, &by, ("policy.rule_removed", id.to_string()), version, |tx, policy| {
                let before = policy.rules.len();
                policy.rules.retain(|rule| rule.id != id);
                if policy.rules.len() == before {
                    return Err(PolicyError::NotFound);
                }
                Ok(store::delete_rule(tx, id)?)
            })
        });
        write.await.map(|_| ())
    }

    /// One change: read, edited, written with its version and its entry in the audit trail.
    fn edit<T>(
        &self,
        tx: &mut TenantTx<'_>,
        by: &Author,
        (action, target): (&'static str, String),
        version: Option<i64>,
        edit: impl FnOnce(&mut TenantTx<'_>, &mut Policy) -> Result<T, PolicyError>,
    ) -> Result<(Arc<Policy>, T), PolicyError> {
        let mut policy = store::policy(tx)?;
        if version.is_some_and(|version| version != policy.version) {
            return Err(PolicyError::Stale);
        }
        let before = policy.hash();
        let made = edit(tx, &mut policy)?;
        policy.version += 1;
        store::save(tx, &policy, &by.principal, now_ms())?;
        let mut entry = audit::Entry::done(by.actor, by.principal.as_str(), action).on(target);
        entry.detail.insert("before".to_owned(), json!(before));
        entry.detail.insert("after".to_owned(), json!(policy.hash()));
        entry.detail.insert("version".to_owned(), json!(policy.version));
        audit::append(tx, entry).map_err(|error: DbError| PolicyError::from(error))?;
        // Before the commit, whose maker hears of it before any hook runs.
        let mut known = self.known.entry(tx.tenant().clone()).or_default();
        known.at_least = known.at_least.max(policy.version);
        Ok((Arc::new(policy), made))
    }
}

// === impl Known ===

impl Known {
    fn current(&self) -> Option<Arc<Policy>> {
        self.policy.as_ref().filter(|policy| policy.version >= self.at_least).map(Arc::clone)
    }

    /// Keeps what was read, unless a newer one was read meanwhile, and answers the newer one.
    fn keep(&mut self, read: Arc<Policy>) -> Arc<Policy> {
        match &self.policy {
            Some(known) if known.version > read.version => Arc::clone(known),
            _ => Arc::clone(self.policy.insert(read)),
        }
    }
}

fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}
