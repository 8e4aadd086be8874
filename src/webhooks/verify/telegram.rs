//! Telegram: `X-Telegram-Bot-Api-Secret-Token` is the token that was given with the address of the webhook.
//!
//! It signs nothing: whoever has seen one request can write others. The id is the body's `update_id`, the
//! event the name of the update's other member. For the chat channel; it is no source of webhook endpoints.

use super::body::Members;
use super::key::fitting;
use super::{BadSecret, Key, Received, Refusal, Verified, header, label, signature};

const TOKEN: &str = "X-Telegram-Bot-Api-Secret-Token";

/// Characters of a token, at the most.
const TOKEN_CHARS_MAX: usize = 256;

/// An update has its id and one of these members.
const MEMBERS: &[&str] = &[
    "update_id",
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "message_reaction",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
];

/// The key of a secret token.
///
/// # Errors
/// [`BadSecret`]: Telegram would not take it.
pub fn key(token: &str) -> Result<Key, BadSecret> {
    let key = Key::text(token)?;
    let taken = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if token.len() <= TOKEN_CHARS_MAX && token.bytes().all(taken) {
        Ok(key)
    } else {
        Err(BadSecret::NotTelegramToken)
    }
}

/// See the module.
///
/// # Errors
/// [`Refusal`].
pub fn verify(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    let token = header::value(received.headers, TOKEN)?.ok_or(Refusal::Missing { part: TOKEN })?;
    let key = fitting(keys, |key| signature::same(key.as_text(), token.as_bytes()))?;
    let body = Members::of(received.body, MEMBERS);
    let event = MEMBERS.iter().skip(1).find(|name| body.raw(name).is_some());
    Ok(Verified::new(key, signature::digest(&[received.body]))
        .event(event.map(|name| (*name).to_owned()))
        .unsigned_id(label::id(body.text("update_id").as_deref(), "update_id in the body")?))
}
