//! The store's mechanism: one SQLite file, one writer thread with group commit, several readers.
//!
//! Product modules keep their SQL in `x/store.rs` and reach it only through [`Db::write`] and
//! [`Db::read`]. The closure that they hand in gets a [`TenantTx`] or a [`TenantRead`], which
//! binds the tenant to `?1` of every statement and refuses a statement without it. No connection
//! and no rusqlite type leaves this folder.
//!
//! **Invariant:** a write's future resolves to `Ok` only after an fsync of the transaction that
//! holds it. **Invariant:** after a commit that failed with an I/O error nothing is retried: the
//! writer stops, and the next one checks the file before it takes work.

mod archive;
mod backup;
mod commit;
mod error;
mod fingerprint;
mod handle;
mod idempotency;
mod job;
mod migrations;
mod open;
mod queue;
mod readers;
mod run;
mod scope;
mod stats;
mod value;
mod writer;

pub use archive::Archive;
pub use error::{DbError, SqliteError};
pub use fingerprint::fingerprint;
pub use handle::Db;
pub use idempotency::{Repeat, look_up_key, prune_keys, remember_key};
pub use open::DbOptions;
pub use run::WriterRun;
pub use scope::{Read, Scope, System, SystemRead, SystemTx, Tenant, TenantRead, TenantTx, Tx};
pub use stats::{COMMIT_BUCKETS_US, DbStats};
pub use value::{FromValue, Row, ToValue, Value};

#[cfg(test)]
mod tests;
