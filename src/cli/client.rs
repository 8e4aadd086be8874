//! Speaks with a daemon: with the one of this home over its control socket, as the owner, or with one
//! elsewhere over HTTP with the token of `capuchin login`. The routes are the console's, both times.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderValue, IF_MATCH};
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::exit::Exit;
use super::server::Server;
use super::sse::{SseEvent, SseReader};
use super::wire::Wire;
use crate::egress::Reply;

/// A daemon that works answers every call of ours far sooner.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Answers are lists of one page, or one thing.
pub(super) const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// A stream is silent for so long only when its daemon is gone: it sends comments while nothing happens.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// Why a call had no good answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
    /// Nobody listens there, or the connection closed in the middle.
    #[error("the daemon does not answer on {0}")]
    Unreachable(String),
    /// The daemon said no.
    #[error("{0}")]
    Refused(Problem),
    /// The answer is none that this version knows.
    #[error("the daemon answered something that this version of capuchin does not know")]
    Strange,
}

/// A problem document, as far as people need it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Problem {
    pub(super) status: u16,
    pub(super) code: String,
    title: String,
    detail: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.title.as_str(), self.detail.as_str()) {
            ("", "") => write!(f, "the daemon answered with status {}", self.status),
            (title, "") => f.write_str(title),
            (_, detail) => f.write_str(detail),
        }
    }
}

// === impl ClientError ===

impl ClientError {
    /// What it means for the command, and what a person can do about it.
    pub(super) fn consequence(&self) -> (Exit, Option<&'static str>) {
        match self {
            Self::Unreachable(_) => (Exit::Unavailable, Some("`capuchin status` says how the daemon is")),
            Self::Strange => {
                (Exit::Failed, Some("is the daemon of another version? `capuchin restart` runs this one"))
            }
            Self::Refused(problem) => match problem.status {
                401 | 403 => (Exit::Denied, None),
                503 => (Exit::Unavailable, None),
                _ => (Exit::Failed, None),
            },
        }
    }
}

/// See the module. One connection per call: the socket is local, and egress keeps those to servers.
#[derive(Clone, Debug)]
pub(super) struct Client {
    reach: Reach,
}

#[derive(Clone, Debug)]
enum Reach {
    Socket(PathBuf),
    Server(Server),
}

// === impl Client ===

impl Client {
    pub(super) fn new(socket: PathBuf) -> Self {
        Self { reach: Reach::Socket(socket) }
    }

