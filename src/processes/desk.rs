//! What people, programs and assistants can do with processes; starting them is beside.

use std::path::PathBuf;
use std::sync::Arc;

use super::error::ProcessError;
use super::live::Follower;
use super::process::{Process, ProcessFilter};
use super::records::Records;
use super::store;
use super::transcript::Passage;
use super::wish::label_of;
use crate::audit::{self, Entry};
use crate::policy::{KillSwitches, Policies};
use crate::protocol::ids::TenantId;
use crate::protocol::process::{KillReason, ProcessId, ProcessKey, ProcessOrder, TerminalSize};
use crate::workspaces::Workspaces;
use capuchin_actors::process::ProcessDirectory;

/// Most processes of a list.
const LIST_MAX: usize = 1_000;
/// Most bytes of one input.
const INPUT_BYTES_MAX: usize = 64 << 10;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Processes {
    pub(super) records: Records,
    pub(super) directory: Arc<ProcessDirectory>,
    pub(super) policies: Policies,
    pub(super) switches: KillSwitches,
    pub(super) workspaces: Workspaces,
}

/// What a process has said of late.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recent {
    /// The text, or the screen of a pseudo-terminal.
    pub text: String,
    /// Where it begins in the transcript; of a screen, where the transcript ends.
    pub offset: u64,
}

// === impl Processes ===

impl Processes {
    /// The processes of these records, whose actors are in this directory.
    #[must_use]
    pub fn new(
        records: Records,
        directory: Arc<ProcessDirectory>,
        (policies, switches): (Policies, KillSwitches),
        workspaces: Workspaces,
    ) -> Self {
        Self { records, directory, policies, switches, workspaces }
    }

    /// The live ones.
    #[must_use]
    pub const fn directory(&self) -> &Arc<ProcessDirectory> {
        &self.directory
    }

    /// What their actors keep.
    #[must_use]
    pub const fn records(&self) -> &Records {
        &self.records
    }

    pub(super) async fn row(&self, key: &ProcessKey) -> Result<Process, ProcessError> {
        let id = key.id;
        let found = self.records.db().read(&key.tenant, move |read| store::by_id(read, id)).await;
        Ok(self.figured(key, found?))
    }

    /// With what is only known while it runs.
    pub(super) fn figured(&self, key: &ProcessKey, found: Process) -> Process {
        match self.records.figures(key) {
            Some((lines, _)) => Process { lines, ..found },
            None => found,
        }
    }

    /// One process.
    ///
    /// # Errors
    /// [`ProcessError::NotFound`], or what the store answers.
    pub async fn get(&self, tenant: &TenantId, id: ProcessId) -> Result<Process, ProcessError> {
        self.row(&key(tenant, id)).await
    }

