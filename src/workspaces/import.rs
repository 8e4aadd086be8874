//! Conversations from elsewhere: every line a message.
//!
//! A thread is known by the name that its lines give it, for everybody who imports; the id of a thread that is here is
//! such a name too, so that an export can be taken in again. A line that was taken in before is found and not made: what
//! makes it the same is its thread, who said what when, and the how manieth line of that kind it is.
//!
//! Whether all threads may be written to is known before any line is taken in. Then the lines are, some hundred to a
//! transaction, so that no conversation waits for a long import; one that was cut off goes on where it ended when it is sent
//! again.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::WorkspaceError;
use super::store;
use super::thread::{Thread, title_from};
use super::threads::{Threads, blank, home_of, insert, visible};
use crate::db::{TenantTx, fingerprint};
use crate::identity::Principal;
use crate::protocol::ids::{AssistantId, MessageId, ThreadId, WorkspaceId};

/// Most characters of a thread's name in an import.
pub const THREAD_CHARS_MAX: usize = 200;
/// Messages that are read at a time.
const PAGE: usize = 500;
/// Lines of a transaction. SQLite keeps what a savepoint changed in a list that it walks with every statement, so ten times as
/// many take a hundred times as long.
const LINES_AT_ONCE: usize = 200;
/// Whose sessions imported threads are.
const SOURCE: &str = "import";

/// A message to take in, checked and without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedLine {
    /// The name of its thread.
    pub thread: String,
    /// `system`, `user`, `assistant` or `tool`.
    pub role: String,
    /// Who said it.
    pub author: Option<String>,
    /// The text.
    pub content: String,
    /// Where the text came from.
    pub provenance: &'static str,
    /// When it was said, in milliseconds since 1970.
    pub created_ms: i64,
}

/// What became of one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The message.
    pub id: MessageId,
    /// Its thread.
    pub thread_id: ThreadId,
    /// Whether it was there before.
    pub repeated: bool,
}

impl Threads {
    /// Takes messages in, in this order, into a workspace (the default one without). Threads that are new are made.
    ///
    /// # Errors
    /// [`WorkspaceError`] before any line is taken in where a thread cannot be written to. Where the store fails, what was taken
    /// in until then stays, and the same import goes on after it.
    pub async fn import(
        &self,
        by: &Principal,
        workspace: Option<WorkspaceId>,
        lines: Vec<ImportedLine>,
    ) -> Result<Vec<Imported>, WorkspaceError> {
        let (only, now_ms) = (by.assistant, Timestamp::now().as_millisecond());
        let mut importer =
            Importer { only, workspace, now_ms, threads: HashMap::new(), seen: HashMap::new() };
        let lines = Arc::new(lines);
        let all = Arc::clone(&lines);
        let write = self.db.write(&by.tenant, move |tx| {
            for line in all.iter() {
                importer.thread(tx, line)?;
            }
            Ok::<_, WorkspaceError>(importer)
        });
        importer = write.await?;
        let mut made = Vec::with_capacity(lines.len());
        while made.len() < lines.len() {
            let (all, from) = (Arc::clone(&lines), made.len());
            let write = self.db.write(&by.tenant, move |tx| {
                let some = all.iter().skip(from).take(LINES_AT_ONCE);
                let made: Vec<Imported> =
                    some.map(|line| importer.take(tx, line)).collect::<Result<_, _>>()?;
                Ok::<_, WorkspaceError>((importer, made))
            });
            let (next, some) = write.await?;
            importer = next;
            made.extend(some);
        }
        Ok(made)
    }
}

/// What a thread had in it before this import.
#[derive(Clone)]
enum Before {
    /// It is new.
    Nothing,
    /// What was imported.
    Lines,
    /// What was said here: the messages of each kind of line.
    Messages(Arc<HashMap<[u8; 32], Vec<MessageId>>>),
}

struct Importer {
    only: Option<AssistantId>,
    workspace: Option<WorkspaceId>,
    now_ms: i64,
    /// Threads by name, and what is in those that were here before.
    threads: HashMap<String, (ThreadId, Before)>,
    /// How often a line was in this import.
    seen: HashMap<[u8; 32], u64>,
}

