//! An index over things in memory, with the real change table.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::db::{Db, DbError, DbOptions, WriterRun};
use crate::protocol::ids::TenantId;
use crate::search::{Document, Found, Indexer, Key, Query, RawId, Search, SearchError, Source, SourceError};

/// Things by tenant; where somebody talks without a pause, the store that they talk into.
#[derive(Default)]
pub(super) struct Things(Mutex<BTreeMap<(TenantId, RawId), Document>>, Mutex<Option<Db>>);

pub(super) struct World {
    pub(super) db: Db,
    pub(super) things: Arc<Things>,
    pub(super) search: Search,
    pub(super) folder: tempfile::TempDir,
    _writer: WriterRun,
}

pub(super) fn home() -> TenantId {
    TenantId::home()
}

pub(super) fn id(n: u8) -> RawId {
    let mut id = [0; 16];
    id[0] = n;
    id[15] = n;
    id
}

/// A message of thread 200.
pub(super) fn said(n: u8, text: &str) -> Document {
    Document {
        key: Key { kind: "message", id: id(n) },
        group: Some(id(200)),
        scope: Some(id(100)),
        owner: "*".to_owned(),
        role: "user".to_owned(),
        author: String::new(),
        text: text.to_owned(),
        at_ms: i64::from(n) * 1_000,
        locator: String::new(),
    }
}

pub(super) fn ask(text: &str) -> Query {
    Query { text: text.to_owned(), limit: 10, ..Query::default() }
}

impl Things {
    /// Without a note of the change.
    pub(super) fn keep(&self, tenant: &TenantId, document: Document) {
        self.0.lock().insert((tenant.clone(), document.key.id), document);
    }

    /// From now on, whenever things are read there is one more change.
    pub(super) fn talk(&self, db: Db) {
        *self.1.lock() = Some(db);
    }

    pub(super) fn clear(&self, tenant: &TenantId) {
        self.0.lock().retain(|(of, _), _| of != tenant);
    }
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path().join("test.db"), DbOptions::default()).unwrap();
        let writer = db.start_writer().unwrap();
        let search = Search::new(folder.path().join("search"));
        Self { db, things: Arc::default(), search, folder, _writer: writer }
    }

    pub(super) fn indexes(&self) -> std::path::PathBuf {
        self.folder.path().join("search").join("home")
    }

    /// Puts a thing, and notes the change as a trigger does.
    pub(super) async fn put(&self, tenant: &TenantId, document: Document) {
        let (kind, id) = (document.key.kind, document.key.id);
        self.things.0.lock().insert((tenant.clone(), id), document);
        self.changed(tenant, kind, id).await;
    }

    pub(super) async fn say(&self, n: u8, text: &str) {
        self.put(&home(), said(n, text)).await;
    }

    pub(super) async fn remove(&self, tenant: &TenantId, n: u8) {
        self.things.0.lock().remove(&(tenant.clone(), id(n)));
        self.changed(tenant, "message", id(n)).await;
    }

    pub(super) async fn changed(&self, tenant: &TenantId, kind: &'static str, id: RawId) {
        note(&self.db, tenant, kind, id).await;
    }

    /// Starts a life of the indexer; it ends with the guard.
    pub(super) fn live(&self) -> Life {
        self.live_with(&self.search)
    }

    pub(super) fn live_with(&self, search: &Search) -> Life {
        let stop = CancellationToken::new();
        let indexer = Indexer::new(search.clone(), self.db.clone(), Arc::<Things>::clone(&self.things));
        let run = tokio::spawn(indexer.run(stop.clone()));
        Life { stop, run: Some(run) }
    }

    pub(super) async fn find(&self, query: Query) -> Found {
        self.search.find(&home(), query).await.unwrap()
    }

    /// The numbers of what is found, in order.
    pub(super) async fn found(&self, query: Query) -> Vec<u8> {
        self.find(query).await.hits.iter().map(|hit| hit.id[0]).collect()
    }

    pub(super) async fn numbers(&self, text: &str) -> Vec<u8> {
        self.found(ask(text)).await
    }

    /// Waits until the index holds so many things and every change.
    pub(super) async fn settled(&self, documents: u64) {
        settled(&self.search, &self.db, documents).await;
    }
}

