//! The factories that `supervision.toml` names: how each kind of child comes to life.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use capuchin_actors::courier::courier_factory;
use capuchin_actors::kept::{child_factory, household_keeper_factory, keeper_factory};
use capuchin_actors::process::ProcessFactory;
use capuchin_actors::service::{Service, ServiceRun};
use capuchin_actors::session::{LaneFactory, sweep_idle};
use capuchin_actors::supervision::{StartChild, StartContext, StartError, StartOutcome};
use futures::FutureExt;
use futures::future::BoxFuture;
use parking_lot::Mutex;

use super::Table;
use super::certificate_watch::CertificateWatch;
use super::chores::Chores;
use super::coders::CODERS;
use super::experiments::{self, EXPERIMENTS};
use super::parts::Parts;
use super::reports::Quarantines;
use crate::adapters::channels::{ChannelParts, ChannelRuns};
use crate::adapters::coders::CoderRuns;
use crate::adapters::mcp::ServerRuns;
use crate::adapters::models::Probers;
use crate::adapters::schedules::Scheduler;
use crate::adapters::webhooks::Dispatch;
use crate::certificates::Certificates;
use crate::config::{Config, Home};
use crate::http::{self, AppState, IngressState, TlsDoor};
use crate::protocol::ids::TenantId;

/// The supervisor of a tenant's MCP servers, as `supervision.toml` names it.
pub(super) const MCP_SERVERS: &str = "mcp-servers";

/// The supervisor of a tenant's channels, as `supervision.toml` names it.
const CHANNELS: &str = "channels";

/// The supervisor of probers, as `supervision.toml` names it.
const PROBERS: &str = "probers";

/// Every name, for the test that compares them with `supervision.toml`.
pub(super) const NAMES: &[&str] = &[
    "store_writer",
    "usage_recorder",
    "search_indexer",
    "embedder",
    "observer",
    "session",
    "session_sweeper",
    "mcp_server",
    "mcp_keeper",
    "process",
    "channel",
    "channel_keeper",
    "coder",
    "coder_keeper",
    "experiment",
    "experiment_keeper",
    "webhook_dispatcher",
    "scheduler",
    "notifier",
    "plug_teller",
    "prober",
    "model_registry",
    "console_listener",
    "ingress_listener",
    "passage_listener",
    "control_listener",
    "housekeeper",
];

/// Where the listeners are. A port that the system chose stays the same over restarts of its listener.
pub(super) struct Doors {
    /// Whether anything but the control socket listens.
    open: bool,
    console: Mutex<SocketAddr>,
    ingress: Mutex<SocketAddr>,
    /// The TLS of the lives that listen now.
    console_tls: Mutex<Option<Arc<TlsDoor>>>,
    ingress_tls: Mutex<Option<Arc<TlsDoor>>>,
}

impl Doors {
    pub(super) fn new(config: &Config, open: bool) -> Self {
        Self {
            open,
            console: Mutex::new(config.console.listen),
            ingress: Mutex::new(config.ingress.listen),
            console_tls: Mutex::default(),
            ingress_tls: Mutex::default(),
        }
    }

    pub(super) fn console_address(&self) -> Option<SocketAddr> {
        self.open.then(|| *self.console.lock())
    }

    pub(super) fn ingress_address(&self) -> Option<SocketAddr> {
        self.open.then(|| *self.ingress.lock())
    }

    /// The TLS of every listener that has it, with the listener's name.
    pub(super) fn tls(&self) -> Vec<(&'static str, Arc<TlsDoor>)> {
        let doors = [("console", &self.console_tls), ("ingress", &self.ingress_tls)];
        doors.into_iter().filter_map(|(name, door)| Some((name, door.lock().clone()?))).collect()
    }
}

/// A child that this daemon does without.
struct Absent;

impl StartChild for Absent {
    fn start(&self, _: StartContext) -> BoxFuture<'static, Result<StartOutcome, StartError>> {
        futures::future::ready(Ok(StartOutcome::Ignored)).boxed()
    }
}