// === impl Importer ===

impl Importer {
    fn take(&mut self, tx: &mut TenantTx<'_>, line: &ImportedLine) -> Result<Imported, WorkspaceError> {
        let (thread_id, before) = self.thread(tx, line)?;
        let said = (line.role.as_str(), line.author.as_deref(), line.content.as_str(), line.created_ms);
        let same = same(thread_id, said);
        let nth = self.seen.entry(same).or_default();
        let key = fingerprint(&[&same, &nth.to_be_bytes()]);
        let known = match before {
            Before::Nothing => None,
            Before::Lines => store::import::known(tx, thread_id, &key)?,
            Before::Messages(all) => {
                let own = all.get(&same).and_then(|ids| ids.get(usize::try_from(*nth).ok()?)).copied();
                own.map_or_else(|| store::import::known(tx, thread_id, &key), |id| Ok(Some(id)))?
            }
        };
        *nth += 1;
        if let Some(id) = known {
            return Ok(Imported { id, thread_id, repeated: true });
        }
        let id = MessageId::new();
        store::import::insert(tx, (id, thread_id), line, &key)?;
        Ok(Imported { id, thread_id, repeated: false })
    }

    fn thread(
        &mut self,
        tx: &mut TenantTx<'_>,
        line: &ImportedLine,
    ) -> Result<(ThreadId, Before), WorkspaceError> {
        if let Some(known) = self.threads.get(&line.thread) {
            return Ok(known.clone());
        }
        let found = match self.existing(tx, &line.thread)? {
            Some((thread, true)) => (thread.id, Before::Lines),
            Some((thread, false)) => (thread.id, Before::Messages(Arc::new(said_before(tx, thread.id)?))),
            None => {
                let workspace = home_of(tx, self.only, self.workspace)?;
                let title = title_from(&line.content);
                let fresh = blank(workspace, self.only, title, self.now_ms);
                let fresh = Thread { session_key: Some(line.thread.clone()), ..fresh };
                (insert(tx, self.only, &fresh, Some(SOURCE))?.id, Before::Nothing)
            }
        };
        self.threads.insert(line.thread.clone(), found.clone());
        Ok(found)
    }

    /// The thread with this name or this id, if the importer may see it; whether an import made it.
    fn existing(&self, tx: &TenantTx<'_>, name: &str) -> Result<Option<(Thread, bool)>, WorkspaceError> {
        if let Some(thread) = store::threads::by_session(tx, SOURCE, name)? {
            return visible(thread, self.only).map(|thread| Some((thread, true)));
        }
        let Ok(id) = name.parse::<ThreadId>() else { return Ok(None) };
        match store::threads::by_id(tx, self.only, id).map_err(WorkspaceError::from) {
            Ok(thread) => Ok(Some((thread, false))),
            Err(WorkspaceError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What makes two lines the same one.
fn same(thread: ThreadId, (role, author, content, created_ms): (&str, Option<&str>, &str, i64)) -> [u8; 32] {
    let (author, made) = (author.unwrap_or_default(), created_ms.to_be_bytes());
    fingerprint(&[thread.as_bytes(), role.as_bytes(), author.as_bytes(), content.as_bytes(), &made])
}

/// What was said in a thread that no import made.
fn said_before(
    tx: &TenantTx<'_>,
    thread: ThreadId,
) -> Result<HashMap<[u8; 32], Vec<MessageId>>, WorkspaceError> {
    let mut said: HashMap<[u8; 32], Vec<MessageId>> = HashMap::new();
    let mut after = None;
    loop {
        let page = store::found::after(tx, Some(thread), after, PAGE)?;
        let Some(last) = page.last() else { return Ok(said) };
        after = Some(last.id);
        for message in &page {
            let words = (
                message.role.as_str(),
                message.author.as_deref(),
                message.content.as_str(),
                message.created_ms,
            );
            said.entry(same(thread, words)).or_default().push(message.id);
        }
    }
}
