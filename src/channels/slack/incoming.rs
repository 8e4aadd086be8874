//! Events as messages.

use serde_json::Value;

use super::super::incoming::{Incoming, Said, Sender};
use super::super::json::{has, list, text};
use super::super::outgoing::Us;
use super::text::readable;
use super::{Place, is_ts, ts_ms};

/// Kinds of messages that are a person's own words; all others tell of edits, joins and settings.
const OWN_WORDS: &[&str] = &["file_share", "thread_broadcast", "me_message"];

/// What an `event_callback` says (the whole payload), if it is for us at all.
#[must_use]
pub fn read_event(payload: &Value, us: &Us) -> Option<Incoming> {
    let event = payload.get("event")?;
    let kind = text(event, "/type")?;
    if !matches!(kind, "message" | "app_mention") || is_of_a_bot(event, us) {
        return None;
    }
    if text(event, "/subtype").is_some_and(|subtype| !OWN_WORDS.contains(&subtype)) || has(event, "/edited") {
        return None;
    }
    let (channel, user) = (text(event, "/channel")?, text(event, "/user")?);
    let ts = text(event, "/ts").filter(|ts| is_ts(ts))?;
    let direct = text(event, "/channel_type") == Some("im") || channel.starts_with('D');
    let (words, mentioned) = readable(text(event, "/text").unwrap_or_default(), &us.id);
    let ours = direct || mentioned || kind == "app_mention" || text(event, "/parent_user_id") == Some(&us.id);
    let thread = text(event, "/thread_ts").filter(|thread| is_ts(thread));
    // What is said to us in a channel is answered below itself.
    let thread = thread.or_else(|| (!direct && ours).then_some(ts));
    Some(Incoming {
        id: format!("{channel}:{ts}"),
        conversation: Place::written(channel, thread),
        message: Some(ts.to_owned()),
        sender: Sender::known(user, text(event, "/user_profile/display_name").unwrap_or_default()),
        direct,
        sent_ms: ts_ms(ts),
        said: Said::of(&words, ours, files(event))?,
    })
}

/// Whether we or another program wrote this. Slackbot is a program without a bot id.
fn is_of_a_bot(event: &Value, us: &Us) -> bool {
    let user = text(event, "/user");
    has(event, "/bot_id")
        || has(event, "/bot_profile")
        || user == Some("USLACKBOT")
        || user == Some(us.id.as_str())
}

fn files(event: &Value) -> Option<&'static str> {
    let first = list(event, "/files").first()?;
    let mime = text(first, "/mimetype").unwrap_or_default();
    Some(match mime.split('/').next() {
        Some("image") => "a picture",
        Some("audio") => "a voice message",
        Some("video") => "a video",
        _ => "a file",
    })
}
