//! What the daemon and a cage tell each other.

use std::net::SocketAddrV4;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::layers::Layer;
use super::profile::{Limits, Network};

/// Everything that a cage has to know.
#[derive(Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) program: PathBuf,
    pub(super) args: Vec<String>,
    pub(super) cwd: PathBuf,
    pub(super) env: Vec<(String, String)>,
    /// Outermost first.
    pub(super) places: Vec<Place>,
    /// The private folder for temporary files: made inside with namespaces, given without.
    pub(super) tmp: PathBuf,
    pub(super) network: Network,
    /// The address that listens inside, where there is a door.
    pub(super) door: Option<SocketAddrV4>,
    pub(super) limits: Limits,
    /// Whether its three open files are a terminal that becomes its own.
    pub(super) terminal: bool,
    /// The layers to put up.
    pub(super) layers: Vec<Layer>,
}

/// A place of the file system and what it is inside.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) access: Access,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Access {
    Read,
    Write,
    /// Below a place that is given, and not in sight.
    Hidden,
}

/// What a cage says, one JSON object a line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "snake_case")]
pub(super) enum Message {
    /// The program runs.
    Started,
    /// It does not, and the cage is gone.
    Failed { step: Step, errno: Option<i32>, error: String },
    /// It ended, and every process with it.
    Ended(Ended),
}

/// A step on the way to a running program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    Namespaces,
    Mounts,
    Network,
    Plan,
    Limits,
    Privileges,
    Landlock,
    Seccomp,
    Program,
}

/// How a child ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ended {
    /// Its exit code, if it ended by itself.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Why.
    pub by: EndedBy,
}

/// Why a child ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// It ended by itself, or by a signal of its own.
    Itself,
    /// Its time was over.
    Deadline,
    /// Somebody stopped it.
    Stopped,
    /// Its processes together took too much memory.
    Memory,
    /// Its processes were too many.
    Processes,
    /// It left too little space on a disk.
    Disk,
    /// It took too much processor time.
    Cpu,
    /// It wrote too large a file.
    FileSize,
    /// The cage is gone without a word: killed from outside.
    Lost,
}

/// What the daemon says to a cage after the plan: end the tree. The end of the stream means the same, at once.
pub(super) const STOP: &[u8] = b"s";

// === impl Step ===

impl Step {
    /// The layer that is missing when this step cannot be done.
    pub(super) const fn layer(self) -> Option<Layer> {
        match self {
            Self::Namespaces | Self::Mounts | Self::Network => Some(Layer::Namespaces),
            Self::Landlock => Some(Layer::Landlock),
            Self::Seccomp => Some(Layer::Seccomp),
            Self::Limits | Self::Privileges | Self::Plan | Self::Program => None,
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Namespaces => "namespaces",
            Self::Mounts => "mounts",
            Self::Network => "the network",
            Self::Plan => "the plan",
            Self::Limits => "limits",
            Self::Privileges => "privileges",
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
            Self::Program => "the program",
        }
    }
}

// === impl Ended ===

impl Ended {
    /// Whether it ended by itself with 0.
    #[must_use]
    pub fn success(&self) -> bool {
        self.code == Some(0) && self.by == EndedBy::Itself
    }

    /// In words: `exit code 1`, `stopped at its deadline`.
    #[must_use]
    pub fn describe(&self) -> String {
        match (self.by, self.code, self.signal) {
            (EndedBy::Itself, Some(code), _) => format!("exit code {code}"),
            (EndedBy::Itself, None, signal) => format!("ended by signal {}", signal.unwrap_or(0)),
            (EndedBy::Deadline, ..) => "stopped: its time was over".to_owned(),
            (EndedBy::Stopped, ..) => "stopped".to_owned(),
            (EndedBy::Memory, ..) => "stopped: it took too much memory".to_owned(),
            (EndedBy::Processes, ..) => "stopped: it started too many processes".to_owned(),
            (EndedBy::Disk, ..) => "stopped: it left too little space on the disk".to_owned(),
            (EndedBy::Cpu, ..) => "stopped: it took too much processor time".to_owned(),
            (EndedBy::FileSize, ..) => "stopped: it wrote too large a file".to_owned(),
            (EndedBy::Lost, ..) => "killed".to_owned(),
        }
    }
}
