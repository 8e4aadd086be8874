//! `[sessions]`: conversations, their queues and their limits.

use serde::Deserialize;

use super::sections::Check;

/// See the module.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionsConfig {
    /// Messages that may wait in one thread. Default 16; a further one is answered *busy* and not stored.
    pub queue_per_thread: usize,
    /// Messages that may wait in all threads of a tenant. Default 10,000; then as above.
    pub queue_per_tenant: usize,
    /// Seconds without work after which a session goes to sleep. Default 60. A sleeping session costs
    /// disk only; the next message wakes it.
    pub idle_after_s: u64,
    /// Seconds that a turn may take, waiting for its slot included. Default 600; then it ends as `deadline`.
    pub turn_deadline_s: u64,
    /// Models that are asked at a time. Default 256; further turns wait for a place. A turn whose tools work, or that
    /// waits for a person, takes none.
    pub running_turns_max: usize,
    /// Messages of a thread that a model sees at most. Default 200; older ones stay in the store.
    pub history_messages_max: usize,
    /// Bytes of text of a thread that a model sees at most. Default 393,216.
    pub history_bytes_max: usize,
    /// Rounds of one turn in which the model may call tools. Default 25; then it has to answer.
    pub rounds_max: u32,
    /// Tokens that a model takes, prompt and answer together, when its backend does not say. Default 128,000. A
    /// conversation that fills four fifths of it is shortened by a summary.
    pub context_tokens: u64,
    /// Largest message in bytes. Default 262,144; a larger one is refused.
    pub message_bytes_max: usize,
}

impl Default for SessionsConfig {
    fn default() -> Self {
        Self {
            queue_per_thread: 16,
            queue_per_tenant: 10_000,
            idle_after_s: 60,
            turn_deadline_s: 600,
            running_turns_max: 256,
            history_messages_max: 200,
            history_bytes_max: 393_216,
            rounds_max: 25,
            context_tokens: 128_000,
            message_bytes_max: 262_144,
        }
    }
}

impl SessionsConfig {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        check.within("sessions.queue_per_thread", self.queue_per_thread, 1, 10_000);
        check.within("sessions.queue_per_tenant", self.queue_per_tenant, 1, 10_000_000);
        check.within("sessions.idle_after_s", self.idle_after_s, 1, 86_400);
        check.within("sessions.turn_deadline_s", self.turn_deadline_s, 1, 86_400);
        check.within("sessions.running_turns_max", self.running_turns_max, 1, 100_000);
        check.within("sessions.history_messages_max", self.history_messages_max, 1, 100_000);
        check.within("sessions.history_bytes_max", self.history_bytes_max, 1_024, 64 * 1024 * 1024);
        check.within("sessions.rounds_max", self.rounds_max, 1, 1_000);
        check.within("sessions.context_tokens", self.context_tokens, 1_000, 100_000_000);
        check.within("sessions.message_bytes_max", self.message_bytes_max, 1_024, 16 * 1024 * 1024);
        if self.history_bytes_max < self.message_bytes_max {
            check.problem(
                "sessions.history_bytes_max",
                "is smaller than sessions.message_bytes_max: the largest message would not reach its model",
            );
        }
    }
}