/// The factories of this daemon by name.
pub(super) fn table(parts: &Parts, home: &Home, doors: &Arc<Doors>, quarantines: Quarantines) -> Table {
    let door = |factory: Arc<dyn StartChild>| if doors.open { factory } else { Arc::new(Absent) };
    Table::from([
        ("store_writer", store_writer(parts)),
        ("usage_recorder", usage_recorder(parts)),
        ("search_indexer", search_indexer(parts)),
        ("embedder", embedder(parts)),
        ("observer", observer(parts)),
        ("session", Arc::new(LaneFactory::new(Arc::clone(&parts.sessions))) as Arc<dyn StartChild>),
        ("session_sweeper", session_sweeper(parts)),
        ("mcp_server", child_factory(Arc::new(ServerRuns(parts.hands.mcp.clone())))),
        ("mcp_keeper", keeper_factory(Arc::new(ServerRuns(parts.hands.mcp.clone())), MCP_SERVERS)),
        ("process", ProcessFactory::build(Arc::clone(parts.hands.processes.directory()))),
        ("channel", child_factory(Arc::new(channel_runs(parts)))),
        ("channel_keeper", keeper_factory(Arc::new(channel_runs(parts)), CHANNELS)),
        ("coder", child_factory(Arc::new(CoderRuns(parts.hands.coders.clone())))),
        ("coder_keeper", keeper_factory(Arc::new(CoderRuns(parts.hands.coders.clone())), CODERS)),
        ("experiment", child_factory(Arc::new(experiments::runs(parts)))),
        ("experiment_keeper", keeper_factory(Arc::new(experiments::runs(parts)), EXPERIMENTS)),
        ("webhook_dispatcher", webhook_dispatcher(parts)),
        ("scheduler", scheduler(parts)),
        ("notifier", notifier(parts)),
        ("plug_teller", plug_teller(parts)),
        ("prober", child_factory(Arc::new(Probers(parts.models.clone())))),
        ("model_registry", model_registry(parts)),
        ("console_listener", door(console_listener(parts, home, doors))),
        ("ingress_listener", door(ingress_listener(parts, home, doors))),
        ("passage_listener", door(passage_listener(parts))),
        ("control_listener", control_listener(parts, home)),
        ("housekeeper", housekeeper(parts, home, doors, quarantines)),
    ])
}

fn store_writer(parts: &Parts) -> Arc<dyn StartChild> {
    let (db, first) = (parts.db.clone(), Arc::clone(&parts.first_writer));
    Service::factory(move |_, stop| {
        let (db, kept) = (db.clone(), first.lock().take());
        async move {
            let mut writer = match kept {
                Some(writer) => writer,
                None => tokio::task::spawn_blocking(move || db.start_writer())
                    .await
                    .map_err(StartError::failed)?
                    .map_err(StartError::failed)?,
            };
            Ok(ServiceRun::new(async move {
                tokio::select! {
                    ended = &mut writer => ended?,
                    () = stop.cancelled() => writer.stop().await?,
                }
                Ok(())
            }))
        }
        .boxed()
    })
}

fn usage_recorder(parts: &Parts) -> Arc<dyn StartChild> {
    let (usage, budgets) = (parts.usage.clone(), parts.budgets.clone());
    Service::factory(move |_, stop| {
        let counting = usage.clone().run(stop.clone());
        let keeping = budgets.clone().run(stop);
        let run = ServiceRun::new(async move {
            futures::join!(counting, keeping);
            Ok(())
        });
        futures::future::ready(Ok(run)).boxed()
    })
}

fn search_indexer(parts: &Parts) -> Arc<dyn StartChild> {
    let (finder, db) = (parts.mind.finder.clone(), parts.db.clone());
    Service::factory(move |_, stop| {
        let run = finder.indexer(db.clone()).run(stop);
        let run = ServiceRun::new(async move {
            Box::pin(run).await;
            Ok(())
        });
        futures::future::ready(Ok(run)).boxed()
    })
}

