//! A folder on the disk as a tree of the repository.
//!
//! Every name is opened by the handle of the folder before it and never through a link: what is a link is taken in as
//! one. `.git` is left out wherever it is, and so is what the rules of `.gitignore` leave out.

use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::Path;

use git2::{Oid, Repository, Tree};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rustix::fs::{Dir, Mode, OFlags};

use super::{BYTES_MAX, DEPTH_MAX, FILE, FILE_BYTES_MAX, FILES_MAX, LINK, PROGRAM, WorkError};
use crate::workspaces::files::{Kind, kind, open_file, open_folder};

const IGNORE_FILE: &str = ".gitignore";
/// Most bytes of one of those.
const IGNORE_BYTES_MAX: u64 = 1 << 20;

/// Where the rules of what is left out come from.
pub(super) enum Rules<'r> {
    /// The folder itself.
    Disk,
    /// This tree, whatever the folder says now.
    Tree(Tree<'r>),
}

pub(super) struct Walk<'r> {
    repository: &'r Repository,
    rules: Rules<'r>,
    /// The rules of the folders on the way, outermost first, each with the length of its folder's path.
    known: Vec<(usize, Gitignore)>,
    files: usize,
    bytes: u64,
}

// === impl Walk ===

impl<'r> Walk<'r> {
    pub(super) const fn new(repository: &'r Repository, rules: Rules<'r>) -> Self {
        Self { repository, rules, known: Vec::new(), files: 0, bytes: 0 }
    }

    /// The tree of this folder.
    pub(super) fn whole(mut self, folder: &Path) -> Result<Oid, WorkError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::open(folder, flags, Mode::empty());
        let at = opened.map_err(|error| WorkError::io(folder.display())(error.into()))?;
        match self.tree(&at, "", 0)? {
            Some(tree) => Ok(tree),
            None => Ok(self.repository.treebuilder(None)?.write()?),
        }
    }

    /// The tree of a folder; `None` for one without files.
    fn tree(&mut self, at: &OwnedFd, path: &str, depth: usize) -> Result<Option<Oid>, WorkError> {
        if depth > DEPTH_MAX {
            return Err(WorkError::TooLarge(format!("{path} is more than {DEPTH_MAX} folders deep")));
        }
        let rules = self.rules_of(at, path)?;
        let has_rules = rules.is_some();
        self.known.extend(rules.map(|rules| (if path.is_empty() { 0 } else { path.len() + 1 }, rules)));
        let mut tree = self.repository.treebuilder(None)?;
        for name in names(at, path)? {
            let full = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            if let Some((id, mode)) = self.entry(at, &name, &full, depth)? {
                tree.insert(name.as_str(), id, mode)?;
            }
        }
        if has_rules {
            self.known.pop();
        }
        if tree.is_empty() { Ok(None) } else { Ok(Some(tree.write()?)) }
    }

    fn entry(
        &mut self,
        at: &OwnedFd,
        name: &str,
        full: &str,
        depth: usize,
    ) -> Result<Option<(Oid, i32)>, WorkError> {
        let failed = |error: rustix::io::Errno| WorkError::io(full)(error.into());
        let (kind, _) = kind(at, name).map_err(failed)?;
        if name.eq_ignore_ascii_case(".git") || self.is_left_out(full, kind == Kind::Folder) {
            return Ok(None);
        }
        match kind {
            Kind::Folder => {
                let folder = open_folder(at, name).map_err(failed)?;
                Ok(self.tree(&folder, full, depth + 1)?.map(|tree| (tree, 0o040_000)))
            }
            Kind::Link => {
                let target = rustix::fs::readlinkat(at, name, Vec::new()).map_err(failed)?;
                self.count(full, 0)?;
                Ok(Some((self.repository.blob(target.as_bytes())?, LINK)))
            }
            Kind::File => {
                let (content, mode) = read(at, name, full)?;
                self.count(full, content.len() as u64)?;
                Ok(Some((self.repository.blob(&content)?, mode)))
            }
            Kind::Other => Err(WorkError::Odd(full.to_owned())),
        }
    }

    fn count(&mut self, path: &str, bytes: u64) -> Result<(), WorkError> {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        if self.files > FILES_MAX {
            return Err(WorkError::TooLarge(format!("there are more than {FILES_MAX} files")));
        }
        if self.bytes > BYTES_MAX {
            let text = format!("the files are more than {} MiB together, with {path}", BYTES_MAX >> 20);
            return Err(WorkError::TooLarge(text));
        }
        Ok(())
    }

    /// The innermost rule that says something counts.
    fn is_left_out(&self, path: &str, is_folder: bool) -> bool {
        let said = self
            .known
            .iter()
            .rev()
            .map(|(from, rules)| rules.matched(path.get(*from..).unwrap_or_default(), is_folder));
        said.into_iter().find(|said| !said.is_none()).is_some_and(|said| matches!(said, Match::Ignore(_)))
    }

    fn rules_of(&self, at: &OwnedFd, path: &str) -> Result<Option<Gitignore>, WorkError> {
        let text = match &self.rules {
            Rules::Disk => on_disk(at),
            Rules::Tree(tree) => {
                let file = if path.is_empty() { IGNORE_FILE.into() } else { format!("{path}/{IGNORE_FILE}") };
                let entry = tree.get_path(Path::new(&file)).ok().filter(|entry| entry.filemode() != LINK);
                let blob = entry.and_then(|entry| self.repository.find_blob(entry.id()).ok());
                blob.map(|blob| String::from_utf8_lossy(blob.content()).into_owned())
            }
        };
        let Some(text) = text else { return Ok(None) };
        let mut rules = GitignoreBuilder::new("");
        for line in text.lines() {
            // silent-ok: git passes over lines that are no pattern
            let _ = rules.add_line(None, line);
        }
        // silent-ok: rules that are no rules leave nothing out
        Ok(rules.build().ok())
    }
}

fn on_disk(at: &OwnedFd) -> Option<String> {
    let (Kind::File, _) = kind(at, IGNORE_FILE).ok()? else { return None };
    let (file, _) = open_file(at, IGNORE_FILE).ok()?;
    let mut text = Vec::new();
    file.take(IGNORE_BYTES_MAX).read_to_end(&mut text).ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// The content of a file and its mode in a tree.
pub(super) fn read(at: &OwnedFd, name: &str, full: &str) -> Result<(Vec<u8>, i32), WorkError> {
    let (file, stat) = open_file(at, name).map_err(|error| WorkError::io(full)(error.into()))?;
    let mut content = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut content).map_err(WorkError::io(full))?;
    if content.len() as u64 > FILE_BYTES_MAX {
        return Err(WorkError::TooLarge(format!("{full} has more than {} MiB", FILE_BYTES_MAX >> 20)));
    }
    let mode = if stat.st_mode & 0o100 == 0 { FILE } else { PROGRAM };
    Ok((content, mode))
}

/// The names in a folder, in their order.
fn names(at: &OwnedFd, path: &str) -> Result<Vec<String>, WorkError> {
    let failed = |error: rustix::io::Errno| WorkError::io(path)(error.into());
    let mut names = Vec::new();
    for entry in Dir::read_from(at).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let text = name.to_str().map_err(|_| WorkError::Odd(format!("{path}/{}", name.to_string_lossy())))?;
        if !matches!(text, "." | "..") {
            names.push(text.to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}
