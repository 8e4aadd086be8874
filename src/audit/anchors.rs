//! Anchors: heads of chains in a file outside the data folder.
//!
//! Whoever can write the database can also compute new hashes. A head that was noted elsewhere before is what
//! they cannot change, so a trail that was rewritten as a whole does not fit its anchors any more. One JSON
//! line per anchor, only appended; when the file is long, the older half goes: a later head stands for all
//! entries before it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::chain::{Head, hex, unhex};

/// Most bytes of the file before its older half goes: years of a quiet home, weeks of a busy one.
const FILE_BYTES_MAX: usize = 1 << 20;

/// A head that was noted at some time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Anchor {
    /// Whose chain.
    pub tenant: String,
    /// Its end at that time.
    pub head: Head,
    /// When it was noted, in milliseconds since 1970.
    pub at_ms: i64,
}

/// Why anchors cannot be read or noted.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// The file system said no.
    #[error("the anchors in {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A line is none of ours.
    #[error("line {line} of {} is no anchor", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}

/// The file of anchors.
#[derive(Clone, Debug)]
pub struct Anchors {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Line {
    at: Timestamp,
    tenant: String,
    seq: i64,
    hash: String,
}

// === impl Anchors ===

impl Anchors {
    /// The file at this path; it may not exist yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All anchors, oldest first; none when there is no file.
    ///
    /// # Errors
    /// [`AnchorError`]. A last line without its end was cut off by a crash and is left out.
    pub fn read(&self) -> Result<Vec<Anchor>, AnchorError> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.io(error)),
        };
        let line = |(index, text): (usize, &str)| {
            anchor(text).ok_or_else(|| AnchorError::Line { path: self.path.clone(), line: index + 1 })
        };
        whole_lines(&text).lines().filter(|line| !line.is_empty()).enumerate().map(line).collect()
    }

    /// Notes a head, durably. Blocks.
    ///
    /// # Errors
    /// [`AnchorError::Io`].
    pub fn note(&self, anchor: &Anchor) -> Result<(), AnchorError> {
        self.append(anchor).map_err(|error| self.io(error))
    }

    fn append(&self, anchor: &Anchor) -> io::Result<()> {
        let line = Line {
            at: Timestamp::from_millisecond(anchor.at_ms).unwrap_or(Timestamp::UNIX_EPOCH),
            tenant: anchor.tenant.clone(),
            seq: anchor.head.seq,
            hash: hex(&anchor.head.hash),
        };
        let mut text = serde_json::to_string(&line)?;
        text.push('\n');
        let known = match fs::read_to_string(&self.path) {
            Ok(known) => known,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        if known.len() + text.len() > FILE_BYTES_MAX {
            return self.replace(&(newer_half(&known).to_owned() + &text));
        }
        if whole_lines(&known).len() < known.len() {
            return self.replace(&(whole_lines(&known).to_owned() + &text));
        }
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
        file.write_all(text.as_bytes())?;
        file.sync_data()
    }

    fn replace(&self, text: &str) -> io::Result<()> {
        let fresh = self.path.with_extension("new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(fresh, &self.path)
    }

    fn io(&self, source: io::Error) -> AnchorError {
        AnchorError::Io { path: self.path.clone(), source }
    }
}

/// Without a last line that a crash cut off.
fn whole_lines(text: &str) -> &str {
    text.rfind('\n').and_then(|end| text.get(..=end)).unwrap_or_default()
}

fn newer_half(text: &str) -> &str {
    let half = text.len() / 2;
    let start =
        text.bytes().enumerate().skip(half).find(|(_, byte)| *byte == b'\n').map_or(0, |(at, _)| at + 1);
    text.get(start..).unwrap_or_default()
}

fn anchor(text: &str) -> Option<Anchor> {
    let line: Line = serde_json::from_str(text).ok()?;
    let head = Head { seq: line.seq, hash: unhex(&line.hash)? };
    Some(Anchor { tenant: line.tenant, head, at_ms: line.at.as_millisecond() })
}
