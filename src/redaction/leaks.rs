//! The record of what was found: which kind, where and how often; never a value.
//!
//! [`LeakLog::note`] is called from every egress of text and waits for nothing: records are kept in memory
//! and written in batches by the housekeeper, when the list is read, and when the daemon stops. A crash loses
//! at most the last seconds of the record, never a redaction. Equal records of one batch are one row with a count.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use uuid::Uuid;

use super::{Finding, store};
use crate::db::{Db, DbError};
use crate::protocol::ids::{TenantId, ThreadId};

/// Most rows between two writes; what is beyond is counted in a row of its own place and kind.
const ROWS_MAX: usize = 4_096;
/// How long records are kept: 90 days.
const KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1_000;
/// Rows deleted in one job, so that nobody waits long behind it.
const ROWS_PER_JOB: usize = 512;

/// Id of a record; ids sort by time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeakId(Uuid);

/// One record: this kind was found in this place so many times at about this time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leak {
    /// Its id.
    pub id: LeakId,
    /// When it was found first, in this batch.
    pub at_ms: i64,
    /// In what: `prompt`, `message`, `answer`, `thinking`, `tool`, `log`, `audit`, `export`, …
    pub place: Cow<'static, str>,
    /// The kind of a [`Finding`].
    pub kind: Cow<'static, str>,
    /// In which thread, if in one.
    pub thread: Option<ThreadId>,
    /// How many were taken out.
    pub count: u64,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    tenant: TenantId,
    place: &'static str,
    kind: Cow<'static, str>,
    thread: Option<ThreadId>,
}

#[derive(Clone, Copy)]
struct Tally {
    id: LeakId,
    at_ms: i64,
    count: u64,
}

type Tallies = BTreeMap<Key, Tally>;

/// See the module. A cheap clone.
#[derive(Clone)]
pub struct LeakLog {
    db: Db,
    /// Written by [`LeakLog::note`], emptied by [`LeakLog::flush`]; at most `ROWS_MAX` and one per place and kind.
    tallies: Arc<Mutex<Tallies>>,
    /// Who hears of each at once.
    hear: Arc<OnceLock<Hear>>,
}

/// Hears of a secret that was found: whose text, where, which kind, in which thread.
type Hear = Box<dyn Fn(&TenantId, &'static str, &str, Option<ThreadId>) + Send + Sync>;

// === impl LeakLog ===

impl LeakLog {
    /// An empty log over this store. Somebody has to flush it.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db, tallies: Arc::default(), hear: Arc::default() }
    }

    /// Says who hears of each leak at once: quick, and without waiting. The first one stays.
    pub fn tell(
        &self,
        hear: impl Fn(&TenantId, &'static str, &str, Option<ThreadId>) + Send + Sync + 'static,
    ) {
        // silent-ok: it is set once per start
        let _ = self.hear.set(Box::new(hear));
    }

    /// Notes what was found in a text. Waits for nothing and never fails.
    pub fn note(
        &self,
        tenant: &TenantId,
        place: &'static str,
        thread: Option<ThreadId>,
        findings: &[Finding],
    ) {
        if findings.is_empty() {
            return;
        }
        if let Some(hear) = self.hear.get() {
            findings.iter().for_each(|finding| hear(tenant, place, &finding.kind, thread));
        }
        let at_ms = jiff::Timestamp::now().as_millisecond();
        let mut tallies = self.tallies.lock();
        for finding in findings {
            let key = Key { tenant: tenant.clone(), place, kind: finding.kind.clone(), thread };
            add(&mut tallies, key, Tally { id: LeakId(Uuid::now_v7()), at_ms, count: 1 });
        }
    }

    /// Writes everything noted so far. What cannot be written is kept for the next time.
    ///
    /// # Errors
    /// The first that the store answers.
    pub async fn flush(&self) -> Result<(), DbError> {
        let tallies = std::mem::take(&mut *self.tallies.lock());
        let mut by_tenant: BTreeMap<TenantId, Vec<(Key, Tally)>> = BTreeMap::new();
        for (key, tally) in tallies {
            by_tenant.entry(key.tenant.clone()).or_default().push((key, tally));
        }
        let mut outcome = Ok(());
        for (tenant, rows) in by_tenant {
            let batch: Vec<Leak> = rows.iter().map(|(key, tally)| key.leak(*tally)).collect();
            let written = self
                .db
                .write(&tenant, move |tx| batch.iter().try_for_each(|leak| store::insert(tx, leak)))
                .await;
            if let Err(error) = written {
                let mut tallies = self.tallies.lock();
                rows.into_iter().for_each(|(key, tally)| add(&mut tallies, key, tally));
                outcome = outcome.and(Err(error));
            }
        }
        outcome
    }

    /// Records older than `after`, newest first, with those that were noted just now.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn list(
        &self,
        tenant: &TenantId,
        after: Option<LeakId>,
        limit: usize,
    ) -> Result<Vec<Leak>, DbError> {
        self.flush().await?;
        self.db.read(tenant, move |read| store::list(read, after, limit)).await
    }

    /// Deletes records that are older than 90 days at `now_ms`, in small jobs; how many went.
    ///
    /// # Errors
    /// What the store answers; what went before stays gone.
    pub async fn prune(&self, now_ms: i64) -> Result<usize, DbError> {
        let before_ms = now_ms.saturating_sub(KEPT_MS);
        let mut all = 0;
        loop {
            let went = self.db.write_system(move |tx| store::prune(tx, before_ms, ROWS_PER_JOB)).await?;
            all += went;
            if went < ROWS_PER_JOB {
                return Ok(all);
            }
        }
    }
}

fn add(tallies: &mut Tallies, mut key: Key, tally: Tally) {
    if tallies.len() >= ROWS_MAX && !tallies.contains_key(&key) {
        key.thread = None;
    }
    tallies.entry(key).and_modify(|sum| sum.count = sum.count.saturating_add(tally.count)).or_insert(tally);
}

// === impl Key ===

impl Key {
    fn leak(&self, tally: Tally) -> Leak {
        Leak {
            id: tally.id,
            at_ms: tally.at_ms,
            place: Cow::Borrowed(self.place),
            kind: self.kind.clone(),
            thread: self.thread,
            count: tally.count,
        }
    }
}

// === impl LeakId ===

impl LeakId {
    pub(super) const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    pub(super) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl fmt::Display for LeakId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for LeakId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self)
    }
}

#[cfg(test)]
mod tests;
