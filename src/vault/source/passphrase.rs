//! A passphrase: Argon2id makes a key of it, which wraps the root key in the store.

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::vault::error::SourceError;
use crate::vault::keys::RootKey;
use crate::vault::primitives::{
    CryptoError, KEY_BYTES, KeyBytes, NONCE_BYTES, StretchCost, gcm_open, gcm_seal, random, stretch,
};
use crate::vault::record::framed;

/// What a new passphrase costs to try: 64 MiB, three passes (RFC 9106, second choice, with one lane).
pub(in crate::vault) const COST: StretchCost = StretchCost { memory_kib: 64 * 1024, passes: 3, lanes: 1 };
const SALT_BYTES: usize = 16;
const CHARS_MIN: usize = 12;
const BYTES_MAX: usize = 1_024;

/// A passphrase in memory. It has no `Debug` and is wiped when dropped.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

/// A root key behind a passphrase, as the store keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::vault) struct Wrapped {
    pub(in crate::vault) salt: Vec<u8>,
    pub(in crate::vault) cost: StretchCost,
    /// Nonce, ciphertext, tag.
    pub(in crate::vault) key: Vec<u8>,
}

// === impl Passphrase ===

impl Passphrase {
    /// What somebody typed.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Whether it may protect a vault.
    pub(in crate::vault) fn check_strength(&self) -> Result<(), SourceError> {
        let fits = self.0.chars().count() >= CHARS_MIN && self.0.len() <= BYTES_MAX;
        if fits { Ok(()) } else { Err(SourceError::WeakPassphrase) }
    }

    /// Wraps a root key. Takes its time: not for async threads.
    pub(in crate::vault) fn wrap(&self, root: &RootKey, cost: StretchCost) -> Result<Wrapped, CryptoError> {
        let salt = random::<SALT_BYTES>()?.to_vec();
        let key = stretch(self.0.as_bytes(), &salt, cost)?;
        let nonce = random::<NONCE_BYTES>()?;
        let sealed = gcm_seal(&key, nonce, &bound_to(&salt, cost), root.bytes())?;
        Ok(Wrapped { salt, cost, key: [&nonce[..], &sealed].concat() })
    }
}

impl<'de> Deserialize<'de> for Passphrase {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

// === impl Wrapped ===

impl Wrapped {
    /// The root key, if this is the passphrase. Takes its time: not for async threads.
    pub(in crate::vault) fn unwrap(&self, passphrase: &Passphrase) -> Result<RootKey, SourceError> {
        let wrong = SourceError::WrongPassphrase;
        if passphrase.0.len() > BYTES_MAX {
            return Err(wrong);
        }
        let key = stretch(passphrase.0.as_bytes(), &self.salt, self.cost).map_err(|_| {
            SourceError::NotAKey { place: "the store, or memory for 64 MiB is missing: it".to_owned() }
        })?;
        let (nonce, sealed) = self.key.split_first_chunk().ok_or_else(|| wrong.clone())?;
        let opened =
            gcm_open(&key, *nonce, &bound_to(&self.salt, self.cost), sealed).ok_or_else(|| wrong.clone())?;
        let bytes: [u8; KEY_BYTES] = opened.as_slice().try_into().map_err(|_| wrong)?;
        Ok(RootKey::new(KeyBytes::new(bytes)))
    }
}

fn bound_to(salt: &[u8], cost: StretchCost) -> Vec<u8> {
    let StretchCost { memory_kib, passes, lanes } = cost;
    framed(&[b"vault_roots", salt, &memory_kib.to_be_bytes(), &passes.to_be_bytes(), &lanes.to_be_bytes()])
}
