//! The handle of workspaces.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::error::WorkspaceError;
use super::files::{FileError, Folder, WorkspacePath};
use super::folders::WorkspaceFolders;
use super::opted::{self, OptedFile};
use super::store;
use super::workspace::{NewWorkspace, Workspace, WorkspaceChange};
use crate::audit::{self, Entry};
use crate::config::Home;
use crate::db::{Db, DbError, TenantRead};
use crate::identity::{Made, Principal, RequestKey, once};
use crate::protocol::ids::{AssistantId, TenantId, WorkspaceId};

/// See the module. Cheap to clone. Every function sees what its principal may see.
#[derive(Clone)]
pub struct Workspaces {
    db: Db,
    folders: WorkspaceFolders,
}

impl Workspaces {
    /// A handle on this store, with the files below this home.
    #[must_use]
    pub fn new(db: Db, home: &Home) -> Self {
        Self { db, folders: WorkspaceFolders::new(home) }
    }

    /// The workspace with this id, or the default one, within a transaction of whoever puts something into it.
    ///
    /// # Errors
    /// What the store answers.
    pub fn named_or_default(
        read: &TenantRead<'_>,
        named: Option<WorkspaceId>,
    ) -> Result<Option<WorkspaceId>, DbError> {
        store::named_or_default(read, named)
    }

    /// Up to `limit` workspaces after this one, in the order of their making.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn list(
        &self,
        by: &Principal,
        after: Option<WorkspaceId>,
        limit: usize,
    ) -> Result<Vec<Workspace>, WorkspaceError> {
        let only = by.assistant;
        self.db.read(&by.tenant, move |read| Ok(store::list(read, only, after, limit)?)).await
    }

    /// One workspace.
    ///
    /// # Errors
    /// [`WorkspaceError::NotFound`], or what the store answers.
    pub async fn get(&self, by: &Principal, id: WorkspaceId) -> Result<Workspace, WorkspaceError> {
        let only = by.assistant;
        self.db.read(&by.tenant, move |read| Ok(store::by_id(read, only, id)?)).await
    }

    /// Makes a workspace. A principal with one assistant makes it for that one.
    ///
    /// # Errors
    /// [`WorkspaceError`]; then nothing is stored.
    pub async fn create(
        &self,
        by: &Principal,
        new: NewWorkspace,
        key: Option<RequestKey>,
    ) -> Result<Made<Workspace>, WorkspaceError> {
        let now_ms = Timestamp::now().as_millisecond();
        let assistant_id = new.assistant_id.or(by.assistant);
        let workspace = NewWorkspace { assistant_id, ..new }.into_workspace(now_ms)?;
        let only = by.assistant;
        let told = told(by, "workspace.created", &workspace);
        let write = self.db.write(&by.tenant, move |tx| {
            once(tx, key.as_ref(), now_ms, |tx| {
                check_assistant(tx, only, workspace.assistant_id)?;
                store::insert(tx, &workspace)?;
                audit::append(tx, told)?;
                Ok(workspace)
            })
        });
        write.await
    }

    /// Changes a workspace, if it still has this version where one is given.
    ///
    /// # Errors
    /// [`WorkspaceError`]; then nothing changed.
    pub async fn update(
        &self,
        by: &Principal,
        id: WorkspaceId,
        version: Option<i64>,
        change: WorkspaceChange,
    ) -> Result<Workspace, WorkspaceError> {
        let now_ms = Timestamp::now().as_millisecond();
        let (only, changer) = (by.assistant, by.clone());
        let write = self.db.write(&by.tenant, move |tx| {
            let found = current(store::by_id(tx, only, id)?, version)?;
            if let Some(assistant) = change.assistant_id {
                check_assistant(tx, only, assistant)?;
            }
            let changed = change.apply(found, now_ms)?;
            store::update(tx, &changed)?;
            audit::append(tx, told(&changer, "workspace.changed", &changed))?;
            Ok(changed)
        });
        write.await
    }

    /// Deletes a workspace with all its threads, and then its files.
    ///
    /// # Errors
    /// [`WorkspaceError`]; then it is still there.
    pub async fn delete(
        &self,
        by: &Principal,
        id: WorkspaceId,
        version: Option<i64>,
    ) -> Result<(), WorkspaceError> {
        let (only, deleter) = (by.assistant, by.clone());
        let write = self.db.write(&by.tenant, move |tx| {
            let found = current(store::by_id(tx, only, id)?, version)?;
            if found.is_default {
                return Err(WorkspaceError::IsDefault);
            }
            store::delete(tx, &found)?;
            Ok::<_, WorkspaceError>(audit::append(tx, told(&deleter, "workspace.deleted", &found))?)
        });
        write.await?;
        self.folders.remove(&by.tenant, id).await;
        Ok(())
    }

    /// Lets a workspace work in a folder of a person, or with `None` in one of the daemon's own again. Files stay
    /// where they are.
    ///
    /// # Errors
    /// [`WorkspaceError::Root`] for a folder that no workspace works in; then nothing changed.
    pub async fn set_root(
        &self,
        by: &Principal,
        id: WorkspaceId,
        version: Option<i64>,
        root: Option<String>,
    ) -> Result<Workspace, WorkspaceError> {
        let now_ms = Timestamp::now().as_millisecond();
        let folders = self.folders.clone();
        let root = blocking(move || root.map(|path| folders.check(&path)).transpose()).await??;
        let (only, changer) = (by.assistant, by.clone());
        let write = self.db.write(&by.tenant, move |tx| {
            let found = current(store::by_id(tx, only, id)?, version)?;
            let changed = Workspace { root, version: found.version + 1, updated_ms: now_ms, ..found };
            store::update(tx, &changed)?;
            audit::append(
                tx,
                told(&changer, "workspace.moved", &changed).with("root", changed.root.clone()),
            )?;
            Ok(changed)
        });
        write.await
    }

    /// The folder where a workspace works, absolute. It is there afterwards, but for a person's that has gone.
    ///
    /// # Errors
    /// [`WorkspaceError::NotFound`], [`WorkspaceError::Folder`].
    pub async fn folder(&self, tenant: &TenantId, id: WorkspaceId) -> Result<Arc<Path>, WorkspaceError> {
        let workspace =
            self.db.read(tenant, move |read| Ok::<_, WorkspaceError>(store::by_id(read, None, id)?)).await?;
        let (folders, tenant) = (self.folders.clone(), tenant.clone());
        Ok(blocking(move || folders.open(&tenant, &workspace)).await??)
    }

    /// Does something with the files of a workspace that this principal may see, on a thread that may block.
    ///
    /// # Errors
    /// [`WorkspaceError::NotFound`], [`WorkspaceError::Folder`], and [`WorkspaceError::File`] from the work.
    pub async fn with_files<T: Send + 'static>(
        &self,
        by: &Principal,
        id: WorkspaceId,
        work: impl FnOnce(&Folder, &Path) -> Result<T, FileError> + Send + 'static,
    ) -> Result<T, WorkspaceError> {
        self.get(by, id).await?;
        let path = self.folder(&by.tenant, id).await?;
        Ok(blocking(move || Folder::open(&path).and_then(|folder| work(&folder, &path))).await??)
    }

    /// The files of all workspaces that shall be found. A folder that is not there now has none. For the daemon's own work.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn opted_files(
        &self,
        tenant: &TenantId,
    ) -> Result<Vec<(WorkspaceId, Vec<OptedFile>)>, WorkspaceError> {
        let read = self.db.read(tenant, |read| Ok::<_, WorkspaceError>(store::opted(read)?));
        let (workspaces, folders, tenant) = (read.await?, self.folders.clone(), tenant.clone());
        let walk = move || {
            let files = |workspace: &Workspace| {
                let path = folders.open(&tenant, workspace).ok()?;
                opted::files(&Folder::open(&path).ok()?, &workspace.indexed_files).ok()
            };
            // silent-ok: a folder that cannot be read has nothing to find, until it can be
            workspaces.iter().map(|one| (one.id, files(one).unwrap_or_default())).collect()
        };
        blocking(walk).await
    }

    /// The text of a file that shall be found; `None` for one that is gone, no text, too large, or not opted in.
    ///
    /// # Errors
    /// [`WorkspaceError::NotFound`], or what the store answers.
    pub async fn opted_text(
        &self,
        tenant: &TenantId,
        id: WorkspaceId,
        path: String,
    ) -> Result<Option<String>, WorkspaceError> {
        let read = self.db.read(tenant, move |read| Ok::<_, WorkspaceError>(store::by_id(read, None, id)?));
        let (workspace, folders, tenant) = (read.await?, self.folders.clone(), tenant.clone());
        let text = move || {
            if !opted::means(&workspace.indexed_files, &path) {
                return None;
            }
            // silent-ok: what cannot be read is not found
            let root = folders.open(&tenant, &workspace).ok()?;
            let path = WorkspacePath::parse(&path, &root).ok()?;
            opted::text(&Folder::open(&root).ok()?, &path)
        };
        blocking(text).await
    }

    /// Makes the default workspace where there is none, and answers it.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn ensure_default(&self, tenant: &TenantId) -> Result<Workspace, WorkspaceError> {
        let found = self.db.read(tenant, |read| Ok::<_, WorkspaceError>(store::default(read)?)).await?;
        if let Some(found) = found {
            return Ok(found);
        }
        let new = NewWorkspace { name: "Home".to_owned(), assistant_id: None };
        let first = Workspace { is_default: true, ..new.into_workspace(Timestamp::now().as_millisecond())? };
        let write = self.db.write(tenant, move |tx| {
            if let Some(found) = store::default(tx)? {
                return Ok(found);
            }
            store::insert(tx, &first)?;
            Ok(first)
        });
        write.await
    }
}

