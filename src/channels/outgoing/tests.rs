//! Waits are bounded, explanations short, statuses mean the same everywhere.

use super::super::Platform;
use super::{Answer, Button, CannotSay, Outcome, Style, check_buttons, label, said, wait_seconds};

#[test]
fn a_wait_is_what_was_said_within_bounds() {
    let table = [
        (Some(0.0), 1),
        (Some(1.5), 1_501),
        (Some(64.57), 64_571),
        (Some(1e30), 3_600_000),
        (Some(-1.0), 5_000),
        (Some(f64::NAN), 5_000),
        (None, 5_000),
    ];
    for (seconds, after_ms) in table {
        assert_eq!(wait_seconds(seconds), Outcome::Wait { after_ms }, "{seconds:?}");
    }
}

#[test]
fn a_status_without_an_explanation_is_judged_by_itself() {
    let of = |status| Answer { status, retry_after: Some("2"), body: b"<html>" }.by_status("a new token");
    assert_eq!(of(429), Outcome::Wait { after_ms: 2_001 });
    assert_eq!(of(401), Outcome::Unauthorized { fix: "a new token" });
    for status in [200, 408, 500, 502, 503, 504] {
        assert!(matches!(of(status), Outcome::Unknown { .. }), "{status}");
    }
    for status in [301, 400, 403, 404, 418] {
        assert!(matches!(of(status), Outcome::Refused { .. }), "{status}");
    }
}

#[test]
fn what_a_platform_says_is_one_short_line() {
    assert_eq!(said(" a\n b\t"), "a b");
    assert_eq!(said(&"x".repeat(1_000)).chars().count(), 300);
}

#[test]
fn buttons_are_held_against_the_limits() {
    let button = |label: &str, data: &str| Button {
        label: label.to_owned(),
        data: data.to_owned(),
        style: Style::Plain,
    };
    for platform in [Platform::Slack, Platform::Discord, Platform::Telegram, Platform::Whatsapp] {
        let limits = platform.limits();
        let fits = button("Allow", &"x".repeat(limits.button_data_bytes_max));
        assert_eq!(check_buttons(&vec![fits.clone(); limits.buttons_max], &limits), Ok(()));
        let refused = Err(CannotSay::Buttons);
        assert_eq!(check_buttons(&vec![fits; limits.buttons_max + 1], &limits), refused);
        assert_eq!(
            check_buttons(&[button("a", &"x".repeat(limits.button_data_bytes_max + 1))], &limits),
            refused
        );
        assert_eq!(check_buttons(&[button(" ", "x")], &limits), refused);
        assert_eq!(check_buttons(&[button("a", "")], &limits), refused);
        assert!(
            label(&button(&"y".repeat(500), "x"), &limits).chars().count() <= limits.button_label_chars_max
        );
    }
    assert_eq!(check_buttons(&[], &Platform::Email.limits()), Ok(()));
    assert_eq!(check_buttons(&[button("a", "x")], &Platform::Email.limits()), Err(CannotSay::Buttons));
}
