//! What models do with facts: they keep, find and forget, and nothing of it is more trusted than what they had read.

use super::backend::{FactFilter, Visible};
use super::desk::{Memory, now_ms};
use super::{Category, Deed, Fact, FactScope, MemoryError, NewFact, Note, ranking};
use crate::protocol::turn::Provenance;
use crate::tools::Place;
use crate::turns::has_read_untrusted;

impl Memory {
    /// Keeps what a model wants to remember, in the place of the fact with the same key. Whether there was one.
    pub(super) async fn remember(&self, place: &Place, new: NewFact) -> Result<bool, MemoryError> {
        let tainted = self.is_tainted(place).await?;
        let provenance = if tainted { Provenance::Tool } else { Provenance::Model };
        let (by, why, now_ms) = (by(place), new.why.trim().to_owned(), now_ms());
        let fact = new.into_fact((by.clone(), provenance), now_ms)?;
        match self.backend.find(&place.tenant, fact.scope, &fact.key).await? {
            None => {
                let note = Note::new(Deed::Stored, by, &why, now_ms);
                self.backend.put(&place.tenant, fact, None, note).await.map(|_| false)
            }
            Some(known) if tainted && known.is_trusted() => Err(MemoryError::Trusted),
            Some(known) => {
                let (was, note) = (known.version, Note::new(Deed::Changed, by, &why, now_ms));
                let next = Fact {
                    id: known.id,
                    created_ms: known.created_ms,
                    version: was + 1,
                    // Only people pin; and what nobody has read yet is not pinned by replacing what was.
                    pinned: known.pinned && fact.is_trusted(),
                    ..fact
                };
                self.fits_in_prompts(&place.tenant, &next).await?;
                self.backend.put(&place.tenant, next, Some(was), note).await.map(|_| true)
            }
        }
    }

    /// Facts that fit a question and are not over, the best first.
    pub(super) async fn recall(
        &self,
        place: &Place,
        question: &str,
        category: Option<Category>,
        limit: usize,
    ) -> Result<Vec<Fact>, MemoryError> {
        let visible = Visible {
            assistant: Some(place.assistant),
            workspace: Some(place.workspace),
            thread: Some(place.thread),
        };
        let filter = FactFilter { live_at_ms: Some(now_ms()), limit, ..self.filter(visible, category) };
        self.backend.search(&place.tenant, ranking::words(question), filter).await
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
        let now_ms = now_ms();
        for scope in scopes {
            let found = self.backend.find(&place.tenant, scope, key).await?;
            let over = |fact: &Fact| {
                fact.is_expired(now_ms)
                    || (fact.category == Category::Daily && fact.updated_ms < self.daily_since_ms())
            };
            if let Some(fact) = found.filter(|fact| !over(fact)) {
                return Ok(Some(fact));
            }
        }
        Ok(None)
    }

    /// Forgets what a model does not want to remember any more. Whether there was such a fact of its own.
    pub(super) async fn unlearn(&self, place: &Place, key: &str, why: &str) -> Result<bool, MemoryError> {
        let found = self.recall_key(place, key).await?;
        let Some(fact) = found.filter(|fact| fact.scope.assistant.is_some()) else { return Ok(false) };
        if fact.is_trusted() && self.is_tainted(place).await? {
            return Err(MemoryError::Trusted);
        }
        let note = Note::new(Deed::Forgotten, by(place), why, now_ms());
        self.backend.remove(&place.tenant, fact, Some(note)).await?;
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
}

fn by(place: &Place) -> String {
    format!("turn {}", place.turn)
}
