//! The shapes of `/sessions`: what is told of a process, and errors as `{"error": TEXT}`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::http::moment::rfc3339;
use crate::http::problem::Problem;
use crate::processes::{Process, ProcessError};

/// A process.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionInfo {
    /// Eight hexadecimal digits.
    id: String,
    task: String,
    /// Its first 500 characters.
    task_preview: String,
    cwd: String,
    /// Program and arguments.
    command: String,
    /// `exec`, `print` or `interactive`.
    r#type: &'static str,
    /// `running`, `exited` or `killed`.
    status: &'static str,
    /// `null` while it runs, and where it was killed.
    exit_code: Option<i32>,
    pid: Option<u32>,
    created_at: String,
    ended_at: Option<String>,
    output_lines: u64,
    ws_clients: usize,
    owner: Option<String>,
    labels: Vec<String>,
    /// How it ended, in words; `null` while it runs.
    reason: Option<String>,
    /// Size of its terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u16>,
    /// Size of its terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    cols: Option<u16>,
}

/// A process with what it said of late.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionDetail {
    #[serde(flatten)]
    info: SessionInfo,
    /// The newest output; of a terminal, its screen.
    recent_output: String,
    /// Where the transcript is on the daemon's machine.
    transcript_path: String,
}

/// An answer that is not what was asked for.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    text: String,
    retry_after_s: Option<u64>,
}

// === impl SessionInfo ===

impl SessionInfo {
    pub(super) fn of(process: Process, peers: usize) -> Self {
        Self {
            id: process.id.to_string(),
            task_preview: process.task_preview(),
            task: process.task,
            cwd: process.cwd,
            command: process.command,
            r#type: process.kind.as_str(),
            status: process.state.status().as_str(),
            exit_code: process.code,
            pid: process.pid,
            created_at: rfc3339(process.created_ms),
            ended_at: process.ended_ms.map(rfc3339),
            output_lines: process.lines,
            ws_clients: peers,
            owner: Some(process.owner).filter(|owner| !owner.is_empty()),
            labels: process.labels,
            reason: Some(process.reason).filter(|reason| !reason.is_empty()),
            rows: process.terminal.map(|size| size.rows),
            cols: process.terminal.map(|size| size.cols),
        }
    }
}

impl SessionDetail {
    pub(super) const fn new(info: SessionInfo, recent_output: String, transcript_path: String) -> Self {
        Self { info, recent_output, transcript_path }
    }
}

// === impl Failure ===

impl Failure {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), retry_after_s: None }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({ "error": self.text }))).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        // The original knows 400 for all that is wrong with a request.
        let (status, text) = match problem.status {
            StatusCode::UNPROCESSABLE_ENTITY => (StatusCode::BAD_REQUEST, problem.detail.into_owned()),
            StatusCode::UNAUTHORIZED => (StatusCode::UNAUTHORIZED, "Unauthorized".to_owned()),
            StatusCode::NOT_FOUND => (StatusCode::NOT_FOUND, "Not found".to_owned()),
            other => (other, problem.detail.into_owned()),
        };
        let retry_after_s = problem.retry_after.map(|delay| delay.as_secs().max(1));
        Self { status, text, retry_after_s }
    }
}

impl From<ProcessError> for Failure {
    fn from(error: ProcessError) -> Self {
        let text = error.to_string();
        match error {
            ProcessError::Wish { .. } | ProcessError::TooMany { .. } | ProcessError::NotRunning => {
                Self::new(StatusCode::BAD_REQUEST, text)
            }
            ProcessError::Denied(_) => Self::new(StatusCode::FORBIDDEN, text),
            ProcessError::NotFound => Problem::not_found().into(),
            ProcessError::Busy => {
                Self { retry_after_s: Some(1), ..Self::new(StatusCode::TOO_MANY_REQUESTS, text) }
            }
            ProcessError::Unstarted(_) | ProcessError::Transcript(_) => {
                tracing::warn!(%error, "a process is not at hand");
                Self { retry_after_s: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, text) }
            }
            ProcessError::KeyReused(reused) => Problem::from(reused).into(),
            ProcessError::Store(error) => Problem::from(error).into(),
        }
    }
}

/// Puts problems of extractors and layers into the shape.
pub(super) async fn in_shape(mut response: Response) -> Response {
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) => Failure::from(problem).into_response(),
        None => response,
    }
}
