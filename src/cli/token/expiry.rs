//! When a token ends, as people say it: `30d`, `12h`, `2026-12-31`, or a whole time stamp.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A text that names no time.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::cli) enum BadExpiry {
    #[error("`{0}` is no time; write 30d, 12h, 45m, 2026-12-31, or 2026-12-31T18:00:00Z")]
    Unknown(String),
    #[error("`{0}` is further away than any time that can be kept")]
    TooFar(String),
}

/// Days end with their midnight in this machine's time zone.
pub(in crate::cli) fn parse(text: &str, now: Timestamp) -> Result<Timestamp, BadExpiry> {
    let unknown = || BadExpiry::Unknown(text.to_owned());
    let too_far = || BadExpiry::TooFar(text.to_owned());
    let seconds = match text.chars().next_back() {
        Some('d') => 86_400,
        Some('h') => 3_600,
        Some('m') => 60,
        _ => 0,
    };
    if seconds > 0 {
        let count: i64 = text.get(..text.len() - 1).unwrap_or_default().parse().map_err(|_| unknown())?;
        let distance = count.checked_mul(seconds).map(SignedDuration::from_secs).ok_or_else(too_far)?;
        return now.checked_add(distance).map_err(|_| too_far());
    }
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Ok(stamp);
    }
    let day: Date = text.parse().map_err(|_| unknown())?;
    let midnight =
        day.tomorrow().and_then(|next| next.to_zoned(TimeZone::system())).map_err(|_| too_far())?;
    Ok(midnight.timestamp())
}

#[cfg(test)]
mod tests;
