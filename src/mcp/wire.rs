//! Streamable HTTP over egress: rmcp's client trait on the one client of the product.
//!
//! Redirects are not followed, so no header reaches another host. Secrets are filled into the configured headers
//! only: what a model or the server itself wrote is refused when it names one.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use hyper::http::{HeaderName, HeaderValue};
use rmcp::model::{ClientJsonRpcMessage, ClientRequest, ErrorData, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_client::{
    HttpStatusError, SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
};
use sse_stream::{Sse, SseStream};

use crate::egress::{Destination, EgressError, Method, Reply, Request};
use crate::protocol::ids::TenantId;

/// Most bytes of an error answer that are read.
const ERROR_BYTES_MAX: usize = 4_096;
/// How long a stream may say nothing.
const SILENCE_MAX: Duration = Duration::from_secs(300);
const SESSION: &str = "mcp-session-id";

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(super) struct Wire {
    pub(super) destination: Destination,
    /// Path and query.
    pub(super) path: Arc<str>,
    pub(super) headers: Arc<[(String, String)]>,
    pub(super) tenant: TenantId,
    pub(super) used_by: Arc<str>,
    /// Until the head of an answer.
    pub(super) timeout: Duration,
    pub(super) message_bytes_max: usize,
}

type Failure = StreamableHttpError<EgressError>;

impl Wire {
    fn request(
        &self,
        method: Method,
        body: Option<Bytes>,
        extra: &[(&str, &str)],
        custom: &HashMap<HeaderName, HeaderValue>,
    ) -> Result<Request, Failure> {
        let mut request = self.destination.request(method, &self.path);
        if let Some(body) = body {
            request = request.json(body);
        }
        let of_protocol =
            custom.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()));
        for (name, value) in extra.iter().copied().chain(of_protocol) {
            if value.contains("@secret:") {
                return Err(Failure::UnexpectedServerResponse(
                    "a header of the protocol names a secret".into(),
                ));
            }
            request = request.with_header(name, value).map_err(Failure::Client)?;
        }
        for (name, value) in self.headers.iter() {
            request = request.with_header(name, value).map_err(Failure::Client)?;
        }
        Ok(request.secrets_in_headers(self.tenant.clone(), self.used_by.to_string()))
    }

    async fn refused(
        &self,
        reply: Reply,
        message: Option<&ClientJsonRpcMessage>,
        in_session: bool,
    ) -> Failed {
        let status = reply.status();
        let retry_after = reply.header("retry-after").map(str::to_owned);
        let body = reply.beginning(ERROR_BYTES_MAX, self.timeout).await;
        let error =
            serde_json::from_slice::<ServerJsonRpcMessage>(&body).ok().and_then(|message| match message {
                ServerJsonRpcMessage::Error(error) => Some(error.error),
                _ => None,
            });
        // A server of the older era refuses what it does not know; the lifecycle then falls back to the handshake.
        if let Some(ClientJsonRpcMessage::Request(request)) = message
            && matches!(request.request, ClientRequest::DiscoverRequest(_))
            && !in_session
            && (400..500).contains(&status)
            && !matches!(status, 401 | 403)
        {
            let error = error.unwrap_or_else(|| ErrorData::invalid_request("discovery was refused", None));
            let answer = ServerJsonRpcMessage::error(error, Some(request.id.clone()));
            return Failed::Answer(Box::new(StreamableHttpPostResponse::Json(answer, None)));
        }
        Failed::Error(match status {
            401 | 403 => Failure::UnexpectedServerResponse(Cow::Owned(format!(
                "it asks for a sign-in (HTTP {status}); store a token with `capuchin vault set NAME`, grant it to {} \
                 and set the header Authorization to `Bearer @secret:NAME`",
                self.destination.host()
            ))),
            404 if in_session => Failure::SessionExpired,
            300..=399 => {
                Failure::UnexpectedServerResponse("it answered with a redirect, which is not followed".into())
            }
            status => HttpStatusError::new(status, retry_after).into(),
        })
    }

    fn events(&self, reply: Reply) -> BoxStream<'static, Result<Sse, SseError>> {
        let bound = Bound { left: self.message_bytes_max, whole: self.message_bytes_max, line: 0 };
        let pieces = futures::stream::unfold((Some(reply), bound), |(reply, mut bound)| async move {
            let mut reply = reply?;
            match reply.chunk(SILENCE_MAX).await {
                Ok(None) => None,
                Ok(Some(piece)) if bound.fits(&piece) => Some((Ok(piece), (Some(reply), bound))),
                Ok(Some(_)) => Some((Err(std::io::Error::other("an event is too long")), (None, bound))),
                Err(error) => Some((Err(std::io::Error::other(error.to_string())), (None, bound))),
            }
        });
        SseStream::from_bytes_stream(pieces.boxed()).boxed()
    }
}

