//! Makes the vectors of what is stored. A supervised child: [`Worker::run`] is its life.
//!
//! It holds no truth: what has no vector yet is found by looking. One request at a time, and small transactions, so that no
//! conversation waits for it. What fails is logged once and tried again, at ever longer intervals.

mod making;

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::desk::{Live, Semantic, SemanticParts};
use super::error::SemanticError;
use super::shelf::{Entry, Shelf};
use super::store::{self, Model};
use super::vector::sketch_words;
use crate::db::DbError;
use crate::protocol::ids::{MessageId, TenantId};
use crate::search::{Feed, FeedPlace, RawId};

/// How long more changes are waited for after the first.
const GATHER: Duration = Duration::from_millis(250);
/// Wait after the first failure, and the longest after many.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));
/// How often everything is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(3_600);
/// How often somebody looks whether there is a new tenant.
const IDLE: Duration = Duration::from_secs(30);
/// Messages of one request.
const BATCH: usize = 32;
/// Rows that are read at a time.
const PAGE: usize = 2_000;
/// Messages that are remembered as waiting; more are found by the next look.
const QUEUE_MAX: usize = 100_000;

/// See the module.
pub struct Worker {
    semantic: Semantic,
    feed: Feed,
    tenants: HashMap<TenantId, Tending>,
}

/// What the worker knows of one tenant.
#[derive(Default)]
struct Tending {
    loaded: bool,
    place: FeedPlace,
    /// Messages that may want a vector. The last one is next.
    queue: VecDeque<MessageId>,
    /// More than the queue holds.
    beyond: usize,
    /// Left out until the next look.
    left_out: usize,
    /// What the provider does not take, in this life.
    refused: HashSet<MessageId>,
    refused_in_a_row: usize,
    looked: Option<Instant>,
    failures: u32,
    again: Option<Instant>,
}

// === impl Tending ===

impl Tending {
    fn bound(&mut self) {
        while self.queue.len() > QUEUE_MAX {
            self.queue.pop_front();
            self.beyond += 1;
        }
    }
}

// === impl Worker ===

impl Worker {
    pub(super) fn new(semantic: Semantic) -> Self {
        let feed = Feed::new(semantic.0.parts.db.clone());
        Self { semantic, feed, tenants: HashMap::new() }
    }

