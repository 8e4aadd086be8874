//! Keeps the indexes in step with what is stored. A supervised child: [`Indexer::run`] is its life.
//!
//! It wakes with every commit of the store, waits a moment for more, and commits what changed. What fails is logged once
//! and tried again; the daemon does without search meanwhile. After a crash nothing is asked of it: the index says what
//! it holds.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::catalog::{Search, SearchState};
use super::document::{Document, Key, RawId};
use super::error::SearchError;
use super::live::{Live, Mark};
use super::sets::Sets;
use super::source::Source;
use super::store::{self, Change};
use super::work::{blocking, drop_writer, open_writer, put_all, unreadable, write};
use super::writing::Writing;
use crate::db::Db;
use crate::protocol::ids::TenantId;

/// How long more changes are waited for after the first.
const GATHER: Duration = Duration::from_millis(60);
/// Least time between two commits of an index: each costs the disk some milliseconds.
const COMMIT_EVERY: Duration = Duration::from_millis(250);
/// Changes of one commit.
const CHANGES_MAX: usize = 2_000;
/// Things that are read at a time.
const PAGE: usize = 500;
/// Things of one commit while an index is made.
const BUILD_COMMIT: usize = 20_000;
/// How often things without a change table are looked at, and everything that failed is tried again.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How long a writer is kept that nobody needs: it holds memory.
const WRITER_IDLE: Duration = Duration::from_secs(20);
/// Changes that are in the index before their rows are deleted.
const PRUNE_FROM: i64 = 1_000;

/// See the module.
pub struct Indexer {
    search: Search,
    db: Db,
    source: Arc<dyn Source>,
    tenants: HashMap<TenantId, Tenant>,
}

/// What the indexer knows of one tenant's index.
#[derive(Default)]
struct Tenant {
    writing: Option<Writing>,
    used: Option<Instant>,
    mark: Mark,
    pruned: i64,
    watched: HashMap<&'static str, HashMap<RawId, String>>,
    failing: bool,
    looked: Option<Instant>,
    sets: Sets,
}

// === impl Indexer ===

impl Indexer {
    /// One life of the indexer.
    #[must_use]
    pub fn new(search: Search, db: Db, source: Arc<dyn Source>) -> Self {
        Self { search, db, source, tenants: HashMap::new() }
    }

