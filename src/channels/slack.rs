//! Slack: Events API and Socket Mode in, Web API out (<https://docs.slack.dev>).
//!
//! A conversation is `channel` or `channel/thread`. A mention in a channel begins a thread below itself, so
//! the first answer and everything after it are one conversation; direct messages stay flat. The same text
//! arrives as `message` and as `app_mention`: both have the same channel and `ts`, which is the message's key.

mod incoming;
mod interaction;
mod outcome;
mod outgoing;
mod socket;
#[cfg(test)]
mod tests;
mod text;

pub use self::incoming::read_event;
pub use self::interaction::{read_command, read_interaction};
pub use self::outcome::outcome;
pub use self::outgoing::{auth_test, call, look_for, sent_before, us};
pub use self::socket::{Envelope, acknowledgement, envelope, open_socket, socket_url};

/// The base URL of the platform's own servers.
pub const BASE_URL: &str = "https://slack.com/api";

/// A place to write to.
struct Place<'a> {
    channel: &'a str,
    thread: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn parse(conversation: &'a str) -> Option<Self> {
        let (channel, thread) = match conversation.split_once('/') {
            None => (conversation, None),
            Some((channel, thread)) => (channel, Some(thread)),
        };
        let is_id = channel.len() <= 64
            && channel.starts_with(['C', 'D', 'G', 'U'])
            && channel.bytes().all(|b| b.is_ascii_alphanumeric());
        (is_id && thread.is_none_or(is_ts)).then_some(Self { channel, thread })
    }

    fn written(channel: &str, thread: Option<&str>) -> String {
        match thread {
            Some(thread) => format!("{channel}/{thread}"),
            None => channel.to_owned(),
        }
    }
}

/// Whether `text` is a time stamp that names a message: `1700000000.123456`.
fn is_ts(text: &str) -> bool {
    let digits =
        |part: &str| !part.is_empty() && part.len() <= 16 && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('.').is_some_and(|(seconds, rest)| digits(seconds) && digits(rest))
}

/// The milliseconds of a time stamp.
fn ts_ms(ts: &str) -> Option<i64> {
    let (seconds, rest) = ts.split_once('.')?;
    let thousandths: i64 = rest.get(..3).unwrap_or("0").parse().ok()?;
    seconds.parse::<i64>().ok()?.checked_mul(1_000)?.checked_add(thousandths)
}
