//! What holds for every platform.

use super::super::{Answer, Button, CannotSay, Outcome, Outgoing, Part, Platform, Post, Style, Us};
use super::{Credential, base_url, call, credential, outcome};

/// A conversation of each platform, and a message in it.
const PLACES: &[(Platform, &str, &str)] = &[
    (Platform::Slack, "C1/1.2", "3.4"),
    (Platform::Discord, "5", "6"),
    (Platform::Telegram, "-100/5", "6"),
    (Platform::Whatsapp, "16505551234", "wamid.x"),
];

fn we() -> Us {
    Us { id: "106540352242922".to_owned(), ..Us::default() }
}

#[test]
fn every_platform_can_say_what_its_limits_promise() {
    let part = Part { markup: "m".to_owned(), plain: "p".to_owned() };
    for (platform, conversation, message) in PLACES {
        let limits = platform.limits();
        let button =
            |at: usize| Button { label: format!("B{at}"), data: format!("d{at}"), style: Style::Plain };
        let buttons: Vec<Button> = (0..limits.buttons_max).map(button).collect();
        let post = Post { part: &part, plain: false, reply_to: Some(message), buttons: &buttons, key: "k" };
        let made = call(*platform, &we(), conversation, &Outgoing::Say(post)).unwrap();
        assert!(made.path.starts_with('/'), "{platform:?}: {}", made.path);
        assert_eq!(made.path.contains("{token}"), credential(*platform) == Credential::Path);
        assert!(base_url(*platform).unwrap().starts_with("https://"));
        let edit =
            call(*platform, &we(), conversation, &Outgoing::Edit { message, part: &part, plain: true });
        assert_eq!(edit.is_ok(), limits.can_edit, "{platform:?}");
        let typing = call(*platform, &we(), conversation, &Outgoing::Typing { message: Some(message) });
        assert_eq!(typing.is_ok(), limits.can_type, "{platform:?}");
    }
}

#[test]
fn no_platform_takes_another_ones_address() {
    for (platform, ..) in PLACES {
        for (other, conversation, message) in PLACES.iter().filter(|(other, ..)| other != platform) {
            let typing = call(*platform, &we(), conversation, &Outgoing::Typing { message: Some(message) });
            // A number can be a chat of Telegram, a channel of Discord or a phone.
            let number = conversation.bytes().all(|b| b.is_ascii_digit());
            assert!(
                number || typing == Err(CannotSay::Address),
                "{platform:?} took {other:?}'s {conversation}"
            );
        }
    }
}

#[test]
fn mail_is_not_written_by_calls() {
    let typing = call(Platform::Email, &we(), "a@b.example m1", &Outgoing::Typing { message: None });
    assert_eq!(typing, Err(CannotSay::NoSuchThing));
    assert_eq!((base_url(Platform::Email), credential(Platform::Email)), (None, Credential::None));
}

#[test]
fn every_platform_is_patient_and_never_takes_a_fault_for_success() {
    for platform in Platform::ALL {
        let of = |status, body| outcome(platform, &Answer { status, retry_after: Some("2"), body });
        assert_eq!(of(429, b"".as_slice()), Outcome::Wait { after_ms: 2_001 }, "{platform:?}");
        for body in [b"".as_slice(), b"<html>", b"[]", b"null", b"\xff"] {
            for status in [200, 500, 502] {
                assert!(
                    matches!(of(status, body), Outcome::Unknown { .. }),
                    "{platform:?} {status} {body:?}"
                );
            }
            for status in [302, 400, 404] {
                assert!(
                    matches!(of(status, body), Outcome::Refused { .. }),
                    "{platform:?} {status} {body:?}"
                );
            }
            assert!(matches!(of(401, body), Outcome::Unauthorized { .. }), "{platform:?} {body:?}");
        }
    }
}
