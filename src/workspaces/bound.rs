//! Threads that a door leads to: those of webhook endpoints and of conversations on chat platforms.
//!
//! A door finds its thread by its own name for it, under which no person and no program finds it.

use super::error::WorkspaceError;
use super::store;
use super::thread::{Thread, title_from};
use super::threads::blank;
use crate::db::TenantTx;
use crate::policy::Ceiling;
use crate::protocol::ids::{ThreadId, WorkspaceId};

/// What a door wants its thread to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BoundThread {
    /// The door: `webhook:ID`, `channel:ID`.
    pub door: String,
    /// Which of its threads.
    pub key: String,
    /// Where it belongs when it is made.
    pub workspace: WorkspaceId,
    /// Its title when it is made; cut to what a title may have.
    pub title: String,
    /// What a person wants done in it; may be empty.
    pub brief: String,
    /// How far its turns may go; `None` for no limit of its own.
    pub ceiling: Option<Ceiling>,
}

// === impl BoundThread ===

impl BoundThread {
    /// Its thread, made where there is none, with the brief and the ceiling of now.
    ///
    /// # Errors
    /// What the store answers.
    pub fn ensure(&self, tx: &mut TenantTx<'_>, now_ms: i64) -> Result<ThreadId, WorkspaceError> {
        let thread = match store::threads::by_session(tx, &self.door, &self.key)? {
            Some(found) => found.id,
            None => self.make(tx, now_ms)?,
        };
        store::threads::bind(tx, thread, (&self.brief, self.ceiling.map(Ceiling::as_str)))?;
        Ok(thread)
    }

    fn make(&self, tx: &mut TenantTx<'_>, now_ms: i64) -> Result<ThreadId, WorkspaceError> {
        let fresh = blank(self.workspace, None, title_from(&self.title), now_ms);
        let fresh = Thread { session_key: Some(self.key.clone()), ..fresh };
        store::threads::insert(tx, &fresh, Some(&self.door))?;
        Ok(fresh.id)
    }
}
