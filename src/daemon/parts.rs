//! Everything that exists once per daemon, built in the order in which it depends on each other.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use anyhow::Context as _;
use capuchin_actors::session::{SessionDirectory, SessionPorts, TreeOpener};
use capuchin_actors::supervision::TreeHandle;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::adapters::ledger::Ledger;
use crate::adapters::sessions::PlugWatch;
use crate::adapters::turns::{ModelTurns, TurnParts};
use crate::approvals::Approvals;
use crate::assistants::Assistants;
use crate::audit::{Anchors, Audit};
use crate::backends::{Backends, Prices, UsageRecorder};
use crate::budgets::Budgets;
use crate::channels::{Channels, OutboxBell};
use crate::config::{ApprovalsConfig, Config, Home, SessionsConfig, Sources, StoreConfig};
use crate::db::{Db, DbError, DbOptions, DbStats, WriterRun};
use crate::egress::Egress;
use crate::experiments::Experiments;
use crate::extensions::Extensions;
use crate::guard::Guard;
use crate::http::{AppState, Passages};
use crate::identity::Identity;
use crate::models::Models;
use crate::notifications::{Notifications, Way};
use crate::policy::{KillSwitches, Policies};
use crate::protocol::ids::TenantId;
use crate::redaction::{LeakLog, Redactor};
use crate::telemetry::Metrics;
use crate::turns::{EventHub, Turns};
use crate::vault::{Oauth, Vault};
use crate::webhooks::Webhooks;
use crate::workspaces::{Threads, Workspaces};

use super::experiments;
use super::extensions::{OwnPlugs, PlugMakers};
use super::hands::{Hands, schedules};
use super::mind::{Mind, searchable, semantic};
use super::told::Told;
use super::wanted::{first_assistant, limits, times};

/// See the module. Every field is a cheap handle.
pub(super) struct Parts {
    pub(super) config: Arc<Config>,
    pub(super) db: Db,
    /// The writer that the boot used, for the first life of its supervised service.
    pub(super) first_writer: Arc<Mutex<Option<WriterRun>>>,
    pub(super) audit: Audit,
    pub(super) told: Told,
    pub(super) turns: Turns,
    pub(super) policies: Policies,
    pub(super) approvals: Approvals,
    pub(super) notifications: Notifications,
    pub(super) kill_switches: KillSwitches,
    pub(super) identity: Identity,
    pub(super) assistants: Assistants,
    pub(super) workspaces: Workspaces,
    pub(super) threads: Threads,
    pub(super) vault: Vault,
    pub(super) oauth: Oauth,
    pub(super) models: Models,
    pub(super) guard: Guard,
    pub(super) hands: Hands,
    pub(super) mind: Mind,
    pub(super) model_turns: ModelTurns,
    pub(super) webhooks: Webhooks,
    pub(super) channels: Channels,
    pub(super) experiments: Experiments,
    pub(super) egress: Egress,
    pub(super) redactor: Redactor,
    pub(super) leaks: LeakLog,
    pub(super) usage: UsageRecorder,
    pub(super) passages: Passages,
    pub(super) budgets: Budgets,
    pub(super) metrics: Metrics,
    pub(super) opener: Arc<TreeOpener>,
    /// Set once the tree runs.
    pub(super) tree: Arc<OnceLock<TreeHandle>>,
    pub(super) started: Instant,
    pub(super) sessions: Arc<SessionDirectory>,
}

