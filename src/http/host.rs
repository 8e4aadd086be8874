//! Which names a request may address us by, and from which pages it may come.
//!
//! Exact and with the port: a page on another name that resolves to this machine (DNS
//! rebinding), on another port, or in a sandbox gets nothing. There is no exception for
//! loopback: every page that a browser shows reaches loopback too.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};

/// Why a request is not for us.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HostRefused {
    /// No `Host`, more than one, one that is no host, or another one than in the request line.
    #[error("a request names its host exactly once")]
    Malformed,
    /// A host that we do not serve.
    #[error("this address is not served here; add it to console.allowed_hosts if it should be")]
    Unknown,
}

/// The host of a request that is for us.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServedHost {
    /// As written, in lower case, with the port when it was written.
    text: String,
    /// Whether it is one of the configured names, which may have a TLS proxy in front.
    configured: bool,
}

/// The names that are served besides loopback names and the address of the connection.
#[derive(Clone, Debug, Default)]
pub struct HostRules {
    names: Vec<(String, Option<u16>)>,
}

impl HostRules {
    /// Rules with further names: `name` for the ports 80, 443 and the listener's, `name:port` for that port.
    #[must_use]
    pub fn new(names: &[String]) -> Self {
        let names = names.iter().filter_map(|name| split_host(&name.to_ascii_lowercase())).collect();
        Self { names }
    }

    /// Judges the host of a request that came in at `local`.
    ///
    /// # Errors
    /// [`HostRefused`].
    pub fn judge(
        &self,
        headers: &HeaderMap,
        uri: &Uri,
        local: SocketAddr,
        tls: bool,
    ) -> Result<ServedHost, HostRefused> {
        let text = single(headers, &header::HOST).ok_or(HostRefused::Malformed)?.to_ascii_lowercase();
        if uri.authority().is_some_and(|authority| !authority.as_str().eq_ignore_ascii_case(&text)) {
            return Err(HostRefused::Malformed);
        }
        let (host, port) = split_host(&text).ok_or(HostRefused::Malformed)?;
        let port = port.unwrap_or(if tls { 443 } else { 80 });
        if port == local.port() && (host == "localhost" || literal(&host) == Some(local.ip().to_canonical()))
        {
            return Ok(ServedHost { text, configured: false });
        }
        let served = self.names.iter().any(|(name, only)| {
            *name == host && only.map_or([80, 443, local.port()].contains(&port), |only| only == port)
        });
        if served { Ok(ServedHost { text, configured: true }) } else { Err(HostRefused::Unknown) }
    }
}

impl ServedHost {
    /// Whether a request with these headers comes from our own pages, from a program, or from a person's
    /// navigation. `guarded` requests change something or stream: no page of another origin may make them.
    #[must_use]
    pub fn is_same_origin(&self, headers: &HeaderMap, tls: bool, guarded: bool) -> bool {
        let from = FetchSite::of(headers);
        if headers.contains_key(header::ORIGIN) {
            let own = single(headers, &header::ORIGIN).is_some_and(|origin| self.is_origin(origin, tls));
            return own && from != FetchSite::Foreign;
        }
        from != FetchSite::Foreign || (!guarded && is_navigation(headers))
    }

    /// Whether this is the origin of our own pages under this host.
    fn is_origin(&self, origin: &str, tls: bool) -> bool {
        let origin = origin.to_ascii_lowercase();
        if origin.strip_prefix("https://") == Some(self.text.as_str()) {
            return tls || self.configured;
        }
        !tls && origin.strip_prefix("http://") == Some(self.text.as_str())
    }
}

/// What the browser says about the page that made the request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FetchSite {
    /// Not a browser, or an old one.
    Unsaid,
    /// Our own page, or the person's own doing.
    Own,
    /// A page of another origin. `same-site` is one: sites have no ports.
    Foreign,
}

impl FetchSite {
    /// Reads `Sec-Fetch-Site`.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        if !headers.contains_key("sec-fetch-site") {
            return Self::Unsaid;
        }
        match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
            Some(b"same-origin" | b"none") => Self::Own,
            _ => Self::Foreign,
        }
    }
}

/// Whether the browser says who made the request. Requests with a cookie must say so to change anything.
#[must_use]
pub fn names_its_page(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) || FetchSite::of(headers) != FetchSite::Unsaid
}

/// Whether a request changes something, so that no other page may make it.
#[must_use]
pub fn changes_state(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a request opens a stream.
#[must_use]
pub fn opens_stream(headers: &HeaderMap) -> bool {
    let wants_events = headers
        .get(header::ACCEPT)
        .is_some_and(|accept| accept.as_bytes().windows(12).any(|part| part == b"event-stream"));
    wants_events || headers.contains_key(header::UPGRADE)
}

fn is_navigation(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-mode").is_some_and(|mode| mode.as_bytes() == b"navigate")
        && headers.get("sec-fetch-dest").is_some_and(|dest| dest.as_bytes() == b"document")
}

fn single<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`, in lower case. A trailing dot is not exact, so it is no host.
fn split_host(text: &str) -> Option<(String, Option<u16>)> {
    let (host, rest) = match text.strip_prefix('[') {
        Some(inner) => {
            let (v6, rest) = inner.split_once(']')?;
            v6.parse::<Ipv6Addr>().ok()?;
            (format!("[{v6}]"), rest)
        }
        None => {
            let end = text.find(':').unwrap_or(text.len());
            let (host, rest) = text.split_at_checked(end)?;
            let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
            let fits = !host.is_empty() && !host.ends_with('.') && host.bytes().all(is_name);
            (fits.then(|| host.to_owned())?, rest)
        }
    };
    if rest.is_empty() {
        return Some((host, None));
    }
    let digits = rest.strip_prefix(':').filter(|port| port.bytes().all(|b| b.is_ascii_digit()))?;
    digits.parse().ok().map(|port| (host, Some(port)))
}

fn literal(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
    bare.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests;
