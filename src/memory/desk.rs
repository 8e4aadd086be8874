//! The handle of memory: checks, audit, and who may change what.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::backend::{FactFilter, MemoryBackend, Visible};
use super::{
    Category, Fact, FactChange, FactScope, MarkdownMemory, MemoryError, NewFact, SqliteMemory, prompt,
    ranking, store,
};
use crate::audit::{self, Entry};
use crate::config::{MemoryBackendKind, MemoryConfig};
use crate::db::Db;
use crate::identity::{Made, Principal, RequestKey, once};
use crate::protocol::ids::{FactId, TenantId};
use crate::protocol::turn::Provenance;
use crate::tools::Place;
use crate::turns::has_read_untrusted;

const DAY_MS: i64 = 86_400_000;
/// Core facts that are looked at for a prompt; far more than fit.
const CORE_FACTS_MAX: usize = 500;
/// Facts of one look of the sweep.
const SWEEP_FACTS: usize = 500;

/// What assistants remember. Cheap to clone.
#[derive(Clone)]
pub struct Memory {
    backend: Arc<dyn MemoryBackend>,
    db: Db,
    core_bytes_max: usize,
    daily_ms: i64,
}

// === impl Memory ===

impl Memory {
    /// What the settings choose; `folder` is for Markdown files without a setting of their own.
    #[must_use]
    pub fn open(db: Db, config: &MemoryConfig, folder: PathBuf) -> Self {
        let backend: Arc<dyn MemoryBackend> = match config.backend {
            MemoryBackendKind::Sqlite => Arc::new(SqliteMemory::new(db.clone())),
            MemoryBackendKind::Markdown => {
                Arc::new(MarkdownMemory::new(config.folder.clone().unwrap_or(folder)))
            }
        };
        Self::new(backend, db, config)
    }

    /// The memory that this backend keeps.
    #[must_use]
    pub fn new(backend: Arc<dyn MemoryBackend>, db: Db, config: &MemoryConfig) -> Self {
        let daily_ms = i64::from(config.daily_days) * DAY_MS;
        Self { backend, db, core_bytes_max: config.core_bytes_max, daily_ms }
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
        let filter = FactFilter { visible, category, daily_since_ms: self.daily_since_ms(), after, limit };
        self.backend.list(tenant, filter).await
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
        let daily_since_ms = self.daily_since_ms();
        let filter = FactFilter { visible, category, daily_since_ms, after: None, limit };
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
        let fact = new.into_fact((by.source(), by.provenance()), now_ms)?;
        let taken = self.backend.find(&by.tenant, fact.scope, &fact.key).await?;
        let (told, is_taken) = (told(by, "memory.stored", &fact), taken.is_some());
        let made: Made<Fact> = self
            .db
            .write(&by.tenant, move |tx| {
                once(tx, key.as_ref(), now_ms, |tx| {
                    if is_taken {
                        return Err(MemoryError::KeyTaken);
                    }
                    if !store::has_its_place(tx, &fact.scope)? {
                        return Err(nowhere(&fact.scope));
                    }
                    audit::append(tx, told)?;
                    Ok(fact)
                })
            })
            .await?;
        // A repeated call finds what the first one kept.
        match taken.filter(|_| made.repeated) {
            Some(kept) => Ok(Made { thing: kept, repeated: true }),
            None => {
                let thing = self.backend.put(&by.tenant, made.thing, None).await?;
                Ok(Made { thing, repeated: made.repeated })
            }
        }
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
        let changed = fact.changed(change, (by.source(), by.provenance()), now_ms())?;
        self.tell(by, "memory.changed", &changed).await?;
        self.backend.put(&by.tenant, changed, Some(version)).await
    }

    /// Forgets a fact that still has this version.
    ///
    /// # Errors
    /// [`MemoryError`]; then it is still there.
    pub async fn forget(&self, by: &Principal, fact: &Fact, version: i64) -> Result<(), MemoryError> {
        if fact.version != version {
            return Err(MemoryError::Stale);
        }
        self.tell(by, "memory.forgotten", fact).await?;
        self.backend.remove(&by.tenant, fact.id, version).await
    }

    /// The part of the system prompt that core facts make; empty without any. What cannot be read is left out, and
    /// the log says why.
    pub async fn prompt(&self, tenant: &TenantId, visible: Visible) -> String {
        if self.core_bytes_max == 0 {
            return String::new();
        }
        match self.list(tenant, visible, Some(Category::Core), (None, CORE_FACTS_MAX)).await {
            Ok(facts) => prompt::core(facts, self.core_bytes_max),
            Err(error) => {
                tracing::warn!(%error, "core facts are left out of the prompt");
                String::new()
            }
        }
    }

