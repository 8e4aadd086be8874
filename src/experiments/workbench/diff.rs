//! What two commits differ in: for judging, for people, and for the workspace.

use git2::{Delta, Diff, DiffFormat, DiffOptions, FileMode, Oid, Patch, Repository};

use super::{WorkError, Workbench};
use crate::experiments::changes::{Change, How};

// === impl Workbench ===

impl Workbench {
    /// What the second commit made of the first, with files that were only moved as such.
    ///
    /// # Errors
    /// [`WorkError`].
    pub fn changes(&self, from: &str, to: &str) -> Result<Vec<Change>, WorkError> {
        let repository = self.open()?;
        let mut diff = between(&repository, from, to)?;
        diff.find_similar(None)?;
        (0..diff.deltas().len()).filter_map(|at| change(&repository, &diff, at).transpose()).collect()
    }

    /// The same as text that people and programs know; cut after so many bytes.
    ///
    /// # Errors
    /// [`WorkError`].
    pub fn patch(&self, from: &str, to: &str, bytes_max: usize) -> Result<String, WorkError> {
        let repository = self.open()?;
        let mut diff = between(&repository, from, to)?;
        diff.find_similar(None)?;
        let mut patch = String::new();
        let printed = diff.print(DiffFormat::Patch, |_, _, line| {
            if matches!(line.origin(), '+' | '-' | ' ') {
                patch.push(line.origin());
            }
            patch.push_str(&String::from_utf8_lossy(line.content()));
            patch.len() <= bytes_max
        });
        match printed {
            Err(error) if error.code() == git2::ErrorCode::User => patch.push_str("\n[the rest is cut]\n"),
            printed => printed?,
        }
        Ok(patch)
    }
}

/// Every file by its own name, without a look for moved ones.
pub(super) fn between<'r>(repository: &'r Repository, from: &str, to: &str) -> Result<Diff<'r>, WorkError> {
    let tree = |commit: &str| repository.find_commit(Oid::from_str(commit)?)?.tree();
    let mut options = DiffOptions::new();
    options.include_typechange(true);
    Ok(repository.diff_tree_to_tree(Some(&tree(from)?), Some(&tree(to)?), Some(&mut options))?)
}

fn change(repository: &Repository, diff: &Diff<'_>, at: usize) -> Result<Option<Change>, WorkError> {
    let Some(delta) = diff.get_delta(at) else { return Ok(None) };
    let (old, new) = (delta.old_file(), delta.new_file());
    let how = match delta.status() {
        Delta::Added | Delta::Copied => How::Added,
        Delta::Deleted => How::Deleted,
        Delta::Renamed => How::Renamed,
        Delta::Typechange => How::Kind,
        _ if old.id() == new.id() => How::Mode,
        _ => How::Changed,
    };
    let path = text(if how == How::Deleted { old.path_bytes() } else { new.path_bytes() })?;
    let old_path = if how == How::Renamed { Some(text(old.path_bytes())?) } else { None };
    let link = match (how, new.mode()) {
        (How::Deleted | How::Mode, _) => None,
        (_, FileMode::Link) => {
            Some(String::from_utf8_lossy(repository.find_blob(new.id())?.content()).into_owned())
        }
        _ => None,
    };
    let (insertions, deletions) = match Patch::from_diff(diff, at)? {
        Some(patch) => {
            let (_, insertions, deletions) = patch.line_stats()?;
            (insertions as u64, deletions as u64)
        }
        None => (0, 0),
    };
    Ok(Some(Change { path, old_path, how, insertions, deletions, link }))
}

pub(super) fn text(path: Option<&[u8]>) -> Result<String, WorkError> {
    let path = path.unwrap_or_default();
    let odd = || WorkError::Odd(String::from_utf8_lossy(path).into_owned());
    std::str::from_utf8(path).map(str::to_owned).map_err(|_| odd())
}
