//! The handle of memory: checks, audit, and who may change what. History and what models do are beside.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::backend::{FactFilter, MemoryBackend, Visible};
use super::version::checked_why;
use super::{
    Category, Deed, FACTS_MAX, Fact, FactChange, FactScope, MarkdownMemory, MemoryError, NewFact, Note,
    SqliteMemory, prompt, ranking, store,
};
use crate::audit::{self, Entry};
use crate::config::{MemoryBackendKind, MemoryConfig};
use crate::db::Db;
use crate::identity::{Made, Principal, RequestKey, once};
use crate::protocol::ids::{FactId, TenantId};

const DAY_MS: i64 = 86_400_000;
/// Core facts that are looked at for a prompt; far more than fit.
const CORE_FACTS_MAX: usize = 500;

/// What assistants remember. Cheap to clone.
#[derive(Clone)]
pub struct Memory {
    pub(super) backend: Arc<dyn MemoryBackend>,
    pub(super) db: Db,
    core_bytes_max: usize,
    pinned_bytes_max: usize,
    daily_ms: i64,
    /// How long a fact that is over is still shown.
    pub(super) expired_ms: i64,
    /// How long a fact that was forgotten can be had back.
    pub(super) forgotten_ms: i64,
}

// === impl Memory ===

impl Memory {
    /// What the settings choose; `folder` is for Markdown files without a setting of their own.
    #[must_use]
    pub fn open(db: Db, config: &MemoryConfig, folder: PathBuf) -> Self {
        let backend: Arc<dyn MemoryBackend> = match config.backend {
            MemoryBackendKind::Sqlite => Arc::new(SqliteMemory::new(db.clone())),
            MemoryBackendKind::Markdown => {
                Arc::new(MarkdownMemory::new(config.folder.clone().unwrap_or(folder), db.clone()))
            }
        };
        Self::new(backend, db, config)
    }

    /// The memory that this backend keeps.
    #[must_use]
    pub fn new(backend: Arc<dyn MemoryBackend>, db: Db, config: &MemoryConfig) -> Self {
        let days = |days: u32| i64::from(days) * DAY_MS;
        Self {
            backend,
            db,
            core_bytes_max: config.core_bytes_max,
            pinned_bytes_max: config.pinned_bytes_max,
            daily_ms: days(config.daily_days),
            expired_ms: days(config.expired_days),
            forgotten_ms: days(config.forgotten_days),
        }
    }

