//! The one error type of the HTTP edge: RFC 9457 problem documents with stable codes.
//!
//! What is hidden, foreign, revoked or absent gets the same [`Problem::not_found`]. A detail
//! says what to do and never holds a secret. The edge adds the request id; a face with an
//! error shape of its own (`/v1`) takes the problem from the response's extensions.

use std::borrow::Cow;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::conditional::stale;
use crate::approvals::ApprovalError;
use crate::assistants::AssistantError;
use crate::db::DbError;
use crate::identity::{Forbidden, KeyReused, NotInPerson};
use crate::policy::PolicyError;
use crate::turns::TurnsError;
use crate::workspaces::WorkspaceError;
use capuchin_actors::ports::keep_ledger::{AcceptError, LedgerError};

/// Content type of problem documents.
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// One wrong field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldProblem {
    /// JSON pointer into the body (`/name`), or the name of a query parameter.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

/// An answer that is not what was asked for.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// A stable word for programs.
    pub code: &'static str,
    /// What happened and what to do, for people.
    pub detail: Cow<'static, str>,
    /// The fields that are wrong.
    pub errors: Vec<FieldProblem>,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

/// The document as it is sent.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument<'a> {
    /// Address of an explanation, relative to the console.
    #[serde(rename = "type")]
    kind: String,
    /// The status in words.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What happened and what to do.
    detail: &'a str,
    /// A stable word.
    code: &'a str,
    /// The request's id, as in the daemon's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "<[FieldProblem]>::is_empty")]
    errors: &'a [FieldProblem],
}

impl Problem {
    /// A problem with this status, code and detail.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// 400: the request cannot be read.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", detail)
    }

    /// 401: no credential, or one that is unknown, expired or revoked.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "sign in, or send `Authorization: Bearer` with a token from `capuchin token create`",
        )
    }

    /// 404, the same for everything that this caller cannot see.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
    }

    /// 409: another state than the request expects.
    pub fn conflict(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 422: the request is read but one field is wrong.
    pub fn invalid_field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let field = FieldProblem { pointer: pointer.into(), detail: detail.into() };
        let summary = format!("{}: {}", field.pointer, field.detail);
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields", summary);
        problem.errors.push(field);
        problem
    }

    /// 429: try again after the delay.
    pub fn too_many(code: &'static str, detail: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail) }
    }

    /// 503: a part of the daemon is not there at the moment.
    pub fn unavailable(detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            retry_after: Some(Duration::from_secs(1)),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
        }
    }

    /// 500: a defect. What it was is in the log under the request's id.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "something broke inside; the log has more under this request's id",
        )
    }

    /// The document, with the request's id when it is known.
    #[must_use]
    pub fn document<'a>(&'a self, request_id: Option<&'a str>) -> ProblemDocument<'a> {
        ProblemDocument {
            kind: format!("/help/errors/{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            instance: request_id,
            errors: &self.errors,
        }
    }

    /// The document as a body.
    pub fn body(&self, request_id: Option<&str>) -> Body {
        let json = serde_json::to_vec(&self.document(request_id)).unwrap_or_default(); // silent-ok: strings only
        Body::from(json)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.body(None));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        if let Some(delay) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(delay)));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// `Retry-After` in seconds, rounded up, at least one.
fn whole_seconds(delay: Duration) -> u64 {
    delay.as_millis().div_ceil(1_000).clamp(1, u128::from(u32::MAX)) as u64
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match error {
            DbError::DiskFull => LedgerError::DiskFull.into(),
            DbError::NoRow => Self::not_found(),
            DbError::Busy => Self::unavailable(error.to_string()),
            DbError::Io(_) | DbError::Unavailable | DbError::Closed | DbError::Timeout => {
                tracing::warn!(%error, "a request met a store that is not available");
                LedgerError::Unavailable.into()
            }
            other => {
                tracing::error!(error = %other, "a request met a store that refused");
                Self::internal()
            }
        }
    }
}

impl From<TurnsError> for Problem {
    fn from(error: TurnsError) -> Self {
        match error {
            TurnsError::Fenced => LedgerError::Fenced.into(),
            TurnsError::NoThread => Self::not_found(),
            TurnsError::KeyReused => AcceptError::KeyReused.into(),
            TurnsError::Store(error) => error.into(),
        }
    }
}

impl From<KeyReused> for Problem {
    fn from(error: KeyReused) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", error.to_string())
    }
}

