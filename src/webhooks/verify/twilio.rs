//! Twilio: `X-Twilio-Signature: <base64>`, HMAC-SHA1 of the address and, of a form, its sorted fields.
//!
//! The address is the public one as Twilio knows it. Twilio signs it with its port or without, and older
//! parts with an older way of escaping the query, so all four spellings are tried. A body of JSON is not
//! signed but by its SHA-256 in the query (`bodySHA256`): without it JSON is refused. The fields of a form
//! are joined with nothing between them, so a name could take a letter of its value; the content of a
//! [`Verified`] is of the joined text, so that no such change looks new. No time is signed.
//! `CallSid` and `MessageSid` are equal in all reports of a call or message: they are no ids of deliveries.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::body::{Media, Members};
use super::key::fitting;
use super::source::Facts;
use super::{Key, Received, Refusal, Verified, header, label, signature};

/// See [`Source`](super::Source).
pub(super) const FACTS: Facts = Facts {
    code: "twilio",
    aliases: &[],
    name: "Twilio",
    headers: &["X-Twilio-Signature"],
    secret: "The Auth Token of the account, in Account Info of the console. The address at Twilio has \
             to be this endpoint's public address, letter by letter.",
    forms: true,
    verify,
};

const SIGNATURE: &str = "X-Twilio-Signature";
const BODY_HASH: &str = "bodySHA256 in the address";
const FIELDS: &str = "the form";

/// Fields of a form, at the most. Twilio sends some dozens.
const FIELDS_MAX: usize = 1_000;

/// See the module.
fn verify(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    let text = header::needed(received.headers, SIGNATURE)?;
    let sent = signature::base64(text).ok_or(Refusal::Malformed { part: SIGNATURE })?;
    let is_form = header::content_type(received.headers).and_then(Media::of) == Some(Media::Form);
    let fields = match body_hash(received.url)? {
        Some(hash) => {
            let fits = hash == signature::digest(&[received.body]);
            if fits { String::new() } else { return Err(Refusal::Mismatch) }
        }
        None if is_form => joined(received.body)?,
        None => return Err(Refusal::Missing { part: BODY_HASH }),
    };
    let (key, signed) = spellings(received.url)
        .into_iter()
        .map(|url| {
            let signed: [&[u8]; 2] = [url.as_bytes(), fields.as_bytes()];
            let key = fitting(keys, |key| signature::fits_sha1(key.as_text(), &signed, &sent))?;
            Ok((key, signature::digest(&signed)))
        })
        .reduce(Result::or)
        .unwrap_or(Err(Refusal::Mismatch))?;

    let id = header::text(received.headers, "I-Twilio-Idempotency-Token")?;
    let event = if is_form { form_event(received.body) } else { json_event(received.body) };
    Ok(Verified::new(key, signed)
        .event(label::event(event.as_deref(), "the event")?)
        .unsigned_id(label::id(id, "I-Twilio-Idempotency-Token")?))
}

/// The hash that the address says the body has.
fn body_hash(url: &str) -> Result<Option<[u8; 32]>, Refusal> {
    let mut hashes = form_urlencoded::parse(query(url).as_bytes()).filter(|(name, _)| name == "bodySHA256");
    let Some((_, hash)) = hashes.next() else { return Ok(None) };
    if hashes.next().is_some() {
        return Err(Refusal::Repeated { part: BODY_HASH });
    }
    signature::hex(&hash).map(Some).ok_or(Refusal::Malformed { part: BODY_HASH })
}

/// Names and values of a form, sorted, each pair once, in a row.
fn joined(form: &[u8]) -> Result<String, Refusal> {
    if form_urlencoded::parse(form).nth(FIELDS_MAX).is_some() {
        return Err(Refusal::Malformed { part: FIELDS });
    }
    let pairs: BTreeSet<_> = form_urlencoded::parse(form).collect();
    Ok(pairs.iter().flat_map(|(name, value)| [name.as_ref(), value.as_ref()]).collect())
}

/// The address as it is, without a port, with one, and both with the query escaped in the older way.
fn spellings(url: &str) -> Vec<Cow<'_, str>> {
    let mut all = vec![Cow::Borrowed(url)];
    let Some((scheme, rest)) = url.split_once("://") else { return all };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let port = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
    all.push(format!("{scheme}://{host}{path}").into());
    if host == authority {
        all.push(format!("{scheme}://{host}:{port}{path}").into());
    }
    let older: Vec<_> = all.iter().map(|url| Cow::Owned(older(url))).collect();
    all.extend(older);
    let mut seen = BTreeSet::new();
    all.retain(|url| seen.insert(url.clone()));
    all
}

/// The address with its query taken apart and escaped again, as `encodeURIComponent` does it.
fn older(url: &str) -> String {
    let query = query(url);
    if query.is_empty() {
        return url.to_owned();
    }
    let mut text = url.split('?').next().unwrap_or_default().to_owned();
    let mut before = '?';
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        text.push(before);
        escape(&name, &mut text);
        text.push('=');
        escape(&value, &mut text);
        before = '&';
    }
    text
}

fn escape(part: &str, text: &mut String) {
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let digit =
                |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase();
            text.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

fn query(url: &str) -> &str {
    url.split_once('?').map_or("", |(_, rest)| rest.split('#').next().unwrap_or_default())
}

/// `message.delivered`, `call.completed`: what is reported on, and its state.
fn form_event(form: &[u8]) -> Option<String> {
    let field = |wanted: &str| {
        form_urlencoded::parse(form).find(|(name, value)| name == wanted && !value.is_empty()).map(|(_, v)| v)
    };
    let states = [
        ("message", "MessageStatus"),
        ("message", "SmsStatus"),
        ("call", "CallStatus"),
        ("event", "EventType"),
    ];
    states.iter().find_map(|(kind, name)| field(name).map(|state| format!("{kind}.{state}")))
}

/// The type of a CloudEvent, of one or of the first of several.
fn json_event(body: &[u8]) -> Option<String> {
    let kind = Members::of(body, &["type"]).text("type");
    kind.or_else(|| super::body::first_of_list(body).and_then(|one| Members::of(one, &["type"]).text("type")))
}
