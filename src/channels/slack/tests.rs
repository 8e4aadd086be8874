//! Events, presses, commands, calls and answers in the shapes of Slack's reference.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::outgoing::{Answer, Body, Button, CannotSay, Method, Outcome, Outgoing, Post, Style, Us};
use super::super::{Incoming, Part, Said, Sender};
use super::text::readable;
use super::{
    Envelope, acknowledgement, auth_test, call, envelope, look_for, open_socket, outcome, read_command,
    read_event, read_interaction, sent_before, socket_url, us,
};

fn we() -> Us {
    Us { id: "U0LAN0Z89".to_owned(), name: "capuchin".to_owned(), bot_id: Some("B061F7JD2".to_owned()) }
}

fn event(fields: &Value) -> Value {
    let mut event = json!({
        "type": "message", "user": "U061F7AUR", "channel": "C0LAN2Q65",
        "ts": "1515449522.000016", "event_ts": "1515449522.000016", "channel_type": "channel",
    });
    for (key, value) in fields.as_object().unwrap() {
        event[key] = value.clone();
    }
    json!({"token": "ZZZZZZWSxiZZZ2yIvs3peJ", "team_id": "T061EG9R6", "api_app_id": "A0MDYCDME", "event": event,
        "type": "event_callback", "event_id": "Ev0MDYHUEL", "event_time": 1_515_449_522})
}

fn said(fields: &Value) -> Option<Said> {
    read_event(&event(fields), &we()).map(|incoming| incoming.said)
}

#[test]
fn one_mention_arrives_twice_and_is_one_message() {
    let words = json!({"text": "<@U0LAN0Z89> is it everything a river should be?"});
    let mut mention = words.clone();
    mention["type"] = "app_mention".into();
    let wanted = Incoming {
        id: "C0LAN2Q65:1515449522.000016".to_owned(),
        conversation: "C0LAN2Q65/1515449522.000016".to_owned(),
        message: Some("1515449522.000016".to_owned()),
        sender: Sender::known("U061F7AUR", ""),
        direct: false,
        sent_ms: Some(1_515_449_522_000),
        said: Said::Text {
            text: "is it everything a river should be?".to_owned(),
            mentions_us: true,
            with: None,
        },
    };
    assert_eq!(read_event(&event(&words), &we()), Some(wanted.clone()));
    assert_eq!(read_event(&event(&mention), &we()), Some(wanted));
}

#[test]
fn threads_and_direct_messages_are_conversations() {
    let table = [
        (json!({"text": "x"}), "C0LAN2Q65", false),
        (json!({"text": "x", "thread_ts": "1515449000.000001"}), "C0LAN2Q65/1515449000.000001", false),
        (
            json!({"text": "x", "thread_ts": "1515449000.000001", "parent_user_id": "U0LAN0Z89"}),
            "C0LAN2Q65/1515449000.000001",
            true,
        ),
        (
            json!({"text": "<@U0LAN0Z89> x", "thread_ts": "1515449000.000001"}),
            "C0LAN2Q65/1515449000.000001",
            true,
        ),
        (json!({"text": "x", "channel": "D024BE91L", "channel_type": "im"}), "D024BE91L", true),
        (
            json!({"text": "x", "channel": "D024BE91L", "channel_type": "im", "thread_ts": "1515449000.000001"}),
            "D024BE91L/1515449000.000001",
            true,
        ),
        (json!({"text": "x", "channel": "G1", "channel_type": "mpim"}), "G1", false),
    ];
    for (fields, conversation, ours) in table {
        let incoming = read_event(&event(&fields), &we()).unwrap();
        assert_eq!(incoming.conversation, conversation, "{fields}");
        let text = Said::Text { text: "x".to_owned(), mentions_us: ours, with: None };
        assert_eq!(incoming.said, text, "{fields}");
    }
}