impl Parts {
    pub(super) async fn build(
        config: Config,
        home: &Home,
        (redactor, own_plugs): (Redactor, (OwnPlugs, Option<Sources>)),
    ) -> anyhow::Result<Self> {
        let (started, config, plugs) = (Instant::now(), Arc::new(config), Extensions::default());
        let (db, writer) = store(home, &config.store, (&redactor, &plugs)).context("the database")?;
        let (prices, bell) = (Prices::new(&config.backends), Channels::bell());
        let turns = Turns::owing(db.clone(), EventHub::new(), prices.clone(), bell.clone());
        turns.begin_boot(env!("CARGO_PKG_VERSION")).await.context("the database")?;
        let (audit, notifications) = (Audit::new(db.clone()), Notifications::new(db.clone()));
        let (vault, identity) = proofs(&db, &config, home, &redactor).await?;
        let (assistants, workspaces) = desks(&db, home, &TenantId::home(), &config).await?;
        let (threads, policies) = (Threads::new(db.clone()), Policies::new(db.clone()));
        let approvals = approvals(&db, &policies, &config.approvals, (&notifications, &bell));
        let kill_switches = KillSwitches::open(db.clone()).await.context("the kill switch")?;
        let (egress, models, oauth) = reach(&config, &vault, (&db, &prices)).await?;
        let (leaks, metrics, usage) = (LeakLog::new(db.clone()), metrics(&db), usage(&db, &prices));
        let budgets = budgets(&db, &prices, &metrics, &config).await?;
        let asks = ((redactor.clone(), leaks.clone()), (policies.clone(), kill_switches.clone()));
        let guard = guard(&asks.0, &asks.1, &approvals, &budgets);
        let own = (&workspaces, schedules(&db, &kill_switches, (&metrics, &notifications)).await?);
        let hands = Hands::build((&db, home, &config), (&egress, &vault), asks, own);
        let meaning = semantic(&config, (&db, &metrics), (&turns, &threads), (&models, &guard, &usage));
        let searched = searchable((&turns, &threads, &workspaces), &hands.knowledge, &redactor);
        let makers = PlugMakers::new(&redactor, &hands.sandbox, own_plugs).knowing(&hands.knowledge);
        let mind = Mind::build(plugs, (home, &config, &metrics), (searched, meaning), makers).await;
        workspaces.ensure_default(&TenantId::home()).await.context("the first workspace")?;
        let model_turns = runner(&config, home, (&models, &guard, &mind), &hands, (&db, &metrics));
        super::notices::ways(&notifications, &config.notifications, (&egress, &vault))?;
        super::notices::connect(&notifications, &leaks, (&budgets, &hands.mcp, &oauth, &models));
        let ports = ports((&turns, &metrics, &notifications), (&mind, &db), (&model_turns, &hands));
        let (opener, sessions) = sessions(ports, &kill_switches, &config.sessions);
        let (webhooks, channels) = doors(&db, (&vault, &guard), (&metrics, &notifications, &bell)).await?;
        let asked = (&approvals, &policies, &kill_switches);
        let experiments = experiments::build((&db, home, &workspaces), asked, (&notifications, &mind));
        Ok(Self {
            config,
            passages: super::coders::passages((&models, &guard, &usage), &hands.coders),
            experiments,
            usage,
            budgets,
            told: told(&audit, &turns, home, &notifications),
            audit,
            db,
            first_writer: Arc::new(Mutex::new(Some(writer))),
            turns,
            policies,
            approvals,
            notifications,
            kill_switches,
            identity,
            assistants,
            workspaces,
            threads,
            oauth,
            vault,
            models,
            guard,
            hands,
            mind,
            model_turns,
            webhooks,
            channels,
            egress,
            redactor,
            leaks,
            metrics,
            opener,
            tree: Arc::default(),
            started,
            sessions,
        })
    }

    /// What the routes work with.
    pub(super) fn state(&self) -> AppState {
        AppState {
            config: Arc::clone(&self.config),
            db: self.db.clone(),
            audit: self.audit.clone(),
            identity: self.identity.clone(),
            assistants: self.assistants.clone(),
            workspaces: self.workspaces.clone(),
            threads: self.threads.clone(),
            turns: self.turns.clone(),
            policies: self.policies.clone(),
            approvals: self.approvals.clone(),
            notifications: self.notifications.clone(),
            kill_switches: self.kill_switches.clone(),
            sessions: Arc::clone(&self.sessions),
            vault: self.vault.clone(),
            oauth: self.oauth.clone(),
            backends: self.models.backends().clone(),
            models: self.models.clone(),
            guard: self.guard.clone(),
            extensions: self.mind.extensions.clone(),
            finder: self.mind.finder.clone(),
            knowledge: self.hands.knowledge.clone(),
            tools: self.hands.tools.clone(),
            sandbox: self.hands.sandbox.clone(),
            mcp: self.hands.mcp.clone(),
            model_turns: self.model_turns.clone(),
            webhooks: self.webhooks.clone(),
            channels: self.channels.clone(),
            schedules: self.hands.schedules.clone(),
            experiments: self.experiments.clone(),
            processes: self.hands.processes.clone(),
            redactor: self.redactor.clone(),
            leaks: self.leaks.clone(),
            usage: self.usage.clone(),
            budgets: self.budgets.clone(),
            tree: Arc::clone(&self.tree),
            metrics: self.metrics.clone(),
            started: self.started,
            stopping: CancellationToken::new(),
        }
    }
}

