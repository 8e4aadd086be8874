//! Webhooks, calls and answers in the shapes of the Cloud API's reference.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::outgoing::{Answer, Body, Button, Call, CannotSay, Outcome, Outgoing, Post, Style, Us};
use super::super::{Incoming, Part, Said, Sender};
use super::{Failure, call, failures, get_number, outcome, read, us};

const WAMID: &str = "wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA=";

fn we() -> Us {
    Us { id: "106540352242922".to_owned(), name: "Lucky Shrub".to_owned(), bot_id: None }
}

/// A webhook's body with one change that holds `value`.
fn change(mut value: Value) -> Value {
    value["messaging_product"] = "whatsapp".into();
    value["metadata"] = json!({"display_phone_number": "15550783881", "phone_number_id": "106540352242922"});
    json!({"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [{"value": value, "field": "messages"}]}]})
}

fn body(messages: &Value) -> Value {
    change(
        json!({"contacts": [{"profile": {"name": "Sheena Nelson"}, "wa_id": "16505551234"}], "messages": messages}),
    )
}

fn message(fields: &Value) -> Value {
    let mut message = json!({"from": "16505551234", "id": WAMID, "timestamp": "1749416383"});
    for (key, value) in fields.as_object().unwrap() {
        message[key] = value.clone();
    }
    message
}

fn said(fields: &Value) -> Option<Said> {
    read(&body(&json!([message(fields)])), &we()).pop().map(|incoming| incoming.said)
}

#[test]
fn a_text_is_read_whole() {
    let text = message(&json!({"type": "text", "text": {"body": "Does it come in another color?"}}));
    let wanted = Incoming {
        id: WAMID.to_owned(),
        conversation: "16505551234".to_owned(),
        message: Some(WAMID.to_owned()),
        sender: Sender::known("16505551234", "Sheena Nelson"),
        direct: true,
        sent_ms: Some(1_749_416_383_000),
        said: Said::Text { text: "Does it come in another color?".to_owned(), mentions_us: true, with: None },
    };
    assert_eq!(read(&body(&json!([text])), &we()), [wanted]);
}

#[test]
fn a_batch_gives_several_and_what_nobody_understands_gives_none() {
    let text = |words: &str| message(&json!({"type": "text", "text": {"body": words}}));
    let mut batch = body(&json!([text("one"), {"id": 5}, text("two")]));
    let more = body(&json!([text("three")]))["entry"][0].clone();
    batch["entry"].as_array_mut().unwrap().push(more);
    let said: Vec<Said> = read(&batch, &we()).into_iter().map(|incoming| incoming.said).collect();
    let wanted = ["one", "two", "three"].map(|text| Said::Text {
        text: text.to_owned(),
        mentions_us: true,
        with: None,
    });
    assert_eq!(said, wanted);
    let other = Us { id: "999999".to_owned(), ..we() };
    assert_eq!(read(&batch, &other), [], "another number of the same account");
}

#[test]
fn kinds_of_messages() {
    let other = |what: &str| Some(Said::Other { what: what.to_owned() });
    let press = |data: &str| {
        Some(Said::Press { data: data.to_owned(), message: Some("wamid.q".to_owned()), ack: None })
    };
    let context = json!({"from": "15550783881", "id": "wamid.q"});
    let table = [
        (json!({"type": "image", "image": {"id": "1", "mime_type": "image/jpeg"}}), other("a picture")),
        (
            json!({"type": "image", "image": {"caption": "what is it"}}),
            Some(Said::Text {
                text: "what is it".to_owned(),
                mentions_us: true,
                with: Some("a picture".to_owned()),
            }),
        ),
        (json!({"type": "audio", "audio": {"voice": true}}), other("a voice message")),
        (json!({"type": "document", "document": {"filename": "a.pdf"}}), other("a file")),
        (json!({"type": "location", "location": {}}), other("a place")),
        (
            json!({"type": "unsupported", "errors": [{"code": 131_051}]}),
            other("a message of a kind that I cannot read"),
        ),
        (
            json!({"type": "interactive", "context": context, "interactive": {"type": "button_reply", "button_reply": {"id": "a:1:yes", "title": "Allow"}}}),
            press("a:1:yes"),
        ),
        (
            json!({"type": "interactive", "context": context, "interactive": {"type": "list_reply", "list_reply": {"id": "a:1:no", "title": "x"}}}),
            press("a:1:no"),
        ),
        (json!({"type": "button", "context": context, "button": {"payload": "p", "text": "x"}}), press("p")),
        (json!({"type": "reaction", "reaction": {"emoji": "x"}}), None),
        (json!({"type": "system", "system": {"body": "changed"}}), None),
        (json!({"type": "text", "text": {"body": " "}}), None),
        (json!({"type": "text", "text": {"body": "x"}, "group_id": "g1"}), None),
        (json!({"type": "text", "text": {"body": "x"}, "from": "../me"}), None),
    ];
    for (fields, wanted) in table {
        assert_eq!(said(&fields), wanted, "{fields}");
    }
}

#[test]
fn a_person_without_a_number_is_known_and_answered_by_id() {
    let value = json!({
        "contacts": [{"profile": {"name": "Ann", "username": "ann"}, "user_id": "US.13491208655302741918"}],
        "messages": [{"from_user_id": "US.13491208655302741918", "id": WAMID, "timestamp": "1", "type": "text", "text": {"body": "x"}}],
    });
    let incoming = read(&change(value), &we()).pop().unwrap();
    assert_eq!(incoming.sender, Sender::known("US.13491208655302741918", "Ann"));
    let part = Part { markup: "x".to_owned(), plain: "x".to_owned() };
    let post = Post { part: &part, plain: false, reply_to: None, buttons: &[], key: "k" };
    let said = call(&we(), &incoming.conversation, &Outgoing::Say(post)).unwrap();
    assert_eq!(
        (&json_of(&said)["recipient"], json_of(&said).get("to")),
        (&json!("US.13491208655302741918"), None)
    );
    assert!(call(&we(), "US.ENT.11815799212886844830", &Outgoing::Say(post)).is_ok());
}

#[test]
fn only_failures_are_told_of_what_we_sent() {
    let status = |status: &str| json!({"id": "wamid.x", "status": status, "timestamp": "1750030073", "recipient_id": "16505551234"});
    let mut failed = status("failed");
    failed["errors"] = json!([{"code": 131_047, "title": "Re-engagement message", "message": "Re-engagement message",
        "error_data": {"details": "Message failed to send because more than 24 hours have passed since the customer last replied to this number."}}]);
    let body = change(json!({"statuses": [status("sent"), status("delivered"), status("read"), failed]}));
    let wanted = Failure {
        message: "wamid.x".to_owned(),
        outcome: Outcome::Refused {
            why: "Message failed to send because more than 24 hours have passed since the customer last replied to this number.".to_owned(),
            fix: "more than 24 hours since the person wrote: they have to write first",
        },
    };
    assert_eq!(failures(&body, &we()), [wanted]);
    assert_eq!(read(&body, &we()), []);
}

fn json_of(call: &Call) -> &Value {
    let Body::Json(body) = &call.body else { panic!("{call:?}") };
    body
}

#[test]
fn texts_questions_and_the_sign_of_writing() {
    let part = Part { markup: "*Run* it?".to_owned(), plain: "Run it?".to_owned() };
    let button =
        |label: &str| Button { label: label.to_owned(), data: format!("a:{label}"), style: Style::Plain };
    let post = Post { part: &part, plain: false, reply_to: Some(WAMID), buttons: &[], key: "k" };
    let said = call(&we(), "16505551234", &Outgoing::Say(post)).unwrap();
    assert_eq!(said.path, "/106540352242922/messages");
    let wanted = json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": "16505551234", "type": "text",
        "context": {"message_id": WAMID}, "text": {"body": "*Run* it?", "preview_url": false},
    });
    assert_eq!(json_of(&said), &wanted);
    let buttons = [button("Allow"), button("Always from now on, please"), button("Deny")];
    let asked = call(&we(), "16505551234", &Outgoing::Say(Post { buttons: &buttons, ..post })).unwrap();
    let interactive = json!({"type": "button", "body": {"text": "*Run* it?"}, "action": {"buttons": [
        {"type": "reply", "reply": {"id": "a:Allow", "title": "Allow"}},
        {"type": "reply", "reply": {"id": "a:Always from now on, please", "title": "Always from now on,…"}},
        {"type": "reply", "reply": {"id": "a:Deny", "title": "Deny"}},
    ]}});
    assert_eq!(json_of(&asked)["interactive"], interactive);
    let twice = [button("Allow"), button("Allow")];
    assert_eq!(
        call(&we(), "16505551234", &Outgoing::Say(Post { buttons: &twice, ..post })),
        Err(CannotSay::Buttons)
    );
    let typing = call(&we(), "16505551234", &Outgoing::Typing { message: Some(WAMID) }).unwrap();
    let wanted = json!({"messaging_product": "whatsapp", "status": "read", "message_id": WAMID, "typing_indicator": {"type": "text"}});
    assert_eq!(json_of(&typing), &wanted);
}

