//! How a process is started.
//!
//! A person or a program that may start processes has that right from its scope; rules of the policy that deny or ask
//! for a command hold for them, too, and the kill switch for everybody. A person who would be asked has answered by
//! starting it. What an assistant starts was judged as a tool's call before it comes here.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::desk::Processes;
use super::error::ProcessError;
use super::process::{Process, ProcessState};
use super::store;
use super::wish::{Program, Wish};
use crate::audit::{self, Entry};
use crate::config::ProcessesConfig;
use crate::db::{DbError, TenantTx};
use crate::identity::{Made, Principal, RequestKey, once};
use crate::policy::{Action, Ask, Autonomy, Effect, PermissionMode, Policy, SourceKind, Subject, judge};
use crate::protocol::ids::{TenantId, ThreadId, WorkspaceId};
use crate::protocol::process::{ProcessId, ProcessKey};
use crate::tools::Place;

/// Ids that are tried before giving up.
const IDS_TRIED: u32 = 8;

/// Who starts it, and for whom it is kept.
struct Starter {
    tenant: TenantId,
    source: String,
    workspace: WorkspaceId,
    thread: Option<ThreadId>,
}

impl Processes {
    /// Starts a process for a person or a program.
    ///
    /// # Errors
    /// Every [`ProcessError`]; then nothing runs.
    pub async fn start(
        &self,
        by: &Principal,
        wish: Wish,
        request: Option<RequestKey>,
    ) -> Result<Made<Process>, ProcessError> {
        let workspace = self.workspace(by, wish.workspace).await?;
        let folder = self.folder(&by.tenant, workspace).await?;
        let program = wish.check(self.records.config(), &folder)?;
        self.judge(by, workspace, &program).await?;
        let (tenant, source) = (by.tenant.clone(), by.source());
        self.begin(Starter { tenant, source, workspace, thread: None }, &wish, program, request).await
    }

    /// Starts a process for an assistant, whose call was judged before.
    ///
    /// # Errors
    /// As [`Processes::start`].
    pub async fn start_at(&self, place: &Place, wish: Wish) -> Result<Process, ProcessError> {
        let program = wish.check(self.records.config(), &place.folder)?;
        let starter = Starter {
            tenant: place.tenant.clone(),
            source: place.assistant.to_string(),
            workspace: place.workspace,
            thread: Some(place.thread),
        };
        Ok(self.begin(starter, &wish, program, None).await?.thing)
    }

    async fn workspace(
        &self,
        by: &Principal,
        wanted: Option<WorkspaceId>,
    ) -> Result<WorkspaceId, ProcessError> {
        let unknown = |_| ProcessError::wish("workspace_id", "workspace_id names nothing that exists");
        match wanted {
            Some(id) => Ok(self.workspaces.get(by, id).await.map_err(unknown)?.id),
            None => Ok(self.workspaces.ensure_default(&by.tenant).await.map_err(unknown)?.id),
        }
    }

    async fn folder(&self, tenant: &TenantId, workspace: WorkspaceId) -> Result<Arc<Path>, ProcessError> {
        let found = self.workspaces.folder(tenant, workspace).await;
        found.map_err(|error| ProcessError::Unstarted(error.to_string()))
    }

    /// Whether the rules of people, and the kill switch, let this principal run this.
    async fn judge(
        &self,
        by: &Principal,
        workspace: WorkspaceId,
        program: &Program,
    ) -> Result<(), ProcessError> {
        if let Some(engaged) = self.switches.status(&by.tenant) {
            return Err(ProcessError::Denied(engaged.to_string()));
        }
        let unread = |_| ProcessError::Denied("the policy cannot be read, so nothing is started".to_owned());
        let policy = self.policies.current(&by.tenant).await.map_err(unread)?;
        // What limits assistants is not meant here: the scope is the permission, the rules are its limits.
        let rules = Policy { rules: policy.rules.clone(), version: policy.version, ..Policy::default() };
        let action = Action::RunCommand { program: program.program.clone(), args: program.args.clone() };
        let source = SourceKind::of(by.provenance());
        let subject = Subject { assistant: None, workspace: Some(workspace), thread: None, source };
        let ask = Ask {
            mode: PermissionMode::BypassPermissions,
            autonomy: Autonomy::Full,
            workspace_root: Some(program.root.display().to_string()),
            ..Ask::plain(action, subject)
        };
        let verdict = judge(&rules, &ask, now_ms());
        match verdict.effect {
            Effect::Allow => Ok(()),
            Effect::Ask if by.in_person().is_ok() => Ok(()),
            Effect::Ask => Err(ProcessError::Denied(format!(
                "{}; a program cannot answer that, so start it on the page Processes",
                verdict.reason
            ))),
            Effect::Deny => Err(ProcessError::Denied(format!("the policy denies it: {}", verdict.reason))),
        }
    }

