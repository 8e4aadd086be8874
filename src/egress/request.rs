//! A request on its way out.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::{Destination, EgressError, Reply, Secret};

/// See the module. Made by a [`Destination`].
pub struct Request {
    destination: Destination,
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Option<Bytes>,
}

impl Request {
    pub(super) fn new(destination: Destination, method: Method, path: &str) -> Self {
        let url = [&destination.base, path].concat();
        Self { destination, method, url, headers: HeaderMap::new(), body: None }
    }

    pub(super) fn json(mut self, body: Bytes) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.body = Some(body);
        self
    }

    /// Adds a header that is known when the program is written.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
    }

    /// Adds a credential: `prefix` and the secret. A secret that no header can hold is left out, so the
    /// provider's answer says what is missing.
    #[must_use]
    pub fn secret_header(mut self, name: &'static str, prefix: &str, secret: &Secret) -> Self {
        if let Ok(mut value) = HeaderValue::try_from([prefix, secret.expose()].concat()) {
            value.set_sensitive(true);
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// Sends it and waits for the head of the answer.
    ///
    /// # Errors
    /// Every kind of [`EgressError`] but `TooLong`. An error status is an answer, not an error.
    pub async fn send(self, timeout: Duration) -> Result<Reply, EgressError> {
        let Self { destination, method, url, headers, body } = self;
        let clients = &destination.clients;
        let of = |error| EgressError::of(error, &destination.host, clients.connect_timeout());
        let client = clients.get(destination.route).map_err(of)?;
        let mut request = client.request(method, url).headers(headers);
        if let Some(body) = body {
            request = request.body(body);
        }
        let answer = tokio::time::timeout(timeout, request.send()).await;
        let late = |_| EgressError::Timeout {
            host: destination.host.to_string(),
            what: "begin to answer",
            after: timeout,
        };
        let response = answer.map_err(late)?.map_err(of)?;
        Ok(Reply::new(response, destination.host.clone(), clients.response_bytes_max()))
    }
}
