//! What Discord's answers mean.

use super::super::json::{id, int, text};
use super::super::outgoing::{Answer, Outcome, said, wait_seconds};

const TOKEN: &str = "reset the bot's token in the developer portal and store it in the vault";

/// Codes of errors, and what a person can do.
const FIXES: &[(i64, &str)] = &[
    (10_003, "the channel is gone, or the bot is not in its server"),
    (10_008, "the message is gone"),
    (50_001, "let the bot see the channel: View Channel"),
    (50_006, "the message is empty"),
    (50_007, "the person takes no direct messages from members of the server, or shares none with the bot"),
    (50_013, "give the bot the right to write: Send Messages, and Send Messages in Threads"),
    (50_035, "the server does not take a field of the message"),
    (50_083, "the thread is archived: open it again"),
    (50_278, "the person shares no server with the bot"),
    (160_002, "give the bot the right to answer messages: Read Message History"),
    (160_005, "the thread is locked"),
    (200_000, "the server's filter (AutoMod) holds the message back"),
];

/// A press that was answered already, or is too old to be.
const LATE: &[i64] = &[10_062, 40_060];
/// Nothing was done; the server is too busy.
const BUSY: i64 = 130_000;

/// What an answer of the REST API means.
#[must_use]
pub fn outcome(answer: &Answer<'_>) -> Outcome {
    let body = answer.json().filter(serde_json::Value::is_object);
    let Some(body) = body else {
        return if answer.status == 204 { Outcome::Done } else { answer.by_status(TOKEN) };
    };
    let why = said(text(&body, "/message").unwrap_or("an error without a text"));
    let code = int(&body, "/code").unwrap_or(0);
    match answer.status {
        200..=299 => match id(&body, "/id") {
            Some(message) => Outcome::Sent { message },
            None => Outcome::Done,
        },
        429 => match body.pointer("/retry_after").and_then(serde_json::Value::as_f64) {
            Some(seconds) => wait_seconds(Some(seconds)),
            None => answer.wait(),
        },
        401 => Outcome::Unauthorized { fix: TOKEN },
        _ if LATE.contains(&code) => Outcome::Done,
        _ if code == BUSY => Outcome::Again { why },
        500..=599 | 408 => Outcome::Unknown { why },
        _ if code == 0 && text(&body, "/message").is_none() => answer.by_status(TOKEN),
        _ => {
            let fix = FIXES.iter().find(|(known, _)| *known == code).map(|(_, fix)| *fix);
            Outcome::Refused { why, fix: fix.unwrap_or("see what Discord says") }
        }
    }
}

/// How long to leave a route alone after an answer, by its headers `X-RateLimit-Remaining` and
/// `X-RateLimit-Reset-After`, in milliseconds.
#[must_use]
pub fn pause_ms(remaining: Option<&str>, reset_after: Option<&str>) -> Option<u64> {
    if remaining?.trim() != "0" {
        return None;
    }
    match wait_seconds(reset_after.and_then(|text| text.trim().parse().ok())) {
        Outcome::Wait { after_ms } => Some(after_ms),
        _ => None,
    }
}
