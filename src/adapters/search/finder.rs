//! Finds what a principal may see: the index says what fits, the stores say what it is and whether they may.

use std::collections::{HashMap, HashSet};

use crate::db::Db;
use crate::identity::Principal;
use crate::memory::{MemoryError, Visible};
use crate::policy::{SourceKind, Subject};
use crate::protocol::ids::{FactId, MessageId, ThreadId, WorkspaceId};
use crate::recall::{Around, Question, Recall, RecallError};
use crate::search::{
    Found, Hit, Indexer, Marks, Order, Query, RawId, Search, SearchError, Snippet, WINDOW_MAX,
};
use crate::semantic::{OnBehalf, Semantic};
use crate::skills::{SkillError, SkillPlace};
use crate::workspaces::{FoundMessage, WorkspaceError, finders};

use super::files::Spot;
use super::{FILE, HOME, MEMORY, MESSAGE, SKILL, Searchable};

/// Hits that are looked for beside those that are shown: some may be gone or hidden.
const SPARE: usize = 20;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Finder {
    search: Search,
    recall: Recall,
    things: Searchable,
}

/// What somebody looks for. An empty filter takes all.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// What they typed.
    pub text: String,
    /// Only in this workspace.
    pub workspace: Option<WorkspaceId>,
    /// Only in this thread.
    pub thread: Option<ThreadId>,
    /// Only by this role.
    pub role: Option<String>,
    /// Only of this kind.
    pub kind: Option<&'static str>,
    /// Made at this time or later, in milliseconds since 1970.
    pub from_ms: Option<i64>,
    /// Made before this time.
    pub until_ms: Option<i64>,
    /// How they are ordered.
    pub order: Order,
    /// Items to leave out at the front, and the last of them: where a page ended.
    pub after: Option<(usize, RawId)>,
    /// Items at most.
    pub limit: usize,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// `message`, `memory`, `skill` or `file`.
    pub kind: &'static str,
    /// Its id in the index, for cursors.
    pub raw: RawId,
    /// Its id, or its name where it has none.
    pub id: String,
    /// A message's thread; that of a conversation's fact.
    pub thread_id: Option<ThreadId>,
    /// Where it is.
    pub workspace_id: Option<WorkspaceId>,
    /// The title of the thread, the key of the fact, the name of the skill, the path of the file.
    pub title: String,
    /// A message's role; empty for others.
    pub role: String,
    /// Who said it, where somebody outside did.
    pub author: Option<String>,
    /// Where the text came from.
    pub provenance: String,
    /// How well it fits; figures of one search compare with each other only.
    pub score: f32,
    /// The part that fits.
    pub snippet: Snippet,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
}

