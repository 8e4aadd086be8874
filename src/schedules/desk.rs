//! The handle of schedules: made, changed, paused, removed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use jiff::Timestamp;
use tokio::sync::Notify;

use super::error::ScheduleError;
use super::making::{Maker, changed, current, make, remove, told};
use super::schedule::{NewSchedule, Schedule, ScheduleChange, ScheduleState};
use super::store;
use super::work::Work;
use crate::audit::{self, Entry};
use crate::db::{Db, DbError, TenantRead};
use crate::identity::{Made, Principal, RequestKey, once};
use crate::notifications::{Clock, Notifications};
use crate::policy::KillSwitches;
use crate::protocol::ids::{ScheduleId, TenantId};
use crate::protocol::turn::Provenance;
use crate::telemetry::Metrics;

/// Why a schedule has ended whose slots are over.
pub(super) const OVER: &str = "no slot follows";

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Schedules {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) db: Db,
    pub(super) switches: KillSwitches,
    pub(super) metrics: Metrics,
    pub(super) notices: Notifications,
    pub(super) clock: Clock,
    /// Wakes the scheduler.
    changed: Notify,
    /// Whether a run waits for the end of its work.
    pub(super) expects: AtomicBool,
    /// The latest time that was seen: a clock that shows less was set back.
    pub(super) seen_ms: AtomicI64,
}

// === impl Schedules ===

