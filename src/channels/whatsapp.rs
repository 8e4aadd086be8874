//! WhatsApp Business: webhooks in, Cloud API out (<https://developers.facebook.com/documentation/business-messaging/whatsapp>).
//!
//! A conversation is a phone number in digits, or, of people who hide theirs behind a user name, their id for
//! our business (`US.1349…`). A person who hides the number later becomes somebody else to us: pairing starts
//! anew. Groups are not read: an answer could go nowhere but to one person.
//! A message may be taken and fail later: `failures` reads what the webhook says of it.

mod incoming;
mod outcome;
mod outgoing;
#[cfg(test)]
mod tests;

pub use self::incoming::{Failure, failures, read};
pub use self::outcome::outcome;
pub use self::outgoing::{call, get_number, us};

/// The base URL of the platform's own servers, with the version of the API that this is written for.
pub const BASE_URL: &str = "https://graph.facebook.com/v25.0";

/// Whether `text` is a phone number as the API writes it.
fn is_phone(text: &str) -> bool {
    (5..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether `text` is a person's id for one business: a country and letters or digits, with dots between.
fn is_user_id(text: &str) -> bool {
    let mut pieces = text.split('.');
    let is_country = pieces
        .next()
        .is_some_and(|country| country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase()));
    let rest: Vec<&str> = pieces.collect();
    is_country
        && text.len() <= 160
        && matches!(rest.len(), 1 | 2)
        && rest.iter().all(|piece| !piece.is_empty() && piece.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Whether `text` is an id of a message.
fn is_message_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 256 && text.bytes().all(|b| b.is_ascii_graphic())
}
