//! Calls of the REST API; the token goes into `Authorization: Bot …`.
//!
//! A message carries a nonce that the server checks for some minutes: a repeat answers with the first message.
//! Nothing that we write rings anybody: mentions are not parsed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::super::json::{id, int, text};
use super::super::outgoing::{
    Answer, Body, Button, Call, CannotSay, Method, Outcome, Outgoing, Post, Style, Us, check_buttons, label,
};
use super::super::platform::Platform;
use super::{is_id, outcome};

/// Buttons in one row.
const ROW_BUTTONS_MAX: usize = 5;
/// Longest nonce.
const NONCE_CHARS_MAX: usize = 25;
/// Flags of messages: no previews of links; seen by one person only.
const SUPPRESS_EMBEDS: u32 = 1 << 2;
const EPHEMERAL: u32 = 1 << 6;

/// The call that says `out` in `conversation`.
///
/// # Errors
/// When it cannot be said there.
pub fn call(conversation: &str, out: &Outgoing<'_>) -> Result<Call, CannotSay> {
    let channel = || if is_id(conversation) { Ok(conversation) } else { Err(CannotSay::Address) };
    match out {
        Outgoing::Say(post) => say(channel()?, post),
        Outgoing::Edit { message, part, plain } => {
            let channel = channel()?;
            if !is_id(message) {
                return Err(CannotSay::Address);
            }
            let content = if *plain { &part.plain } else { &part.markup };
            let body = json!({"content": content, "allowed_mentions": {"parse": []}, "components": []});
            let path = format!("/channels/{channel}/messages/{message}");
            Ok(Call { method: Method::Patch, path, body: Body::Json(body) })
        }
        Outgoing::Typing { .. } => {
            let path = format!("/channels/{}/typing", channel()?);
            Ok(Call { method: Method::Post, path, body: Body::None })
        }
        Outgoing::AckPress { ack, text } => {
            let (id, token) = ack.split_once('/').ok_or(CannotSay::Address)?;
            let is_token =
                token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'='));
            if !is_id(id) || token.is_empty() || !is_token {
                return Err(CannotSay::Address);
            }
            Ok(Call::post(format!("/interactions/{id}/{token}/callback"), press_answer(*text)))
        }
    }
}

/// The answer to a press: nothing that is seen, or a notice for the person who pressed. It is the body of
/// `AckPress`, and of the HTTP answer where interactions come by request. To be given within 3 seconds.
#[must_use]
pub fn press_answer(notice: Option<&str>) -> Value {
    match notice {
        None => json!({"type": 6}),
        Some(text) => {
            json!({"type": 4, "data": {"content": text, "flags": EPHEMERAL, "allowed_mentions": {"parse": []}}})
        }
    }
}

/// The nonce of a message with `key`: the key itself, or a digest of a longer one.
#[must_use]
pub fn nonce(key: &str) -> String {
    if key.chars().count() <= NONCE_CHARS_MAX {
        return key.to_owned();
    }
    let digest = Sha256::digest(key.as_bytes());
    URL_SAFE_NO_PAD.encode(digest.get(..16).unwrap_or_default())
}

/// Asks who we are.
#[must_use]
pub fn get_me() -> Call {
    Call::get("/users/@me")
}

/// Who we are, by the answer to `get_me`.
///
/// # Errors
/// What the answer means instead.
pub fn us(answer: &Answer<'_>) -> Result<Us, Outcome> {
    let body = answer.json().unwrap_or_default();
    match (text(&body, "/id").filter(|id| is_id(id)), text(&body, "/username")) {
        (Some(id), Some(name)) => Ok(Us { id: id.to_owned(), name: name.to_owned(), bot_id: None }),
        _ => Err(outcome(answer)),
    }
}

/// Asks where the gateway is.
#[must_use]
pub fn get_gateway() -> Call {
    Call::get("/gateway/bot")
}

/// Where the gateway is, and what may still be begun there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayAddress {
    /// The address, without its query.
    pub url: String,
    /// How many sessions may still be begun.
    pub left: i64,
    /// After how many milliseconds they are as many as ever again.
    pub reset_after_ms: u64,
}

/// The address, by the answer to `get_gateway`.
///
/// # Errors
/// What the answer means instead.
pub fn gateway_address(answer: &Answer<'_>) -> Result<GatewayAddress, Outcome> {
    let body = answer.json().unwrap_or_default();
    let limit = |name: &str| int(&body, &format!("/session_start_limit/{name}"));
    match text(&body, "/url") {
        Some(url) if url.starts_with("wss://") || url.starts_with("ws://") => Ok(GatewayAddress {
            url: url.to_owned(),
            left: limit("remaining").unwrap_or(i64::MAX),
            reset_after_ms: limit("reset_after").and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0),
        }),
        _ => Err(outcome(answer)),
    }
}

/// Asks for the channel of direct messages with a person, to write to them first.
///
/// # Errors
/// When `user` is no id.
pub fn open_direct(user: &str) -> Result<Call, CannotSay> {
    if !is_id(user) {
        return Err(CannotSay::Address);
    }
    Ok(Call::post("/users/@me/channels", json!({"recipient_id": user})))
}

/// The conversation, by the answer to `open_direct`.
///
/// # Errors
/// What the answer means instead.
pub fn direct_channel(answer: &Answer<'_>) -> Result<String, Outcome> {
    let body = answer.json().unwrap_or_default();
    id(&body, "/id").filter(|id| is_id(id)).ok_or_else(|| outcome(answer))
}

fn say(channel: &str, post: &Post<'_>) -> Result<Call, CannotSay> {
    check_buttons(post.buttons, &Platform::Discord.limits())?;
    let mut body = json!({
        "content": post.text(), "allowed_mentions": {"parse": [], "replied_user": false},
        "nonce": nonce(post.key), "enforce_nonce": true, "flags": SUPPRESS_EMBEDS,
    });
    if let Value::Object(fields) = &mut body {
        if let Some(message) = post.reply_to {
            if !is_id(message) {
                return Err(CannotSay::Address);
            }
            let reference = json!({"message_id": message, "fail_if_not_exists": false});
            fields.insert("message_reference".to_owned(), reference);
        }
        if !post.buttons.is_empty() {
            fields.insert("components".to_owned(), rows(post.buttons));
        }
    }
    Ok(Call::post(format!("/channels/{channel}/messages"), body))
}

fn rows(buttons: &[Button]) -> Value {
    let written = |button: &Button| {
        let style = match button.style {
            Style::Plain => 2,
            Style::Good => 3,
            Style::Bad => 4,
        };
        let label = label(button, &Platform::Discord.limits());
        json!({"type": 2, "style": style, "label": label, "custom_id": button.data})
    };
    buttons
        .chunks(ROW_BUTTONS_MAX)
        .map(|row| json!({"type": 1, "components": row.iter().map(written).collect::<Vec<_>>()}))
        .collect()
}
