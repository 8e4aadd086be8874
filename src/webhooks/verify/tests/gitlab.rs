//! GitLab's two ways, and which counts when.

use super::super::{Key, Refusal, Source};
use super::schemes::standard;
use super::{NOW, Request, key};

const SIGNING: &str = "whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=";
const BODY: &[u8] = br#"{"object_kind":"push"}"#;

fn signed() -> Request {
    let headers = standard(SIGNING, "uuid-1", BODY);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Request::new(&headers, BODY)
}

fn told(token: &str) -> Request {
    Request::new(&[("X-Gitlab-Token", token)], BODY)
}

fn keys(secrets: &[&str]) -> Vec<Key> {
    secrets.iter().map(|secret| key(Source::Gitlab, secret)).collect()
}

#[test]
fn the_kind_of_the_secret_decides_what_counts() {
    let both = || signed().with("X-Gitlab-Token", "plain");
    let forged = || both().body("{}");
    for (request, secrets, fits) in [
        (signed(), &[SIGNING][..], Ok(0)),
        (told(SIGNING), &[SIGNING], Err("missing")),
        (told("plain"), &[SIGNING], Err("missing")),
        (both(), &[SIGNING], Ok(0)),
        (forged(), &[SIGNING], Err("mismatch")),
        (forged().with("X-Gitlab-Token", SIGNING), &[SIGNING], Err("mismatch")),
        (told("plain"), &["plain"], Ok(0)),
        (both(), &["plain"], Ok(0)),
        (signed(), &["plain"], Err("missing")),
        (signed(), &["plain", SIGNING], Ok(1)),
        (told("plain"), &["plain", SIGNING], Ok(0)),
        (both(), &["plain", SIGNING], Ok(1)),
        (signed().body("{}"), &["plain", SIGNING], Err("mismatch")),
        (both().at(NOW + 301).without("X-Gitlab-Token"), &["plain", SIGNING], Err("stale")),
        (told("other"), &["plain", SIGNING], Err("mismatch")),
        (Request::new(&[], BODY), &["plain", SIGNING], Err("missing")),
    ] {
        let judged = request.judge(Source::Gitlab, &keys(secrets));
        let judged = judged.map(|verified| verified.key).map_err(|refusal| refusal.as_str());
        assert_eq!(judged, fits, "{secrets:?} {:?}", request.headers);
    }
}

#[test]
fn the_id_is_signed_with_a_signature_and_not_with_a_token() {
    let verified = signed().judge(Source::Gitlab, &keys(&[SIGNING])).unwrap();
    assert_eq!((verified.id.as_deref(), verified.id_is_signed), (Some("uuid-1"), true));
    for (name, id) in
        [("Idempotency-Key", Some("1")), ("X-Gitlab-Event-UUID", Some("1")), ("X-Gitlab-Webhook-UUID", None)]
    {
        let verified = told("plain").with(name, "1").judge(Source::Gitlab, &keys(&["plain"])).unwrap();
        assert_eq!((verified.id.as_deref(), verified.id_is_signed), (id, false), "{name}");
    }
}

#[test]
fn a_token_need_not_be_ascii() {
    let judged = told("Schlüssel").judge(Source::Gitlab, &keys(&["Schlüssel"]));
    assert!(judged.is_ok(), "{judged:?}");
    assert_eq!(told("Schlussel").judge(Source::Gitlab, &keys(&["Schlüssel"])), Err(Refusal::Mismatch));
}
