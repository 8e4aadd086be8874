//! Where a child lives: the ids from the root down, joined by `/`.
//!
//! Paths name children for people and for operations by path. Nothing is registered under
//! them: a path is resolved by walking the live tables of the supervisors.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::spec::SpecError;

/// Longest id of one child, in bytes.
pub const ID_BYTES_MAX: usize = 128;

/// The ids from the root to one child, joined by `/`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActorPath(Arc<str>);

// === impl ActorPath ===

impl ActorPath {
    /// The path of a root supervisor.
    pub fn root(id: &str) -> Self {
        Self(Arc::from(id))
    }

    /// The path of a child of this supervisor.
    #[must_use]
    pub fn child(&self, id: &str) -> Self {
        let mut text = String::with_capacity(self.0.len() + 1 + id.len());
        text.push_str(&self.0);
        text.push('/');
        text.push_str(id);
        Self(Arc::from(text))
    }

    /// The path of another child of the same supervisor; of the root, itself.
    #[must_use]
    pub fn sibling(&self, id: &str) -> Self {
        self.parent().map_or_else(|| self.clone(), |parent| parent.child(id))
    }

    /// The supervisor's path, or `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(Arc::from(parent)))
    }

    /// The last id.
    pub fn id(&self) -> &str {
        self.0.rsplit_once('/').map_or(&*self.0, |(_, id)| id)
    }

    /// The ids from the root down.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// The whole path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ActorPath {
    fn from(text: &str) -> Self {
        Self(Arc::from(text))
    }
}

impl fmt::Display for ActorPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ActorPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Refuses ids that are empty, longer than [`ID_BYTES_MAX`], or would break a path or a log line.
pub(crate) fn check_id(id: &str) -> Result<(), SpecError> {
    let fits = !id.is_empty() && id.len() <= ID_BYTES_MAX;
    if fits && !id.chars().any(|c| c == '/' || c.is_control()) {
        Ok(())
    } else {
        Err(SpecError::InvalidId(id.chars().take(ID_BYTES_MAX).collect()))
    }
}

#[cfg(test)]
mod tests;
