//! One plug at one point: contained, counted, and left out for a while when it only fails.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::context::Context;
use super::pipeline::Placed;
use super::plug::PlugError;
use super::report::{PlugReport, PlugState, PlugView, Trouble};

/// Most that all plugs of a run may add to a context, in bytes.
pub(super) const ADDED_BYTES_MAX: usize = 1 << 20;
/// Most injections of all plugs of a run: what a turn keeps.
pub(super) const INJECTIONS_MAX: usize = 64;
/// Failures in a row after which a plug is left out.
pub(super) const FAILURES_IN_ROW: u32 = 5;
/// For how long. Then it is tried once, and left out again if that fails too.
pub(super) const REST: Duration = Duration::from_secs(30);

/// See the module.
pub(super) struct Station {
    placed: Placed,
    report: Mutex<PlugReport>,
    health: Mutex<Health>,
}

/// How the last runs went.
#[derive(Default)]
struct Health {
    failures: u32,
    rests_until: Option<Instant>,
}

/// What came of a run.
enum Outcome {
    /// It said something.
    Said(Box<Context>),
    /// It failed.
    Failed(PlugError),
    /// It was not asked.
    LeftOut(PlugError),
}

// === impl Station ===

impl Station {
    pub(super) fn new(placed: &Placed) -> Self {
        Self { placed: placed.clone(), report: Mutex::default(), health: Mutex::default() }
    }

    pub(super) const fn placed(&self) -> &Placed {
        &self.placed
    }

    pub(super) fn view(&self) -> PlugView {
        let report = self.report.lock().clone();
        let health = self.health.lock();
        let state = match (health.failures, health.rests_until) {
            (_, Some(until)) if until > Instant::now() => PlugState::Resting,
            (0, _) if report.runs == 0 => PlugState::Unused,
            (0, _) => PlugState::Working,
            _ => PlugState::Failing,
        };
        let plug = &self.placed.plug;
        PlugView { name: plug.name().to_owned(), guards: plug.guards(), state, report }
    }

    /// Asks the plug, which has at most so much time left.
    pub(super) async fn run(&self, before: Context, left: Duration) -> Context {
        let began = Instant::now();
        let outcome = match self.is_left_out(left) {
            Some(why) => Outcome::LeftOut(why),
            None => match call(&self.placed, before.clone(), left).await {
                Ok(after) => Outcome::Said(Box::new(after)),
                Err(error) => Outcome::Failed(error),
            },
        };
        let took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.note(&outcome, took_us, before.at_ms);
        match outcome {
            Outcome::Said(after) => *after,
            Outcome::Failed(error) | Outcome::LeftOut(error) if self.placed.plug.guards() => {
                let reason = format!("it guards this point and failed: {error}");
                self.report.lock().halts += 1;
                before.halt(self.placed.plug.name(), reason)
            }
            Outcome::Failed(error) => {
                tracing::debug!(plug = self.placed.plug.name(), hook = %before.hook, %error, "a plug failed");
                before
            }
            Outcome::LeftOut(_) => before,
        }
    }

    fn is_left_out(&self, left: Duration) -> Option<PlugError> {
        if left.is_zero() {
            return Some(PlugError::Unavailable(
                "the plugs before it took all the time of this point".to_owned(),
            ));
        }
        let until = self.health.lock().rests_until.filter(|until| *until > Instant::now())?;
        let seconds = until.saturating_duration_since(Instant::now()).as_secs() + 1;
        Some(PlugError::Unavailable(format!("it failed too often and is tried again in {seconds} s")))
    }

    fn note(&self, outcome: &Outcome, took_us: u64, at_ms: i64) {
        let mut report = self.report.lock();
        if let Outcome::LeftOut(_) = outcome {
            report.left_out += 1;
            return;
        }
        report.runs += 1;
        report.total_us = report.total_us.saturating_add(took_us);
        report.longest_us = report.longest_us.max(took_us);
        let mut health = self.health.lock();
        match outcome {
            Outcome::Said(after) => {
                report.halts += u64::from(after.halted.is_some());
                *health = Health::default();
            }
            Outcome::Failed(error) | Outcome::LeftOut(error) => {
                report.failures += 1;
                report.trouble = Some(Trouble { at_ms, what: error.to_string() });
                health.failures = health.failures.saturating_add(1);
                if health.failures >= FAILURES_IN_ROW {
                    health.rests_until = Some(Instant::now() + REST);
                    let (plug, failures) = (self.placed.plug.name(), health.failures);
                    tracing::warn!(
                        notice = "capuchin.extension.failing", plug, failures, %error,
                        "a plug fails again and again and is left out for a while"
                    );
                }
            }
        }
    }
}

/// What a plug says, if it is in time, sane, and not too much.
pub(super) async fn call(placed: &Placed, before: Context, left: Duration) -> Result<Context, PlugError> {
    let Placed { plug, within } = placed;
    let within = (*within).min(left);
    let (hook, tenant, at_ms) = (before.hook, before.tenant.clone(), before.at_ms);
    let called = AssertUnwindSafe(async { plug.call(before).await }).catch_unwind();
    let after = match tokio::time::timeout(within, called).await {
        Ok(Ok(after)) => after?,
        Ok(Err(_)) => return Err(PlugError::Unavailable("it panicked".to_owned())),
        Err(_) => return Err(PlugError::TooMuch(format!("{} ms", within.as_millis()))),
    };
    if after.weight() > ADDED_BYTES_MAX {
        return Err(PlugError::TooMuch(format!("{} KiB in a context", ADDED_BYTES_MAX >> 10)));
    }
    if after.injections.len() > INJECTIONS_MAX {
        return Err(PlugError::TooMuch(format!("{INJECTIONS_MAX} injections in a context")));
    }
    // Where it ran is not its to say.
    Ok(Context { hook, tenant, at_ms, ..after })
}
