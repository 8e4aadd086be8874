//! The housekeeper's chores: resume what waits, end what cannot go on, prune, renew certificates and take new
//! ones in, and read gauges.
//!
//! Everything here may be left undone and is done next time.

use std::sync::Arc;
use std::time::Duration;

use capuchin_actors::ports::keep_ledger::{AcceptError, KeepLedger, LedgerError};
use capuchin_actors::session::{LaneKey, SessionDirectory};
use futures::FutureExt as _;
use futures::future::FusedFuture as _;
use jiff::Timestamp;
use tokio::time::{Interval, MissedTickBehavior};

use super::certificate_watch::CertificateWatch;
use super::parts::Parts;
use super::reports::Quarantines;
use super::told::Told;
use crate::adapters::ledger::Ledger;
use crate::approvals::Approvals;
use crate::budgets::Budgets;
use crate::channels::Channels;
use crate::memory::{Memory, MemoryError};
use crate::notifications::{Happening, Notifications, Pattern, SourceType};
use crate::processes::Records;
use crate::protocol::chat::Usage;
use crate::protocol::ids::TenantId;
use crate::protocol::journal::TurnLog;
use crate::protocol::turn::{Settlement, TurnAnswer, TurnFailure, TurnState};
use crate::redaction::LeakLog;
use crate::sandbox::Sandbox;
use crate::schedules::Schedules;
use crate::telemetry::Metrics;
use crate::turns::Turns;
use crate::vault::{Oauth, Vault};
use crate::webhooks::Webhooks;

/// When the sandbox is proven: after everything else has started.
const PROVE_AFTER: Duration = Duration::from_secs(1);
/// How often gauges are read.
const GAUGES_EVERY: Duration = Duration::from_secs(10);
/// How often questions that nobody decided in time are ended. Whoever waits for one ends it by itself.
const EXPIRE_EVERY: Duration = Duration::from_secs(10);
/// How often threads with unfinished turns and no session are looked for. The first look is at start.
const RESUME_EVERY: Duration = Duration::from_secs(30);
/// How often the heads of the audit trail are noted outside the data folder. The first time is at start.
const ANCHOR_EVERY: Duration = Duration::from_secs(600);
/// How often the audit is told what was only counted.
const TELL_EVERY: Duration = Duration::from_secs(60);
/// How often the record of leaks is written.
const LEAKS_EVERY: Duration = Duration::from_secs(2);
/// How often the files of TLS listeners are looked at: so long works a revoked certificate at the most.
const CERTIFICATES_EVERY: Duration = Duration::from_secs(2);
/// How often certificates that near their end are looked for. The first time is at start.
const RENEW_EVERY: Duration = Duration::from_secs(6 * 3_600);
/// How often old events and keys are pruned. The first time is one period after start.
const PRUNE_EVERY: Duration = Duration::from_secs(3_600);
/// How often processes that ended long ago, or are too many, are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(60);

/// How often uses of secrets are written down and changes of keys are completed.
const VAULT_EVERY: Duration = Duration::from_secs(60);
/// How often device flows are looked at; each is asked about as its provider allows.
const DEVICES_EVERY: Duration = Duration::from_secs(5);

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(super) struct Chores {
    turns: Turns,
    approvals: Approvals,
    sessions: Arc<SessionDirectory>,
    leaks: LeakLog,
    vault: Vault,
    oauth: Oauth,
    metrics: Metrics,
    certificates: CertificateWatch,
    quarantines: Quarantines,
    told: Told,
    budgets: Budgets,
    memory: Memory,
    sandbox: Sandbox,
    processes: Records,
    webhooks: Webhooks,
    channels: Channels,
    schedules: Schedules,
    notices: Notifications,
}

