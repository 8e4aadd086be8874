//! Calls of the Cloud API; the access token goes into `Authorization: Bearer`.

use serde_json::{Value, json};

use super::super::json::text;
use super::super::outgoing::{Answer, Call, CannotSay, Outcome, Outgoing, Post, Us, check_buttons, label};
use super::super::platform::Platform;
use super::{is_message_id, is_phone, is_user_id, outcome};

/// The call that says `out` in `conversation`.
///
/// # Errors
/// When it cannot be said there: what was sent stands for ever, and presses need no answer.
pub fn call(us: &Us, conversation: &str, out: &Outgoing<'_>) -> Result<Call, CannotSay> {
    match out {
        Outgoing::Say(post) => {
            let mut body = addressed(conversation)?;
            say(&mut body, post)?;
            messages(us, body)
        }
        Outgoing::Typing { message } => {
            addressed(conversation)?;
            let message = message.ok_or(CannotSay::NoSuchThing)?;
            if !is_message_id(message) {
                return Err(CannotSay::Address);
            }
            let body = json!({
                "messaging_product": "whatsapp", "status": "read", "message_id": message,
                "typing_indicator": {"type": "text"},
            });
            messages(us, body)
        }
        Outgoing::Edit { .. } | Outgoing::AckPress { .. } => Err(CannotSay::NoSuchThing),
    }
}

/// Asks what our number is called, which also tries the token.
///
/// # Errors
/// When `number` is no id of a number.
pub fn get_number(number: &str) -> Result<Call, CannotSay> {
    if !is_phone(number) {
        return Err(CannotSay::Address);
    }
    Ok(Call::get(format!("/{number}?fields=id,display_phone_number,verified_name")))
}

/// Who we are, by the answer to `get_number`.
///
/// # Errors
/// What the answer means instead.
pub fn us(answer: &Answer<'_>) -> Result<Us, Outcome> {
    let body = answer.json().unwrap_or_default();
    let name = text(&body, "/verified_name").or_else(|| text(&body, "/display_phone_number"));
    match text(&body, "/id").zip(name) {
        Some((id, name)) => Ok(Us { id: id.to_owned(), name: name.to_owned(), bot_id: None }),
        None => Err(outcome(answer)),
    }
}

fn messages(us: &Us, body: Value) -> Result<Call, CannotSay> {
    if !is_phone(&us.id) {
        return Err(CannotSay::Address);
    }
    Ok(Call::post(format!("/{}/messages", us.id), body))
}

/// A message to somebody, by number or by id.
fn addressed(conversation: &str) -> Result<Value, CannotSay> {
    let field = match conversation {
        phone if is_phone(phone) => "to",
        user if is_user_id(user) => "recipient",
        _ => return Err(CannotSay::Address),
    };
    let mut body = json!({"messaging_product": "whatsapp", "recipient_type": "individual"});
    put(&mut body, field, conversation.into());
    Ok(body)
}

fn say(body: &mut Value, post: &Post<'_>) -> Result<(), CannotSay> {
    let limits = Platform::Whatsapp.limits();
    check_buttons(post.buttons, &limits)?;
    if let Some(message) = post.reply_to {
        if !is_message_id(message) {
            return Err(CannotSay::Address);
        }
        put(body, "context", json!({"message_id": message}));
    }
    if post.buttons.is_empty() {
        put(body, "type", "text".into());
        put(body, "text", json!({"body": post.text(), "preview_url": false}));
        return Ok(());
    }
    let mut labels: Vec<String> = post.buttons.iter().map(|button| label(button, &limits)).collect();
    let buttons: Vec<Value> = post
        .buttons
        .iter()
        .zip(&labels)
        .map(|(button, label)| json!({"type": "reply", "reply": {"id": button.data, "title": label}}))
        .collect();
    // Two buttons with one title are refused.
    labels.sort_unstable();
    labels.dedup();
    if labels.len() < buttons.len() {
        return Err(CannotSay::Buttons);
    }
    put(body, "type", "interactive".into());
    let interactive =
        json!({"type": "button", "body": {"text": post.text()}, "action": {"buttons": buttons}});
    put(body, "interactive", interactive);
    Ok(())
}

fn put(body: &mut Value, key: &str, value: Value) {
    if let Value::Object(fields) = body {
        fields.insert(key.to_owned(), value);
    }
}
