//! Quiet hours, away and digest as a table.

use super::*;
use crate::notifications::settings::When;

/// A moment of UTC.
fn at(text: &str) -> i64 {
    format!("{text}:00Z").parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

fn settings(quiet: Option<(&str, &str)>, digest: Option<&str>, zone: &str) -> NoticeSettings {
    let change = SettingsChange {
        zone: Some(zone.to_owned()),
        quiet: Some(quiet.map(|(from, until)| (from.to_owned(), until.to_owned()))),
        digest_at: Some(digest.map(str::to_owned)),
        ..SettingsChange::default()
    };
    change.apply(NoticeSettings::default(), NOON_MS).unwrap()
}

#[test]
fn what_goes_out_waits_for_the_end_of_quiet_hours_and_for_the_digest() {
    use Severity::{Error, Warning};
    let night = Some(("22:00", "07:00"));
    let cases = [
        ("no quiet hours", (None, None, "UTC"), Warning, "2026-06-15T23:00", None),
        ("by day", (night, None, "UTC"), Warning, "2026-06-15T21:59", None),
        ("as they begin", (night, None, "UTC"), Warning, "2026-06-15T22:00", Some("2026-06-16T07:00")),
        ("after midnight", (night, None, "UTC"), Warning, "2026-06-16T03:00", Some("2026-06-16T07:00")),
        ("as they end", (night, None, "UTC"), Warning, "2026-06-16T07:00", None),
        ("an error breaks through", (night, None, "UTC"), Error, "2026-06-16T03:00", None),
        (
            "on the clock of the zone",
            (night, None, "Europe/Berlin"),
            Warning,
            "2026-06-15T20:30",
            Some("2026-06-16T05:00"),
        ),
        ("in winter too", (night, None, "Europe/Berlin"), Warning, "2026-12-15T20:30", None),
        (
            "within a day",
            (Some(("12:00", "13:00")), None, "UTC"),
            Warning,
            "2026-06-15T12:30",
            Some("2026-06-15T13:00"),
        ),
        ("not yet", (Some(("12:00", "13:00")), None, "UTC"), Warning, "2026-06-15T11:59", None),
        (
            "over the change of the clock",
            (Some(("01:00", "02:30")), None, "Europe/Berlin"),
            Warning,
            "2026-03-29T00:30",
            Some("2026-03-29T01:30"),
        ),
        (
            "the digest of today",
            (None, Some("18:00"), "UTC"),
            Warning,
            "2026-06-15T12:00",
            Some("2026-06-15T18:00"),
        ),
        (
            "the digest of tomorrow",
            (None, Some("18:00"), "UTC"),
            Warning,
            "2026-06-15T18:00",
            Some("2026-06-16T18:00"),
        ),
        ("an error waits for no digest", (None, Some("18:00"), "UTC"), Error, "2026-06-15T12:00", None),
        (
            "a digest in quiet hours",
            (night, Some("23:00"), "UTC"),
            Warning,
            "2026-06-15T22:30",
            Some("2026-06-16T07:00"),
        ),
        (
            "a digest after them",
            (night, Some("08:00"), "UTC"),
            Warning,
            "2026-06-15T22:30",
            Some("2026-06-16T08:00"),
        ),
    ];
    for (name, (quiet, digest, zone), severity, now, expected) in cases {
        let expected = expected.map_or(When::Now, |until| When::Held(at(until)));
        assert_eq!(settings(quiet, digest, zone).when(severity, at(now)), expected, "{name}");
    }
    let strict = NoticeSettings { errors_break_through: false, ..settings(night, None, "UTC") };
    assert_eq!(strict.when(Error, at("2026-06-16T03:00")), When::Held(at("2026-06-16T07:00")));
}

#[test]
fn while_somebody_is_away_everything_goes_to_one_place() {
    let away = NoticeSettings {
        away_until_ms: Some(NOON_MS),
        away_delivery: Delivery::Push,
        ..NoticeSettings::default()
    };
    assert_eq!(away.delivery(Delivery::InApp, NOON_MS - 1), Delivery::Push);
    assert_eq!(away.delivery(Delivery::Email, NOON_MS), Delivery::Email);
}

#[test]
fn a_setting_that_means_nothing_is_refused() {
    let of = |change: SettingsChange| change.apply(NoticeSettings::default(), NOON_MS);
    let quiet = |from: &str, until: &str| SettingsChange {
        quiet: Some(Some((from.to_owned(), until.to_owned()))),
        ..SettingsChange::default()
    };
    let away = |ms: i64| SettingsChange { away_until_ms: Some(Some(ms)), ..SettingsChange::default() };
    let year_ms = 366 * 24 * 3_600 * 1_000;
    let cases = [
        (
            "no zone",
            SettingsChange { zone: Some("Mars/Olympus".to_owned()), ..SettingsChange::default() },
            Some("zone"),
        ),
        ("no time", quiet("25:00", "07:00"), Some("quiet_from")),
        ("no clock", quiet("22", "07:00"), Some("quiet_from")),
        ("no end", quiet("22:00", "seven"), Some("quiet_until")),
        ("no hours at all", quiet("22:00", "22:00"), Some("quiet_until")),
        ("away until before now", away(NOON_MS - 1), Some("away_until")),
        ("away until now", away(NOON_MS), None),
        ("away for a year", away(NOON_MS + year_ms), None),
        ("away for more than a year", away(NOON_MS + year_ms + 1), Some("away_until")),
        (
            "a digest at no time",
            SettingsChange { digest_at: Some(Some("8 am".to_owned())), ..SettingsChange::default() },
            Some("digest_at"),
        ),
    ];
    for (name, change, wrong) in cases {
        let field = match of(change) {
            Ok(_) => None,
            Err(NotificationError::Field { field, .. }) => Some(field),
            Err(other) => panic!("{name}: {other}"),
        };
        assert_eq!(field, wrong, "{name}");
    }
}
