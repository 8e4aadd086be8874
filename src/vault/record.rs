//! The format of a sealed value, and what it is bound to.
//!
//! ```text
//! version 1 ‖ key id 4 ‖ commitment 32 ‖ nonce 12 ‖ ciphertext ‖ tag 16
//! ```
//!
//! Big endian. The commitment is an HMAC over nonce and associated data with a key of its own below the data
//! key, so a record opens under one key only, and only in its place.

use super::error::OpenError;
use super::primitives::{NONCE_BYTES, TAG_BYTES};
use crate::db::{ToValue, Value};
use crate::protocol::ids::TenantId;

/// The format that is written. Others are refused.
pub(super) const VERSION: u8 = 1;
/// Bytes of a commitment.
pub(super) const COMMITMENT_BYTES: usize = 32;
const KEY_ID_BYTES: usize = 4;
const MARK_BYTES: usize = 1 + KEY_ID_BYTES;

/// Where a sealed value is stored. A record opens in its own place and in no other.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// What identifies the row and never changes.
    pub row: &'a [u8],
}

/// The id of a data key, in every record that it sealed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyId(pub(super) u32);

/// The first bytes of every record that one key sealed: for statements, `substr(sealed, 1, 5) = ?2`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyMark([u8; MARK_BYTES]);

/// A record taken apart.
pub(super) struct Parts<'r> {
    pub(super) key: KeyId,
    pub(super) commitment: [u8; COMMITMENT_BYTES],
    pub(super) nonce: [u8; NONCE_BYTES],
    /// Ciphertext and tag.
    pub(super) sealed: &'r [u8],
}

impl KeyId {
    /// The beginning of its records.
    #[must_use]
    pub fn mark(self) -> KeyMark {
        let [a, b, c, d] = self.0.to_be_bytes();
        KeyMark([VERSION, a, b, c, d])
    }
}

impl ToValue for KeyMark {
    fn to_value(&self) -> Value<'_> {
        Value::Blob(&self.0)
    }
}

impl<'r> Parts<'r> {
    /// Takes a record apart. Says nothing about whether it opens.
    pub(super) fn of(record: &'r [u8]) -> Result<Self, OpenError> {
        let (version, rest) = record.split_first().ok_or(OpenError::Truncated)?;
        if *version != VERSION {
            return Err(OpenError::Version { found: *version });
        }
        let (key, rest) = rest.split_first_chunk::<KEY_ID_BYTES>().ok_or(OpenError::Truncated)?;
        let (commitment, rest) = rest.split_first_chunk().ok_or(OpenError::Truncated)?;
        let (nonce, sealed) = rest.split_first_chunk().ok_or(OpenError::Truncated)?;
        if sealed.len() < TAG_BYTES {
            return Err(OpenError::Truncated);
        }
        Ok(Self { key: KeyId(u32::from_be_bytes(*key)), commitment: *commitment, nonce: *nonce, sealed })
    }

    /// The record.
    pub(super) fn to_record(&self) -> Vec<u8> {
        let KeyMark(mark) = self.key.mark();
        [&mark[..], &self.commitment, &self.nonce, self.sealed].concat()
    }
}

/// The associated data of a record. Every field has its length in front, so no two places look alike.
pub(super) fn associated_data(place: &Place<'_>, tenant: &TenantId, key: KeyId) -> Vec<u8> {
    let KeyMark(mark) = key.mark();
    let fields: [&[u8]; 5] =
        [place.table.as_bytes(), place.row, place.column.as_bytes(), tenant.as_str().as_bytes(), &mark];
    framed(&fields)
}

/// Fields with their lengths in front.
pub(super) fn framed(fields: &[&[u8]]) -> Vec<u8> {
    let mut framed = Vec::new();
    for field in fields {
        framed.extend_from_slice(&(field.len() as u64).to_be_bytes());
        framed.extend_from_slice(field);
    }
    framed
}
