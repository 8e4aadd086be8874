//! Why somebody does not come in, and why a credential is not made.

use std::time::Duration;

use super::password::{HashingFailed, WeakPassword};
use super::request_key::KeyReused;
use super::secret::NoRandomness;
use super::setup::SetupRefused;
use super::tokens::{TOKEN_NAME_CHARS_MAX, TOKENS_MAX};
use crate::db::DbError;

/// A credential that opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Unknown, expired, revoked or ended: the caller cannot tell which.
    #[error("the credential is unknown, expired or revoked")]
    Unknown,
    /// Too many wrong ones from this address.
    #[error("too many wrong credentials; try again in {} s", retry_after.as_secs().max(1))]
    LockedOut {
        /// When the next one is looked at.
        retry_after: Duration,
    },
}

/// Why a sign-in failed.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The password is wrong, or none was ever set: the answer is the same.
    #[error("the password is wrong")]
    Wrong,
    /// Too many wrong ones from this address.
    #[error("too many wrong passwords; try again in {} s", retry_after.as_secs().max(1))]
    LockedOut {
        /// When the next one is looked at.
        retry_after: Duration,
    },
    /// No session could be made.
    #[error(transparent)]
    Failed(#[from] PasswordError),
}

/// Why a password or a session was not stored.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// It is too weak.
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    /// It could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// The store said no.
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Why the setup did not happen.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The caller is not on this machine.
    #[error("setup works only on the machine that runs capuchin; open the link there")]
    NotLocal,
    /// A password exists.
    #[error("a password is set already; sign in instead")]
    Done,
    /// The token is wrong or void.
    #[error(transparent)]
    Refused(#[from] SetupRefused),
    /// The password could not be set.
    #[error(transparent)]
    Failed(#[from] PasswordError),
}

/// Why a token was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The name is empty or too long.
    #[error("a token's name has 1 to {TOKEN_NAME_CHARS_MAX} characters")]
    Name,
    /// The budget is no amount.
    #[error("a budget is more than 0 US dollars")]
    Budget,
    /// The end is not in the future.
    #[error("the expiry is in the past")]
    Expiry,
    /// More than its maker may do itself.
    #[error("a token cannot have more rights than its maker")]
    Escalation,
    /// Too many live tokens.
    #[error("there are {TOKENS_MAX} tokens already; revoke one first")]
    TooMany,
    /// No such token.
    #[error("no such token")]
    NotFound,
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// The store said no.
    #[error(transparent)]
    Store(#[from] DbError),
}
