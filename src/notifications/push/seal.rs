//! Sealing a message for one browser: RFC 8291 over the content coding `aes128gcm` (RFC 8188), one record.

use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use aes_gcm::{Aes128Gcm, Key, Nonce};
use hkdf::Hkdf;
use p256::{PublicKey, SecretKey};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Size of the one record.
const RECORD_BYTES: u32 = 4_096;
const SALT_BYTES: usize = 16;
/// A point that is not compressed.
const POINT_BYTES: usize = 65;
/// Most bytes of a message: RFC 8291, section 4.
pub(super) const PLAIN_BYTES_MAX: usize = 3_993;

/// What a browser gives out when it subscribes.
#[derive(Clone)]
pub(super) struct BrowserKeys {
    pub(super) point: PublicKey,
    pub(super) auth: [u8; 16],
}

/// Why a message is not sealed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SealError {
    /// It is longer than a push service takes.
    #[error("the message is too long for a push")]
    Long,
    /// The system has no random numbers now.
    #[error("there are no random numbers")]
    Random,
}

/// The body of the request.
pub(super) fn seal(to: &BrowserKeys, plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt).map_err(|_| SealError::Random)?;
    seal_with(to, plain, &fresh_key().ok_or(SealError::Random)?, salt)
}

/// A key that nobody has had before.
pub(super) fn fresh_key() -> Option<SecretKey> {
    // Of 2^32 numbers about one is no key.
    (0..4).find_map(|_| {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice()).ok()?;
        SecretKey::from_slice(bytes.as_slice()).ok()
    })
}

pub(super) fn seal_with(
    to: &BrowserKeys,
    plain: &[u8],
    ours: &SecretKey,
    salt: [u8; SALT_BYTES],
) -> Result<Vec<u8>, SealError> {
    if plain.len() > PLAIN_BYTES_MAX {
        return Err(SealError::Long);
    }
    let (theirs, our_point) = (to.point.to_sec1_bytes(), ours.public_key().to_sec1_bytes());
    let shared = ours.diffie_hellman(&to.point);
    let info = [b"WebPush: info\0".as_slice(), &theirs, &our_point].concat();
    let secret: Zeroizing<[u8; 32]> = expand(&to.auth, shared.raw_secret_bytes(), &info)?;
    let key: Zeroizing<[u8; 16]> = expand(&salt, secret.as_slice(), b"Content-Encoding: aes128gcm\0")?;
    let nonce: Zeroizing<[u8; 12]> = expand(&salt, secret.as_slice(), b"Content-Encoding: nonce\0")?;
    let mut record = Vec::with_capacity(plain.len() + 17);
    record.extend_from_slice(plain);
    // The last record ends with a 2.
    record.push(2);
    let cipher = Aes128Gcm::new(&Key::<Aes128Gcm>::from(*key));
    cipher.encrypt_in_place(&Nonce::from(*nonce), b"", &mut record).map_err(|_| SealError::Long)?;
    let mut body = Vec::with_capacity(SALT_BYTES + 5 + POINT_BYTES + record.len());
    body.extend_from_slice(&salt);
    body.extend_from_slice(&RECORD_BYTES.to_be_bytes());
    body.push(u8::try_from(our_point.len()).unwrap_or(0));
    body.extend_from_slice(&our_point);
    body.extend_from_slice(&record);
    Ok(body)
}

fn expand<const N: usize>(salt: &[u8], secret: &[u8], info: &[u8]) -> Result<Zeroizing<[u8; N]>, SealError> {
    let mut out = Zeroizing::new([0; N]);
    Hkdf::<Sha256>::new(Some(salt), secret).expand(info, out.as_mut_slice()).map_err(|_| SealError::Long)?;
    Ok(out)
}
