//! The change table for others who make something of what is stored.
//!
//! Rows of it are deleted once the index holds them, so a reader that was away too long is told that it has lost its place.

use super::document::RawId;
use super::error::SearchError;
use super::live::Mark;
use super::store;
use super::work::unreadable;
use crate::db::Db;
use crate::protocol::ids::TenantId;

/// Rows that are read at a time.
const CHANGES_MAX: usize = 2_000;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Feed(Db);

/// A place in the feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedPlace(Mark);

/// What changed: the word of its kind, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// As the change table has it.
    pub kind: String,
    /// Which.
    pub id: RawId,
}

// === impl Feed ===

impl Feed {
    /// The changes of this store.
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self(db)
    }

    /// The end of the feed.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn end(&self, tenant: &TenantId) -> Result<FeedPlace, SearchError> {
        let last = self.0.read(tenant, store::last).await.map_err(|error| unreadable(&error))?;
        Ok(FeedPlace(last.map(|change| Mark::of(change.n, &change.id)).unwrap_or_default()))
    }

    /// Up to 2,000 changes after this place, and the place after them. `None` where the place is lost: everything has to be
    /// looked at.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn after(
        &self,
        tenant: &TenantId,
        place: &FeedPlace,
    ) -> Result<Option<(Vec<Changed>, FeedPlace)>, SearchError> {
        let n = place.0.n;
        let read =
            self.0.read(tenant, move |read| Ok((store::at(read, n)?, store::after(read, n, CHANGES_MAX)?)));
        let (own, changes) = read.await.map_err(|error: crate::db::DbError| unreadable(&error))?;
        let known = own.is_some_and(|change| Mark::of(change.n, &change.id) == place.0);
        let Some(last) = changes.last() else {
            return Ok((known || n == 0).then(|| (Vec::new(), place.clone())));
        };
        if !known {
            return Ok(None);
        }
        let next = FeedPlace(Mark::of(last.n, &last.id));
        let changes = changes.into_iter().map(|change| Changed { kind: change.kind, id: change.id });
        Ok(Some((changes.collect(), next)))
    }
}
