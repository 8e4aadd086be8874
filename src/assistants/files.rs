//! Agent files: what an assistant is, how it behaves, whom it works for, and what it should remember, each in a
//! Markdown file that a person can edit with any editor.
//!
//! They are in `assistants/<id>/` of the data folder and are read anew for every prompt. A file that is missing or
//! blank costs no byte; one that is longer than [`FILE_PROMPT_BYTES_MAX`] is cut there, with a mark that says so.

mod desk;
mod error;
mod name;

pub use desk::{AgentFile, AgentFiles};
pub use error::FileError;
pub use name::{FileName, NotAFile};

/// What of one file a prompt has, in bytes.
pub const FILE_PROMPT_BYTES_MAX: usize = 20 * 1_024;
/// Longest file that is stored over the API, in bytes.
pub const FILE_BYTES_MAX: usize = 256 * 1_024;

/// The part of the system prompt that these files make. Pure.
#[must_use]
pub fn prompt(files: &[(FileName, String)]) -> String {
    let mut text = String::new();
    let mut ordered: Vec<_> = files.iter().filter(|(_, content)| !content.trim().is_empty()).collect();
    ordered.sort_by_key(|(name, _)| *name);
    for (name, content) in ordered {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push('[');
        text.push_str(name.as_str());
        text.push_str("]\n");
        text.push_str(&cut(content));
    }
    text
}

/// A text as a prompt has it: without white space around it, and not longer than the limit.
fn cut(content: &str) -> String {
    let content = content.trim();
    if content.len() <= FILE_PROMPT_BYTES_MAX {
        return content.to_owned();
    }
    let kept = content.get(..content.floor_char_boundary(FILE_PROMPT_BYTES_MAX)).unwrap_or_default();
    format!(
        "{}\n[… the file goes on; a prompt has its first {FILE_PROMPT_BYTES_MAX} bytes …]",
        kept.trim_end()
    )
}

#[cfg(test)]
mod tests;