/// Makes vectors of messages, where a model for them is set.
fn embedder(parts: &Parts) -> Arc<dyn StartChild> {
    let Some(semantic) = parts.mind.finder.semantic().cloned() else { return Arc::new(Absent) };
    Service::factory(move |_, stop| {
        let run = semantic.worker().run(stop);
        let run = ServiceRun::new(async move {
            Box::pin(run).await;
            Ok(())
        });
        futures::future::ready(Ok(run)).boxed()
    })
}

/// Writes what was noticed of people.
fn observer(parts: &Parts) -> Arc<dyn StartChild> {
    let people = parts.hands.knowledge.people.clone();
    Service::factory(move |_, stop| {
        let run = people.clone().run(stop);
        let run = ServiceRun::new(async move {
            Box::pin(run).await;
            Ok(())
        });
        futures::future::ready(Ok(run)).boxed()
    })
}

fn notifier(parts: &Parts) -> Arc<dyn StartChild> {
    let notifications = parts.notifications.clone();
    Service::factory(move |_, stop| {
        let run = notifications.clone().run(stop);
        let run = ServiceRun::new(async move {
            Box::pin(run).await;
            Ok(())
        });
        futures::future::ready(Ok(run)).boxed()
    })
}

fn plug_teller(parts: &Parts) -> Arc<dyn StartChild> {
    let extensions = parts.mind.extensions.clone();
    Service::factory(move |_, stop| {
        let telling = extensions.clone().tell_on(stop);
        let run = ServiceRun::new(async move {
            telling.await;
            Ok(())
        });
        futures::future::ready(Ok(run)).boxed()
    })
}

/// Makes the probers run; the models are the household's, whoever asks.
fn model_registry(parts: &Parts) -> Arc<dyn StartChild> {
    household_keeper_factory(Arc::new(Probers(parts.models.clone())), PROBERS, TenantId::home())
}

fn session_sweeper(parts: &Parts) -> Arc<dyn StartChild> {
    let sessions = Arc::clone(&parts.sessions);
    Service::factory(move |_, stop| {
        let sweep = sweep_idle(Arc::clone(&sessions));
        let run = ServiceRun::new(async move {
            stop.run_until_cancelled(sweep).await;
            Ok(())
        });
        futures::future::ready(Ok(run)).boxed()
    })
}

fn channel_runs(parts: &Parts) -> ChannelRuns {
    ChannelRuns(Arc::new(ChannelParts {
        channels: parts.channels.clone(),
        sessions: Arc::clone(&parts.sessions),
        turns: parts.turns.clone(),
        approvals: parts.approvals.clone(),
        backends: parts.models.backends().clone(),
        egress: parts.egress.clone(),
        call_time: Duration::from_secs(parts.config.channels.call_timeout_s),
        notices: parts.notifications.clone(),
        webhooks: parts.webhooks.clone(),
    }))
}

fn webhook_dispatcher(parts: &Parts) -> Arc<dyn StartChild> {
    let (webhooks, sessions) = (parts.webhooks.clone(), Arc::clone(&parts.sessions));
    let dispatch = Dispatch::new(webhooks, sessions, parts.metrics.clone());
    courier_factory(Arc::new(dispatch.starting(parts.hands.schedules.clone())))
}

fn scheduler(parts: &Parts) -> Arc<dyn StartChild> {
    let (schedules, sessions) = (parts.hands.schedules.clone(), Arc::clone(&parts.sessions));
    courier_factory(Arc::new(Scheduler::new(schedules, sessions, parts.experiments.clone())))
}

