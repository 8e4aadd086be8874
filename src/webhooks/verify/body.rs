//! Single values of a body, without building all of it: its size costs time, not memory.
//!
//! Nothing here is trusted before a signature fits, except the token of Mattermost, which *is* in the body.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::refusal::Refusal;

/// The two kinds of bodies that webhooks have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/json`, `…+json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// Some members of a JSON object.
pub(super) struct Members<'a> {
    names: &'static [&'static str],
    found: Vec<Member<'a>>,
}

#[derive(Clone, Copy)]
struct Member<'a> {
    value: Option<&'a RawValue>,
    times: u32,
}

// === impl Media ===

impl Media {
    /// The kind of a content type, whatever its parameters say.
    pub(super) fn of(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let (main, sub) = essence.split_once('/')?;
        match (main, sub) {
            ("application", "json") => Some(Self::Json),
            ("application", "x-www-form-urlencoded") => Some(Self::Form),
            (_, sub) if !main.is_empty() && sub.len() > 5 && sub.ends_with("+json") => Some(Self::Json),
            _ => None,
        }
    }
}

// === impl Members ===

impl<'a> Members<'a> {
    /// The members with these names. Of a body that is no JSON object there are none.
    pub(super) fn of(body: &'a [u8], names: &'static [&'static str]) -> Self {
        std::str::from_utf8(body).map_or_else(|_| Self::none(names), |text| Self::of_text(text, names))
    }

    /// Whether the member is there more than once.
    pub(super) fn is_repeated(&self, name: &str) -> bool {
        self.get(name).is_some_and(|member| member.times > 1)
    }

    /// The last value of a member, as it is written.
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(|member| member.value).map(RawValue::get)
    }

    /// The member as text, if it is a string or a whole number.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let raw = self.raw(name)?;
        if raw.starts_with('"') {
            serde_json::from_str(raw).ok()
        } else {
            integer(raw).map(|_| raw.to_owned())
        }
    }

    /// The member as a whole number.
    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        self.raw(name).and_then(integer)
    }

    /// Members of the member.
    pub(super) fn inside(&self, name: &str, names: &'static [&'static str]) -> Self {
        self.raw(name).map_or_else(|| Self::none(names), |text| Self::of_text(text, names))
    }

    /// Whether the member is an object.
    pub(super) fn is_object(&self, name: &str) -> bool {
        self.raw(name).is_some_and(|raw| raw.starts_with('{'))
    }

    fn of_text(text: &'a str, names: &'static [&'static str]) -> Self {
        let mut json = serde_json::Deserializer::from_str(text);
        let read = json.deserialize_map(Pick(names));
        match read {
            Ok(members) if json.end().is_ok() => members,
            _ => Self::none(names),
        }
    }

    fn none(names: &'static [&'static str]) -> Self {
        Self { names, found: vec![Member { value: None, times: 0 }; names.len()] }
    }

    fn get(&self, name: &str) -> Option<Member<'a>> {
        self.names.iter().zip(&self.found).find(|(known, _)| **known == name).map(|(_, member)| *member)
    }
}

/// Reads an object and keeps the members with these names.
struct Pick(&'static [&'static str]);

impl<'de> Visitor<'de> for Pick {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Members::none(self.0);
        while let Some(name) = map.next_key::<String>()? {
            let known = members.names.iter().zip(&mut members.found).find(|(known, _)| **known == name);
            if let Some((_, member)) = known {
                member.value = Some(map.next_value()?);
                member.times += 1;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(members)
    }
}

/// The value of a name in a form. A name that is there twice is refused.
pub(super) fn form_value<'a>(
    form: &'a [u8],
    name: &str,
    part: &'static str,
) -> Result<Option<Cow<'a, str>>, Refusal> {
    let mut values = form_urlencoded::parse(form).filter(|(known, _)| known == name).map(|(_, value)| value);
    let first = values.next();
    if values.next().is_some() { Err(Refusal::Repeated { part }) } else { Ok(first) }
}

/// The first entry of a JSON list, as it is written.
pub(super) fn first_of_list(body: &[u8]) -> Option<&[u8]> {
    let text = std::str::from_utf8(body).ok()?.trim_start().strip_prefix('[')?;
    let first = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>().next()?.ok()?;
    Some(first.get().as_bytes())
}

fn integer(raw: &str) -> Option<i64> {
    raw.parse().ok()
}
