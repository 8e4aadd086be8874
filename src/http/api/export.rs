//! `/api/v1/threads/{id}/export`: a conversation to take away, as JSON lines or Markdown.

use std::fmt::Write as _;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::guard::{Guard, TextOf};
use crate::http::auth::{May, ReadChats};
use crate::http::extract::{Named, Params};
use crate::http::moment::rfc3339;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::Principal;
use crate::protocol::ids::{MessageId, ThreadId};
use crate::workspaces::{Message, Threads};

/// Messages that are read at a time.
const PAGE: usize = 200;

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Jsonl,
    Markdown,
}

#[derive(Deserialize)]
struct Export {
    #[serde(default)]
    format: Format,
}

/// One line. `POST /api/v1/threads/import` takes the same shape.
#[derive(Serialize)]
struct Line<'a> {
    thread: String,
    role: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'a str>,
    content: &'a str,
    created_at: String,
    id: String,
    turn_id: Option<String>,
    provenance: &'a str,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(export))
}

/// The whole conversation, as JSON lines or as Markdown.
#[utoipa::path(
    get, path = "/api/v1/threads/{id}/export", tag = "threads",
    params(
        ("id" = String, Path),
        ("format" = Option<String>, Query, description = "jsonl (without it) or markdown"),
    ),
    responses((status = 200, content_type = "application/x-ndjson", body = String)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn export(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(id): Named<ThreadId>,
    Params(Export { format }): Params<Export>,
) -> Result<Response, Problem> {
    let thread = state.threads.get(&by, id).await?;
    let (media_type, extension, head) = match format {
        Format::Jsonl => ("application/x-ndjson", "jsonl", String::new()),
        Format::Markdown => ("text/markdown; charset=utf-8", "md", format!("# {}\n\n", thread.title)),
    };
    let of = TextOf { tenant: by.tenant.clone(), thread: Some(id) };
    let head = state.guard.clean(&of, "export", head).text;
    let scan = (state.guard, of);
    let reader = Reader { threads: state.threads, scan, by: by.0, id, format, after: None, head: Some(head) };
    let mut response = Body::from_stream(reader.into_stream()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let name = format!("attachment; filename=\"thread-{id}.{extension}\"");
    headers
        .insert(header::CONTENT_DISPOSITION, HeaderValue::from_str(&name).map_err(|_| Problem::internal())?);
    Ok(response)
}

/// Reads page by page, so that a long conversation is never in memory at once.
struct Reader {
    threads: Threads,
    /// What is taken away is scanned again: what is known to be a secret now may be in old messages.
    scan: (Guard, TextOf),
    by: Principal,
    id: ThreadId,
    format: Format,
    after: Option<MessageId>,
    /// What comes before the first message.
    head: Option<String>,
}

/// The store failed in the middle: the body ends without its end, so that nobody takes it for whole.
#[derive(Debug, thiserror::Error)]
#[error("the conversation could not be read to its end")]
struct Cut;

impl Reader {
    fn into_stream(self) -> impl Stream<Item = Result<Bytes, Cut>> + Send {
        stream::unfold(Some(self), |reader| async move {
            let mut reader = reader?;
            match reader.next().await {
                Ok(Some(bytes)) => Some((Ok(bytes), Some(reader))),
                Ok(None) => None,
                Err(cut) => Some((Err(cut), None)),
            }
        })
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Cut> {
        if let Some(head) = self.head.take().filter(|head| !head.is_empty()) {
            return Ok(Some(head.into()));
        }
        let messages = self.threads.messages(&self.by, self.id, self.after, PAGE).await.map_err(|error| {
            tracing::warn!(%error, "an export ends early");
            Cut
        })?;
        let Some(last) = messages.last() else { return Ok(None) };
        self.after = Some(last.id);
        let mut text = String::new();
        for mut message in messages {
            message.content = self.scan.0.clean(&self.scan.1, "export", message.content).text;
            self.render(&mut text, &message);
        }
        Ok(Some(text.into()))
    }

    fn render(&self, text: &mut String, message: &Message) {
        match self.format {
            Format::Jsonl => {
                let line = Line {
                    thread: self.id.to_string(),
                    role: &message.role,
                    author: message.author.as_deref(),
                    content: &message.content,
                    created_at: rfc3339(message.created_ms),
                    id: message.id.to_string(),
                    turn_id: message.turn_id.map(|id| id.to_string()),
                    provenance: &message.provenance,
                };
                // silent-ok: strings only, they have a JSON form
                text.push_str(&serde_json::to_string(&line).unwrap_or_default());
                text.push('\n');
            }
            Format::Markdown => {
                let when = rfc3339(message.created_ms);
                let who = message.author.as_deref().unwrap_or(&message.role);
                let written = writeln!(text, "## {who} · {when}\n\n{}\n", message.content);
                debug_assert!(written.is_ok(), "writing to a string cannot fail");
            }
        }
    }
}
