//! What a form answers: JSON to our scripts, a page to a browser without them.

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::view::Theme;
use crate::http::Problem;

/// How the caller wants its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader {
    /// Whether it is a script that wants JSON.
    pub(super) json: bool,
    /// How its pages look.
    pub(super) theme: Theme,
}

impl Reader {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).map(HeaderValue::as_bytes).unwrap_or_default();
        Self { json: accept.starts_with(b"application/json"), theme: Theme::of(headers) }
    }

    /// What happened as JSON, or the page that shows it.
    pub(super) fn answer(self, status: StatusCode, value: Value, page: &str) -> Response {
        if self.json { (status, Json(value)).into_response() } else { Redirect::to(page).into_response() }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Reader {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.headers))
    }
}

/// A form's fields, with every refusal as a problem.
pub(super) struct Fields<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Fields<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match axum::Form::<T>::from_request(request, state).await {
            Ok(axum::Form(fields)) => Ok(Self(fields)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(crate::http::extract::payload_too_large())
            }
            Err(rejection) => Err(Problem::bad_request(rejection.body_text())),
        }
    }
}
