//! Versions of things as strong entity tags, and the headers that make a call conditional or repeatable.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::problem::Problem;
use crate::identity::{IDEMPOTENCY_KEY_CHARS_MAX, Made, Principal, RequestKey};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer is the first one again.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The version that the caller knows: `If-Match: "3"`. `*` and no header are no condition.
pub struct IfMatch(Option<i64>);

impl IfMatch {
    /// The version, if the call is conditional.
    #[must_use]
    pub const fn version(&self) -> Option<i64> {
        self.0
    }

    /// The version, for things that are only changed conditionally.
    ///
    /// # Errors
    /// 428.
    pub fn required(&self) -> Result<i64, Problem> {
        self.0.ok_or_else(unconditional)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(None));
        }
        let version = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')?.parse().ok());
        version.map(|version| Self(Some(version))).ok_or_else(stale)
    }
}

/// The state of a file that the caller knows: `If-Match: "tag"`, or `*` for whatever it is.
pub struct IfMatchTag(Option<String>);

impl IfMatchTag {
    /// The tag without quotation marks, or `*`, if the call is conditional.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatchTag {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or_default().trim();
        let tag =
            text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|tag| !tag.contains('"'));
        Ok(Self(Some(if text == "*" { text } else { tag.ok_or_else(stale)? }.to_owned())))
    }
}

/// 428.
#[must_use]
pub fn unconditional() -> Problem {
    Problem::new(
        StatusCode::PRECONDITION_REQUIRED,
        "precondition_required",
        "send `If-Match` with the ETag that you read, so that nobody's change is lost",
    )
}

/// 412.
#[must_use]
pub fn stale() -> Problem {
    Problem::new(
        StatusCode::PRECONDITION_FAILED,
        "stale",
        "it was changed since you read it; read it again and repeat your change",
    )
}

/// `Idempotency-Key`: 1–200 visible characters.
pub struct IdempotencyKey(pub Option<String>);

impl IdempotencyKey {
    /// The key of this principal for one kind of call with this body.
    #[must_use]
    pub fn of(&self, principal: &Principal, call: &str, body: &impl Serialize) -> Option<RequestKey> {
        let key = self.0.as_deref()?;
        let body = serde_json::to_vec(body).unwrap_or_default(); // silent-ok: bodies came as JSON
        Some(RequestKey::new(principal, call, key, &body))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(&IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        let key = value.to_str().unwrap_or_default();
        let fits = (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&key.len()) && values.next().is_none();
        if !fits {
            return Err(Problem::bad_request(format!(
                "Idempotency-Key is sent once and has 1 to {IDEMPOTENCY_KEY_CHARS_MAX} visible characters"
            )));
        }
        Ok(Self(Some(key.to_owned())))
    }
}

/// A thing with its version as the entity tag.
pub fn tagged(status: StatusCode, version: i64, view: impl Serialize) -> Response {
    let mut response = (status, Json(view)).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// 201 with the thing, marked when an earlier call made it.
pub fn created<T, V: Serialize>(
    made: Made<T>,
    version: impl Fn(&T) -> Option<i64>,
    view: impl Fn(T) -> V,
) -> Response {
    let (version, repeated) = (version(&made.thing), made.repeated);
    let view = view(made.thing);
    let mut response = match version {
        Some(version) => tagged(StatusCode::CREATED, version, view),
        None => (StatusCode::CREATED, Json(view)).into_response(),
    };
    if repeated {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

#[cfg(test)]
mod tests;
