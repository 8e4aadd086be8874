//! Puts sessions to sleep that rested long enough. One timer for all of them.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::SessionDirectory;

/// Looks four times in the time after which a session sleeps. Runs until dropped.
pub async fn sweep_idle(directory: Arc<SessionDirectory>) {
    let period = (directory.shared().limits.idle_after / 4).max(Duration::from_millis(10));
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let asleep = directory.put_idle_to_sleep();
        if asleep > 0 {
            tracing::debug!(asleep, "sessions went to sleep");
        }
    }
}
