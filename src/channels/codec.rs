//! One face of all codecs for those who write: which call says something, and what its answer means.
//!
//! Mail is not written by calls: `mail::compose` makes its bytes.

use super::outgoing::{Answer, Call, CannotSay, Outcome, Outgoing, Us};
use super::platform::Platform;
use super::{discord, slack, telegram, whatsapp};

/// Where a platform wants the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// In place of `{token}` in the path.
    Path,
    /// In the header `Authorization`, after this word and a space.
    Header(&'static str),
    /// Not in a call.
    None,
}

/// The call that says `out` in `conversation`.
///
/// # Errors
/// When it cannot be said there.
pub fn call(platform: Platform, us: &Us, conversation: &str, out: &Outgoing<'_>) -> Result<Call, CannotSay> {
    match platform {
        Platform::Slack => slack::call(conversation, out),
        Platform::Discord => discord::call(conversation, out),
        Platform::Telegram => telegram::call(conversation, out),
        Platform::Whatsapp => whatsapp::call(us, conversation, out),
        Platform::Email => Err(CannotSay::NoSuchThing),
    }
}

/// What an answer means.
#[must_use]
pub fn outcome(platform: Platform, answer: &Answer<'_>) -> Outcome {
    match platform {
        Platform::Slack => slack::outcome(answer),
        Platform::Discord => discord::outcome(answer),
        Platform::Telegram => telegram::outcome(answer),
        Platform::Whatsapp => whatsapp::outcome(answer),
        Platform::Email => answer.by_status("check the mailbox's password"),
    }
}

/// The base URL of the platform's own servers.
#[must_use]
pub const fn base_url(platform: Platform) -> Option<&'static str> {
    match platform {
        Platform::Slack => Some(slack::BASE_URL),
        Platform::Discord => Some(discord::BASE_URL),
        Platform::Telegram => Some(telegram::BASE_URL),
        Platform::Whatsapp => Some(whatsapp::BASE_URL),
        Platform::Email => None,
    }
}

/// Where the platform wants the credential.
#[must_use]
pub const fn credential(platform: Platform) -> Credential {
    match platform {
        Platform::Telegram => Credential::Path,
        Platform::Discord => Credential::Header("Bot"),
        Platform::Slack | Platform::Whatsapp => Credential::Header("Bearer"),
        Platform::Email => Credential::None,
    }
}

/// How a platform wants programs to call themselves, where it says so.
#[must_use]
pub const fn user_agent(platform: Platform) -> Option<&'static str> {
    match platform {
        Platform::Discord => Some(discord::USER_AGENT),
        Platform::Slack | Platform::Telegram | Platform::Whatsapp | Platform::Email => None,
    }
}

#[cfg(test)]
mod tests;
