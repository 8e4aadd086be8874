//! Which files an iteration may change, and what of a real diff is outside of that.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::changes::Change;
use super::error::ExperimentError;

/// Patterns of files relative to the workspace. Without one, nothing may be changed.
#[derive(Clone, Debug)]
pub struct Scope {
    within: GlobSet,
    without: GlobSet,
}

// === impl Scope ===

impl Scope {
    /// These patterns: `*` stays within a name, `**` goes through folders, `!` at the beginning takes away.
    ///
    /// # Errors
    /// [`ExperimentError::Field`] for what is no pattern.
    pub fn new(patterns: &[String]) -> Result<Self, ExperimentError> {
        let (mut within, mut without) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for pattern in patterns {
            let wrong = |why: &str| ExperimentError::field("settings/scope", format!("`{pattern}` {why}"));
            let (set, text) = match pattern.strip_prefix('!') {
                Some(rest) => (&mut without, rest),
                None => (&mut within, pattern.as_str()),
            };
            if text.is_empty() || text.starts_with('/') || text.split('/').any(|name| name == "..") {
                return Err(wrong("is no pattern of files below the workspace"));
            }
            let glob = GlobBuilder::new(text).literal_separator(true).build();
            set.add(glob.map_err(|_| wrong("is no pattern"))?);
        }
        let built = |set: GlobSetBuilder| {
            set.build().map_err(|_| ExperimentError::field("settings/scope", "is too large".to_owned()))
        };
        Ok(Self { within: built(within)?, without: built(without)? })
    }

    /// Whether this file may be changed.
    #[must_use]
    pub fn allows(&self, path: &str) -> bool {
        self.within.is_match(path) && !self.without.is_match(path)
    }

    /// What of these changes must not be, in words.
    #[must_use]
    pub fn violations(&self, changes: &[Change]) -> Vec<String> {
        changes.iter().filter_map(|change| self.violation(change)).collect()
    }

    fn violation(&self, change: &Change) -> Option<String> {
        let outside = std::iter::once(&change.path).chain(&change.old_path).find(|path| !self.allows(path));
        if let Some(path) = outside {
            return Some(format!("{path} ({}) is out of scope", change.how.as_str()));
        }
        let target = change.link.as_deref().filter(|target| leads_out(&change.path, target))?;
        Some(format!("{} is a link that leads out of the workspace, to {target}", change.path))
    }
}

/// Whether a link at this path leads out of the folder that it is in. Every `..` counts, whatever is on the way.
fn leads_out(path: &str, target: &str) -> bool {
    if target.starts_with('/') {
        return true;
    }
    let mut depth = path.split('/').count() - 1;
    for name in target.split('/') {
        match name {
            "" | "." => {}
            ".." if depth == 0 => return true,
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

#[cfg(test)]
mod tests;
