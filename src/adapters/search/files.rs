//! Files that were opted in, passage by passage.

use super::{FILE, Searchable, id_of, unreadable};
use crate::protocol::ids::{TenantId, WorkspaceId};
use crate::search::{Document, Key, SetState, SourceError};
use crate::workspaces::{Passage, WorkspaceError, finders, passages};

/// Where a passage is, as its locator says it: `WORKSPACE/NUMBER/PATH`.
pub(super) struct Spot {
    pub(super) workspace: WorkspaceId,
    /// Which of the file's passages, from 0.
    pub(super) number: usize,
    pub(super) path: String,
}

// === impl Spot ===

impl Spot {
    pub(super) fn parse(locator: &str) -> Option<Self> {
        let (workspace, rest) = locator.split_once('/')?;
        let (number, path) = rest.split_once('/')?;
        Some(Self { workspace: workspace.parse().ok()?, number: number.parse().ok()?, path: path.to_owned() })
    }
}

impl Searchable {
    pub(super) async fn all_files(&self, tenant: &TenantId) -> Result<Vec<SetState>, SourceError> {
        let opted = self.workspaces.opted_files(tenant).await.map_err(unreadable)?;
        let of = |(workspace, files): (WorkspaceId, Vec<crate::workspaces::OptedFile>)| {
            files.into_iter().map(move |file| SetState {
                locator: format!("{workspace}/{}/{}", file.modified_ms, file.path),
                state: file.state,
            })
        };
        Ok(opted.into_iter().flat_map(of).collect())
    }

    /// The passages of a file, whose locator has the time of its change in the place of a number.
    pub(super) async fn of_file(
        &self,
        tenant: &TenantId,
        locator: &str,
    ) -> Result<Vec<Document>, SourceError> {
        let Some((workspace, rest)) = locator.split_once('/') else { return Ok(Vec::new()) };
        let Some((at, path)) = rest.split_once('/') else { return Ok(Vec::new()) };
        let Ok(workspace) = workspace.parse::<WorkspaceId>() else { return Ok(Vec::new()) };
        let at_ms = at.parse().unwrap_or_default();
        let found = self.file_passages(tenant, workspace, path).await.map_err(unreadable)?;
        let of = |(number, passage): (usize, Passage)| {
            let locator = format!("{workspace}/{number}/{path}");
            Document {
                key: Key { kind: FILE, id: id_of(FILE, &locator) },
                group: None,
                scope: Some(*workspace.as_bytes()),
                owner: finders::of_workspace(workspace),
                role: String::new(),
                author: String::new(),
                text: format!("{path}\n{}", passage.text),
                at_ms,
                locator,
            }
        };
        Ok(found.into_iter().enumerate().map(of).collect())
    }

    /// The passages of a file as they are now, without secrets; none of one that is not opted in any more.
    pub(super) async fn file_passages(
        &self,
        tenant: &TenantId,
        workspace: WorkspaceId,
        path: &str,
    ) -> Result<Vec<Passage>, WorkspaceError> {
        let text = match self.workspaces.opted_text(tenant, workspace, path.to_owned()).await {
            Ok(text) => text.unwrap_or_default(),
            Err(WorkspaceError::NotFound) => String::new(),
            Err(error) => return Err(error),
        };
        let redactor = self.redactor.clone();
        let cut = tokio::task::spawn_blocking(move || passages(&redactor.redact(&text).text));
        Ok(cut.await.unwrap_or_default())
    }
}