/// Secrets with what seals them, and who may do what: the seeds of one-time codes are kept in the vault.
async fn proofs(
    db: &Db,
    config: &Config,
    home: &Home,
    redactor: &Redactor,
) -> anyhow::Result<(Vault, Identity)> {
    let options = super::protection::options(&config.vault, home);
    let vault = Vault::load(db.clone(), options, redactor.clone()).await.context("the vault")?;
    let identity = Identity::open(db.clone(), TenantId::home()).await.context("the credentials")?;
    identity.keep_seeds_in(&vault);
    Ok((vault, identity))
}

/// What programs and people outside say.
async fn doors(
    db: &Db,
    (vault, guard): (&Vault, &Guard),
    (metrics, notices, bell): (&Metrics, &Notifications, &OutboxBell),
) -> anyhow::Result<(Webhooks, Channels)> {
    let told = (metrics.clone(), notices.clone());
    let webhooks = Webhooks::open(db.clone(), vault.clone(), guard.clone(), told);
    let channels = Channels::open(db.clone(), (vault.clone(), guard.clone()), notices.clone(), bell);
    let channels = channels.await.context("the channels")?;
    notices.deliver_by(Way::Channel, Arc::new(channels.clone()));
    Ok((webhooks.await.context("the webhooks")?, channels))
}

/// Questions to people.
fn approvals(
    db: &Db,
    policies: &Policies,
    config: &ApprovalsConfig,
    (notices, bell): (&Notifications, &OutboxBell),
) -> Approvals {
    let approvals = Approvals::new(db.clone(), policies.clone(), times(config));
    approvals.with_notices(notices.clone()).ringing(bell.clone())
}

/// The database, migrated, and its first writer.
fn store(
    home: &Home,
    config: &StoreConfig,
    (redactor, plugs): (&Redactor, &Extensions),
) -> Result<(Db, WriterRun), DbError> {
    let db = Db::open(home.database(), options(config))?;
    let db = db.redacting_with(redactor.clone()).telling(plugs.clone());
    Ok((db.clone(), db.start_writer()?))
}

/// Who tells the audit of the daemon itself.
fn told(audit: &Audit, turns: &Turns, home: &Home, notices: &Notifications) -> Told {
    Told::new(audit.clone(), turns.clone(), Anchors::new(home.audit_anchors()), notices.clone())
}

/// What may be spent, and what is.
async fn budgets(db: &Db, prices: &Prices, metrics: &Metrics, config: &Config) -> anyhow::Result<Budgets> {
    let budgets = Budgets::open(db.clone(), prices.clone(), metrics.clone(), config.budgets.clone());
    budgets.await.context("the budgets")
}

/// Who counts the tokens of stateless calls.
fn usage(db: &Db, prices: &Prices) -> UsageRecorder {
    UsageRecorder::new(db.clone()).with_prices(prices.clone())
}

/// The registry of metrics, with the store's.
fn metrics(db: &Db) -> Metrics {
    let metrics = Metrics::new();
    metrics.store.read_from(figures(db));
    metrics
}

/// Personas and projects, the first of each made where there is none.
async fn desks(
    db: &Db,
    home: &Home,
    tenant: &TenantId,
    config: &Config,
) -> anyhow::Result<(Assistants, Workspaces)> {
    let workspaces = Workspaces::new(db.clone(), home);
    let assistants = Assistants::new(db.clone());
    assistants.ensure_default(tenant, first_assistant(config)?).await.context("the first assistant")?;
    Ok((assistants, workspaces))
}