async fn note(db: &Db, tenant: &TenantId, kind: &'static str, id: RawId) {
    let noted = db.write(tenant, move |tx| {
        tx.execute("INSERT INTO search_changes (tenant, kind, id) VALUES (?1, ?2, ?3)", &[&kind, &id])
    });
    let _: Result<usize, DbError> = noted.await;
}

/// Waits until an index holds so many things and every change.
pub(super) async fn settled(search: &Search, db: &Db, documents: u64) {
    let wait = async {
        loop {
            let last = db.read(&home(), |read| {
                read.query_one(
                    "SELECT coalesce(max(n), 0) FROM search_changes WHERE tenant = ?1",
                    &[],
                    |row| row.get::<i64>(0),
                )
            });
            let last: Result<i64, DbError> = last.await;
            let status = search.status(&home());
            if status.state.as_str() == "ready"
                && status.change == last.unwrap()
                && status.documents == documents
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let done = tokio::time::timeout(Duration::from_secs(60), wait).await;
    assert!(done.is_ok(), "{:?}", search.status(&home()));
}

pub(super) struct Life {
    stop: CancellationToken,
    run: Option<tokio::task::JoinHandle<()>>,
}

impl Life {
    pub(super) async fn end(mut self) {
        self.stop.cancel();
        self.run.take().unwrap().await.unwrap();
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        // As a kill: nothing is committed any more.
        if let Some(run) = &self.run {
            run.abort();
        }
    }
}

/// Everything that an index holds, whatever it says.
pub(super) fn folders(at: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(at) else { return Vec::new() };
    let folders = entries.filter_map(Result::ok).filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

pub(super) fn is_building(error: &SearchError) -> bool {
    matches!(error, SearchError::Building)
}

impl Source for Things {
    fn tenants(&self) -> BoxFuture<'_, Result<Vec<TenantId>, SourceError>> {
        let mut all: Vec<TenantId> = self.0.lock().keys().map(|(tenant, _)| tenant.clone()).collect();
        all.push(home());
        all.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        all.dedup();
        async move { Ok(all) }.boxed()
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["message"]
    }

    fn group_kind(&self) -> &'static str {
        "thread"
    }

    fn documents<'a>(
        &'a self,
        tenant: &'a TenantId,
        keys: Vec<Key>,
    ) -> BoxFuture<'a, Result<Vec<Document>, SourceError>> {
        let all = self.0.lock();
        let found = keys.iter().filter_map(|key| all.get(&(tenant.clone(), key.id)).cloned()).collect();
        let (talks, last) = (self.1.lock().clone(), keys.last().copied());
        async move {
            if let Some((db, key)) = talks.zip(last) {
                note(&db, tenant, key.kind, key.id).await;
            }
            Ok(found)
        }
        .boxed()
    }

    fn group<'a>(
        &'a self,
        tenant: &'a TenantId,
        group: RawId,
        after: Option<RawId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Document>, SourceError>> {
        let all = self.0.lock();
        let own = all.iter().filter(|((of, id), document)| {
            of == tenant && document.group == Some(group) && after.is_none_or(|after| *id > after)
        });
        let found = own.map(|(_, document)| document.clone()).take(limit).collect();
        async move { Ok(found) }.boxed()
    }

    fn page<'a>(
        &'a self,
        tenant: &'a TenantId,
        _kind: &'static str,
        after: Option<RawId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Document>, SourceError>> {
        let all = self.0.lock();
        let own = all.iter().filter(|((of, id), _)| of == tenant && after.is_none_or(|after| *id > after));
        let found = own.map(|(_, document)| document.clone()).take(limit).collect();
        async move { Ok(found) }.boxed()
    }

    fn watched_kinds(&self) -> &'static [&'static str] {
        &[]
    }

    fn watched<'a>(
        &'a self,
        _: &'a TenantId,
        _: &'static str,
    ) -> BoxFuture<'a, Result<Vec<(String, Document)>, SourceError>> {
        async move { Ok(Vec::new()) }.boxed()
    }
}
