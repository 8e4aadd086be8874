//! Where the root key is kept. One source protects the vault at a time; the store records which.
//!
//! | source | what holds the key |
//! |---|---|
//! | `credential` | systemd: `$CREDENTIALS_DIRECTORY/capuchin.vault-key` |
//! | `keyring` | the desktop's keyring (Secret Service) |
//! | `passphrase` | the store, wrapped by a key out of a passphrase (Argon2id); the vault starts sealed |
//! | `file` | a file 0600 in a folder 0700 that is not the data folder |
//!
//! A change of the key puts the new one *beside* the old one ([`Sources::keep`]), and takes the old one away
//! ([`Sources::settle`], [`Sources::forget`]) when the store no longer needs it: at every moment the key that
//! the store means is in its place.

mod credential;
mod file;
#[cfg(target_os = "linux")]
mod keyring;
mod passphrase;

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::SourceError;
use super::keys::{RootId, RootKey};
use super::primitives::{KEY_BYTES, KeyBytes};
use crate::db::{FromValue, ToValue, Value};

pub use passphrase::Passphrase;
pub(super) use passphrase::{COST, Wrapped};

use file::KeyFile;

/// First word of a key as text.
const FORMAT: &str = "capuchin-vault-key-1";
/// Most bytes of a key as text.
const TEXT_BYTES_MAX: u64 = 4_096;

/// What protects the vault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// systemd gives the key to the service.
    Credential,
    /// The desktop's keyring.
    Keyring,
    /// A passphrase, typed after every start.
    Passphrase,
    /// A file outside of the data folder.
    File,
}

/// What a search for the key of the store found.
pub(super) enum Found {
    /// The key.
    Key(RootKey),
    /// Another key.
    Wrong,
    /// None.
    Missing,
}

/// The places of this machine.
#[derive(Clone, Debug)]
pub(super) struct Sources {
    file: KeyFile,
    credential: Option<PathBuf>,
}

// === impl Source ===

impl Source {
    const ALL: [Self; 4] = [Self::Credential, Self::Keyring, Self::Passphrase, Self::File];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::Keyring => "keyring",
            Self::Passphrase => "passphrase",
            Self::File => "file",
        }
    }

    /// The source with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == word)
    }
}

impl ToValue for Source {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self.as_str())
    }
}

impl FromValue for Source {
    const EXPECTED: &'static str = "the source of a root key";

    fn from_value(value: Value<'_>) -> Option<Self> {
        let Value::Text(word) = value else { return None };
        Self::parse(word)
    }
}

// === impl Sources ===

impl Sources {
    pub(super) fn new(key_file: PathBuf, credentials: Option<&Path>) -> Self {
        let credential = credentials.map(credential::path);
        Self { file: KeyFile::new(key_file), credential }
    }

    /// What protects a new vault when nobody chose.
    pub(super) fn best(&self) -> Source {
        let has_credential = self.credential.as_deref().is_some_and(Path::exists);
        if has_credential { Source::Credential } else { Source::File }
    }

    /// The key of this id. A passphrase is no place to search.
    pub(super) async fn find(&self, source: Source, id: RootId) -> Result<Found, SourceError> {
        match source {
            Source::File => {
                let (file, id) = (self.file.clone(), id);
                blocking(move || file.find(id)).await
            }
            Source::Credential => {
                let found = self.credential()?;
                Ok(found
                    .map_or(Found::Missing, |key| if key.id == id { Found::Key(key) } else { Found::Wrong }))
            }
            Source::Keyring => keyring_find(id).await,
            Source::Passphrase => Ok(Found::Missing),
        }
    }

    /// The key of a vault that does not exist yet: the one that is there, else a new one.
    pub(super) async fn begin(&self, source: Source) -> Result<RootKey, SourceError> {
        match source {
            Source::Credential => self.credential()?.ok_or(SourceError::NoCredential),
            Source::File => {
                let file = self.file.clone();
                blocking(move || file.begin()).await
            }
            Source::Keyring => {
                let key = new_key()?;
                keyring_keep(&key).await.map(|()| key)
            }
            Source::Passphrase => Err(SourceError::NeedsPassphrase),
        }
    }

