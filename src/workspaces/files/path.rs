//! Which file of the workspace a text means. Pure: the file system is never asked.
//!
//! `.` and `..` are taken away here, as policy does with the same text. That means the same file because no
//! name is ever followed as a symbolic link.

use std::fmt;
use std::path::Path;

use super::FileError;

/// Longest path, in bytes: the limit of the kernel and of policy.
const PATH_BYTES_MAX: usize = 4_096;
/// Longest name, in bytes: the limit of file systems.
const NAME_BYTES_MAX: usize = 255;

/// A file or a folder of the workspace; without a name it is the workspace itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorkspacePath {
    names: Vec<String>,
}

// === impl WorkspacePath ===

impl WorkspacePath {
    /// The workspace itself.
    #[must_use]
    pub const fn root() -> Self {
        Self { names: Vec::new() }
    }

    /// What this text means: a path relative to the workspace, or an absolute one that leads into it.
    ///
    /// # Errors
    /// [`FileError::NoPath`], [`FileError::Outside`].
    pub fn parse(text: &str, root: &Path) -> Result<Self, FileError> {
        let wrong = |why| Err(FileError::NoPath(why));
        if text.is_empty() {
            return wrong("is empty; the workspace itself is `.`");
        }
        if text.len() > PATH_BYTES_MAX {
            return wrong("is longer than 4096 bytes");
        }
        if text.chars().any(char::is_control) {
            return wrong("has a control character");
        }
        if text.starts_with('~') {
            return wrong("starts with `~`, which means nothing here; write it relative to the workspace");
        }
        let outside = || FileError::Outside(text.to_owned());
        let relative = match text.strip_prefix('/') {
            None => text,
            Some(_) => below(text, root).ok_or_else(outside)?,
        };
        let mut names: Vec<String> = Vec::new();
        for name in relative.split('/') {
            match name {
                "" | "." => {}
                ".." => drop(names.pop().ok_or_else(outside)?),
                name if name.len() > NAME_BYTES_MAX => return wrong("has a name longer than 255 bytes"),
                name => names.push(name.to_owned()),
            }
        }
        Ok(Self { names })
    }

    /// Its names from the workspace on.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The folder that it is in, and its name there; `None` for the workspace itself.
    pub(crate) fn split(&self) -> Option<(&[String], &str)> {
        let (name, folders) = self.names.split_last()?;
        Some((folders, name))
    }
}

/// The path as actions, messages and models have it.
impl fmt::Display for WorkspacePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.names.is_empty() { f.write_str(".") } else { f.write_str(&self.names.join("/")) }
    }
}

/// The rest of an absolute path behind the workspace's own, which is compared name by name.
fn below<'a>(text: &'a str, root: &Path) -> Option<&'a str> {
    let root = root.to_str().filter(|root| root.starts_with('/'))?;
    let rest = text.strip_prefix(root.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

#[cfg(test)]
mod tests;