impl Chores {
    pub(super) fn new(parts: &Parts, certificates: CertificateWatch, quarantines: Quarantines) -> Self {
        Self {
            turns: parts.turns.clone(),
            approvals: parts.approvals.clone(),
            sessions: Arc::clone(&parts.sessions),
            leaks: parts.leaks.clone(),
            vault: parts.vault.clone(),
            oauth: parts.oauth.clone(),
            metrics: parts.metrics.clone(),
            certificates,
            quarantines,
            told: parts.told.clone(),
            budgets: parts.budgets.clone(),
            memory: parts.hands.knowledge.memory.clone(),
            sandbox: parts.hands.sandbox.clone(),
            processes: parts.hands.processes.records().clone(),
            webhooks: parts.webhooks.clone(),
            channels: parts.channels.clone(),
            schedules: parts.hands.schedules.clone(),
            notices: parts.notifications.clone(),
        }
    }

    /// Runs until dropped.
    pub(super) async fn run(self) {
        let (mut gauges, mut resume) = (every(GAUGES_EVERY), every(RESUME_EVERY));
        let (mut leaks, mut prune) = (every(LEAKS_EVERY), every(PRUNE_EVERY));
        let (mut certificates, mut renew) = (every(CERTIFICATES_EVERY), every(RENEW_EVERY));
        let (mut expire, mut forget) = (every(EXPIRE_EVERY), every(FORGET_EVERY));
        let (mut vault, mut devices) = (every(VAULT_EVERY), every(DEVICES_EVERY));
        prune.reset();
        let (mut anchor, mut tell) = (every(ANCHOR_EVERY), every(TELL_EVERY));
        // The first time is the start of the daemon.
        anchor.reset();
        let proven = self.prove_sandbox().fuse();
        tokio::pin!(proven);
        loop {
            tokio::select! {
                () = &mut proven, if !proven.is_terminated() => {}
                _ = gauges.tick() => self.read_gauges(),
                _ = resume.tick() => self.resume().await,
                _ = leaks.tick() => self.write_leaks().await,
                _ = expire.tick() => self.end_questions().await,
                _ = anchor.tick() => self.told.anchor().await,
                _ = tell.tick() => self.told.tell_rest(false),
                _ = certificates.tick() => self.certificates.look().await,
                _ = renew.tick() => self.certificates.renew().await,
                _ = prune.tick() => self.prune().await,
                _ = forget.tick() => self.forget_processes().await,
                _ = vault.tick() => self.keep_vault().await,
                _ = devices.tick() => self.oauth.poll_devices().await,
                Some((key, reason)) = self.quarantines.next() => self.end_turns(&key, &reason).await,
            }
        }
    }

    /// Finds out which walls this system really puts up around child processes, while everything else goes on.
    async fn prove_sandbox(&self) {
        tokio::time::sleep(PROVE_AFTER).await;
        let layers = self.sandbox.layers().await;
        for state in layers.states.iter().filter(|state| !state.active) {
            let (layer, evidence) = (state.layer, &state.evidence);
            let title = format!("This system lacks a layer of the sandbox: {layer}");
            let missing = Happening::new(Pattern::SandboxLayer, title).saying(evidence.as_str());
            self.notices.raise(&TenantId::home(), missing.to(SourceType::SandboxLayer, layer));
            if layers.done_without.contains(&layer) {
                tracing::warn!(noticed = true, %layer, evidence, "programs are run without a layer of the sandbox, as the settings allow");
            } else {
                tracing::warn!(noticed = true, %layer, evidence, "no program is run: this system lacks a layer of the sandbox");
            }
        }
    }

    fn read_gauges(&self) {
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        self.metrics.sessions.live.set(count(self.sessions.live()));
    }

    /// Wakes the sessions of all threads with unfinished turns. A session that is awake is left alone.
    async fn resume(&self) {
        if let Err(error) = self.try_resume().await {
            tracing::warn!(%error, "unfinished turns could not be looked for");
        }
    }

    async fn try_resume(&self) -> Result<(), crate::turns::TurnsError> {
        for tenant in self.turns.tenants().await? {
            for thread in self.turns.threads_with_pending(&tenant).await? {
                if self.sessions.view(thread).is_some() {
                    continue;
                }
                let key = LaneKey { tenant: tenant.clone(), thread };
                match self.sessions.open(key.clone()).await {
                    Ok(()) => tracing::info!(%thread, "resumed"),
                    Err(AcceptError::Quarantined { reason }) => self.end_turns(&key, &reason).await,
                    // Too many are awake: the next look finds the rest.
                    Err(_) => return Ok(()),
                }
            }
        }
        Ok(())
    }

