//! A webhook's body as messages, presses, and failures of what we sent.

use serde_json::Value;

use super::super::incoming::{Incoming, Said, Sender};
use super::super::json::{has, int, list, text};
use super::super::outgoing::{Outcome, Us};
use super::outcome::of_code;
use super::{is_message_id, is_phone, is_user_id};

/// A message of ours that was taken and then not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its id, as `Outcome::Sent` named it.
    pub message: String,
    /// Why.
    pub outcome: Outcome,
}

/// All that a webhook's body says; what was delivered or read says nothing.
#[must_use]
pub fn read(body: &Value, us: &Us) -> Vec<Incoming> {
    let of_change =
        |value| list(value, "/messages").iter().filter_map(|message| read_message(message, value));
    changes(body, us).flat_map(of_change).collect()
}

/// What a webhook's body says of our own messages that failed.
#[must_use]
pub fn failures(body: &Value, us: &Us) -> Vec<Failure> {
    let of_status = |status: &Value| {
        let message = text(status, "/id").filter(|_| text(status, "/status") == Some("failed"))?;
        let error = list(status, "/errors").first().unwrap_or(&Value::Null);
        let why = text(error, "/error_data/details")
            .or_else(|| text(error, "/message"))
            .or_else(|| text(error, "/title"));
        Some(Failure {
            message: message.to_owned(),
            outcome: of_code(int(error, "/code").unwrap_or(-1), why.unwrap_or("it was not delivered")),
        })
    };
    changes(body, us).flat_map(|value| list(value, "/statuses").iter().filter_map(of_status)).collect()
}

/// The changes that are about messages of our own number.
fn changes<'a>(body: &'a Value, us: &'a Us) -> impl Iterator<Item = &'a Value> {
    let entries = list(body, "/entry").iter().flat_map(|entry| list(entry, "/changes"));
    entries
        .filter(|change| text(change, "/field") == Some("messages"))
        .filter_map(|change| change.get("value"))
        .filter(|value| {
            text(value, "/metadata/phone_number_id").is_none_or(|number| us.id.is_empty() || number == us.id)
        })
}

fn read_message(message: &Value, change: &Value) -> Option<Incoming> {
    let id = text(message, "/id").filter(|id| is_message_id(id))?;
    if has(message, "/group_id") {
        return None;
    }
    let phone = text(message, "/from").filter(|phone| is_phone(phone));
    let sender = phone.or_else(|| text(message, "/from_user_id").filter(|user| is_user_id(user)))?;
    Some(Incoming {
        id: id.to_owned(),
        conversation: sender.to_owned(),
        message: Some(id.to_owned()),
        sender: Sender::known(sender, name_of(sender, change)),
        direct: true,
        sent_ms: text(message, "/timestamp").and_then(|text| text.parse::<i64>().ok()?.checked_mul(1_000)),
        said: said(message)?,
    })
}

fn name_of<'a>(sender: &str, change: &'a Value) -> &'a str {
    let is_them = |contact: &&Value| {
        text(contact, "/wa_id") == Some(sender) || text(contact, "/user_id") == Some(sender)
    };
    let contact = list(change, "/contacts").iter().find(is_them);
    contact.and_then(|contact| text(contact, "/profile/name")).unwrap_or_default()
}

fn said(message: &Value) -> Option<Said> {
    let words = |path: &str| text(message, path).unwrap_or_default();
    match text(message, "/type")? {
        "text" => {
            Said::of(words("/text/body"), true, None).filter(|_| !words("/text/body").trim().is_empty())
        }
        "image" => Said::of(words("/image/caption"), true, Some("a picture")),
        "video" => Said::of(words("/video/caption"), true, Some("a video")),
        "document" => Said::of(words("/document/caption"), true, Some("a file")),
        "audio" => Said::of("", true, Some("a voice message")),
        "sticker" => Said::of("", true, Some("a sticker")),
        "location" => Said::of("", true, Some("a place")),
        "contacts" => Said::of("", true, Some("a contact")),
        "unsupported" | "order" => Said::of("", true, Some("a message of a kind that I cannot read")),
        "button" => press(message, "/button/payload"),
        "interactive" => press(message, "/interactive/button_reply/id")
            .or_else(|| press(message, "/interactive/list_reply/id")),
        _ => None,
    }
}

fn press(message: &Value, path: &str) -> Option<Said> {
    let data = text(message, path)?.to_owned();
    Some(Said::Press { data, message: text(message, "/context/id").map(str::to_owned), ack: None })
}
