//! Services that end well, badly, on request, and not at all. Time is paused.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::*;
use crate::supervision::report::ReportKind;
use crate::supervision::{
    ChildSpec, NodeState, Restart, RunningTree, Shutdown, SnapshotLimits, Strategy, SupervisorSpec,
};

type Body = fn(CancellationToken) -> ServiceRun;

fn until_told(stop: CancellationToken) -> ServiceRun {
    ServiceRun::new(async move {
        stop.cancelled().await;
        Ok(())
    })
}

async fn tree_of(body: Body, restart: Restart) -> (RunningTree, watch::Receiver<usize>) {
    let (starts, started) = watch::channel(0);
    let service = Service::factory(move |_, stop| {
        starts.send_modify(|n| *n += 1);
        Box::pin(async move { Ok(body(stop)) })
    });
    let shutdown = Shutdown::After(Duration::from_secs(1));
    let child = ChildSpec { restart, shutdown, ..ChildSpec::worker("svc", service) };
    let spec = SupervisorSpec::new(Strategy::OneForOne, vec![child]);
    (RunningTree::start("root", spec, Vec::new()).await.unwrap(), started)
}

fn state(tree: &RunningTree) -> (NodeState, Option<String>) {
    let view = tree.handle().snapshot(SnapshotLimits::default()).unwrap();
    (view.children[0].state, view.children[0].last_exit.clone())
}

fn kinds(tree: &RunningTree) -> Vec<&'static str> {
    tree.handle().reports().iter().map(|report| report.kind.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_service_is_stopped_by_its_token_and_awaited() {
    let (tree, _) = tree_of(until_told, Restart::Permanent).await;
    assert_eq!(state(&tree).0, NodeState::Running);
    assert!(tree.shutdown(Duration::from_secs(10)).await);
    assert_eq!(kinds(&tree), ["supervisor_ended"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ignores_its_token_is_killed_after_the_deadline() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Held;
    impl Drop for Held {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, Ordering::SeqCst);
        }
    }
    let deaf: Body = |_| {
        ServiceRun::new(async {
            let _held = Held;
            std::future::pending().await
        })
    };
    let (tree, _) = tree_of(deaf, Restart::Permanent).await;
    // The run must have begun before it can hold anything.
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(tree.shutdown(Duration::from_secs(10)).await);
    assert_eq!(kinds(&tree), ["shutdown_overdue", "supervisor_ended"]);
    assert_eq!(DROPPED.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_and_a_panic_fail_the_service_and_it_is_started_again() {
    let failing: [(Body, &str); 2] = [
        (|_| ServiceRun::new(async { Err("lost".into()) }), "failed: lost"),
        (|_| ServiceRun::new(async { panic!("ouch") }), "failed: ouch"),
    ];
    for (body, exit) in failing {
        let (tree, mut started) = tree_of(body, Restart::Permanent).await;
        started.wait_for(|n| *n == 2).await.unwrap();
        let reports = tree.handle().reports();
        assert_eq!(reports[0].kind, ReportKind::Ended { exit: exit.into() });
        tree.ended().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_returns_by_itself_is_a_normal_exit() {
    let done: Body = |_| ServiceRun::new(async { Ok(()) });
    let (tree, started) = tree_of(done, Restart::Transient).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(state(&tree), (NodeState::Stopped, None));
    assert_eq!(*started.borrow(), 1);
    tree.shutdown(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_start_that_fails_fails_the_supervisor() {
    let service = Service::factory(|_, _| Box::pin(async { Err(StartError::failed("address in use")) }));
    let spec = SupervisorSpec::new(Strategy::OneForOne, vec![ChildSpec::worker("svc", service)]);
    let error = RunningTree::start("root", spec, Vec::new()).await.unwrap_err();
    assert_eq!(error.to_string(), "child `svc` failed to start: address in use");
}
