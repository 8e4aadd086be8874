//! Processes that outlive a turn: their names, what they say, and how they end.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::TenantId;

/// A process session: eight hexadecimal digits. A name, not a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProcessId(u32);

/// A text that is no id of a process.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the id of a process has eight hexadecimal digits")]
pub struct BadProcessId;

/// One process of a tenant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ProcessKey {
    /// Whose it is.
    pub tenant: TenantId,
    /// Which.
    pub id: ProcessId,
}

/// Where output came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OutputStream {
    /// Its output; of a pseudo-terminal, everything.
    Stdout,
    /// Its errors.
    Stderr,
}

/// The size of a pseudo-terminal in characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TerminalSize {
    /// Lines.
    pub rows: u16,
    /// Characters of a line.
    pub cols: u16,
}

/// What a running process is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProcessOrder {
    /// Bytes for its input.
    Input(Vec<u8>),
    /// Its input is over. Of a pseudo-terminal: the end-of-file character.
    EndInput,
    /// Its pseudo-terminal has another size.
    Resize(TerminalSize),
}

/// Why a process was killed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KillReason {
    /// Somebody asked for it.
    Asked,
    /// Its time was over.
    Expired,
    /// The kill switch stops everything.
    Halted,
    /// It took more than it may: memory, processor time, size of a file.
    Limit,
    /// What it said could not be kept.
    Unkept,
    /// The daemon, or this part of it, stops.
    Stopping,
}

/// What is known of a process that has ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProcessEnd {
    /// Its exit code, if it ended by itself.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Why it was killed; stays, whatever code the process had in the end.
    pub killed: Option<KillReason>,
    /// In words, for people: `exit code 1`, `its time was over`.
    pub reason: String,
}

// === impl ProcessId ===

impl ProcessId {
    /// The id with this number.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl FromStr for ProcessId {
    type Err = BadProcessId;

    fn from_str(text: &str) -> Result<Self, BadProcessId> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() != 8 || !digits {
            return Err(BadProcessId);
        }
        u32::from_str_radix(text, 16).map(Self).map_err(|_| BadProcessId)
    }
}

impl TryFrom<String> for ProcessId {
    type Error = BadProcessId;

    fn try_from(text: String) -> Result<Self, BadProcessId> {
        text.parse()
    }
}

impl From<ProcessId> for String {
    fn from(id: ProcessId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for ProcessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}

// === impl TerminalSize ===

impl TerminalSize {
    /// What a pseudo-terminal has unless somebody says otherwise.
    pub const DEFAULT: Self = Self { rows: 50, cols: 200 };
    /// Most lines, and most characters of one.
    pub const MAX: u16 = 500;

    /// Whether a screen of this size is kept.
    #[must_use]
    pub const fn is_sound(self) -> bool {
        self.rows >= 1 && self.cols >= 1 && self.rows <= Self::MAX && self.cols <= Self::MAX
    }
}

// === impl KillReason ===

impl KillReason {
    /// In words.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Asked => "killed",
            Self::Expired => "killed: its time was over",
            Self::Halted => "killed: the kill switch is engaged",
            Self::Limit => "killed: it took more than it may",
            Self::Unkept => "killed: what it said could not be kept",
            Self::Stopping => "killed: the daemon was stopped",
        }
    }
}