/// Everything that leaves: the one client, with the vault behind it, and the models.
async fn reach(
    config: &Config,
    vault: &Vault,
    (db, prices): (&Db, &Prices),
) -> anyhow::Result<(Egress, Models, Oauth)> {
    let egress = Egress::new(&config.egress);
    egress.set_source(Arc::new(vault.clone()));
    let backends = Backends::build(&config.backends, &egress).context("the backends")?;
    let mail = config.notifications.secret_users();
    vault.note_users(config.backends.secret_users().chain(mail));
    for missing in backends.missing_keys() {
        tracing::warn!("{missing}");
    }
    let oauth = Oauth::new(vault.clone(), egress.clone());
    let models = Models::open(db.clone(), backends, prices.clone()).await;
    Ok((egress, models, oauth))
}

/// The one gate in front of every model.
fn guard(
    scanner: &(Redactor, LeakLog),
    (policies, switches): &(Policies, KillSwitches),
    approvals: &Approvals,
    budgets: &Budgets,
) -> Guard {
    Guard::new(scanner.clone(), switches.clone(), policies.clone(), approvals.clone(), budgets.clone())
}

/// Who runs turns.
fn runner(
    config: &Config,
    home: &Home,
    (models, guard, mind): (&Models, &Guard, &Mind),
    hands: &Hands,
    (db, metrics): (&Db, &Metrics),
) -> ModelTurns {
    let parts = TurnParts {
        db: db.clone(),
        backends: models.backends().clone(),
        models: models.clone(),
        guard: guard.clone(),
        coders: hands.coders.clone(),
        extensions: mind.extensions.clone(),
        knowledge: hands.knowledge.clone(),
        tools: hands.tools.clone(),
        workspaces: Workspaces::new(db.clone(), home),
        experiments: home.experiments(),
        metrics: metrics.clone(),
        limits: TurnParts::limits(&config.sessions),
        context_tokens: config.sessions.context_tokens,
        rounds_max: config.sessions.rounds_max,
    };
    ModelTurns::new(parts, config.sessions.running_turns_max)
}

fn options(config: &StoreConfig) -> DbOptions {
    DbOptions {
        queue_jobs_max: config.write_queue_max,
        batch_jobs_max: config.batch_max,
        readers_max: config.readers,
        ..DbOptions::default()
    }
}

/// What sessions may do.
fn ports(
    (turns, metrics, notices): (&Turns, &Metrics, &Notifications),
    (mind, db): (&Mind, &Db),
    (runner, hands): (&ModelTurns, &Hands),
) -> SessionPorts {
    let ledger = Ledger::new(turns.clone(), metrics.clone()).with_notices(notices.clone());
    let ledger = ledger.with_schedules(hands.schedules.clone());
    SessionPorts {
        ledger: Arc::new(ledger.with_plugs(mind.extensions.clone(), db.clone())),
        runner: Arc::new(runner.clone()),
        watch: Arc::new(PlugWatch::new(mind.extensions.clone(), db.clone())),
    }
}

/// The live sessions, and who opens their places in the tree.
fn sessions(
    ports: SessionPorts,
    switches: &KillSwitches,
    config: &SessionsConfig,
) -> (Arc<TreeOpener>, Arc<SessionDirectory>) {
    let opener = TreeOpener::new(super::tenants_path());
    let directory = SessionDirectory::new(ports, limits(config), Arc::clone(&opener) as _);
    hold(&directory, switches);
    (opener, directory)
}

/// Where the store's metrics come from.
fn figures(db: &Db) -> impl Fn() -> DbStats + Send + Sync + 'static + use<> {
    let db = db.clone();
    move || db.stats()
}

/// What was stopped stays stopped over a restart.
fn hold(sessions: &SessionDirectory, switches: &KillSwitches) {
    for (tenant, engaged) in switches.all() {
        tracing::warn!(%tenant, "{engaged}");
        sessions.hold(&tenant, engaged.to_string());
    }
}
