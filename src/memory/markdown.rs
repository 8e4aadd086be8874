//! Facts in Markdown files: `TENANT/ASSISTANT/KEY.md` below a folder, `shared` for every assistant; daily facts in
//! `workspaces/ID/` there, those of a conversation in `threads/ID/`.
//!
//! Between two lines `---` at its beginning a file says `category`, `tags`, `confidence`, `expires`, `pinned`, `source`,
//! `provenance` and `created`; one without them is a custom fact of the person who wrote it. A file whose name is no key
//! is not looked at. Files are read anew for every question, by handle and never through a link.
//! Their history is in the database. It has what was changed here; of changes by hand it has what was found at the next
//! change, and cannot say who made them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use parking_lot::Mutex;

use super::backend::{FactFilter, MemoryBackend};
use super::fact::{FACTS_MAX, TEXT_BYTES_MAX, checked_key};
use super::{Category, Confidence, Deed, Fact, FactScope, MemoryError, Note, parse_expiry, ranking, store};
use crate::config::{FileText, Folder};
use crate::db::{Db, DbError, fingerprint};
use crate::protocol::ids::{FactId, TenantId};
use crate::protocol::turn::Provenance;

const SHARED: &str = "shared";
const WORKSPACES: &str = "workspaces";
const THREADS: &str = "threads";
/// What of a file is read: the longest text, and what stands before it.
const FILE_BYTES_MAX: usize = TEXT_BYTES_MAX + 2_048;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct MarkdownMemory {
    root: Arc<Path>,
    /// Of the history.
    db: Db,
    /// Between the look at a version and the write.
    writing: Arc<Mutex<()>>,
}

/// Where one fact is.
struct Spot {
    scope: FactScope,
    key: String,
}

// === impl MarkdownMemory ===

impl MarkdownMemory {
    /// The facts below this folder, which is made when the first one is written; their history is in the store.
    #[must_use]
    pub fn new(root: PathBuf, db: Db) -> Self {
        Self { root: root.into(), db, writing: Arc::default() }
    }

    fn read(&self, tenant: &TenantId, spot: Spot) -> Result<Option<Fact>, MemoryError> {
        let path = self.path(tenant, &spot.scope);
        let read = || match Folder::open(&path)? {
            Some(folder) => folder.read(&file_name(&spot.key), FILE_BYTES_MAX),
            None => Ok(None),
        };
        let file = read().map_err(|source| failed(&path, source))?;
        Ok(file.map(|file| fact(tenant, spot, &file)))
    }

    /// Every fact that is there. One that cannot be read is left out, and the log says why.
    fn all(&self, tenant: &TenantId, wanted: impl Fn(&Spot) -> bool) -> Result<Vec<Fact>, MemoryError> {
        let spots = self.spots(tenant).map_err(|source| failed(&self.root, source))?;
        let mut facts = Vec::new();
        for spot in spots.into_iter().filter(wanted) {
            match self.read(tenant, spot) {
                Ok(found) => facts.extend(found),
                Err(error) => tracing::warn!(%error, "a fact is left out"),
            }
        }
        Ok(facts)
    }

    fn spots(&self, tenant: &TenantId) -> io::Result<Vec<Spot>> {
        let mut spots = Vec::new();
        let Some(all) = Folder::open(&self.root.join(tenant.as_str()))? else { return Ok(spots) };
        for name in all.names(FACTS_MAX)? {
            let assistant = name.parse().ok();
            if name != SHARED && assistant.is_none() {
                continue;
            }
            let scope = FactScope { assistant, ..FactScope::default() };
            let Some(own) = all.below(&name)? else { continue };
            keys(&own, scope, &mut spots)?;
            for (below, is_workspace) in [(WORKSPACES, true), (THREADS, false)] {
                let Some(places) = own.below(below)? else { continue };
                for id in places.names(FACTS_MAX)? {
                    let scope = match is_workspace {
                        true => id.parse().ok().map(|id| FactScope { workspace: Some(id), ..scope }),
                        false => id.parse().ok().map(|id| FactScope { thread: Some(id), ..scope }),
                    };
                    if let (Some(scope), Some(folder)) = (scope, places.below(&id)?) {
                        keys(&folder, scope, &mut spots)?;
                    }
                }
            }
        }
        spots.truncate(FACTS_MAX);
        Ok(spots)
    }

