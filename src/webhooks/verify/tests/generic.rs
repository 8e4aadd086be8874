//! The generic source: two families of headers, ids, events.

use super::super::{Refusal, Source, Verified};
use super::schemes::timed;
use super::{Request, key};

const BODY: &str = "not even JSON";

fn judge(headers: &[(&str, &str)]) -> Result<Verified, Refusal> {
    Request::new(headers, BODY).judge(Source::Generic, &[key(Source::Generic, "s")])
}

#[test]
fn both_families_of_headers_mean_the_same() {
    let signature = timed("s", BODY.as_bytes());
    for family in ["X-Capuchin", "X-MonkeyClaw", "x-monkeyclaw"] {
        let name = |last: &str| format!("{family}-{last}");
        let (proof, event, once) = (name("Signature"), name("Event"), name("Idempotency-Key"));
        let verified = judge(&[(&proof, &signature), (&event, "e"), (&once, "k")]).unwrap();
        assert_eq!((verified.event.as_str(), verified.id.as_deref()), ("e", Some("k")), "{family}");
        let verified = judge(&[(&proof, &signature), (&name("Delivery"), "d")]).unwrap();
        assert_eq!((verified.event.as_str(), verified.id.as_deref()), ("unknown", Some("d")), "{family}");
        let verified = judge(&[(&proof, &signature), (&name("Delivery"), "d"), (&once, "k")]).unwrap();
        assert_eq!(verified.id.as_deref(), Some("k"), "{family}");
        assert_eq!(judge(&[(&proof, &signature)]).unwrap().id, None);
    }
}

#[test]
fn one_thing_said_in_both_families_is_refused() {
    let signature = timed("s", BODY.as_bytes());
    for last in ["Signature", "Event", "Idempotency-Key", "Delivery"] {
        let (one, other) = (format!("X-Capuchin-{last}"), format!("X-MonkeyClaw-{last}"));
        let mut request = Request::new(&[("X-Capuchin-Signature", &signature)], BODY);
        request.set(&one, signature.as_bytes());
        request.set(&other, signature.as_bytes());
        let judged = request.judge(Source::Generic, &[key(Source::Generic, "s")]);
        assert!(matches!(judged, Err(Refusal::Repeated { .. })), "{last}");
    }
}

#[test]
fn an_event_or_id_may_have_255_characters_and_not_one_more() {
    let signature = timed("s", BODY.as_bytes());
    for name in ["X-Capuchin-Event", "X-Capuchin-Idempotency-Key", "X-Capuchin-Delivery"] {
        assert!(judge(&[("X-Capuchin-Signature", &signature), (name, &"e".repeat(255))]).is_ok());
        let over = judge(&[("X-Capuchin-Signature", &signature), (name, &"e".repeat(256))]);
        assert_eq!(over, Err(Refusal::Unusable { part: name }));
    }
}