    /// Processes that match, newest first.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn list(&self, tenant: &TenantId, filter: ProcessFilter) -> Result<Vec<Process>, ProcessError> {
        let filter = ProcessFilter { label: filter.label.as_deref().map(label_of), ..filter };
        let found = self.records.db().read(tenant, move |read| store::list(read, &filter, LIST_MAX)).await?;
        Ok(found.into_iter().map(|one| self.figured(&key(tenant, one.id), one)).collect())
    }

    /// How many peers follow a process.
    #[must_use]
    pub fn peers(&self, tenant: &TenantId, id: ProcessId) -> usize {
        self.records.figures(&key(tenant, id)).map_or(0, |(_, peers)| peers)
    }

    /// What it said of late, or its screen.
    ///
    /// # Errors
    /// [`ProcessError::Transcript`].
    pub async fn recent(&self, tenant: &TenantId, of: &Process) -> Result<Recent, ProcessError> {
        let key = key(tenant, of.id);
        if let Some((text, offset)) = self.records.recent(&key) {
            return Ok(Recent { text, offset });
        }
        let passage = self.records.tail(&key, &of.task).await?;
        Ok(match &of.screen {
            Some(screen) => Recent { text: screen.clone(), offset: passage.total },
            None => Recent { text: passage.text, offset: passage.offset },
        })
    }

    /// A part of its transcript.
    ///
    /// # Errors
    /// [`ProcessError::NotFound`], [`ProcessError::Transcript`].
    pub async fn transcript(
        &self,
        tenant: &TenantId,
        id: ProcessId,
        since: u64,
    ) -> Result<Passage, ProcessError> {
        self.get(tenant, id).await?;
        self.records.passage(&key(tenant, id), since).await
    }

    /// Where its transcript is on this machine.
    #[must_use]
    pub fn transcript_path(&self, tenant: &TenantId, of: &Process) -> PathBuf {
        self.records.transcript_path(tenant, of)
    }

    /// A peer of a process that runs; `None` once it has ended.
    #[must_use]
    pub fn follow(
        &self,
        tenant: &TenantId,
        id: ProcessId,
        place: Option<u64>,
        pictures: bool,
    ) -> Option<Follower> {
        self.records.follow(&key(tenant, id), place, pictures)
    }

    /// Types into a process that runs.
    ///
    /// # Errors
    /// [`ProcessError::NotRunning`], [`ProcessError::Busy`], or a [`ProcessError::Wish`] for too much at once.
    pub fn input(&self, tenant: &TenantId, id: ProcessId, text: &str) -> Result<(), ProcessError> {
        if text.len() > INPUT_BYTES_MAX {
            let text = format!("input has at most {INPUT_BYTES_MAX} bytes; send it in pieces");
            return Err(ProcessError::wish("input", text));
        }
        Ok(self.directory.order(&key(tenant, id), ProcessOrder::Input(text.as_bytes().to_vec()))?)
    }

    /// Closes its input.
    ///
    /// # Errors
    /// [`ProcessError::NotRunning`], [`ProcessError::Busy`].
    pub fn end_input(&self, tenant: &TenantId, id: ProcessId) -> Result<(), ProcessError> {
        Ok(self.directory.order(&key(tenant, id), ProcessOrder::EndInput)?)
    }

    /// Gives its pseudo-terminal another size. One without does not change.
    ///
    /// # Errors
    /// [`ProcessError::NotRunning`], [`ProcessError::Busy`], or a [`ProcessError::Wish`] for no size.
    pub fn resize(&self, tenant: &TenantId, id: ProcessId, size: TerminalSize) -> Result<(), ProcessError> {
        if !size.is_sound() {
            let text = format!("rows and cols are 1 to {}", TerminalSize::MAX);
            return Err(ProcessError::wish("cols", text));
        }
        Ok(self.directory.order(&key(tenant, id), ProcessOrder::Resize(size))?)
    }

    /// Ends a process with everything below it. One that has ended stays as it ended.
    ///
    /// # Errors
    /// [`ProcessError::NotFound`], or what the store answers.
    pub async fn kill(&self, tenant: &TenantId, by: &str, id: ProcessId) -> Result<(), ProcessError> {
        let found = self.get(tenant, id).await?;
        if found.state.is_ended() {
            return Ok(());
        }
        let told = Entry::done("processes", by, "process.killed").on(id.to_string());
        self.records.db().write(tenant, move |tx| audit::append(tx, told)).await?;
        let key = key(tenant, id);
        // One that nobody watches yet is never begun; if it was in this moment, somebody watches it now.
        if !self.directory.kill(&key, KillReason::Asked) && !self.records.cancel(&key).await? {
            self.directory.kill(&key, KillReason::Asked);
        }
        Ok(())
    }

    /// Ends everything of a tenant, because the kill switch is engaged. How many.
    pub fn halt(&self, tenant: &TenantId) -> usize {
        self.directory.kill_all(tenant, KillReason::Halted)
    }
}

fn key(tenant: &TenantId, id: ProcessId) -> ProcessKey {
    ProcessKey { tenant: tenant.clone(), id }
}
