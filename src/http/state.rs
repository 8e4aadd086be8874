//! What routes work with: one cheap-clone struct of handles.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use capuchin_actors::ports::keep_ledger::AcceptError;
use capuchin_actors::session::SessionDirectory;
use capuchin_actors::supervision::{ActorPath, CallError, TreeHandle};
use tokio_util::sync::CancellationToken;

use crate::adapters::knowledge::Knowledge;
use crate::adapters::search::Finder;
use crate::adapters::turns::ModelTurns;
use crate::approvals::Approvals;
use crate::assistants::Assistants;
use crate::audit::{Audit, Entry, Outcome};
use crate::backends::{Backends, UsageRecorder};
use crate::budgets::Budgets;
use crate::channels::Channels;
use crate::config::Config;
use crate::db::Db;
use crate::experiments::{ExperimentError, Experiments, Maker};
use crate::extensions::Extensions;
use crate::guard::{Guard, TextOf};
use crate::identity::{Identity, Principal};
use crate::mcp::McpServers;
use crate::models::Models;
use crate::notifications::{Happening, Notifications, Pattern};
use crate::policy::{Author, Engaged, KillSwitches, Policies, PolicyError};
use crate::processes::Processes;
use crate::protocol::ids::TenantId;
use crate::protocol::turn::{Accepted, Inbound, TurnOverrides};
use crate::redaction::{LeakLog, Redactor};
use crate::sandbox::Sandbox;
use crate::schedules::{Schedules, Work};
use crate::telemetry::Metrics;
use crate::tools::Tools;
use crate::turns::Turns;
use crate::vault::{Oauth, Vault};
use crate::webhooks::Webhooks;
use crate::workspaces::{Thread, Threads, Workspaces};

/// The path that providers send browsers back to.
pub(in crate::http) const OAUTH_CALLBACK: &str = "/api/v1/oauth/callback";

/// No text that goes through [`AppState::clean`] may be longer: system prompts are the longest.
const NAMED_BYTES_MAX: usize = 1024 * 1024;

/// Handles for every route. Built once by the daemon; every field is shared.
#[derive(Clone)]
pub struct AppState {
    /// The settings of this life of the daemon.
    pub config: Arc<Config>,
    /// The store, for its figures. Product modules keep the statements.
    pub db: Db,
    /// What happened, for good.
    pub audit: Audit,
    /// Who comes in.
    pub identity: Identity,
    /// Personas.
    pub assistants: Assistants,
    /// Projects.
    pub workspaces: Workspaces,
    /// Conversations and their messages.
    pub threads: Threads,
    /// The ledger and its event log.
    pub turns: Turns,
    /// What assistants may do.
    pub policies: Policies,
    /// Questions to people.
    pub approvals: Approvals,
    /// What people are told.
    pub notifications: Notifications,
    /// Whether anything may be started.
    pub kill_switches: KillSwitches,
    /// Live sessions: where messages go.
    pub sessions: Arc<SessionDirectory>,
    /// Processes that outlive a turn.
    pub processes: Processes,
    /// Who answers.
    pub backends: Backends,
    /// What is known of their models.
    pub models: Models,
    /// Secrets, and what seals them.
    pub vault: Vault,
    /// Accounts at providers.
    pub oauth: Oauth,
    /// What everything that goes to a model, and comes back, passes.
    pub guard: Guard,
    /// The plugs.
    pub extensions: Extensions,
    /// What is found by its words.
    pub finder: Finder,
    /// What assistants are told besides their prompts.
    pub knowledge: Knowledge,
    /// What assistants can do.
    pub tools: Tools,
    /// Where their programs run.
    pub sandbox: Sandbox,
    /// Servers whose tools assistants use.
    pub mcp: McpServers,
    /// What sessions run, here for what it would tell a model.
    pub model_turns: ModelTurns,
    /// What programs outside say.
    pub webhooks: Webhooks,
    /// Where people talk to assistants besides here.
    pub channels: Channels,
    /// What happens by itself.
    pub schedules: Schedules,
    /// What is tried out.
    pub experiments: Experiments,
    /// The engine that the guard uses, with what the vault knows.
    pub redactor: Redactor,
    /// The record of secrets that were taken out of texts.
    pub leaks: LeakLog,
    /// What may be spent.
    pub budgets: Budgets,
    /// Tokens of calls that store nothing else.
    pub usage: UsageRecorder,
    /// The supervision tree; set once it runs, which is after its listeners were started.
    pub tree: Arc<OnceLock<TreeHandle>>,
    /// The registry of metrics.
    pub metrics: Metrics,
    /// When this life of the daemon began.
    pub started: Instant,
    /// Cancelled when the console drains, so that streams end.
    pub stopping: CancellationToken,
}

/// A message before it is taken in.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// What the person wrote.
    pub content: String,
    /// The sender's key.
    pub idempotency_key: Option<String>,
    /// What this turn wants otherwise.
    pub overrides: TurnOverrides,
}