/// A page of what was found.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// In order.
    pub items: Vec<Item>,
    /// Where the next page starts, if there may be one.
    pub next: Option<(usize, RawId)>,
    /// Whether the time was over before everything was looked at.
    pub partial: bool,
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The index.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// What answers a question.
    #[error(transparent)]
    Recall(#[from] RecallError),
    /// Messages and workspaces.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// Facts.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// Skills.
    #[error(transparent)]
    Skill(#[from] SkillError),
}

// === impl Finder ===

impl Finder {
    /// Looks for these things with this index, and answers questions by recall.
    #[must_use]
    pub const fn new(search: Search, recall: Recall, things: Searchable) -> Self {
        Self { search, recall, things }
    }

    /// The index behind it.
    #[must_use]
    pub const fn search(&self) -> &Search {
        &self.search
    }

    /// What finds by meaning, where that is on.
    #[must_use]
    pub const fn semantic(&self) -> Option<&Semantic> {
        self.recall.semantic()
    }

    /// One life of what keeps the index in step with the store.
    #[must_use]
    pub fn indexer(&self, db: Db) -> Indexer {
        Indexer::new(self.search.clone(), db, self.things.clone().into_source())
    }

    /// What fits, as far as this principal may see it.
    ///
    /// # Errors
    /// [`FindError`].
    pub async fn find(&self, by: &Principal, wanted: &Wanted) -> Result<Page, FindError> {
        let skip = wanted.after.map_or(0, |(offset, _)| offset);
        if skip >= WINDOW_MAX {
            return Ok(Page::default());
        }
        let mut query = self.query(by, wanted).await?;
        query.limit = (skip + wanted.limit + SPARE).min(WINDOW_MAX);
        let has_messages = wanted.kind.is_none_or(|kind| kind == MESSAGE);
        let is_question = wanted.order == Order::Relevance && has_messages && Question::is_one(&wanted.text);
        let asked = if is_question { Recall::query(&wanted.text, query.clone()) } else { query.clone() };
        let mut found = self.search.find(&by.tenant, asked).await?;
        if is_question {
            let around = self.answers(by, (&wanted.text, query), &found).await?;
            found = answered(found, around);
        }
        let Found { hits, marks, partial } = found;
        let start = start_of(&hits, wanted.after);
        let mut page = Page { partial, ..Page::default() };
        let mut at = start;
        for some in hits.get(start..).unwrap_or_default().chunks(wanted.limit + SPARE) {
            let mut messages = self.messages(by, some).await?;
            for hit in some {
                if page.items.len() == wanted.limit {
                    page.next = page.items.last().map(|last| (at, last.raw));
                    return Ok(page);
                }
                let item = match messages.remove(&hit.id) {
                    Some(message) => Some(of_message(message, hit.score, &marks)),
                    None => self.item(by, hit, &marks).await?,
                };
                page.items.extend(item);
                at += 1;
            }
        }
        Ok(page)
    }

    /// The messages among these hits that a principal may see, in one look at the store.
    async fn messages(
        &self,
        by: &Principal,
        hits: &[Hit],
    ) -> Result<HashMap<RawId, FoundMessage>, FindError> {
        let messages = hits.iter().filter(|hit| hit.kind == MESSAGE);
        let ids = messages.map(|hit| MessageId::from_bytes(hit.id)).collect();
        let found = self.things.threads.found_by(by, ids).await?;
        Ok(found.into_iter().map(|message| (*message.id.as_bytes(), message)).collect())
    }

    /// The turns that may answer a question.
    async fn answers(
        &self,
        by: &Principal,
        asked: (&str, Query),
        found: &Found,
    ) -> Result<Around, FindError> {
        let subject = Subject {
            assistant: by.assistant,
            source: SourceKind::of(by.provenance()),
            ..OnBehalf::nobody()
        };
        let whose = OnBehalf { source: by.source(), subject };
        Ok(self.recall.around(&by.tenant, asked, found, &whose).await?)
    }

    /// What the index is asked, with who asks in it.
    async fn query(&self, by: &Principal, wanted: &Wanted) -> Result<Query, FindError> {
        let owners = match by.assistant {
            None => None,
            Some(only) => Some(finders::all(only, &self.things.threads.answered_by(&by.tenant, only).await?)),
        };
        Ok(Query {
            text: wanted.text.clone(),
            kinds: wanted.kind.into_iter().collect(),
            roles: wanted.role.iter().cloned().collect(),
            group: wanted.thread.map(|id| *id.as_bytes()),
            not_group: None,
            scope: wanted.workspace.map(|id| *id.as_bytes()),
            owners,
            from_ms: wanted.from_ms,
            until_ms: wanted.until_ms,
            order: wanted.order,
            limit: wanted.limit,
        })
    }

    /// The thing of a hit that is no message; `None` when it is gone, or this principal may not see it.
    async fn item(&self, by: &Principal, hit: &Hit, marks: &Marks) -> Result<Option<Item>, FindError> {
        match hit.kind.as_str() {
            MEMORY => self.fact(by, hit, marks).await,
            SKILL => self.skill(by, hit, marks).await,
            FILE => self.file(by, hit, marks).await,
            _ => Ok(None),
        }
    }

    async fn fact(&self, by: &Principal, hit: &Hit, marks: &Marks) -> Result<Option<Item>, FindError> {
        let visible = Visible { assistant: by.assistant, ..Visible::default() };
        let fact = match self.things.memory.get(&by.tenant, visible, FactId::from_bytes(hit.id)).await {
            Ok(fact) => fact,
            Err(MemoryError::NotFound) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(Some(Item {
            kind: MEMORY,
            raw: hit.id,
            id: fact.id.to_string(),
            thread_id: fact.scope.thread,
            workspace_id: fact.scope.workspace,
            title: fact.key,
            role: String::new(),
            author: None,
            provenance: fact.provenance.as_str().to_owned(),
            score: hit.score,
            snippet: marks.snippet(&fact.text),
            created_ms: fact.created_ms,
        }))
    }

    async fn skill(&self, by: &Principal, hit: &Hit, marks: &Marks) -> Result<Option<Item>, FindError> {
        let Some((place, name)) = hit.locator.split_once('/') else { return Ok(None) };
        let place = match (place, place.parse::<WorkspaceId>()) {
            (HOME, _) => SkillPlace::Home,
            (_, Ok(workspace)) => match self.things.workspaces.get(by, workspace).await {
                Ok(found) => SkillPlace::Workspace(found.id),
                Err(WorkspaceError::NotFound) => return Ok(None),
                Err(error) => return Err(error.into()),
            },
            (_, Err(_)) => return Ok(None),
        };
        let skill = match self.things.skills.get(&by.tenant, place, name).await {
            Ok(skill) => skill,
            Err(SkillError::NotFound) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let text =
            format!("{}\n{}", skill.description(), skill.document.as_ref().map_or("", |own| &own.body));
        Ok(Some(Item {
            kind: SKILL,
            raw: hit.id,
            id: skill.name.clone(),
            thread_id: None,
            workspace_id: place.workspace(),
            title: skill.name.clone(),
            role: String::new(),
            author: None,
            provenance: String::new(),
            score: hit.score,
            snippet: marks.snippet(&self.things.redactor.redact(&text).text),
            created_ms: skill.modified_ms,
        }))
    }

    async fn file(&self, by: &Principal, hit: &Hit, marks: &Marks) -> Result<Option<Item>, FindError> {
        let Some(Spot { workspace, number, path }) = Spot::parse(&hit.locator) else { return Ok(None) };
        match self.things.workspaces.get(by, workspace).await {
            Ok(_) => {}
            Err(WorkspaceError::NotFound) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let passages = self.things.file_passages(&by.tenant, workspace, &path).await?;
        // What was changed since then is shown once the index has it.
        let Some(passage) = passages.into_iter().nth(number) else { return Ok(None) };
        Ok(Some(Item {
            kind: FILE,
            raw: hit.id,
            id: format!("{path}:{}", passage.line),
            thread_id: None,
            workspace_id: Some(workspace),
            title: path,
            role: String::new(),
            author: None,
            provenance: String::new(),
            score: hit.score,
            snippet: marks.snippet(&passage.text),
            created_ms: hit.at_ms,
        }))
    }
}

/// Puts the turns that answer a question in the places of the messages that only have its words; what else fits stays where
/// it is.
fn answered(found: Found, around: Around) -> Found {
    let best = found.hits.first().map_or(1.0, |hit| hit.score);
    let top = around.turns.first().map_or(1.0, |turn| turn.score).max(f32::MIN_POSITIVE);
    let mut turns = around.turns.into_iter().map(|turn| Hit {
        kind: MESSAGE.to_owned(),
        id: *turn.message.id.as_bytes(),
        score: best * turn.score / top,
        at_ms: turn.message.created_ms,
        locator: String::new(),
    });
    let (mut seen, mut hits) = (HashSet::new(), Vec::new());
    for hit in &found.hits {
        let placed = if hit.kind == MESSAGE { turns.next() } else { Some(hit.clone()) };
        hits.extend(placed);
    }
    hits.extend(turns);
    hits.extend(found.hits);
    hits.retain(|hit| seen.insert(hit.id));
    hits.truncate(WINDOW_MAX);
    Found { hits, marks: found.marks, partial: found.partial || around.partial }
}

/// Where the page starts: behind its last item, wherever that is now; else as far as the page before went.
fn start_of(hits: &[Hit], after: Option<(usize, RawId)>) -> usize {
    let Some((offset, last)) = after else { return 0 };
    hits.iter().position(|hit| hit.id == last).map_or(offset, |at| at + 1)
}

pub(super) fn of_message(message: FoundMessage, score: f32, marks: &Marks) -> Item {
    Item {
        kind: MESSAGE,
        raw: *message.id.as_bytes(),
        id: message.id.to_string(),
        thread_id: Some(message.thread_id),
        workspace_id: Some(message.workspace_id),
        title: message.title,
        role: message.role,
        author: message.author,
        provenance: message.provenance,
        score,
        snippet: marks.snippet(&message.content),
        created_ms: message.created_ms,
    }
}