    /// Keeps the process, tells the audit, and starts its actor.
    async fn begin(
        &self,
        by: Starter,
        wish: &Wish,
        program: Program,
        request: Option<RequestKey>,
    ) -> Result<Made<Process>, ProcessError> {
        let new = self.record(&by, wish, &program)?;
        let Made { thing: kept, repeated } = self.keep(&by.tenant, new, request).await?;
        let key = ProcessKey { tenant: by.tenant, id: kept.id };
        if repeated {
            return Ok(Made { thing: self.figured(&key, kept), repeated });
        }
        self.records.prepare(key.clone(), program, &kept);
        if let Err(refused) = self.directory.start(key.clone()).await {
            let error = ProcessError::refused(refused, self.records.config().running_max);
            let ended = self.records.unstarted(&key, format!("it was not started: {error}")).await;
            if let Err(unkept) = ended {
                tracing::warn!(error = %unkept, process = %key, "a process that was not started counts as running");
            }
            return Err(error);
        }
        Ok(Made { thing: self.row(&key).await.unwrap_or(kept), repeated })
    }

    fn record(&self, by: &Starter, wish: &Wish, program: &Program) -> Result<Process, ProcessError> {
        let clean = |text: &str| self.records.redactor().redact(text).text.into_owned();
        let action = Action::RunCommand { program: program.program.clone(), args: program.args.clone() };
        let line = action.to_string();
        Ok(Process {
            id: ProcessId::from_number(fastrand::u32(..)),
            kind: wish.kind(),
            task: clean(&wish.task),
            command: clean(line.strip_prefix("run ").unwrap_or(&line)),
            cwd: clean(&program.cwd.display().to_string()),
            state: ProcessState::Starting,
            code: None,
            signal: None,
            reason: String::new(),
            pid: None,
            owner: clean(&wish.owner()?),
            labels: wish.labels()?.iter().map(|label| clean(label)).collect(),
            source: by.source.clone(),
            workspace: Some(by.workspace),
            thread: by.thread,
            terminal: program.terminal,
            lines: 0,
            screen: None,
            created_ms: now_ms(),
            ended_ms: None,
        })
    }

    /// Stores a new process, if fewer run than may. Both in one transaction: two that start together are counted.
    async fn keep(
        &self,
        tenant: &TenantId,
        new: Process,
        request: Option<RequestKey>,
    ) -> Result<Made<Process>, ProcessError> {
        let ProcessesConfig { running_max, transcript_bytes_max, .. } = *self.records.config();
        let write = self.records.db().write(tenant, move |tx| {
            let made = once(tx, request.as_ref(), new.created_ms, |tx| {
                if store::running(tx)? >= running_max {
                    return Err(ProcessError::TooMany { running_max });
                }
                let new = insert(tx, new, transcript_bytes_max)?;
                let told = Entry::done("processes", new.source.as_str(), "process.started")
                    .on(new.id.to_string())
                    .with("command", new.command.as_str())
                    .with("folder", new.cwd.as_str());
                audit::append(tx, told)?;
                Ok(new.id)
            })?;
            let thing = store::by_id(tx, made.thing)?;
            Ok::<_, ProcessError>(Made { thing, repeated: made.repeated })
        });
        write.await
    }
}

/// Stores it, under another id where its own is taken.
fn insert(tx: &mut TenantTx<'_>, mut new: Process, bytes_max: u64) -> Result<Process, DbError> {
    let mut tries = 1;
    loop {
        match store::insert(tx, &new, bytes_max) {
            Ok(()) => return Ok(new),
            Err(DbError::Duplicate(_)) if tries < IDS_TRIED => {
                tries += 1;
                new.id = ProcessId::from_number(fastrand::u32(..));
            }
            Err(error) => return Err(error),
        }
    }
}

fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}
