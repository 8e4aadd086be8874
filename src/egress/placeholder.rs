//! `@secret:name` in headers, queries and bodies becomes the value, escaped for its place, as the last
//! thing before a request is sent. Values are wiped when the request is gone.
//!
//! A request is searched only when it says for whom ([`Naming`]); other text that looks like a
//! placeholder is sent as it is. Hosts and paths never take a secret: both end up in logs of others.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use form_urlencoded::byte_serialize;
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use zeroize::Zeroizing;

use super::{EgressError, Secret};
use crate::protocol::ids::TenantId;

pub(super) const MARK: &str = "@secret:";
/// Longest name, in bytes: the vault's limit.
const NAME_BYTES_MAX: usize = 100;

/// For whom secrets are named, and where.
#[derive(Clone)]
pub(super) struct Naming {
    pub(super) tenant: TenantId,
    pub(super) used_by: Cow<'static, str>,
    /// In the query and the body too, not in headers only.
    pub(super) everywhere: bool,
}

/// The parts of a request that may hold placeholders.
#[derive(Clone)]
pub(super) struct Texts {
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
}

/// Secrets by name.
pub(super) type Named = BTreeMap<String, Secret>;

/// How the body carries text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Coding {
    Json,
    Form,
    Other,
}

impl Texts {
    /// All names, each once; and whether the query or the body holds one.
    pub(super) fn names(&self, everywhere: bool) -> Result<(Vec<String>, bool), EgressError> {
        let misplaced = |why| Err(EgressError::SecretPlace { why });
        let mut names = Vec::new();
        for value in self.headers.values().filter_map(|value| value.to_str().ok()) {
            collect(value, &mut names);
        }
        let of_headers = names.len();
        if everywhere {
            if decoded(self.url.path()).contains(MARK) {
                return misplaced("a path is no place for a secret; use a header, the query or the body");
            }
            collect(&decoded(self.url.query().unwrap_or_default()), &mut names);
            let before = names.len();
            match (self.coding(), self.body.as_deref().map(String::from_utf8_lossy)) {
                (_, None) => {}
                (Coding::Form, Some(text)) => collect(&decoded(&text), &mut names),
                (_, Some(text)) => collect(&text, &mut names),
            }
            let in_body = names.len() > before;
            if in_body && self.coding() == Coding::Other {
                return misplaced("only JSON and form bodies take a secret");
            }
        }
        let beyond_headers = names.len() > of_headers;
        names.sort_unstable();
        names.dedup();
        Ok((names, beyond_headers))
    }

    /// Puts the values in. Every name of [`Texts::names`] must be there.
    pub(super) fn fill(&mut self, named: &Named, everywhere: bool) -> Result<(), EgressError> {
        for value in self.headers.values_mut() {
            let Some(text) = value.to_str().ok().filter(|text| text.contains(MARK)) else { continue };
            let filled = replace(text, named, as_is);
            *value = HeaderValue::from_maybe_shared(wiped(filled))
                .map_err(|_| EgressError::SecretPlace { why: "its value does not fit into a header" })?;
            value.set_sensitive(true);
        }
        if !everywhere {
            return Ok(());
        }
        if let Some(query) = self.url.query().filter(|query| decoded(query).contains(MARK)) {
            let query = fill_form(query, named);
            self.url.set_query(Some(&query));
        }
        let coding = self.coding();
        if let Some(body) = self.body.as_mut() {
            let Ok(text) = std::str::from_utf8(body) else { return Ok(()) };
            let filled = match coding {
                Coding::Json if text.contains(MARK) => replace(text, named, escape_json),
                Coding::Form if decoded(text).contains(MARK) => fill_form(text, named),
                _ => return Ok(()),
            };
            *body = wiped(filled);
        }
        Ok(())
    }

    fn coding(&self) -> Coding {
        let text = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media.as_str() {
            "application/json" => Coding::Json,
            "application/x-www-form-urlencoded" => Coding::Form,
            other if other.ends_with("+json") => Coding::Json,
            _ => Coding::Other,
        }
    }
}

fn wiped(text: Zeroizing<String>) -> Bytes {
    Bytes::from_owner(Wiped(text))
}

struct Wiped(Zeroizing<String>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// The name at the beginning of a text: letters, digits, `_` and `-`, as the vault has them.
fn name_at(text: &str) -> &str {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let length = text.bytes().take(NAME_BYTES_MAX).take_while(is_part).count();
    text.get(..length).unwrap_or_default()
}

pub(super) fn collect(text: &str, names: &mut Vec<String>) {
    let found = text.match_indices(MARK).filter_map(|(at, _)| text.get(at + MARK.len()..)).map(name_at);
    names.extend(found.filter(|name| !name.is_empty()).map(str::to_owned));
}

/// Replaces the placeholders whose names are known. What is put in is not searched again.
pub(super) fn replace(text: &str, named: &Named, put: fn(&str, &mut String)) -> Zeroizing<String> {
    let grown = named.values().map(|secret| secret.expose().len() * 6).sum::<usize>();
    let mut filled = Zeroizing::new(String::with_capacity(text.len() + grown));
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(MARK) {
        filled.push_str(before);
        let name = name_at(after);
        match named.get(name) {
            Some(secret) => put(secret.expose(), &mut filled),
            None => filled.extend([MARK, name]),
        }
        rest = after.get(name.len()..).unwrap_or_default();
    }
    filled.push_str(rest);
    filled
}

/// Fills those `name=value` pairs that hold a placeholder; the others stay as they are, byte by byte.
fn fill_form(text: &str, named: &Named) -> Zeroizing<String> {
    let fill = |component: &str| {
        let plain = decoded(component);
        if !plain.contains(MARK) {
            return Zeroizing::new(component.to_owned());
        }
        let filled = replace(&plain, named, as_is);
        // A plus sign is a space only in forms; `%20` is one everywhere.
        Zeroizing::new(
            byte_serialize(filled.as_bytes()).map(|piece| if piece == "+" { "%20" } else { piece }).collect(),
        )
    };
    let mut filled = Zeroizing::new(String::with_capacity(text.len()));
    for (at, pair) in text.split('&').enumerate() {
        if at > 0 {
            filled.push('&');
        }
        match pair.split_once('=') {
            Some((key, value)) => {
                filled.push_str(&fill(key));
                filled.push('=');
                filled.push_str(&fill(value));
            }
            None => filled.push_str(&fill(pair)),
        }
    }
    filled
}

/// A text without its percent escapes, for looking only.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    // As the value of a pair, so that `&` and `=` inside are no separators.
    let shielded = text.replace('&', "%26").replace('=', "%3D");
    let mut pairs = form_urlencoded::parse(shielded.as_bytes());
    pairs.next().map_or(Cow::Borrowed(text), |(key, _)| Cow::Owned(key.into_owned()))
}

fn as_is(value: &str, into: &mut String) {
    into.push_str(value);
}

/// The value as it stands inside a JSON string.
fn escape_json(value: &str, into: &mut String) {
    for c in value.chars() {
        match c {
            '"' | '\\' => into.extend(['\\', c]),
            c if c.is_control() => into.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => into.push(c),
        }
    }
}

#[cfg(test)]
mod tests;