#[test]
fn slacks_text_is_read_as_people_see_it() {
    let table = [
        ("<@U0LAN0Z89> hi", "hi", true),
        ("<@U0LAN0Z89|capuchin> hi", "hi", true),
        ("hi <@U1>", "hi @U1", false),
        ("hi <@U1|ann> in <#C1|general> or <#C2>", "hi @ann in #general or #C2", false),
        ("<!here> <!subteam^S1|@team> <!date^1392734382^{date}|Feb 18>", "@here @team Feb 18", false),
        ("<https://e.x/?a=1&amp;b=2>", "https://e.x/?a=1&b=2", false),
        (
            "<https://e.x|here> <http://e.x|e.x> <mailto:a@b.c|a@b.c>",
            "here (https://e.x) http://e.x a@b.c",
            false,
        ),
        ("1 &lt; 2 &amp;amp; 3 &gt; 2", "1 < 2 &amp; 3 > 2", false),
        ("a < b", "a < b", false),
        ("<", "<", false),
        ("&lt;@U0LAN0Z89&gt;", "<@U0LAN0Z89>", false),
    ];
    for (text, wanted, mentioned) in table {
        assert_eq!(readable(text, "U0LAN0Z89"), (wanted.to_owned(), mentioned), "{text}");
    }
    assert_eq!(readable("<@>", ""), ("@".to_owned(), false));
}

#[test]
fn files_are_named_and_their_words_are_read() {
    let picture = json!([{"mimetype": "image/png"}]);
    let with = Said::Text { text: "look".to_owned(), mentions_us: false, with: Some("a picture".to_owned()) };
    assert_eq!(said(&json!({"subtype": "file_share", "text": "look", "files": picture})), Some(with));
    let direct = json!({"subtype": "file_share", "text": "", "files": [{"id": "F1"}], "channel": "D1", "channel_type": "im"});
    assert_eq!(said(&direct), Some(Said::Other { what: "a file".to_owned() }));
}

#[test]
fn bots_edits_joins_and_garbage_are_ignored() {
    for fields in [
        json!({"text": "x", "bot_id": "B1"}),
        json!({"text": "x", "user": "U0LAN0Z89"}),
        json!({"text": "x", "user": "USLACKBOT"}),
        json!({"text": "x", "user": null}),
        json!({"subtype": "bot_message", "text": "x"}),
        json!({"subtype": "message_changed", "message": {"text": "x"}}),
        json!({"subtype": "message_deleted"}),
        json!({"subtype": "channel_join", "text": "<@U1> has joined"}),
        json!({"text": "x", "edited": {"user": "U1", "ts": "1.2"}}),
        json!({"type": "reaction_added"}),
        json!({"text": "x", "ts": "now"}),
        json!({"text": ""}),
    ] {
        assert_eq!(said(&fields), None, "{fields}");
    }
    assert_eq!(read_event(&json!({"type": "url_verification", "challenge": "x"}), &we()), None);
}

fn press() -> Value {
    json!({
        "type": "block_actions", "team": {"id": "T9TK3CUKW", "domain": "example"},
        "user": {"id": "UA8RXUSPL", "username": "jtorrance", "team_id": "T9TK3CUKW", "name": "jtorrance"},
        "api_app_id": "AABA1ABCD", "token": "9s8d9as89d8as9d8as989",
        "container": {"type": "message", "message_ts": "1548261231.000200", "channel_id": "CBR2V3XEX", "is_ephemeral": false},
        "trigger_id": "12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3",
        "channel": {"id": "CBR2V3XEX", "name": "review-updates"},
        "message": {"bot_id": "BAH5CA16Z", "type": "message", "user": "UAJ2RU415", "ts": "1548261231.000200", "thread_ts": "1548261000.000100"},
        "response_url": "https://hooks.slack.com/actions/AABA1ABCD/1232321423432/D09sSasdasdAS9091209",
        "actions": [{"action_id": "press_0", "block_id": "=qXel", "text": {"type": "plain_text", "text": "Allow"},
            "value": "approval:7f3a:yes", "type": "button", "action_ts": "1548426417.840180"}],
    })
}

