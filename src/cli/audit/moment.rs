//! A moment in the past, as people say it: `2h` (ago), `2026-11-21`, or a whole time stamp.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A text that names no time.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{0}` is no time; write 45m, 2h or 7d for that long ago, 2026-11-21, or 2026-11-21T18:00:00Z")]
pub(super) struct BadMoment(String);

/// Days begin with their midnight in this machine's time zone.
pub(super) fn parse(text: &str, now: Timestamp) -> Result<Timestamp, BadMoment> {
    let bad = || BadMoment(text.to_owned());
    let seconds = match text.chars().next_back() {
        Some('d') => 86_400,
        Some('h') => 3_600,
        Some('m') => 60,
        _ => 0,
    };
    if seconds > 0 {
        let count: i64 = text.get(..text.len() - 1).unwrap_or_default().parse().map_err(|_| bad())?;
        let distance = count.checked_mul(seconds).map(SignedDuration::from_secs).ok_or_else(bad)?;
        return now.checked_sub(distance).map_err(|_| bad());
    }
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Ok(stamp);
    }
    let day: Date = text.parse().map_err(|_| bad())?;
    Ok(day.to_zoned(TimeZone::system()).map_err(|_| bad())?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_dates_and_stamps_are_understood_and_nothing_else() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let of = |text| parse(text, now).map(|moment| moment.to_string());
        assert_eq!(of("2h").unwrap(), "2026-11-21T10:00:00Z");
        assert_eq!(of("7d").unwrap(), "2026-11-14T12:00:00Z");
        assert_eq!(of("2026-01-02T03:04:05Z").unwrap(), "2026-01-02T03:04:05Z");
        assert!(of("2026-11-20").is_ok());
        for bad in ["", "d", "h2", "soon", "99999999999999999d", "2026-13-01"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