    /// Runs until told to stop. What is being made then is made again by the next life.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut commits = self.parts().db.commits();
        loop {
            commits.mark_unchanged();
            if stop.run_until_cancelled(self.tend_all()).await.is_none() {
                return;
            }
            let next = self.tenants.values().filter_map(|own| own.again).min();
            let next = next.unwrap_or_else(|| Instant::now() + IDLE);
            tokio::select! {
                () = stop.cancelled() => return,
                Ok(()) = commits.changed() => tokio::time::sleep(GATHER).await,
                () = tokio::time::sleep_until(next) => {}
            }
        }
    }

    fn parts(&self) -> &SemanticParts {
        &self.semantic.0.parts
    }

    async fn tend_all(&mut self) {
        let tenants = match self.parts().turns.tenants().await {
            Ok(tenants) => tenants,
            Err(error) => {
                tracing::warn!(%error, "the vectors are behind");
                return;
            }
        };
        for tenant in tenants {
            let mut own = self.tenants.remove(&tenant).unwrap_or_default();
            if own.again.is_none_or(|again| Instant::now() >= again) {
                let outcome = self.tend(&tenant, &mut own).await;
                self.note(&tenant, &mut own, outcome);
            }
            self.tenants.insert(tenant, own);
        }
    }

    /// Says how it went: once when it begins to fail, once when it works again.
    fn note(&self, tenant: &TenantId, own: &mut Tending, outcome: Result<(), SemanticError>) {
        let trouble = match outcome {
            Ok(()) => {
                if std::mem::take(&mut own.failures) > 0 {
                    tracing::info!(%tenant, "vectors are made again");
                }
                own.again = None;
                None
            }
            Err(error) => {
                if own.failures == 0 {
                    tracing::warn!(%error, %tenant, "vectors cannot be made; it is tried again");
                }
                let doubled = AGAIN.0.saturating_mul(1 << own.failures.min(16)).min(AGAIN.1);
                own.failures = own.failures.saturating_add(1);
                own.again = Some(Instant::now() + error.retry_after().unwrap_or_default().max(doubled));
                Some(error.to_string())
            }
        };
        self.count(tenant, own);
        self.semantic.shelf(tenant).counts.lock().trouble = trouble;
    }

    fn count(&self, tenant: &TenantId, own: &Tending) {
        let shelf = self.semantic.shelf(tenant);
        let mut counts = shelf.counts.lock();
        (counts.waiting, counts.left_out) = (own.queue.len() + own.beyond, own.left_out);
    }

    /// Until every message that may have a vector has one.
    async fn tend(&self, tenant: &TenantId, own: &mut Tending) -> Result<(), SemanticError> {
        if !own.loaded {
            own.place = self.feed.end(tenant).await?;
            self.load(tenant).await?;
            own.loaded = true;
        }
        loop {
            self.follow(tenant, own).await?;
            let due = own.looked.is_none_or(|at| at.elapsed() >= LOOK_EVERY);
            if due || (own.queue.is_empty() && own.beyond > 0) {
                self.look(tenant, own).await?;
            }
            self.count(tenant, own);
            if own.queue.is_empty() {
                return Ok(());
            }
            self.make_some(tenant, own).await?;
        }
    }

    /// Takes the vectors that are kept, of this model only.
    async fn load(&self, tenant: &TenantId) -> Result<(), SemanticError> {
        let name = self.name();
        let known = self.parts().db.read(tenant, move |read| store::model(read, &name)).await;
        let known: Option<Model> = known.map_err(|error: DbError| error)?;
        let mut shelf = Shelf::new(known.map_or(0, |model| sketch_words(model.figures)));
        let mut after = RawId::default();
        while let Some(model) = known {
            let read = self.parts().db.read(tenant, move |read| store::page(read, model.n, after, PAGE));
            let page: Vec<Entry> = read.await.map_err(|error: DbError| error)?;
            let Some(last) = page.last() else { break };
            after = last.id;
            shelf.add(page);
        }
        *self.semantic.shelf(tenant).live.write() = Live { model: known, shelf };
        match known {
            Some(model) => self.drop_others(tenant, model).await,
            None => Ok(()),
        }
    }

    async fn drop_others(&self, tenant: &TenantId, model: Model) -> Result<(), SemanticError> {
        loop {
            let write = self.parts().db.write(tenant, move |tx| store::drop_others(tx, model.n, PAGE));
            let gone: usize = write.await.map_err(|error: DbError| error)?;
            if gone == 0 {
                return Ok(());
            }
        }
    }

    /// Reads what changed since the last time.
    async fn follow(&self, tenant: &TenantId, own: &mut Tending) -> Result<(), SemanticError> {
        loop {
            let Some((changes, next)) = self.feed.after(tenant, &own.place).await? else {
                // Too long away: everything is read anew.
                own.place = self.feed.end(tenant).await?;
                own.looked = None;
                return self.load(tenant).await;
            };
            if changes.is_empty() {
                return Ok(());
            }
            let of = |kind: &str| -> HashSet<RawId> {
                changes.iter().filter(|change| change.kind == kind).map(|change| change.id).collect()
            };
            for thread in of("thread") {
                let read = self.parts().db.read(tenant, move |read| store::place(read, thread));
                if let Some(place) = read.await.map_err(|error: DbError| error)? {
                    self.semantic.shelf(tenant).live.write().shelf.move_thread(place);
                }
            }
            self.look_again(tenant, own, of("message")).await?;
            own.place = next;
        }
    }

    /// Messages that changed: those without a vector in the store have none here either, and are queued.
    async fn look_again(
        &self,
        tenant: &TenantId,
        own: &mut Tending,
        mut ids: HashSet<RawId>,
    ) -> Result<(), SemanticError> {
        if let Some(model) = self.model(tenant) {
            let some: Vec<RawId> = ids.iter().copied().collect();
            let read = self.parts().db.read(tenant, move |read| store::having(read, model.n, &some));
            let having: Vec<RawId> = read.await.map_err(|error: DbError| error)?;
            having.iter().for_each(|id| {
                ids.remove(id);
            });
        }
        self.semantic.shelf(tenant).live.write().shelf.remove(&ids);
        let mut ids: Vec<MessageId> = ids.into_iter().map(MessageId::from_bytes).collect();
        ids.sort_unstable();
        own.refused.retain(|id| !ids.contains(id));
        own.queue.extend(ids);
        own.bound();
        Ok(())
    }

    /// Looks at everything for what has no vector.
    async fn look(&self, tenant: &TenantId, own: &mut Tending) -> Result<(), SemanticError> {
        let (model, mut after) = (self.model(tenant).map(|model| model.n), RawId::default());
        (own.beyond, own.left_out) = (0, own.refused.len());
        own.queue.clear();
        loop {
            let read = self.parts().db.read(tenant, move |read| store::look(read, model, after, PAGE));
            let page: Vec<store::Looked> = read.await.map_err(|error: DbError| error)?;
            let Some(last) = page.last() else { break };
            after = *last.id.as_bytes();
            let wanted = page.iter().filter(|one| one.wanted && !own.refused.contains(&one.id));
            own.queue.extend(wanted.map(|one| one.id));
            own.bound();
        }
        own.looked = Some(Instant::now());
        Ok(())
    }

    /// Makes the next vectors of the queue. What was not made is in it again.
    async fn make_some(&self, tenant: &TenantId, own: &mut Tending) -> Result<(), SemanticError> {
        let from = own.queue.len().saturating_sub(BATCH);
        let ids: Vec<MessageId> = own.queue.split_off(from).into();
        let outcome = self.make(tenant, own, ids.clone()).await;
        if outcome.is_err() {
            own.queue.extend(ids);
        }
        outcome
    }

    fn model(&self, tenant: &TenantId) -> Option<Model> {
        self.semantic.shelf(tenant).live.read().model
    }

    fn name(&self) -> String {
        format!("{}/{}", self.parts().backend, self.parts().model)
    }
}