impl Schedules {
    /// The schedules of this store.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn open(
        db: Db,
        switches: KillSwitches,
        told: (Metrics, Notifications),
    ) -> Result<Self, ScheduleError> {
        Self::open_with_clock(db, switches, told, Arc::new(|| Timestamp::now().as_millisecond())).await
    }

    /// The same with another clock.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn open_with_clock(
        db: Db,
        switches: KillSwitches,
        (metrics, notices): (Metrics, Notifications),
        clock: Clock,
    ) -> Result<Self, ScheduleError> {
        let newest_ms = db.read_system(|read| Ok::<_, ScheduleError>(store::runs::newest_ms(read)?)).await?;
        let (changed, expects) = (Notify::new(), AtomicBool::new(true));
        let seen_ms = AtomicI64::new(newest_ms.unwrap_or(i64::MIN));
        Ok(Self {
            inner: Arc::new(Inner { db, switches, metrics, notices, clock, changed, expects, seen_ms }),
        })
    }

    /// Resolves once something may be due. A change between two calls counts for the second.
    pub async fn changed(&self) {
        self.inner.changed.notified().await;
    }

    pub(super) fn wake(&self) {
        self.inner.changed.notify_one();
    }

    /// A turn has ended, or waits for a person: whoever runs turns says so, and a run may follow.
    pub fn turn_changed(&self) {
        if self.inner.expects.load(Ordering::Acquire) {
            self.wake();
        }
    }

    /// What time it is, in milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        (self.inner.clock)()
    }

    /// Every schedule, in the order of their making.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn list(&self, tenant: &TenantId) -> Result<Vec<Schedule>, ScheduleError> {
        self.inner.db.read(tenant, |read| Ok::<_, ScheduleError>(store::all(read)?)).await
    }

    /// One schedule.
    ///
    /// # Errors
    /// [`ScheduleError::NotFound`], or what the store answers.
    pub async fn get(&self, tenant: &TenantId, id: ScheduleId) -> Result<Schedule, ScheduleError> {
        self.inner.db.read(tenant, move |read| Ok::<_, ScheduleError>(store::by_id(read, id)?)).await
    }

    /// Makes a schedule. It is active at once.
    ///
    /// # Errors
    /// [`ScheduleError`]; then nothing is stored.
    pub async fn create(
        &self,
        by: &Principal,
        new: NewSchedule,
        key: Option<RequestKey>,
    ) -> Result<Made<Schedule>, ScheduleError> {
        let now_ms = self.now_ms();
        let maker = Maker { source: by.source(), actor: "schedules", provenance: Provenance::Schedule };
        let write = self
            .inner
            .db
            .write(&by.tenant, move |tx| once(tx, key.as_ref(), now_ms, |tx| make(tx, &maker, new, now_ms)));
        let made = write.await?;
        self.wake();
        Ok(made)
    }

    /// Changes a schedule, if it still has this version where one is given. A run that goes on is left alone.
    ///
    /// # Errors
    /// [`ScheduleError`]; then nothing changed.
    pub async fn update(
        &self,
        by: &Principal,
        id: ScheduleId,
        version: Option<i64>,
        change: ScheduleChange,
    ) -> Result<Schedule, ScheduleError> {
        let (now_ms, changer) = (self.now_ms(), by.source());
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let found = current(store::by_id(tx, id)?, version)?;
            let changed = changed(tx, found, change, now_ms)?;
            store::update(tx, &changed)?;
            audit::append(tx, told(&changer, "schedules", "schedule.changed", &changed))?;
            Ok::<_, ScheduleError>(changed)
        });
        let changed = write.await?;
        self.wake();
        Ok(changed)
    }

    /// Removes a schedule with its ledger; its thread stays. The work of its runs that goes on, for whoever stops it.
    ///
    /// # Errors
    /// [`ScheduleError`]; then it is still there.
    pub async fn delete(
        &self,
        by: &Principal,
        id: ScheduleId,
        version: Option<i64>,
    ) -> Result<Vec<Work>, ScheduleError> {
        let deleter = by.source();
        let write =
            self.inner.db.write(&by.tenant, move |tx| remove(tx, (&deleter, "schedules"), id, version));
        let work = write.await?;
        self.wake();
        Ok(work)
    }

    /// Lets a schedule rest: its slots are skipped, and say so. A run that goes on is left alone.
    ///
    /// # Errors
    /// [`ScheduleError`]; then nothing changed.
    pub async fn pause(&self, by: &Principal, id: ScheduleId) -> Result<Schedule, ScheduleError> {
        self.turn_to(by, id, ScheduleState::Paused).await
    }

    /// Lets a schedule go on, also one that failed too often.
    ///
    /// # Errors
    /// [`ScheduleError`]; then nothing changed.
    pub async fn resume(&self, by: &Principal, id: ScheduleId) -> Result<Schedule, ScheduleError> {
        self.turn_to(by, id, ScheduleState::Active).await
    }

    async fn turn_to(
        &self,
        by: &Principal,
        id: ScheduleId,
        state: ScheduleState,
    ) -> Result<Schedule, ScheduleError> {
        let (now_ms, source) = (self.now_ms(), by.source());
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let found = store::by_id(tx, id)?;
            if found.state == state || found.state == ScheduleState::Ended {
                return Ok(found);
            }
            let (reason, errors, action) = match state {
                ScheduleState::Active => (String::new(), 0, "schedule.resumed"),
                _ => (format!("paused by {source}"), found.errors, "schedule.paused"),
            };
            let version = found.version + 1;
            let turned = Schedule { state, reason, errors, version, updated_ms: now_ms, ..found };
            store::update(tx, &turned)?;
            audit::append(tx, told(&source, "schedules", action, &turned))?;
            Ok::<_, ScheduleError>(turned)
        });
        let turned = write.await?;
        self.wake();
        Ok(turned)
    }

    /// Who holds all schedules of a tenant, and since when.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn held(&self, tenant: &TenantId) -> Result<Option<(String, i64)>, ScheduleError> {
        self.inner.db.read(tenant, |read| Ok::<_, ScheduleError>(store::hold(read)?)).await
    }

    /// Lets all schedules rest, over restarts too, or go on. What one of them is stays. Whether that changed anything.
    ///
    /// # Errors
    /// What the store answers; then nothing changed.
    pub async fn hold_all(&self, by: &Principal, hold: bool) -> Result<bool, ScheduleError> {
        let (now_ms, source) = (self.now_ms(), by.source());
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let (is_new, action) = match hold {
                true => (store::put_hold(tx, &source, now_ms)?, "schedule.all_paused"),
                false => (store::take_hold(tx)?, "schedule.all_resumed"),
            };
            if is_new {
                audit::append(tx, Entry::done("schedules", source.as_str(), action))?;
            }
            Ok::<_, ScheduleError>(is_new)
        });
        let is_new = write.await?;
        self.wake();
        Ok(is_new)
    }

    /// Whether there is a schedule with this id, as part of another write.
    ///
    /// # Errors
    /// What the store answers.
    pub fn is_there(read: &TenantRead<'_>, id: ScheduleId) -> Result<bool, DbError> {
        store::exists(read, id)
    }
}
