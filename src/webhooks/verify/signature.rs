//! HMACs, digests and the comparing of signatures.
//!
//! A signature is decoded first and compared as bytes of equal length, in constant time. Hexadecimal digits
//! are lower-case, as every source writes them: a signature has one spelling.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use super::key::{Key, fitting};
use super::{Received, Refusal, header};

/// SHA-256 of the parts in a row.
pub(super) fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

/// The key that signed the body: a header with a prefix and an HMAC-SHA256 in hexadecimal digits.
pub(super) fn of_body(
    received: &Received<'_>,
    keys: &[Key],
    name: &'static str,
    prefix: &str,
) -> Result<usize, Refusal> {
    let sent = prefixed(header::needed(received.headers, name)?, prefix, name)?;
    signed_by(keys, &[received.body], &[sent])
}

/// The key that signed the body: a header with a list of `v1=<hex>`, other versions passed over.
pub(super) fn of_body_listed(
    received: &Received<'_>,
    keys: &[Key],
    name: &'static str,
) -> Result<usize, Refusal> {
    let list = header::needed(received.headers, name)?;
    let signatures: Vec<_> =
        list.split(',').filter_map(|one| one.trim().strip_prefix("v1=")).filter_map(hex).collect();
    if signatures.is_empty() {
        return Err(Refusal::Malformed { part: name });
    }
    signed_by(keys, &[received.body], &signatures)
}

/// 32 bytes in hexadecimal digits after a prefix.
pub(super) fn prefixed(text: &str, prefix: &str, part: &'static str) -> Result<[u8; 32], Refusal> {
    text.strip_prefix(prefix).and_then(hex).ok_or(Refusal::Malformed { part })
}

/// The key that made one of `signatures` over the parts in a row, by HMAC-SHA256 with its text.
pub(super) fn signed_by(keys: &[Key], parts: &[&[u8]], signatures: &[[u8; 32]]) -> Result<usize, Refusal> {
    fitting(keys, |key| fits_sha256(key.as_text(), parts, signatures))
}

/// [`signed_by`] with signing secrets of Standard Webhooks.
pub(super) fn signed_by_signing(
    keys: &[Key],
    parts: &[&[u8]],
    signatures: &[[u8; 32]],
) -> Result<usize, Refusal> {
    fitting(keys, |key| fits_sha256(key.as_signing(), parts, signatures))
}

/// Whether `key` made the signature over the parts in a row, by HMAC-SHA1.
pub(super) fn fits_sha1(key: Option<&[u8]>, parts: &[&[u8]], signature: &[u8; 20]) -> Choice {
    match key.and_then(|key| hmac::<Hmac<Sha1>>(key, parts)) {
        Some(made) => made.as_slice().ct_eq(signature),
        None => Choice::from(0),
    }
}

/// Whether two tokens are equal. Only their lengths show in the time that it takes.
pub(super) fn same(key: Option<&[u8]>, token: &[u8]) -> Choice {
    key.map_or(Choice::from(0), |key| key.ct_eq(token))
}

/// `N` bytes from lower-case hexadecimal digits.
pub(super) fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let &[high, low] = pair else { return None };
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Some(bytes)
}

/// `N` bytes from base64 with its padding.
pub(super) fn base64<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() > N * 2 + 4 {
        return None;
    }
    STANDARD.decode(text).ok()?.try_into().ok()
}

fn fits_sha256(key: Option<&[u8]>, parts: &[&[u8]], signatures: &[[u8; 32]]) -> Choice {
    match key.and_then(|key| hmac::<Hmac<Sha256>>(key, parts)) {
        Some(made) => signatures.iter().fold(Choice::from(0), |fits, one| fits | made.as_slice().ct_eq(one)),
        None => Choice::from(0),
    }
}

/// The HMAC of the parts in a row. There is one for keys of every length.
fn hmac<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Option<hmac::digest::Output<M>> {
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    parts.iter().for_each(|part| mac.update(part));
    Some(mac.finalize().into_bytes())
}

const fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}
