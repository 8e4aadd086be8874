//! The six names.

use std::fmt;
use std::str::FromStr;

/// One of the six files, in the order in which a prompt has them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FileName {
    /// What it is: name, kind, sign.
    Identity,
    /// How it behaves.
    Soul,
    /// Whom it works for.
    User,
    /// How it uses its tools.
    Tools,
    /// Rules of its work.
    Agents,
    /// What it should always remember.
    Memory,
}

/// A name that is none of the six.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("is one of IDENTITY, SOUL, USER, TOOLS, AGENTS and MEMORY")]
pub struct NotAFile;

// === impl FileName ===

impl FileName {
    /// All of them, in their order.
    pub const ALL: [Self; 6] =
        [Self::Identity, Self::Soul, Self::User, Self::Tools, Self::Agents, Self::Memory];

    /// The name on the disk.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "IDENTITY.md",
            Self::Soul => "SOUL.md",
            Self::User => "USER.md",
            Self::Tools => "TOOLS.md",
            Self::Agents => "AGENTS.md",
            Self::Memory => "MEMORY.md",
        }
    }

    /// What belongs into it, for people.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Identity => "What it is: its name, its kind, its sign",
            Self::Soul => "How it behaves and speaks",
            Self::User => "Whom it works for",
            Self::Tools => "How it should use its tools",
            Self::Agents => "Rules of its work",
            Self::Memory => "What it should always remember",
        }
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// With or without `.md`, in any case.
impl FromStr for FileName {
    type Err = NotAFile;

    fn from_str(text: &str) -> Result<Self, NotAFile> {
        let is = |name: &Self| {
            let full = name.as_str();
            full.eq_ignore_ascii_case(text)
                || full.strip_suffix(".md").is_some_and(|stem| stem.eq_ignore_ascii_case(text))
        };
        Self::ALL.into_iter().find(is).ok_or(NotAFile)
    }
}
