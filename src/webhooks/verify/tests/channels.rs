//! Telegram's and WhatsApp's own: updates, and the check of an address.

use super::super::{Key, Refusal, telegram, whatsapp};
use super::Request;
use super::schemes::sha256;

#[test]
fn an_update_is_named_after_its_member() {
    for (body, event, id) in [
        (r#"{"update_id":1,"callback_query":{}}"#, "callback_query", Some("1")),
        (r#"{"message":{"chat":{"id":5}},"update_id":2}"#, "message", Some("2")),
        (r#"{"update_id":3,"something_new":{}}"#, "unknown", Some("3")),
        ("nonsense", "unknown", None),
    ] {
        let request = Request::new(&[("X-Telegram-Bot-Api-Secret-Token", "t")], body);
        let verified = telegram::verify(&request.received(), &[telegram::key("t").unwrap()]).unwrap();
        assert_eq!((verified.event.as_str(), verified.id.as_deref()), (event, id), "{body}");
    }
}

#[test]
fn whatsapps_signature_needs_its_prefix() {
    let good = sha256("s", &[b"test"]);
    let judge = |value: &str| {
        let request = Request::new(&[("X-Hub-Signature-256", value)], "test");
        whatsapp::verify(&request.received(), &[whatsapp::key("s").unwrap()]).map(|verified| verified.event)
    };
    assert_eq!(judge(&format!("sha256={good}")), Ok("unknown".to_owned()));
    assert_eq!(judge(&good), Err(Refusal::Malformed { part: "X-Hub-Signature-256" }));
}

fn tokens() -> [Key; 2] {
    ["old token", "verify me"].map(|token| whatsapp::key(token).unwrap())
}

#[test]
fn the_challenge_is_given_back_as_it_came() {
    for (challenge, back) in [("1158201444", "1158201444"), ("%3Cscript%3E", "<script>")] {
        let query = format!("hub.mode=subscribe&hub.challenge={challenge}&hub.verify_token=verify+me");
        assert_eq!(whatsapp::challenge(&query, &tokens()), Ok(back.to_owned()));
    }
}

#[test]
fn a_challenge_with_anything_wrong_is_not_given_back() {
    let long = format!("hub.mode=subscribe&hub.verify_token=verify+me&hub.challenge={}", "1".repeat(1_025));
    for (query, refusal) in [
        ("", "missing"),
        ("hub.mode=subscribe&hub.challenge=1", "missing"),
        ("hub.verify_token=verify+me&hub.challenge=1", "missing"),
        ("hub.mode=subscribe&hub.verify_token=verify+me", "missing"),
        ("hub.mode=unsubscribe&hub.verify_token=verify+me&hub.challenge=1", "malformed"),
        ("hub.mode=subscribe&hub.verify_token=verify&hub.challenge=1", "mismatch"),
        ("hub.mode=subscribe&hub.verify_token=&hub.challenge=1", "mismatch"),
        ("hub.mode=subscribe&hub.verify_token=verify+me&hub.verify_token=x&hub.challenge=1", "repeated"),
        ("hub.mode=subscribe&hub.verify_token=verify+me&hub.challenge=1&hub.challenge=2", "repeated"),
        ("hub.mode=subscribe&hub.verify_token=verify+me&hub.challenge=", "unusable"),
        ("hub.mode=subscribe&hub.verify_token=verify+me&hub.challenge=a%0d%0ab", "unusable"),
        (long.as_str(), "unusable"),
    ] {
        let judged = whatsapp::challenge(query, &tokens()).map_err(|why| why.as_str());
        assert_eq!(judged, Err(refusal), "{query}");
    }
    assert_eq!(
        whatsapp::challenge("hub.mode=subscribe&hub.verify_token=x&hub.challenge=1", &[]),
        Err(Refusal::NoKey)
    );
}
