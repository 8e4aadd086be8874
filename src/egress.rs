//! Egress: the one place that makes outbound connections: HTTP requests, WebSockets (`socket`), mail (`mail`), and bytes
//! (`stream`).
//!
//! | request to | may reach | made by |
//! |---|---|---|
//! | a configured base address | its own place: loopback when it says so | [`Egress::destination`] |
//! | any other address | the internet, and `egress.allow_private_hosts` | [`Egress::request`] |
//! | either, by a redirect | the internet, unless the origin stays the same | [`Request::follow`] |
//! | a WebSocket that a destination names | no further than the destination | [`Destination::socket`] |
//!
//! A host is looked up, *every* address found is judged, and the connection goes to an address that was
//! judged, so a name cannot change its mind in between. Redirects are answers unless a request follows
//! them; then every hop is judged anew, and another origin sees no credential and no body. Bodies are
//! bounded after decompression. One host gets a bounded number of requests at a time. Proxies in the
//! environment are ignored; behind a configured one the proxy connects, and names that lead to a private
//! address from here are refused all the same. Nothing is loaded before the first call.
//!
//! **Invariant:** the value of a [`Secret`] leaves this module only inside a request, in a header, a query, a body, a message
//! of a socket, or the line that signs in to a mail server; a named one (`@secret:name`) only to a host that the
//! [`SecretSource`] grants it to, and never over the internet without TLS.

mod address;
mod clients;
mod environment;
mod error;
mod mail;
mod place;
mod placeholder;
mod proxy;
mod redirect;
mod reply;
mod request;
mod resolver;
mod secret;
mod send;
mod slots;
mod socket;
mod source;
mod stream;

pub use address::AddressClass;
pub use error::EgressError;
pub use mail::{Authorities, MailError, MailServer, Password};
pub use redirect::{Follow, REDIRECTS_MAX};
pub use reply::Reply;
pub use request::Request;
pub use reqwest::{Method, Url};
pub use resolver::{Lookup, SystemLookup};
pub use secret::{Secret, mask_keys};
pub use socket::{Came, MESSAGE_BYTES_MAX, Socket, SocketError};
pub use source::{SecretRefusal, SecretSource};
pub use stream::{SecretForm, Stream};

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::config::egress::EgressConfig;
use address::Classify;
use clients::{Clients, Reach, Route};
use place::{Place, check_form, names_private_place};

/// The HTTP client of the product. A cheap clone; connections are shared.
#[derive(Clone)]
pub struct Egress {
    clients: Arc<Clients>,
}

/// A configured base address that requests go below.
#[derive(Clone)]
pub struct Destination {
    clients: Arc<Clients>,
    route: Route,
    /// Without a slash at its end.
    base: Arc<str>,
    host: Arc<str>,
    /// One for each request that may run at a time.
    slots: Arc<Semaphore>,
}

// === impl Egress ===

impl Egress {
    /// A client with these bounds. Nothing is opened or read but the proxy's password, if a variable holds it.
    #[must_use]
    pub fn new(config: &EgressConfig) -> Self {
        Self::with(config, Arc::new(SystemLookup), AddressClass::of)
    }

    fn with(config: &EgressConfig, lookup: Arc<dyn Lookup>, classify: Classify) -> Self {
        Self { clients: Arc::new(Clients::new(config.clone(), lookup, classify)) }
    }

    /// Says where `@secret:name` comes from. The first one stays; requests that name a secret before fail.
    pub fn set_source(&self, source: Arc<dyn SecretSource>) {
        // silent-ok: it is set once per start
        let _ = self.clients.source.set(source);
    }

    /// The destination with this base URL. An address in the URL, or `localhost`, names a private place
    /// itself; a name may lead to one only with `allow_private`.
    ///
    /// # Errors
    /// [`EgressError::BadUrl`] for what is not a plain `http` or `https` URL, [`EgressError::Refused`] for an
    /// address that is never reached.
    pub fn destination(&self, base_url: &str, allow_private: bool) -> Result<Destination, EgressError> {
        let bad = |why| EgressError::BadUrl { why };
        let url = Url::parse(base_url.trim()).map_err(|_| bad("it is not a URL"))?;
        let (tls, host) = check_form(&url)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("a base address has no query and no fragment"));
        }
        let private = names_private_place(host, &self.clients)? || allow_private;
        let reach = if private { Reach::Private } else { Reach::Public };
        let slots = Arc::new(Semaphore::new(self.clients.config.per_destination_max));
        let base = url.as_str().trim_end_matches('/');
        Ok(self.clients.destination(
            Route { tls, reach, decode: false, proxied: false, socket: false },
            host,
            base,
            slots,
        ))
    }

    /// A request to an address that no setting names: a page, a callback, a discovery document. It reaches
    /// the internet only, on the web's ports, and `egress.allow_private_hosts`. Compressed answers are opened.
    ///
    /// # Errors
    /// [`EgressError::BadUrl`], [`EgressError::Refused`]. Names are judged when it is sent.
    pub fn request(&self, method: Method, url: &str) -> Result<Request, EgressError> {
        let url = Url::parse(url.trim()).map_err(|_| EgressError::BadUrl { why: "it is not a URL" })?;
        let (destination, url) = self.clients.place(url)?;
        Ok(Request::whole(destination, method, url.into()))
    }
}

// === impl Clients ===

impl Clients {
    /// Where an address leads that no setting names.
    fn place(self: &Arc<Self>, url: Url) -> Result<(Destination, Url), EgressError> {
        let Place { url, reach, tls } = Place::judge(url, self)?;
        let host = url.host_str().unwrap_or_default();
        let slots = self.slots.of(host);
        let route = Route { tls, reach, decode: true, proxied: false, socket: false };
        Ok((self.destination(route, host, "", slots), url))
    }

    fn destination(
        self: &Arc<Self>,
        route: Route,
        host: &str,
        base: &str,
        slots: Arc<Semaphore>,
    ) -> Destination {
        // Whatever may be private is reached directly: the proxy is for the internet.
        let proxied =
            route.reach == Reach::Public && self.proxy.as_ref().is_some_and(|rule| rule.covers(host));
        Destination {
            clients: Arc::clone(self),
            route: Route { proxied, ..route },
            host: Arc::from(host),
            base: Arc::from(base),
            slots,
        }
    }
}

// === impl Destination ===

impl Destination {
    /// The host, for messages to people.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is this machine itself, by its address or as `localhost`.
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches([']', '.']);
        let loopback = bare.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
        loopback || bare == "localhost" || bare.ends_with(".localhost")
    }

    /// A GET of `path`, which starts with a slash and may have a query.
    #[must_use]
    pub fn get(&self, path: &str) -> Request {
        Request::new(self.clone(), reqwest::Method::GET, path)
    }

    /// Another request to `path`, which starts with a slash and may have a query.
    #[must_use]
    pub fn request(&self, method: Method, path: &str) -> Request {
        Request::new(self.clone(), method, path)
    }

    /// A POST of JSON to `path`, which starts with a slash.
    #[must_use]
    pub fn post_json(&self, path: &str, body: bytes::Bytes) -> Request {
        Request::new(self.clone(), reqwest::Method::POST, path).json(body)
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
#[path = "../tests/it/support/upstream.rs"]
#[allow(dead_code, reason = "shared with the integration tests")]
pub(crate) mod upstream;
