//! Full text of what is stored: an index beside the database, made of it and never its source.
//!
//! Triggers note what changed in one table. The [`Indexer`], a supervised child, reads that table, asks a [`Source`] for
//! the things as they are now, and commits them to the index with the number of the last change: wherever a kill
//! comes, the index says which changes it holds and the rest is read again. [`Search`] answers queries within a bound of
//! time, with ids only; whoever asks reads the things themselves, and judges who may see them.
//!
//! **Invariant:** each tenant has an index of its own, in a folder of its own; no query reaches another.
//! **Invariant:** what is gone from the database is gone from the index with the next commit.

mod catalog;
mod document;
mod error;
mod feed;
mod fuzzy;
mod home;
mod indexer;
mod language;
mod live;
mod marks;
mod plan;
mod query;
mod run;
mod schema;
mod sets;
mod snippet;
mod source;
mod store;
mod work;
mod writing;

pub use catalog::{Search, SearchState, SearchStatus};
pub use document::{Document, Key, RawId};
pub use error::SearchError;
pub use feed::{Changed, Feed, FeedPlace};
pub use indexer::Indexer;
pub use marks::{Marks, Reading, Share};
pub use query::{Found, Hit, Order, Query, TERMS_MAX, TEXT_CHARS_MAX, WINDOW_MAX};
pub use snippet::Snippet;
pub use source::{SetState, Source, SourceError};

#[cfg(test)]
mod tests;

/// What a query finds in an index of these documents alone.
#[cfg(test)]
pub(crate) fn found_among(
    folder: &std::path::Path,
    documents: &[Document],
    query: &Query,
) -> Result<Found, SearchError> {
    let live = std::sync::Arc::new(live::Live::create(folder.to_owned())?);
    let mut writing = writing::Writing::open(&live)?;
    for document in documents {
        writing.put(document, true)?;
    }
    writing.commit(&live::Mark::default())?;
    run::find(&live, query)
}
