//! Why something is not found, or not indexed.

use std::io;
use std::path::PathBuf;

use super::source::SourceError;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The query has too many characters.
    #[error("a query has at most {chars_max} characters")]
    TooLong {
        /// The bound.
        chars_max: usize,
    },
    /// Too many searches run and wait.
    #[error("too many searches run at once; try again in a moment")]
    Busy,
    /// There is no index yet: it is being made.
    #[error("the index is being made; try again in a moment")]
    Building,
    /// The index said something that cannot be. It is made anew.
    #[error("the index is damaged and is made anew; try again in a moment")]
    Damaged,
    /// The folder of the index.
    #[error("the index in {} cannot be used: {source}", folder.display())]
    Folder {
        /// Where.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The index itself.
    #[error("the index cannot be used: {0}")]
    Index(#[from] tantivy::TantivyError),
    /// What is indexed cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
}
