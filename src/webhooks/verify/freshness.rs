//! Whether a signed time is near enough to now, in both directions.
//!
//! A time in the future is as good for a replay as one in the past, only later: both are refused.

use super::refusal::Refusal;

/// How far a signed time may be from now.
pub(super) const WINDOW_S: u64 = 300;

/// Seconds since 1970 in decimal digits, and nothing else.
pub(super) fn seconds(text: &str, part: &'static str) -> Result<i64, Refusal> {
    let digits = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let read = if digits { text.parse().ok() } else { None };
    read.ok_or(Refusal::Malformed { part })
}

/// Refuses a time that is more than [`WINDOW_S`] away.
pub(super) fn fresh(now_s: i64, then_s: i64, part: &'static str) -> Result<(), Refusal> {
    within(now_s.abs_diff(then_s), WINDOW_S, part)
}

/// Refuses what is more than `window` away.
pub(super) const fn within(away: u64, window: u64, part: &'static str) -> Result<(), Refusal> {
    if away > window { Err(Refusal::Stale { part }) } else { Ok(()) }
}
