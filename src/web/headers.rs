//! The content security policy of every page, and how a template becomes an answer.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

/// Scripts and styles of our own build only, nothing inline, no frame around us, and no text
/// becomes markup or an address of a script except through the policy `capuchin`.
pub const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types capuchin";

/// A page with its policies.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            let policies = [
                (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY)),
                // Under `no-referrer` browsers send `Origin: null` with our own forms.
                (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
            ];
            (status, policies, Html(html)).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A part of a page, for the live stream. Nothing when it cannot be rendered, which is logged.
pub(super) fn fragment(template: &impl Template) -> Option<String> {
    template
        .render()
        .inspect_err(|error| tracing::error!(%error, "a part of a page could not be rendered"))
        .ok()
}

#[cfg(test)]
mod tests;
