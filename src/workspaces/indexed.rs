//! Messages as the index of full text and those who look around a message want them.

use super::error::WorkspaceError;
use super::store;
use super::threads::Threads;
use crate::identity::Principal;
use crate::protocol::ids::{AssistantId, MessageId, TenantId, ThreadId, WorkspaceId};

/// One message with where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundMessage {
    /// Its id.
    pub id: MessageId,
    /// Its thread.
    pub thread_id: ThreadId,
    /// The thread's title; may be empty.
    pub title: String,
    /// The thread's workspace.
    pub workspace_id: WorkspaceId,
    /// The thread's own assistant; `None` for the workspace's.
    pub assistant_id: Option<AssistantId>,
    /// `system`, `user`, `assistant` or `tool`.
    pub role: String,
    /// Who said it, where somebody outside did.
    pub author: Option<String>,
    /// The text.
    pub content: String,
    /// Where the text came from.
    pub provenance: String,
    /// When it was said, in milliseconds since 1970.
    pub created_ms: i64,
}

impl Threads {
    /// Those of these messages that exist. For the daemon's own work, so without a principal.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn found(
        &self,
        tenant: &TenantId,
        ids: Vec<MessageId>,
    ) -> Result<Vec<FoundMessage>, WorkspaceError> {
        let read = self.db.read(tenant, move |read| {
            let mut all = Vec::with_capacity(ids.len());
            for id in ids {
                all.extend(store::found::by_id(read, None, id)?);
            }
            Ok(all)
        });
        read.await
    }

    /// Those of these messages that a principal may see, in this order.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn found_by(
        &self,
        by: &Principal,
        ids: Vec<MessageId>,
    ) -> Result<Vec<FoundMessage>, WorkspaceError> {
        let only = by.assistant;
        let read = self.db.read(&by.tenant, move |read| {
            let mut all = Vec::with_capacity(ids.len());
            for id in ids {
                all.extend(store::found::by_id(read, only, id)?);
            }
            Ok(all)
        });
        read.await
    }

    /// Messages after this one in the order of their ids, of one thread or of all. For the daemon's own work.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn found_after(
        &self,
        tenant: &TenantId,
        thread: Option<ThreadId>,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<FoundMessage>, WorkspaceError> {
        self.db.read(tenant, move |read| Ok(store::found::after(read, thread, after, limit)?)).await
    }

    /// The messages around each of these in their threads, they included, oldest first: `before` and `after` at most.
    /// For the daemon's own work.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn around(
        &self,
        tenant: &TenantId,
        ids: Vec<MessageId>,
        beside: (usize, usize),
    ) -> Result<Vec<Vec<FoundMessage>>, WorkspaceError> {
        let read = self.db.read(tenant, move |read| {
            let around = |id| store::found::around(read, id, beside);
            Ok(ids.into_iter().map(around).collect::<Result<_, _>>()?)
        });
        read.await
    }

    /// Workspaces whose threads this assistant answers unless they have their own.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn answered_by(
        &self,
        tenant: &TenantId,
        assistant: AssistantId,
    ) -> Result<Vec<WorkspaceId>, WorkspaceError> {
        let read = self.db.read(tenant, move |read| {
            let all = store::list(read, Some(assistant), None, WORKSPACES_MAX)?;
            Ok(all.into_iter().map(|workspace| workspace.id).collect())
        });
        read.await
    }
}

/// More workspaces than a person has.
const WORKSPACES_MAX: usize = 10_000;

/// Who may find what: words that the index keeps with each thing.
pub mod finders {
    use crate::protocol::ids::{AssistantId, WorkspaceId};

    /// What everybody may find.
    pub const EVERYBODY: &str = "*";

    /// What belongs to an assistant.
    #[must_use]
    pub fn of_assistant(assistant: AssistantId) -> String {
        format!("a:{assistant}")
    }

    /// What belongs to whoever answers in a workspace.
    #[must_use]
    pub fn of_workspace(workspace: WorkspaceId) -> String {
        format!("w:{workspace}")
    }

    /// The words of everything that an assistant may find which answers in these workspaces.
    #[must_use]
    pub fn all(assistant: AssistantId, workspaces: &[WorkspaceId]) -> Vec<String> {
        let own = [EVERYBODY.to_owned(), of_assistant(assistant)];
        own.into_iter().chain(workspaces.iter().copied().map(of_workspace)).collect()
    }
}
