//! The cryptography of the vault in six functions; everybody else in this folder calls only these.
//!
//! AES-256-GCM with 96-bit nonces (NIST SP 800-38D), HKDF-SHA256 (RFC 5869), HMAC-SHA256 (RFC 2104),
//! Argon2id (RFC 9106), random bytes of the operating system. Tested with the vectors of Wycheproof and the RFC.

use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use argon2::{Algorithm, Argon2, Params, Version};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

/// Bytes of every key.
pub(super) const KEY_BYTES: usize = 32;
/// Bytes of a nonce.
pub(super) const NONCE_BYTES: usize = 12;
/// Bytes that a sealed text is longer than its plain text.
pub(super) const TAG_BYTES: usize = 16;
/// Bytes of SHA-256's block: what HMAC pads its key to.
const BLOCK_BYTES: usize = 64;

/// A key in memory; wiped when dropped.
pub(super) type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

/// What a primitive cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random numbers")]
    NoRandomness,
    /// A text or an output is longer than the algorithm allows.
    #[error("it is too long to be sealed")]
    TooLong,
    /// The cost parameters of a passphrase are out of bounds, or there is no memory for them.
    #[error("the passphrase cannot be stretched with these parameters on this machine")]
    Stretch,
}

/// What a passphrase costs to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StretchCost {
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) lanes: u32,
}

/// Random bytes.
pub(super) fn random<const N: usize>() -> Result<[u8; N], CryptoError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| CryptoError::NoRandomness)?;
    Ok(bytes)
}

/// A random key.
pub(super) fn random_key() -> Result<KeyBytes, CryptoError> {
    let mut key = KeyBytes::default();
    getrandom::fill(key.as_mut_slice()).map_err(|_| CryptoError::NoRandomness)?;
    Ok(key)
}

/// HKDF-SHA256: extract with `salt`, expand with `info` into `out`.
pub(super) fn hkdf_sha256(salt: &[u8], ikm: &[u8], info: &[u8], out: &mut [u8]) -> Result<(), CryptoError> {
    Hkdf::<Sha256>::new(Some(salt), ikm).expand(info, out).map_err(|_| CryptoError::TooLong)
}

/// HMAC-SHA256 over the parts in a row.
pub(super) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; KEY_BYTES] {
    let mut block = Zeroizing::new([0_u8; BLOCK_BYTES]);
    match block.get_mut(..key.len()) {
        Some(begin) => begin.copy_from_slice(key),
        // RFC 2104: a key longer than the block is hashed first.
        None => block.iter_mut().zip(Sha256::digest(key)).for_each(|(byte, hashed)| *byte = hashed),
    }
    let mut mac = <Hmac<Sha256> as sha2::digest::KeyInit>::new((&*block).into());
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// Compares in a time that depends on the lengths only.
pub(super) fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// AES-256-GCM: ciphertext and tag.
pub(super) fn gcm_seal(
    key: &[u8; KEY_BYTES],
    nonce: [u8; NONCE_BYTES],
    aad: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    // Room for the tag, so that the plain text is never moved and left behind.
    let mut buffer = Vec::with_capacity(plain.len() + TAG_BYTES);
    buffer.extend_from_slice(plain);
    let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key));
    if cipher.encrypt_in_place(&Nonce::from(nonce), aad, &mut buffer).is_err() {
        buffer.zeroize();
        return Err(CryptoError::TooLong);
    }
    Ok(buffer)
}

/// The plain text, if key, nonce, associated data and every bit of the sealed text are what they were.
pub(super) fn gcm_open(
    key: &[u8; KEY_BYTES],
    nonce: [u8; NONCE_BYTES],
    aad: &[u8],
    sealed: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let mut buffer = Zeroizing::new(sealed.to_vec());
    let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key));
    // silent-ok: the library tells nothing but that it does not open
    cipher.decrypt_in_place(&Nonce::from(nonce), aad, &mut *buffer).ok()?;
    Some(buffer)
}

/// Argon2id: a key out of a passphrase. Takes its memory and some hundred milliseconds: not for async threads.
pub(super) fn stretch(passphrase: &[u8], salt: &[u8], cost: StretchCost) -> Result<KeyBytes, CryptoError> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(KEY_BYTES))
        .map_err(|_| CryptoError::Stretch)?;
    let mut key = KeyBytes::default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase, salt, key.as_mut_slice())
        .map_err(|_| CryptoError::Stretch)?;
    Ok(key)
}

#[cfg(test)]
mod tests;
