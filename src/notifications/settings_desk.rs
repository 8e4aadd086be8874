//! Rules and settings: what people change of how they are told. Every change is in the audit trail: whoever mutes an
//! alarm is known.

use std::sync::Arc;

use super::desk::Notifications;
use super::error::NotificationError;
use super::rule::{NewRule, RULES_MAX, Rule, RuleChange};
use super::settings::{NoticeSettings, SettingsChange};
use super::store::{rules, settings};
use crate::audit::{self, Entry};
use crate::db::{DbError, TenantTx};
use crate::identity::{Made, Principal, RequestKey, once};
use crate::protocol::ids::{NotificationRuleId, TenantId, WorkspaceId};

impl Notifications {
    /// Rules in the order of their making: of one workspace, those for everything (`Some(None)`), or all.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn rules(
        &self,
        tenant: &TenantId,
        of: Option<Option<WorkspaceId>>,
    ) -> Result<Vec<Rule>, NotificationError> {
        let mut all =
            self.inner.db.read(tenant, |read| Ok::<_, NotificationError>(rules::all(read)?)).await?;
        all.retain(|rule| of.is_none_or(|of| rule.workspace == of));
        Ok(all)
    }

    /// One rule.
    ///
    /// # Errors
    /// [`NotificationError::NotFound`], or what the store answers.
    pub async fn rule(&self, tenant: &TenantId, id: NotificationRuleId) -> Result<Rule, NotificationError> {
        self.inner.db.read(tenant, move |read| Ok(rules::by_id(read, id)?)).await
    }

    /// Makes a rule.
    ///
    /// # Errors
    /// [`NotificationError`]; then there is none.
    pub async fn create_rule(
        &self,
        by: &Principal,
        new: NewRule,
        key: Option<RequestKey>,
    ) -> Result<Made<Rule>, NotificationError> {
        let (now_ms, source) = (self.now_ms(), by.source());
        let (rule, desk) = (new.into_rule(now_ms)?, self.clone());
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let made = once(tx, key.as_ref(), now_ms, |tx| {
                if rules::all(tx)?.len() >= RULES_MAX {
                    return Err(NotificationError::TooMany(RULES_MAX));
                }
                if rule.workspace.is_some_and(|id| !rules::workspace_exists(tx, id).unwrap_or(false)) {
                    return Err(NotificationError::field("workspace_id", "names no workspace"));
                }
                rules::insert(tx, &rule).map_err(taken)?;
                desk.forget_rules(tx);
                tell(tx, &source, "notification_rule.created", &rule)?;
                Ok(rule.id)
            })?;
            Ok::<_, NotificationError>(Made { thing: rules::by_id(tx, made.thing)?, repeated: made.repeated })
        });
        write.await
    }

    /// Changes a rule, if it still has this version where one is given; `within` as in [`Self::mark`].
    ///
    /// # Errors
    /// [`NotificationError`]; then nothing changed.
    pub async fn update_rule(
        &self,
        by: &Principal,
        (id, within): (NotificationRuleId, Option<WorkspaceId>),
        version: Option<i64>,
        change: RuleChange,
    ) -> Result<Rule, NotificationError> {
        let (now_ms, source, desk) = (self.now_ms(), by.source(), self.clone());
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let found = current(rules::by_id(tx, id)?, within, version)?;
            let changed = change.apply(found, now_ms)?;
            rules::update(tx, &changed).map_err(taken)?;
            desk.forget_rules(tx);
            tell(tx, &source, "notification_rule.changed", &changed)?;
            Ok::<_, NotificationError>(changed)
        });
        write.await
    }

    /// Removes a rule.
    ///
    /// # Errors
    /// [`NotificationError`]; then it is still there.
    pub async fn delete_rule(
        &self,
        by: &Principal,
        (id, within): (NotificationRuleId, Option<WorkspaceId>),
        version: Option<i64>,
    ) -> Result<(), NotificationError> {
        let (source, desk) = (by.source(), self.clone());
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let found = current(rules::by_id(tx, id)?, within, version)?;
            rules::delete(tx, id)?;
            desk.forget_rules(tx);
            tell(tx, &source, "notification_rule.deleted", &found)?;
            Ok::<_, NotificationError>(())
        });
        write.await
    }

    /// Quiet hours, away and digest.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn settings(&self, tenant: &TenantId) -> Result<NoticeSettings, NotificationError> {
        self.inner.db.read(tenant, |read| Ok(settings::of(read)?)).await
    }

    /// Changes them, if they still have this version where one is given.
    ///
    /// # Errors
    /// [`NotificationError`]; then nothing changed.
    pub async fn change_settings(
        &self,
        by: &Principal,
        version: Option<i64>,
        change: SettingsChange,
    ) -> Result<NoticeSettings, NotificationError> {
        let (now_ms, source) = (self.now_ms(), by.source());
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let found = settings::of(tx)?;
            if version.is_some_and(|version| version != found.version) {
                return Err(NotificationError::Stale);
            }
            let changed = change.apply(found, now_ms)?;
            settings::put(tx, &changed, now_ms)?;
            let mut entry = Entry::done("notifications", source.as_str(), "notification_settings.changed");
            entry = entry.with("zone", changed.zone.as_str()).with("away_until_ms", changed.away_until_ms);
            if let Some((from, until)) = changed.quiet.map(super::settings::Quiet::words) {
                entry = entry.with("quiet_from", from).with("quiet_until", until);
            }
            audit::append(tx, entry)?;
            Ok(changed)
        });
        let changed = write.await?;
        self.inner.work.notify_one();
        Ok(changed)
    }

    /// Remembers the rules that this transaction sees. Hooks run in the order of the writes, so that no earlier list
    /// takes the place of a later one.
    pub(super) fn know_rules(&self, tx: &mut TenantTx<'_>, rules: Arc<[Rule]>) {
        let (desk, tenant) = (self.clone(), tx.tenant().clone());
        tx.on_commit(move || drop(desk.inner.rules.write().insert(tenant, rules)));
    }

    fn forget_rules(&self, tx: &mut TenantTx<'_>) {
        let (desk, tenant) = (self.clone(), tx.tenant().clone());
        tx.on_commit(move || drop(desk.inner.rules.write().remove(&tenant)));
    }
}

fn current(
    found: Rule,
    within: Option<WorkspaceId>,
    version: Option<i64>,
) -> Result<Rule, NotificationError> {
    if within.is_some() && found.workspace != within {
        return Err(NotificationError::NotFound);
    }
    if version.is_some_and(|version| version != found.version) {
        return Err(NotificationError::Stale);
    }
    Ok(found)
}

fn taken(error: DbError) -> NotificationError {
    match error {
        DbError::Duplicate(_) => NotificationError::Taken,
        other => other.into(),
    }
}

fn tell(
    tx: &mut TenantTx<'_>,
    source: &str,
    action: &'static str,
    rule: &Rule,
) -> Result<(), NotificationError> {
    let entry = Entry::done("notifications", source, action)
        .on(rule.id.to_string())
        .with("pattern", rule.pattern.as_str())
        .with("severity", rule.severity.as_str())
        .with("delivery", rule.delivery.as_str())
        .with("enabled", rule.enabled);
    Ok(audit::append(tx, entry)?)
}
