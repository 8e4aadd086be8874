//! The processes that outlive a turn: records, actors, and who opens their places in the tree.

use std::sync::Arc;

use anyhow::Context as _;
use capuchin_actors::process::{ProcessDirectory, ProcessOpener, ProcessPorts};

use crate::adapters::processes::{KeptProcesses, SandboxedProcesses};
use crate::config::{Config, Home};
use crate::db::Db;
use crate::notifications::{Happening, Notifications, Pattern, SourceType};
use crate::policy::{KillSwitches, Policies};
use crate::processes::{Processes, Records};
use crate::redaction::{LeakLog, Redactor};
use crate::sandbox::Sandbox;
use crate::workspaces::Workspaces;

/// Builds them.
pub(super) fn build(
    (db, home, config): (&Db, &Home, &Config),
    scanner: (Redactor, LeakLog),
    judges: (Policies, KillSwitches),
    (sandbox, workspaces): (&Sandbox, &Workspaces),
) -> (Arc<ProcessOpener>, Processes) {
    let records = Records::new(db.clone(), scanner, home.processes(), config.processes.clone());
    let ports = ProcessPorts {
        runner: Arc::new(SandboxedProcesses::new(sandbox.clone(), records.clone())),
        keeper: Arc::new(KeptProcesses::new(records.clone())),
    };
    let opener = ProcessOpener::new(super::tenants_path());
    let directory = ProcessDirectory::new(ports, Arc::clone(&opener) as _);
    (opener, Processes::new(records, directory, judges, workspaces.clone()))
}

/// What ran when an earlier life ended is lost, and says so from here on.
pub(super) async fn lose(processes: &Processes, notices: &Notifications) -> anyhow::Result<()> {
    let records = processes.records();
    for (tenant, process, task) in records.unended().await.context("the processes")? {
        let title = format!("A process ended with the daemon: {task}");
        notices.raise(&tenant, Happening::new(Pattern::ProcessLost, title).to(SourceType::Process, process));
    }
    match records.lose_all().await.context("the processes")? {
        0 => {}
        lost => tracing::warn!(noticed = true, lost, "processes ran when the daemon ended and are lost"),
    }
    Ok(())
}
