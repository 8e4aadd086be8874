//! Children on demand: budgets, quarantine, limits, and siblings that do not notice.

use std::sync::Arc;
use std::time::Duration;

use capuchin_actors::supervision::backoff::Backoff;
use capuchin_actors::supervision::budget::Budget;
use capuchin_actors::supervision::intensity::Intensity;
use capuchin_actors::supervision::{
    Args, CallError, ChildSpec, NodeState, Restart, RunningTree, Shutdown, SupervisorHandle, SupervisorSpec,
};
use tokio::time::Instant;

use crate::support::*;

const SIBLINGS: usize = 1000;

fn args(habit: Habit) -> Option<Args> {
    Some(Arc::new(habit))
}

fn pool(workers: &Workers, budget: Option<Budget>) -> SupervisorSpec {
    let template = ChildSpec {
        restart: Restart::Transient,
        shutdown: Shutdown::After(Duration::from_secs(10)),
        start_timeout: Some(Duration::from_secs(1)),
        budget,
        ..ChildSpec::worker("kind", workers.factory())
    };
    SupervisorSpec { max_children: SIBLINGS + 1, ..SupervisorSpec::dynamic(template) }
}

fn budget() -> Budget {
    Budget {
        limit: Intensity { restarts: 3, within: Duration::from_secs(600) },
        backoff: Some(Backoff {
            first: Duration::from_secs(1),
            max: Duration::from_secs(60),
            jitter_percent: 0,
            healthy_after: Duration::from_secs(60),
        }),
        release_after: Some(Duration::from_secs(3600)),
    }
}

async fn running(workers: &Workers, budget: Option<Budget>) -> (RunningTree, SupervisorHandle) {
    let tree = start(pool(workers, budget)).await;
    let pool = tree.handle().supervisor(&"root".into());
    (tree, pool)
}

#[tokio::test(start_paused = true)]
async fn a_crash_loop_is_quarantined_while_a_thousand_siblings_answer() {
    let workers = Workers::default();
    let (tree, pool) = running(&workers, Some(budget())).await;
    let mut siblings = Vec::new();
    for n in 0..SIBLINGS {
        siblings.push(pool.start_child(&format!("good-{n}"), None).await.unwrap().unwrap());
    }
    pool.start_child("bad", args(Habit::CrashesAlways)).await.unwrap();
    settle().await;

    // The first restart is at once, the second waits.
    let waiting = view(tree.handle(), "root/bad").unwrap();
    assert_eq!((waiting.state, waiting.restarts_total), (NodeState::Backoff, 1));
    assert!(waiting.next_try_in_ms.is_some_and(|ms| ms <= 1000));
    assert!(matches!(pool.start_child("bad", None).await, Err(CallError::Restarting)));

    tokio::time::sleep(Duration::from_secs(10)).await;
    let down = view(tree.handle(), "root/bad").unwrap();
    assert_eq!(down.state, NodeState::Quarantined);
    assert_eq!((down.restarts_in_window, down.restarts_limit, down.restarts_total), (3, Some(3), 3));
    assert_eq!(down.last_exit.as_deref(), Some("failed: told to crash"));
    match pool.start_child("bad", None).await {
        Err(CallError::Quarantined { reason, retry_in: Some(_) }) => {
            assert_eq!(reason, "failed: told to crash");
        }
        other => panic!("{other:?}"),
    }

    for sibling in &siblings {
        assert_eq!(ping(sibling).await, Some(1));
    }
    assert_eq!(workers.alive(), SIBLINGS);
    let root = tree.handle().snapshot(Default::default()).unwrap();
    assert_eq!((root.children_total, root.children.len()), (SIBLINGS + 1, 50));
    assert_eq!(root.children[0].id, "bad");
    assert_eq!(root.children[49].id, "good-999");
    assert!(tree.shutdown(Duration::from_secs(60)).await);
    assert_eq!(workers.alive(), 0);
}

