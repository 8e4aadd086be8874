//! Over which time a budget counts.

use jiff::Timestamp;
use proptest::prelude::*;

use crate::budgets::Period;

fn ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

#[test]
fn windows_are_hours_days_and_months_in_utc() {
    for (period, now, start, end) in [
        (Period::Hour, "2026-11-21T08:59:59.999Z", "2026-11-21T08:00:00Z", "2026-11-21T09:00:00Z"),
        (Period::Hour, "2026-11-21T09:00:00Z", "2026-11-21T09:00:00Z", "2026-11-21T10:00:00Z"),
        (Period::Day, "2026-11-21T23:59:59.999Z", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"),
        (Period::Day, "2026-11-22T00:00:00Z", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"),
        (Period::Day, "1969-12-31T12:00:00Z", "1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z"),
        (Period::Month, "2026-11-30T23:59:59.999Z", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        (Period::Month, "2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        (Period::Month, "2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
    ] {
        let window = period.window(ms(now));
        assert_eq!((window.start_ms, window.end_ms), (ms(start), Some(ms(end))), "{period:?} {now}");
    }
    let total = Period::Total.window(ms("2026-11-21T08:00:00Z"));
    assert_eq!((total.start_ms, total.end_ms), (0, None));
    for period in [Period::Hour, Period::Day, Period::Month, Period::Total] {
        assert_eq!(Period::parse(period.as_str()), Some(period));
    }
    assert_eq!(Period::parse("week"), None);
}

proptest! {
    #[test]
    fn every_moment_lies_in_its_window_and_the_end_of_one_begins_the_next(now in -62_135_596_800_000i64..253_402_300_000_000) {
        for period in [Period::Hour, Period::Day, Period::Month] {
            let window = period.window(now);
            let end = window.end_ms.unwrap();
            prop_assert!(window.start_ms <= now && now < end);
            prop_assert_eq!(period.window(end).start_ms, end);
            prop_assert_eq!(period.window(window.start_ms), window);
            prop_assert_eq!(period.window(end - 1), window);
        }
    }
}
