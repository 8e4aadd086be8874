//! The folders of workspaces on disk: below the data folder, for this user alone, made when they are needed.

use std::path::Path;
use std::sync::Arc;

use crate::config::Home;
use crate::config::home::{HomeError, prepare_folder};
use crate::protocol::ids::{TenantId, WorkspaceId};

/// See the module. Cheap to clone.
#[derive(Clone, Debug)]
pub struct WorkspaceFolders {
    home: Arc<Home>,
}

impl WorkspaceFolders {
    /// The folders of this home.
    #[must_use]
    pub fn new(home: &Home) -> Self {
        Self { home: Arc::new(home.clone()) }
    }

    /// The folder of a workspace, which is there afterwards.
    ///
    /// # Errors
    /// [`HomeError`]: it cannot be made, or is not safe to use.
    pub fn open(&self, tenant: &TenantId, workspace: WorkspaceId) -> Result<Arc<Path>, HomeError> {
        let path = self.home.workspace_folder(tenant, workspace);
        prepare_folder(&path)?;
        Ok(path.into())
    }

    /// Removes the folder of a workspace that is no more. What stays is told in the log.
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