/// A message that is stored.
#[derive(Clone, Copy, Debug)]
pub struct TakenIn {
    /// The proof.
    pub accepted: Accepted,
    /// How many secrets were taken out of it first.
    pub redactions: usize,
}

impl AppState {
    /// Where providers send a browser back to after somebody agreed; `None` if the console's port is not fixed.
    #[must_use]
    pub fn oauth_callback(&self) -> Option<String> {
        let console = &self.config.console;
        let scheme = if console.has_tls() { "https" } else { "http" };
        let port = console.listen.port();
        (port != 0).then(|| format!("{scheme}://localhost:{port}{OAUTH_CALLBACK}"))
    }

    /// Does to an actor what an operator asked for. The audit is told before it happens, and again when it fails.
    ///
    /// # Errors
    /// What the tree answers.
    pub async fn operate(
        &self,
        by: &Principal,
        action: &'static str,
        path: &ActorPath,
        act: impl Future<Output = Result<(), CallError>>,
    ) -> Result<(), CallError> {
        let entry = Entry::done("runtime", by.source(), action).on(path.as_str());
        self.audit.note(&by.tenant, entry.clone().with_outcome(Outcome::Allowed));
        let outcome = act.await;
        if let Err(error) = &outcome {
            let failed = entry.with_outcome(Outcome::Failed).because(error.to_string());
            self.audit.note(&by.tenant, failed);
        }
        outcome
    }

    /// Takes a message into its thread, as every face does: without its secrets, and counted.
    ///
    /// # Errors
    /// Every [`AcceptError`]; nothing was stored then, but see `Timeout`.
    pub async fn take_in(
        &self,
        by: &Principal,
        thread: &Thread,
        draft: Draft,
    ) -> Result<TakenIn, AcceptError> {
        let of = TextOf { tenant: by.tenant.clone(), thread: Some(thread.id) };
        let content = self.guard.clean(&of, "message", draft.content);
        let mut overrides = draft.overrides;
        overrides.extra = overrides.extra.map(|extra| self.guard.clean(&of, "message", extra).text);
        self.threads.suggest_title(by, thread, &content.text);
        let inbound = Inbound {
            tenant: by.tenant.clone(),
            thread: thread.id,
            content: content.text,
            provenance: by.provenance(),
            source: by.source(),
            idempotency_key: draft.idempotency_key,
            overrides,
        };
        let accepted = self.submit(inbound).await?;
        Ok(TakenIn { accepted, redactions: content.redactions })
    }

    /// A name, a title or a system prompt without the secrets in it. What is longer than any of them may be is
    /// left for the check that refuses it.
    #[must_use]
    pub fn clean(&self, by: &Principal, place: &'static str, text: String) -> String {
        if text.len() > NAMED_BYTES_MAX {
            return text;
        }
        self.guard.clean(&TextOf { tenant: by.tenant.clone(), thread: None }, place, text).text
    }

    /// Engages the kill switch: nothing is started any more, and what runs is stopped, processes too. How many turns.
    ///
    /// # Errors
    /// What the store answers; then nothing happened.
    pub async fn halt(
        &self,
        tenant: &TenantId,
        by: Author,
        reason: &str,
    ) -> Result<(Engaged, usize), PolicyError> {
        let engaged = self.kill_switches.engage(tenant, by, reason).await?;
        let told = Happening::new(Pattern::KillSwitch, "The kill switch is engaged");
        self.notifications.raise(tenant, told.saying(engaged.to_string()));
        let stopped = self.sessions.hold(tenant, engaged.to_string());
        self.processes.halt(tenant);
        Ok((engaged, stopped))
    }

    /// Releases the kill switch: turns that waited go on.
    ///
    /// # Errors
    /// What the store answers; then it is still engaged.
    pub async fn resume(&self, tenant: &TenantId, by: Author) -> Result<(), PolicyError> {
        self.kill_switches.release(tenant, by).await?;
        self.sessions.release(tenant);
        Ok(())
    }

    /// Ends what a run of a schedule has begun.
    pub async fn end_work(&self, by: &Principal, work: Work) {
        match work {
            Work::Turn(thread, turn) => {
                // silent-ok: a turn that is not there has ended
                let _ = self.sessions.stop(thread, turn);
            }
            Work::Experiment(id) => match self.experiments.cancel(&Maker::from(by), id).await {
                Ok(_) | Err(ExperimentError::State(_) | ExperimentError::NotFound) => {}
                Err(error) => {
                    tracing::warn!(%error, %id, "the experiment of a schedule could not be ended");
                }
            },
        }
    }

    async fn submit(&self, inbound: Inbound) -> Result<Accepted, AcceptError> {
        let outcome = self.sessions.submit(inbound).await;
        let counters = &self.metrics.messages;
        match &outcome {
            Ok(Accepted { repeated: true, .. }) => counters.repeated.inc(),
            Ok(_) => counters.accepted.inc(),
            Err(AcceptError::Busy { .. }) => counters.busy.inc(),
            Err(_) => counters.refused.inc(),
        };
        outcome
    }
}
