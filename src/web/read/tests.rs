//! Times for people.

use super::*;

#[test]
fn spans_name_at_most_two_units() {
    for (ms, text) in [
        (-5, "0.0 s"),
        (4_250, "4.2 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (7_500_000, "2 h 5 min"),
        (273_600_000, "3 d 4 h"),
    ] {
        assert_eq!(span(ms), text);
    }
}

#[test]
fn stored_times_are_rfc_3339() {
    assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
    assert_eq!(rfc3339(1_795_255_200_999), "2026-11-21T10:00:00Z");
}
