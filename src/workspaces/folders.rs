//! The folders of workspaces on disk: a person's own, or one below the data folder, for this user alone and made when
//! it is needed.

use std::path::Path;
use std::sync::Arc;

use super::Workspace;
use super::roots::{self, NoRoot};
use crate::config::Home;
use crate::config::home::{HomeError, prepare_folder};
use crate::protocol::ids::{TenantId, WorkspaceId};

/// See the module. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct WorkspaceFolders {
    home: Arc<Home>,
}

impl WorkspaceFolders {
    /// The folders of this home.
    #[must_use]
    pub(super) fn new(home: &Home) -> Self {
        Self { home: Arc::new(home.clone()) }
    }

    /// The folder of a workspace: the person's, which has to be there, or the daemon's own, which is there afterwards.
    ///
    /// # Errors
    /// [`HomeError`]: it cannot be made, or is not safe to use.
    pub(super) fn open(&self, tenant: &TenantId, workspace: &Workspace) -> Result<Arc<Path>, HomeError> {
        if let Some(root) = &workspace.root {
            return Ok(Path::new(root).into());
        }
        let path = self.home.workspace_folder(tenant, workspace.id);
        prepare_folder(&path)?;
        Ok(path.into())
    }

    /// The folder of a person with this path, if a workspace may work in it. Blocks.
    pub(super) fn check(&self, path: &str) -> Result<String, NoRoot> {
        Ok(roots::check(path, &self.home)?.to_string_lossy().into_owned())
    }

    /// Removes the daemon's own folder of a workspace that is no more; a person's stays. What stays is told in the log.
    pub(super) async fn remove(&self, tenant: &TenantId, workspace: WorkspaceId) {
        let path = self.home.workspace_folder(tenant, workspace);
        let removed = tokio::task::spawn_blocking(move || match std::fs::remove_dir_all(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err((path, error)),
            _ => Ok(()),
        });
        // silent-ok: nobody is left to be told of a thread that broke
        if let Ok(Err((path, error))) = removed.await {
            tracing::warn!(path = %path.display(), %error, "the files of a deleted workspace are still there");
        }
    }
}

#[cfg(test)]
mod tests;
