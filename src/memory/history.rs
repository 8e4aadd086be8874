//! What was: versions of facts, put back or purged, and the sweep of what is over.

use std::collections::HashSet;

use super::backend::{FactFilter, Visible};
use super::desk::{Memory, now_ms, nowhere};
use super::version::checked_why;
use super::{Category, Deed, FACTS_MAX, Fact, FactVersion, MemoryError, Note, store};
use crate::audit::{self, Entry};
use crate::identity::Principal;
use crate::protocol::ids::{FactId, TenantId};

/// Facts of one look of the sweep.
const SWEEP_FACTS: usize = 500;
/// Who sweeps.
const SWEEPER: &str = "system";

impl Memory {
    /// The versions of a fact, the newest first; also of one that was forgotten. A file that was changed by hand is a
    /// version, too.
    ///
    /// # Errors
    /// [`MemoryError::NotFound`] also for a fact that is not seen.
    pub async fn versions(
        &self,
        tenant: &TenantId,
        visible: Visible,
        id: FactId,
    ) -> Result<Vec<FactVersion>, MemoryError> {
        let current = self.backend.get(tenant, id).await?;
        let mut versions = self.db.read(tenant, move |read| store::versions::of(read, id)).await?;
        if let Some(fact) = current {
            let newest = versions.first();
            if newest.is_none_or(|newest| newest.note.deed.is_end() || !newest.fact.says_the_same(&fact)) {
                let number = newest.map_or(1, |newest| newest.number + 1);
                let note = Note::new(Deed::Found, "a file", "", fact.updated_ms);
                versions.insert(0, FactVersion { number, note, fact });
            }
        }
        match versions.first() {
            Some(newest) if visible.sees(&newest.fact.scope) => Ok(versions),
            _ => Err(MemoryError::NotFound),
        }
    }

    /// One version.
    ///
    /// # Errors
    /// [`MemoryError::NotFound`].
    pub async fn version(
        &self,
        tenant: &TenantId,
        visible: Visible,
        (id, number): (FactId, i64),
    ) -> Result<FactVersion, MemoryError> {
        let mut versions = self.versions(tenant, visible, id).await?;
        let at = versions.iter().position(|version| version.number == number);
        Ok(versions.swap_remove(at.ok_or(MemoryError::NotFound)?))
    }

    /// What was forgotten and can be had back, the newest first.
    ///
    /// # Errors
    /// [`MemoryError`].
    pub async fn forgotten(
        &self,
        tenant: &TenantId,
        visible: Visible,
        limit: usize,
    ) -> Result<Vec<FactVersion>, MemoryError> {
        // A forgotten file may have been written again by hand.
        let live = FactFilter { daily_since_ms: i64::MIN, limit: FACTS_MAX, ..self.filter(visible, None) };
        let known: HashSet<FactId> = match self.backend() {
            "markdown" => self.page(tenant, live).await?.into_iter().map(|fact| fact.id).collect(),
            _ => HashSet::new(),
        };
        let mut gone = self.db.read(tenant, move |read| store::versions::gone(read, visible, limit)).await?;
        gone.retain(|version| !known.contains(&version.fact.id));
        Ok(gone)
    }

    /// Puts a version back, as a new one. A fact that is still there must have the version of `known`; one that was
    /// forgotten is there again. Who puts it back has read it: it is theirs, and trusted.
    ///
    /// # Errors
    /// [`MemoryError`]; then nothing changed.
    pub async fn restore(
        &self,
        by: &Principal,
        old: FactVersion,
        known: Option<i64>,
        why: &str,
    ) -> Result<Fact, MemoryError> {
        let (now_ms, why) = (now_ms(), checked_why(why)?);
        let current = self.backend.get(&by.tenant, old.fact.id).await?;
        let was = match &current {
            Some(current) if known != Some(current.version) => return Err(MemoryError::Stale),
            Some(current) => Some(current.version),
            None => None,
        };
        if !self.has_its_place(&by.tenant, old.fact.scope).await? {
            return Err(nowhere(&old.fact.scope));
        }
        let mut fact = Fact {
            source: by.source(),
            provenance: by.provenance(),
            version: was.unwrap_or_default() + 1,
            updated_ms: now_ms,
            ..old.fact
        };
        // An end that has passed would take it away again.
        fact.expires_ms = fact.expires_ms.filter(|end| *end > now_ms);
        self.fits_in_prompts(&by.tenant, &fact).await?;
        self.tell(by, "memory.restored", &fact).await?;
        let note = Note::new(Deed::Restored, by.source(), &why, now_ms);
        self.backend.put(&by.tenant, fact, was, note).await
    }

    /// Removes the history of a fact for good: all of it, or what came before the state of now. A secure delete, as far as
    /// the disk allows one; backups that were made before still have it.
    ///
    /// # Errors
    /// [`MemoryError`]; then it is still there.
    pub async fn purge(&self, by: &Principal, visible: Visible, id: FactId) -> Result<(), MemoryError> {
        let versions = self.versions(&by.tenant, visible, id).await?;
        let newest = versions.first().ok_or(MemoryError::NotFound)?;
        let is_there = self.backend.get(&by.tenant, id).await?.is_some();
        let but = is_there.then_some(newest.number);
        let told = Entry::done("memory", by.source(), "memory.purged").on(newest.fact.key.as_str());
        let write = self.db.write(&by.tenant, move |tx| {
            let versions = store::versions::purge(tx, id, but)?;
            Ok::<_, MemoryError>(audit::append(tx, told.with("versions", versions))?)
        });
        write.await?;
        Ok(self.db.scrub().await?)
    }

    /// Forgets facts that are over, those whose assistant, workspace or thread is gone, and the history of what was
    /// forgotten long ago. How many facts.
    ///
    /// # Errors
    /// [`MemoryError`]; the rest is forgotten the next time.
    pub async fn sweep(&self, tenant: &TenantId) -> Result<usize, MemoryError> {
        let (now_ms, since_ms, mut gone) = (now_ms(), self.daily_since_ms(), 0);
        let all = FactFilter {
            daily_since_ms: i64::MIN,
            limit: SWEEP_FACTS,
            ..self.filter(Visible::default(), None)
        };
        let mut after = None;
        loop {
            let facts = self.backend.list(tenant, FactFilter { after, ..all }).await?;
            let Some(last) = facts.last() else { break };
            after = Some(last.id);
            for fact in facts {
                let old = fact.category == Category::Daily && fact.updated_ms < since_ms;
                let over = fact.is_expired(now_ms.saturating_sub(self.expired_ms));
                let note = if !self.has_its_place(tenant, fact.scope).await? {
                    None
                } else if old || over {
                    Some(Note::new(Deed::Expired, SWEEPER, "", now_ms))
                } else {
                    continue;
                };
                self.backend.remove(tenant, fact, note).await?;
                gone += 1;
            }
        }
        let before_ms = now_ms.saturating_sub(self.forgotten_ms);
        let purge =
            self.db.write(tenant, move |tx| Ok::<_, MemoryError>(store::versions::purge_old(tx, before_ms)?));
        purge.await?;
        Ok(gone)
    }
}