    /// Forgets daily facts that are over, and facts whose assistant, workspace or thread is gone. How many.
    ///
    /// # Errors
    /// [`MemoryError`]; the rest is forgotten the next time.
    pub async fn sweep(&self, tenant: &TenantId) -> Result<usize, MemoryError> {
        let (visible, since_ms, mut gone) = (Visible::default(), self.daily_since_ms(), 0);
        let mut after = None;
        loop {
            let (category, daily_since_ms, limit) = (None, i64::MIN, SWEEP_FACTS);
            let filter = FactFilter { visible, category, daily_since_ms, after, limit };
            let facts = self.backend.list(tenant, filter).await?;
            let Some(last) = facts.last() else { return Ok(gone) };
            after = Some(last.id);
            for fact in &facts {
                let over = fact.category == Category::Daily && fact.updated_ms < since_ms;
                if over || !self.has_its_place(tenant, fact.scope).await? {
                    self.backend.remove(tenant, fact.id, fact.version).await?;
                    gone += 1;
                }
            }
        }
    }

    /// Keeps what a model wants to remember, in the place of the fact with the same key. Whether there was one.
    pub(super) async fn remember(&self, place: &Place, new: NewFact) -> Result<bool, MemoryError> {
        let tainted = self.is_tainted(place).await?;
        let provenance = if tainted { Provenance::Tool } else { Provenance::Model };
        let fact = new.into_fact((format!("turn {}", place.turn), provenance), now_ms())?;
        match self.backend.find(&place.tenant, fact.scope, &fact.key).await? {
            None => self.backend.put(&place.tenant, fact, None).await.map(|_| false),
            Some(known) if tainted && known.is_trusted() => Err(MemoryError::Trusted),
            Some(known) => {
                let was = known.version;
                let next = Fact { id: known.id, created_ms: known.created_ms, version: was + 1, ..fact };
                self.backend.put(&place.tenant, next, Some(was)).await.map(|_| true)
            }
        }
    }

    /// The fact with this key that a model means: the one of its conversation, of its workspace, its own, everybody's.
    pub(super) async fn recall_key(&self, place: &Place, key: &str) -> Result<Option<Fact>, MemoryError> {
        let assistant = Some(place.assistant);
        let own = FactScope { assistant, ..FactScope::default() };
        let scopes = [
            FactScope { thread: Some(place.thread), ..own },
            FactScope { workspace: Some(place.workspace), ..own },
            own,
            FactScope::default(),
        ];
        for scope in scopes {
            let found = self.backend.find(&place.tenant, scope, key).await?;
            let over =
                |fact: &Fact| fact.category == Category::Daily && fact.updated_ms < self.daily_since_ms();
            if let Some(fact) = found.filter(|fact| !over(fact)) {
                return Ok(Some(fact));
            }
        }
        Ok(None)
    }

    /// Forgets what a model does not want to remember any more. Whether there was such a fact of its own.
    pub(super) async fn unlearn(&self, place: &Place, key: &str) -> Result<bool, MemoryError> {
        let found = self.recall_key(place, key).await?;
        let Some(fact) = found.filter(|fact| fact.scope.assistant.is_some()) else { return Ok(false) };
        if fact.is_trusted() && self.is_tainted(place).await? {
            return Err(MemoryError::Trusted);
        }
        self.backend.remove(&place.tenant, fact.id, fact.version).await?;
        Ok(true)
    }

    /// Whether what a model says here may be somebody else's words. What a sub-agent read is in no conversation.
    async fn is_tainted(&self, place: &Place) -> Result<bool, MemoryError> {
        let (thread, turn) = (place.thread, place.turn);
        let read = self.db.read(&place.tenant, move |read| {
            // What cannot be read is not trusted.
            Ok::<_, MemoryError>(has_read_untrusted(read, thread, turn).unwrap_or(true))
        });
        Ok(place.depth > 0 || read.await?)
    }

    async fn has_its_place(&self, tenant: &TenantId, scope: FactScope) -> Result<bool, MemoryError> {
        self.db.read(tenant, move |read| Ok(store::has_its_place(read, &scope)?)).await
    }

    /// Before it happens: what cannot be told is not done.
    async fn tell(&self, by: &Principal, action: &'static str, fact: &Fact) -> Result<(), MemoryError> {
        let told = told(by, action, fact);
        self.db.write(&by.tenant, move |tx| Ok(audit::append(tx, told)?)).await
    }

    fn daily_since_ms(&self) -> i64 {
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

fn nowhere(scope: &FactScope) -> MemoryError {
    let field = match (scope.workspace, scope.thread) {
        (Some(_), _) => "workspace_id",
        (None, Some(_)) => "thread_id",
        (None, None) => "assistant_id",
    };
    MemoryError::Field { field, text: "names nothing that is there".to_owned() }
}

fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}
