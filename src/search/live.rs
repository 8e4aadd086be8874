//! One opened index.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tantivy::directory::MmapDirectory;
use tantivy::{Index, IndexReader, ReloadPolicy};

use super::document::RawId;
use super::error::SearchError;
use super::home::IndexHome;
use super::schema::{Fields, hex, settings};

/// See the module. Shared by everybody who searches.
pub(super) struct Live {
    pub(super) index: Index,
    pub(super) reader: IndexReader,
    pub(super) fields: Fields,
    pub(super) folder: PathBuf,
}

/// The last change that an index holds. It is in the commit that holds the change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// Its number; 0 before the first change.
    pub(super) n: i64,
    /// What it was about, so that another database with the same numbers shows.
    pub(super) id: String,
}

// === impl Mark ===

impl Mark {
    pub(super) fn of(n: i64, id: &RawId) -> Self {
        Self { n, id: hex(id) }
    }
}

// === impl Live ===

impl Live {
    /// Makes an index in an empty folder.
    pub(super) fn create(folder: PathBuf) -> Result<Self, SearchError> {
        let fields = Fields::new();
        let directory = directory(&folder)?;
        let index = Index::builder().schema(fields.schema.clone()).settings(settings());
        let index = index.open_or_create(directory)?;
        Self::around(index, fields, folder)
    }

    /// Opens an index whose fields are those that we know, whatever its version.
    pub(super) fn open(folder: PathBuf) -> Result<Self, SearchError> {
        let (fields, index) = (Fields::new(), Index::open(directory(&folder)?)?);
        if index.schema() != fields.schema {
            return Err(SearchError::Damaged);
        }
        Self::around(index, fields, folder)
    }

    fn around(index: Index, fields: Fields, folder: PathBuf) -> Result<Self, SearchError> {
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { index, reader, fields, folder })
    }

    /// Whether it may be written to.
    pub(super) fn is_of_this_version(&self) -> bool {
        IndexHome::is_of_this_version(&self.folder)
    }

    /// Reads every file of it.
    pub(super) fn is_whole(&self) -> bool {
        self.index.validate_checksum().is_ok_and(|damaged| damaged.is_empty())
    }

    /// The last change that is in it. `None` where no commit says so.
    pub(super) fn mark(&self) -> Option<Mark> {
        let payload = self.index.load_metas().ok()?.payload?;
        serde_json::from_str(&payload).ok()
    }

    /// How many documents it holds.
    pub(super) fn documents(&self) -> u64 {
        self.reader.searcher().num_docs()
    }
}

fn directory(folder: &Path) -> Result<MmapDirectory, SearchError> {
    Ok(MmapDirectory::open(folder).map_err(tantivy::TantivyError::from)?)
}
