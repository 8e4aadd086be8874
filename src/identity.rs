//! Identity: who comes in, and what they may.
//!
//! People (the owner and members) come in with passkeys, or with a password and a code; programs with
//! API tokens; streams with one-use tickets. Who has nothing yet, or lost it, comes in by a setup link,
//! an invitation or a recovery key. [`Identity::authenticate`] is the only way from a credential to a
//! [`Principal`], and [`Principal::authorize`] the only comparison of scopes.
//!
//! **Invariant:** no value that opens something is stored or printed, only its hash; what must be read
//! again is sealed.
//! **Invariant:** scopes come from the stored record, never from a request.
//! **Invariant:** whoever may open the home's folder cannot be locked out: the control socket counts no failures.

mod accounts;
mod client;
mod code_desk;
mod device;
mod device_desk;
mod entrance;
mod error;
mod gate;
mod member_desk;
mod members;
mod passkey_desk;
mod passkeys;
mod password;
mod principal;
mod rate;
mod recovery;
mod request_key;
mod scope;
mod seal;
mod secret;
mod session_desk;
mod sessions;
mod setup;
mod sign_in;
mod store;
mod tickets;
mod token_desk;
mod tokens;
mod told;
mod totp;

pub use client::Client;
pub use device::{DEVICE_INTERVAL, DEVICE_LIFETIME, DEVICES_MAX, DeviceBegun, DeviceWish};
pub use device_desk::TOKEN_LIFE_DEFAULT_MS;
pub use entrance::{Entered, Grant, NewCredential};
pub use error::{
    AuthError, CodeError, DeviceError, EnterError, MemberError, PasskeyError, PasswordError, SignInError,
    TokenError,
};
pub use gate::{Clock, Credential, Identity};
pub use member_desk::{INVITE_LIFETIME_MS, Invited};
pub use members::{MEMBER_NAME_CHARS_MAX, MEMBERS_MAX, Member, MemberState, OWNER_NAME, Role};
pub use passkeys::{Begun, PASSKEY_NAME_CHARS_MAX, PASSKEYS_MAX, PasskeyRecord};
pub use password::{PASSWORD_CHARS_MIN, Password, WeakPassword};
pub use principal::{Forbidden, NotInPerson, Principal, Who};
pub use rate::{FAILURES_MAX, LOCKOUT};
pub use request_key::{IDEMPOTENCY_KEY_CHARS_MAX, KeyReused, Made, RequestKey, once};
pub use scope::{BadScopes, Scope, Scopes};
pub use seal::SealError;
pub use secret::{NoRandomness, SecretHash, SecretText, TOKEN_PREFIX};
pub use session_desk::SessionView;
pub use sessions::{Means, PROOF_LIFE_MS, SESSION_LIFE_MS, WebSession};
pub use setup::{SETUP_LIFETIME, SETUP_TRIES_MAX, SetupRefused};
pub use sign_in::SignedIn;
pub use tickets::{NoTicket, TICKET_LIFETIME};
pub use tokens::{CreatedToken, NewToken, TOKEN_NAME_CHARS_MAX, TOKENS_MAX, TokenRecord};
pub use totp::Enrolment;
