//! What a form answers: JSON to our scripts, a page to a browser without them.

use askama::Template;
use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;

use super::framed::sentence;
use super::headers::page;
use super::read;
use super::view::{Frame, Notices, Theme};
use crate::http::{AppState, Problem};
use crate::identity::Principal;

/// How the caller wants its answer.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    /// Whether it is a script that wants JSON.
    pub(super) json: bool,
    /// How its pages look.
    pub(super) theme: Theme,
    /// What every page tells, when it is somebody who is signed in.
    pub(super) notices: Notices,
}

impl Reader {
    fn of(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).map(HeaderValue::as_bytes).unwrap_or_default();
        let json = accept.starts_with(b"application/json");
        Self { json, theme: Theme::of(headers), notices: Notices::default() }
    }

    /// The frame of a page for whoever asks.
    pub(super) fn frame(&self, title: impl Into<String>, place: &'static str) -> Frame {
        Frame { notices: self.notices.clone(), ..Frame::private(title, place, self.theme) }
    }

    /// Back to a page with what a form did there; or the page again with why it did not, which `refused` puts into it.
    pub(super) async fn after<P: Template>(
        &self,
        path: &str,
        outcome: Result<&str, Problem>,
        again: impl Future<Output = Result<P, Problem>>,
        refused: impl FnOnce(&mut P, String),
    ) -> Result<Response, Problem> {
        match outcome {
            Ok(done) => Ok(Redirect::to(&format!("{path}?done={done}")).into_response()),
            Err(problem) if self.json || problem.status.is_server_error() => Err(problem),
            Err(problem) => {
                let mut shown = again.await?;
                refused(&mut shown, sentence(&problem.detail));
                Ok(page(problem.status, &shown))
            }
        }
    }

    /// What happened as JSON, or the page that shows it.
    pub(super) fn answer(&self, status: StatusCode, value: Value, page: &str) -> Response {
        if self.json { (status, Json(value)).into_response() } else { Redirect::to(page).into_response() }
    }
}

impl FromRequestParts<AppState> for Reader {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let mut reader = Self::of(&parts.headers);
        // `May` has left it here, if the page is for somebody.
        if let Some(by) = parts.extensions.get::<Principal>().filter(|_| !reader.json) {
            reader.notices = read::notices::notices(state, by).await;
        }
        Ok(reader)
    }
}

/// A form's fields, with every refusal as a problem.
pub(super) use crate::http::extract::FormBody as Fields;
