//! `[user_model]`: how much is noticed of what people write, where they did not decide otherwise.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::sections::Check;

/// How much of what a person writes is noticed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Privacy {
    /// Topics and patterns: how many questions, how long, at which hours.
    Full,
    /// Topics only.
    #[default]
    Limited,
    /// Nothing.
    None,
}

/// No level has this word.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("is one of full, limited and none")]
pub struct NotALevel;

/// See the module.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserModelConfig {
    /// What is noticed of a person who has not decided: `full` (topics, and how many questions of which length at which
    /// hours), `limited` (topics) or `none`. Default `limited`.
    pub privacy: Privacy,
    /// Whether prompts are told what is known of a person who has not decided. Default true.
    pub injection: bool,
    /// Seconds for which what was noticed is in memory only, before it is written. Default 30. A crash loses so much.
    pub flush_s: u64,
}

impl Default for UserModelConfig {
    fn default() -> Self {
        Self { privacy: Privacy::Limited, injection: true, flush_s: 30 }
    }
}

impl UserModelConfig {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        check.within("user_model.flush_s", self.flush_s, 1, 3_600);
    }
}

// === impl Privacy ===

impl Privacy {
    /// All of them, from the most to the least.
    pub const ALL: [Self; 3] = [Self::Full, Self::Limited, Self::None];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Limited => "limited",
            Self::None => "none",
        }
    }
}

impl FromStr for Privacy {
    type Err = NotALevel;

    fn from_str(word: &str) -> Result<Self, NotALevel> {
        Self::ALL.into_iter().find(|level| level.as_str() == word).ok_or(NotALevel)
    }
}
