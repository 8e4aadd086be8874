//! What the vault refuses, by what a caller can do about it. No text holds a value.

use std::path::PathBuf;
use std::sync::Arc;

use super::primitives::CryptoError;
use crate::db::DbError;
use crate::identity::KeyReused;

/// Why the vault does not open at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealedBy {
    /// It has no key yet: the first passphrase makes it.
    #[error("the vault waits for its first passphrase; choose one with: capuchin vault unseal")]
    FirstPassphrase,
    /// Its key is behind a passphrase.
    #[error("the vault is sealed; open it with: capuchin vault unseal")]
    Passphrase,
    /// Its key is not where it belongs.
    #[error(
        "the vault's key is not on this machine; bring it back to its place, then: capuchin vault unseal"
    )]
    NoKey,
    /// Another key is in its place.
    #[error(
        "the key that was found is the wrong key: it belongs to another vault; bring the right one back to its \
         place, then: capuchin vault unseal"
    )]
    WrongKey,
    /// Somebody sealed it.
    #[error("the vault was sealed by hand; open it with: capuchin vault unseal")]
    Hand,
}

/// Why a record does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It ends too early.
    #[error("the sealed value is cut off")]
    Truncated,
    /// It is of a format that this program does not know.
    #[error("the sealed value is of format {found}, which this program does not know")]
    Version {
        /// Its format.
        found: u8,
    },
    /// The key that sealed it is not here.
    #[error("the key of the sealed value is gone")]
    NoKey,
    /// It was altered, moved from its place, or sealed with another key.
    #[error("the sealed value was altered or is not in its place")]
    Refused,
}

/// Why a key source does not do what is asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SourceError {
    /// A key file that somebody else could have made or read.
    #[error("{}: {why}", path.display())]
    Unsafe {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong, and what to do.
        why: &'static str,
    },
    /// What is in the key's place is no key.
    #[error("{place} does not hold a key of the vault")]
    NotAKey {
        /// The place, in words.
        place: String,
    },
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// There is no desktop keyring, or it refused.
    #[error("the desktop's keyring cannot be used: {why}")]
    Keyring {
        /// What it said.
        why: String,
    },
    /// systemd gave no such credential.
    #[error("systemd gave this service no credential `capuchin.vault-key` (LoadCredentialEncrypted=)")]
    NoCredential,
    /// The key is systemd's to change.
    #[error(
        "systemd holds the vault's key; move it with `capuchin vault protect --with file`, give the service \
         another credential, restart, and move it back with `--with credential`"
    )]
    Foreign,
    /// The same credential protects the vault already.
    #[error("this credential protects the vault already")]
    SameCredential,
    /// A new passphrase is too short or too long.
    #[error("a passphrase has 12 to 1,024 characters")]
    WeakPassphrase,
    /// None was given.
    #[error("this needs the passphrase")]
    NeedsPassphrase,
    /// It is not the one.
    #[error("this is not the vault's passphrase")]
    WrongPassphrase,
}

/// Why the vault did not do it. Nothing was changed then.
#[derive(Clone, Debug, thiserror::Error)]
pub enum VaultError {
    /// It is sealed.
    #[error("{0}")]
    Sealed(SealedBy),
    /// A field of the request is wrong.
    #[error("{problem}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// There is no such thing.
    #[error("there is nothing here")]
    NotFound,
    /// The name is taken, by a secret or by an OAuth token.
    #[error("the name is taken; replace the value, or choose another name")]
    NameTaken,
    /// Somebody changed it in the meantime.
    #[error("it was changed since you read it; read it again and repeat your change")]
    Stale,
    /// Things still use it.
    #[error("it is used by {}; change that first, or delete it with force", users.join(", "))]
    InUse {
        /// Who.
        users: Vec<String>,
    },
    /// There are too many.
    #[error("there are too many of them; delete some first")]
    TooMany,
    /// The idempotency key belongs to another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// A stored value does not open.
    #[error(transparent)]
    Broken(#[from] OpenError),
    /// The root key's place.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A column that nobody registered: a rotation would lose it. A mistake of the program.
    #[error("the column {table}.{column} is not registered with the vault")]
    Unregistered {
        /// Its table.
        table: &'static str,
        /// Its name.
        column: &'static str,
    },
    /// A provider of OAuth tokens.
    #[error(transparent)]
    Oauth(#[from] super::oauth::OauthError),
    /// The cryptography refused.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
    /// A test stopped it here.
    #[cfg(test)]
    #[error("stopped by a test")]
    Interrupted,
}

impl VaultError {
    /// A wrong field.
    pub(super) const fn field(field: &'static str, problem: &'static str) -> Self {
        Self::Field { field, problem }
    }
}
