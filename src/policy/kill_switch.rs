//! The kill switch: one per tenant, kept over restarts. Whoever starts work asks it first.
//!
//! It only remembers and tells. Stopping what runs is done by who engages it.

use std::fmt;
use std::sync::Arc;

use dashmap::DashMap;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::{oneshot, watch};

use super::desk::Author;
use super::error::PolicyError;
use super::store;
use crate::audit;
use crate::db::Db;
use crate::protocol::ids::TenantId;

/// Most characters of a reason.
pub const KILL_REASON_CHARS_MAX: usize = 500;

/// Who engaged a switch, and when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Engaged {
    /// `owner`, or the id of a member or a token.
    pub by: String,
    /// Why; may be empty.
    pub reason: String,
    /// When, in milliseconds since 1970.
    pub since_ms: i64,
}

/// The switches of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct KillSwitches {
    db: Db,
    engaged: Arc<DashMap<TenantId, Engaged>>,
    /// Counts changes, for those who wait for one.
    changes: Arc<watch::Sender<u64>>,
}

/// For whoever is refused: who, when, why, and what to do.
impl fmt::Display for Engaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = Timestamp::from_millisecond(self.since_ms).unwrap_or_default();
        write!(f, "the kill switch is engaged since {since:.0} by {}", self.by)?;
        if !self.reason.is_empty() {
            write!(f, " ({})", self.reason)?;
        }
        f.write_str("; `capuchin kill-switch off` releases it")
    }
}

// === impl KillSwitches ===

impl KillSwitches {
    /// The switches as this store has them.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn open(db: Db) -> Result<Self, PolicyError> {
        let found = db.read_system(|read| Ok::<_, PolicyError>(store::engaged(read)?)).await?;
        let (changes, _) = watch::channel(0);
        Ok(Self { db, engaged: Arc::new(found.into_iter().collect()), changes: Arc::new(changes) })
    }

    /// Whether nothing may be started for this tenant. From memory.
    #[must_use]
    pub fn is_engaged(&self, tenant: &TenantId) -> bool {
        self.engaged.contains_key(tenant)
    }

    /// Who engaged it.
    #[must_use]
    pub fn status(&self, tenant: &TenantId) -> Option<Engaged> {
        self.engaged.get(tenant).map(|engaged| engaged.clone())
    }

    /// All tenants whose switch is engaged: what a start has to hold.
    #[must_use]
    pub fn all(&self) -> Vec<(TenantId, Engaged)> {
        self.engaged.iter().map(|entry| (entry.key().clone(), entry.value().clone())).collect()
    }

    /// Waits until it is engaged, for work that must end then.
    pub async fn until_engaged(&self, tenant: &TenantId) -> Engaged {
        let mut changes = self.changes.subscribe();
        loop {
            if let Some(engaged) = self.status(tenant) {
                return engaged;
            }
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Engages it. Engaged already, it stays as it is.
    ///
    /// # Errors
    /// [`PolicyError::Field`] for the reason, or what the store answers.
    pub async fn engage(&self, tenant: &TenantId, by: Author, reason: &str) -> Result<Engaged, PolicyError> {
        let reason = reason.trim().to_owned();
        if reason.chars().count() > KILL_REASON_CHARS_MAX || reason.chars().any(char::is_control) {
            return Err(PolicyError::Field {
                field: "reason",
                why: "has at most 500 characters on one line",
            });
        }
        let (map, changes) = (Arc::clone(&self.engaged), Arc::clone(&self.changes));
        let (told, seen) = oneshot::channel();
        let write = self.db.write(tenant, move |tx| {
            if let Some(engaged) = store::switch_of(tx)? {
                return Ok(engaged);
            }
            let since_ms = Timestamp::now().as_millisecond();
            let engaged = Engaged { by: by.principal.clone(), reason, since_ms };
            store::engage(tx, &engaged)?;
            let mut entry = audit::Entry::done(by.actor, by.principal, "kill_switch.engaged");
            entry.reason.clone_from(&engaged.reason);
            audit::append(tx, entry)?;
            let (tenant, durable) = (tx.tenant().clone(), engaged.clone());
            tx.on_commit(move || {
                map.insert(tenant, durable);
                changes.send_modify(|count| *count += 1);
                drop(told);
            });
            Ok::<_, PolicyError>(engaged)
        });
        in_memory(write.await?, seen).await
    }

    /// Releases it. `false` when it was not engaged.
    ///
    /// # Errors
    /// What the store answers; then it is still engaged.
    pub async fn release(&self, tenant: &TenantId, by: Author) -> Result<bool, PolicyError> {
        let (map, changes) = (Arc::clone(&self.engaged), Arc::clone(&self.changes));
        let (told, seen) = oneshot::channel();
        let write = self.db.write(tenant, move |tx| {
            let Some(was) = store::switch_of(tx)? else { return Ok(false) };
            store::release(tx)?;
            let mut entry = audit::Entry::done(by.actor, by.principal, "kill_switch.released");
            entry.detail.insert("engaged_by".to_owned(), json!(was.by));
            audit::append(tx, entry)?;
            let tenant = tx.tenant().clone();
            tx.on_commit(move || {
                map.remove(&tenant);
                changes.send_modify(|count| *count += 1);
                drop(told);
            });
            Ok::<_, PolicyError>(true)
        });
        in_memory(write.await?, seen).await
    }
}

/// A commit is answered before its hooks run. Whoever is told that the switch is engaged must find it so.
async fn in_memory<T>(done: T, seen: oneshot::Receiver<()>) -> Result<T, PolicyError> {
    // silent-ok: the hook drops its end, and a job without a hook did so before
    let _ = seen.await;
    Ok(done)
}
