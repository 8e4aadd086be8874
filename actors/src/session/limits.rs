//! Bounds of sessions. Each is a setting with a test at it and one over.

use std::time::Duration;

use crate::supervision::intensity::Intensity;

/// See each field; the defaults are those of the settings.
#[derive(Clone, Debug)]
pub struct SessionLimits {
    /// Turns of one thread that may wait or run; the next message is answered *busy*.
    pub queue_per_thread: usize,
    /// Turns of one tenant that may wait or run.
    pub queue_per_tenant: usize,
    /// Time from the begin of a turn to its forced end.
    pub turn_deadline: Duration,
    /// Time that a stopped turn has for its settlement before it is killed.
    pub stop_grace: Duration,
    /// Rest after which a session goes to sleep.
    pub idle_after: Duration,
    /// Bytes of one answer (text and thinking together); longer ones end the turn.
    pub answer_bytes_max: usize,
    /// Begins of one turn over all lives of the daemon; then it ends as interrupted.
    pub attempts_max: u32,
    /// Crashes of turns that a lane bears; one more and it crashes itself, which its supervisor
    /// answers with backoff and, when it goes on, quarantine.
    pub turn_crashes: Intensity,
    /// Time for the answer of a lane to a message, its commit included.
    pub submit_timeout: Duration,
    /// What a *busy* answer tells the sender to wait.
    pub busy_retry_after: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            queue_per_thread: 16,
            queue_per_tenant: 10_000,
            turn_deadline: Duration::from_secs(600),
            stop_grace: Duration::from_secs(5),
            idle_after: Duration::from_secs(120),
            answer_bytes_max: 4 << 20,
            attempts_max: 3,
            turn_crashes: Intensity { restarts: 3, within: Duration::from_secs(60) },
            submit_timeout: Duration::from_secs(30),
            busy_retry_after: Duration::from_secs(2),
        }
    }
}
