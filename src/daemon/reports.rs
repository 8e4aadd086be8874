//! What supervisors report, as metrics, and quarantined sessions for the housekeeper.

use std::sync::Arc;

use capuchin_actors::session::LaneKey;
use capuchin_actors::supervision::report::{Report, ReportKind, Subscriber};
use tokio::sync::{Mutex, mpsc};

use super::session_of;
use super::told::Told;
use crate::telemetry::Metrics;

/// Sessions in quarantine that wait for their turns to be ended. Further ones are found by the next look.
const WAITING_MAX: usize = 1_024;

/// The sessions that were quarantined, from their supervisors to the housekeeper.
#[derive(Clone)]
pub(super) struct Quarantines {
    sender: mpsc::Sender<(LaneKey, String)>,
    /// Held by the one housekeeper that runs.
    receiver: Arc<Mutex<mpsc::Receiver<(LaneKey, String)>>>,
}

impl Quarantines {
    pub(super) fn new() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        Self { sender, receiver: Arc::new(Mutex::new(receiver)) }
    }

    /// The next one, with the reason.
    pub(super) async fn next(&self) -> Option<(LaneKey, String)> {
        self.receiver.lock().await.recv().await
    }
}

/// Counts reports, tells the audit of them, and notes quarantined sessions.
pub(super) fn subscriber(metrics: Metrics, quarantines: Quarantines, told: Told) -> Subscriber {
    Box::new(move |report: &Report| {
        told.report(report);
        count(&metrics, &quarantines, report);
    })
}

fn count(metrics: &Metrics, quarantines: &Quarantines, report: &Report) {
    match &report.kind {
        ReportKind::Restarted { .. } => {
            let supervisor = report.path.parent();
            metrics.actors.restarted(supervisor.as_ref().map_or("root", |path| path.id()));
        }
        ReportKind::Quarantined { reason, .. } => {
            metrics.actors.quarantined.inc();
            if let Some((tenant, session)) = session_of(&report.path)
                && let Ok(thread) = session.parse()
            {
                // silent-ok: what does not fit is found by the housekeeper's next look
                let _ = quarantines.sender.try_send((LaneKey { tenant, thread }, reason.clone()));
            }
        }
        ReportKind::Released => drop(metrics.actors.quarantined.dec()),
        _ => {}
    }
}
