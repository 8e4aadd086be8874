//! The four categories.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What kind of fact it is; the module says what follows from it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// In every prompt.
    Core,
    /// Of these days, in one workspace.
    Daily,
    /// Of one conversation.
    Conversation,
    /// Anything else.
    Custom,
}

/// A word that is no category.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("is one of core, daily, conversation and custom")]
pub struct NotACategory;

// === impl Category ===

impl Category {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Core, Self::Custom, Self::Daily, Self::Conversation];

    /// The word used in the store, in the APIs and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Daily => "daily",
            Self::Conversation => "conversation",
            Self::Custom => "custom",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Category {
    type Err = NotACategory;

    fn from_str(word: &str) -> Result<Self, NotACategory> {
        Self::ALL.into_iter().find(|category| category.as_str() == word).ok_or(NotACategory)
    }
}
