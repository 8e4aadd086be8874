//! Egress: the one place that makes outbound HTTP requests.
//!
//! A [`Destination`] is a configured base address. Its host is looked up, *every* address found is
//! judged, and the connection goes to an address that was judged, so a name cannot change its mind
//! in between. Redirects are answers, not instructions. Proxies in the environment are ignored.
//! Nothing is loaded before the first call: TLS roots are read with the first `https` call.
//!
//! **Invariant:** the value of a [`Secret`] leaves this module only in a request header.

mod address;
mod clients;
mod error;
mod reply;
mod request;
mod resolver;
mod secret;
mod source;

pub use address::AddressClass;
pub use error::EgressError;
pub use reply::Reply;
pub use request::Request;
pub use secret::{Secret, mask_keys};
pub use source::{SecretRefusal, SecretSource};

use std::sync::Arc;

use reqwest::Url;

use crate::config::egress::EgressConfig;
use clients::{Clients, Reach, Route};

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
}

// === impl Egress ===

impl Egress {
    /// A client with these bounds. Nothing is opened or read.
    #[must_use]
    pub fn new(config: &EgressConfig) -> Self {
        Self { clients: Arc::new(Clients::new(config.clone())) }
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
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(bad("only http and https are spoken")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("a user name or password does not belong in it"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("a base address has no query and no fragment"));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| bad("it has no host"))?;
        let reach = if names_private_place(host)? || allow_private { Reach::Private } else { Reach::Public };
        Ok(Destination {
            clients: Arc::clone(&self.clients),
            route: Route { tls, reach },
            host: Arc::from(host),
            base: Arc::from(url.as_str().trim_end_matches('/')),
        })
    }
}

// === impl Destination ===

impl Destination {
    /// The host, for messages to people.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// A GET of `path`, which starts with a slash and may have a query.
    #[must_use]
    pub fn get(&self, path: &str) -> Request {
        Request::new(self.clone(), reqwest::Method::GET, path)
    }

    /// A POST of JSON to `path`, which starts with a slash.
    #[must_use]
    pub fn post_json(&self, path: &str, body: bytes::Bytes) -> Request {
        Request::new(self.clone(), reqwest::Method::POST, path).json(body)
    }
}

/// Whether the host is itself the name of a private place: an address, or `localhost`.
fn names_private_place(host: &str) -> Result<bool, EgressError> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let Ok(address) = bare.parse() else {
        let name = host.trim_end_matches('.');
        return Ok(name == "localhost" || name.ends_with(".localhost"));
    };
    match AddressClass::of(address) {
        AddressClass::Public => Ok(false),
        AddressClass::Private => Ok(true),
        AddressClass::Forbidden => Err(EgressError::Refused { host: host.to_owned() }),
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
#[path = "../tests/it/support/upstream.rs"]
#[allow(dead_code, reason = "shared with the integration tests")]
pub(crate) mod upstream;
