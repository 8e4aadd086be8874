//! Calls of the Bot API.

use serde_json::{Value, json};

use super::super::command::COMMANDS;
use super::super::json::{flag, id, text};
use super::super::outgoing::{
    Answer, Button, Call, CannotSay, Outcome, Outgoing, Post, Us, check_buttons, label,
};
use super::super::platform::{Platform, TextUnit, shortened};
use super::{Place, UPDATES, outcome};

/// Buttons in one row: more are too narrow to read on a phone.
const ROW_BUTTONS_MAX: usize = 3;
/// Longest notice after a press.
const NOTICE_CHARS_MAX: usize = 200;

/// The call that says `out` in `conversation`.
///
/// # Errors
/// When it cannot be said there.
pub fn call(conversation: &str, out: &Outgoing<'_>) -> Result<Call, CannotSay> {
    let place = || Place::parse(conversation).ok_or(CannotSay::Address);
    match out {
        Outgoing::Say(post) => say(&place()?, post),
        Outgoing::Edit { message, part, plain } => {
            let place = place()?;
            let mut body = json!({"chat_id": place.chat, "message_id": number(message)?});
            put_text(&mut body, if *plain { &part.plain } else { &part.markup }, *plain);
            Ok(method("editMessageText", body))
        }
        Outgoing::Typing { .. } => {
            let place = place()?;
            let mut body = json!({"chat_id": place.chat, "action": "typing"});
            put(&mut body, "message_thread_id", place.topic);
            Ok(method("sendChatAction", body))
        }
        Outgoing::AckPress { ack, text } => {
            let mut body = json!({"callback_query_id": ack});
            put(&mut body, "text", text.map(|text| shortened(text, TextUnit::Chars, NOTICE_CHARS_MAX)));
            Ok(method("answerCallbackQuery", body))
        }
    }
}

/// Asks who we are.
#[must_use]
pub fn get_me() -> Call {
    method("getMe", json!({}))
}

/// Who we are, by the answer to `get_me`.
///
/// # Errors
/// What the answer means instead.
pub fn us(answer: &Answer<'_>) -> Result<Us, Outcome> {
    let body = answer.json().unwrap_or_default();
    match (flag(&body, "/ok"), id(&body, "/result/id"), text(&body, "/result/username")) {
        (true, Some(id), Some(name)) => Ok(Us { id, name: name.to_owned(), bot_id: None }),
        _ => Err(outcome(answer)),
    }
}

/// Asks for what came after `offset` − 1, for up to `timeout_s` seconds; confirms everything before it.
#[must_use]
pub fn get_updates(offset: i64, timeout_s: u32) -> Call {
    method(
        "getUpdates",
        json!({"offset": offset, "timeout": timeout_s, "limit": 100, "allowed_updates": UPDATES}),
    )
}

/// Has updates sent to `url`, with `secret` in each request's header.
#[must_use]
pub fn set_webhook(url: &str, secret: &str) -> Call {
    method(
        "setWebhook",
        json!({"url": url, "secret_token": secret, "allowed_updates": UPDATES, "max_connections": 10}),
    )
}

/// Ends that; what waits at the server stays there for the poll.
#[must_use]
pub fn delete_webhook() -> Call {
    method("deleteWebhook", json!({"drop_pending_updates": false}))
}

/// Puts our commands into the menu of the platform.
#[must_use]
pub fn set_commands() -> Call {
    let commands: Vec<Value> =
        COMMANDS.iter().map(|(word, what)| json!({"command": word, "description": what})).collect();
    method("setMyCommands", json!({"commands": commands}))
}

fn say(place: &Place, post: &Post<'_>) -> Result<Call, CannotSay> {
    check_buttons(post.buttons, &Platform::Telegram.limits())?;
    let mut body = json!({"chat_id": place.chat});
    put_text(&mut body, post.text(), post.plain);
    put(&mut body, "message_thread_id", place.topic);
    if let Some(message) = post.reply_to {
        let reply = json!({"message_id": number(message)?, "allow_sending_without_reply": true});
        put(&mut body, "reply_parameters", Some(reply));
    }
    if !post.buttons.is_empty() {
        put(&mut body, "reply_markup", Some(json!({"inline_keyboard": rows(post.buttons)})));
    }
    Ok(method("sendMessage", body))
}

fn rows(buttons: &[Button]) -> Vec<Vec<Value>> {
    let limits = Platform::Telegram.limits();
    let written = |button: &Button| json!({"text": label(button, &limits), "callback_data": button.data});
    buttons.chunks(ROW_BUTTONS_MAX).map(|row| row.iter().map(written).collect()).collect()
}

fn put_text(body: &mut Value, text: &str, plain: bool) {
    put(body, "text", Some(text));
    put(body, "parse_mode", (!plain).then_some("HTML"));
    put(body, "link_preview_options", Some(json!({"is_disabled": true})));
}

fn put(body: &mut Value, key: &str, value: Option<impl Into<Value>>) {
    if let (Value::Object(fields), Some(value)) = (body, value) {
        fields.insert(key.to_owned(), value.into());
    }
}

fn number(message: &str) -> Result<i64, CannotSay> {
    message.parse().map_err(|_| CannotSay::Address)
}

fn method(name: &str, body: Value) -> Call {
    Call::post(format!("/bot{{token}}/{name}"), body)
}
