//! Durations, read and printed.

use super::*;

#[test]
fn durations_have_a_number_and_a_unit() {
    for (text, ms) in [("0s", 0), ("500ms", 500), ("5s", 5000), ("2m", 120_000), ("1h", 3_600_000)] {
        assert_eq!(parse(text), Some(Duration::from_millis(ms)), "{text}");
        assert_eq!(print(Duration::from_millis(ms)), text);
    }
    for text in ["", "5", "s", "5 s", "-5s", "1.5s", "5d", "5seconds", "99999999999999999999s"] {
        assert_eq!(parse(text), None, "{text}");
    }
}

#[test]
fn people_read_the_two_largest_units() {
    for (ms, text) in
        [(80, "80ms"), (12_000, "12s"), (302_000, "5m 2s"), (11_100_000, "3h 5m"), (90_000_000, "1d 1h")]
    {
        assert_eq!(human(Duration::from_millis(ms)), text);
    }
}
