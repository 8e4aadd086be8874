//! A worker that does as it is told, and a log of who started and ended.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use capuchin_actors::supervision::report::{Report, Subscriber};
use capuchin_actors::supervision::{
    ActorPath, NodeView, RunningTree, SnapshotLimits, StartChild, StartContext, StartError, StartOutcome,
    Started, SupervisorSpec, TreeHandle,
};
use futures::future::BoxFuture;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef};
use ractor_cluster_derive::RactorMessage;
use tokio::sync::oneshot;

/// What a test does to a worker.
#[derive(RactorMessage)]
pub(crate) enum Told {
    /// Answer.
    Ping(oneshot::Sender<u64>),
    /// Take this long.
    Work(Duration),
    /// Fail.
    Crash,
    /// Never finish this message.
    Hang,
}

/// How a worker behaves by itself; the arguments of dynamic ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Habit {
    /// It waits for messages.
    #[default]
    Good,
    /// It crashes as soon as it runs.
    CrashesAlways,
    /// It never starts.
    NeverStarts,
    /// Its start fails, this one time: the first.
    FailsFirst,
    /// It is in a message that never ends.
    Hangs,
    /// It runs, but its start never says so.
    NeverReturns,
}

/// Who started and ended, in order: `+id`, `-id`.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn write(&self, sign: char, id: &str) {
        self.0.lock().unwrap().push(format!("{sign}{id}"));
    }

    /// Everything since the last call.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// Starts workers; `alive` counts those that run.
#[derive(Clone, Default)]
pub(crate) struct Workers {
    pub(crate) log: Log,
    pub(crate) alive: Arc<AtomicUsize>,
    pub(crate) habit: Habit,
}

impl Workers {
    pub(crate) fn factory(&self) -> Arc<dyn StartChild> {
        Arc::new(self.clone())
    }

    pub(crate) fn with(&self, habit: Habit) -> Arc<dyn StartChild> {
        Arc::new(Self { habit, ..self.clone() })
    }

    pub(crate) fn alive(&self) -> usize {
        self.alive.load(Ordering::SeqCst)
    }
}

impl StartChild for Workers {
    fn start(&self, ctx: StartContext) -> BoxFuture<'static, Result<StartOutcome, StartError>> {
        let own = ctx.args.as_ref().and_then(|args| args.downcast_ref::<Habit>().copied());
        let (habit, workers) = (own.unwrap_or(self.habit), self.clone());
        Box::pin(async move {
            match habit {
                Habit::NeverStarts => std::future::pending().await,
                Habit::FailsFirst if ctx.incarnation == 1 => return Err(StartError::failed("not yet")),
                _ => {}
            }
            let being = Being::new(&workers, ctx.path.id());
            let args = (being, habit, ctx.incarnation);
            let (actor, _) = Actor::spawn_linked(None, Worker, args, ctx.supervisor).await?;
            if habit == Habit::NeverReturns {
                std::future::pending::<()>().await;
            }
            Ok(Started::new(actor.get_cell()).into())
        })
    }
}

/// Exists exactly as long as the worker does.
pub(crate) struct Being {
    id: String,
    log: Log,
    alive: Arc<AtomicUsize>,
}

impl Being {
    fn new(workers: &Workers, id: &str) -> Self {
        workers.log.write('+', id);
        workers.alive.fetch_add(1, Ordering::SeqCst);
        Self { id: id.to_owned(), log: workers.log.clone(), alive: workers.alive.clone() }
    }
}

impl Drop for Being {
    fn drop(&mut self) {
        self.log.write('-', &self.id);
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Worker;

impl Actor for Worker {
    type Msg = Told;
    type State = (Option<Being>, u64);
    type Arguments = (Being, Habit, u64);

    async fn pre_start(
        &self,
        myself: ActorRef<Told>,
        (being, habit, incarnation): Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        match habit {
            Habit::CrashesAlways => myself.cast(Told::Crash)?,
            Habit::Hangs => myself.cast(Told::Hang)?,
            _ => {}
        }
        Ok((Some(being), incarnation))
    }

    async fn handle(
        &self,
        _: ActorRef<Told>,
        told: Told,
        (_, incarnation): &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match told {
            // silent-ok: the test has stopped waiting.
            Told::Ping(reply) => drop(reply.send(*incarnation)),
            Told::Work(time) => tokio::time::sleep(time).await,
            Told::Crash => return Err("told to crash".into()),
            Told::Hang => std::future::pending().await,
        }
        Ok(())
    }

    async fn post_stop(
        &self,
        _: ActorRef<Told>,
        (being, _): &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        // Here, not when the state is dropped, so that the log has the order of the stops.
        drop(being.take());
        Ok(())
    }
}

/// The incarnation that answers, if one does.
pub(crate) async fn ping(cell: &ActorCell) -> Option<u64> {
    let (reply, answer) = oneshot::channel();
    cell.send_message(Told::Ping(reply)).ok()?;
    answer.await.ok()
}

/// Returns when nothing is left to do before the next timer.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

pub(crate) async fn start(spec: SupervisorSpec) -> RunningTree {
    RunningTree::start("root", spec, Vec::<Subscriber>::new()).await.unwrap()
}

/// The node at `path`, wherever it is listed.
pub(crate) fn view(tree: &TreeHandle, path: &str) -> Option<NodeView> {
    fn find(node: NodeView, path: &ActorPath) -> Option<NodeView> {
        if node.path == *path {
            return Some(node);
        }
        node.children.into_iter().find_map(|child| find(child, path))
    }
    find(tree.snapshot(SnapshotLimits::default())?, &path.into())
}

/// The process of the child at `path`.
pub(crate) fn cell(tree: &TreeHandle, path: &str) -> Option<ActorCell> {
    let path = ActorPath::from(path);
    tree.supervisor(&path.parent()?).running_child(path.id())
}

/// The words of the last reports about `path`.
pub(crate) fn told(reports: &[Report], path: &str) -> Vec<&'static str> {
    reports.iter().filter(|report| report.path.as_str() == path).map(|report| report.kind.as_str()).collect()
}
