//! Facts in the database, found by SQLite's own index of words.

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::backend::{FactFilter, MemoryBackend};
use super::fact::FACTS_MAX;
use super::{Fact, FactScope, MemoryError, Note, store};
use crate::db::Db;
use crate::protocol::ids::{FactId, TenantId};

/// See the module. Facts go with their assistant, workspace or thread.
#[derive(Clone)]
pub struct SqliteMemory {
    db: Db,
}

impl SqliteMemory {
    /// The facts of this store.
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db }
    }
}

impl MemoryBackend for SqliteMemory {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn list(
        &self,
        tenant: &TenantId,
        filter: FactFilter,
    ) -> BoxFuture<'static, Result<Vec<Fact>, MemoryError>> {
        self.db.read(tenant, move |read| Ok(store::list(read, filter)?)).boxed()
    }

    fn search(
        &self,
        tenant: &TenantId,
        words: Vec<String>,
        filter: FactFilter,
    ) -> BoxFuture<'static, Result<Vec<Fact>, MemoryError>> {
        // Words have letters and digits only, so nothing in them means anything to FTS5 between quotes.
        let query: Vec<String> = words.iter().map(|word| format!("\"{word}\"*")).collect();
        let query = query.join(" OR ");
        if query.is_empty() {
            return async { Ok(Vec::new()) }.boxed();
        }
        self.db.read(tenant, move |read| Ok(store::search(read, &query, filter)?)).boxed()
    }

    fn get(&self, tenant: &TenantId, id: FactId) -> BoxFuture<'static, Result<Option<Fact>, MemoryError>> {
        self.db.read(tenant, move |read| Ok(store::by_id(read, id)?)).boxed()
    }

    fn find(
        &self,
        tenant: &TenantId,
        scope: FactScope,
        key: &str,
    ) -> BoxFuture<'static, Result<Option<Fact>, MemoryError>> {
        let key = key.to_owned();
        self.db.read(tenant, move |read| Ok(store::by_key(read, &scope, &key)?)).boxed()
    }

    fn put(
        &self,
        tenant: &TenantId,
        mut fact: Fact,
        was: Option<i64>,
        note: Note,
    ) -> BoxFuture<'static, Result<Fact, MemoryError>> {
        let write = self.db.write(tenant, move |tx| {
            // A fact that was forgotten and is put back goes on where its history ended.
            fact.version = store::versions::next(tx, fact.id)?.max(fact.version);
            match was {
                None if store::count(tx)? >= FACTS_MAX => return Err(MemoryError::TooMany),
                None => store::insert(tx, &fact)?,
                Some(was) if !store::update(tx, &fact, was)? => return Err(MemoryError::Stale),
                Some(_) => {}
            }
            store::versions::append(tx, fact.version, &fact, &note)?;
            Ok(fact)
        });
        write.boxed()
    }

    fn remove(
        &self,
        tenant: &TenantId,
        fact: Fact,
        note: Option<Note>,
    ) -> BoxFuture<'static, Result<(), MemoryError>> {
        let write = self.db.write(tenant, move |tx| {
            if !store::delete(tx, fact.id, fact.version)? {
                return Err(MemoryError::Stale);
            }
            if let Some(note) = note {
                let number = store::versions::next(tx, fact.id)?;
                store::versions::append(tx, number, &fact, &note)?;
            }
            Ok(())
        });
        write.boxed()
    }
}
