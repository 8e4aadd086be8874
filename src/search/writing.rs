//! The one writer of an index. Calls block.

use std::sync::Arc;

use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::{IndexWriter, Term};

use super::document::{Document, RawId};
use super::error::SearchError;
use super::language::Grammars;
use super::live::{Live, Mark};

/// Memory for what is not written yet, in bytes. What does not fit is written as a segment of its own.
const MEMORY_BYTES: usize = 24 << 20;
/// Segments of one size before they are merged.
const SEGMENTS_MIN: usize = 6;

/// See the module.
pub(super) struct Writing {
    live: Arc<Live>,
    writer: IndexWriter,
    grammars: Grammars,
}

// === impl Writing ===

impl Writing {
    /// Opens the writer: one thread that indexes, one that merges.
    pub(super) fn open(live: &Arc<Live>) -> Result<Self, SearchError> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .memory_budget_per_thread(MEMORY_BYTES)
            .num_merge_threads(1)
            .build();
        let writer: IndexWriter = live.index.writer_with_options(options)?;
        let mut policy = LogMergePolicy::default();
        policy.set_min_num_segments(SEGMENTS_MIN);
        policy.set_del_docs_ratio_before_merge(0.3);
        writer.set_merge_policy(Box::new(policy));
        Ok(Self { live: Arc::clone(live), writer, grammars: Grammars::default() })
    }

    /// Puts a document in the place of the one with its id. `fresh` says that there is none.
    pub(super) fn put(&mut self, document: &Document, fresh: bool) -> Result<(), SearchError> {
        if !fresh {
            self.writer.delete_term(self.live.fields.term_of(&document.key.id));
        }
        if !document.text.is_empty() {
            self.writer.add_document(self.live.fields.document(document, &mut self.grammars))?;
        }
        Ok(())
    }

    /// Removes what has this id.
    pub(super) fn remove(&mut self, id: &RawId) {
        self.writer.delete_term(self.live.fields.term_of(id));
    }

    /// Removes everything of a group.
    pub(super) fn remove_group(&mut self, group: &RawId) {
        let term = Term::from_field_text(self.live.fields.group, &super::schema::hex(group));
        self.writer.delete_term(term);
    }

    /// Removes everything of a kind.
    pub(super) fn remove_kind(&mut self, kind: &str) {
        self.writer.delete_term(Term::from_field_text(self.live.fields.kind, kind));
    }

    /// Makes all of it durable, with the last change that it holds, and shows it to new searches.
    pub(super) fn commit(&mut self, mark: &Mark) -> Result<(), SearchError> {
        let mut prepared = self.writer.prepare_commit()?;
        // silent-ok: a number and a word have a JSON form
        prepared.set_payload(&serde_json::to_string(mark).unwrap_or_default());
        prepared.commit()?;
        self.live.reader.reload()?;
        Ok(())
    }

    /// Ends the writer, once what is merged is merged.
    pub(super) fn close(self) {
        if let Err(error) = self.writer.wait_merging_threads() {
            tracing::debug!(%error, "a merge of the index did not end well; it is tried again");
        }
    }
}
