//! What Telegram's answers mean.

use super::super::json::{flag, id, int, text};
use super::super::outgoing::{Answer, Outcome, said, wait_seconds};
use super::Place;

const TOKEN: &str = "take a new token from @BotFather and store it in the vault";

/// Beginnings of refusals (after "Bad Request: " or "Forbidden: "), and what a person can do.
const FIXES: &[(&str, &str)] = &[
    ("bot was blocked by the user", "the person has to unblock the bot"),
    ("user is deactivated", "the account is gone: remove the sender from the channel"),
    ("bot can't initiate conversation", "the person has to write to the bot first"),
    ("bot can't send messages to bots", "remove the sender from the channel: it is a bot"),
    ("bot was kicked", "add the bot to the group again"),
    ("bot is not a member", "add the bot to the group again"),
    ("the group chat was deleted", "the group is gone: remove it from the channel"),
    ("chat not found", "check the chat's id, and let somebody write to the bot there first"),
    ("not enough rights", "give the bot the right to write in the group"),
    ("have no rights to send", "give the bot the right to write in the group"),
    ("need administrator rights", "make the bot an administrator of the group"),
    ("message thread not found", "the topic is gone: write in another one"),
    ("topic_closed", "open the topic again"),
];

/// Refusals of something that has its effect anyway.
const DONE: &[&str] = &["message is not modified", "query is too old", "query id is invalid"];

/// What an answer of the Bot API means.
#[must_use]
pub fn outcome(answer: &Answer<'_>) -> Outcome {
    let Some(body) = answer.json().filter(serde_json::Value::is_object) else {
        return answer.by_status(TOKEN);
    };
    if flag(&body, "/ok") {
        return match id(&body, "/result/message_id") {
            Some(message) => Outcome::Sent { message },
            None => Outcome::Done,
        };
    }
    let code = int(&body, "/error_code").unwrap_or_else(|| i64::from(answer.status));
    let description = text(&body, "/description").unwrap_or_default();
    if let Some(chat) = int(&body, "/parameters/migrate_to_chat_id") {
        return Outcome::Moved { conversation: Place::written(chat, None) };
    }
    match code {
        429 => match body.pointer("/parameters/retry_after").and_then(serde_json::Value::as_f64) {
            Some(seconds) => wait_seconds(Some(seconds)),
            None => answer.wait(),
        },
        // An address with a token that is none does not exist.
        401 | 404 => Outcome::Unauthorized { fix: TOKEN },
        409 => Outcome::Conflict { webhook: description.contains("webhook") },
        400 | 403 => refused(description),
        500..=599 => Outcome::Unknown { why: said(description) },
        _ if description.is_empty() => answer.by_status(TOKEN),
        _ => Outcome::Refused { why: said(description), fix: "see what Telegram says" },
    }
}

fn refused(description: &str) -> Outcome {
    let reason = description.split_once(": ").map_or(description, |(_, reason)| reason);
    let lower = reason.to_lowercase();
    if DONE.iter().any(|done| lower.contains(done)) {
        return Outcome::Done;
    }
    if lower.contains("can't parse entities") {
        return Outcome::Markup;
    }
    let fix = FIXES.iter().find(|(beginning, _)| lower.contains(beginning)).map(|(_, fix)| *fix);
    Outcome::Refused { why: said(reason), fix: fix.unwrap_or("see what Telegram says") }
}
