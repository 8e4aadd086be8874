//! The life of one process: orders in, reports out, and exactly one end.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::directory::Ends;
use crate::ports::run_process::{KeepError, ProcessLines, ProcessWork};
use crate::protocol::process::{KillReason, ProcessEnd};

/// Reports that wait to be kept. Then the program stands still.
const REPORTS_MAX: usize = 16;
/// How long a process is quiet before what was held back of its output is shown.
const REST: Duration = Duration::from_millis(100);

/// Runs a process that was begun to its end, and keeps the end.
pub(super) async fn run(ends: Ends, work: ProcessWork, stop: CancellationToken) -> Result<(), KeepError> {
    let Ends { orders, kill: mut asked, registered } = ends;
    let (key, ports) = (work.key, registered.directory.ports().clone());
    let (reports, mut told) = mpsc::channel(REPORTS_MAX);
    let kill = CancellationToken::new();
    let deadline = Instant::now() + work.time;
    let mut running = ports.runner.run(key.clone(), ProcessLines { orders, kill: kill.clone(), reports });
    let (mut killed, mut rests_at) = (None, None);
    let end = loop {
        let report = tokio::select! {
            biased;
            reason = ending(&mut asked, &stop, deadline), if killed.is_none() => {
                killed = Some(reason);
                kill.cancel();
                continue;
            }
            Some(report) = told.recv() => report,
            end = &mut running => break end,
            () = sleep_until(rests_at.unwrap_or(deadline)), if rests_at.is_some() => {
                rests_at = None;
                keep(ports.keeper.rest(&key).await, &mut killed, &kill);
                continue;
            }
        };
        rests_at = Some(Instant::now() + REST);
        keep(ports.keeper.report(&key, report).await, &mut killed, &kill);
    };
    drop(running);
    // What it said before its end, and nobody asks it for anything from here on.
    drop(registered);
    while let Some(report) = told.recv().await {
        keep(ports.keeper.report(&key, report).await, &mut killed, &kill);
    }
    let end = match killed {
        Some(reason) => ProcessEnd { killed, reason: reason.describe().to_owned(), ..end },
        None => end,
    };
    ports.keeper.settle(&key, end).await
}

/// Resolves when the process shall end, with why.
async fn ending(
    asked: &mut watch::Receiver<Option<KillReason>>,
    stop: &CancellationToken,
    deadline: Instant,
) -> KillReason {
    tokio::select! {
        Ok(reason) = asked.wait_for(Option::is_some) => reason.unwrap_or(KillReason::Asked),
        () = stop.cancelled() => KillReason::Stopping,
        () = sleep_until(deadline) => KillReason::Expired,
    }
}

/// What cannot be kept must not go on.
fn keep(kept: Result<(), KeepError>, killed: &mut Option<KillReason>, kill: &CancellationToken) {
    if kept.is_err() && killed.is_none() {
        *killed = Some(KillReason::Unkept);
        kill.cancel();
    }
}