    fn path(&self, tenant: &TenantId, scope: &FactScope) -> PathBuf {
        let mut path = self.root.join(tenant.as_str());
        path.push(scope.assistant.map_or_else(|| SHARED.to_owned(), |id| id.to_string()));
        if let Some(workspace) = scope.workspace {
            path.extend([WORKSPACES.to_owned(), workspace.to_string()]);
        }
        if let Some(thread) = scope.thread {
            path.extend([THREADS.to_owned(), thread.to_string()]);
        }
        path
    }

    fn by_id(&self, tenant: &TenantId, id: FactId) -> Result<Option<Fact>, MemoryError> {
        Ok(self.all(tenant, |spot| id_of(tenant, spot) == id)?.pop())
    }

    fn write(&self, tenant: &TenantId, fact: &Fact, was: Option<i64>) -> Result<Fact, MemoryError> {
        let _one_at_a_time = self.writing.lock();
        let spot = || Spot { scope: fact.scope, key: fact.key.clone() };
        let now = self.read(tenant, spot())?.map(|known| known.version);
        match (was, now) {
            (None, Some(_)) => return Err(MemoryError::KeyTaken),
            (Some(_), _) if was != now => return Err(MemoryError::Stale),
            (None, None) if self.all(tenant, |_| true)?.len() >= FACTS_MAX => {
                return Err(MemoryError::TooMany);
            }
            _ => {}
        }
        let path = self.path(tenant, &fact.scope);
        let written =
            Folder::open_or_make(&path).and_then(|folder| folder.write(&file_name(&fact.key), written(fact)));
        written.map_err(|source| failed(&path, source))?;
        self.read(tenant, spot())?.ok_or(MemoryError::NotFound)
    }

    fn delete(&self, tenant: &TenantId, fact: &Fact) -> Result<(), MemoryError> {
        let _one_at_a_time = self.writing.lock();
        let known = self.read(tenant, Spot { scope: fact.scope, key: fact.key.clone() })?;
        if known.is_none_or(|known| known.version != fact.version) {
            return Err(MemoryError::Stale);
        }
        let path = self.path(tenant, &fact.scope);
        let removed = Folder::open(&path).and_then(|folder| match folder {
            Some(folder) => folder.remove(&file_name(&fact.key)),
            None => Ok(()),
        });
        removed.map_err(|source| failed(&path, source))
    }

    /// Notes what the history does not have yet: a file that was there before the history began, or changed by hand.
    async fn note_found(&self, tenant: &TenantId, fact: Fact) -> Result<(), MemoryError> {
        let write = self.db.write(tenant, move |tx| {
            let newest = store::versions::of(tx, fact.id)?.into_iter().next();
            if newest.is_none_or(|newest| newest.note.deed.is_end() || !newest.fact.says_the_same(&fact)) {
                let note = Note::new(Deed::Found, "a file", "", fact.updated_ms);
                store::versions::append(tx, store::versions::next(tx, fact.id)?, &fact, &note)?;
            }
            Ok(())
        });
        write.await
    }

    async fn note(&self, tenant: &TenantId, fact: Fact, note: Note) -> Result<(), MemoryError> {
        let write = self.db.write(tenant, move |tx| {
            let number = store::versions::next(tx, fact.id)?;
            Ok(store::versions::append(tx, number, &fact, &note)?)
        });
        write.await
    }