#[test]
fn a_press_is_read_from_its_form_and_from_the_socket() {
    let wanted = Incoming {
        id: "press:CBR2V3XEX:1548261231.000200:UA8RXUSPL:1548426417.840180".to_owned(),
        conversation: "CBR2V3XEX/1548261000.000100".to_owned(),
        message: None,
        sender: Sender::known("UA8RXUSPL", "jtorrance"),
        direct: false,
        sent_ms: Some(1_548_426_417_840),
        said: Said::Press {
            data: "approval:7f3a:yes".to_owned(),
            message: Some("1548261231.000200".to_owned()),
            ack: None,
        },
    };
    let form =
        form_urlencoded::Serializer::new(String::new()).append_pair("payload", &press().to_string()).finish();
    assert_eq!(read_interaction(form.as_bytes()), Some(wanted.clone()));
    let frame = json!({"type": "interactive", "envelope_id": "e1", "payload": press(), "accepts_response_payload": true});
    let delivery = Envelope::Delivery { envelope_id: "e1".to_owned(), incoming: Some(Box::new(wanted)) };
    assert_eq!(envelope(&frame.to_string(), &we()), delivery);
    for form in ["payload=", "payload=%7B%7D", "", "payload=%7B%22type%22%3A%22view_submission%22%7D"] {
        assert_eq!(read_interaction(form.as_bytes()), None, "{form}");
    }
}

#[test]
fn a_slash_command_is_what_would_have_been_typed() {
    let form = |command: &str, text: &str| {
        form_urlencoded::Serializer::new(String::new())
            .append_pair("token", "gIkuvaNzQIHg97ATvDxqgjtO")
            .append_pair("channel_id", "C2147483705")
            .append_pair("user_id", "U2147483697")
            .append_pair("user_name", "Steve")
            .append_pair("command", command)
            .append_pair("text", text)
            .append_pair("trigger_id", "13345224609.738474920.8088930838d88f008e0")
            .finish()
    };
    for (command, text, wanted) in [
        ("/capuchin", "status", "/status"),
        ("/capuchin", "/yes 7f3a", "/yes 7f3a"),
        ("/capuchin", "", "/help"),
        ("/capuchin", "what is 1 &lt; 2", "what is 1 < 2"),
        ("/model", "openai/gpt-5", "/model openai/gpt-5"),
        ("/stop", "", "/stop"),
    ] {
        let incoming = read_command(form(command, text).as_bytes()).unwrap();
        assert_eq!(incoming.said, Said::Text { text: wanted.to_owned(), mentions_us: true, with: None });
        assert_eq!((incoming.conversation.as_str(), incoming.direct), ("C2147483705", false));
        assert_eq!(incoming.id, "slash:13345224609.738474920.8088930838d88f008e0");
    }
    assert_eq!(read_command(b"command=%2Fx"), None);
}