    /// The key that follows this one: systemd's where it is systemd's to choose, else a random one.
    pub(super) fn next(&self, source: Source, active: RootId) -> Result<RootKey, SourceError> {
        if source != Source::Credential {
            return new_key();
        }
        let key = self.credential()?.ok_or(SourceError::NoCredential)?;
        if key.id == active { Err(SourceError::SameCredential) } else { Ok(key) }
    }

    /// Puts a coming key beside the present one, durably.
    pub(super) async fn keep(&self, source: Source, key: &RootKey) -> Result<(), SourceError> {
        match source {
            Source::File => {
                let (file, text) = (self.file.clone(), to_text(key));
                blocking(move || file.keep(&text)).await
            }
            Source::Keyring => keyring_keep(key).await,
            Source::Credential | Source::Passphrase => Ok(()),
        }
    }

    /// Moves the key that the store now means to its own place, where it is not there yet.
    pub(super) async fn settle(&self, source: Source, id: RootId) -> Result<(), SourceError> {
        if source != Source::File {
            return Ok(());
        }
        let file = self.file.clone();
        blocking(move || file.settle(id)).await
    }

    /// Takes a key away that the store no longer needs. Any other key stays.
    pub(super) async fn forget(&self, source: Source, id: RootId) -> Result<(), SourceError> {
        match source {
            Source::File => {
                let file = self.file.clone();
                blocking(move || file.forget(id)).await
            }
            Source::Keyring => keyring_forget(id).await,
            Source::Credential | Source::Passphrase => Ok(()),
        }
    }

    fn credential(&self) -> Result<Option<RootKey>, SourceError> {
        self.credential.as_deref().map_or(Ok(None), credential::read)
    }
}

#[cfg(target_os = "linux")]
use keyring::{find as keyring_find, forget as keyring_forget, keep as keyring_keep};

#[cfg(not(target_os = "linux"))]
async fn keyring_find(_: RootId) -> Result<Found, SourceError> {
    Err(SourceError::Keyring { why: "this system has none that capuchin knows".to_owned() })
}

#[cfg(not(target_os = "linux"))]
async fn keyring_keep(_: &RootKey) -> Result<(), SourceError> {
    Err(SourceError::Keyring { why: "this system has none that capuchin knows".to_owned() })
}

#[cfg(not(target_os = "linux"))]
async fn keyring_forget(_: RootId) -> Result<(), SourceError> {
    Ok(())
}

fn new_key() -> Result<RootKey, SourceError> {
    RootKey::random().map_err(|_| SourceError::NotAKey { place: "the system's random generator".to_owned() })
}

/// A key as a line of text.
fn to_text(key: &RootKey) -> Zeroizing<String> {
    let hex = Zeroizing::new(key.bytes().iter().fold(String::with_capacity(64), |mut text, byte| {
        text.extend(
            [byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or('0')),
        );
        text
    }));
    Zeroizing::new([FORMAT, " ", &hex, "\n"].concat())
}

/// The key in a text: our own line, or 64 hexadecimal digits, or 32 bytes as they are.
fn from_text(text: &[u8]) -> Option<RootKey> {
    if let Ok(bytes) = <[u8; KEY_BYTES]>::try_from(text) {
        return Some(RootKey::new(KeyBytes::new(bytes)));
    }
    let text = std::str::from_utf8(text).ok()?.trim();
    let digits = text.strip_prefix(FORMAT).unwrap_or(text).trim();
    if digits.len() != 2 * KEY_BYTES || !digits.is_ascii() {
        return None;
    }
    let mut key = KeyBytes::default();
    for (byte, pair) in key.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(RootKey::new(key))
}

/// Files are read and synced where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    let lost = |_| SourceError::NotAKey { place: "a worker thread that ended".to_owned() };
    tokio::task::spawn_blocking(work).await.map_err(lost)?
}

#[cfg(test)]
mod tests;
