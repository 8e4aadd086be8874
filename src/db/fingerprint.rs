//! Fingerprints: SHA-256 over parts, so that "the same request" can be recognised by 32 bytes.

use sha2::{Digest, Sha256};

/// The fingerprint of these parts. Each is hashed with its length, so that no two lists of parts
/// run together to the same bytes.
#[must_use]
pub fn fingerprint(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}