/// Runs this on a thread that may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, WorkspaceError> {
    let broken =
        |error| FileError::Broken { path: "the workspace".to_owned(), source: std::io::Error::other(error) };
    Ok(tokio::task::spawn_blocking(work).await.map_err(broken)?)
}

/// What the audit is told.
fn told(by: &Principal, action: &'static str, workspace: &Workspace) -> Entry {
    let assistant = workspace.assistant_id.map(|id| id.to_string());
    Entry::done("workspaces", by.source(), action)
        .on(workspace.id.to_string())
        .with("name", workspace.name.as_str())
        .with("assistant", assistant)
        .with("indexed_files", workspace.indexed_files.join(" "))
        .with("version", workspace.version)
}

/// Whether a principal that may use `only` may name this assistant here, and whether there is one.
pub(super) fn check_assistant(
    read: &TenantRead<'_>,
    only: Option<AssistantId>,
    named: Option<AssistantId>,
) -> Result<(), WorkspaceError> {
    let unknown = WorkspaceError::Unknown { field: "assistant_id" };
    if only.is_some() && named != only {
        return Err(unknown);
    }
    match named {
        Some(id) if !store::assistant_exists(read, id)? => Err(unknown),
        _ => Ok(()),
    }
}

fn current(found: Workspace, version: Option<i64>) -> Result<Workspace, WorkspaceError> {
    match version {
        Some(version) if version != found.version => Err(WorkspaceError::Stale),
        _ => Ok(found),
    }
}
