//! A walk through the folders of a workspace by their handles, in the order of names, without what
//! `.gitignore` files leave out and without `.git`. Links are named and never followed.

use std::ops::ControlFlow;
use std::os::fd::OwnedFd;

use globset::{GlobBuilder, GlobMatcher};

use crate::tools::ToolError;
use crate::tools::blocking::Stop;
use crate::workspaces::files::{
    Folder, Ignored, Kind, WorkspacePath, joined, kind, names, open_file, open_folder, read_up_to,
};

/// Folders below each other that are looked into.
const DEPTH_MAX: usize = 64;
/// Names that one walk looks at.
const NAMES_MAX: usize = 200_000;
/// Longest pattern, in bytes.
const GLOB_BYTES_MAX: usize = 1_000;

/// What the walk has come to.
pub(super) struct Found<'a> {
    /// From the workspace on.
    pub(super) path: &'a str,
    pub(super) kind: Kind,
    pub(super) bytes: u64,
    /// Folders between the start and this.
    pub(super) depth: usize,
    at: &'a OwnedFd,
    name: &'a str,
}

/// How a walk ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ended {
    /// It saw everything.
    Whole,
    /// The visitor had enough.
    Enough,
    /// It took too long, or there was too much.
    Bounded,
}

struct Walk<'a, V> {
    visit: V,
    stop: &'a Stop,
    depth_max: usize,
    names_left: usize,
    ignored: Ignored,
}

// === impl Found ===

impl Found<'_> {
    /// The content of a file of `bytes_max` bytes at the most; `None` for anything else.
    pub(super) fn content(&self, bytes_max: u64) -> Option<Vec<u8>> {
        if self.kind != Kind::File || self.bytes > bytes_max {
            return None;
        }
        let (file, stat) = open_file(self.at, self.name).ok()?;
        let plain = rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file();
        // silent-ok: what cannot be read is not searched
        plain.then(|| read_up_to(file, bytes_max).ok().flatten()).flatten()
    }
}

/// Which files a glob means: by their name anywhere, or by their path if it has a slash.
pub(super) fn glob(pattern: Option<&str>) -> Result<Option<GlobMatcher>, ToolError> {
    let Some(pattern) = pattern else { return Ok(None) };
    let wrong = |why: String| ToolError::Arguments(format!("`glob`: {why}"));
    if pattern.len() > GLOB_BYTES_MAX {
        return Err(wrong(format!("it is longer than {GLOB_BYTES_MAX} bytes")));
    }
    let anywhere = if pattern.contains('/') { pattern.to_owned() } else { format!("**/{pattern}") };
    let glob = GlobBuilder::new(anywhere.trim_start_matches("./")).literal_separator(true).build();
    Ok(Some(glob.map_err(|error| wrong(error.to_string()))?.compile_matcher()))
}

/// Visits everything below `start`, `depth_max` folders deep at the most.
pub(super) fn walk<V>(
    folder: &Folder,
    start: &WorkspacePath,
    depth_max: usize,
    stop: &Stop,
    visit: V,
) -> Result<Ended, ToolError>
where
    V: FnMut(&Found<'_>) -> ControlFlow<()>,
{
    let mut at = folder.folder(&WorkspacePath::root())?;
    let mut ignored = Ignored::default();
    let mut path = String::new();
    for name in start.names() {
        ignored.enter(&at, &path);
        at = open_folder(&at, name).or_else(|_| folder.folder(start))?;
        path = joined(&path, name);
    }
    let mut walk = Walk { visit, stop, depth_max: depth_max.min(DEPTH_MAX), names_left: NAMES_MAX, ignored };
    Ok(match walk.folder(&at, &path, 0) {
        ControlFlow::Continue(()) => Ended::Whole,
        ControlFlow::Break(ended) => ended,
    })
}

// === impl Walk ===

impl<V: FnMut(&Found<'_>) -> ControlFlow<()>> Walk<'_, V> {
    fn folder(&mut self, at: &OwnedFd, path: &str, depth: usize) -> ControlFlow<Ended> {
        // silent-ok: a folder that may not be read has nothing to show
        let Ok(names) = names(at, self.names_left) else { return ControlFlow::Continue(()) };
        self.ignored.enter(at, path);
        for name in &names {
            self.names_left = self.names_left.saturating_sub(1);
            if self.names_left == 0 || self.stop.is_due() {
                return ControlFlow::Break(Ended::Bounded);
            }
            self.name(at, name, &joined(path, name), depth)?;
        }
        self.ignored.leave();
        ControlFlow::Continue(())
    }

    fn name(&mut self, at: &OwnedFd, name: &str, path: &str, depth: usize) -> ControlFlow<Ended> {
        // silent-ok: it has gone since its name was read
        let Ok((kind, bytes)) = kind(at, name) else { return ControlFlow::Continue(()) };
        if name == ".git" || self.ignored.leaves_out(path, kind == Kind::Folder) {
            return ControlFlow::Continue(());
        }
        let found = Found { path, kind, bytes, depth, at, name };
        if (self.visit)(&found).is_break() {
            return ControlFlow::Break(Ended::Enough);
        }
        if kind == Kind::Folder
            && depth + 1 < self.depth_max
            && let Ok(below) = open_folder(at, name)
        {
            self.folder(&below, path, depth + 1)?;
        }
        ControlFlow::Continue(())
    }
}