    /// Runs until told to stop; then what is indexed is committed.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut commits = self.db.commits();
        loop {
            commits.mark_unchanged();
            let began = Instant::now();
            if stop.run_until_cancelled(self.tend_all(&stop)).await.is_none() {
                break;
            }
            let idle = tokio::time::sleep_until(began + LOOK_EVERY);
            tokio::select! {
                () = stop.cancelled() => break,
                Ok(()) = commits.changed() => {
                    let next = (began + COMMIT_EVERY).max(Instant::now() + GATHER);
                    tokio::time::sleep_until(next).await;
                }
                () = self.search.wanted() => {}
                () = idle => {}
            }
        }
        for writing in self.tenants.into_values().filter_map(|tenant| tenant.writing) {
            // silent-ok: the thread ends by itself, what is merged half is merged again
            let _ = tokio::task::spawn_blocking(move || writing.close()).await;
        }
    }

    async fn tend_all(&mut self, stop: &CancellationToken) {
        let tenants = match self.source.tenants().await {
            Ok(tenants) => tenants,
            Err(error) => {
                tracing::warn!(%error, "the index is behind");
                return;
            }
        };
        for tenant in tenants {
            let mut known = self.tenants.remove(&tenant).unwrap_or_default();
            let outcome = self.tend(&tenant, &mut known, stop).await;
            self.note(&tenant, &mut known, outcome).await;
            self.tenants.insert(tenant, known);
        }
    }

    /// Says how it went: once when it begins to fail, once when it works again.
    async fn note(&self, tenant: &TenantId, known: &mut Tenant, outcome: Result<(), SearchError>) {
        let shelf = self.search.shelf(tenant);
        match outcome {
            Ok(()) => {
                if std::mem::take(&mut known.failing) {
                    tracing::info!(%tenant, "the index is up to date again");
                }
                let mut status = shelf.status.lock();
                (status.state, status.change, status.trouble) = (SearchState::Ready, known.mark.n, None);
            }
            Err(error) => {
                if !std::mem::replace(&mut known.failing, true) {
                    tracing::warn!(%error, %tenant, "the index is behind; it is tried again");
                }
                {
                    let mut status = shelf.status.lock();
                    (status.state, status.trouble) = (SearchState::Failing, Some(error.to_string()));
                }
                // What was not committed is not in the index: the next try begins with a new writer.
                drop_writer(known.writing.take()).await;
                tokio::time::sleep(COMMIT_EVERY).await;
            }
        }
    }

    async fn tend(
        &self,
        tenant: &TenantId,
        known: &mut Tenant,
        stop: &CancellationToken,
    ) -> Result<(), SearchError> {
        let shelf = self.search.shelf(tenant);
        if shelf.live.load().is_none() {
            self.open(tenant, known).await?;
        }
        if shelf.stale.load(Ordering::Acquire) {
            drop_writer(known.writing.take()).await;
            self.build(tenant, known).await?;
            shelf.stale.store(false, Ordering::Release);
        }
        self.catch_up(tenant, known, stop).await?;
        if known.looked.is_none_or(|at| at.elapsed() >= LOOK_EVERY) {
            self.look(tenant, known).await?;
            known.looked = Some(Instant::now());
            self.prune(tenant, known).await?;
            known.sets.want();
        }
        if known.sets.is_wanted() {
            self.look_at_sets(tenant, known).await?;
        }
        if known.used.is_some_and(|used| used.elapsed() >= WRITER_IDLE) {
            known.used = None;
            drop_writer(known.writing.take()).await;
        }
        Ok(())
    }

    /// Opens the index that serves. One that cannot be used, or does not belong to this database, is made anew.
    async fn open(&self, tenant: &TenantId, known: &mut Tenant) -> Result<(), SearchError> {
        let (home, shelf) = (self.search.home(tenant), self.search.shelf(tenant));
        let opened = blocking(move || {
            let current = home.current();
            home.keep_only(current.as_deref());
            let live = current.and_then(|folder| match Live::open(folder) {
                Ok(live) => Some(Arc::new(live)),
                Err(error) => {
                    tracing::warn!(%error, "the index cannot be opened; it is made anew");
                    None
                }
            });
            let usable = live.as_ref().filter(|live| live.is_of_this_version() && live.is_whole());
            let mark = usable.and_then(|live| live.mark());
            Ok((live, mark))
        });
        // A damaged file can also be a panic of whoever reads it.
        let (live, mark) = opened.await.unwrap_or((None, None));
        shelf.live.store(live);
        let found = mark.is_some();
        known.mark = mark.unwrap_or_default();
        if !found || !self.fits(tenant, &known.mark).await? {
            shelf.stale.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Whether an index was made of this database: the change that it holds last is there.
    async fn fits(&self, tenant: &TenantId, mark: &Mark) -> Result<bool, SearchError> {
        let n = mark.n;
        let row =
            self.db.read(tenant, move |read| store::at(read, n)).await.map_err(|error| unreadable(&error))?;
        Ok(n == 0 || row.is_some_and(|change| Mark::of(change.n, &change.id) == *mark))
    }

    /// Makes an index of everything, while the one before serves. Where there is none, the new one serves at once and
    /// grows.
    async fn build(&self, tenant: &TenantId, known: &mut Tenant) -> Result<(), SearchError> {
        let (home, shelf) = (self.search.home(tenant), self.search.shelf(tenant));
        shelf.status.lock().state = SearchState::Building;
        let begun = Instant::now();
        let last = self.db.read(tenant, store::last).await.map_err(|error| unreadable(&error))?;
        let mark = last.map(|change| Mark::of(change.n, &change.id)).unwrap_or_default();
        let at = home.clone();
        let live = blocking(move || Ok(Arc::new(Live::create(at.fresh()?)?))).await?;
        if shelf.live.load().is_none() {
            shelf.live.store(Some(Arc::clone(&live)));
        }
        let (fresh, mut writing) = (Arc::clone(&live), Some(open_writer(Arc::clone(&live)).await?));
        let mut waiting = 0;
        for kind in self.source.kinds() {
            let mut after = None;
            loop {
                let page = self.source.page(tenant, kind, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                (after, waiting) = (Some(last.key.id), waiting + page.len());
                let commit = waiting >= BUILD_COMMIT;
                write(&mut writing, move |writing| {
                    page.iter().try_for_each(|document| writing.put(document, true))?;
                    // Not whole yet: this commit says nothing of changes, so that after a crash it counts for nothing.
                    if commit { writing.commit(&Mark { n: -1, id: String::new() }) } else { Ok(()) }
                })
                .await?;
                waiting = if commit { 0 } else { waiting };
                tokio::task::yield_now().await;
            }
        }
        let done = mark.clone();
        write(&mut writing, move |writing| writing.commit(&done)).await?;
        let folder = fresh.folder.clone();
        blocking(move || {
            home.set_current(&folder)?;
            home.keep_only(Some(&folder));
            Ok(())
        })
        .await?;
        shelf.live.store(Some(fresh));
        (known.mark, known.writing, known.used) = (mark, writing, Some(Instant::now()));
        (known.watched, known.looked, known.sets) = (HashMap::new(), None, Sets::default());
        tracing::info!(%tenant, documents = live.documents(), took_ms = begun.elapsed().as_millis(), "the index is made");
        Ok(())
    }

    /// Puts the changes that are not in the index yet into it; those of meanwhile wait, or it would commit without a pause.
    async fn catch_up(
        &self,
        tenant: &TenantId,
        known: &mut Tenant,
        stop: &CancellationToken,
    ) -> Result<(), SearchError> {
        let mut more = true;
        while more && !stop.is_cancelled() {
            let n = known.mark.n;
            let read = self.db.read(tenant, move |read| store::after(read, n, CHANGES_MAX));
            let changes = read.await.map_err(|error| unreadable(&error))?;
            let Some(last) = changes.last() else { return Ok(()) };
            let mark = Mark::of(last.n, &last.id);
            self.writer(tenant, known).await?;
            self.apply(tenant, known, &changes).await?;
            let done = mark.clone();
            write(&mut known.writing, move |writing| writing.commit(&done)).await?;
            known.mark = mark;
            more = changes.len() == CHANGES_MAX;
        }
        Ok(())
    }

    async fn apply(
        &self,
        tenant: &TenantId,
        known: &mut Tenant,
        changes: &[Change],
    ) -> Result<(), SearchError> {
        let mut groups: Vec<RawId> = Vec::new();
        let mut keys: Vec<Key> = Vec::new();
        let mut seen = HashSet::new();
        for change in changes.iter().filter(|change| seen.insert((change.kind.as_str(), change.id))) {
            if change.kind == self.source.group_kind() {
                groups.push(change.id);
            } else if let Some(kind) = self.source.kinds().iter().find(|kind| **kind == change.kind) {
                keys.push(Key { kind, id: change.id });
            }
        }
        for group in groups {
            write(&mut known.writing, move |writing| {
                writing.remove_group(&group);
                Ok(())
            })
            .await?;
            let mut after = None;
            loop {
                let page = self.source.group(tenant, group, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.key.id);
                put_all(&mut known.writing, page).await?;
            }
        }
        for some in keys.chunks(PAGE) {
            let documents = self.source.documents(tenant, some.to_vec()).await?;
            let there: HashSet<Key> = documents.iter().map(|document| document.key).collect();
            let gone: Vec<RawId> = some.iter().filter(|key| !there.contains(key)).map(|key| key.id).collect();
            write(&mut known.writing, move |writing| {
                gone.iter().for_each(|id| writing.remove(id));
                Ok(())
            })
            .await?;
            put_all(&mut known.writing, documents).await?;
        }
        Ok(())
    }

    /// Looks at things that have no change table.
    async fn look(&self, tenant: &TenantId, known: &mut Tenant) -> Result<(), SearchError> {
        for &kind in self.source.watched_kinds() {
            let found = self.source.watched(tenant, kind).await?;
            let now: HashMap<RawId, String> =
                found.iter().map(|(state, document)| (document.key.id, state.clone())).collect();
            let before = known.watched.get(kind);
            if before == Some(&now) {
                continue;
            }
            let first = before.is_none();
            let other =
                |id: &RawId, state: &String| before.is_none_or(|before| before.get(id) != Some(state));
            let gone: Vec<RawId> = before
                .into_iter()
                .flat_map(HashMap::keys)
                .filter(|id| !now.contains_key(*id))
                .copied()
                .collect();
            let changed: Vec<Document> = found
                .into_iter()
                .filter(|(state, document)| other(&document.key.id, state))
                .map(|(_, document)| document)
                .collect();
            self.writer(tenant, known).await?;
            write(&mut known.writing, move |writing| {
                if first {
                    writing.remove_kind(kind);
                }
                gone.iter().for_each(|id| writing.remove(id));
                Ok(())
            })
            .await?;
            put_all(&mut known.writing, changed).await?;
            let mark = known.mark.clone();
            write(&mut known.writing, move |writing| writing.commit(&mark)).await?;
            known.watched.insert(kind, now);
        }
        Ok(())
    }

    /// Looks at things that come in sets, a few at a time.
    async fn look_at_sets(&self, tenant: &TenantId, known: &mut Tenant) -> Result<(), SearchError> {
        let Some(due) = known.sets.due(self.source.as_ref(), tenant).await? else { return Ok(()) };
        self.writer(tenant, known).await?;
        known.sets.apply(self.source.as_ref(), (tenant, &known.mark), &mut known.writing, due).await?;
        if known.sets.is_wanted() {
            self.search.look_again();
        }
        Ok(())
    }

    /// Deletes rows of changes that the index holds. The last one stays: it shows whose index it is.
    async fn prune(&self, tenant: &TenantId, known: &mut Tenant) -> Result<(), SearchError> {
        while known.mark.n - known.pruned >= PRUNE_FROM {
            let before = known.mark.n;
            let write = self.db.write(tenant, move |tx| store::prune(tx, before, CHANGES_MAX));
            if write.await.map_err(|error| unreadable(&error))? < CHANGES_MAX {
                known.pruned = before;
            }
        }
        Ok(())
    }

    async fn writer(&self, tenant: &TenantId, known: &mut Tenant) -> Result<(), SearchError> {
        known.used = Some(Instant::now());
        if known.writing.is_none() {
            let live = self.search.shelf(tenant).live.load_full().ok_or(SearchError::Building)?;
            known.writing = Some(open_writer(live).await?);
        }
        Ok(())
    }
}
