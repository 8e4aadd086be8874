//! Events of the gateway and interactions as messages and presses.

use serde_json::Value;

use super::super::incoming::{Incoming, Said, Sender};
use super::super::json::{flag, has, int, list, text};
use super::super::outgoing::Us;
use super::{is_id, made_ms};

/// Kinds of messages that are a person's own words: plain ones and replies.
const OWN_WORDS: &[i64] = &[0, 19];
/// The kind of interaction that is a press of a button.
const COMPONENT: i64 = 3;

/// What a `MESSAGE_CREATE` says, if it is for us at all.
#[must_use]
pub fn read_message(message: &Value, us: &Us) -> Option<Incoming> {
    let is_own =
        flag(message, "/author/bot") || flag(message, "/author/system") || has(message, "/webhook_id");
    if is_own || !OWN_WORDS.contains(&int(message, "/type").unwrap_or(0)) {
        return None;
    }
    let (own, channel) = (id_at(message, "/id")?, id_at(message, "/channel_id")?);
    let author = id_at(message, "/author/id").filter(|author| *author != us.id)?;
    let direct = !has(message, "/guild_id");
    let (words, mentioned) = readable(text(message, "/content").unwrap_or_default(), message, us);
    let answers_us = text(message, "/referenced_message/author/id") == Some(us.id.as_str());
    Some(Incoming {
        id: own.to_owned(),
        conversation: channel.to_owned(),
        message: Some(own.to_owned()),
        sender: sender(author, message, "/author"),
        direct,
        sent_ms: made_ms(own),
        said: Said::of(&words, direct || mentioned || answers_us, thing(message))?,
    })
}

/// The press that an interaction is (an `INTERACTION_CREATE`, or the body of a request).
#[must_use]
pub fn read_interaction(interaction: &Value) -> Option<Incoming> {
    if int(interaction, "/type")? != COMPONENT {
        return None;
    }
    let (own, token) = (id_at(interaction, "/id")?, text(interaction, "/token")?);
    let person = if has(interaction, "/member/user") { "/member/user" } else { "/user" };
    let user = id_at(interaction, &format!("{person}/id"))?;
    Some(Incoming {
        id: format!("press:{own}"),
        conversation: id_at(interaction, "/channel_id")?.to_owned(),
        message: None,
        sender: sender(user, interaction, person),
        direct: !has(interaction, "/guild_id"),
        sent_ms: made_ms(own),
        said: Said::Press {
            data: text(interaction, "/data/custom_id")?.to_owned(),
            message: id_at(interaction, "/message/id").map(str::to_owned),
            ack: Some(format!("{own}/{token}")),
        },
    })
}

fn id_at<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    text(value, path).filter(|id| is_id(id))
}

fn sender(user: &str, value: &Value, person: &str) -> Sender {
    let name = text(value, "/member/nick")
        .or_else(|| text(value, &format!("{person}/global_name")))
        .or_else(|| text(value, &format!("{person}/username")));
    Sender::known(user, name.unwrap_or_default())
}

fn thing(message: &Value) -> Option<&'static str> {
    if let Some(first) = list(message, "/attachments").first() {
        return Some(match text(first, "/content_type").and_then(|kind| kind.split('/').next()) {
            Some("image") => "a picture",
            Some("audio") => "a voice message",
            Some("video") => "a video",
            _ => "a file",
        });
    }
    if !list(message, "/sticker_items").is_empty() {
        return Some("a sticker");
    }
    has(message, "/poll").then_some("a poll")
}

/// The words as people see them, without mentions of us; and whether there was one.
fn readable(words: &str, message: &Value, us: &Us) -> (String, bool) {
    let mut seen = String::with_capacity(words.len());
    let mut mentioned = false;
    let mut rest = words;
    while let Some((before, after)) = rest.split_once('<') {
        seen.push_str(before);
        let read = after
            .split_once('>')
            .and_then(|(inside, after)| Some((reference(inside, message)?, inside, after)));
        let Some((shown, inside, after)) = read else {
            seen.push('<');
            rest = after;
            continue;
        };
        if user_of(inside) == Some(us.id.as_str()) {
            mentioned = true;
        } else {
            seen.push_str(&shown);
        }
        rest = after;
    }
    seen.push_str(rest);
    (seen.trim().to_owned(), mentioned)
}

fn user_of(inside: &str) -> Option<&str> {
    let id = inside.strip_prefix('@')?;
    Some(id.strip_prefix('!').unwrap_or(id)).filter(|id| is_id(id))
}

/// What `<…>` refers to, as people see it; none when it is only text in angle brackets.
fn reference(inside: &str, message: &Value) -> Option<String> {
    if let Some(user) = user_of(inside) {
        let known = list(message, "/mentions").iter().find(|other| text(other, "/id") == Some(user));
        let name = known.and_then(|other| text(other, "/global_name").or_else(|| text(other, "/username")));
        return Some(format!("@{}", name.unwrap_or(user)));
    }
    if let Some(role) = inside.strip_prefix("@&").filter(|id| is_id(id)) {
        return Some(format!("@{role}"));
    }
    if let Some(channel) = inside.strip_prefix('#').filter(|id| is_id(id)) {
        return Some(format!("#{channel}"));
    }
    // <:name:id> and <a:name:id> are pictures with a name.
    let emoji = inside.strip_prefix("a:").or_else(|| inside.strip_prefix(':'))?;
    let (name, _) = emoji.split_once(':').filter(|(_, id)| is_id(id))?;
    Some(format!(":{name}:"))
}
