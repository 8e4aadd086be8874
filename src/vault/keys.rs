//! The two levels of keys: the root key, which only wraps, and data keys, which only seal.

use super::error::OpenError;
use super::primitives::{
    CryptoError, KEY_BYTES, KeyBytes, NONCE_BYTES, equal, gcm_open, gcm_seal, hkdf_sha256, hmac_sha256,
    random, random_key,
};
use super::record::{KeyId, Parts, Place, associated_data, framed};
use crate::db::{FromValue, ToValue, Value};
use crate::protocol::ids::TenantId;
use zeroize::Zeroizing;

const CHECK_LABEL: &[u8] = b"capuchin vault: check value of a root key, v1";
const FINGERPRINT_LABEL: &[u8] = b"capuchin vault: fingerprints of requests, v1";
const DERIVE_SALT: &[u8] = b"capuchin vault: keys below a data key, v1";

/// What a data key is for. Keys of different purposes never meet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Purpose {
    /// Named secrets.
    Secrets,
    /// OAuth tokens.
    Oauth,
    /// Signing secrets of webhooks.
    Webhooks,
    /// Tokens of chat platforms.
    Channels,
    /// Seeds of one-time passwords.
    Identity,
    /// Credentials of mail servers.
    Mail,
    /// What the assistant knows about people.
    UserModel,
}

/// The name of a root key: the first bytes of its check value, so that a key that was found anywhere is recognised.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct RootId(pub(super) [u8; 16]);

/// A root key. Wiped when dropped; it has no `Debug`.
pub(super) struct RootKey {
    pub(super) id: RootId,
    check_value: [u8; KEY_BYTES],
    bytes: KeyBytes,
}

/// What a data key belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct KeyHome {
    pub(super) tenant: TenantId,
    pub(super) purpose: Purpose,
    pub(super) generation: u32,
}

/// A data key that is ready to seal and open: the two keys below it.
pub(super) struct DataKey {
    pub(super) id: KeyId,
    pub(super) home: KeyHome,
    encryption: KeyBytes,
    commitment: KeyBytes,
}

/// A value that was opened. It has no `Debug`, `Display` or `Serialize`, and is wiped when dropped.
pub struct Plain(Zeroizing<Vec<u8>>);

// === impl Purpose ===

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Secrets,
        Self::Oauth,
        Self::Webhooks,
        Self::Channels,
        Self::Identity,
        Self::Mail,
        Self::UserModel,
    ];

    /// Its word in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secrets => "secrets",
            Self::Oauth => "oauth",
            Self::Webhooks => "webhooks",
            Self::Channels => "channels",
            Self::Identity => "identity",
            Self::Mail => "mail",
            Self::UserModel => "user_model",
        }
    }
}

impl ToValue for Purpose {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self.as_str())
    }
}

impl FromValue for Purpose {
    const EXPECTED: &'static str = "the purpose of a key";

    fn from_value(value: Value<'_>) -> Option<Self> {
        let Value::Text(word) = value else { return None };
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == word)
    }
}

impl ToValue for RootId {
    fn to_value(&self) -> Value<'_> {
        Value::Blob(&self.0)
    }
}

impl FromValue for RootId {
    const EXPECTED: &'static str = "the id of a root key";

    fn from_value(value: Value<'_>) -> Option<Self> {
        <[u8; 16]>::from_value(value).map(Self)
    }
}

// === impl RootKey ===

impl RootKey {
    /// A new one.
    pub(super) fn random() -> Result<Self, CryptoError> {
        random_key().map(Self::new)
    }

    /// The one that a key source holds.
    pub(super) fn new(bytes: KeyBytes) -> Self {
        let check_value = hmac_sha256(bytes.as_slice(), &[CHECK_LABEL]);
        let (id, _) = check_value.split_first_chunk().map_or(([0; 16], &[][..]), |(id, rest)| (*id, rest));
        Self { id: RootId(id), check_value, bytes }
    }

