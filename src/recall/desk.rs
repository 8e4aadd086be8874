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

    /// What the index is asked for a question, as far as the filters of `within` go; its text does not count.
    #[must_use]
    pub fn query(text: &str, within: Query) -> Query {
        let question = Question::of(text, Timestamp::now().as_millisecond());
        Query { text: question.text, limit: within.limit.max(HITS), ..within }
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
        let within = Query { kinds: vec!["message"], limit: HITS, ..within };
        let found = self.search.find(tenant, Self::query(text, within.clone())).await?;
        self.around(tenant, (text, within), &found, by).await
    }

    /// The same, where the index was asked already ([`Recall::query`]).
    ///
    /// # Errors
    /// [`RecallError`].
    pub async fn around(
        &self,
        tenant: &TenantId,
        (text, within): (&str, Query),
        found: &Found,
        by: &OnBehalf,
    ) -> Result<Around, RecallError> {
        let now_ms = Timestamp::now().as_millisecond();
        let question = Question::of(text, now_ms);
        let (then, near) =
            tokio::join!(self.at_its_time(tenant, &question, &within), self.near(tenant, text, &within, by));
        let mut ids: Vec<MessageId> = ids(found).take(HITS).collect();
        let more: Vec<MessageId> =
            self::ids(&then?).chain(near.iter().map(|near| near.id)).filter(|id| !ids.contains(id)).collect();
        ids.extend(more);
        let stretches = self.threads.around(tenant, ids, BESIDE).await?;
        let marks = found.marks.clone();
        // Some hundred texts are read: that takes a thread of its own.
        let ranked =
            tokio::task::spawn_blocking(move || rank(&question, (&marks, &near), stretches, now_ms)).await;
        let ranked = ranked.unwrap_or_default().into_iter().filter(|one| fits(&one.message, &within));
        let turns = ranked.map(|Ranked { message, score }| Turn { message, score }).collect();
        Ok(Around { turns, marks: found.marks.clone(), partial: found.partial })
    }

    /// What has the words of a question and was said at the time that it names.
    async fn at_its_time(
        &self,
        tenant: &TenantId,
        question: &Question,
        within: &Query,
    ) -> Result<Found, RecallError> {
        let Some(window) = question.window else { return Ok(Found::default()) };
        let query = Query {
            text: question.text.clone(),
            kinds: vec!["message"],
            from_ms: Some(within.from_ms.map_or(window.from_ms, |from| from.max(window.from_ms))),
            until_ms: Some(within.until_ms.map_or(window.until_ms, |until| until.min(window.until_ms))),
            limit: HITS / 2,
            ..within.clone()
        };
        Ok(self.search.find(tenant, query).await?)
    }

    async fn near(&self, tenant: &TenantId, text: &str, within: &Query, by: &OnBehalf) -> Vec<Near> {
        match &self.semantic {
            Some(semantic) => semantic.near(tenant, text, within, by).await,
            None => Vec::new(),
        }
    }
}

fn ids(found: &Found) -> impl Iterator<Item = MessageId> {
    let messages = found.hits.iter().filter(|hit| hit.kind == "message");
    messages.map(|hit| MessageId::from_bytes(hit.id))
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
