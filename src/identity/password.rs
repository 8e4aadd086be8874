//! The owner's password: Argon2id, off the async threads.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use zeroize::Zeroizing;

/// Fewest characters of a password.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Most bytes of a password: hashing more only costs time.
pub(super) const PASSWORD_BYTES_MAX: usize = 1_024;

/// A password in memory. It has no `Debug` and leaves memory when it is dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// Why a text cannot be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too short.
    #[error("a password has at least {PASSWORD_CHARS_MIN} characters")]
    TooShort,
    /// Too long.
    #[error("a password has at most {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
}

/// The hash could not be made: no memory, no randomness, or the work was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password could not be hashed")]
pub struct HashingFailed;

impl Password {
    /// A password that somebody tries. It may be anything.
    #[must_use]
    pub fn presented(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Checks that it is good enough to be set.
    ///
    /// # Errors
    /// [`WeakPassword`].
    pub fn check_strength(&self) -> Result<(), WeakPassword> {
        if self.0.len() > PASSWORD_BYTES_MAX {
            return Err(WeakPassword::TooLong);
        }
        if self.0.chars().count() < PASSWORD_CHARS_MIN {
            return Err(WeakPassword::TooShort);
        }
        Ok(())
    }

    /// Hashes it with a random salt, as a PHC string.
    ///
    /// # Errors
    /// [`HashingFailed`].
    pub async fn hash(self) -> Result<String, HashingFailed> {
        let work = move || Argon2::default().hash_password(self.0.as_bytes()).map(|phc| phc.to_string());
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| HashingFailed)? // silent-ok: a lost worker and a failed hash are the same to the caller
            .map_err(|_| HashingFailed)
    }

    /// Compares with a stored hash. Without one it takes the same time and says no.
    ///
    /// # Errors
    /// [`HashingFailed`] when the work was cancelled.
    pub async fn verify(self, phc: Option<String>) -> Result<bool, HashingFailed> {
        let work = move || {
            if self.0.len() > PASSWORD_BYTES_MAX {
                return false;
            }
            let known = phc.as_deref().and_then(|text| PasswordHash::new(text).ok());
            match known {
                Some(hash) => Argon2::default().verify_password(self.0.as_bytes(), &hash).is_ok(),
                None => {
                    let hashed: Result<PasswordHash, _> = Argon2::default().hash_password(self.0.as_bytes());
                    drop(hashed);
                    false
                }
            }
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| HashingFailed)
    }
}

#[cfg(test)]
mod tests;
