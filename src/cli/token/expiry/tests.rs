//! Times as people write them.

use jiff::{SignedDuration, Timestamp};

use super::{BadExpiry, parse};

#[test]
fn spans_count_from_now_and_stamps_are_taken_as_they_are() {
    let now: Timestamp = "2026-11-21T06:00:00Z".parse().unwrap();
    for (text, expected) in [
        ("30d", "2026-12-21T06:00:00Z"),
        ("12h", "2026-11-21T18:00:00Z"),
        ("45m", "2026-11-21T06:45:00Z"),
        ("2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
    ] {
        assert_eq!(parse(text, now).unwrap(), expected.parse::<Timestamp>().unwrap(), "{text}");
    }
}

#[test]
fn a_day_ends_with_its_midnight_wherever_this_machine_is() {
    let end = parse("2026-12-31", Timestamp::UNIX_EPOCH).unwrap();
    let utc: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
    assert!(end.duration_since(utc).abs() <= SignedDuration::from_hours(14), "{end}");
}

#[test]
fn what_is_no_time_is_refused() {
    for text in ["", "d", "soon", "-", "1.5d", "2026-13-01", "30 d"] {
        assert!(matches!(parse(text, Timestamp::UNIX_EPOCH), Err(BadExpiry::Unknown(_))), "{text}");
    }
    assert!(matches!(parse("9223372036854775807d", Timestamp::UNIX_EPOCH), Err(BadExpiry::TooFar(_))));
}