    /// The same on a thread that may wait for the disk.
    fn work<T: Send + 'static>(
        &self,
        tenant: &TenantId,
        work: impl FnOnce(&Self, &TenantId) -> Result<T, MemoryError> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, MemoryError>> {
        let (own, tenant) = (self.clone(), tenant.clone());
        let done = tokio::task::spawn_blocking(move || work(&own, &tenant));
        async move { done.await.unwrap_or(Err(MemoryError::Store(DbError::Closed))) }.boxed()
    }
}

impl MemoryBackend for MarkdownMemory {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn list(
        &self,
        tenant: &TenantId,
        filter: FactFilter,
    ) -> BoxFuture<'static, Result<Vec<Fact>, MemoryError>> {
        self.work(tenant, move |own, tenant| {
            let mut facts = own.all(tenant, |spot| filter.visible.sees(&spot.scope))?;
            facts.retain(|fact| filter.takes(fact));
            facts.sort_by_key(|fact| fact.id);
            facts.truncate(filter.limit);
            Ok(facts)
        })
    }

    fn search(
        &self,
        tenant: &TenantId,
        words: Vec<String>,
        filter: FactFilter,
    ) -> BoxFuture<'static, Result<Vec<Fact>, MemoryError>> {
        self.work(tenant, move |own, tenant| {
            let facts = own.all(tenant, |spot| filter.visible.sees(&spot.scope))?;
            let mut scored: Vec<(u32, Fact)> = facts
                .into_iter()
                .filter(|fact| filter.takes(fact))
                .map(|fact| (ranking::score(&fact, &words), fact))
                .filter(|(score, _)| *score > 0)
                .collect();
            scored.sort_by(|(a, left), (b, right)| (b, right.updated_ms).cmp(&(a, left.updated_ms)));
            scored.truncate(filter.limit);
            Ok(scored.into_iter().map(|(_, fact)| fact).collect())
        })
    }

    fn get(&self, tenant: &TenantId, id: FactId) -> BoxFuture<'static, Result<Option<Fact>, MemoryError>> {
        self.work(tenant, move |own, tenant| own.by_id(tenant, id))
    }

    fn find(
        &self,
        tenant: &TenantId,
        scope: FactScope,
        key: &str,
    ) -> BoxFuture<'static, Result<Option<Fact>, MemoryError>> {
        let spot = checked_key(key.to_owned()).map(|key| Spot { scope, key });
        // What is no key names nothing.
        let Ok(spot) = spot else { return async { Ok(None) }.boxed() };
        self.work(tenant, move |own, tenant| own.read(tenant, spot))
    }

    fn put(
        &self,
        tenant: &TenantId,
        fact: Fact,
        was: Option<i64>,
        note: Note,
    ) -> BoxFuture<'static, Result<Fact, MemoryError>> {
        let (own, tenant) = (self.clone(), tenant.clone());
        let put = async move {
            if was.is_some()
                && let Some(known) = own.find(&tenant, fact.scope, &fact.key).await?
            {
                own.note_found(&tenant, known).await?;
            }
            let kept = own.work(&tenant, move |own, tenant| own.write(tenant, &fact, was)).await?;
            own.note(&tenant, kept.clone(), note).await?;
            Ok(kept)
        };
        put.boxed()
    }

    fn remove(
        &self,
        tenant: &TenantId,
        fact: Fact,
        note: Option<Note>,
    ) -> BoxFuture<'static, Result<(), MemoryError>> {
        let (own, tenant) = (self.clone(), tenant.clone());
        let remove = async move {
            // What goes is in the history before it goes: a crash in between is a note too many, and no fact less.
            if let Some(note) = note {
                own.note_found(&tenant, fact.clone()).await?;
                let gone = fact.clone();
                own.work(&tenant, move |own, tenant| own.delete(tenant, &fact)).await?;
                return own.note(&tenant, gone, note).await;
            }
            own.work(&tenant, move |own, tenant| own.delete(tenant, &fact)).await
        };
        remove.boxed()
    }
}

