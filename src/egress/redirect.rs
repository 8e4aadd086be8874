//! What an answer with a new address means. Pure: no address is judged and nothing is sent here.

use std::sync::Arc;

use reqwest::header::{
    ACCEPT, ACCEPT_LANGUAGE, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, RANGE, USER_AGENT,
};
use reqwest::{Method, Url};

/// Most redirects that anybody may follow.
pub const REDIRECTS_MAX: u8 = 5;

/// The headers that another origin may see. Credentials, cookies and everything of our own stay behind.
const PLAIN_HEADERS: [HeaderName; 7] =
    [ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, IF_MODIFIED_SINCE, IF_NONE_MATCH, RANGE, USER_AGENT];

/// Says whether a host may be reached.
type MayReach = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Whether redirects are followed, and where to.
#[derive(Clone, Default)]
pub struct Follow {
    pub(super) max: u8,
    pub(super) may: Option<MayReach>,
}

/// A request as far as redirects care.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    pub(super) url: &'a Url,
    pub(super) has_body: bool,
    /// Whether its query or its body holds a secret.
    pub(super) holds_secret: bool,
}

/// Where to go next.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Hop {
    pub(super) url: Url,
    pub(super) method: Method,
    pub(super) keeps_body: bool,
    pub(super) same_origin: bool,
}

impl Follow {
    /// Redirects are answers.
    #[must_use]
    pub fn never() -> Self {
        Self::default()
    }

    /// Up to `max` of them, [`REDIRECTS_MAX`] at the most. Each address is judged like the first one.
    #[must_use]
    pub fn up_to(max: u8) -> Self {
        Self { max: max.min(REDIRECTS_MAX), may: None }
    }

    /// The same, but only to hosts that this allows; it is asked for hosts other than the one before.
    #[must_use]
    pub fn only_to(self, may: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self { may: Some(Arc::new(may)), ..self }
    }
}

/// The next hop of a redirect, `None` for an answer that is none, or why it is not followed.
pub(super) fn next(
    asked: Asked<'_>,
    status: u16,
    location: Option<&str>,
) -> Result<Option<Hop>, &'static str> {
    let (301..=303 | 307 | 308, Some(location)) = (status, location) else { return Ok(None) };
    let url = asked.url.join(location).map_err(|_| "it leads to something that is no address")?;
    let same_origin = url.origin() == asked.url.origin();
    match (asked.url.scheme(), url.scheme()) {
        ("http", "http" | "https") | ("https", "https") => {}
        ("https", "http") => return Err("it leads from https to http"),
        _ => return Err("it leads to something that is not http"),
    }
    if !same_origin && asked.holds_secret {
        return Err("the request holds a secret that is not for another address");
    }
    let (method, keeps_body) = match (status, asked.method) {
        (303, method) if *method != Method::GET && *method != Method::HEAD => (Method::GET, false),
        (301 | 302, method) if *method == Method::POST => (Method::GET, false),
        (_, method) => (method.clone(), asked.has_body),
    };
    if !same_origin && keeps_body {
        return Err("the request's body is not for another address");
    }
    Ok(Some(Hop { url, method, keeps_body, same_origin }))
}

/// Takes away what the next hop must not see.
pub(super) fn strip(headers: &mut HeaderMap, hop: &Hop) {
    if !hop.keeps_body {
        headers.remove(CONTENT_TYPE);
        headers.remove(CONTENT_ENCODING);
    }
    if !hop.same_origin {
        let foreign: Vec<HeaderName> = headers
            .iter()
            .filter(|(name, value)| value.is_sensitive() || !PLAIN_HEADERS.contains(name))
            .map(|(name, _)| name.clone())
            .collect();
        for name in foreign {
            headers.remove(name);
        }
    }
}

#[cfg(test)]
mod tests;
