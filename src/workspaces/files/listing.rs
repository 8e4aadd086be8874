//! What a walk through folders by their handles sees: names in their order, and what `.gitignore` files leave out.

use std::io;
use std::os::fd::OwnedFd;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rustix::fs::Dir;

use super::folder::{open_file, read_up_to};

/// Largest `.gitignore`, in bytes; a larger one counts for nothing.
const IGNORE_BYTES_MAX: u64 = 256 << 10;

/// The rules of the folders from the workspace to the one where a walk is.
#[derive(Default)]
pub(crate) struct Ignored(Vec<Gitignore>);

// === impl Ignored ===

impl Ignored {
    /// The walk goes into this folder, which is here.
    pub(crate) fn enter(&mut self, at: &OwnedFd, path: &str) {
        self.0.push(rules(at, path));
    }

    /// It goes out of the folder where it is.
    pub(crate) fn leave(&mut self) {
        self.0.pop();
    }

    /// Whether a path is left out: the innermost file that says something about it decides.
    pub(crate) fn leaves_out(&self, path: &str, is_folder: bool) -> bool {
        let mut verdicts = self.0.iter().rev().map(|rules| rules.matched(path, is_folder));
        let verdict = verdicts.find(|verdict| !verdict.is_none());
        verdict.is_some_and(|verdict| matches!(verdict, Match::Ignore(_)))
    }
}

/// What the `.gitignore` of this folder says.
fn rules(at: &OwnedFd, path: &str) -> Gitignore {
    let text = open_file(at, ".gitignore").map_err(io::Error::from);
    // silent-ok: without a readable file nothing is left out
    let text =
        text.and_then(|(file, _)| read_up_to(file, IGNORE_BYTES_MAX)).ok().flatten().unwrap_or_default();
    let mut rules = GitignoreBuilder::new(path);
    for line in String::from_utf8_lossy(&text).lines() {
        // silent-ok: a line that is no pattern leaves nothing out
        let _ = rules.add_line(None, line);
    }
    rules.build().unwrap_or_else(|_| Gitignore::empty())
}

/// Names in their order. A name that is no text cannot be said in a path, and is left out.
pub(crate) fn names(at: &OwnedFd, most: usize) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(at)?.take(most) {
        let entry = entry?;
        match entry.file_name().to_str() {
            Ok("." | "..") | Err(_) => {}
            Ok(name) => names.push(name.to_owned()),
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// The path of a name in a folder.
pub(crate) fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}
