//! Couriers: what waits in the store is carried out, piece by piece, lane by lane.
//!
//! Supervised wherever the tree puts one: the dispatcher of webhooks and the outboxes are couriers with different ports.
//! Holds no truth: what waits is in the store, so a crash loses nothing and the next life finds it due again.
//! It refuses to do two pieces of one lane at a time, and more than [`CARRIED_MAX`] at all.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};

use crate::ports::carry::{Carry, Due};
use crate::service::{Service, ServiceRun};
use crate::supervision::StartChild;

/// Pieces that are carried at a time.
const CARRIED_MAX: usize = 32;
/// Wait after a look that failed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Longest time between two looks.
const LOOK_AT_LATEST: Duration = Duration::from_secs(30);

/// The factory of a courier with this port.
pub fn courier_factory<C: Carry>(port: Arc<C>) -> Arc<dyn StartChild> {
    Service::factory(move |_, stop| {
        let port = Arc::clone(&port);
        let run = ServiceRun::new(async move {
            stop.run_until_cancelled(carry_on(port.as_ref())).await;
            Ok(())
        });
        futures::future::ready(Ok(run)).boxed()
    })
}

/// Runs until dropped.
async fn carry_on<C: Carry>(port: &C) {
    let mut busy: HashSet<C::Lane> = HashSet::new();
    let mut carried = FuturesUnordered::new();
    loop {
        let mut wait = LOOK_AT_LATEST;
        if carried.len() < CARRIED_MAX {
            match port.due(&busy).await {
                Ok(Due { jobs, next }) => {
                    wait = next.unwrap_or(wait).min(wait);
                    for (lane, job) in jobs.into_iter().take(CARRIED_MAX - carried.len()) {
                        if busy.insert(lane.clone()) {
                            carried.push(port.carry(job).map(|()| lane));
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "what waits to be carried out could not be read");
                    wait = LOOK_AGAIN;
                }
            }
        }
        tokio::select! {
            Some(lane) = carried.next() => {
                busy.remove(&lane);
                // Whatever else has ended frees its lane before the next look.
                while let Some(Some(lane)) = carried.next().now_or_never() {
                    busy.remove(&lane);
                }
            }
            () = port.changed() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

#[cfg(test)]
mod tests;
