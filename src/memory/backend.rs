//! What keeps facts: the one trait of all kinds.

use futures::future::BoxFuture;

use super::{Category, Fact, FactScope, MemoryError, Note};
use crate::protocol::ids::{AssistantId, FactId, TenantId, ThreadId, WorkspaceId};

/// Which facts somebody sees; `None` hides nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Visible {
    /// Only what this assistant knows: its own, and everybody's.
    pub assistant: Option<AssistantId>,
    /// Of daily facts only those of this workspace.
    pub workspace: Option<WorkspaceId>,
    /// Of conversations' facts only those of this thread.
    pub thread: Option<ThreadId>,
}

/// Which facts are wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FactFilter {
    /// Who looks.
    pub visible: Visible,
    /// Only these.
    pub category: Option<Category>,
    /// Only those that are pinned, or are not.
    pub pinned: Option<bool>,
    /// Only those that are not over at this time.
    pub live_at_ms: Option<i64>,
    /// Daily facts that were changed before this are none any more.
    pub daily_since_ms: i64,
    /// Only after this one, in the order of ids.
    pub after: Option<FactId>,
    /// At most so many.
    pub limit: usize,
}

/// Something that keeps facts, and notes each change in their history. It checks nothing and tells no audit: the handle
/// does.
pub trait MemoryBackend: Send + Sync + 'static {
    /// The word of the settings.
    fn name(&self) -> &'static str;

    /// Facts in the order of their ids.
    fn list(
        &self,
        tenant: &TenantId,
        filter: FactFilter,
    ) -> BoxFuture<'static, Result<Vec<Fact>, MemoryError>>;

    /// Facts that have any of these words, the best first.
    fn search(
        &self,
        tenant: &TenantId,
        words: Vec<String>,
        filter: FactFilter,
    ) -> BoxFuture<'static, Result<Vec<Fact>, MemoryError>>;

    /// One fact.
    fn get(&self, tenant: &TenantId, id: FactId) -> BoxFuture<'static, Result<Option<Fact>, MemoryError>>;

    /// The fact with this key in exactly this place.
    fn find(
        &self,
        tenant: &TenantId,
        scope: FactScope,
        key: &str,
    ) -> BoxFuture<'static, Result<Option<Fact>, MemoryError>>;

    /// Keeps a fact: a new one with `was` `None`, else in the place of the one with this version.
    /// Answers it as it is kept.
    fn put(
        &self,
        tenant: &TenantId,
        fact: Fact,
        was: Option<i64>,
        note: Note,
    ) -> BoxFuture<'static, Result<Fact, MemoryError>>;

    /// Forgets a fact, if it still is as it is here. Without a note its history is left alone.
    fn remove(
        &self,
        tenant: &TenantId,
        fact: Fact,
        note: Option<Note>,
    ) -> BoxFuture<'static, Result<(), MemoryError>>;
}

// === impl Visible ===

impl Visible {
    /// Whether a fact of this place is seen.
    #[must_use]
    pub fn sees(&self, scope: &FactScope) -> bool {
        fn fits<T: PartialEq>(wanted: Option<&T>, own: Option<&T>) -> bool {
            wanted.is_none() || own.is_none() || wanted == own
        }
        fits(self.assistant.as_ref(), scope.assistant.as_ref())
            && fits(self.workspace.as_ref(), scope.workspace.as_ref())
            && fits(self.thread.as_ref(), scope.thread.as_ref())
    }
}

// === impl FactFilter ===

impl FactFilter {
    /// Whether a fact is wanted.
    #[must_use]
    pub fn takes(&self, fact: &Fact) -> bool {
        self.visible.sees(&fact.scope)
            && self.category.is_none_or(|category| category == fact.category)
            && self.pinned.is_none_or(|pinned| pinned == fact.pinned)
            && self.live_at_ms.is_none_or(|now_ms| !fact.is_expired(now_ms))
            && (fact.category != Category::Daily || fact.updated_ms >= self.daily_since_ms)
            && self.after.is_none_or(|after| fact.id > after)
    }
}
