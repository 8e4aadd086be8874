//! What is run, and what it may do there.

use std::net::SocketAddrV4;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Whether a child reaches other machines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Nothing: no network, not even the machine's own loopback. Unix sockets between its own processes work.
    #[default]
    Off,
    /// TCP and UDP to everywhere. Raw sockets stay forbidden.
    Open,
}

/// How much a child may take. What a system cannot count for a whole tree holds for each of its processes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Limits {
    /// Longest life; then TERM, and after [`grace_ms`](Self::grace_ms) KILL, to every process of the tree. `None`: as
    /// long as the child is held.
    pub wall_ms: Option<u64>,
    /// Seconds of processor time of one process.
    pub cpu_s: u64,
    /// Memory of the whole tree in bytes, looked at several times a second; and the private memory of one process, at
    /// which its next allocation fails.
    pub memory_bytes: u64,
    /// Processes and threads of the tree at a time: beyond it the system refuses more, or the tree is ended.
    pub processes: u64,
    /// Open files of one process.
    pub open_files: u64,
    /// Largest file in bytes that a process writes.
    pub file_bytes: u64,
    /// Size in bytes of the private folder for temporary files.
    pub tmp_bytes: u64,
    /// Free bytes that the tree leaves on every disk that it may write to. Where less is free already, half of that.
    pub disk_free_bytes: u64,
    /// Time in milliseconds between TERM and KILL.
    pub grace_ms: u64,
}

/// What a child may do.
#[derive(Clone, Default)]
pub struct Profile {
    /// Folders and files that it may read and run besides the system's.
    pub read: Vec<PathBuf>,
    /// Folders that it may change. They are at the same paths inside.
    pub write: Vec<PathBuf>,
    /// Whether it reaches other machines.
    pub network: Network,
    /// An address on this machine's loopback that it reaches at the same address, and nothing else: its network is its own
    /// otherwise. Without namespaces it has the machine's network instead.
    pub door: Option<SocketAddrV4>,
    /// How much it may take.
    pub limits: Limits,
    /// Its environment besides `PATH`, `HOME`, `LANG`, `TERM` and `TMPDIR`; it may replace those.
    pub env: Vec<(String, String)>,
}

/// Where a child reads from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Stdin {
    /// Nothing: it is at the end at once.
    #[default]
    Empty,
    /// [`Child::stdin`](super::Child::stdin).
    Piped,
}

/// What is run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// A path, or a name that is looked for in the child's `PATH`.
    pub program: PathBuf,
    /// Its arguments without the program.
    pub args: Vec<String>,
    /// Its working folder, one that the profile names or below; `None`: its private folder for temporary files.
    pub cwd: Option<PathBuf>,
    /// Where it reads from.
    pub stdin: Stdin,
    /// Whether its errors go to its output, so that both are read in the order in which they were written.
    pub merged: bool,
}

// === impl Limits ===

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall_ms: None,
            cpu_s: 600,
            memory_bytes: 2 << 30,
            processes: 1_024,
            open_files: 1_024,
            file_bytes: 1 << 30,
            tmp_bytes: 512 << 20,
            disk_free_bytes: 512 << 20,
            grace_ms: 2_000,
        }
    }
}

impl Limits {
    /// These limits with a longest life.
    #[must_use]
    pub fn within(mut self, wall: Duration) -> Self {
        self.wall_ms = Some(u64::try_from(wall.as_millis()).unwrap_or(u64::MAX));
        self
    }
}

// === impl Profile ===

impl Profile {
    /// May change these folders, and nothing else.
    #[must_use]
    pub fn writing(write: Vec<PathBuf>, limits: Limits) -> Self {
        Self { write, limits, ..Self::default() }
    }
}

// === impl Command ===

impl Command {
    /// This program with these arguments, in its private folder, without input.
    #[must_use]
    pub fn new<A: Into<String>>(program: impl Into<PathBuf>, args: impl IntoIterator<Item = A>) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self { program: program.into(), args, cwd: None, stdin: Stdin::Empty, merged: false }
    }

    /// The same in this working folder.
    #[must_use]
    pub fn at(mut self, cwd: impl Into<PathBuf>) -> Self {
        self.cwd = Some(cwd.into());
        self
    }

    /// The same with an input that is written to.
    #[must_use]
    pub const fn with_input(mut self) -> Self {
        self.stdin = Stdin::Piped;
        self
    }

    /// The same with its errors in its output, in the order in which they were written.
    #[must_use]
    pub const fn merged(mut self) -> Self {
        self.merged = true;
        self
    }
}
