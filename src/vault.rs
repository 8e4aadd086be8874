#![doc = include_str!("vault/README.md")]

mod desk;
mod erasable;
mod error;
mod giving;
mod handle;
mod hosts;
mod keys;
mod kinds;
mod oauth;
mod primitives;
mod record;
mod resealing;
mod ring;
mod rotation;
mod sealing;
mod secrets;
mod secrets_column;
mod source;
mod store;
mod uses;

pub use erasable::{ErasableKey, ErasableKeys};
pub use error::{OpenError, SealedBy, SourceError, VaultError};
pub use handle::{Vault, VaultOptions};
pub use hosts::{HOSTS_MAX, Hosts};
pub use keys::{Plain, Purpose};
pub use kinds::{Kind, UnknownKind};
pub use oauth::{
    CONSENT_LIFE_MS, DevicePrompt, DeviceState, NewOauthToken, Oauth, OauthError, OauthRecord, OauthSettings,
    OauthState,
};
pub use primitives::CryptoError;
pub use record::{KeyId, Place};
pub use resealing::KeyView;
pub use sealing::SealedColumn;
pub use secrets::{
    DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX, NewSecret, SECRETS_MAX, SecretChange, SecretRecord, SecretValue,
    VALUE_BYTES_MAX, Which,
};
pub use source::{Passphrase, Source};
pub use uses::{Use, UseOutcome, UseRecord};

#[cfg(test)]
mod tests;
