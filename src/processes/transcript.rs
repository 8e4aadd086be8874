//! Everything that a process said, as a file with byte offsets.
//!
//! A head, then the output as it came; errors have a mark in front. The file is text, written between characters. When
//! it is full a last line says so.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::protocol::process::{OutputStream, ProcessKey};

/// In front of a stretch of errors.
pub(super) const STDERR_MARK: &str = "[stderr] ";
/// Most bytes of one answer.
pub(super) const PASSAGE_BYTES_MAX: u64 = 4 << 20;

/// Where transcripts are.
#[derive(Clone, Debug)]
pub(super) struct Transcripts {
    folder: PathBuf,
    bytes_max: u64,
}

/// A transcript that is written.
#[derive(Debug)]
pub(super) struct Writer {
    file: File,
    bytes: u64,
    bytes_max: u64,
    full: bool,
}

/// A part of a transcript.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Passage {
    /// The text.
    pub text: String,
    /// Where it begins in the transcript, in bytes: at the character that was asked for, or the next one.
    pub offset: u64,
    /// Where to go on.
    pub next: u64,
    /// How long the transcript is now.
    pub total: u64,
}

// === impl Transcripts ===

impl Transcripts {
    pub(super) const fn new(folder: PathBuf, bytes_max: u64) -> Self {
        Self { folder, bytes_max }
    }

    /// The file of a process.
    pub(super) fn path(&self, key: &ProcessKey) -> PathBuf {
        self.folder.join(key.tenant.as_str()).join(format!("{}.md", key.id))
    }

    /// Begins a transcript with its head. Blocks.
    pub(super) fn begin(&self, key: &ProcessKey, task: &str) -> io::Result<Writer> {
        let path = self.path(key);
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        let head = head(key, task);
        file.write_all(head.as_bytes())?;
        Ok(Writer { file, bytes: head.len() as u64, bytes_max: self.bytes_max, full: false })
    }

    /// Reads on from a place. Blocks.
    pub(super) fn read(&self, key: &ProcessKey, since: u64) -> io::Result<Passage> {
        let Some(mut file) = open(&self.path(key))? else {
            return Ok(Passage { text: String::new(), offset: 0, next: 0, total: 0 });
        };
        let total = file.metadata()?.len();
        let from = since.min(total);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(PASSAGE_BYTES_MAX.min(total - from)).read_to_end(&mut bytes)?;
        let skipped = bytes.iter().take_while(|byte| **byte & 0xC0 == 0x80).count();
        bytes.drain(..skipped);
        if let Err(error) = std::str::from_utf8(&bytes)
            && error.error_len().is_none()
        {
            bytes.truncate(error.valid_up_to());
        }
        let offset = from + skipped as u64;
        let next = offset + bytes.len() as u64;
        Ok(Passage { text: String::from_utf8_lossy(&bytes).into_owned(), offset, next, total })
    }

    /// The end of what a process with this task said, at most so many bytes of it. Blocks.
    pub(super) fn tail(&self, key: &ProcessKey, task: &str, bytes: u64) -> io::Result<Passage> {
        let total = match std::fs::metadata(self.path(key)) {
            Ok(found) => found.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        let said_from = head(key, task).len() as u64;
        self.read(key, total.saturating_sub(bytes.min(PASSAGE_BYTES_MAX)).max(said_from))
    }

    /// Removes a transcript. Blocks.
    pub(super) fn remove(&self, key: &ProcessKey) -> io::Result<()> {
        match std::fs::remove_file(self.path(key)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// What a transcript begins with.
fn head(key: &ProcessKey, task: &str) -> String {
    format!("# Session {}\n\n## Task\n\n{task}\n\n---\n\n", key.id)
}

fn open(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

// === impl Writer ===

impl Writer {
    /// Its length.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes a stretch of output; how many bytes of marks are in front of it. Blocks.
    pub(super) fn append(&mut self, stream: OutputStream, text: &str) -> io::Result<u64> {
        let mark = if stream == OutputStream::Stderr { STDERR_MARK } else { "" };
        if self.full {
            return Ok(mark.len() as u64);
        }
        let room = self.bytes_max.saturating_sub(self.bytes);
        if (mark.len() + text.len()) as u64 > room {
            self.full = true;
            return self.close(mark, text, room);
        }
        self.file.write_all(mark.as_bytes())?;
        self.file.write_all(text.as_bytes())?;
        self.bytes += (mark.len() + text.len()) as u64;
        Ok(mark.len() as u64)
    }

    fn close(&mut self, mark: &str, text: &str, room: u64) -> io::Result<u64> {
        let room = usize::try_from(room).unwrap_or(0).saturating_sub(mark.len());
        let head = text.get(..text.floor_char_boundary(room)).unwrap_or_default();
        let last = "\n[… the transcript is full; what came after is not kept …]\n";
        self.file.write_all(format!("{mark}{head}{last}").as_bytes())?;
        self.bytes += (mark.len() + head.len()) as u64;
        Ok(mark.len() as u64)
    }

    /// Makes sure that what was written survives the machine. Blocks.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

#[cfg(test)]
mod tests;
