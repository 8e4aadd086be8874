//! Every status and body that a provider may refuse with.

use serde_json::json;

use super::*;

fn now() -> jiff::Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

fn of(status: u16, body: &str) -> ModelError {
    of_answer(status, &RetryHeaders::default(), body.as_bytes(), None, now()).error
}

#[test]
fn a_status_alone_says_what_to_do() {
    let table = [
        (400, Kind::InvalidRequest),
        (401, Kind::Authentication),
        (402, Kind::Permission),
        (403, Kind::Permission),
        (404, Kind::NotFound),
        (408, Kind::Timeout),
        (409, Kind::Upstream),
        (413, Kind::TooLarge),
        (422, Kind::InvalidRequest),
        (429, Kind::RateLimited),
        (500, Kind::Upstream),
        (502, Kind::Upstream),
        (503, Kind::Overloaded),
        (504, Kind::Upstream),
        (529, Kind::Overloaded),
        (302, Kind::Protocol),
        (204, Kind::Protocol),
    ];
    for (status, kind) in table {
        let error = of(status, "<html>oops</html>");
        assert_eq!((error.kind, error.status), (kind, Some(status)));
        assert!(!error.message.contains("html"), "{error}");
    }
}

#[test]
fn the_body_may_say_it_better_than_the_status() {
    let table = [
        (429, r#"{"error":{"message":"no money","code":"insufficient_quota"}}"#, Kind::Permission),
        (400, r#"{"error":{"message":"too long","code":"context_length_exceeded"}}"#, Kind::TooLarge),
        (500, r#"{"type":"error","error":{"type":"overloaded_error","message":"busy"}}"#, Kind::Overloaded),
        (400, r#"{"error":{"message":"m","type":"invalid_request_error","code":400}}"#, Kind::InvalidRequest),
    ];
    for (status, body, kind) in table {
        assert_eq!(of(status, body).kind, kind, "{body}");
    }
}

#[test]
fn the_text_is_found_in_every_usual_shape() {
    for body in [
        r#"{"error":{"message":"no such model","code":404}}"#,
        r#"{"error":"no such model"}"#,
        r#"{"message":"no such model"}"#,
        r#"{"detail":"no such model"}"#,
    ] {
        assert_eq!(of(404, body).message, "the provider answered 404: no such model");
    }
}

#[test]
fn an_error_object_in_a_stream_has_a_kind_by_word_or_number() {
    let kind = |value| of_error_object(&value, None).error.kind;
    assert_eq!(kind(json!({"error": {"code": 429, "message": "slow down"}})), Kind::RateLimited);
    assert_eq!(kind(json!({"error": {"code": "502", "message": "x"}})), Kind::Upstream);
    assert_eq!(kind(json!({"type": "error", "error": {"type": "overloaded_error"}})), Kind::Overloaded);
    assert_eq!(kind(json!({"error": {"message": "x", "type": "server_error"}})), Kind::Upstream);
    assert_eq!(kind(json!({"error": null})), Kind::Upstream);
}

#[test]
fn no_text_holds_the_key_or_is_endless() {
    let key = Secret::new("abcdefghijklmnop".to_owned());
    let body = format!(r#"{{"error":"bad key abcdefghijklmnop {}"}}"#, "x ".repeat(2_000));
    let failure = of_answer(401, &RetryHeaders::default(), body.as_bytes(), Some(&key), now());
    assert!(!failure.error.message.contains("abcdefgh"), "{}", failure.error);
    assert_eq!(failure.error.message.chars().count(), MESSAGE_CHARS_MAX + 1);
    let at_limit = "y".repeat(MESSAGE_CHARS_MAX);
    assert_eq!(safe(&at_limit, None), at_limit);
}

#[test]
fn a_delay_is_read_in_every_form() {
    let delay = |ms: Option<&str>, text: Option<&str>| {
        let (retry_after_ms, retry_after) = (ms.map(str::to_owned), text.map(str::to_owned));
        RetryHeaders { x_should_retry: None, retry_after_ms, retry_after }.delay(now())
    };
    let seconds = |s| Some(Duration::from_secs(s));
    assert_eq!(delay(None, None), None);
    assert_eq!(delay(None, Some("7")), seconds(7));
    assert_eq!(delay(None, Some("0.5")), Some(Duration::from_millis(500)));
    assert_eq!(delay(Some("1500"), Some("7")), Some(Duration::from_millis(1_500)));
    assert_eq!(delay(Some("soon"), Some("7")), seconds(7));
    assert_eq!(delay(None, Some("Sat, 21 Nov 2026 10:00:09 GMT")), seconds(9));
    assert_eq!(delay(None, Some("Sat, 21 Nov 2026 09:00:00 GMT")), seconds(0));
    assert_eq!(delay(None, Some("99999999999")), Some(RETRY_AFTER_MAX));
    for nonsense in ["-3", "NaN", "inf", "1e400", "soon", ""] {
        assert_eq!(delay(None, Some(nonsense)), None, "{nonsense}");
    }
}

#[test]
fn the_providers_word_about_another_try_is_kept() {
    let said = |text: Option<&str>| {
        let headers = RetryHeaders { x_should_retry: text.map(str::to_owned), ..RetryHeaders::default() };
        of_answer(500, &headers, b"", None, now()).should_retry
    };
    assert_eq!(
        (said(Some("true")), said(Some("false")), said(Some("?")), said(None)),
        (Some(true), Some(false), None, None)
    );
}

#[test]
fn a_date_is_read_in_all_three_forms_and_a_body_says_when_no_header_does() {
    let of = |text: &str| {
        RetryHeaders { retry_after: Some(text.to_owned()), ..RetryHeaders::default() }.delay(now())
    };
    for text in
        ["Sat, 21 Nov 2026 10:00:30 GMT", "Saturday, 21-Nov-26 10:00:30 GMT", "Sat Nov 21 10:00:30 2026"]
    {
        assert_eq!(of(text), Some(Duration::from_secs(30)), "{text}");
    }
    for text in ["Sat Nov  7 10:00:30 2026", "Fri, 20 Nov 2026 10:00:30 GMT"] {
        assert_eq!(of(text), Some(Duration::ZERO), "{text}");
    }
    for text in ["soon", "-1", "NaN", "Sat, 31 Feb 2026 10:00:30 GMT"] {
        assert_eq!(of(text), None, "{text}");
    }
    let body = br#"{"error":{"code":429,"message":"m","details":[{"retryDelay":"7s"}]}}"#;
    let asked = |headers: &RetryHeaders| of_answer(429, headers, body, None, now()).error.retry_after;
    assert_eq!(asked(&RetryHeaders::default()), Some(Duration::from_secs(7)));
    let header = RetryHeaders { retry_after: Some("3".to_owned()), ..RetryHeaders::default() };
    assert_eq!(asked(&header), Some(Duration::from_secs(3)));
    assert_eq!(delay("99999999s"), Some(RETRY_AFTER_MAX));
    assert_eq!((delay("7"), delay("-7s"), delay("s")), (None, None, None));
}
