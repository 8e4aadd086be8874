//! A request on its way out.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use super::placeholder::{Naming, Texts};
use super::redirect::Follow;
use super::send::Deadline;
use super::{Destination, EgressError, Reply, Secret};
use crate::protocol::ids::TenantId;

/// See the module. Made by a [`Destination`] or by [`Egress::request`](super::Egress::request).
pub struct Request {
    pub(super) destination: Destination,
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    /// What most requests do without.
    pub(super) extras: Option<Box<Extras>>,
}

/// What a request may ask for beyond one exchange of plain text.
#[derive(Default)]
pub(super) struct Extras {
    pub(super) naming: Option<Naming>,
    pub(super) follow: Follow,
    pub(super) bytes_max: Option<u64>,
}

impl Request {
    pub(super) fn new(destination: Destination, method: Method, path: &str) -> Self {
        let url = [&destination.base, path].concat();
        Self::whole(destination, method, url)
    }

    pub(super) fn whole(destination: Destination, method: Method, url: String) -> Self {
        Self { destination, method, url, headers: HeaderMap::new(), body: None, extras: None }
    }

    /// The host that it goes to.
    #[must_use]
    pub fn host(&self) -> &str {
        self.destination.host()
    }

    /// The port that it goes to; 0 where the address is none.
    #[must_use]
    pub fn port(&self) -> u16 {
        Url::parse(&self.url).ok().and_then(|url| url.port_or_known_default()).unwrap_or_default()
    }

    /// The secrets that it names, in all places where [`Request::secrets_everywhere`] fills them.
    ///
    /// # Errors
    /// [`EgressError::SecretPlace`] for one where none may be.
    pub fn secret_names(&self) -> Result<Vec<String>, EgressError> {
        let url = Url::parse(&self.url).map_err(|_| EgressError::BadUrl { why: "it is not a URL" })?;
        let texts = Texts { url, headers: self.headers.clone(), body: self.body.clone() };
        Ok(texts.names(true)?.0)
    }

    /// With a body of JSON.
    #[must_use]
    pub fn json(mut self, body: Bytes) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.body = Some(body);
        self
    }

    /// With a body of form fields.
    #[must_use]
    pub fn form<'a>(mut self, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut text = form_urlencoded::Serializer::new(String::new());
        let text = text.extend_pairs(fields).finish();
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        self.body = Some(text.into());
        self
    }

    /// With any body.
    ///
    /// # Errors
    /// [`EgressError::BadHeader`] for a content type that no header can hold.
    pub fn body(mut self, content_type: &str, body: Bytes) -> Result<Self, EgressError> {
        self.body = Some(body);
        self.with_header("content-type", content_type)
    }

    /// Adds a header that is known when the program is written.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
    }

    /// Adds any header but those that frame the request. Another one of the same name is replaced.
    ///
    /// # Errors
    /// [`EgressError::BadHeader`].
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, EgressError> {
        const FRAMING: [&str; 8] = [
            "connection",
            "content-length",
            "expect",
            "host",
            "proxy-authorization",
            "te",
            "transfer-encoding",
            "upgrade",
        ];
        let bad = || EgressError::BadHeader { name: name.escape_default().take(64).collect() };
        let name = HeaderName::try_from(name).map_err(|_| bad())?;
        let value = HeaderValue::try_from(value).map_err(|_| bad())?;
        if FRAMING.contains(&name.as_str()) {
            return Err(bad());
        }
        self.headers.insert(name, value);
        Ok(self)
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

    /// Puts a credential into the path, in place of `mark`: for providers that want it nowhere else. No error and no log line
    /// of this module names a path.
    #[must_use]
    pub fn secret_in_path(mut self, mark: &str, secret: &Secret) -> Self {
        self.url = self.url.replace(mark, secret.expose());
        self
    }

    /// Puts a credential into a JSON body, in place of `mark`, which stands in a text there.
    #[must_use]
    pub fn secret_in_body(mut self, mark: &str, secret: &Secret) -> Self {
        if let Some(text) = self.body.as_deref().and_then(|body| std::str::from_utf8(body).ok()) {
            self.body = Some(text.replace(mark, &secret.quoted()).into());
        }
        self
    }

    /// Fills `@secret:name` in headers, on behalf of this tenant. `used_by` says for what: `backend openai`.
    /// The query and the body are sent as they are, whatever they hold.
    #[must_use]
    pub fn secrets_in_headers(self, tenant: TenantId, used_by: impl Into<Cow<'static, str>>) -> Self {
        self.naming(Naming { tenant, used_by: used_by.into(), everywhere: false })
    }

    /// Fills `@secret:name` in headers, in the query and in a JSON or form body.
    #[must_use]
    pub fn secrets_everywhere(self, tenant: TenantId, used_by: impl Into<Cow<'static, str>>) -> Self {
        self.naming(Naming { tenant, used_by: used_by.into(), everywhere: true })
    }

    fn naming(mut self, naming: Naming) -> Self {
        self.extras.get_or_insert_default().naming = Some(naming);
        self
    }

    /// Follows redirects. Without it a redirect is an answer.
    #[must_use]
    pub fn follow(mut self, follow: Follow) -> Self {
        self.extras.get_or_insert_default().follow = follow;
        self
    }

    /// Bounds the answer's body, decompressed, in bytes; `egress.response_bytes_max` holds all the same.
    #[must_use]
    pub fn bytes_max(mut self, bytes: u64) -> Self {
        self.extras.get_or_insert_default().bytes_max = Some(bytes);
        self
    }

    /// Sends it and waits for the head of the answer. `timeout` is for everything before the body: a free
    /// place, lookups, connections, redirects.
    ///
    /// # Errors
    /// Every kind of [`EgressError`] but `TooLong`. An error status is an answer, not an error.
    pub async fn send(self, timeout: Duration) -> Result<Reply, EgressError> {
        let deadline = Deadline::after(timeout);
        match self.extras {
            None => {
                let Self { destination, method, url, headers, body, .. } = self;
                destination.exchange(method, url, headers, body, deadline).await
            }
            Some(_) => Box::pin(self.send_with_extras(deadline)).await,
        }
    }
}
