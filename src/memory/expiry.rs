//! When a fact ends, as people and models write it.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The moment of a day (`2026-12-31`: its midnight in this machine's time zone) or of an RFC 3339 time, in ms since 1970.
#[must_use]
pub fn parse_expiry(text: &str) -> Option<i64> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment.as_millisecond());
    }
    // silent-ok: what is no day and no time is told by whoever asked.
    let day: Date = text.parse().ok()?;
    let midnight = day.tomorrow().ok()?.to_zoned(TimeZone::system()).ok()?; // silent-ok: the same
    Some(midnight.timestamp().as_millisecond())
}

/// The day on which it is over, in this machine's time zone: `2026-12-31`.
#[must_use]
pub fn last_day(expires_ms: i64) -> String {
    let moment = Timestamp::from_millisecond(expires_ms.saturating_sub(1)).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.to_zoned(TimeZone::system()).strftime("%Y-%m-%d").to_string()
}
