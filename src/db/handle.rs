//! `Db`: the handle that everybody holds.

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::watch;

use crate::extensions::Extensions;
use crate::protocol::ids::TenantId;
use crate::redaction::Redactor;

use super::error::DbError;
use super::job::WriteJob;
use super::open::{DbOptions, open_writer, prepare};
use super::queue::Queue;
use super::readers::Readers;
use super::run::WriterRun;
use super::scope::{Read, Scope, System, SystemRead, SystemTx, Tenant, TenantRead, TenantTx, Tx};
use super::stats::{Counters, DbStats};
#[cfg(test)]
use super::tests::faults::Faults;

/// The store. Cheap to clone; survives restarts of its writer.
#[derive(Clone)]
pub struct Db {
    shared: Arc<Shared>,
    pub(super) readers: Arc<Readers>,
}

/// What the handle and the writer's thread share.
pub(super) struct Shared {
    pub(super) path: PathBuf,
    pub(super) options: DbOptions,
    pub(super) queue: Queue,
    pub(super) counters: Counters,
    /// Whether the write-ahead log is to be emptied: it has what was deleted. Cleared by the writer when it did.
    pub(super) scrub: AtomicBool,
    /// Given at most once, or the built-in kinds from the first use on.
    redactor: OnceLock<Redactor>,
    /// Given at most once, or none from the first use on.
    plugs: OnceLock<Extensions>,
    /// The connection that opened and migrated the file, kept for the first writer.
    pub(super) opened: Mutex<Option<Connection>>,
    #[cfg(test)]
    pub(super) faults: Faults,
}

// === impl Db ===

impl Db {
    /// Opens the file, creates it where there is none, and migrates it. No writer runs yet. Blocks.
    ///
    /// # Errors
    /// [`DbError::Newer`] for a file of a newer version, which stays as it is; [`DbError::DiskFull`],
    /// [`DbError::File`], [`DbError::Io`] and [`DbError::Corrupt`] as the disk has it.
    pub fn open(path: impl AsRef<Path>, options: DbOptions) -> Result<Self, DbError> {
        let path = path.as_ref().to_owned();
        prepare(&path)?;
        let opened = Mutex::new(Some(open_writer(&path, &options)?));
        let readers = Arc::new(Readers::new(path.clone(), options.clone()));
        let shared = Arc::new(Shared {
            queue: Queue::new(options.queue_jobs_max),
            counters: Counters::default(),
            scrub: AtomicBool::default(),
            redactor: OnceLock::new(),
            plugs: OnceLock::new(),
            path,
            options,
            opened,
            #[cfg(test)]
            faults: Faults::default(),
        });
        Ok(Self { shared, readers })
    }

    /// Gives transactions the engine that also knows the values in the vault, before the writer starts.
    /// Without it they have one with the built-in kinds.
    #[must_use]
    pub fn redacting_with(self, redactor: Redactor) -> Self {
        self.shared.redactor.get_or_init(|| redactor);
        self
    }

    /// Gives transactions the plugs that hear what became durable ([`TenantTx::tell`]), before the writer starts.
    /// Without it nobody hears.
    #[must_use]
    pub fn telling(self, plugs: Extensions) -> Self {
        self.shared.plugs.get_or_init(|| plugs);
        self
    }

    /// Starts the writer. At most one runs at a time; a second waits for the first to drain.
    /// Blocks for some milliseconds, after a failure of the disk until the whole file is checked.
    ///
    /// # Errors
    /// [`DbError::Busy`] while another runs, else why the file cannot be written or trusted.
    pub fn start_writer(&self) -> Result<WriterRun, DbError> {
        WriterRun::start(&self.shared)
    }

    /// Queues a write of one tenant *now*, behind all writes queued before; the future is its durable
    /// commit. `work` runs on the writer's thread; its error, or its panic, rolls back its own changes
    /// only. Dropping the future does not take the write back.
    ///
    /// # Errors
    /// What `work` answers, or as a [`DbError`]: `Busy` (queue full), `Unavailable` (no writer),
    /// `DiskFull`, `Io`, `Panicked`.
    pub fn write<T, E, F>(
        &self,
        tenant: &TenantId,
        work: F,
    ) -> impl Future<Output = Result<T, E>> + Send + 'static + use<T, E, F>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut TenantTx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.queue(Tenant(tenant.clone()), work)
    }

    /// [`Db::write`] over all tenants.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub fn write_system<T, E, F>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<T, E>> + Send + 'static + use<T, E, F>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut SystemTx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.queue(System, work)
    }

    fn queue<S, T, E, F>(
        &self,
        scope: S,
        work: F,
    ) -> impl Future<Output = Result<T, E>> + Send + 'static + use<S, T, E, F>
    where
        S: Scope + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Tx<'_, S>) -> Result<T, E> + Send + 'static,
    {
        let (job, answer) = WriteJob::new(scope, work);
        let queued = self.shared.queue.push(Box::new(job));
        async move {
            queued?;
            answer.await.unwrap_or_else(|_| Err(DbError::Unavailable.into()))
        }
    }

    /// Reads rows of one tenant at one moment, on a thread where it may block.
    ///
    /// # Errors
    /// What `work` answers, or as a [`DbError`]: `Busy` (too many reads wait), `Timeout`, `Io`, `Panicked`.
    pub fn read<T, E, F>(
        &self,
        tenant: &TenantId,
        work: F,
    ) -> impl Future<Output = Result<T, E>> + Send + 'static + use<T, E, F>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&TenantRead<'_>) -> Result<T, E> + Send + 'static,
    {
        let scope = Tenant(tenant.clone());
        Arc::clone(&self.readers).run(move |conn| work(&Read::new(conn, scope)))
    }

    /// [`Db::read`] over all tenants.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub fn read_system<T, E, F>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<T, E>> + Send + 'static + use<T, E, F>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&SystemRead<'_>) -> Result<T, E> + Send + 'static,
    {
        Arc::clone(&self.readers).run(move |conn| work(&Read::new(conn, System)))
    }

    /// Has the write-ahead log emptied, in the next pause in which no reader holds it: what was deleted is in no file then.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn scrub(&self) -> Result<(), DbError> {
        self.shared.scrub.store(true, Ordering::Release);
        // Wakes the writer.
        self.write_system(|_| Ok::<_, DbError>(())).await
    }

    /// Jobs that wait for the writer.
    #[must_use]
    pub fn queue_depth(&self) -> usize {
        self.shared.queue.view().0
    }

    /// Changes with every commit that is durable: for those who follow what is stored.
    #[must_use]
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.shared.counters.commits.subscribe()
    }

    /// Figures for metrics. Looks at two file sizes.
    #[must_use]
    pub fn stats(&self) -> DbStats {
        let size = |suffix: &str| {
            let mut path = self.shared.path.clone().into_os_string();
            path.push(suffix);
            fs::metadata(path).map_or(0, |file| file.len())
        };
        let (queue_depth, writing) = self.shared.queue.view();
        let counters = self.shared.counters.snapshot();
        DbStats { db_bytes: size(""), wal_bytes: size("-wal"), queue_depth, writing, ..counters }
    }

    #[cfg(test)]
    pub(super) fn faults(&self) -> &Faults {
        &self.shared.faults
    }
}

impl Shared {
    /// The engine of every transaction.
    pub(super) fn redactor(&self) -> &Redactor {
        self.redactor.get_or_init(Redactor::new)
    }

    /// Who hears what became durable.
    pub(super) fn plugs(&self) -> &Extensions {
        self.plugs.get_or_init(Extensions::default)
    }
}
