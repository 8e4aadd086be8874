//! Twilio: addresses, forms, JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::super::{Refusal, Source, Verified};
use super::schemes::sha1;
use super::{Request, hex, key};

const FORM: &str = "application/x-www-form-urlencoded";

/// A request to `url` whose sender signed `signed`.
fn judge(signed: &str, url: &str, content_type: &str, body: &str) -> Result<Verified, Refusal> {
    let signature = STANDARD.encode(sha1("12345", &[signed.as_bytes()]));
    let mut request =
        Request::new(&[("X-Twilio-Signature", &signature), ("Content-Type", content_type)], body);
    url.clone_into(&mut request.url);
    request.judge(Source::Twilio, &[key(Source::Twilio, "12345")])
}

#[test]
fn the_address_may_have_been_signed_with_its_port_or_without() {
    for (signed, url) in [
        ("https://h.example/a?x=1", "https://h.example/a?x=1"),
        ("https://h.example:443/a?x=1", "https://h.example/a?x=1"),
        ("https://h.example/a?x=1", "https://h.example:443/a?x=1"),
        ("https://h.example/a", "https://h.example:8443/a"),
        ("https://h.example:8443/a", "https://h.example:8443/a"),
        ("http://h.example:80/a", "http://h.example/a"),
        ("https://[::1]:443/a", "https://[::1]/a"),
        ("https://[::1]/a", "https://[::1]:8443/a"),
        ("https://h.example:443", "https://h.example"),
        ("https://h.example:443?a=b", "https://h.example?a=b"),
        ("https://h.example/a?x=it's%20(a)", "https://h.example/a?x=it%27s+%28a%29"),
        ("https://h.example:443/a?x=%C3%A9", "https://h.example/a?x=%c3%a9"),
    ] {
        assert!(judge(signed, url, FORM, "").is_ok(), "{signed} as {url}");
    }
}

#[test]
fn another_address_does_not_fit() {
    let signed = "https://h.example/a?x=1";
    for url in [
        "http://h.example/a?x=1",
        "https://H.example/a?x=1",
        "https://h.example.net/a?x=1",
        "https://h.example/a",
        "https://h.example/a?x=2",
        "https://h.example/a?x=1&y=2",
        "https://h.example/a/?x=1",
        "https://h.example/b?x=1",
    ] {
        assert_eq!(judge(signed, url, FORM, ""), Err(Refusal::Mismatch), "{url}");
    }
}

#[test]
fn fields_are_sorted_and_equal_ones_count_once() {
    for (fields, body) in [
        ("a1b2", "b=2&a=1"),
        ("a1b2", "a=1&b=2&a=1"),
        ("a1a2", "a=2&a=1&a=2"),
        ("B1a2", "a=2&B=1"),
        ("aé b+", "b=%2B&a=%C3%A9+"),
        ("ab", "a=&b="),
        ("", ""),
    ] {
        let signed = format!("https://h.example/a{fields}");
        assert!(judge(&signed, "https://h.example/a", FORM, body).is_ok(), "{body}");
    }
    assert!(judge("https://h.example/aa1a2", "https://h.example/a", FORM, "a=1").is_err());
}

#[test]
fn a_letter_that_moves_from_a_value_to_its_name_is_no_new_content() {
    let of = |body| judge("https://h.example/aToabc", "https://h.example/a", FORM, body).unwrap().content;
    assert_eq!(of("To=abc"), of("Toa=bc"));
}

#[test]
fn a_form_has_at_most_a_thousand_fields() {
    let body = |count: usize| vec!["a=1"; count].join("&");
    let of = |count| judge("https://h.example/aa1", "https://h.example/a", FORM, &body(count));
    assert!(of(1_000).is_ok());
    assert_eq!(of(1_001), Err(Refusal::Malformed { part: "the form" }));
}

#[test]
fn json_counts_only_with_its_hash_in_the_address() {
    let body = r#"{"type":"t"}"#;
    let hash = hex(&Sha256::digest(body));
    let url = format!("https://h.example/a?bodySHA256={hash}");
    let other = format!("https://h.example/a?bodySHA256={}", hex(&Sha256::digest("{}")));
    let twice = format!("{url}&bodySHA256={hash}");
    let upper = format!("https://h.example/a?bodySHA256={}", hash.to_uppercase());
    for (signed, url, content_type, body, judged) in [
        (&url, &url, "application/json", body, Ok("t")),
        (&url, &url, "application/cloudevents+json", body, Ok("t")),
        (&url, &url, "application/json", "{}", Err("mismatch")),
        (&other, &other, "application/json", body, Err("mismatch")),
        (&url, &other, "application/json", "{}", Err("mismatch")),
        (&twice, &twice, "application/json", body, Err("repeated")),
        (&upper, &upper, "application/json", body, Err("malformed")),
        (&url, &url, FORM, "To=1", Err("mismatch")),
    ] {
        let found = judge(signed, url, content_type, body);
        let found = found.map(|verified| verified.event).map_err(|why| why.as_str());
        assert_eq!(found, judged.map(str::to_owned), "{url} {body}");
    }
    for content_type in ["application/json", "text/plain", ""] {
        let found = judge("https://h.example/a", "https://h.example/a", content_type, body);
        assert_eq!(found.map_err(|why| why.as_str()), Err("missing"), "{content_type}");
    }
}

#[test]
fn events_are_named_after_what_is_reported() {
    for (body, event) in [
        ("MessageSid=SM1&MessageStatus=sent&SmsStatus=sent", "message.sent"),
        ("MessageSid=SM1&SmsStatus=received&Body=hi", "message.received"),
        ("CallSid=CA1&CallStatus=ringing", "call.ringing"),
        ("EventType=onMessageAdded", "event.onMessageAdded"),
        ("Digits=1", "unknown"),
    ] {
        let mut pairs: Vec<_> = body.split('&').collect();
        pairs.sort_unstable();
        let signed = format!("https://h.example/a{}", pairs.concat().replace('=', ""));
        let verified = judge(&signed, "https://h.example/a", FORM, body).unwrap();
        assert_eq!((verified.event.as_str(), verified.id), (event, None), "{body}");
    }
}
