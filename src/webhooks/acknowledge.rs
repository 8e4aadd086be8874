//! What a source wants to hear when its delivery was taken: most of them any 2xx, some only their own words.
//!
//! Linear counts everything but 200 as a failure and gives up on the endpoint; Mattermost shows its users an error; Slack takes
//! the body of an answer to a form for a message; Twilio wants TwiML; Discord wants 204 for events, and for an interaction an
//! answer that it can show. All from the platforms' own documentation.

use serde_json::{Value, json};

use super::verify::{Reply, Source};

/// Discord: shows the person alone who acted.
const EPHEMERAL: u32 = 64;

/// How an accepted delivery is answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Acknowledgement {
    /// What happened, as JSON, under this status.
    Told(u16),
    /// These words, whatever happened.
    Fixed(Reply),
}

impl Acknowledgement {
    pub(super) fn of(source: Source, media_type: &str, body: &[u8]) -> Self {
        let is_form = media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        match source {
            Source::Linear | Source::Mattermost => Self::Told(200),
            Source::Slack if is_form => Self::fixed(200, None, String::new()),
            Source::Twilio if is_form => Self::fixed(200, Some("text/xml"), "<Response/>".to_owned()),
            Source::Discord => Self::of_discord(&serde_json::from_slice(body).unwrap_or_default()),
            _ => Self::Told(202),
        }
    }

    fn of_discord(body: &Value) -> Self {
        let is_event = body.get("event").is_some();
        let answer = match body.get("type").and_then(Value::as_u64) {
            Some(2 | 5) if !is_event => json!({"type": 4, "data": {"content": "Noted.", "flags": EPHEMERAL}}),
            // A press changes nothing of its message.
            Some(3) if !is_event => json!({"type": 6}),
            Some(4) if !is_event => json!({"type": 8, "data": {"choices": []}}),
            _ => return Self::fixed(204, None, String::new()),
        };
        Self::fixed(200, Some("application/json"), answer.to_string())
    }

    const fn fixed(status: u16, content_type: Option<&'static str>, body: String) -> Self {
        Self::Fixed(Reply { status, content_type, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_hears_what_it_takes_for_an_acknowledgement() {
        let status =
            |source, media_type, body: &str| match Acknowledgement::of(source, media_type, body.as_bytes()) {
                Acknowledgement::Told(status) => (status, "told".to_owned()),
                Acknowledgement::Fixed(reply) => (reply.status, reply.body),
            };
        let (json, form) = ("application/json", "application/x-www-form-urlencoded");
        let table = [
            (Source::Github, json, "{}", 202, "told"),
            (Source::Linear, json, "{}", 200, "told"),
            (Source::Mattermost, form, "token=x", 200, "told"),
            (Source::Slack, json, "{}", 202, "told"),
            (Source::Slack, form, "payload=x", 200, ""),
            (Source::Twilio, form, "From=x", 200, "<Response/>"),
            (Source::Twilio, json, "[]", 202, "told"),
            (Source::Discord, json, r#"{"type":1,"event":{"type":"X"}}"#, 204, ""),
            (Source::Discord, json, r#"{"type":3}"#, 200, r#"{"type":6}"#),
            (Source::Discord, json, "no json", 204, ""),
        ];
        for (source, media_type, body, expected, words) in table {
            assert_eq!(
                status(source, media_type, body),
                (expected, words.to_owned()),
                "{} {body}",
                source.as_str()
            );
        }
        assert!(status(Source::Discord, json, r#"{"type":2}"#).1.contains("Noted."));
    }
}
