//! The handle of threads and their messages.

use jiff::Timestamp;

use super::desk::check_assistant;
use super::error::WorkspaceError;
use super::message::Message;
use super::store;
use super::thread::{self, NewThread, Thread, ThreadChange, title_from};
use crate::db::{Db, TenantTx};
use crate::identity::{Made, Principal, RequestKey, once};
use crate::protocol::ids::{AssistantId, MessageId, ThreadId, WorkspaceId};

/// See the module. Cheap to clone. Every function sees what its principal may see.
#[derive(Clone)]
pub struct Threads {
    pub(super) db: Db,
}

/// Which threads are listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThreadFilter {
    /// Those of this workspace.
    pub workspace: Option<WorkspaceId>,
    /// Those made before this one.
    pub after: Option<ThreadId>,
}

impl Threads {
    /// A handle on this store.
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db }
    }

    /// Up to `limit` threads, newest first.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn list(
        &self,
        by: &Principal,
        filter: ThreadFilter,
        limit: usize,
    ) -> Result<Vec<Thread>, WorkspaceError> {
        let (only, ThreadFilter { workspace, after }) = (by.assistant, filter);
        let read = self
            .db
            .read(&by.tenant, move |read| Ok(store::threads::list(read, only, workspace, after, limit)?));
        read.await
    }

    /// One thread.
    ///
    /// # Errors
    /// [`WorkspaceError::NotFound`], or what the store answers.
    pub async fn get(&self, by: &Principal, id: ThreadId) -> Result<Thread, WorkspaceError> {
        let only = by.assistant;
        self.db.read(&by.tenant, move |read| Ok(store::threads::by_id(read, only, id)?)).await
    }

    /// Makes a thread. A principal with one assistant makes it for that one.
    ///
    /// # Errors
    /// [`WorkspaceError`]; then nothing is stored.
    pub async fn create(
        &self,
        by: &Principal,
        new: NewThread,
        key: Option<RequestKey>,
    ) -> Result<Made<Thread>, WorkspaceError> {
        let now_ms = Timestamp::now().as_millisecond();
        let only = by.assistant;
        let title = thread::title(&new.title)?;
        let write = self.db.write(&by.tenant, move |tx| {
            once(tx, key.as_ref(), now_ms, |tx| {
                let workspace_id = home_of(tx, only, new.workspace_id)?;
                let fresh = blank(workspace_id, new.assistant_id.or(only), title, now_ms);
                insert(tx, only, &fresh, None)
            })
        });
        write.await
    }

    /// The thread of a `session_id` of this principal: found, or made in the default workspace for
    /// `assistant`. Two callers at once get the same one; sessions of others never meet it.
    ///
    /// # Errors
    /// [`WorkspaceError`]: `NotFound` also when the session belongs to an assistant that is not allowed.
    pub async fn for_session(
        &self,
        by: &Principal,
        session_id: &str,
        assistant: Option<AssistantId>,
    ) -> Result<Thread, WorkspaceError> {
        let key = thread::session_key(session_id)?;
        let (source, only) = (by.source(), by.assistant);
        let known = {
            let (source, key) = (source.clone(), key.clone());
            let read = self.db.read(&by.tenant, move |read| {
                Ok::<_, WorkspaceError>(store::threads::by_session(read, &source, &key)?)
            });
            read.await?
        };
        if let Some(found) = known {
            return visible(found, only);
        }
        let now_ms = Timestamp::now().as_millisecond();
        let write = self.db.write(&by.tenant, move |tx| {
            if let Some(found) = store::threads::by_session(tx, &source, &key)? {
                return visible(found, only);
            }
            let workspace_id = home_of(tx, only, None)?;
            let fresh = blank(workspace_id, assistant.or(only), String::new(), now_ms);
            insert(tx, only, &Thread { session_key: Some(key), ..fresh }, Some(&source))
        });
        write.await
    }

    /// Changes a thread, if it still has this version where one is given.
    ///
    /// # Errors
    /// [`WorkspaceError`]; then nothing changed.
    pub async fn update(
        &self,
        by: &Principal,
        id: ThreadId,
        version: Option<i64>,
        change: ThreadChange,
    ) -> Result<Thread, WorkspaceError> {
        let now_ms = Timestamp::now().as_millisecond();
        let only = by.assistant;
        let write = self.db.write(&by.tenant, move |tx| {
            let mut found = current(store::threads::by_id(tx, only, id)?, version)?;
            if let Some(title) = &change.title {
                found.title = thread::title(title)?;
            }
            if change.workspace_id.is_some() {
                found.workspace_id = home_of(tx, only, change.workspace_id)?;
            }
            if let Some(assistant) = change.assistant_id {
                check_assistant(tx, only, assistant)?;
                found.assistant_id = assistant;
            }
            (found.version, found.updated_ms) = (found.version + 1, now_ms);
            store::threads::update(tx, &found)?;
            visible(store::threads::by_id(tx, None, id)?, only)
        });
        write.await
    }

    /// Deletes a thread with its messages, turns and events.
    ///
    /// # Errors
    /// [`WorkspaceError`]; then it is still there.
    pub async fn delete(
        &self,
        by: &Principal,
        id: ThreadId,
        version: Option<i64>,
    ) -> Result<(), WorkspaceError> {
        let only = by.assistant;
        let write = self.db.write(&by.tenant, move |tx| {
            let found = current(store::threads::by_id(tx, only, id)?, version)?;
            Ok(store::threads::delete(tx, &found)?)
        });
        write.await
    }

    /// Gives a thread without a title one from its first message. Does not wait for the disk: a lost
    /// title is made again from the next message.
    pub fn suggest_title(&self, by: &Principal, thread: &Thread, message: &str) {
        if !thread.title.is_empty() {
            return;
        }
        let (id, title) = (thread.id, title_from(message));
        let now_ms = Timestamp::now().as_millisecond();
        drop(self.db.write(&by.tenant, move |tx| store::threads::title_if_empty(tx, id, &title, now_ms)));
    }

    /// Up to `limit` messages after this one, oldest first.
    ///
    /// # Errors
    /// [`WorkspaceError::NotFound`] for a thread that the principal cannot see, or what the store answers.
    pub async fn messages(
        &self,
        by: &Principal,
        id: ThreadId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<Message>, WorkspaceError> {
        let only = by.assistant;
        let read = self.db.read(&by.tenant, move |read| {
            store::threads::by_id(read, only, id)?;
            Ok(store::messages::list(read, id, after, limit)?)
        });
        read.await
    }

    /// The last `limit` messages before this one, oldest first.
    ///
    /// # Errors
    /// As [`Threads::messages`].
    pub async fn latest_messages(
        &self,
        by: &Principal,
        id: ThreadId,
        before: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<Message>, WorkspaceError> {
        let only = by.assistant;
        let read = self.db.read(&by.tenant, move |read| {
            store::threads::by_id(read, only, id)?;
            let mut newest_first = store::messages::latest(read, id, before, limit)?;
            newest_first.reverse();
            Ok(newest_first)
        });
        read.await
    }

    /// One message.
    ///
    /// # Errors
    /// As [`Threads::messages`].
    pub async fn message(&self, by: &Principal, id: MessageId) -> Result<Message, WorkspaceError> {
        let only = by.assistant;
        let read = self.db.read(&by.tenant, move |read| {
            let message = store::messages::by_id(read, id)?;
            store::threads::by_id(read, only, message.thread_id)?;
            Ok(message)
        });
        read.await
    }
}

/// The workspace that a new thread goes to. A named one must be visible; the default one takes all.
pub(super) fn home_of(
    tx: &TenantTx<'_>,
    only: Option<AssistantId>,
    named: Option<WorkspaceId>,
) -> Result<WorkspaceId, WorkspaceError> {
    match named {
        Some(id) => match store::by_id(tx, only, id).map_err(WorkspaceError::from) {
            Err(WorkspaceError::NotFound) => Err(WorkspaceError::Unknown { field: "workspace_id" }),
            found => Ok(found?.id),
        },
        None => Ok(store::default(tx)?.ok_or(WorkspaceError::NotFound)?.id),
    }
}

pub(super) fn blank(
    workspace_id: WorkspaceId,
    assistant_id: Option<AssistantId>,
    title: String,
    now_ms: i64,
) -> Thread {
    Thread {
        id: ThreadId::new(),
        workspace_id,
        assistant_id,
        effective_assistant_id: None,
        title,
        session_key: None,
        version: 1,
        created_ms: now_ms,
        updated_ms: now_ms,
    }
}

/// Stores a new thread and reads it back with who answers.
pub(super) fn insert(
    tx: &mut TenantTx<'_>,
    only: Option<AssistantId>,
    fresh: &Thread,
    session_source: Option<&str>,
) -> Result<Thread, WorkspaceError> {
    check_assistant(tx, only, fresh.assistant_id)?;
    store::threads::insert(tx, fresh, session_source)?;
    Ok(store::threads::by_id(tx, only, fresh.id)?)
}

/// Hides a thread from a principal that may use another assistant only.
pub(super) fn visible(found: Thread, only: Option<AssistantId>) -> Result<Thread, WorkspaceError> {
    if only.is_some() && found.effective_assistant_id != only {
        return Err(WorkspaceError::NotFound);
    }
    Ok(found)
}

fn current(found: Thread, version: Option<i64>) -> Result<Thread, WorkspaceError> {
    match version {
        Some(version) if version != found.version => Err(WorkspaceError::Stale),
        _ => Ok(found),
    }
}
