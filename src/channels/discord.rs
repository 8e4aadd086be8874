//! Discord: the gateway (v10) or interactions by HTTP in, the REST API out (<https://docs.discord.com/developers>).
//!
//! A conversation is a channel's id; threads are channels of their own.

pub mod gateway;
mod incoming;
mod outcome;
mod outgoing;
#[cfg(test)]
mod tests;

pub use self::incoming::{read_interaction, read_message};
pub use self::outcome::{outcome, pause_ms};
pub use self::outgoing::{
    GatewayAddress, call, direct_channel, gateway_address, get_gateway, get_me, nonce, open_direct,
    press_answer, us,
};

/// The base URL of the platform's own servers.
pub const BASE_URL: &str = "https://discord.com/api/v10";

/// How programs have to call themselves; others may be blocked (<https://docs.discord.com/developers/reference#user-agent>).
pub const USER_AGENT: &str =
    concat!("DiscordBot (https://capuchin.invalid, ", env!("CARGO_PKG_VERSION"), ")");

/// Whether `text` is an id: a number of 64 bits.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit())
}

/// When the thing with this id was made: its upper 42 bits are milliseconds since 2015.
fn made_ms(id: &str) -> Option<i64> {
    let number: u64 = id.parse().ok()?;
    i64::try_from(number >> 22).ok()?.checked_add(1_420_070_400_000)
}
