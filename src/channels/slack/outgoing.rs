//! Calls of the Web API; the bot token goes into `Authorization: Bearer`.
//!
//! `chat.postMessage` has no key against repeats (`client_msg_id` is no argument of it). The key of a message
//! travels in its metadata instead, where `look_for` finds it; that needs the scopes to read the history.

use serde_json::{Value, json};

use super::super::json::{flag, list, text};
use super::super::outgoing::{
    Answer, Button, Call, CannotSay, Outcome, Outgoing, Post, Style, Us, check_buttons, label,
};
use super::super::platform::Platform;
use super::{Place, is_ts, outcome};

/// The kind of our metadata.
const METADATA: &str = "capuchin_message";

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
            if !is_ts(message) {
                return Err(CannotSay::Address);
            }
            let text = words(if *plain { &part.plain } else { &part.markup }, *plain);
            let body = json!({"channel": place.channel, "ts": message, "text": text, "mrkdwn": !plain, "blocks": []});
            Ok(Call::post("/chat.update", body))
        }
        // A thread is needed: direct messages outside of one have no such sign.
        Outgoing::Typing { .. } => {
            let Place { channel, thread: Some(thread) } = place()? else {
                return Err(CannotSay::NoSuchThing);
            };
            let body = json!({"channel_id": channel, "thread_ts": thread, "status": "is thinking…"});
            Ok(Call::post("/assistant.threads.setStatus", body))
        }
        // A press is acknowledged by the answer to its request, or its envelope.
        Outgoing::AckPress { .. } => Err(CannotSay::NoSuchThing),
    }
}

/// Asks who we are.
#[must_use]
pub fn auth_test() -> Call {
    Call::post("/auth.test", json!({}))
}

/// Who we are, by the answer to `auth_test`.
///
/// # Errors
/// What the answer means instead.
pub fn us(answer: &Answer<'_>) -> Result<Us, Outcome> {
    let body = answer.json().unwrap_or_default();
    match (flag(&body, "/ok"), text(&body, "/user_id"), text(&body, "/user")) {
        (true, Some(id), Some(name)) => Ok(Us {
            id: id.to_owned(),
            name: name.to_owned(),
            bot_id: text(&body, "/bot_id").map(str::to_owned),
        }),
        _ => Err(outcome(answer)),
    }
}

/// Asks for the last messages of `conversation`, to find whether one of unknown fate stands there.
///
/// # Errors
/// When `conversation` is not one of Slack's.
pub fn look_for(conversation: &str) -> Result<Call, CannotSay> {
    let place = Place::parse(conversation).ok_or(CannotSay::Address)?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("channel", place.channel).append_pair("include_all_metadata", "true");
    let method = match place.thread {
        Some(thread) => {
            query.append_pair("ts", thread);
            "conversations.replies"
        }
        None => "conversations.history",
    };
    query.append_pair("limit", "50");
    Ok(Call::get(format!("/{method}?{}", query.finish())))
}

/// Of the answer to `look_for`: the message with `key`, if it stands there.
///
/// # Errors
/// What the answer means when it lists no messages.
pub fn sent_before(answer: &Answer<'_>, key: &str) -> Result<Option<String>, Outcome> {
    let body = answer.json().unwrap_or_default();
    if !flag(&body, "/ok") {
        return Err(outcome(answer));
    }
    let is_it = |message: &&Value| {
        text(message, "/metadata/event_type") == Some(METADATA)
            && text(message, "/metadata/event_payload/key") == Some(key)
    };
    Ok(list(&body, "/messages")
        .iter()
        .find(is_it)
        .and_then(|message| text(message, "/ts"))
        .map(str::to_owned))
}

fn say(place: &Place<'_>, post: &Post<'_>) -> Result<Call, CannotSay> {
    check_buttons(post.buttons, &Platform::Slack.limits())?;
    let text = words(post.text(), post.plain);
    let mut body = json!({
        "channel": place.channel, "text": text, "mrkdwn": !post.plain,
        "unfurl_links": false, "unfurl_media": false,
        "metadata": {"event_type": METADATA, "event_payload": {"key": post.key}},
    });
    if let Value::Object(fields) = &mut body {
        if let Some(thread) = place.thread {
            fields.insert("thread_ts".to_owned(), thread.into());
        }
        if !post.buttons.is_empty() {
            fields.insert("blocks".to_owned(), blocks(&text, post));
        }
    }
    Ok(Call::post("/chat.postMessage", body))
}

/// Plain words still have three characters that mean something to Slack.
fn words(text: &str, plain: bool) -> String {
    if !plain {
        return text.to_owned();
    }
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn blocks(text: &str, post: &Post<'_>) -> Value {
    let buttons: Vec<Value> =
        post.buttons.iter().enumerate().map(|(at, button)| element(at, button)).collect();
    let kind = if post.plain { "plain_text" } else { "mrkdwn" };
    // What is plain is shown as it stands, without decoding.
    let text = if post.plain { &post.part.plain } else { text };
    json!([
        {"type": "section", "text": {"type": kind, "text": text}},
        {"type": "actions", "elements": buttons},
    ])
}

fn element(at: usize, button: &Button) -> Value {
    let mut element = json!({
        "type": "button", "action_id": format!("press_{at}"), "value": button.data,
        "text": {"type": "plain_text", "text": label(button, &Platform::Slack.limits())},
    });
    let style = match button.style {
        Style::Plain => None,
        Style::Good => Some("primary"),
        Style::Bad => Some("danger"),
    };
    if let (Value::Object(fields), Some(style)) = (&mut element, style) {
        fields.insert("style".to_owned(), style.into());
    }
    element
}
