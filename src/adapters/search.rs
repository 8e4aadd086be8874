//! What the index of full text reads: messages, facts, skills and files that were opted in.

mod files;
mod finder;

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::db::fingerprint;
use crate::identity::Principal;
use crate::memory::{Fact, Memory, MemoryError, Visible};
use crate::protocol::ids::{AssistantId, FactId, MessageId, TenantId, ThreadId, WorkspaceId};
use crate::redaction::Redactor;
use crate::search::{Document, Key, RawId, SetState, Source, SourceError};
use crate::skills::{Skill, SkillPlace, Skills};
use crate::turns::Turns;
use crate::workspaces::{FoundMessage, Threads, Workspaces, finders};

pub use finder::{FindError, Finder, Item, Page, Wanted};

/// The kinds of things that are found.
pub const KINDS: &[&str] = &[MESSAGE, MEMORY, SKILL, FILE];
pub(super) const MESSAGE: &str = "message";
pub(super) const MEMORY: &str = "memory";
pub(super) const SKILL: &str = "skill";
pub(super) const FILE: &str = "file";
/// The place of skills that are no project's.
pub(super) const HOME: &str = "home";

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Searchable {
    /// Whose things there are.
    pub turns: Turns,
    /// What was said.
    pub threads: Threads,
    /// What is remembered.
    pub memory: Memory,
    /// How things are done.
    pub skills: Skills,
    /// Where skills of projects are.
    pub workspaces: Workspaces,
    /// What takes secrets out of what no store has cleaned.
    pub redactor: Redactor,
}

impl Source for Searchable {
    fn tenants(&self) -> BoxFuture<'_, Result<Vec<TenantId>, SourceError>> {
        async move { self.turns.tenants().await.map_err(unreadable) }.boxed()
    }

    fn kinds(&self) -> &'static [&'static str] {
        if self.is_in_files() { &[MESSAGE] } else { &[MESSAGE, MEMORY] }
    }

    fn group_kind(&self) -> &'static str {
        "thread"
    }

    fn documents<'a>(
        &'a self,
        tenant: &'a TenantId,
        keys: Vec<Key>,
    ) -> BoxFuture<'a, Result<Vec<Document>, SourceError>> {
        async move {
            let ids = keys.iter().filter(|key| key.kind == MESSAGE).map(|key| MessageId::from_bytes(key.id));
            let messages = self.threads.found(tenant, ids.collect()).await.map_err(unreadable)?;
            let mut documents: Vec<Document> = messages.into_iter().map(of_message).collect();
            for key in keys.iter().filter(|key| key.kind == MEMORY) {
                match self.memory.get(tenant, Visible::default(), FactId::from_bytes(key.id)).await {
                    Ok(fact) => documents.push(of_fact(&fact)),
                    Err(MemoryError::NotFound) => {}
                    Err(error) => return Err(unreadable(error)),
                }
            }
            Ok(documents)
        }
        .boxed()
    }

    fn group<'a>(
        &'a self,
        tenant: &'a TenantId,
        group: RawId,
        after: Option<RawId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Document>, SourceError>> {
        self.messages(tenant, Some(ThreadId::from_bytes(group)), after, limit).boxed()
    }

    fn page<'a>(
        &'a self,
        tenant: &'a TenantId,
        kind: &'static str,
        after: Option<RawId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Document>, SourceError>> {
        async move {
            if kind == MESSAGE {
                return self.messages(tenant, None, after, limit).await;
            }
            let paging = (after.map(FactId::from_bytes), limit);
            let facts =
                self.memory.list(tenant, Visible::default(), None, paging).await.map_err(unreadable)?;
            Ok(facts.iter().map(of_fact).collect())
        }
        .boxed()
    }

    fn watched_kinds(&self) -> &'static [&'static str] {
        if self.is_in_files() { &[SKILL, MEMORY] } else { &[SKILL] }
    }

    fn watched<'a>(
        &'a self,
        tenant: &'a TenantId,
        kind: &'static str,
    ) -> BoxFuture<'a, Result<Vec<(String, Document)>, SourceError>> {
        async move {
            if kind == SKILL { self.all_skills(tenant).await } else { self.all_facts(tenant).await }
        }
        .boxed()
    }

    fn set_kind(&self) -> Option<&'static str> {
        Some(FILE)
    }

    fn sets<'a>(&'a self, tenant: &'a TenantId) -> BoxFuture<'a, Result<Vec<SetState>, SourceError>> {
        self.all_files(tenant).boxed()
    }

    fn set<'a>(
        &'a self,
        tenant: &'a TenantId,
        locator: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Document>, SourceError>> {
        self.of_file(tenant, locator).boxed()
    }
}

// === impl Searchable ===

