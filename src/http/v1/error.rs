//! Errors in OpenAI's envelope: `{"error":{"message","type","param","code"}}`.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use capuchin_actors::ports::keep_ledger::AcceptError;
use serde::Serialize;
use std::time::Duration;

use crate::http::problem::Problem;
use crate::protocol::model::{ModelError, ModelErrorKind as Kind};
use crate::protocol::turn::TurnFailure;

/// OpenAI's SDKs try again unless this says `false`.
const X_SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// An answer that is an error.
#[derive(Clone, Debug)]
pub(in crate::http) struct ApiError {
    pub(in crate::http) status: StatusCode,
    /// What happened and what to do.
    pub(in crate::http) message: String,
    /// The wrong member of the request.
    pub(in crate::http) param: Option<String>,
    /// A stable word.
    pub(in crate::http) code: String,
    pub(in crate::http) retry_after: Option<Duration>,
    /// Whether the same call may succeed later.
    pub(in crate::http) retryable: bool,
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: EnvelopeError<'a>,
}

#[derive(Serialize)]
struct EnvelopeError<'a> {
    message: &'a str,
    r#type: &'static str,
    param: Option<&'a str>,
    code: &'a str,
}

impl ApiError {
    pub(in crate::http) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            param: None,
            code: code.to_owned(),
            retry_after: None,
            retryable: false,
        }
    }

    /// 400: a member of the request is wrong.
    pub(in crate::http) fn invalid(param: &str, message: impl Into<String>) -> Self {
        let error = Self::new(StatusCode::BAD_REQUEST, "invalid_request", message);
        Self { param: Some(param.to_owned()), ..error }
    }

    /// 404: no backend, model or assistant has this name.
    pub(in crate::http) fn no_model(name: &str) -> Self {
        let name: String = name.chars().take(100).collect();
        let text = format!(
            "there is no model `{name}`; a model is `backend/model`, a backend, or an assistant (see GET /v1/models)"
        );
        let error = Self::new(StatusCode::NOT_FOUND, "model_not_found", text);
        Self { param: Some("model".to_owned()), ..error }
    }

    /// The envelope as JSON.
    pub(in crate::http) fn json(&self) -> Vec<u8> {
        let error = EnvelopeError {
            message: &self.message,
            r#type: type_of(self.status),
            param: self.param.as_deref(),
            code: &self.code,
        };
        serde_json::to_vec(&Envelope { error }).unwrap_or_default() // silent-ok: strings only
    }
}

/// OpenAI's word for a class of errors.
fn type_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.json()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(delay) = self.retry_after {
            let seconds = delay.as_millis().div_ceil(1_000).clamp(1, u128::from(u32::MAX));
            headers
                .insert(header::RETRY_AFTER, HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX)));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let again = self.status.is_server_error() || self.status == StatusCode::TOO_MANY_REQUESTS;
        if again && !self.retryable {
            headers.insert(X_SHOULD_RETRY, HeaderValue::from_static("false"));
        }
        // For a client that reads another envelope.
        response.extensions_mut().insert(self);
        response
    }
}

/// Every failure of a provider has a status that tells a caller what to do. A refusal of *our* credential is not a
/// refusal of the caller's, so it is a bad gateway and not 401.
impl From<ModelError> for ApiError {
    fn from(error: ModelError) -> Self {
        let status = match error.kind {
            Kind::InvalidRequest => StatusCode::BAD_REQUEST,
            Kind::TooLarge if error.status == Some(413) => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::TooLarge => StatusCode::BAD_REQUEST,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Denied => StatusCode::FORBIDDEN,
            Kind::RateLimited | Kind::BudgetExceeded => StatusCode::TOO_MANY_REQUESTS,
            Kind::Overloaded | Kind::Halted => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Kind::Configuration => StatusCode::INTERNAL_SERVER_ERROR,
            Kind::Authentication
            | Kind::Permission
            | Kind::Upstream
            | Kind::Network
            | Kind::Truncated
            | Kind::Protocol => StatusCode::BAD_GATEWAY,
        };
        let (retry_after, retryable) = (error.retry_after, error.kind.is_transient());
        Self { retry_after, retryable, ..Self::new(status, error.kind.as_str(), error.message) }
    }
}

/// How a durable turn ended otherwise than well.
impl From<TurnFailure> for ApiError {
    fn from(failure: TurnFailure) -> Self {
        let kind: Option<Kind> = serde_json::from_value(failure.code.as_str().into()).ok();
        let retry_after = failure.retry_after_s.map(Duration::from_secs);
        if let Some(kind) = kind {
            let error = ModelError { retry_after, ..ModelError::new(kind, failure.message) };
            return Self { retryable: failure.retryable, ..Self::from(error) };
        }
        let status = match failure.code.as_str() {
            "stopped" => StatusCode::CONFLICT,
            "deadline" => StatusCode::GATEWAY_TIMEOUT,
            "busy" => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let retryable = failure.retryable;
        Self { retry_after, retryable, ..Self::new(status, &failure.code, failure.message) }
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        // OpenAI answers 400 to what is read but wrong, and its SDKs map that.
        let status = match problem.status {
            StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
            other => other,
        };
        let code = if status == StatusCode::UNAUTHORIZED { "invalid_api_key" } else { problem.code };
        let param = problem.errors.first().map(|field| field.pointer.trim_start_matches('/').to_owned());
        let retry_after = problem.retry_after;
        let error = Self::new(status, code, problem.detail);
        Self { param, retry_after, retryable: retry_after.is_some(), ..error }
    }
}

impl From<AcceptError> for ApiError {
    fn from(error: AcceptError) -> Self {
        Problem::from(error).into()
    }
}

#[cfg(test)]
mod tests;
