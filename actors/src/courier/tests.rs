//! Couriers with a port that remembers.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};

use super::{CARRIED_MAX, carry_on};
use crate::ports::carry::{Carry, CarryError, Due};

/// Work by lane, and what is going on.
#[derive(Default)]
struct Desk {
    waiting: Mutex<BTreeMap<u32, Vec<u32>>>,
    running: Mutex<Vec<(u32, u32)>>,
    most: Mutex<usize>,
    done: Mutex<Vec<(u32, u32)>>,
    failures: Mutex<usize>,
    changed: Notify,
}

/// A port over a desk, whose pieces end when the gate lets them.
struct Port {
    desk: Arc<Desk>,
    gate: Arc<Semaphore>,
}

impl Carry for Port {
    type Lane = u32;
    type Job = (u32, u32);

    fn due(&self, busy: &HashSet<u32>) -> BoxFuture<'static, Result<Due<Self>, CarryError>> {
        let mut failures = self.desk.failures.lock();
        if *failures > 0 {
            *failures -= 1;
            return futures::future::ready(Err(CarryError("the disk is full".to_owned()))).boxed();
        }
        let waiting = self.desk.waiting.lock();
        let free = waiting.iter().filter(|(lane, jobs)| !busy.contains(lane) && !jobs.is_empty());
        let jobs = free.map(|(lane, jobs)| (*lane, (*lane, jobs[0]))).collect();
        futures::future::ready(Ok(Due { jobs, next: None })).boxed()
    }

    fn carry(&self, job: (u32, u32)) -> BoxFuture<'static, ()> {
        let (desk, gate) = (Arc::clone(&self.desk), Arc::clone(&self.gate));
        async move {
            {
                let mut running = desk.running.lock();
                assert!(running.iter().all(|(lane, _)| *lane != job.0), "two of lane {} at once", job.0);
                running.push(job);
                let mut most = desk.most.lock();
                *most = (*most).max(running.len());
            }
            gate.acquire().await.unwrap().forget();
            desk.running.lock().retain(|one| *one != job);
            desk.waiting.lock().get_mut(&job.0).unwrap().remove(0);
            desk.done.lock().push(job);
        }
        .boxed()
    }

    fn changed(&self) -> BoxFuture<'static, ()> {
        let desk = Arc::clone(&self.desk);
        async move { desk.changed.notified().await }.boxed()
    }
}

fn port(lanes: u32, jobs: u32, permits: usize) -> Port {
    let desk = Desk::default();
    *desk.waiting.lock() = (0..lanes).map(|lane| (lane, (0..jobs).collect())).collect();
    Port { desk: Arc::new(desk), gate: Arc::new(Semaphore::new(permits)) }
}

async fn within(port: &Port, time: Duration) {
    // silent-ok: it runs until it is dropped
    let _ = tokio::time::timeout(time, carry_on(port)).await;
}

#[tokio::test(start_paused = true)]
async fn every_lane_is_done_in_order_and_all_are_done() {
    let port = port(5, 20, 10_000);
    within(&port, Duration::from_secs(1)).await;
    let done = port.desk.done.lock().clone();
    assert_eq!(done.len(), 100);
    for lane in 0..5 {
        let of_lane: Vec<u32> = done.iter().filter(|(one, _)| *one == lane).map(|(_, job)| *job).collect();
        assert_eq!(of_lane, (0..20).collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_most_are_carried_and_a_stuck_lane_keeps_nobody() {
    let many = port(100, 1, 0);
    within(&many, Duration::from_secs(1)).await;
    assert_eq!(*many.desk.most.lock(), CARRIED_MAX);

    // One permit less than lanes: one stays stuck, the others go on.
    let stuck = port(3, 1, 2);
    within(&stuck, Duration::from_secs(1)).await;
    assert_eq!(stuck.desk.done.lock().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_look_that_fails_is_made_again_and_news_wake_it() {
    let port = port(1, 1, 10);
    *port.desk.failures.lock() = 2;
    within(&port, Duration::from_millis(2_500)).await;
    assert_eq!(*port.desk.done.lock(), [(0, 0)]);

    port.desk.waiting.lock().insert(7, vec![1]);
    port.desk.changed.notify_one();
    within(&port, Duration::from_millis(10)).await;
    assert_eq!(*port.desk.done.lock(), [(0, 0), (7, 1)]);
}

#[tokio::test(start_paused = true)]
async fn what_was_dropped_half_way_is_due_again() {
    let port = port(1, 1, 0);
    within(&port, Duration::from_secs(1)).await;
    assert_eq!(port.desk.running.lock().len(), 1);
    port.desk.running.lock().clear();
    port.gate.add_permits(1);
    within(&port, Duration::from_secs(1)).await;
    assert_eq!(*port.desk.done.lock(), [(0, 0)]);
}
