//! What each point is about, and what its plugs are told: an example of it.
//!
//! The tests of the daemon hold what really is told against these.

use serde_json::{Value, json};

use super::hook::Hook;

/// A commit of the examples.
const COMMIT: &str = "3f1c0a9d5b7e2f4468ac1b0d9e8f7a6b5c4d3e2f";
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
                    "id": ID, "name": "Garden", "assistant_id": null, "root": null, "indexed_files": [], "is_default": false, "version": 1,
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
            Self::ExperimentStarted => json!({ "experiment": experiment("running") }),
            Self::ExperimentCompleted => {
                json!({
                    "experiment": experiment("accepted"),
                    "result": {
                        "decision": "accepted", "score": 0.93, "summary": "iteration 2 is accepted: tests pass",
                        "diff_stat": diff(), "iterations": 2,
                    },
                })
            }
            Self::IterationStarted => json!({ "experiment_id": ID, "iteration": iteration("running") }),
            Self::IterationCompleted => json!({ "experiment_id": ID, "iteration": iteration("accepted") }),
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

fn experiment(state: &str) -> Value {
    json!({
        "id": ID, "title": "Faster parser", "kind": "code", "workspace_id": ID, "goal": "Make the parser faster.",
        // What the settings are, and the ids of the skills that were in its prompts.
        "config": { "scope": ["src/**"], "tests": { "command": ["cargo", "test"] }, "skills": ["fast-tables"] },
        "state": state, "tainted": false,
    })
}

/// One that begins has no thread, no tree and no score yet.
fn iteration(status: &str) -> Value {
    let is_over = status != "running";
    let once_over = |value: Value| if is_over { value } else { Value::Null };
    json!({
        "number": 2, "round": 2, "status": status, "reason": "none", "parent": COMMIT, "tree": once_over(json!(COMMIT)),
        "thread": once_over(json!(ID)), "turn": once_over(json!(ID)),
        "prompt": if is_over { "This is iteration 2 of at most 10 …" } else { "" },
        "answer": if is_over { "I put a table in the place of the ifs." } else { "" },
        "score": once_over(json!(0.93)), "summary": if is_over { "tests pass" } else { "" },
        "evaluation": once_over(json!({ "tests": { "passed": true, "ended": "exit 0", "counts": null } })),
        "diff": once_over(diff()), "tokens": 0, "tool_calls": 0, "started_ms": 1_790_000_000_000_i64,
        "ended_ms": once_over(json!(1_790_000_060_000_i64)), "skills": ["fast-tables"], "tainted": false,
    })
}

fn diff() -> Value {
    json!({
        "files": 1, "insertions": 12, "deletions": 30,
        "changes": [{ "path": "src/parser.rs", "how": "changed", "insertions": 12, "deletions": 30 }],
    })
}