#[test]
fn frames_of_the_socket() {
    let hello = r#"{"type":"hello","connection_info":{"app_id":"A1234"},"num_connections":1,"debug_info":{"host":"applink-1"}}"#;
    let events = json!({"type": "events_api", "envelope_id": "e2", "payload": event(&json!({"subtype": "channel_join"}))});
    let slash = json!({"type": "slash_commands", "envelope_id": "e3", "payload":
        {"command": "/stop", "text": "", "channel_id": "D1", "user_id": "U1", "user_name": "ann", "trigger_id": "t"}});
    assert_eq!(envelope(hello, &we()), Envelope::Hello);
    let nothing = Envelope::Delivery { envelope_id: "e2".to_owned(), incoming: None };
    assert_eq!(envelope(&events.to_string(), &we()), nothing, "what says nothing is acknowledged too");
    let Envelope::Delivery { incoming: Some(incoming), .. } = envelope(&slash.to_string(), &we()) else {
        panic!()
    };
    assert!(incoming.direct);
    let gone = |reason: &str| envelope(&json!({"type": "disconnect", "reason": reason}).to_string(), &we());
    assert_eq!(gone("refresh_requested"), Envelope::Disconnect { for_good: false });
    assert_eq!(gone("link_disabled"), Envelope::Disconnect { for_good: true });
    assert_eq!(envelope("ping", &we()), Envelope::Unknown);
    assert_eq!(acknowledgement("e\"2"), r#"{"envelope_id":"e\"2"}"#);
    assert_eq!(open_socket().path, "/apps.connections.open");
    let url = answer(200, br#"{"ok":true,"url":"wss://wss-primary.slack.com/link/?ticket=1"}"#);
    assert_eq!(socket_url(&url).as_deref(), Ok("wss://wss-primary.slack.com/link/?ticket=1"));
    let bad = answer(200, br#"{"ok":false,"error":"not_allowed_token_type"}"#);
    assert!(matches!(socket_url(&bad), Err(Outcome::Unauthorized { .. })));
}

fn answer(status: u16, body: &[u8]) -> Answer<'_> {
    Answer { status, retry_after: Some("30"), body }
}

#[test]
fn what_the_answers_mean() {
    let error = |name: &str| json!({"ok": false, "error": name}).to_string();
    let refused = |why: &str, fix| Outcome::Refused { why: why.to_owned(), fix };
    let table = [
        (
            json!({"ok": true, "channel": "C1", "ts": "1503435956.000247", "message": {}}).to_string(),
            Outcome::Sent { message: "1503435956.000247".to_owned() },
        ),
        (json!({"ok": true}).to_string(), Outcome::Done),
        (error("ratelimited"), Outcome::Wait { after_ms: 30_001 }),
        (
            error("not_in_channel"),
            refused("not_in_channel", "invite the app into the channel: /invite @name"),
        ),
        (error("brand_new_error"), refused("brand_new_error", "see what Slack says of this error")),
        (
            json!({"ok": false, "error": "missing_scope", "needed": "chat:write", "provided": "x"})
                .to_string(),
            refused(
                "missing_scope (needs chat:write)",
                "add the scope that is named to the app, and install it again",
            ),
        ),
        (
            error("invalid_auth"),
            Outcome::Unauthorized { fix: "install the app again and store its token in the vault" },
        ),
        (error("service_unavailable"), Outcome::Again { why: "service_unavailable".to_owned() }),
        (error("fatal_error"), Outcome::Unknown { why: "fatal_error".to_owned() }),
    ];
    for (body, wanted) in table {
        assert_eq!(outcome(&answer(200, body.as_bytes())), wanted, "{body}");
    }
    assert_eq!(outcome(&answer(429, b"")), Outcome::Wait { after_ms: 30_001 });
    assert!(matches!(outcome(&answer(503, b"<html>")), Outcome::Unknown { .. }));
    assert!(matches!(outcome(&answer(200, b"ok")), Outcome::Unknown { .. }));
    assert!(matches!(outcome(&answer(302, b"")), Outcome::Refused { .. }));
}

fn json_of(body: &Body) -> &Value {
    let Body::Json(body) = body else { panic!("{body:?}") };
    body
}

#[test]
fn a_message_with_buttons_in_a_thread() {
    let part = Part { markup: "*Run* `a &amp; b`?".to_owned(), plain: "Run a & b?".to_owned() };
    let button = |label: &str, style| Button { label: label.to_owned(), data: format!("a:{label}"), style };
    let buttons = [button("Allow", Style::Good), button("Deny", Style::Bad), button("Later", Style::Plain)];
    let post = Post { part: &part, plain: false, reply_to: None, buttons: &buttons, key: "k1" };
    let said = call("C1/1.2", &Outgoing::Say(post)).unwrap();
    assert_eq!(said.path, "/chat.postMessage");
    let wanted = json!({
        "channel": "C1", "thread_ts": "1.2", "text": "*Run* `a &amp; b`?", "mrkdwn": true, "unfurl_links": false, "unfurl_media": false,
        "metadata": {"event_type": "capuchin_message", "event_payload": {"key": "k1"}},
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "*Run* `a &amp; b`?"}},
            {"type": "actions", "elements": [
                {"type": "button", "action_id": "press_0", "value": "a:Allow", "text": {"type": "plain_text", "text": "Allow"}, "style": "primary"},
                {"type": "button", "action_id": "press_1", "value": "a:Deny", "text": {"type": "plain_text", "text": "Deny"}, "style": "danger"},
                {"type": "button", "action_id": "press_2", "value": "a:Later", "text": {"type": "plain_text", "text": "Later"}},
            ]},
        ],
    });
    assert_eq!(json_of(&said.body), &wanted);
    let plain = call("D1", &Outgoing::Say(Post { plain: true, buttons: &[], ..post })).unwrap();
    assert_eq!(json_of(&plain.body)["text"], "Run a &amp; b?");
    assert_eq!(json_of(&plain.body).get("thread_ts"), None);
}