    /// Speaks with a daemon elsewhere.
    pub(super) fn at(server: Server) -> Self {
        Self { reach: Reach::Server(server) }
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, ClientError> {
        self.call(Method::GET, path, None, None).await
    }

    /// With a key, the same call twice has one effect.
    pub(super) async fn post(
        &self,
        path: &str,
        body: &Value,
        key: Option<&str>,
    ) -> Result<Value, ClientError> {
        self.call(Method::POST, path, Some(body), key).await
    }

    /// A change that happens only while the thing has this version.
    pub(super) async fn change(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        version: Option<i64>,
    ) -> Result<Value, ClientError> {
        let mut request = request(method, path, Some(body), None)?;
        if let Some(tag) = version.and_then(|version| HeaderValue::from_str(&format!("\"{version}\"")).ok()) {
            request.headers_mut().insert(IF_MATCH, tag);
        }
        self.exchange(request).await
    }

    /// Sends JSON lines.
    pub(super) async fn lines(&self, path: &str, lines: String) -> Result<Value, ClientError> {
        let mut request = request(Method::POST, path, None, None)?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
        *request.body_mut() = Full::new(Bytes::from(lines));
        self.exchange(request).await
    }

    /// What is no JSON.
    pub(super) async fn bytes(&self, path: &str) -> Result<Bytes, ClientError> {
        self.body(request(Method::GET, path, None, None)?).await
    }

    pub(super) async fn patch(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        self.call(Method::PATCH, path, Some(body), None).await
    }

    pub(super) async fn delete(&self, path: &str) -> Result<Value, ClientError> {
        self.call(Method::DELETE, path, None, None).await
    }

    /// Puts this in the place of what has this version; `None` where there are no versions.
    pub(super) async fn put(
        &self,
        path: &str,
        body: &Value,
        version: Option<i64>,
    ) -> Result<Value, ClientError> {
        let mut request = request(Method::PUT, path, Some(body), None)?;
        if let Some(tag) = version.and_then(|version| HeaderValue::from_str(&format!("\"{version}\"")).ok()) {
            request.headers_mut().insert(IF_MATCH, tag);
        }
        self.exchange(request).await
    }

    /// All items of a list, page after page.
    pub(super) async fn list(&self, path: &str) -> Result<Vec<Value>, ClientError> {
        let mut items = Vec::new();
        let join = if path.contains('?') { '&' } else { '?' };
        let mut page = self.get(&format!("{path}{join}limit=100")).await?;
        loop {
            let Some(found) = page.get_mut("items").and_then(Value::as_array_mut) else {
                return Err(ClientError::Strange);
            };
            items.append(found);
            match page.get("next").and_then(Value::as_str) {
                Some(next) => page = self.get(&format!("{path}{join}limit=100&after={next}")).await?,
                None => return Ok(items),
            }
        }
    }

    /// The events of a thread after this id.
    pub(super) async fn events(&self, thread: &str, after: i64) -> Result<Events, ClientError> {
        let path = format!("/api/v1/threads/{thread}/events");
        let mut request = request(Method::GET, &path, None, None)?;
        request.headers_mut().insert("last-event-id", after.into());
        let (reader, ready) = (SseReader::default(), VecDeque::new());
        let socket = match &self.reach {
            Reach::Server(server) => {
                let source = Source::Server(server.open(request).await?);
                return Ok(Events { source, reader, ready });
            }
            Reach::Socket(socket) => socket,
        };
        let (response, mut wire) = send(socket, request).await?;
        if response.status().is_success() {
            return Ok(Events { source: Source::Socket(response.into_body(), wire), reader, ready });
        }
        let (status, body) = whole(socket, response, &mut wire).await?;
        Err(refused(status, &body))
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Result<Value, ClientError> {
        self.exchange(request(method, path, body, key)?).await
    }

    /// What is no JSON: a document.
    pub(super) async fn text(&self, path: &str) -> Result<String, ClientError> {
        let body = self.body(request(Method::GET, path, None, None)?).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Value, ClientError> {
        match self.body(request).await? {
            body if body.is_empty() => Ok(Value::Null),
            body => serde_json::from_slice(&body).map_err(|_| ClientError::Strange),
        }
    }

    async fn body(&self, request: Request<Full<Bytes>>) -> Result<Bytes, ClientError> {
        let (status, body) = match &self.reach {
            Reach::Server(server) => server.exchange(request).await?,
            Reach::Socket(socket) => {
                let (response, mut wire) = send(socket, request).await?;
                whole(socket, response, &mut wire).await?
            }
        };
        if status.is_success() { Ok(body) } else { Err(refused(status, &body)) }
    }
}

async fn send(
    socket: &Path,
    request: Request<Full<Bytes>>,
) -> Result<(Response<Incoming>, Wire), ClientError> {
    let exchange = async {
        let stream = UnixStream::connect(socket).await.ok()?;
        let (mut sender, mut wire) = Wire::over(stream).await.ok()?;
        let response = wire.carry(sender.send_request(request)).await.ok()?;
        Some((response, wire))
    };
    match timeout(ANSWER_TIMEOUT, exchange).await {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) | Err(_) => Err(unreachable(socket)),
    }
}

async fn whole(
    socket: &Path,
    response: Response<Incoming>,
    wire: &mut Wire,
) -> Result<(StatusCode, Bytes), ClientError> {
    let status = response.status();
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect();
    match timeout(ANSWER_TIMEOUT, wire.carry(body)).await {
        Ok(Ok(body)) => Ok((status, body.to_bytes())),
        Ok(Err(_)) | Err(_) => Err(unreachable(socket)),
    }
}

fn unreachable(socket: &Path) -> ClientError {
    ClientError::Unreachable(socket.display().to_string())
}

/// Events as they come.
pub(super) struct Events {
    source: Source,
    reader: SseReader,
    ready: VecDeque<SseEvent>,
}

/// Where they come from.
enum Source {
    Socket(Incoming, Wire),
    Server(Reply),
}

impl Source {
    /// The next bytes, which may be none; `None` at the end, however it came.
    async fn next(&mut self) -> Option<Bytes> {
        match self {
            Self::Socket(body, wire) => {
                let frame = timeout(SILENCE_MAX, wire.carry(body.frame())).await.ok()??.ok()?;
                Some(frame.into_data().unwrap_or_default()) // silent-ok: trailers carry no event
            }
            Self::Server(reply) => reply.chunk(SILENCE_MAX).await.ok()?,
        }
    }
}

impl Events {
    /// The next event; `None` when the connection ended, however it ended.
    pub(super) async fn next(&mut self) -> Option<SseEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let bytes = self.source.next().await?;
            self.ready.extend(self.reader.push(&bytes).ok()?);
        }
    }
}

fn request(
    method: Method,
    path: &str,
    body: Option<&Value>,
    key: Option<&str>,
) -> Result<Request<Full<Bytes>>, ClientError> {
    let mut request = Request::builder().method(method).uri(path).header(HOST, "localhost");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let body = match body {
        Some(value) => {
            request = request.header(CONTENT_TYPE, "application/json");
            Bytes::from(value.to_string())
        }
        None => Bytes::new(),
    };
    let request = request.header(ACCEPT, "application/json, text/event-stream, */*");
    // A path with characters that no address has names nothing that exists.
    request.body(Full::new(body)).map_err(|_| {
        ClientError::Refused(Problem {
            status: 404,
            detail: "there is no such thing".to_owned(),
            ..Problem::default()
        })
    })
}

pub(super) fn refused(status: StatusCode, body: &[u8]) -> ClientError {
    let problem = serde_json::from_slice::<Problem>(body).unwrap_or_default();
    ClientError::Refused(Problem { status: status.as_u16(), ..problem })
}
