//! Which state of a file a thread saw last, so that nobody's change is lost: a write over a file that has changed
//! since then is refused. It is kept in memory only; after a restart an edit still has to find its exact text.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::protocol::ids::ThreadId;
use crate::tools::{Place, ToolError};
use crate::workspaces::files::{FileError, Stamp, WorkspacePath};

/// Files of all threads; of more, those that were noted first are forgotten.
pub(super) const FILES_MAX: usize = 10_000;

/// By folder and not by workspace: a turn of an experiment works on a copy of its own.
type Key = (ThreadId, Arc<Path>, String);

/// See the module.
#[derive(Default)]
pub(super) struct Seen {
    noted: Mutex<Noted>,
}

#[derive(Default)]
struct Noted {
    /// `None`: there was no such file.
    stamps: HashMap<Key, Option<Stamp>>,
    order: VecDeque<Key>,
}

impl Seen {
    /// The thread sees this state now.
    pub(super) fn note(&self, place: &Place, path: &WorkspacePath, stamp: Option<Stamp>) {
        let key = key(place, path);
        let mut noted = self.noted.lock();
        if noted.stamps.insert(key.clone(), stamp).is_some() {
            return;
        }
        noted.order.push_back(key);
        if noted.order.len() > FILES_MAX
            && let Some(oldest) = noted.order.pop_front()
        {
            noted.stamps.remove(&oldest);
        }
    }

    /// Refuses a change of what is not as the thread saw it. What it has not seen yet, it sees now: a person who
    /// is asked in between is shown just that.
    pub(super) fn check(
        &self,
        place: &Place,
        path: &WorkspacePath,
        stamp: Option<Stamp>,
    ) -> Result<(), ToolError> {
        let known = self.noted.lock().stamps.get(&key(place, path)).copied();
        match known {
            Some(known) if known != stamp => Err(FileError::Changed(path.to_string()).into()),
            Some(_) => Ok(()),
            None => {
                self.note(place, path, stamp);
                Ok(())
            }
        }
    }
}

fn key(place: &Place, path: &WorkspacePath) -> Key {
    (place.thread, Arc::clone(&place.folder), path.to_string())
}
