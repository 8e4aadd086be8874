//! The secret of an endpoint, read as its source means it, and wiped when it is dropped.
//!
//! The only place of the module that sees the text of a secret.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use subtle::Choice;
use zeroize::Zeroizing;

use super::refusal::Refusal;
use super::source::Source;

/// Characters of a secret, at the most.
pub const SECRET_CHARS_MAX: usize = 1024;

/// First characters of a secret of Standard Webhooks.
const SIGNING_PREFIX: &str = "whsec_";

/// Base64 with or without its padding: people lose it when they copy.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The points of Ed25519 whose order is 1, 2, 4 or 8, without their sign bit. For such a public key anybody
/// can make signatures, and 64 zeros, which people type as a placeholder, is one.
const SMALL_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    ends(1, 0, 0),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    ends(0xec, 0xff, 0x7f),
    ends(0xed, 0xff, 0x7f),
    ends(0xee, 0xff, 0x7f),
];

/// A secret that requests are held against. It has no `Debug` and no `Display`.
pub struct Key(Form);

enum Form {
    /// The text's own bytes: the key of an HMAC, or a token to compare.
    Text(Zeroizing<Vec<u8>>),
    /// What `whsec_…` stands for.
    Signing(Zeroizing<Vec<u8>>),
    /// A public key of Ed25519.
    Public([u8; 32]),
}

/// Why a text is no secret of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// Nothing, or nothing but blanks.
    #[error("the secret is empty: set one at the source and enter the same here")]
    Empty,
    /// Longer than any source's.
    #[error("the secret is longer than {SECRET_CHARS_MAX} characters")]
    TooLong,
    /// Copied with its surroundings.
    #[error("the secret begins or ends with a blank or a line break: enter it without")]
    Blanks,
    /// Standard Webhooks: something else than a signing secret.
    #[error(
        "a Standard Webhooks secret begins with whsec_: if the sender shows base64 without it, put it before"
    )]
    NoPrefix,
    /// Standard Webhooks: a key pair.
    #[error("a whsk_ or whpk_ key is one half of a key pair, which is not supported: use a whsec_ secret")]
    KeyPair,
    /// Standard Webhooks: what follows the prefix does not decode.
    #[error("what follows whsec_ is not base64: copy the whole secret")]
    NotBase64,
    /// Discord: no public key.
    #[error(
        "Discord's public key has 64 hexadecimal digits: copy it from General Information of the application"
    )]
    NotPublicKey,
    /// Discord: a key for which everybody can sign.
    #[error("this public key is not one of a real application: anybody could sign for it")]
    WeakPublicKey,
    /// Telegram: characters that it does not take.
    #[error("a secret token of Telegram has 1 to 256 characters of A-Z, a-z, 0-9, _ and -")]
    NotTelegramToken,
}

// === impl Source ===

impl Source {
    /// The key that this secret text is for the source.
    ///
    /// # Errors
    /// [`BadSecret`], with words that say what to do.
    pub fn key(self, secret: &str) -> Result<Key, BadSecret> {
        match self {
            Self::Standard => Key::signing(secret),
            Self::Gitlab if secret.starts_with(SIGNING_PREFIX) => Key::signing(secret),
            Self::Discord => Key::public(secret),
            _ => Key::text(secret),
        }
    }
}

// === impl Key ===

impl Key {
    /// A secret that counts as it is written.
    pub(super) fn text(secret: &str) -> Result<Self, BadSecret> {
        entered(secret)?;
        Ok(Self(Form::Text(Zeroizing::new(secret.as_bytes().to_vec()))))
    }

    /// `whsec_` and base64; some senders write `v1,` before it.
    fn signing(secret: &str) -> Result<Self, BadSecret> {
        entered(secret)?;
        let secret = secret.strip_prefix("v1,").unwrap_or(secret);
        if ["whsk_", "whpk_"].iter().any(|half| secret.starts_with(half)) {
            return Err(BadSecret::KeyPair);
        }
        let encoded = secret.strip_prefix(SIGNING_PREFIX).ok_or(BadSecret::NoPrefix)?;
        let bytes = Zeroizing::new(BASE64.decode(encoded).map_err(|_| BadSecret::NotBase64)?);
        if bytes.is_empty() { Err(BadSecret::Empty) } else { Ok(Self(Form::Signing(bytes))) }
    }

    fn public(text: &str) -> Result<Self, BadSecret> {
        entered(text)?;
        let lower = text.to_ascii_lowercase();
        let key: [u8; 32] = super::signature::hex(&lower).ok_or(BadSecret::NotPublicKey)?;
        let mut unsigned = key;
        if let Some(last) = unsigned.last_mut() {
            *last &= 0x7f;
        }
        if SMALL_ORDER.contains(&unsigned) {
            Err(BadSecret::WeakPublicKey)
        } else {
            Ok(Self(Form::Public(key)))
        }
    }

    /// The bytes of a secret that counts as it is written.
    pub(super) fn as_text(&self) -> Option<&[u8]> {
        if let Form::Text(bytes) = &self.0 { Some(bytes) } else { None }
    }

    /// The bytes of a signing secret of Standard Webhooks.
    pub(super) fn as_signing(&self) -> Option<&[u8]> {
        if let Form::Signing(bytes) = &self.0 { Some(bytes) } else { None }
    }

    /// A public key.
    pub(super) const fn as_public(&self) -> Option<&[u8; 32]> {
        if let Form::Public(key) = &self.0 { Some(key) } else { None }
    }
}

/// The place of the first key that fits. All are tried, whichever fits.
pub(super) fn fitting(keys: &[Key], mut fits: impl FnMut(&Key) -> Choice) -> Result<usize, Refusal> {
    if keys.is_empty() {
        return Err(Refusal::NoKey);
    }
    let mut found = None;
    for (at, key) in keys.iter().enumerate() {
        let fit = bool::from(fits(key));
        found = found.or(fit.then_some(at));
    }
    found.ok_or(Refusal::Mismatch)
}

/// What holds for every secret that a person enters.
fn entered(secret: &str) -> Result<(), BadSecret> {
    let trimmed = secret.trim();
    if trimmed.is_empty() {
        return Err(BadSecret::Empty);
    }
    if trimmed.len() != secret.len() {
        return Err(BadSecret::Blanks);
    }
    if secret.chars().count() > SECRET_CHARS_MAX { Err(BadSecret::TooLong) } else { Ok(()) }
}

/// 32 bytes: a first one, 30 equal ones, a last one.
const fn ends(first: u8, between: u8, last: u8) -> [u8; 32] {
    let b = between;
    [first, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, last]
}