impl From<AssistantError> for Problem {
    fn from(error: AssistantError) -> Self {
        let detail = error.to_string();
        match error {
            AssistantError::Field { field, .. } => Self::invalid_field(format!("/{field}"), detail),
            AssistantError::Chain(_) => Self::invalid_field("/routing", detail),
            AssistantError::NameTaken => Self::conflict("name_taken", detail),
            AssistantError::Stale => stale(),
            AssistantError::IsDefault => Self::conflict("is_default", detail),
            AssistantError::NotFound => Self::not_found(),
            AssistantError::KeyReused(reused) => reused.into(),
            AssistantError::Store(error) => error.into(),
        }
    }
}

impl From<WorkspaceError> for Problem {
    fn from(error: WorkspaceError) -> Self {
        let detail = error.to_string();
        match error {
            WorkspaceError::Field { field, .. } | WorkspaceError::Unknown { field } => {
                Self::invalid_field(format!("/{field}"), detail)
            }
            WorkspaceError::Globs => Self::invalid_field("/indexed_files", detail),
            WorkspaceError::NameTaken => Self::conflict("name_taken", detail),
            WorkspaceError::Stale => stale(),
            WorkspaceError::IsDefault => Self::conflict("is_default", detail),
            WorkspaceError::NotFound => Self::not_found(),
            WorkspaceError::Root(_) => Self::invalid_field("/path", detail),
            WorkspaceError::Folder(_) => {
                tracing::error!(error = %detail, "the folder of a workspace cannot be used");
                Self::conflict("unusable_folder", detail)
            }
            WorkspaceError::File(error) => error.into(),
            WorkspaceError::KeyReused(reused) => reused.into(),
            WorkspaceError::Store(error) => error.into(),
        }
    }
}

impl From<PolicyError> for Problem {
    fn from(error: PolicyError) -> Self {
        let detail = error.to_string();
        match error {
            PolicyError::Field { field, .. } => Self::invalid_field(format!("/{field}"), detail),
            PolicyError::TooMany => Self::conflict("too_many_rules", detail),
            PolicyError::Stale => stale(),
            PolicyError::NotFound => Self::not_found(),
            PolicyError::Store(error) => error.into(),
        }
    }
}

impl From<ApprovalError> for Problem {
    fn from(error: ApprovalError) -> Self {
        let detail = error.to_string();
        match error {
            ApprovalError::Empty | ApprovalError::TooLong => Self::invalid_field("/actions", detail),
            ApprovalError::Text { field } => Self::invalid_field(format!("/{field}"), detail),
            ApprovalError::TooMany => Self::conflict("too_many_approvals", detail),
            ApprovalError::Decided(_) => Self::conflict("already_decided", detail),
            ApprovalError::NotApproved => Self::conflict("not_approved", detail),
            ApprovalError::Own | ApprovalError::NeedsAdmin => {
                Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
            }
            ApprovalError::NoThread => Self::invalid_field("/decision", detail),
            ApprovalError::NotFound => Self::not_found(),
            ApprovalError::KeyReused(reused) => reused.into(),
            ApprovalError::Policy(error) => error.into(),
            ApprovalError::Store(error) => error.into(),
        }
    }
}

impl From<Forbidden> for Problem {
    fn from(error: Forbidden) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", error.to_string())
    }
}

impl From<NotInPerson> for Problem {
    fn from(error: NotInPerson) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", error.to_string())
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::DiskFull => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "storage_full", error.to_string())
            }
            LedgerError::Unavailable => Self::unavailable(error.to_string()),
            LedgerError::Fenced => Self::conflict("fenced", error.to_string()),
        }
    }
}

impl From<AcceptError> for Problem {
    fn from(error: AcceptError) -> Self {
        let detail = error.to_string();
        match error {
            AcceptError::Busy { retry_after } => Self::too_many("busy", detail, retry_after),
            AcceptError::KeyReused => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail)
            }
            AcceptError::NoThread => Self::not_found(),
            AcceptError::Quarantined { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "quarantined", detail)
            }
            AcceptError::Refused { .. } => Self::new(StatusCode::FORBIDDEN, "halted", detail),
            AcceptError::Held { .. } => Self::new(StatusCode::SERVICE_UNAVAILABLE, "kill_switch", detail),
            AcceptError::Ledger(ledger) => ledger.into(),
            AcceptError::Timeout => Self::unavailable(detail),
        }
    }
}

#[cfg(test)]
mod tests;