enum Failed {
    Answer(Box<StreamableHttpPostResponse>),
    Error(Failure),
}

/// Counts the bytes of one event.
struct Bound {
    left: usize,
    whole: usize,
    /// Bytes of the line that is being read.
    line: usize,
}

impl Bound {
    fn fits(&mut self, piece: &[u8]) -> bool {
        for byte in piece {
            let Some(left) = self.left.checked_sub(1) else { return false };
            self.left = left;
            match byte {
                b'\n' if self.line == 0 => self.left = self.whole,
                b'\n' => self.line = 0,
                b'\r' => {}
                _ => self.line += 1,
            }
        }
        true
    }
}

impl StreamableHttpClient for Wire {
    type Error = EgressError;

    async fn post_message(
        &self,
        _uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        _auth: Option<String>,
        custom: HashMap<HeaderName, HeaderValue>,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let body = Bytes::from(serde_json::to_vec(&message)?);
        let mut extra = vec![("accept", "application/json, text/event-stream")];
        extra.extend(session_id.as_deref().map(|id| (SESSION, id)));
        let request = self.request(Method::POST, Some(body), &extra, &custom)?;
        let reply = request.send(self.timeout).await.map_err(Failure::Client)?;
        if matches!(reply.status(), 202 | 204) {
            return Ok(StreamableHttpPostResponse::Accepted);
        }
        if reply.status() != 200 {
            return match self.refused(reply, Some(&message), session_id.is_some()).await {
                Failed::Answer(answer) => Ok(*answer),
                Failed::Error(error) => Err(error),
            };
        }
        let session = reply.header(SESSION).map(str::to_owned);
        let kind = reply.header("content-type").unwrap_or_default().to_ascii_lowercase();
        if kind.starts_with("text/event-stream") {
            return Ok(StreamableHttpPostResponse::Sse(self.events(reply), session));
        }
        let body = reply.whole(self.message_bytes_max, self.timeout).await.map_err(Failure::Client)?;
        let is_request = matches!(message, ClientJsonRpcMessage::Request(_));
        match serde_json::from_slice::<ServerJsonRpcMessage>(&body) {
            Ok(answer) if kind.starts_with("application/json") => {
                Ok(StreamableHttpPostResponse::Json(answer, session))
            }
            _ if !is_request => Ok(StreamableHttpPostResponse::Accepted),
            Ok(_) => Err(Failure::UnexpectedContentType(Some(kind.chars().take(100).collect()))),
            Err(_) => {
                Err(Failure::UnexpectedServerResponse("the answer is no message of the protocol".into()))
            }
        }
    }

    async fn delete_session(
        &self,
        _uri: Arc<str>,
        session_id: Arc<str>,
        _auth: Option<String>,
        custom: HashMap<HeaderName, HeaderValue>,
    ) -> Result<(), Failure> {
        let request = self.request(Method::DELETE, None, &[(SESSION, &session_id)], &custom)?;
        request.send(self.timeout).await.map_err(Failure::Client)?;
        Ok(())
    }

    async fn get_stream(
        &self,
        _uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        _auth: Option<String>,
        custom: HashMap<HeaderName, HeaderValue>,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failure> {
        let mut extra = vec![("accept", "text/event-stream")];
        extra.extend(session_id.as_deref().map(|id| (SESSION, id)));
        extra.extend(last_event_id.as_deref().map(|id| ("last-event-id", id)));
        let request = self.request(Method::GET, None, &extra, &custom)?;
        let reply = request.send(self.timeout).await.map_err(Failure::Client)?;
        match reply.status() {
            200 if reply.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream")) => {
                Ok(self.events(reply))
            }
            405 => Err(Failure::ServerDoesNotSupportSse),
            _ => match self.refused(reply, None, session_id.is_some()).await {
                Failed::Error(error) => Err(error),
                Failed::Answer(_) => Err(Failure::ServerDoesNotSupportSse),
            },
        }
    }
}
