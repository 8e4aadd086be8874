//! Why somebody does not come in, and why a credential is not made.

use std::time::Duration;

use super::device::DEVICES_MAX;
use super::members::{MEMBER_NAME_CHARS_MAX, MEMBERS_MAX};
use super::passkeys::{PASSKEY_NAME_CHARS_MAX, PASSKEYS_MAX};
use super::password::{HashingFailed, WeakPassword};
use super::request_key::KeyReused;
use super::seal::SealError;
use super::secret::{NoRandomness, SecretText};
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

/// Why a sign-in or another proof of who somebody is failed.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The name or the password is wrong, or there is none: the answer is the same.
    #[error("the name or the password is wrong")]
    Wrong,
    /// The password is right, and a code of six digits is asked for besides.
    #[error("the code of six digits is missing")]
    CodeNeeded {
        /// Names the sign-in that waits for its code.
        pending: SecretText,
    },
    /// The code is wrong, old, or was used before.
    #[error("the code is wrong or was used before; wait for the next one")]
    WrongCode,
    /// The sign-in waited too long for its code.
    #[error("this sign-in is over; begin again")]
    Over,
    /// Too many wrong ones.
    #[error("too many wrong tries; try again in {} s", retry_after.as_secs().max(1))]
    LockedOut {
        /// When the next one is looked at.
        retry_after: Duration,
    },
    /// The passkey was refused.
    #[error(transparent)]
    Passkey(#[from] PasskeyError),
    /// The code cannot be checked now.
    #[error(transparent)]
    Seal(#[from] SealError),
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
    /// Nothing else would open the door.
    #[error("make a passkey first: without the password nothing would let you in")]
    LastCredential,
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

/// Why a passkey was not made or not accepted.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// The page's address is no name.
    #[error("passkeys need a name in the address: open this page as http://localhost with the same port")]
    NoHost,
    /// What the browser sent is no credential.
    #[error("this is not what a browser answers for a passkey")]
    Malformed,
    /// Unknown, used, or too old.
    #[error("this took too long or was done already; begin again")]
    NoCeremony,
    /// The key, its counter, or the page is another one.
    #[error("the passkey was not accepted here")]
    Refused,
    /// The name is empty or too long.
    #[error("a passkey's name has 1 to {PASSKEY_NAME_CHARS_MAX} characters")]
    Name,
    /// Too many.
    #[error("you have {PASSKEYS_MAX} passkeys already; remove one first")]
    TooMany,
    /// Nothing else would open the door.
    #[error("set a password or make another passkey first: without this one nothing would let you in")]
    LastCredential,
    /// No such passkey.
    #[error("no such passkey")]
    NotFound,
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// The store said no.
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Why a setup link, an invitation or a recovery key let nobody in.
#[derive(Debug, thiserror::Error)]
pub enum EnterError {
    /// The caller is not on this machine.
    #[error("setup works only on the machine that runs capuchin; open the link there")]
    NotLocal,
    /// The owner can sign in already.
    #[error("capuchin is set up already; sign in instead")]
    Done,
    /// The setup token is wrong or void.
    #[error(transparent)]
    Refused(#[from] SetupRefused),
    /// The invitation or recovery key is wrong or void: the answer is the same.
    #[error("this is wrong, or it was used already, or its time is over")]
    Void,
    /// Too many wrong ones from this address.
    #[error("too many wrong tries; try again in {} s", retry_after.as_secs().max(1))]
    LockedOut {
        /// When the next one is looked at.
        retry_after: Duration,
    },
    /// The name cannot be theirs.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// The passkey was not made.
    #[error(transparent)]
    Passkey(#[from] PasskeyError),
    /// The password could not be set.
    #[error(transparent)]
    Failed(#[from] PasswordError),
}

/// Why nothing about a person was changed.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// The name is empty, too long, or has other characters.
    #[error("a name has 1 to {MEMBER_NAME_CHARS_MAX} letters, digits, spaces, dots, dashes or underscores")]
    Name,
    /// Another person has it.
    #[error("another person has this name")]
    NameTaken,
    /// Too many people.
    #[error("there are {MEMBERS_MAX} people already; remove one first")]
    TooMany,
    /// The owner stays.
    #[error("the owner can be neither disabled nor removed nor invited")]
    IsOwner,
    /// They have signed in before.
    #[error("this person is in already; they sign in, or use their recovery key")]
    NotInvited,
    /// They have not come in yet.
    #[error("this person has not used the invitation yet; make a new link, or remove them")]
    StillInvited,
    /// No such person.
    #[error("no such person")]
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

/// Why a second factor was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// Codes go with a password.
    #[error("a code goes with a password; set one first, or use passkeys, which need no code")]
    NoPassword,
    /// Nothing waits for a first code.
    #[error("no enrolment waits for its code; begin again")]
    NotEnrolling,
    /// The first code is wrong.
    #[error("the code is wrong; check the clock of the device and try the next one")]
    Wrong,
    /// There is none to remove.
    #[error("there is no second factor")]
    NotFound,
    /// The seed cannot be kept.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// The store said no.
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Why a device was not let in. The words are those of RFC 8628 and RFC 6749.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// Nobody has decided yet.
    #[error("nobody has decided yet")]
    Pending,
    /// The device asks too often.
    #[error("the device asks too often; wait longer between two questions")]
    SlowDown,
    /// A person said no.
    #[error("a person denied it")]
    Denied,
    /// Unknown, used, or too old.
    #[error("the code is unknown, was used, or is too old; begin again")]
    Expired,
    /// The device asks for nothing, or for what does not exist.
    #[error("the device asks for rights that do not exist")]
    Scopes,
    /// The name is empty or too long.
    #[error("a device's name has 1 to {TOKEN_NAME_CHARS_MAX} characters")]
    Name,
    /// Too many wait.
    #[error("{DEVICES_MAX} devices wait for a decision; try again in some minutes")]
    TooMany,
    /// Too many wrong codes.
    #[error("too many wrong codes; try again in {} s", retry_after.as_secs().max(1))]
    LockedOut {
        /// When the next one is looked at.
        retry_after: Duration,
    },
    /// No token could be made.
    #[error(transparent)]
    Token(#[from] TokenError),
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
