//! The handle: where things are told, and what people do with notices.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use parking_lot::RwLock;
use tokio::sync::Notify;

use super::error::NotificationError;
use super::notice::{Happening, Notice, NoticeFilter, NoticeStatus, Source, SourceType};
use super::pending::Pending;
use super::push::Push;
use super::reading::Cursor;
use super::rule::{Rule, Way, may_be_wanted};
use super::sending::DeliverNotice;
use super::store;
use crate::db::Db;
use crate::protocol::ids::{NotificationId, TenantId, WorkspaceId};

/// Notices of a tenant; of more the oldest go.
pub const NOTICES_MAX: usize = 5_000;

/// What time it is, in Unix milliseconds.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Notifications {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) pending: Pending,
    /// Wakes whoever stores and sends. Keeps one wish that nobody waits for.
    pub(super) work: Notify,
    /// Wakes whoever sends, as well.
    pub(super) due: Notify,
    /// What is known of each tenant's rules, so that what nobody wants to know costs nothing.
    pub(super) rules: RwLock<HashMap<TenantId, Arc<[Rule]>>>,
    /// Set once, where pushes can be made.
    pub(super) push: OnceLock<Arc<Push>>,
    /// Set once, before anything is sent.
    pub(super) ways: RwLock<HashMap<Way, Arc<dyn DeliverNotice>>>,
}

// === impl Notifications ===

impl Notifications {
    /// The notices of this store. Somebody has to [`run`](Self::run) it, or to [`flush`](Self::flush).
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self::with_clock(db, Arc::new(|| Timestamp::now().as_millisecond()))
    }

    /// The same with another clock.
    #[must_use]
    pub fn with_clock(db: Db, clock: Clock) -> Self {
        let inner = Inner {
            db,
            clock,
            pending: Pending::default(),
            work: Notify::new(),
            due: Notify::new(),
            rules: RwLock::default(),
            push: OnceLock::new(),
            ways: RwLock::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Says how notices leave by this way. A later one takes the place of an earlier.
    pub fn deliver_by(&self, way: Way, deliverer: Arc<dyn DeliverNotice>) {
        self.inner.ways.write().insert(way, deliverer);
    }

    /// Tells that something happened. Waits for nothing, never fails, and takes a bounded amount of memory: the same
    /// thing is counted, and so is what does not fit.
    pub fn raise(&self, tenant: &TenantId, happening: Happening) {
        let known = self.inner.rules.read().get(tenant).cloned();
        if known.is_some_and(|rules| !may_be_wanted(&rules, &happening)) {
            return;
        }
        self.inner.pending.add(tenant, happening, self.now_ms());
        self.inner.work.notify_one();
    }

    /// Tells that something is over: a question is decided, a server is back. What was told of it is read then.
    pub fn is_over(&self, tenant: &TenantId, kind: SourceType, id: impl fmt::Display) {
        self.inner.pending.end(tenant, Source { kind, id: id.to_string() });
        self.inner.work.notify_one();
    }

    pub(super) fn now_ms(&self) -> i64 {
        (self.inner.clock)()
    }

    /// Different things that are told and not in the store yet.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.inner.pending.len()
    }

    // === The inbox ===

    /// Notices, the last first.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn list(
        &self,
        tenant: &TenantId,
        filter: NoticeFilter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<Notice>, NotificationError> {
        self.inner.db.read(tenant, move |read| Ok(store::list(read, &filter, after, limit)?)).await
    }

    /// One notice.
    ///
    /// # Errors
    /// [`NotificationError::NotFound`], or what the store answers.
    pub async fn get(&self, tenant: &TenantId, id: NotificationId) -> Result<Notice, NotificationError> {
        self.inner.db.read(tenant, move |read| Ok(store::by_id(read, id)?)).await
    }

    /// How many nobody has read: of a workspace, or all.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn unread(
        &self,
        tenant: &TenantId,
        workspace: Option<WorkspaceId>,
    ) -> Result<usize, NotificationError> {
        self.inner.db.read(tenant, move |read| Ok(store::unread(read, workspace)?)).await
    }

    /// Marks one as read, or as dismissed; one of another workspace is not there. What is dismissed stays so.
    ///
    /// # Errors
    /// [`NotificationError::NotFound`], [`NotificationError::Stale`], or what the store answers.
    pub async fn mark(
        &self,
        tenant: &TenantId,
        (id, within): (NotificationId, Option<WorkspaceId>),
        status: NoticeStatus,
        version: Option<i64>,
    ) -> Result<Notice, NotificationError> {
        let now_ms = self.now_ms();
        let write = self.inner.db.write(tenant, move |tx| {
            let mut found = store::by_id(tx, id)?;
            if within.is_some() && found.workspace != within {
                return Err(NotificationError::NotFound);
            }
            if version.is_some_and(|version| version != found.version) {
                return Err(NotificationError::Stale);
            }
            if found.status == status || found.status == NoticeStatus::Dismissed {
                return Ok(found);
            }
            found.read_ms =
                if status == NoticeStatus::Unread { None } else { found.read_ms.or(Some(now_ms)) };
            found.status = status;
            found.updated_ms = now_ms;
            found.version += 1;
            store::update(tx, &found)?;
            Ok(found)
        });
        write.await
    }

    /// Marks every unread one as read: of a workspace, or all. How many.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn read_all(
        &self,
        tenant: &TenantId,
        workspace: Option<WorkspaceId>,
    ) -> Result<usize, NotificationError> {
        let now_ms = self.now_ms();
        self.inner.db.write(tenant, move |tx| Ok(store::read_all(tx, workspace, now_ms)?)).await
    }
}
