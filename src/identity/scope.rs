//! Scopes: what a credential is for. They come from the server's own record, never from a request.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One thing that a credential may be for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Talk: send messages, make threads, follow and stop turns, call models.
    Chat,
    /// Look: read everything but credentials and metrics.
    Read,
    /// Decide: answer what assistants and programs ask people. Never part of `chat`.
    Approve,
    /// Start programs on this machine, type into them, read them and end them. Never part of `chat`.
    Processes,
    /// Run the daemon: restart, stop, drain and release actors.
    Operate,
    /// Read the metrics.
    Metrics,
    /// Everything, credentials and assistants included.
    Admin,
}

impl Scope {
    /// All scopes, in the order in which they are shown.
    pub const ALL: [Self; 7] =
        [Self::Chat, Self::Read, Self::Approve, Self::Processes, Self::Operate, Self::Metrics, Self::Admin];

    /// The word used in the store, in the APIs and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Read => "read",
            Self::Approve => "approve",
            Self::Processes => "processes",
            Self::Operate => "operate",
            Self::Metrics => "metrics",
            Self::Admin => "admin",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Chat => 1,
            Self::Read => 2,
            Self::Operate => 4,
            Self::Metrics => 8,
            Self::Admin => 16,
            Self::Approve => 32,
            Self::Processes => 64,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no scope, or no scope at all.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadScopes {
    /// This word is unknown.
    #[error("unknown scope `{0}`; the scopes are chat, read, approve, processes, operate, metrics and admin")]
    Unknown(String),
    /// A credential without a scope could do nothing.
    #[error("name at least one scope of chat, read, approve, processes, operate, metrics and admin")]
    Empty,
}

impl FromStr for Scope {
    type Err = BadScopes;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == word)
            .ok_or_else(|| BadScopes::Unknown(word.chars().take(40).collect()))
    }
}

/// A set of scopes. [`Scope::Admin`] stands for all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scopes(u8);

impl Scopes {
    /// Every scope.
    #[must_use]
    pub const fn all() -> Self {
        Self(Scope::Admin.bit())
    }

    /// Whether the set allows what `scope` stands for.
    #[must_use]
    pub const fn allows(self, scope: Scope) -> bool {
        self.0 & (scope.bit() | Scope::Admin.bit()) != 0
    }

    /// Whether everything that `other` allows is allowed by this set too.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        other.words().into_iter().all(|scope| self.allows(scope))
    }

    /// The scopes as they were given.
    #[must_use]
    pub fn words(self) -> Vec<Scope> {
        Scope::ALL.into_iter().filter(|scope| self.0 & scope.bit() != 0).collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

/// Comma-separated words.
impl FromStr for Scopes {
    type Err = BadScopes;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let scopes: Self = text
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        if scopes.0 == 0 { Err(BadScopes::Empty) } else { Ok(scopes) }
    }
}

impl TryFrom<String> for Scopes {
    type Error = BadScopes;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.to_string()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.words().into_iter().map(Scope::as_str).collect();
        f.write_str(&words.join(","))
    }
}

#[cfg(test)]
mod tests;
