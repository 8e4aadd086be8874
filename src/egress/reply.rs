//! An answer on its way in: its head is here, its body is read piece by piece within limits.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::EgressError;

/// See the module.
pub struct Reply {
    response: reqwest::Response,
    host: Arc<str>,
    bytes_left: u64,
    bytes_max: u64,
}

impl Reply {
    pub(super) const fn new(response: reqwest::Response, host: Arc<str>, bytes_max: u64) -> Self {
        Self { response, host, bytes_left: bytes_max, bytes_max }
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

    /// The whole body, of `bytes_max` bytes at the most, within `timeout`.
    ///
    /// # Errors
    /// As [`Reply::chunk`].
    pub async fn whole(mut self, bytes_max: usize, timeout: Duration) -> Result<Bytes, EgressError> {
        let deadline = tokio::time::Instant::now() + timeout;
        let mut body = BytesMut::new();
        loop {
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            let Some(chunk) = self.chunk(left).await? else { return Ok(body.freeze()) };
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
        body.freeze()
    }

    fn too_long(&self, bytes_max: u64) -> EgressError {
        EgressError::TooLong { host: self.host.to_string(), bytes_max }
    }
}
