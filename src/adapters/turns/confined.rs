//! Turns of experiments: their tools work in a folder of the experiment instead of the workspace, and are those that its
//! strategy has.
//!
//! **Invariant:** such a turn never gets another folder: one that is gone, or is none of an experiment's, ends it.

use std::path::{Component, Path};
use std::sync::Arc;

use super::ModelTurns;
use crate::policy::PermissionMode;
use crate::protocol::ids::{TenantId, WorkspaceId};
use crate::protocol::model::{ModelError, ModelErrorKind};
use crate::protocol::turn::Confined;

// === impl ModelTurns ===

impl ModelTurns {
    /// Where the tools of a turn work.
    pub(super) async fn folder(
        &self,
        tenant: &TenantId,
        workspace: WorkspaceId,
        confined: Option<&Confined>,
    ) -> Result<Arc<Path>, ModelError> {
        if let Some(confined) = confined {
            return self.trial(confined);
        }
        self.parts
            .workspaces
            .folder(tenant, workspace)
            .await
            .map_err(|error| unusable(format!("the folder of the workspace: {error}")))
    }

    fn trial(&self, confined: &Confined) -> Result<Arc<Path>, ModelError> {
        let path = Path::new(&confined.folder);
        let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        let folder = self.parts.experiments.join(path);
        let is_there = is_plain && std::fs::symlink_metadata(&folder).is_ok_and(|found| found.is_dir());
        if is_there {
            Ok(folder.into())
        } else {
            Err(unusable("the folder of this experiment is gone".to_owned()))
        }
    }
}

/// What is private may be written without a question: it reaches the workspace through the experiment's gate only.
pub(super) const fn mode(of_assistant: PermissionMode, confined: bool) -> PermissionMode {
    match of_assistant {
        PermissionMode::Default if confined => PermissionMode::AcceptEdits,
        mode => mode,
    }
}

fn unusable(text: String) -> ModelError {
    ModelError::new(ModelErrorKind::Configuration, text)
}