impl Searchable {
    /// It, as the indexer takes it.
    #[must_use]
    pub fn into_source(self) -> Arc<dyn Source> {
        Arc::new(self)
    }

    /// Whether facts are in files, which no table knows.
    fn is_in_files(&self) -> bool {
        self.memory.backend() == "markdown"
    }

    async fn messages(
        &self,
        tenant: &TenantId,
        thread: Option<ThreadId>,
        after: Option<RawId>,
        limit: usize,
    ) -> Result<Vec<Document>, SourceError> {
        let after = after.map(MessageId::from_bytes);
        let found = self.threads.found_after(tenant, thread, after, limit).await.map_err(unreadable)?;
        Ok(found.into_iter().map(of_message).collect())
    }

    async fn all_skills(&self, tenant: &TenantId) -> Result<Vec<(String, Document)>, SourceError> {
        let mut all = Vec::new();
        let own = Principal::owner(tenant.clone());
        let workspaces = self.workspaces.list(&own, None, WORKSPACES_MAX).await.map_err(unreadable)?;
        let places = workspaces.into_iter().map(|workspace| SkillPlace::Workspace(workspace.id));
        for place in std::iter::once(SkillPlace::Home).chain(places) {
            match self.skills.list(tenant, place).await {
                Ok(skills) => all.extend(skills.iter().filter_map(|skill| self.of_skill(skill))),
                // A folder of a person that is not there now: its skills are not either.
                Err(error) => tracing::debug!(%error, "skills of a place are not indexed"),
            }
        }
        Ok(all)
    }

    fn of_skill(&self, skill: &Skill) -> Option<(String, Document)> {
        let document = skill.document.as_ref().ok()?;
        let workspace = skill.place.workspace();
        let place = workspace.map_or_else(|| HOME.to_owned(), |id| id.to_string());
        let locator = format!("{place}/{}", skill.name);
        let name = skill.name.replace('-', " ");
        let text = format!("{name}: {}\n{}", document.description, document.body);
        let made = Document {
            key: Key { kind: SKILL, id: id_of(SKILL, &locator) },
            group: None,
            scope: workspace.map(|id| *id.as_bytes()),
            owner: workspace.map_or_else(|| finders::EVERYBODY.to_owned(), finders::of_workspace),
            role: String::new(),
            author: String::new(),
            text: self.redactor.redact(&text).text.into_owned(),
            at_ms: skill.modified_ms,
            locator,
        };
        Some((skill.version.to_string(), made))
    }

    async fn all_facts(&self, tenant: &TenantId) -> Result<Vec<(String, Document)>, SourceError> {
        let paging = (None, crate::memory::FACTS_MAX);
        let facts = self.memory.list(tenant, Visible::default(), None, paging).await.map_err(unreadable)?;
        Ok(facts.iter().map(|fact| (fact.version.to_string(), of_fact(fact))).collect())
    }
}

/// More workspaces than a person has.
const WORKSPACES_MAX: usize = 1_000;

/// Who may find what is in a thread: its assistant, or whoever answers in the workspace.
fn owner(assistant: Option<AssistantId>, workspace: WorkspaceId) -> String {
    assistant.map_or_else(|| finders::of_workspace(workspace), finders::of_assistant)
}

fn of_message(message: FoundMessage) -> Document {
    Document {
        key: Key { kind: MESSAGE, id: *message.id.as_bytes() },
        group: Some(*message.thread_id.as_bytes()),
        scope: Some(*message.workspace_id.as_bytes()),
        owner: owner(message.assistant_id, message.workspace_id),
        role: message.role,
        author: message.author.unwrap_or_default(),
        text: message.content,
        at_ms: message.created_ms,
        locator: String::new(),
    }
}

fn of_fact(fact: &Fact) -> Document {
    let scope = fact.scope;
    let name = fact.key.replace(['-', '_'], " ");
    Document {
        key: Key { kind: MEMORY, id: *fact.id.as_bytes() },
        group: None,
        scope: scope.workspace.map(|id| *id.as_bytes()),
        owner: scope.assistant.map_or_else(|| finders::EVERYBODY.to_owned(), finders::of_assistant),
        role: String::new(),
        author: String::new(),
        text: format!("{name}: {} {}", fact.text, fact.tags.join(" ")),
        at_ms: fact.updated_ms,
        locator: String::new(),
    }
}

/// The id of what has a name and no id.
fn id_of(kind: &str, locator: &str) -> RawId {
    let print = fingerprint(&[kind.as_bytes(), locator.as_bytes()]);
    let mut id = RawId::default();
    id.iter_mut().zip(print).for_each(|(to, from)| *to = from);
    id
}

fn unreadable(error: impl std::fmt::Display) -> SourceError {
    SourceError(error.to_string())
}