    /// The word of what keeps the facts.
    #[must_use]
    pub fn backend(&self) -> &'static str {
        self.backend.name()
    }

    /// Facts after this one, in the order of their ids.
    ///
    /// # Errors
    /// [`MemoryError`].
    pub async fn list(
        &self,
        tenant: &TenantId,
        visible: Visible,
        category: Option<Category>,
        (after, limit): (Option<FactId>, usize),
    ) -> Result<Vec<Fact>, MemoryError> {
        self.page(tenant, FactFilter { after, limit, ..self.filter(visible, category) }).await
    }

    /// The filter that takes every fact of a category that somebody sees, one page of them.
    #[must_use]
    pub fn filter(&self, visible: Visible, category: Option<Category>) -> FactFilter {
        let daily_since_ms = self.daily_since_ms();
        let (pinned, live_at_ms, after, limit) = (None, None, None, CORE_FACTS_MAX);
        FactFilter { visible, category, pinned, live_at_ms, daily_since_ms, after, limit }
    }

    /// The facts that a filter takes, in the order of their ids.
    ///
    /// # Errors
    /// [`MemoryError`].
    pub async fn page(&self, tenant: &TenantId, filter: FactFilter) -> Result<Vec<Fact>, MemoryError> {
        self.backend.list(tenant, filter).await
    }

    /// How many days a forgotten fact can be had back.
    #[must_use]
    pub const fn forgotten_days(&self) -> i64 {
        self.forgotten_ms / DAY_MS
    }

    /// Facts that fit a question, the best first.
    ///
    /// # Errors
    /// [`MemoryError`].
    pub async fn search(
        &self,
        tenant: &TenantId,
        question: &str,
        visible: Visible,
        category: Option<Category>,
        limit: usize,
    ) -> Result<Vec<Fact>, MemoryError> {
        let filter = FactFilter { limit, ..self.filter(visible, category) };
        self.backend.search(tenant, ranking::words(question), filter).await
    }

    /// One fact that is seen.
    ///
    /// # Errors
    /// [`MemoryError::NotFound`] also for one that is not seen.
    pub async fn get(&self, tenant: &TenantId, visible: Visible, id: FactId) -> Result<Fact, MemoryError> {
        let found = self.backend.get(tenant, id).await?;
        found.filter(|fact| visible.sees(&fact.scope)).ok_or(MemoryError::NotFound)
    }

    /// Keeps a new fact.
    ///
    /// # Errors
    /// [`MemoryError`]; then nothing is kept.
    pub async fn create(
        &self,
        by: &Principal,
        new: NewFact,
        key: Option<RequestKey>,
    ) -> Result<Made<Fact>, MemoryError> {
        let now_ms = now_ms();
        let note = Note::new(Deed::Stored, by.source(), new.why.trim(), now_ms);
        let mut fact = new.into_fact((by.source(), by.provenance()), now_ms)?;
        let taken = self.backend.find(&by.tenant, fact.scope, &fact.key).await?;
        self.fits_in_prompts(&by.tenant, &fact).await?;
        let (told, is_taken) = (told(by, "memory.stored", &fact), taken.is_some());
        let (id, scope) = (fact.id, fact.scope);
        // The outcome under the key has nothing of what the fact says: a fact that is purged is nowhere.
        let made: Made<FactId> = self
            .db
            .write(&by.tenant, move |tx| {
                once(tx, key.as_ref(), now_ms, |tx| {
                    if is_taken {
                        return Err(MemoryError::KeyTaken);
                    }
                    if !store::has_its_place(tx, &scope)? {
                        return Err(nowhere(&scope));
                    }
                    audit::append(tx, told)?;
                    Ok(id)
                })
            })
            .await?;
        // A repeated call finds what the first one kept.
        if let Some(kept) = taken.filter(|_| made.repeated) {
            return Ok(Made { thing: kept, repeated: true });
        }
        fact.id = made.thing;
        if made.repeated && self.was_kept(&by.tenant, fact.id).await? {
            return Err(MemoryError::NotFound);
        }
        let thing = self.backend.put(&by.tenant, fact, None, note).await?;
        Ok(Made { thing, repeated: made.repeated })
    }

    /// Changes a fact that still has this version. Who changes it has read it: from then on it is theirs, and trusted.
    ///
    /// # Errors
    /// [`MemoryError`]; then nothing changed.
    pub async fn change(
        &self,
        by: &Principal,
        fact: Fact,
        version: i64,
        change: FactChange,
    ) -> Result<Fact, MemoryError> {
        if fact.version != version {
            return Err(MemoryError::Stale);
        }
        let deed = if change.is_empty() { Deed::Confirmed } else { Deed::Changed };
        let now_ms = now_ms();
        let note = Note::new(deed, by.source(), &checked_why(&change.why)?, now_ms);
        let changed = fact.changed(change, (by.source(), by.provenance()), now_ms)?;
        self.fits_in_prompts(&by.tenant, &changed).await?;
        self.tell(by, "memory.changed", &changed).await?;
        self.backend.put(&by.tenant, changed, Some(version), note).await
    }

    /// Forgets a fact that still has this version. It can be had back until its history is purged.
    ///
    /// # Errors
    /// [`MemoryError`]; then it is still there.
    pub async fn forget(
        &self,
        by: &Principal,
        fact: &Fact,
        version: i64,
        why: &str,
    ) -> Result<(), MemoryError> {
        if fact.version != version {
            return Err(MemoryError::Stale);
        }
        let note = Note::new(Deed::Forgotten, by.source(), &checked_why(why)?, now_ms());
        self.tell(by, "memory.forgotten", fact).await?;
        self.backend.remove(&by.tenant, fact.clone(), Some(note)).await
    }

    /// The parts of the system prompt that pinned and core facts make; empty without any. What cannot be read is left out,
    /// and the log says why.
    pub async fn prompt(&self, tenant: &TenantId, visible: Visible) -> String {
        let live = FactFilter { live_at_ms: Some(now_ms()), ..self.filter(visible, None) };
        let pinned = FactFilter { pinned: Some(true), ..live };
        let core = FactFilter { pinned: Some(false), category: Some(Category::Core), ..live };
        let mut parts = Vec::new();
        if self.pinned_bytes_max > 0 {
            parts.push(prompt::pinned(self.for_prompt(tenant, pinned).await, self.pinned_bytes_max));
        }
        if self.core_bytes_max > 0 {
            parts.push(prompt::core(self.for_prompt(tenant, core).await, self.core_bytes_max));
        }
        parts.retain(|part| !part.is_empty());
        parts.join("\n\n")
    }

    async fn for_prompt(&self, tenant: &TenantId, filter: FactFilter) -> Vec<Fact> {
        self.page(tenant, filter).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "facts are left out of the prompt");
            Vec::new()
        })
    }

    /// A pinned fact is in every prompt that it is for: one that would not fit beside the others is refused.
    pub(super) async fn fits_in_prompts(&self, tenant: &TenantId, fact: &Fact) -> Result<(), MemoryError> {
        if !fact.pinned {
            return Ok(());
        }
        let visible = Visible { assistant: fact.scope.assistant, ..Visible::default() };
        let beside = FactFilter {
            pinned: Some(true),
            live_at_ms: Some(now_ms()),
            limit: FACTS_MAX,
            ..self.filter(visible, None)
        };
        let mut pinned = self.page(tenant, beside).await?;
        pinned.retain(|other| (other.scope, &other.key) != (fact.scope, &fact.key));
        if prompt::pinned_bytes(pinned.iter().chain([fact])) <= self.pinned_bytes_max {
            return Ok(());
        }
        Err(MemoryError::PinnedFull(self.pinned_bytes_max))
    }

    /// Whether there is a history of this fact.
    async fn was_kept(&self, tenant: &TenantId, id: FactId) -> Result<bool, MemoryError> {
        self.db.read(tenant, move |read| Ok(store::versions::next(read, id)? > 1)).await
    }

    pub(super) async fn has_its_place(
        &self,
        tenant: &TenantId,
        scope: FactScope,
    ) -> Result<bool, MemoryError> {
        self.db.read(tenant, move |read| Ok(store::has_its_place(read, &scope)?)).await
    }

    /// Before it happens: what cannot be told is not done.
    pub(super) async fn tell(
        &self,
        by: &Principal,
        action: &'static str,
        fact: &Fact,
    ) -> Result<(), MemoryError> {
        let told = told(by, action, fact);
        self.db.write(&by.tenant, move |tx| Ok(audit::append(tx, told)?)).await
    }

    pub(super) fn daily_since_ms(&self) -> i64 {
        now_ms() - self.daily_ms
    }
}

/// What the audit is told. The text itself stays out of it.
fn told(by: &Principal, action: &'static str, fact: &Fact) -> Entry {
    Entry::done("memory", by.source(), action)
        .on(fact.key.as_str())
        .with("category", fact.category.as_str())
        .with("bytes", fact.text.len())
}

pub(super) fn nowhere(scope: &FactScope) -> MemoryError {
    let field = match (scope.workspace, scope.thread) {
        (Some(_), _) => "workspace_id",
        (None, Some(_)) => "thread_id",
        (None, None) => "assistant_id",
    };
    MemoryError::Field { field, text: "names nothing that is there".to_owned() }
}

pub(super) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}
