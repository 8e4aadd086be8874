//! Mattermost: a token in the body, JSON or form, and of slash commands also `Authorization: Token …`.
//!
//! It signs nothing: whoever has seen one request can write others. Every token that a request has must fit
//! the same key; two in one body are refused, because parsers disagree on which counts.

use std::borrow::Cow;

use subtle::Choice;

use super::body::{Media, Members, form_value};
use super::key::fitting;
use super::source::Facts;
use super::{Key, Received, Refusal, Verified, header, label, signature};

/// See [`Source`](super::Source).
pub(super) const FACTS: Facts = Facts {
    code: "mattermost",
    aliases: &[],
    name: "Mattermost",
    headers: &["Authorization"],
    secret: "The Token of the outgoing webhook or slash command, shown in Integrations. It comes in \
             the body, and with slash commands in the header too; it signs nothing.",
    forms: true,
    verify,
};

const TOKEN: &str = "token in the body";
const HEADER: &str = "Authorization";
const SCHEME: &str = "token ";

/// What is read of a body.
#[derive(Default)]
struct Fields<'a> {
    token: Option<Cow<'a, str>>,
    trigger_word: Option<Cow<'a, str>>,
    command: Option<Cow<'a, str>>,
    post_id: Option<Cow<'a, str>>,
    trigger_id: Option<Cow<'a, str>>,
}

/// See the module.
fn verify(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    let is_form = header::content_type(received.headers).and_then(Media::of) == Some(Media::Form);
    let fields = if is_form { of_form(received.body)? } else { of_json(received.body)? };
    let told = [fields.token.as_deref(), in_header(received)?];
    if told.iter().all(Option::is_none) {
        return Err(Refusal::Missing { part: TOKEN });
    }
    let key = fitting(keys, |key| {
        let each = told.iter().flatten().map(|token| signature::same(key.as_text(), token.as_bytes()));
        each.fold(Choice::from(1), |all, one| all & one)
    })?;

    let event = fields.trigger_word.filter(|word| !word.is_empty()).or(fields.command);
    let id = fields.post_id.filter(|id| !id.is_empty()).or(fields.trigger_id);
    Ok(Verified::new(key, signature::digest(&[received.body]))
        .event(label::event(event.as_deref(), "trigger_word in the body")?)
        .unsigned_id(label::id(id.as_deref(), "post_id in the body")?))
}

/// The token of the header. Other schemes are not Mattermost's.
fn in_header<'a>(received: &Received<'a>) -> Result<Option<&'a str>, Refusal> {
    let Some(text) = header::text(received.headers, HEADER)? else { return Ok(None) };
    let (scheme, token) = text.split_at_checked(SCHEME.len()).unwrap_or_default();
    Ok(scheme.eq_ignore_ascii_case(SCHEME).then(|| token.trim()))
}

fn of_form(body: &[u8]) -> Result<Fields<'_>, Refusal> {
    let value = |name| form_value(body, name, "a field of the form");
    Ok(Fields {
        token: form_value(body, "token", TOKEN)?.filter(|token| !token.is_empty()),
        trigger_word: value("trigger_word")?,
        command: value("command")?,
        post_id: value("post_id")?,
        trigger_id: value("trigger_id")?,
    })
}

fn of_json(body: &[u8]) -> Result<Fields<'_>, Refusal> {
    let body = Members::of(body, &["token", "trigger_word", "command", "post_id", "trigger_id"]);
    if body.is_repeated("token") {
        return Err(Refusal::Repeated { part: TOKEN });
    }
    let value = |name| body.text(name).map(Cow::<str>::Owned);
    Ok(Fields {
        token: value("token").filter(|token| !token.is_empty()),
        trigger_word: value("trigger_word"),
        command: value("command"),
        post_id: value("post_id"),
        trigger_id: value("trigger_id"),
    })
}
