//! Presses of buttons and slash commands.

use serde_json::Value;

use super::super::incoming::{Incoming, Said, Sender};
use super::super::json::{has, list, text};
use super::text::readable;
use super::{Place, is_ts};

/// The press that an interaction carries: `form` is the whole body, with JSON in its field `payload`.
#[must_use]
pub fn read_interaction(form: &[u8]) -> Option<Incoming> {
    let payload = form_urlencoded::parse(form).find(|(key, _)| key == "payload")?.1;
    read_press(&serde_json::from_str(&payload).ok()?)
}

/// The same of a payload that came over a socket.
pub(super) fn read_press(payload: &Value) -> Option<Incoming> {
    if text(payload, "/type")? != "block_actions" {
        return None;
    }
    let action = list(payload, "/actions").first()?;
    let user = text(payload, "/user/id")?;
    let channel = text(payload, "/channel/id").or_else(|| text(payload, "/container/channel_id"))?;
    let message = text(payload, "/message/ts").or_else(|| text(payload, "/container/message_ts"));
    let thread = text(payload, "/message/thread_ts").or_else(|| text(payload, "/container/thread_ts"));
    let pressed = text(action, "/action_ts")?;
    Some(Incoming {
        id: format!("press:{channel}:{}:{user}:{pressed}", message.unwrap_or_default()),
        conversation: Place::written(channel, thread.filter(|thread| is_ts(thread))),
        message: None,
        sender: Sender::known(
            user,
            text(payload, "/user/name").or_else(|| text(payload, "/user/username")).unwrap_or_default(),
        ),
        direct: channel.starts_with('D'),
        sent_ms: super::ts_ms(pressed),
        said: Said::Press {
            data: text(action, "/value")?.to_owned(),
            message: message.map(str::to_owned),
            ack: None,
        },
    })
}

/// A slash command, as the text that somebody would have typed: `/capuchin status` and `/status` are both
/// `/status` (the program's own word goes when there is more behind it).
#[must_use]
pub fn read_command(form: &[u8]) -> Option<Incoming> {
    let mut fields = serde_json::Map::new();
    for (key, value) in form_urlencoded::parse(form) {
        fields.insert(key.into_owned(), Value::String(value.into_owned()));
    }
    read_slash(&Value::Object(fields))
}

/// The same of a payload that came over a socket.
pub(super) fn read_slash(payload: &Value) -> Option<Incoming> {
    let (channel, user) = (text(payload, "/channel_id")?, text(payload, "/user_id")?);
    let command = text(payload, "/command")?;
    let words = readable(text(payload, "/text").unwrap_or_default(), "").0;
    let trigger = text(payload, "/trigger_id")?;
    if has(payload, "/bot_id") {
        return None;
    }
    Some(Incoming {
        id: format!("slash:{trigger}"),
        conversation: Place::written(channel, text(payload, "/thread_ts").filter(|thread| is_ts(thread))),
        message: None,
        sender: Sender::known(user, text(payload, "/user_name").unwrap_or_default()),
        direct: channel.starts_with('D'),
        sent_ms: None,
        said: Said::Text { text: typed(command, &words), mentions_us: true, with: None },
    })
}

fn typed(command: &str, words: &str) -> String {
    let own = command.trim_start_matches('/').to_ascii_lowercase();
    let is_ours = super::super::command::COMMANDS.iter().any(|(word, _)| *word == own);
    match (is_ours, words.is_empty()) {
        (true, false) => format!("/{own} {words}"),
        (true, true) => format!("/{own}"),
        (false, true) => "/help".to_owned(),
        (false, false) => {
            let first = words.trim_start_matches('/');
            let as_command = super::super::Command::of_slash(command, first).is_some();
            if as_command { format!("/{first}") } else { words.to_owned() }
        }
    }
}