    /// Ends the unfinished turns of a session that is out of service, so that nobody waits for them.
    async fn end_turns(&self, key: &LaneKey, reason: &str) {
        let ledger = Ledger::new(self.turns.clone(), self.metrics.clone()).with_notices(self.notices.clone());
        let ledger = ledger.with_schedules(self.schedules.clone());
        let Ok(pending) = ledger.pending(&key.tenant, key.thread).await else { return };
        for turn in pending {
            let message = format!("the session is quarantined: {reason}; restart it on the Runtime page");
            let settlement = Settlement {
                tenant: key.tenant.clone(),
                thread: key.thread,
                turn_id: turn.turn_id,
                state: TurnState::Failed,
                answer: TurnAnswer { text: turn.partial, ..TurnAnswer::default() },
                spent: Usage::default(),
                tail: TurnLog::default(),
                failure: Some(TurnFailure::new("quarantined", message, true)),
            };
            match ledger.settle(settlement).await {
                Ok(()) | Err(LedgerError::Fenced) => {}
                Err(error) => tracing::warn!(%error, thread = %key.thread, "a turn could not be ended"),
            }
        }
    }

    async fn write_leaks(&self) {
        if let Err(error) = self.leaks.flush().await {
            tracing::warn!(%error, "the record of leaks could not be written; it is kept for the next try");
        }
    }

    async fn end_questions(&self) {
        match self.approvals.end_overdue().await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "questions that nobody decided are denied"),
            Err(error) => tracing::warn!(%error, "questions could not be ended"),
        }
    }

    /// What the vault leaves for later: counted uses, and rows that wait for a new key.
    async fn keep_vault(&self) {
        if let Some(by) = self.vault.sealed_by() {
            let sealed = Happening::new(Pattern::VaultSealed, "The vault is sealed").saying(by.to_string());
            self.notices.raise(&TenantId::home(), sealed);
        }
        for outcome in [
            self.vault.write_uses().await,
            self.vault.finish_rotations().await,
            self.oauth.refresh_due().await,
        ] {
            if let Err(error) = outcome {
                tracing::warn!(%error, "the vault's chores are not done");
            }
        }
    }

    async fn prune(&self) {
        let now_ms = Timestamp::now().as_millisecond();
        if let Err(error) = self.approvals.prune().await {
            tracing::warn!(%error, "old questions could not be pruned");
        }
        match self.turns.prune(now_ms).await {
            Ok(pruned) => tracing::debug!(?pruned, "pruned"),
            Err(error) => tracing::warn!(%error, "pruning failed"),
        }
        if let Err(error) = self.leaks.prune(now_ms).await {
            tracing::warn!(%error, "old records of leaks could not be deleted");
        }
        if let Err(error) = self.channels.prune().await {
            tracing::warn!(%error, "old messages of channels could not be pruned");
        }
        if let Err(error) = self.webhooks.prune().await {
            tracing::warn!(%error, "old webhook deliveries could not be pruned");
        }
        if let Err(error) = self.schedules.prune().await {
            tracing::warn!(%error, "old runs of schedules could not be pruned");
        }
        if let Err(error) = self.budgets.prune().await {
            tracing::warn!(%error, "old counts of budgets could not be pruned");
        }
        if let Err(error) = self.notices.prune().await {
            tracing::warn!(%error, "old notices could not be deleted");
        }
        if let Err(error) = self.forget_old_facts().await {
            tracing::warn!(%error, "facts that are over are still remembered");
        }
    }

    async fn forget_processes(&self) {
        if let Err(error) = self.processes.prune().await {
            tracing::warn!(%error, "old processes could not be forgotten");
        }
    }

    async fn forget_old_facts(&self) -> Result<(), MemoryError> {
        let Ok(tenants) = self.turns.tenants().await else { return Ok(()) };
        for tenant in tenants {
            let forgotten = self.memory.sweep(&tenant).await?;
            tracing::debug!(%tenant, forgotten, "facts");
        }
        Ok(())
    }
}

fn every(period: Duration) -> Interval {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
