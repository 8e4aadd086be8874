//! An answer on its way in: its head is here, its body is read piece by piece within limits.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use tokio::sync::OwnedSemaphorePermit;

use super::{EgressError, Secret};

/// See the module.
pub struct Reply {
    response: reqwest::Response,
    host: Arc<str>,
    bytes_left: u64,
    bytes_max: u64,
    /// What was put into the request.
    secrets: Vec<Secret>,
    /// The host is busy with this request until the answer is dropped.
    _slot: OwnedSemaphorePermit,
}

impl Reply {
    pub(super) const fn new(
        response: reqwest::Response,
        host: Arc<str>,
        bytes_max: u64,
        slot: OwnedSemaphorePermit,
    ) -> Self {
        Self { response, host, bytes_left: bytes_max, bytes_max, secrets: Vec::new(), _slot: slot }
    }

    /// Bounds the body further, and remembers which secrets the request held.
    pub(super) fn of(mut self, bytes_max: Option<u64>, secrets: Vec<Secret>) -> Self {
        if let Some(bytes_max) = bytes_max.filter(|max| *max < self.bytes_max) {
            (self.bytes_left, self.bytes_max) = (bytes_max, bytes_max);
        }
        self.secrets = secrets;
        self
    }

    /// The host that answered, after redirects.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// A text of this answer without the secrets that its request held.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| secret.mask_in(&text))
    }

    /// An error body is shown to people and models, so it does not repeat what was sent.
    fn masked(&self, body: BytesMut) -> Bytes {
        if self.secrets.is_empty() || self.status() < 400 {
            return body.freeze();
        }
        Bytes::from(self.mask(&String::from_utf8_lossy(&body)))
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// A header, if it is there once and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// All headers, as text where they are.
    pub fn headers(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        let headers = self.response.headers().iter();
        headers.map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
    }

    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// `Timeout` when nothing came in time, `Broken` when the connection ended before the body did, `TooLong`.
    pub async fn chunk(&mut self, timeout: Duration) -> Result<Option<Bytes>, EgressError> {
        let chunk = tokio::time::timeout(timeout, self.response.chunk()).await;
        let late =
            |_| EgressError::Timeout { host: self.host.to_string(), what: "go on answering", after: timeout };
        let broken = |error: reqwest::Error| EgressError::Broken {
            host: self.host.to_string(),
            source: error.without_url(),
        };
        let chunk = chunk.map_err(late)?.map_err(broken)?;
        let length = chunk.as_ref().map_or(0, |bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.bytes_left = self.bytes_left.checked_sub(length).ok_or_else(|| self.too_long(self.bytes_max))?;
        Ok(chunk)
    }

    /// The whole body, decompressed, of `bytes_max` bytes at the most, within `timeout`.
    ///
    /// # Errors
    /// As [`Reply::chunk`].
    pub async fn whole(mut self, bytes_max: usize, timeout: Duration) -> Result<Bytes, EgressError> {
        let deadline = tokio::time::Instant::now() + timeout;
        let mut body = BytesMut::new();
        loop {
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            let Some(chunk) = self.chunk(left).await? else { return Ok(self.masked(body)) };
            if chunk.len() > bytes_max.saturating_sub(body.len()) {
                return Err(self.too_long(u64::try_from(bytes_max).unwrap_or(u64::MAX)));
            }
            body.extend_from_slice(&chunk);
        }
    }

    /// As much of the body as comes within both limits. For error answers, whose text is welcome but not needed.
    pub async fn beginning(mut self, bytes_max: usize, timeout: Duration) -> Bytes {
        let deadline = tokio::time::Instant::now() + timeout;
        let mut body = BytesMut::new();
        while body.len() < bytes_max {
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            // silent-ok: the status is the error; its text may be cut.
            let Ok(Some(chunk)) = self.chunk(left).await else { break };
            body.extend_from_slice(&chunk);
        }
        body.truncate(bytes_max);
        self.masked(body)
    }

    /// The connection itself, after the other side has agreed to speak something else over it (101).
    pub(super) async fn upgrade(self) -> Result<reqwest::Upgraded, EgressError> {
        let host = self.host;
        let broken = |error: reqwest::Error| EgressError::Broken {
            host: host.to_string(),
            source: error.without_url(),
        };
        self.response.upgrade().await.map_err(broken)
    }

    fn too_long(&self, bytes_max: u64) -> EgressError {
        EgressError::TooLong { host: self.host.to_string(), bytes_max }
    }
}