#[test]
fn what_the_platform_has_not_and_addresses_of_others_are_refused() {
    let part = Part { markup: "x".to_owned(), plain: "x".to_owned() };
    let post = Post { part: &part, plain: false, reply_to: None, buttons: &[], key: "k" };
    let none = Err(CannotSay::NoSuchThing);
    assert_eq!(call(&we(), "16505551234", &Outgoing::Edit { message: "x", part: &part, plain: false }), none);
    assert_eq!(call(&we(), "16505551234", &Outgoing::Typing { message: None }), none);
    assert_eq!(call(&we(), "16505551234", &Outgoing::AckPress { ack: "x", text: None }), none);
    for conversation in ["", "+16505551234", "C1", "12/34", "us.1", "US.", "US.1/2", "US.A.B.C"] {
        assert_eq!(
            call(&we(), conversation, &Outgoing::Say(post)),
            Err(CannotSay::Address),
            "{conversation}"
        );
    }
    assert_eq!(call(&Us::default(), "16505551234", &Outgoing::Say(post)), Err(CannotSay::Address));
    assert_eq!(get_number("me"), Err(CannotSay::Address));
}

fn answer(status: u16, body: &[u8]) -> Answer<'_> {
    Answer { status, retry_after: None, body }
}

#[test]
fn what_the_answers_mean() {
    let error = |code: i64, message: &str| json!({"error": {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A"}});
    let refused = |why: &str, fix| Outcome::Refused { why: why.to_owned(), fix };
    let token = Outcome::Unauthorized { fix: super::outcome::of_code(190, "").fix() };
    let table = [
        (
            200,
            json!({"messaging_product": "whatsapp", "contacts": [{"input": "+16505551234", "wa_id": "16505551234"}], "messages": [{"id": WAMID}]}),
            Outcome::Sent { message: WAMID.to_owned() },
        ),
        (200, json!({"success": true}), Outcome::Done),
        (401, error(190, "Error validating access token: Session has expired"), token.clone()),
        (401, error(77, "new"), token),
        (429, error(130_429, "(#130429) Rate limit hit"), Outcome::Wait { after_ms: 5_000 }),
        (429, error(77, "new"), Outcome::Wait { after_ms: 5_000 }),
        (400, error(131_056, "pair rate limit"), Outcome::Wait { after_ms: 6_001 }),
        (400, error(80_007, "too many"), Outcome::Wait { after_ms: 60_001 }),
        (503, error(2, "API Service"), Outcome::Again { why: "API Service".to_owned() }),
        (
            500,
            error(131_000, "Something went wrong"),
            Outcome::Unknown { why: "Something went wrong".to_owned() },
        ),
        (500, error(77, "new"), Outcome::Unknown { why: "new".to_owned() }),
        (
            400,
            error(131_030, "not in list"),
            refused(
                "not in list",
                "add the number to the test recipients of the app, or leave the test mode",
            ),
        ),
        (403, error(200, "x"), refused("x", "give the app the permission whatsapp_business_messaging")),
        (400, error(77, "new"), refused("new", "see what WhatsApp says")),
    ];
    for (status, body, wanted) in table {
        let text = body.to_string();
        assert_eq!(outcome(&answer(status, text.as_bytes())), wanted, "{status} {body}");
    }
    assert!(matches!(outcome(&answer(502, b"<html>")), Outcome::Unknown { .. }));
    assert!(matches!(outcome(&answer(200, b"{}")), Outcome::Unknown { .. }));
    let number =
        br#"{"id":"106540352242922","display_phone_number":"+1 555-078-3881","verified_name":"Lucky Shrub"}"#;
    assert_eq!(us(&answer(200, number)), Ok(we()));
}

impl Outcome {
    /// What a person can do.
    fn fix(&self) -> &'static str {
        match self {
            Self::Refused { fix, .. } | Self::Unauthorized { fix } => fix,
            _ => "",
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_makes_it_panic(noise in "\\PC{0,60}", status in 0_u16..700, code in -5_i64..200_000) {
        let _ = outcome(&answer(status, noise.as_bytes()));
        let _ = outcome(&answer(status, json!({"error": {"code": code, "message": noise}}).to_string().as_bytes()));
        let _ = said(&json!({"type": noise, "from": noise, "timestamp": noise}));
        let _ = read(&json!(noise), &we());
        let _ = call(&we(), &noise, &Outgoing::Typing { message: Some(&noise) });
    }
}
