//! Messages out of deliveries.

use super::*;

fn parcel<'a>(media_type: &'a str, body: &'a str) -> Parcel<'a> {
    Parcel {
        source: "github",
        event: "push",
        source_id: Some("d-1"),
        media_type,
        body,
        received_ms: 1_763_000_000_000,
    }
}

#[test]
fn a_delivery_says_what_it_is_and_all_that_it_holds() {
    let message = parcel("application/json", r#"{"ref":"main"}"#).message("");
    assert_eq!(
        message,
        "[Webhook received]\nSource: github\nEvent: push\nDelivery: d-1\nTime: 2025-11-13T02:13:20Z\nPayload:\n\
         {\n  \"ref\": \"main\"\n}"
    );
    let form = parcel("application/x-www-form-urlencoded", "a=1&payload=%7B%22b%22%3A2%7D").message("");
    assert!(form.ends_with("{\n  \"a\": \"1\",\n  \"payload\": {\n    \"b\": 2\n  }\n}"), "{form}");
    let text = parcel("text/plain", "{ no json").message("");
    assert!(text.ends_with("Payload:\n{ no json"), "{text}");
}

#[test]
fn a_template_picks_what_matters() {
    let table = [
        ("{{ payload.pull.title }} by {{ payload.user }}", "Mend it by ada"),
        ("{{ source }} {{ event }} {{ delivery_id }}", "github push d-1"),
        ("{{ payload.absent.deeper }}|", "|"),
        ("{% for label in payload.labels %}{{ label }};{% endfor %}", "a;b;"),
        ("{{ payload.html }}", "<b>"),
    ];
    let body = r#"{"pull":{"title":"Mend it"},"user":"ada","labels":["a","b"],"html":"<b>"}"#;
    for (template, expected) in table {
        assert_eq!(parcel("application/json", body).message(template), expected, "{template}");
    }
}

#[test]
fn a_template_that_fails_or_never_ends_loses_nothing() {
    for template in [
        "{{ payload.ref.upper( }}",
        "{% for a in range(10000) %}{% for b in range(10000) %}x{% endfor %}{% endfor %}",
        "{{ 1 / 0 }}",
    ] {
        let message = parcel("application/json", r#"{"ref":"main"}"#).message(template);
        assert!(message.starts_with("[The template of this endpoint failed: "), "{message}");
        assert!(message.ends_with("\"ref\": \"main\"\n}"), "{message}");
    }
    assert!(Template::check("{% if %}").is_err());
    assert_eq!(Template::check("{{ payload }}"), Ok(()));
}

#[test]
fn what_is_too_long_is_cut_between_characters_and_says_so() {
    let body = "é".repeat(MESSAGE_BYTES_MAX);
    let message = parcel("text/plain", &body).message("");
    assert!(message.len() < MESSAGE_BYTES_MAX + 100);
    assert!(message.contains("[cut here: "), "{}", message.len());
    let exact = "x".repeat(MESSAGE_BYTES_MAX);
    assert_eq!(parcel("text/plain", &exact).message("{{ body }}"), exact);
    assert!(parcel("text/plain", &format!("{exact}y")).message("{{ body }}").contains("[cut here"));
}
