//! What each point is about, and what its plugs are told: an example of it.
//!
//! The tests of the daemon hold what really is told against these.

use serde_json::{Value, json};

use super::hook::Hook;

/// Ids of the examples.
const ID: &str = "0197f0c0-1111-7000-8000-000000000001";

// === impl Hook ===

impl Hook {
    /// When it is reached, in a sentence.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::QueryPre => "before a model is asked about a message; what is injected stands before it",
            Self::QueryPost => "after a turn has ended, however it ended",
            Self::SessionStarting => "before a thread that rested takes its next message",
            Self::SessionStarted => "after that",
            Self::SessionStopping => "before a thread that nobody writes in rests",
            Self::SessionStopped => "after that, and after a crash",
            Self::WorkspaceCreated => "after a workspace was made",
            Self::WorkspaceUpdated => "after a workspace was changed",
            Self::WorkspaceDeleted => {
                "after a workspace was deleted with its threads, which are not told of one by one"
            }
            Self::ChannelCreated => {
                "after a thread was made (kind thread), or a chat channel was set up (kind platform)"
            }
            Self::ChannelUpdated => "after its title, place or settings changed",
            Self::ChannelDeleted => "after it was deleted",
            Self::ExperimentStarted => "before an experiment begins",
            Self::ExperimentCompleted => "after an experiment has ended, however it ended",
            Self::IterationStarted => "before a round of an experiment",
            Self::IterationCompleted => "after a round was judged",
        }
    }

    /// An example of what its plugs are told.
    #[must_use]
    pub fn sample(self) -> Value {
        match self {
            Self::QueryPre => json!({
                "workspace_id": ID, "thread_id": ID, "turn_id": ID, "assistant_id": ID,
                "prompt": "When did we plant the apple trees?", "provenance": "owner", "source": "console",
                "known_keys": [],
            }),
            Self::QueryPost => json!({
                "workspace_id": ID, "thread_id": ID, "turn_id": ID, "assistant_id": ID,
                "prompt": "When did we plant the apple trees?", "provenance": "owner", "source": "console",
                "messages": [
                    { "role": "user", "content": "When did we plant the apple trees?" },
                    { "role": "assistant", "content": "In March." },
                ],
                "state": "done", "backend": "demo", "model": "demo",
                "usage": { "input_tokens": 40, "output_tokens": 3 },
            }),
            Self::SessionStarting | Self::SessionStarted => session(None),
            Self::SessionStopping | Self::SessionStopped => session(Some("idle")),
            Self::WorkspaceCreated | Self::WorkspaceUpdated | Self::WorkspaceDeleted => json!({
                "workspace": {
                    "id": ID, "name": "Garden", "assistant_id": null, "root": null, "is_default": false, "version": 1,
                    "created_ms": 1_790_000_000_000_i64, "updated_ms": 1_790_000_000_000_i64,
                },
            }),
            Self::ChannelCreated | Self::ChannelUpdated | Self::ChannelDeleted => json!({
                "kind": "thread",
                "channel": {
                    "id": ID, "workspace_id": ID, "assistant_id": null, "effective_assistant_id": ID,
                    "title": "Apple trees", "session_key": null, "version": 1,
                    "created_ms": 1_790_000_000_000_i64, "updated_ms": 1_790_000_000_000_i64,
                },
            }),
            Self::ExperimentStarted => json!({ "experiment": experiment() }),
            Self::ExperimentCompleted => {
                json!({ "experiment": experiment(), "result": { "state": "accepted" } })
            }
            Self::IterationStarted | Self::IterationCompleted => {
                json!({ "experiment_id": ID, "iteration": { "number": 1 } })
            }
        }
    }
}

fn session(reason: Option<&str>) -> Value {
    let mut data = json!({
        "session_id": ID, "workspace_id": ID,
        "config": {
            "assistant_id": ID, "backend": "demo", "model": "demo", "mode": "default", "autonomy": "supervised",
            "ceiling": null,
        },
    });
    if let (Some(reason), Some(data)) = (reason, data.as_object_mut()) {
        data.insert("reason".to_owned(), reason.into());
    }
    data
}

fn experiment() -> Value {
    json!({ "id": ID, "name": "Faster parser", "strategy": "code" })
}
