//! What a tool answers.

use crate::protocol::turn::Provenance;

/// Longest answer of a tool that a model is given, in bytes. A longer one is cut with a mark that says so.
pub const OUTPUT_BYTES_MAX: usize = 32 << 10;

/// What a tool answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ToolOutput {
    /// For the model.
    pub text: String,
    /// Where the text came from: [`Provenance::Tool`] for what others may have written, [`Provenance::Web`] for the
    /// network, [`Provenance::System`] for the daemon's own words.
    pub provenance: Provenance,
    /// Whether the tool did its work and says that it went wrong, such as a command that ended with 1.
    pub failed: bool,
}

/// Why a tool did not do its work. The model is told the text and may do better.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ToolError {
    /// The arguments are wrong; nothing was done.
    #[error("{0}")]
    Arguments(String),
    /// It cannot be done; nothing was done.
    #[error("{0}")]
    Refused(String),
    /// It went wrong on the way.
    #[error("{0}")]
    Failed(String),
}

// === impl ToolOutput ===

impl ToolOutput {
    /// Text that others may have written: of a file, a program, a server on this machine.
    pub fn tool(text: impl Into<String>) -> Self {
        Self { text: text.into(), provenance: Provenance::Tool, failed: false }
    }

    /// Text of the network.
    pub fn web(text: impl Into<String>) -> Self {
        Self { text: text.into(), provenance: Provenance::Web, failed: false }
    }

    /// The daemon's own words, in which nothing of others is repeated.
    pub fn system(text: impl Into<String>) -> Self {
        Self { text: text.into(), provenance: Provenance::System, failed: false }
    }

    /// The same, as the answer of something that went wrong.
    #[must_use]
    pub fn failed(mut self) -> Self {
        self.failed = true;
        self
    }

    /// Cut to `bytes_max`, at the border of a character, with a mark in the middle that says how much is missing.
    /// Beginning and end are what people look at.
    #[must_use]
    pub fn cut(mut self, bytes_max: usize) -> Self {
        if self.text.len() > bytes_max {
            let half = bytes_max / 2;
            let head = self.text.floor_char_boundary(half);
            let tail = self.text.ceil_char_boundary(self.text.len() - half);
            let (start, end) = (self.text.get(..head).unwrap_or(""), self.text.get(tail..).unwrap_or(""));
            self.text = format!("{start}\n[… {} bytes are cut here …]\n{end}", tail - head);
        }
        self
    }
}

#[cfg(test)]
mod tests;
