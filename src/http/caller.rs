//! Who is at the other end, for the routes by which people come in.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};

use super::connection::Connection;
use super::cookie;
use super::problem::Problem;
use crate::identity::{Client, SecretText};

/// See the module. Made of the connection, and of headers only where a lie helps nobody.
#[derive(Clone, Debug)]
pub struct Caller {
    /// For counting, listing and the audit.
    pub client: Client,
    /// Whether a cookie for it is a secure one.
    secure: bool,
    /// The page that asks. The edge has compared it with the host before.
    origin: Option<String>,
    /// The session that the browser has.
    pub session: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let connection = parts.extensions.get::<Connection>().copied();
        // Without a connection there is no listener and so nobody to be let in.
        let connection = connection.unwrap_or(Connection::UNKNOWN);
        Ok(Self::of(&parts.headers, connection))
    }
}

impl Caller {
    fn of(headers: &HeaderMap, connection: Connection) -> Self {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let agent = text(header::USER_AGENT).unwrap_or_default();
        Self {
            client: Client::new(connection.address(), connection == Connection::Control, agent),
            secure: cookie::is_secure(headers, connection.is_tls()),
            origin: text(header::ORIGIN).map(str::to_owned),
            session: cookie::session(headers, connection.is_tls()).map(str::to_owned),
        }
    }

    /// The origin of the page that asks. Browsers name it with every request that passkeys need.
    ///
    /// # Errors
    /// 400 without one.
    pub fn origin(&self) -> Result<&str, Problem> {
        self.origin
            .as_deref()
            .ok_or_else(|| Problem::bad_request("a passkey belongs to a page: send its `Origin`"))
    }

    /// Whether the page came over TLS, ours or a proxy's.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// `Set-Cookie` of a new session.
    ///
    /// # Errors
    /// 500 for a value that is no header, which none of ours is.
    pub fn cookie(&self, value: &SecretText) -> Result<HeaderValue, Problem> {
        cookie::set(value, self.secure).ok_or_else(Problem::internal)
    }

    /// `Set-Cookie` that makes the browser forget its session.
    ///
    /// # Errors
    /// As [`Caller::cookie`].
    pub fn no_cookie(&self) -> Result<HeaderValue, Problem> {
        cookie::clear(self.secure).ok_or_else(Problem::internal)
    }
}