#[tokio::test(start_paused = true)]
async fn quarantine_ends_by_an_operator_or_by_the_timer() {
    let workers = Workers::default();
    let (tree, pool) = running(&workers, Some(budget())).await;
    let path = "root/bad".into();
    pool.start_child("bad", args(Habit::CrashesAlways)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    workers.log.take();

    tree.handle().release(&path).await.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(view(tree.handle(), "root/bad").unwrap().state, NodeState::Quarantined);
    assert_eq!(workers.log.take().len(), 2 * 4, "a release gives the whole budget back");

    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(workers.log.take().len(), 2 * 4, "the timer does the same");
    let reports = tree.handle().reports();
    let words = told(&reports, "root/bad");
    assert_eq!(words.iter().filter(|word| **word == "quarantined").count(), 3);
    assert_eq!(words.iter().filter(|word| **word == "released").count(), 2);

    tree.handle().stop(&path).await.unwrap();
    assert!(matches!(tree.handle().release(&path).await, Err(CallError::NotFound)));
    pool.start_child("bad", None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_budgets_the_intensity_counts_and_the_supervisor_gives_up() {
    let workers = Workers::default();
    let (tree, pool) = running(&workers, None).await;
    pool.start_child("good", None).await.unwrap();
    pool.start_child("bad", args(Habit::CrashesAlways)).await.unwrap();
    tree.ended().await;
    assert_eq!(workers.alive(), 0);
    let reports = tree.handle().reports();
    assert_eq!(told(&reports, "root"), ["gave_up", "supervisor_ended"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_is_done_is_forgotten_and_may_come_again() {
    let workers = Workers::default();
    let (tree, pool) = running(&workers, Some(budget())).await;
    let cell = pool.start_child("a", None).await.unwrap().unwrap();
    match pool.start_child("a", None).await {
        Err(CallError::AlreadyStarted(running)) => assert_eq!(running, cell),
        other => panic!("{other:?}"),
    }
    cell.stop(None);
    settle().await;
    assert_eq!(pool.count_children().await.unwrap().workers, 0);
    let again = pool.start_child("a", None).await.unwrap().unwrap();
    assert_eq!(ping(&again).await, Some(1));
    assert!(tree.handle().reports().is_empty(), "an orderly end is not news");
}

#[tokio::test(start_paused = true)]
async fn the_limit_holds_and_one_more_is_refused() {
    let workers = Workers::default();
    let mut spec = pool(&workers, None);
    spec.max_children = 2;
    let tree = start(spec).await;
    let pool = tree.handle().supervisor(&"root".into());
    pool.start_child("a", None).await.unwrap();
    pool.start_child("b", None).await.unwrap();
    assert!(matches!(pool.start_child("c", None).await, Err(CallError::MaxChildren(2))));
    pool.terminate_child("a").await.unwrap();
    pool.start_child("c", None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_start_that_fails_or_takes_too_long_leaves_nothing() {
    let workers = Workers::default();
    let (_tree, pool) = running(&workers, Some(budget())).await;
    let failed = pool.start_child("a", args(Habit::FailsFirst)).await.unwrap_err();
    assert_eq!(failed.to_string(), "not yet");
    let late = pool.start_child("a", args(Habit::NeverStarts)).await.unwrap_err();
    assert_eq!(late.to_string(), "not started within 1s");
    assert_eq!(pool.count_children().await.unwrap().workers, 0);
    let stray = pool.start_child("a", args(Habit::NeverReturns)).await.unwrap_err();
    assert_eq!(stray.to_string(), "not started within 1s");
    settle().await;
    assert_eq!(workers.alive(), 0, "what a start that was cut off had spawned is killed");
    let refused = pool.start_child("a/b", None).await.unwrap_err();
    assert_eq!(refused.to_string(), "invalid child id `a/b`");
    assert!(matches!(pool.delete_child("a").await, Err(CallError::SimpleOneForOne)));
}

#[tokio::test(start_paused = true)]
async fn a_child_that_is_slow_to_stop_delays_nobody() {
    let workers = Workers::default();
    let (tree, pool) = running(&workers, Some(budget())).await;
    let stuck = pool.start_child("stuck", args(Habit::Hangs)).await.unwrap().unwrap();
    let begun = Instant::now();
    let stop = pool.terminate_child("stuck");
    let start = async {
        settle().await;
        assert_eq!(view(tree.handle(), "root/stuck").unwrap().state, NodeState::Stopping);
        assert!(matches!(pool.start_child("stuck", None).await, Err(CallError::Stopping)));
        pool.start_child("other", None).await.unwrap();
        begun.elapsed()
    };
    let (stopped, started_after) = tokio::join!(stop, start);
    stopped.unwrap();
    assert!(started_after < Duration::from_secs(1));
    assert!(begun.elapsed() >= Duration::from_secs(10));
    assert_eq!(stuck.get_status(), ractor::ActorStatus::Stopped);
    assert_eq!(told(&tree.handle().reports(), "root/stuck"), ["shutdown_overdue"]);
    assert_eq!(pool.count_children().await.unwrap().workers, 1);
}

#[tokio::test(start_paused = true)]
async fn dynamic_children_stop_side_by_side() {
    let workers = Workers::default();
    let (tree, pool) = running(&workers, None).await;
    for n in 0..20 {
        pool.start_child(&n.to_string(), args(Habit::Hangs)).await.unwrap();
    }
    let begun = Instant::now();
    assert!(tree.shutdown(Duration::from_secs(15)).await, "one deadline for all, not twenty");
    assert!(begun.elapsed() >= Duration::from_secs(10));
    assert_eq!(workers.alive(), 0);
}

#[tokio::test(start_paused = true)]
async fn requests_beyond_the_queue_are_told_that_the_supervisor_is_busy() {
    use capuchin_actors::supervision::handle::CALLS_QUEUED_MAX;
    let workers = Workers::default();
    let (_tree, pool) = running(&workers, None).await;
    let calls: Vec<_> = (0..=CALLS_QUEUED_MAX).map(|_| pool.count_children()).collect();
    let answers = futures::future::join_all(calls).await;
    let busy = |answer: &Result<_, CallError>| matches!(answer, Err(CallError::Busy));
    assert_eq!(answers.iter().filter(|answer| busy(answer)).count(), 1);
    assert!(busy(answers.last().unwrap()));
    pool.count_children().await.unwrap();
}
