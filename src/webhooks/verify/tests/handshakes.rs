//! Slack and Discord: handshakes, and the kinds of requests that they send.

use super::super::{Refusal, Reply, Source, Verified};
use super::schemes::{discord, public_key, slack};
use super::{Request, key};

const SEED: &str = "seed of the first application!!!";

fn request(headers: &[(&'static str, String)], body: &str) -> Request {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Request::new(&headers, body)
}

fn from_slack(body: &str, content_type: &str) -> Result<Verified, Refusal> {
    let request = request(&slack("s", body.as_bytes()), body).with("Content-Type", content_type);
    request.judge(Source::Slack, &[key(Source::Slack, "s")])
}

fn from_discord(body: &str) -> Verified {
    let request = request(&discord(SEED, body.as_bytes()), body);
    request.judge(Source::Discord, &[key(Source::Discord, &public_key(SEED))]).unwrap()
}

#[test]
fn slacks_challenge_is_answered_as_plain_text_and_only_when_it_is_signed() {
    let body = r#"{"token":"t","challenge":"3eZbrw1a<script>","type":"url_verification"}"#;
    let reply = from_slack(body, "application/json").unwrap().reply.unwrap();
    assert_eq!((reply.status, reply.body.as_str()), (200, "3eZbrw1a<script>"));
    assert_eq!(reply.content_type, Some("text/plain; charset=utf-8"));
    let forged =
        request(&slack("other", body.as_bytes()), body).judge(Source::Slack, &[key(Source::Slack, "s")]);
    assert_eq!(forged, Err(Refusal::Mismatch));
}

#[test]
fn a_challenge_that_no_platform_sends_is_refused() {
    let long = "x".repeat(1_025);
    for (challenge, refusal) in [(long.as_str(), "unusable"), (r"a\r\nb", "unusable")] {
        let body = format!(r#"{{"type":"url_verification","challenge":"{challenge}"}}"#);
        assert_eq!(from_slack(&body, "application/json").unwrap_err().as_str(), refusal);
    }
    let body = r#"{"type":"url_verification"}"#;
    assert_eq!(from_slack(body, "application/json").unwrap_err().as_str(), "missing");
    assert!(
        from_slack(r#"{"type":"event_callback","challenge":"x"}"#, "application/json")
            .unwrap()
            .reply
            .is_none()
    );
}

#[test]
fn slacks_forms_name_their_event_and_id() {
    let form = "application/x-www-form-urlencoded";
    for (body, event, id) in [
        ("command=%2Fdeploy&text=now&trigger_id=13345224609.7", "/deploy", Some("13345224609.7")),
        (
            "payload=%7B%22type%22%3A%22block_actions%22%2C%22trigger_id%22%3A%2212%22%7D",
            "block_actions",
            Some("12"),
        ),
        ("payload=%7B%22type%22%3A%22view_closed%22%7D", "view_closed", None),
        ("payload=nonsense", "unknown", None),
        ("", "unknown", None),
    ] {
        let verified = from_slack(body, form).unwrap();
        assert_eq!((verified.event.as_str(), verified.id.as_deref()), (event, id), "{body}");
    }
    assert_eq!(from_slack("command=a&command=b", form).unwrap_err().as_str(), "repeated");
}

#[test]
fn discords_two_pings_have_two_answers() {
    let interaction = r#"{"application_id":"1","id":"2","token":"t","type":1,"version":1}"#;
    let json =
        Reply { status: 200, content_type: Some("application/json"), body: r#"{"type":1}"#.to_owned() };
    let verified = from_discord(interaction);
    assert_eq!((verified.event.as_str(), verified.reply), ("ping", Some(json)));

    let verified = from_discord(r#"{"version":1,"application_id":"1","type":0}"#);
    let empty = Reply { status: 204, content_type: None, body: String::new() };
    assert_eq!((verified.event.as_str(), verified.reply), ("ping", Some(empty)));
}

#[test]
fn a_webhook_event_of_discord_is_no_ping_though_its_type_is_1() {
    let event = r#"{"version":1,"application_id":"1","type":1,"event":{"type":"APPLICATION_AUTHORIZED"}}"#;
    let verified = from_discord(event);
    assert_eq!(
        (verified.event.as_str(), verified.id, verified.reply),
        ("APPLICATION_AUTHORIZED", None, None)
    );
}

#[test]
fn interactions_of_discord_are_named() {
    for (kind, event) in [
        ("2", "application_command"),
        ("3", "message_component"),
        ("4", "application_command_autocomplete"),
        ("5", "modal_submit"),
        ("77", "77"),
        ("\"x\"", "unknown"),
    ] {
        let verified = from_discord(&format!(r#"{{"id":"9","type":{kind}}}"#));
        assert_eq!((verified.event.as_str(), verified.id.as_deref()), (event, Some("9")), "{kind}");
    }
}