fn console_listener(parts: &Parts, home: &Home, doors: &Arc<Doors>) -> Arc<dyn StartChild> {
    let (config, identity, doors) = (Arc::clone(&parts.config), parts.identity.clone(), Arc::clone(doors));
    let (state, revoked) = (parts.state(), Certificates::of(home).revoked_file());
    Service::factory(move |_, stop| {
        let (config, identity, doors) = (Arc::clone(&config), identity.clone(), Arc::clone(&doors));
        let revoked = revoked.clone();
        let state = AppState { stopping: stop.clone(), ..state.clone() };
        async move {
            let address = *doors.console.lock();
            let has_credentials = identity.has_credentials();
            let tls = http::console_tls(&config.console, revoked).map_err(StartError::failed)?;
            doors.console_tls.lock().clone_from(&tls);
            let listener = http::bind_console(&config.console, address, has_credentials, tls.as_deref())
                .await
                .map_err(StartError::failed)?;
            if let Some(local) = listener.local_addr() {
                *doors.console.lock() = local;
            }
            Ok(ServiceRun::new(async move {
                listener.serve(http::console(state), stop).await;
                Ok(())
            }))
        }
        .boxed()
    })
}

fn ingress_listener(parts: &Parts, home: &Home, doors: &Arc<Doors>) -> Arc<dyn StartChild> {
    let (config, doors) = (Arc::clone(&parts.config), Arc::clone(doors));
    let (revoked, webhooks) = (Certificates::of(home).revoked_file(), parts.webhooks.clone());
    let channels = parts.channels.clone();
    Service::factory(move |_, stop| {
        let (config, doors, revoked) = (Arc::clone(&config), Arc::clone(&doors), revoked.clone());
        let (webhooks, channels) = (webhooks.clone(), channels.clone());
        async move {
            let address = *doors.ingress.lock();
            let tls = http::ingress_tls(&config.ingress, revoked).map_err(StartError::failed)?;
            doors.ingress_tls.lock().clone_from(&tls);
            let listener = http::bind_ingress(address, tls.as_deref()).await.map_err(StartError::failed)?;
            if let Some(local) = listener.local_addr() {
                *doors.ingress.lock() = local;
            }
            let listens_on = listener.url().unwrap_or_default();
            let state = IngressState::new((webhooks, channels), &config.ingress, listens_on);
            Ok(ServiceRun::new(async move {
                listener.serve(http::ingress(state), stop).await;
                Ok(())
            }))
        }
        .boxed()
    })
}

fn passage_listener(parts: &Parts) -> Arc<dyn StartChild> {
    let passages = parts.passages.clone();
    Service::factory(move |_, stop| {
        let passages = passages.clone();
        async move {
            let port = passages.address().map_or(0, |address| address.port());
            let listener = http::bind_passages(port).await.map_err(StartError::failed)?;
            if let Some(local) = listener.local_addr() {
                passages.listen_on(local);
            }
            Ok(ServiceRun::new(async move {
                listener.serve(http::passages(passages), stop).await;
                Ok(())
            }))
        }
        .boxed()
    })
}

fn control_listener(parts: &Parts, home: &Home) -> Arc<dyn StartChild> {
    let (path, state) = (home.control_socket(), parts.state());
    Service::factory(move |_, stop| {
        let path = path.clone();
        let state = AppState { stopping: stop.clone(), ..state.clone() };
        async move {
            let listener = http::bind_control(&path).map_err(StartError::failed)?;
            Ok(ServiceRun::new(async move {
                listener.serve(http::console(state), stop).await;
                Ok(())
            }))
        }
        .boxed()
    })
}

fn housekeeper(
    parts: &Parts,
    home: &Home,
    doors: &Arc<Doors>,
    quarantines: Quarantines,
) -> Arc<dyn StartChild> {
    let certificates = CertificateWatch::new(parts, home, doors);
    let chores = Chores::new(parts, certificates, quarantines);
    Service::factory(move |_, stop| {
        let chores = chores.clone();
        let run = ServiceRun::new(async move {
            stop.run_until_cancelled(Box::pin(chores.run())).await;
            Ok(())
        });
        futures::future::ready(Ok(run)).boxed()
    })
}
