//! The session cookie: one value, two names.
//!
//! Over TLS it has the `__Host-` prefix, which browsers accept only with `Secure`,
//! `Path=/` and no domain; over plain loopback HTTP it cannot.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::identity::{SESSION_LIFE_MS, SecretText};

const PLAIN: &str = "capuchin_session";
const SECURE: &str = "__Host-capuchin_session";

/// The value of the session cookie. The secure name wins; over `tls` it is the only one, since the other could
/// have been set by a page that is not.
#[must_use]
pub fn session(headers: &HeaderMap, tls: bool) -> Option<&str> {
    value_of(headers, SECURE).or_else(|| value_of(headers, PLAIN).filter(|_| !tls))
}

/// `Set-Cookie` of a new session.
#[must_use]
pub fn set(value: &SecretText, secure: bool) -> Option<HeaderValue> {
    cookie(value.expose(), SESSION_LIFE_MS / 1_000, secure)
}

/// `Set-Cookie` that makes the browser forget its session.
#[must_use]
pub fn clear(secure: bool) -> Option<HeaderValue> {
    cookie("", 0, secure)
}

/// Whether the page of this request came over TLS, ours or a proxy's: its origin says so.
#[must_use]
pub fn is_secure(headers: &HeaderMap, tls: bool) -> bool {
    tls || headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https://"))
}

fn cookie(value: &str, max_age_s: i64, secure: bool) -> Option<HeaderValue> {
    let (name, flag) = if secure { (SECURE, "; Secure") } else { (PLAIN, "") };
    let text = format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{flag}");
    let mut header = HeaderValue::from_str(&text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

fn value_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
        .filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests;
