//! The handle of the trail: reads it, and writes what has no transaction of its own.

use futures::FutureExt;

use super::chain::{Head, Record};
use super::entry::Entry;
use super::{append, store};
use crate::db::{Db, DbError};
use crate::protocol::ids::TenantId;

/// Which entries are wanted. `None` is all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// This action, and those below it: `sign_in` is also `sign_in.failed`.
    pub action: Option<String>,
    /// On this one's behalf.
    pub principal: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
    /// At this time or later, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// Before this time.
    pub until_ms: Option<i64>,
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Audit {
    pub(super) db: Db,
}

// === impl Audit ===

impl Audit {
    /// A handle on this store.
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db }
    }

    /// Appends an entry in a transaction of its own. What changes something appends in its own instead.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn record(&self, tenant: &TenantId, entry: Entry) -> Result<(), DbError> {
        self.db.write(tenant, move |tx| append(tx, entry)).await
    }

    /// Queues an entry and waits for nothing, for callers that must not block. What is lost is in the log.
    pub fn note(&self, tenant: &TenantId, entry: Entry) {
        let action = entry.action;
        let write = self.db.write(tenant, move |tx| {
            append(tx, entry).inspect_err(|error| tracing::error!(notice = "capuchin.audit.not_written", %error, action, "an audit entry is lost"))
        });
        // The first look tells whether the queue took it; the rest happens on the writer's thread.
        if let Some(Err(error)) = write.now_or_never() {
            tracing::error!(notice = "capuchin.audit.not_written", %error, action, "an audit entry is lost");
        }
    }

    /// Up to `limit` entries before this place, newest first.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn newest(
        &self,
        tenant: &TenantId,
        filter: Filter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Record>, DbError> {
        self.db.read(tenant, move |read| store::newest_first(read, &filter, before, limit)).await
    }

    /// Up to `limit` entries after this place, oldest first; 0 begins.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn oldest(
        &self,
        tenant: &TenantId,
        filter: Filter,
        after: i64,
        limit: usize,
    ) -> Result<Vec<Record>, DbError> {
        self.db.read(tenant, move |read| store::oldest_first(read, &filter, after, limit)).await
    }

    /// The end of the chain; `None` before the first entry.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn head(&self, tenant: &TenantId) -> Result<Option<Head>, DbError> {
        self.db.read(tenant, store::head).await
    }

    /// Whether an entry with this hash is at this place.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn holds(&self, tenant: &TenantId, head: Head) -> Result<bool, DbError> {
        let found = self.db.read(tenant, move |read| store::hash_at(read, head.seq)).await?;
        Ok(found == Some(head.hash))
    }
}
