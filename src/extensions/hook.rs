//! The points at which plugs run, in MonkeyClaw's words and families.

use serde::{Deserialize, Serialize};

/// A point. What its `data` holds is said with each; ids are strings.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hook {
    /// Before a model is asked. `{workspace_id, thread_id, turn_id, assistant_id, prompt, provenance, source, known_keys}`;
    /// `known_keys` are injections that the thread has or a person keeps out. Can halt.
    QueryPre,
    /// A turn has ended. `{workspace_id, thread_id, turn_id, assistant_id, prompt, messages, state, backend, model, usage}`,
    /// with `provenance` and `source` of the prompt; `messages` are `{role, content}` of the turn.
    QueryPost,
    /// A session wakes. `{session_id, workspace_id, config}`. Can halt: then its thread takes no message.
    SessionStarting,
    /// A session is awake. `{session_id, workspace_id, config}`.
    SessionStarted,
    /// A session goes to sleep. `{session_id, workspace_id, config, reason}`.
    SessionStopping,
    /// A session is gone. `{session_id, workspace_id, config, reason}`.
    SessionStopped,
    /// `{workspace}`.
    WorkspaceCreated,
    /// `{workspace}`, as it is now.
    WorkspaceUpdated,
    /// `{workspace}`, as it was.
    WorkspaceDeleted,
    /// `{kind, channel}`; `kind` is `thread` for a conversation of a workspace, `platform` for a chat platform.
    ChannelCreated,
    /// `{kind, channel}`, as it is now.
    ChannelUpdated,
    /// `{kind, channel}`, as it was.
    ChannelDeleted,
    /// `{experiment}`. Can halt.
    ExperimentStarted,
    /// `{experiment, result}`.
    ExperimentCompleted,
    /// `{experiment_id, iteration}`. Can halt.
    IterationStarted,
    /// `{experiment_id, iteration}`.
    IterationCompleted,
}

// === impl Hook ===

impl Hook {
    /// All sixteen, in families.
    pub const ALL: [Self; 16] = [
        Self::QueryPre,
        Self::QueryPost,
        Self::SessionStarting,
        Self::SessionStarted,
        Self::SessionStopping,
        Self::SessionStopped,
        Self::WorkspaceCreated,
        Self::WorkspaceUpdated,
        Self::WorkspaceDeleted,
        Self::ChannelCreated,
        Self::ChannelUpdated,
        Self::ChannelDeleted,
        Self::ExperimentStarted,
        Self::ExperimentCompleted,
        Self::IterationStarted,
        Self::IterationCompleted,
    ];

    /// Its name, `query_pre`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueryPre => "query_pre",
            Self::QueryPost => "query_post",
            Self::SessionStarting => "session_starting",
            Self::SessionStarted => "session_started",
            Self::SessionStopping => "session_stopping",
            Self::SessionStopped => "session_stopped",
            Self::WorkspaceCreated => "workspace_created",
            Self::WorkspaceUpdated => "workspace_updated",
            Self::WorkspaceDeleted => "workspace_deleted",
            Self::ChannelCreated => "channel_created",
            Self::ChannelUpdated => "channel_updated",
            Self::ChannelDeleted => "channel_deleted",
            Self::ExperimentStarted => "experiment_started",
            Self::ExperimentCompleted => "experiment_completed",
            Self::IterationStarted => "iteration_started",
            Self::IterationCompleted => "iteration_completed",
        }
    }

    /// The point of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hook| hook.as_str() == name)
    }

    /// Whether something waits for its plugs, so that they can stop it. The others are told in the background.
    #[must_use]
    pub const fn can_halt(self) -> bool {
        matches!(
            self,
            Self::QueryPre | Self::SessionStarting | Self::ExperimentStarted | Self::IterationStarted
        )
    }
}

impl std::fmt::Display for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
