//! The handle of agent files.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::{FILE_BYTES_MAX, FILE_PROMPT_BYTES_MAX, FileError, FileName, prompt};
use crate::assistants::{Assistant, Assistants};
use crate::audit::{self, Entry, Outcome};
use crate::config::Folder;
use crate::db::{Db, DbError};
use crate::identity::Principal;
use crate::protocol::ids::{AssistantId, TenantId};

/// One file of an assistant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AgentFile {
    /// Which.
    pub name: FileName,
    /// Its text; empty when there is no file.
    pub text: String,
    /// Its length in bytes; more than `text` has if the file is longer than [`FILE_BYTES_MAX`].
    pub bytes: u64,
    /// Stands for exactly this text; 0 for no file.
    pub version: i64,
    /// When it was changed last; `None` when there is no file.
    pub modified_ms: Option<i64>,
}

/// The files of all assistants. Cheap to clone.
#[derive(Clone)]
pub struct AgentFiles {
    root: Arc<Path>,
    db: Db,
    assistants: Assistants,
    /// Between the look at a version and the write.
    writing: Arc<Mutex<()>>,
}

// === impl AgentFile ===

impl AgentFile {
    /// Whether a prompt has only its beginning.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.text.trim().len() > FILE_PROMPT_BYTES_MAX
    }
}

// === impl AgentFiles ===

impl AgentFiles {
    /// The files below this folder. It is made when the first one is written.
    #[must_use]
    pub fn new(root: PathBuf, db: Db) -> Self {
        Self { root: root.into(), assistants: Assistants::new(db.clone()), db, writing: Arc::default() }
    }

    /// Where an assistant's files are.
    #[must_use]
    pub fn folder(&self, assistant: AssistantId) -> PathBuf {
        self.root.join(assistant.to_string())
    }

    /// The part of the system prompt that the files of an assistant make; empty without files. A file that cannot
    /// be read is left out, and the log says why.
    pub async fn prompt(&self, assistant: AssistantId) -> String {
        let path = self.folder(assistant);
        let work = move || {
            let read = |name: FileName| match read(&path, name) {
                Ok(file) => Some((name, file.text)),
                Err(error) => {
                    tracing::warn!(%error, "an agent file is left out of the prompt");
                    None
                }
            };
            prompt(&FileName::ALL.into_iter().filter_map(read).collect::<Vec<_>>())
        };
        // silent-ok: the work does not panic, and a runtime that ends asks no model
        tokio::task::spawn_blocking(work).await.unwrap_or_default()
    }

    /// All six files of an assistant, those that are not there too.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn list(&self, tenant: &TenantId, assistant: AssistantId) -> Result<Vec<AgentFile>, FileError> {
        self.assistants.get(tenant, assistant).await?;
        let path = self.folder(assistant);
        blocking(move || FileName::ALL.into_iter().map(|name| read(&path, name)).collect()).await
    }

    /// One file of an assistant.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn read(
        &self,
        tenant: &TenantId,
        assistant: AssistantId,
        name: FileName,
    ) -> Result<AgentFile, FileError> {
        self.assistants.get(tenant, assistant).await?;
        let path = self.folder(assistant);
        blocking(move || read(&path, name)).await
    }

    /// Puts a text in the place of a file that still has this version. A blank one removes it.
    ///
    /// # Errors
    /// [`FileError`]; then the file is as it was.
    pub async fn write(
        &self,
        by: &Principal,
        assistant: AssistantId,
        name: FileName,
        version: i64,
        text: String,
    ) -> Result<AgentFile, FileError> {
        if text.len() > FILE_BYTES_MAX {
            return Err(FileError::TooLong);
        }
        let found = self.assistants.get(&by.tenant, assistant).await?;
        if self.read(&by.tenant, assistant, name).await?.version != version {
            return Err(FileError::Stale);
        }
        // Before it happens: what cannot be told is not done.
        let told = told(by, &found, name, &text);
        let noted = told.clone().with_outcome(Outcome::Allowed);
        self.db.write(&by.tenant, move |tx| audit::append(tx, noted)).await?;
        let outcome = self.put(assistant, name, Some(version), text).await;
        if let Err(error) = &outcome {
            let failed = told.with_outcome(Outcome::Failed).because(error.to_string());
            self.db.write(&by.tenant, move |tx| audit::append(tx, failed)).await?;
        }
        outcome
    }

    /// The same for the assistant itself, after somebody allowed it. Whoever runs the tool keeps the record.
    pub(in crate::assistants) async fn put(
        &self,
        assistant: AssistantId,
        name: FileName,
        version: Option<i64>,
        text: String,
    ) -> Result<AgentFile, FileError> {
        let (path, writing) = (self.folder(assistant), Arc::clone(&self.writing));
        blocking(move || {
            let _one_at_a_time = writing.lock();
            if version.is_some_and(|version| read(&path, name).is_ok_and(|now| now.version != version)) {
                return Err(FileError::Stale);
            }
            let blank = text.trim().is_empty();
            let written = Folder::open_or_make(&path).and_then(|folder| match blank {
                true => folder.remove(name.as_str()),
                false => folder.write(name.as_str(), &text),
            });
            written.map_err(|source| failed(&path, source))?;
            read(&path, name)
        })
        .await
    }

    /// Removes the files of an assistant that is gone. What else is in its folder stays.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub async fn remove(&self, assistant: AssistantId) -> Result<(), FileError> {
        let (root, name) = (Arc::clone(&self.root), assistant.to_string());
        let work = move || {
            let Some(all) = Folder::open(&root)? else { return Ok(()) };
            let Some(own) = all.below(&name)? else { return Ok(()) };
            FileName::ALL.into_iter().try_for_each(|file| own.remove(file.as_str()))?;
            all.remove_empty(&name)
        };
        let path = self.folder(assistant);
        blocking(move || work().map_err(|source| failed(&path, source))).await
    }
}

fn read(path: &Path, name: FileName) -> Result<AgentFile, FileError> {
    let found = match Folder::open(path) {
        Ok(Some(folder)) => folder.read(name.as_str(), FILE_BYTES_MAX),
        Ok(None) => Ok(None),
        Err(error) => Err(error),
    };
    let found = found.map_err(|source| failed(&path.join(name.as_str()), source))?;
    Ok(match found {
        None => AgentFile { name, text: String::new(), bytes: 0, version: 0, modified_ms: None },
        Some(file) => AgentFile {
            name,
            version: file.version(),
            text: file.text,
            bytes: file.bytes,
            modified_ms: Some(file.modified_ms),
        },
    })
}

/// What the audit is told. The text itself stays out of it.
fn told(by: &Principal, assistant: &Assistant, name: FileName, text: &str) -> Entry {
    Entry::done("assistants", by.source(), "assistant.file")
        .on(assistant.id.to_string())
        .with("name", assistant.name.as_str())
        .with("file", name.as_str())
        .with("bytes", text.len())
}

fn failed(path: &Path, source: io::Error) -> FileError {
    FileError::Io { path: path.display().to_string(), source }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FileError> + Send + 'static,
) -> Result<T, FileError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(FileError::Store(DbError::Closed)))
}