#[test]
fn edits_status_and_who_we_are() {
    let part = Part { markup: "_x_".to_owned(), plain: "x".to_owned() };
    let edit = call("C1/1.2", &Outgoing::Edit { message: "3.4", part: &part, plain: false }).unwrap();
    let wanted = json!({"channel": "C1", "ts": "3.4", "text": "_x_", "mrkdwn": true, "blocks": []});
    assert_eq!((edit.path.as_str(), json_of(&edit.body)), ("/chat.update", &wanted));
    let typing = call("C1/1.2", &Outgoing::Typing { message: None }).unwrap();
    assert_eq!(typing.path, "/assistant.threads.setStatus");
    assert_eq!(call("D1", &Outgoing::Typing { message: None }), Err(CannotSay::NoSuchThing));
    assert_eq!(auth_test().path, "/auth.test");
    let body = br#"{"ok":true,"url":"https://x.slack.com/","team":"x","user":"capuchin","team_id":"T1","user_id":"U0LAN0Z89","bot_id":"B061F7JD2"}"#;
    assert_eq!(us(&answer(200, body)), Ok(we()));
    for conversation in ["", "777", "C1/now", "C1/1.2/3", "C 1", "../x", "C1?x"] {
        let typing = call(conversation, &Outgoing::Typing { message: None });
        assert_eq!(typing, Err(CannotSay::Address), "{conversation}");
    }
}

#[test]
fn a_message_of_unknown_fate_is_found_by_its_key() {
    let asked = look_for("C1/1.2").unwrap();
    assert_eq!(asked.method, Method::Get);
    assert_eq!(asked.path, "/conversations.replies?channel=C1&include_all_metadata=true&ts=1.2&limit=50");
    assert!(look_for("D1").unwrap().path.starts_with("/conversations.history?channel=D1&"));
    let body = json!({"ok": true, "messages": [
        {"ts": "5.1", "text": "x"},
        {"ts": "5.2", "metadata": {"event_type": "capuchin_message", "event_payload": {"key": "k1"}}},
    ]});
    let body = body.to_string();
    assert_eq!(sent_before(&answer(200, body.as_bytes()), "k1"), Ok(Some("5.2".to_owned())));
    assert_eq!(sent_before(&answer(200, body.as_bytes()), "k2"), Ok(None));
    assert!(matches!(
        sent_before(&answer(200, br#"{"ok":false,"error":"missing_scope"}"#), "k"),
        Err(Outcome::Refused { .. })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_makes_it_panic(text in "[<>@!#|&a-z;é😀 ]{0,40}", body in "\\PC{0,80}", status in 0_u16..700) {
        let _ = readable(&text, "U1");
        let _ = outcome(&answer(status, body.as_bytes()));
        let _ = envelope(&body, &we());
        let _ = read_interaction(body.as_bytes());
        let _ = read_command(body.as_bytes());
        let _ = said(&json!({"text": text, "ts": body}));
    }
}
