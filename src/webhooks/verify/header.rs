//! Reading headers so that a request means one thing: a header that decides something is there once.

use http::{HeaderMap, HeaderValue, header};

use super::refusal::Refusal;

/// The value of a header that may be there once. An empty one is none.
pub(super) fn value<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
) -> Result<Option<&'a HeaderValue>, Refusal> {
    let mut all = headers.get_all(name).iter();
    let first = all.next();
    if all.next().is_some() {
        return Err(Refusal::Repeated { part: name });
    }
    Ok(first.filter(|value| !value.as_bytes().trim_ascii().is_empty()))
}

/// [`value`] as text.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, Refusal> {
    let Some(value) = value(headers, name)? else { return Ok(None) };
    value.to_str().map(|text| Some(text.trim())).map_err(|_| Refusal::Malformed { part: name })
}

/// [`text`] of a header that has to be there.
pub(super) fn needed<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, Refusal> {
    text(headers, name)?.ok_or(Refusal::Missing { part: name })
}

/// The first of several headers that a source sends side by side, and its name.
pub(super) fn first<'a>(
    headers: &'a HeaderMap,
    names: &[&'static str],
) -> Result<Option<(&'static str, &'a str)>, Refusal> {
    let mut found = None;
    for name in names {
        let text = text(headers, name)?;
        found = found.or(text.map(|text| (*name, text)));
    }
    Ok(found)
}

/// The value of a header that has several names, of which a request has one.
pub(super) fn only<'a>(
    headers: &'a HeaderMap,
    names: &[&'static str],
) -> Result<Option<(&'static str, &'a str)>, Refusal> {
    let mut found = None;
    for name in names {
        if let Some(text) = text(headers, name)? {
            if found.is_some() {
                return Err(Refusal::Repeated { part: name });
            }
            found = Some((*name, text));
        }
    }
    Ok(found)
}

/// The content type, if there is one and no other.
pub(super) fn content_type(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::CONTENT_TYPE).iter();
    let first = all.next()?;
    if all.next().is_some() { None } else { first.to_str().ok() }
}
