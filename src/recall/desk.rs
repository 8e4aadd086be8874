//! The handle of recall: asks the index, looks around the hits, and has them ordered.

use jiff::Timestamp;

use super::error::RecallError;
use super::question::Question;
use super::ranking::{Ranked, rank};
use crate::protocol::ids::{AssistantId, MessageId, TenantId};
use crate::search::{Found, Marks, Query, Search};
use crate::semantic::{Near, OnBehalf, Semantic};
use crate::workspaces::{FoundMessage, Threads, finders};

/// Hits whose surroundings are looked at.
const HITS: usize = 80;
/// Turns before and after each.
const BESIDE: (usize, usize) = (2, 2);

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Recall {
    search: Search,
    threads: Threads,
    semantic: Option<Semantic>,
}

/// A turn that may hold the answer.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The message.
    pub message: FoundMessage,
    /// How likely; figures of one question compare with each other only.
    pub score: f32,
}

/// Turns with what made them fit.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// In order.
    pub turns: Vec<Turn>,
    /// For snippets.
    pub marks: Marks,
    /// Whether the time was over before everything was looked at.
    pub partial: bool,
}

// === impl Recall ===

impl Recall {
    /// Recalls messages with this index.
    #[must_use]
    pub const fn new(search: Search, threads: Threads) -> Self {
        Self { search, threads, semantic: None }
    }

    /// The same, which also finds what means the same in other words.
    #[must_use]
    pub fn with_semantic(self, semantic: Option<Semantic>) -> Self {
        Self { semantic, ..self }
    }

    /// What finds by meaning, where that is on.
    #[must_use]
    pub const fn semantic(&self) -> Option<&Semantic> {
        self.semantic.as_ref()
    }

    /// The words of everything that an assistant may find.
    ///
    /// # Errors
    /// [`RecallError`].
    pub async fn findable(
        &self,
        tenant: &TenantId,
        assistant: AssistantId,
    ) -> Result<Vec<String>, RecallError> {
        Ok(finders::all(assistant, &self.threads.answered_by(tenant, assistant).await?))
    }

    /// The turns that are most likely to answer a question, as far as the filters of `within` go; its text does not count.
    ///
    /// # Errors
    /// [`RecallError`].
    pub async fn turns(
        &self,
        tenant: &TenantId,
        text: &str,
        within: Query,
        by: &OnBehalf,
    ) -> Result<Around, RecallError> {
        let now_ms = Timestamp::now().as_millisecond();
        let question = Question::of(text, now_ms);
        let query =
            Query { text: question.text.clone(), kinds: vec!["message"], limit: HITS, ..within.clone() };
        let (found, near) =
            tokio::join!(self.search.find(tenant, query.clone()), self.near(tenant, text, &within, by));
        let found = found?;
        let mut ids: Vec<MessageId> = ids(&found);
        if let Some(window) = question.window {
            let from_ms = Some(within.from_ms.map_or(window.from_ms, |from| from.max(window.from_ms)));
            let until_ms = Some(within.until_ms.map_or(window.until_ms, |until| until.min(window.until_ms)));
            let then =
                self.search.find(tenant, Query { from_ms, until_ms, limit: HITS / 2, ..query }).await?;
            let more = self::ids(&then).into_iter().filter(|id| !ids.contains(id)).collect::<Vec<_>>();
            ids.extend(more);
        }
        let by_meaning = near.iter().map(|near| near.id).filter(|id| !ids.contains(id));
        let by_meaning: Vec<MessageId> = by_meaning.collect();
        ids.extend(by_meaning);
        let stretches = self.threads.around(tenant, ids, BESIDE).await?;
        let marks = found.marks.clone();
        // Some hundred texts are read: that takes a thread of its own.
        let ranked =
            tokio::task::spawn_blocking(move || rank(&question, (&marks, &near), stretches, now_ms)).await;
        let ranked = ranked.unwrap_or_default().into_iter().filter(|one| fits(&one.message, &within));
        let turns = ranked.map(|Ranked { message, score }| Turn { message, score }).collect();
        Ok(Around { turns, marks: found.marks, partial: found.partial })
    }

    async fn near(&self, tenant: &TenantId, text: &str, within: &Query, by: &OnBehalf) -> Vec<Near> {
        match &self.semantic {
            Some(semantic) => semantic.near(tenant, text, within, by).await,
            None => Vec::new(),
        }
    }
}

fn ids(found: &Found) -> Vec<MessageId> {
    found.hits.iter().map(|hit| MessageId::from_bytes(hit.id)).collect()
}

/// What stands beside a hit has to pass the same filters.
fn fits(message: &FoundMessage, within: &Query) -> bool {
    let thread = *message.thread_id.as_bytes();
    within.group.is_none_or(|only| only == thread)
        && within.not_group != Some(thread)
        && (within.roles.is_empty() || within.roles.contains(&message.role))
        && within.from_ms.is_none_or(|from| message.created_ms >= from)
        && within.until_ms.is_none_or(|until| message.created_ms < until)
}
