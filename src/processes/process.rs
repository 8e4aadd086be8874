//! What is known of a process.

use std::str::FromStr;

use crate::protocol::ids::{ThreadId, WorkspaceId};
use crate::protocol::process::{ProcessId, TerminalSize};

/// Characters of a task that a list shows.
pub const TASK_PREVIEW_CHARS: usize = 500;
/// Most characters of a label.
pub const LABEL_CHARS_MAX: usize = 64;

/// How a process is started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProcessKind {
    /// A line for the shell, or a program whose last argument is the task.
    Exec,
    /// An agent that prints its answer.
    Print,
    /// A program in a pseudo-terminal.
    Interactive,
}

/// Where a process is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProcessState {
    /// It is kept, and its actor is about to begin it.
    Starting,
    /// It runs.
    Running,
    /// It ended by itself.
    Exited,
    /// Somebody, or a limit, ended it. Stays, whatever its exit code was.
    Killed,
    /// The daemon ended while it ran, and with it the process. Nobody saw how.
    Lost,
}

/// The three states that lists can be filtered by: those of the original.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StatusWord {
    /// It runs, or is about to.
    Running,
    /// It ended by itself.
    Exited,
    /// It was ended, or is lost.
    Killed,
}

/// One process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Process {
    /// Its id.
    pub id: ProcessId,
    /// How it was started.
    pub kind: ProcessKind,
    /// What it is for, without its secrets.
    pub task: String,
    /// Program and arguments in words, without their secrets.
    pub command: String,
    /// Its working folder.
    pub cwd: String,
    /// Where it is.
    pub state: ProcessState,
    /// Its exit code, if it ended by itself.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// How it ended, in words; empty while it runs.
    pub reason: String,
    /// Its process id; of its cage, seen from outside.
    pub pid: Option<u32>,
    /// Whose it is, in the words of who started it.
    pub owner: String,
    /// Words to find it by: trimmed, in lower case, each once.
    pub labels: Vec<String>,
    /// Who started it: `owner`, the id of a member, a token or an assistant.
    pub source: String,
    /// Whose folder it works in.
    pub workspace: Option<WorkspaceId>,
    /// The thread whose assistant started it.
    pub thread: Option<ThreadId>,
    /// The size of its pseudo-terminal, if it has one.
    pub terminal: Option<TerminalSize>,
    /// Lines of its output so far.
    pub lines: u64,
    /// The last screen of its pseudo-terminal.
    pub screen: Option<String>,
    /// When it was started, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
}

/// Which processes are listed. What is left out matches everything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ProcessFilter {
    /// Those of this owner.
    pub owner: Option<String>,
    /// Those with this label.
    pub label: Option<String>,
    /// Those in this state.
    pub status: Option<StatusWord>,
    /// Those that this thread's assistant started.
    pub thread: Option<ThreadId>,
}

// === impl ProcessKind ===

impl ProcessKind {
    /// The word used in the store and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exec => "exec",
            Self::Print => "print",
            Self::Interactive => "interactive",
        }
    }
}

/// Anything but one of the three words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UnknownKind;

impl FromStr for ProcessKind {
    type Err = UnknownKind;

    fn from_str(word: &str) -> Result<Self, UnknownKind> {
        [Self::Exec, Self::Print, Self::Interactive]
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .ok_or(UnknownKind)
    }
}

// === impl ProcessState ===

impl ProcessState {
    const ALL: [Self; 5] = [Self::Starting, Self::Running, Self::Exited, Self::Killed, Self::Lost];

    /// The word used in the store and on pages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Exited => "exited",
            Self::Killed => "killed",
            Self::Lost => "lost",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether it has ended.
    #[must_use]
    pub const fn is_ended(self) -> bool {
        !matches!(self, Self::Starting | Self::Running)
    }

    /// Its state in the words of the original, which knows three.
    #[must_use]
    pub const fn status(self) -> StatusWord {
        match self {
            Self::Starting | Self::Running => StatusWord::Running,
            Self::Exited => StatusWord::Exited,
            Self::Killed | Self::Lost => StatusWord::Killed,
        }
    }
}

// === impl StatusWord ===

impl StatusWord {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Exited => "exited",
            Self::Killed => "killed",
        }
    }

    /// The state with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Running, Self::Exited, Self::Killed].into_iter().find(|status| status.as_str() == word)
    }

    /// The states of the store that it stands for.
    pub(super) const fn states(self) -> (&'static str, &'static str) {
        match self {
            Self::Running => ("starting", "running"),
            Self::Exited => ("exited", "exited"),
            Self::Killed => ("killed", "lost"),
        }
    }
}

// === impl Process ===

impl Process {
    /// The beginning of its task.
    #[must_use]
    pub fn task_preview(&self) -> String {
        self.task.chars().take(TASK_PREVIEW_CHARS).collect()
    }

    /// How long it has run, or did, in milliseconds.
    #[must_use]
    pub fn ran_ms(&self, now_ms: i64) -> i64 {
        self.ended_ms.unwrap_or(now_ms).saturating_sub(self.created_ms).max(0)
    }
}
