//! Identity: who comes in, and what they may.
//!
//! Three credentials: the owner's password (which opens a browser session), API tokens, and
//! one-use tickets for streams; and a one-time setup token before there is a password.
//! [`Identity::authenticate`] is the only way from a credential to a [`Principal`], and
//! [`Principal::authorize`] the only comparison of scopes.
//!
//! **Invariant:** no value that opens something is stored or printed, only its hash.
//! **Invariant:** scopes come from the stored record, never from a request.

mod error;
mod gate;
mod password;
mod principal;
mod rate;
mod request_key;
mod scope;
mod secret;
mod sessions;
mod setup;
mod sign_in;
mod store;
mod tickets;
mod token_desk;
mod tokens;

pub use error::{AuthError, PasswordError, SetupError, SignInError, TokenError};
pub use gate::{Clock, Credential, Identity};
pub use password::{PASSWORD_CHARS_MIN, Password, WeakPassword};
pub use principal::{Forbidden, Principal, Who};
pub use rate::{FAILURES_MAX, LOCKOUT};
pub use request_key::{IDEMPOTENCY_KEY_CHARS_MAX, KeyReused, Made, RequestKey, once};
pub use scope::{BadScopes, Scope, Scopes};
pub use secret::{NoRandomness, SecretHash, SecretText, TOKEN_PREFIX};
pub use sessions::SESSION_LIFE_MS;
pub use setup::{SETUP_LIFETIME, SETUP_TRIES_MAX, SetupRefused};
pub use sign_in::SignedIn;
pub use tickets::{NoTicket, TICKET_LIFETIME};
pub use tokens::{CreatedToken, NewToken, TOKEN_NAME_CHARS_MAX, TOKENS_MAX, TokenRecord};
