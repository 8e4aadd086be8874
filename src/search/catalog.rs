//! The handle that everybody searches with.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwapOption;
use dashmap::DashMap;
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};

use super::error::SearchError;
use super::home::IndexHome;
use super::live::Live;
use super::query::{Found, Query};
use super::run;
use crate::protocol::ids::TenantId;

/// Searches that run at once; each has a core.
const RUNNING_MAX: usize = 4;
/// Searches that wait for one of these.
const WAITING_MAX: usize = 64;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Search(Arc<Shared>);

pub(super) struct Shared {
    folder: PathBuf,
    shelves: DashMap<TenantId, Arc<Shelf>>,
    running: Semaphore,
    places: Semaphore,
    /// Somebody wants an index looked at.
    pub(super) wanted: Notify,
}

/// The index of one tenant.
#[derive(Default)]
pub(super) struct Shelf {
    pub(super) live: ArcSwapOption<Live>,
    pub(super) status: Mutex<SearchStatus>,
    /// Whether the index must be made anew.
    pub(super) stale: AtomicBool,
}

/// How an index is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SearchState {
    /// Nobody has looked yet.
    #[default]
    Closed,
    /// It follows what is stored.
    Ready,
    /// It is made anew; what serves meanwhile is older, or grows.
    Building,
    /// It cannot be written; it is tried again.
    Failing,
}

/// Figures of an index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchStatus {
    /// How it is.
    pub state: SearchState,
    /// Documents that can be found.
    pub documents: u64,
    /// The last change that is in it.
    pub change: i64,
    /// What went wrong last, while it fails.
    pub trouble: Option<String>,
}

impl SearchState {
    /// The word used in the APIs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Ready => "ready",
            Self::Building => "building",
            Self::Failing => "failing",
        }
    }
}

// === impl Search ===

impl Search {
    /// A handle on the indexes in this folder, which need not exist.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self(Arc::new(Shared {
            folder,
            shelves: DashMap::new(),
            running: Semaphore::new(RUNNING_MAX),
            places: Semaphore::new(RUNNING_MAX + WAITING_MAX),
            wanted: Notify::new(),
        }))
    }

    /// What fits the query best among what is this tenant's.
    ///
    /// # Errors
    /// [`SearchError::Busy`], [`SearchError::Building`] before there is any index, or why the index cannot be used: it
    /// is then made anew.
    pub async fn find(&self, tenant: &TenantId, query: Query) -> Result<Found, SearchError> {
        let _place = self.0.places.try_acquire().map_err(|_| SearchError::Busy)?;
        let _permit = self.0.running.acquire().await.map_err(|_| SearchError::Busy)?;
        let shelf = self.shelf(tenant);
        let Some(live) = shelf.live.load_full() else { return Err(SearchError::Building) };
        // A damaged file can also be a panic of whoever reads it.
        let found = tokio::task::spawn_blocking(move || run::find(&live, &query)).await;
        match found.unwrap_or(Err(SearchError::Damaged)) {
            Err(error @ (SearchError::Damaged | SearchError::Index(_))) => {
                tracing::warn!(%error, %tenant, "a search failed; the index is made anew");
                self.rebuild(tenant);
                Err(SearchError::Damaged)
            }
            other => other,
        }
    }

    /// Has the index made anew, in the background.
    pub fn rebuild(&self, tenant: &TenantId) {
        self.shelf(tenant).stale.store(true, Ordering::Release);
        self.0.wanted.notify_one();
    }

    /// Has the indexer look again soon.
    pub(super) fn look_again(&self) {
        self.0.wanted.notify_one();
    }

    /// How the index of a tenant is.
    #[must_use]
    pub fn status(&self, tenant: &TenantId) -> SearchStatus {
        let shelf = self.shelf(tenant);
        let documents = shelf.live.load().as_ref().map_or(0, |live| live.documents());
        SearchStatus { documents, ..shelf.status.lock().clone() }
    }

    pub(super) fn shelf(&self, tenant: &TenantId) -> Arc<Shelf> {
        Arc::clone(&self.0.shelves.entry(tenant.clone()).or_default())
    }

    pub(super) fn home(&self, tenant: &TenantId) -> IndexHome {
        IndexHome::new(self.0.folder.join(tenant.as_str()))
    }

    pub(super) async fn wanted(&self) {
        self.0.wanted.notified().await;
    }
}
