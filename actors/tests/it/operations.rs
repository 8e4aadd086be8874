//! What an operator does by path, and what can be seen meanwhile.

use std::time::Duration;

use capuchin_actors::supervision::{
    CallError, ChildSpec, NodeState, Restart, RunningTree, Strategy, SupervisorSpec,
};

use crate::support::*;

async fn three(strategy: Strategy, workers: &Workers) -> RunningTree {
    let child = |id: &str| ChildSpec::worker(id, workers.factory());
    let tree = start(SupervisorSpec::new(strategy, vec![child("a"), child("b"), child("c")])).await;
    workers.log.take();
    tree
}

#[tokio::test(start_paused = true)]
async fn a_restart_by_hand_touches_one_child_and_counts_against_nothing() {
    let workers = Workers::default();
    let tree = three(Strategy::OneForAll, &workers).await;
    for _ in 0..10 {
        tree.handle().restart(&"root/b".into()).await.unwrap();
        assert_eq!(workers.log.take(), ["-b", "+b"]);
    }
    assert_eq!(view(tree.handle(), "root").unwrap().restarts_in_window, 0);
    assert_eq!(ping(&cell(tree.handle(), "root/b").unwrap()).await, Some(11));
}

#[tokio::test(start_paused = true)]
async fn a_stopped_child_stays_down_until_it_is_restarted() {
    let workers = Workers::default();
    let tree = three(Strategy::OneForOne, &workers).await;
    tree.handle().stop(&"root/b".into()).await.unwrap();
    assert_eq!(workers.log.take(), ["-b"]);
    assert_eq!(view(tree.handle(), "root/b").unwrap().state, NodeState::Stopped);
    tree.handle().restart(&"root/b".into()).await.unwrap();
    assert_eq!(workers.log.take(), ["+b"]);
}

#[tokio::test(start_paused = true)]
async fn a_drained_child_finishes_what_is_queued() {
    let workers = Workers::default();
    let tree = three(Strategy::OneForOne, &workers).await;
    let b = cell(tree.handle(), "root/b").unwrap();
    let (reply, answer) = tokio::sync::oneshot::channel();
    b.send_message(Told::Work(Duration::from_secs(3))).unwrap();
    b.send_message(Told::Ping(reply)).unwrap();
    tree.handle().drain(&"root/b".into(), Duration::from_secs(10)).await.unwrap();
    assert_eq!(answer.await, Ok(1));
    assert_eq!(view(tree.handle(), "root/b").unwrap().state, NodeState::Stopped);
    assert!(tree.handle().reports().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_drain_has_a_deadline() {
    let workers = Workers::default();
    let tree = three(Strategy::OneForOne, &workers).await;
    let b = cell(tree.handle(), "root/b").unwrap();
    b.send_message(Told::Hang).unwrap();
    tree.handle().drain(&"root/b".into(), Duration::from_secs(10)).await.unwrap();
    assert_eq!(told(&tree.handle().reports(), "root/b"), ["shutdown_overdue"]);
    assert_eq!(view(tree.handle(), "root/b").unwrap().state, NodeState::Stopped);
}

#[tokio::test(start_paused = true)]
async fn paths_that_lead_nowhere_are_refused() {
    let workers = Workers::default();
    let tree = three(Strategy::OneForOne, &workers).await;
    let handle = tree.handle();
    assert!(matches!(handle.restart(&"root".into()).await, Err(CallError::IsRoot)));
    for nowhere in ["root/x", "root/a/x", "other/a"] {
        assert!(matches!(handle.stop(&nowhere.into()).await, Err(CallError::NotFound)), "{nowhere}");
    }
    assert!(matches!(handle.release(&"root/a".into()).await, Err(CallError::NotQuarantined)));
    let root = handle.supervisor(&"root".into());
    assert!(matches!(root.start_child("d", None).await, Err(CallError::NotDynamic)));
    tree.shutdown(Duration::from_secs(1)).await;
    assert!(matches!(root.count_children().await, Err(CallError::NotFound)));
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_that_waits_for_a_start_can_still_be_looked_at() {
    let workers = Workers::default();
    let tree = three(Strategy::OneForOne, &workers).await;
    let root = tree.handle().supervisor(&"root".into()).with_timeout(Duration::from_secs(5));
    let slow = ChildSpec::worker("slow", workers.with(Habit::NeverStarts));
    let start = root.start_child_spec(slow);
    let look = async {
        settle().await;
        view(tree.handle(), "root/slow").map(|node| node.state)
    };
    let (started, seen) = tokio::join!(start, look);
    assert!(matches!(started, Err(CallError::Timeout(_))));
    assert_eq!(seen, Some(NodeState::Starting));
}

#[tokio::test(start_paused = true)]
async fn a_crash_shows_in_the_childs_history() {
    let workers = Workers::default();
    let tree = start(SupervisorSpec::new(Strategy::OneForOne, Vec::new())).await;
    let root = tree.handle().supervisor(&"root".into());
    let a = ChildSpec { restart: Restart::Transient, ..ChildSpec::worker("a", workers.factory()) };
    let cell = root.start_child_spec(a).await.unwrap().unwrap();
    cell.send_message(Told::Crash).unwrap();
    settle().await;
    let view = view(tree.handle(), "root/a").unwrap();
    assert_eq!((view.state, view.restarts_total), (NodeState::Running, 1));
    assert_eq!(view.last_exit.as_deref(), Some("failed: told to crash"));
    assert_eq!(told(&tree.handle().reports(), "root/a"), ["ended", "restarted"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_may_show_what_is_below_it() {
    use std::sync::Arc;

    use capuchin_actors::supervision::{NodeView, StartChild, StartContext, StartError, StartOutcome};
    use futures::future::{BoxFuture, FutureExt};

    /// Shows one node below itself.
    struct Shows(Workers);
    impl StartChild for Shows {
        fn start(&self, ctx: StartContext) -> BoxFuture<'static, Result<StartOutcome, StartError>> {
            let path = ctx.path.child("inside");
            let inner = self.0.factory().start(ctx);
            async move {
                let StartOutcome::Started(started) = inner.await? else { panic!("it starts") };
                let probe = move || vec![NodeView::worker(path.clone(), NodeState::Running)];
                Ok(started.with_probe(Arc::new(probe)).into())
            }
            .boxed()
        }
    }
    let workers = Workers::default();
    let shows = ChildSpec::worker("a", Arc::new(Shows(workers.clone())));
    let tree = start(SupervisorSpec::new(Strategy::OneForOne, vec![shows])).await;
    let a = view(tree.handle(), "root/a").unwrap();
    assert_eq!(a.children_total, 1);
    assert_eq!(a.children[0].path.as_str(), "root/a/inside");
}
