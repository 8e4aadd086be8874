//! Ends: ordered, timed, forced, and those that nothing can force.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use capuchin_actors::supervision::{
    ChildSpec, RunningTree, SelfEnd, Shutdown, StartChild, StartContext, StartError, StartOutcome, Started,
    Strategy, SupervisorSpec, TreeEnd,
};
use futures::future::BoxFuture;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::runtime::{Builder, Handle};
use tokio::time::Instant;

use crate::support::*;

fn within(id: &str, ms: u64, start: Arc<dyn StartChild>) -> ChildSpec {
    ChildSpec { shutdown: Shutdown::After(Duration::from_millis(ms)), ..ChildSpec::worker(id, start) }
}

#[tokio::test(start_paused = true)]
async fn children_stop_in_reverse_and_late_ones_are_killed() {
    let workers = Workers::default();
    let inner = SupervisorSpec::new(
        Strategy::OneForOne,
        vec![ChildSpec::worker("b", workers.factory()), within("late", 300, workers.with(Habit::Hangs))],
    );
    let children = vec![
        ChildSpec::worker("a", workers.factory()),
        ChildSpec::supervisor("inner", inner),
        within("slow", 2000, workers.factory()),
    ];
    let tree = start(SupervisorSpec::new(Strategy::OneForOne, children)).await;
    cell(tree.handle(), "root/slow").unwrap().send_message(Told::Work(Duration::from_secs(1))).unwrap();
    settle().await;
    assert_eq!(workers.log.take(), ["+a", "+b", "+late", "+slow"]);

    let begun = Instant::now();
    assert!(tree.shutdown(Duration::from_secs(10)).await);
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(1290) && took < Duration::from_millis(1500), "{took:?}");
    let log = workers.log.take();
    let graceful: Vec<_> = log.iter().filter(|entry| *entry != "-late").collect();
    assert_eq!(graceful, ["-slow", "-b", "-a"]);
    assert_eq!(workers.alive(), 0);
    assert_eq!(told(&tree.handle().reports(), "root/inner/late"), ["shutdown_overdue"]);
    assert_eq!(tree.ended().await, TreeEnd::Stopped);
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_does_not_stop_in_time_is_killed_as_a_whole() {
    let workers = Workers::default();
    let stuck =
        ChildSpec { shutdown: Shutdown::Infinity, ..ChildSpec::worker("a", workers.with(Habit::Hangs)) };
    let inner = ChildSpec::supervisor("inner", SupervisorSpec::new(Strategy::OneForOne, vec![stuck]));
    let tree = start(SupervisorSpec::new(Strategy::OneForOne, vec![inner])).await;
    settle().await;
    assert!(!tree.shutdown(Duration::from_secs(5)).await);
    assert_eq!(workers.alive(), 0);
    assert_eq!(tree.ended().await, TreeEnd::Crashed);
}

#[tokio::test(start_paused = true)]
async fn a_killed_root_leaves_nobody_behind() {
    let workers = Workers::default();
    let inner = SupervisorSpec::new(Strategy::OneForOne, vec![ChildSpec::worker("b", workers.factory())]);
    let children = vec![ChildSpec::worker("a", workers.factory()), ChildSpec::supervisor("inner", inner)];
    let tree = start(SupervisorSpec::new(Strategy::OneForOne, children)).await;
    tree.root().kill();
    assert_eq!(tree.ended().await, TreeEnd::Crashed);
    assert_eq!(workers.alive(), 0);
    assert!(tree.handle().snapshot(Default::default()).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_start_that_fails_stops_what_had_started_in_reverse() {
    let workers = Workers::default();
    let children = vec![
        ChildSpec::worker("a", workers.factory()),
        ChildSpec::worker("b", workers.factory()),
        ChildSpec::worker("c", workers.with(Habit::FailsFirst)),
        ChildSpec::worker("d", workers.factory()),
    ];
    let spec = SupervisorSpec::new(Strategy::OneForOne, children);
    let error = RunningTree::start("root", spec, Vec::new()).await.unwrap_err();
    assert_eq!(error.to_string(), "child `c` failed to start: not yet");
    assert_eq!(workers.log.take(), ["+a", "+b", "-b", "-a"]);
}

#[tokio::test(start_paused = true)]
async fn a_root_that_gives_up_says_why() {
    let workers = Workers::default();
    let a = ChildSpec::worker("a", workers.with(Habit::CrashesAlways));
    let tree = start(SupervisorSpec::new(Strategy::OneForOne, vec![a])).await;
    let end = tree.ended().await;
    let why = SelfEnd::GaveUp { child: "a".into(), exit: "failed: told to crash".into() };
    assert_eq!(end, TreeEnd::Itself(why));
    assert_eq!(workers.alive(), 0);
}

/// An actor whose start hook never yields, on a thread of its own so that the test goes on.
struct Spinner;

struct Spin(Arc<AtomicBool>);

struct SpinsForever {
    elsewhere: Handle,
    release: Arc<AtomicBool>,
}

impl Actor for Spinner {
    type Msg = Told;
    type State = Spin;
    type Arguments = Spin;

    async fn pre_start(&self, _: ActorRef<Told>, spin: Spin) -> Result<Spin, ActorProcessingErr> {
        Ok(spin)
    }

    async fn post_start(&self, _: ActorRef<Told>, spin: &mut Spin) -> Result<(), ActorProcessingErr> {
        while !spin.0.load(Ordering::SeqCst) {
            std::hint::spin_loop();
        }
        Ok(())
    }
}

impl StartChild for SpinsForever {
    fn start(&self, ctx: StartContext) -> BoxFuture<'static, Result<StartOutcome, StartError>> {
        let (elsewhere, spin) = (self.elsewhere.clone(), Spin(self.release.clone()));
        Box::pin(async move {
            let spawned = elsewhere.spawn(Actor::spawn_linked(None, Spinner, spin, ctx.supervisor));
            let (actor, _) = spawned.await.map_err(StartError::failed)??;
            Ok(Started::new(actor.get_cell()).into())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_never_yields_is_reported_as_leaked_and_left_behind() {
    let other = Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let release = Arc::new(AtomicBool::new(false));
    let workers = Workers::default();
    let spinner: Arc<dyn StartChild> =
        Arc::new(SpinsForever { elsewhere: other.handle().clone(), release: release.clone() });
    let children = vec![ChildSpec::worker("a", workers.factory()), within("spinner", 50, spinner)];
    let tree = start(SupervisorSpec::new(Strategy::OneForOne, children)).await;
    tree.shutdown(Duration::from_secs(60)).await;
    let reports = tree.handle().reports();
    assert_eq!(told(&reports, "root/spinner"), ["leaked"]);
    assert_eq!(workers.log.take(), ["+a", "-a"], "the others stop as ever");
    release.store(true, Ordering::SeqCst);
    other.shutdown_background();
}