fn keys(folder: &Folder, scope: FactScope, spots: &mut Vec<Spot>) -> io::Result<()> {
    for name in folder.names(FACTS_MAX)? {
        let key = name.strip_suffix(".md").and_then(|key| checked_key(key.to_owned()).ok());
        spots.extend(key.map(|key| Spot { scope, key }));
    }
    Ok(())
}

fn file_name(key: &str) -> String {
    format!("{key}.md")
}

/// An id that stands for a place.
fn id_of(tenant: &TenantId, spot: &Spot) -> FactId {
    let bytes = |id: Option<[u8; 16]>| id.unwrap_or_default();
    let scope = [
        bytes(spot.scope.assistant.map(|id| *id.as_bytes())),
        bytes(spot.scope.workspace.map(|id| *id.as_bytes())),
        bytes(spot.scope.thread.map(|id| *id.as_bytes())),
    ];
    let print = fingerprint(&[tenant.as_str().as_bytes(), scope.as_flattened(), spot.key.as_bytes()]);
    FactId::from_bytes(print.first_chunk::<16>().copied().unwrap_or_default())
}

/// The file of a fact.
fn written(fact: &Fact) -> String {
    let created = Timestamp::from_millisecond(fact.created_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut head = format!("category: {}\ntags: {}\n", fact.category, fact.tags.join(" "));
    if fact.confidence != Confidence::CERTAIN {
        head.push_str(&format!("confidence: {}\n", fact.confidence.fraction()));
    }
    if let Some(end) = fact.expires_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()) {
        head.push_str(&format!("expires: {end:.3}\n"));
    }
    if fact.pinned {
        head.push_str("pinned: yes\n");
    }
    let (source, provenance) = (&fact.source, fact.provenance.as_str());
    format!(
        "---\n{head}source: {source}\nprovenance: {provenance}\ncreated: {created:.3}\n---\n{}\n",
        fact.text
    )
}

fn fact(tenant: &TenantId, spot: Spot, file: &FileText) -> Fact {
    let (head, text) = split(&file.text);
    let said = |key: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        lines
            .find(|(name, _)| name.trim() == key)
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    };
    let category = match (spot.scope.workspace, spot.scope.thread) {
        (Some(_), _) => Category::Daily,
        (None, Some(_)) => Category::Conversation,
        (None, None) if said("category") == Some(Category::Core.as_str()) => Category::Core,
        (None, None) => Category::Custom,
    };
    let created = said("created").and_then(|text| text.parse::<Timestamp>().ok());
    // A word that is none is trusted least; a file that says nothing was written by hand.
    let provenance = said("provenance").map(|word| Provenance::parse(word).unwrap_or(Provenance::Tool));
    Fact {
        id: id_of(tenant, &spot),
        category,
        text: text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or_default().to_owned(),
        tags: said("tags").into_iter().flat_map(str::split_whitespace).map(str::to_owned).collect(),
        source: said("source").unwrap_or("a file").to_owned(),
        provenance: provenance.unwrap_or(Provenance::Owner),
        // A fraction that is none is doubted.
        confidence: said("confidence").map_or(Confidence::CERTAIN, |text| {
            text.parse().ok().and_then(Confidence::of).unwrap_or(Confidence::DOUBTED)
        }),
        expires_ms: said("expires").and_then(parse_expiry),
        pinned: said("pinned") == Some("yes"),
        version: file.version(),
        created_ms: created.map_or(file.modified_ms, Timestamp::as_millisecond),
        updated_ms: file.modified_ms,
        scope: spot.scope,
        key: spot.key,
    }
}

/// What stands between the lines `---`, and the text after them.
fn split(text: &str) -> (&str, &str) {
    let rest = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n"));
    match rest.and_then(|rest| rest.split_once("\n---")) {
        Some((head, body)) => (head, body.trim()),
        None => ("", text.trim()),
    }
}

fn failed(path: &Path, source: io::Error) -> MemoryError {
    MemoryError::Io { path: path.display().to_string(), source }
}
