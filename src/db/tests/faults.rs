//! Failures of the disk on demand, at the seam between the writer and SQLite.

use parking_lot::Mutex;

use crate::db::DbError;

/// What fails next.
#[derive(Default)]
pub(crate) struct Faults {
    next_commit: Mutex<Option<DbError>>,
}

impl Faults {
    /// Makes the next commit fail like this.
    pub(crate) fn fail_next_commit(&self, error: DbError) {
        *self.next_commit.lock() = Some(error);
    }

    pub(crate) fn before_commit(&self) -> Result<(), DbError> {
        self.next_commit.lock().take().map_or(Ok(()), Err)
    }
}
