//! A named secret: what is known about it. The value is a type of its own and never in here.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroizing;

use super::error::VaultError;
use super::hosts::Hosts;
use super::kinds::Kind;
use crate::protocol::ids::SecretId;

/// Most characters of a name.
pub const NAME_CHARS_MAX: usize = 100;
/// Most bytes of a value.
pub const VALUE_BYTES_MAX: usize = 64 * 1024;
/// Most characters of a description.
pub const DESCRIPTION_CHARS_MAX: usize = 1_000;
/// Most secrets of a tenant.
pub const SECRETS_MAX: usize = 1_000;

/// A secret as it is stored, without its value.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SecretRecord {
    /// Its id.
    pub id: SecretId,
    /// Its name, as in `@secret:NAME`.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// For people.
    pub description: String,
    /// Where it may be sent.
    pub hosts: Hosts,
    /// Counts changes.
    pub version: i64,
    /// When it was stored first, in milliseconds since 1970.
    pub created_ms: i64,
    /// By whom.
    pub created_by: String,
    /// When its value was replaced last.
    pub rotated_ms: Option<i64>,
    /// By whom.
    pub rotated_by: Option<String>,
    /// When it was used last, to the minute.
    pub last_used_ms: Option<i64>,
    /// For what.
    pub last_used_by: Option<String>,
    /// How often it was used.
    pub uses: u64,
}

/// A value on its way into the vault: no `Debug`, `Display` or `Serialize`, and wiped when dropped.
#[derive(Clone)]
pub struct SecretValue(Zeroizing<String>);

/// A secret to be stored.
pub struct NewSecret {
    /// 1–100 of `A-Za-z0-9_-`.
    pub name: String,
    /// 1 byte to 64 KiB. White space around it is no part of it.
    pub value: SecretValue,
    /// Recognised by the value's first characters where it is `None`.
    pub kind: Option<Kind>,
    /// For people; may be empty.
    pub description: String,
    /// Where it may be sent; the hosts of its kind where it is `None`.
    pub hosts: Option<Hosts>,
}

/// A change of what is known about a secret. `None` keeps it.
#[derive(Clone, Debug, Default)]
pub struct SecretChange {
    /// What it is for.
    pub kind: Option<Kind>,
    /// For people.
    pub description: Option<String>,
    /// Where it may be sent.
    pub hosts: Option<Hosts>,
}

/// A secret by its id or by its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Which<Id> {
    /// The id.
    Id(Id),
    /// The name.
    Name(String),
}

impl<Id: FromStr> From<&str> for Which<Id> {
    fn from(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Name(text.to_owned()), Self::Id)
    }
}

// === impl SecretValue ===

impl SecretValue {
    /// Takes a value over.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
    }

    pub(super) fn text(&self) -> &str {
        self.0.trim()
    }

    pub(super) fn check(&self) -> Result<(), VaultError> {
        match self.text().len() {
            0 => Err(VaultError::field("value", "a secret is not empty")),
            1..=VALUE_BYTES_MAX => Ok(()),
            _ => Err(VaultError::field("value", "a secret has at most 64 KiB")),
        }
    }
}

impl<'de> Deserialize<'de> for SecretValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Checks a name.
pub(super) fn check_name(name: &str) -> Result<(), VaultError> {
    let fits = (1..=NAME_CHARS_MAX).contains(&name.len());
    let word = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    // Such a name could not be told from an id.
    let is_id = name.parse::<SecretId>().is_ok();
    if fits && word && !is_id {
        return Ok(());
    }
    Err(VaultError::field("name", "a name has 1 to 100 characters of A-Z, a-z, 0-9, _ and -, and is no id"))
}

/// Checks a description.
pub(super) fn check_description(text: &str) -> Result<(), VaultError> {
    if text.chars().count() <= DESCRIPTION_CHARS_MAX {
        return Ok(());
    }
    Err(VaultError::field("description", "a description has at most 1,000 characters"))
}