    /// For the key sources, which keep it.
    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }

    /// What the store keeps to recognise it.
    pub(super) const fn check_value(&self) -> &[u8; KEY_BYTES] {
        &self.check_value
    }

    /// Whether the store means this key.
    pub(super) fn has_check_value(&self, stored: &[u8]) -> bool {
        equal(&self.check_value, stored)
    }

    /// A fingerprint of a request that may hold a secret: of no use to whoever has only the store.
    pub(super) fn fingerprint(&self, request: &[u8]) -> [u8; KEY_BYTES] {
        let key = Zeroizing::new(hmac_sha256(self.bytes.as_slice(), &[FINGERPRINT_LABEL]));
        hmac_sha256(key.as_slice(), &[request])
    }

    /// A data key as the store keeps it: nonce, ciphertext, tag.
    pub(super) fn wrap(&self, home: &KeyHome, material: &KeyBytes) -> Result<Vec<u8>, CryptoError> {
        let nonce = random::<NONCE_BYTES>()?;
        let sealed = gcm_seal(&self.bytes, nonce, &self.wrapped_in(home), material.as_slice())?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// The data key in a wrapping.
    pub(super) fn unwrap(&self, home: &KeyHome, wrapped: &[u8]) -> Result<KeyBytes, OpenError> {
        let (nonce, sealed) = wrapped.split_first_chunk().ok_or(OpenError::Truncated)?;
        let opened =
            gcm_open(&self.bytes, *nonce, &self.wrapped_in(home), sealed).ok_or(OpenError::Refused)?;
        let bytes: [u8; KEY_BYTES] = opened.as_slice().try_into().map_err(|_| OpenError::Refused)?;
        Ok(KeyBytes::new(bytes))
    }

    fn wrapped_in(&self, home: &KeyHome) -> Vec<u8> {
        let generation = home.generation.to_be_bytes();
        framed(&[
            b"vault_keys",
            home.tenant.as_str().as_bytes(),
            home.purpose.as_str().as_bytes(),
            &generation,
            &self.id.0,
        ])
    }
}

// === impl DataKey ===

impl DataKey {
    /// The keys below this material.
    pub(super) fn derive(id: KeyId, home: KeyHome, material: &KeyBytes) -> Result<Self, CryptoError> {
        let generation = home.generation.to_be_bytes();
        let below = |what: &[u8]| {
            let info = framed(&[
                what,
                home.purpose.as_str().as_bytes(),
                &generation,
                home.tenant.as_str().as_bytes(),
            ]);
            let mut key = KeyBytes::default();
            hkdf_sha256(DERIVE_SALT, material.as_slice(), &info, key.as_mut_slice()).map(|()| key)
        };
        let (encryption, commitment) = (below(b"encryption")?, below(b"commitment")?);
        Ok(Self { id, home, encryption, commitment })
    }

    /// Seals a value for its place.
    pub(super) fn seal(&self, place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let aad = associated_data(place, &self.home.tenant, self.id);
        let nonce = random::<NONCE_BYTES>()?;
        let sealed = gcm_seal(&self.encryption, nonce, &aad, plain)?;
        let commitment = self.commit(&nonce, &aad);
        Ok(Parts { key: self.id, commitment, nonce, sealed: &sealed }.to_record())
    }

    /// Opens a value in its place.
    pub(super) fn open(&self, place: &Place<'_>, record: &Parts<'_>) -> Result<Plain, OpenError> {
        let aad = associated_data(place, &self.home.tenant, record.key);
        if !equal(&self.commit(&record.nonce, &aad), &record.commitment) {
            return Err(OpenError::Refused);
        }
        let plain = gcm_open(&self.encryption, record.nonce, &aad, record.sealed);
        plain.map(Plain).ok_or(OpenError::Refused)
    }

    fn commit(&self, nonce: &[u8], aad: &[u8]) -> [u8; KEY_BYTES] {
        hmac_sha256(self.commitment.as_slice(), &[nonce, aad])
    }
}

// === impl Plain ===

impl Plain {
    /// The value, for the one who uses it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

#[cfg(test)]
mod tests;
