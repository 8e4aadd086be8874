//! Messages, presses, calls and answers in the shapes of Discord's reference.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::outgoing::{
    Answer, Body, Button, Call, CannotSay, Method, Outcome, Outgoing, Post, Style, Us,
};
use super::super::{Incoming, Part, Said, Sender};
use super::{
    GatewayAddress, call, direct_channel, gateway_address, nonce, open_direct, outcome, pause_ms,
    press_answer, read_interaction, read_message, us,
};

fn we() -> Us {
    Us { id: "777".to_owned(), name: "our_bot".to_owned(), bot_id: None }
}

fn message(fields: &Value) -> Value {
    let mut message = json!({
        "type": 0, "tts": false, "timestamp": "2017-07-11T17:27:07.299000+00:00", "pinned": false,
        "mentions": [], "mention_roles": [], "mention_everyone": false, "id": "334385199974967042", "embeds": [],
        "edited_timestamp": null, "content": "Supa Hot", "channel_id": "290926798999357250", "guild_id": "41771983423143937",
        "author": {"username": "mason", "id": "53908099506183680", "global_name": "Mason", "avatar": "a_bab14f271d565501444b2ca3be944b25"},
        "attachments": [],
    });
    for (key, value) in fields.as_object().unwrap() {
        message[key] = value.clone();
    }
    message
}

fn said(fields: &Value) -> Option<Said> {
    read_message(&message(fields), &we()).map(|incoming| incoming.said)
}

fn text(text: &str, ours: bool) -> Option<Said> {
    Some(Said::Text { text: text.to_owned(), mentions_us: ours, with: None })
}

#[test]
fn a_message_is_read_whole() {
    let wanted = Incoming {
        id: "334385199974967042".to_owned(),
        conversation: "290926798999357250".to_owned(),
        message: Some("334385199974967042".to_owned()),
        sender: Sender::known("53908099506183680", "Mason"),
        direct: false,
        sent_ms: Some(1_499_794_044_250),
        said: text("Supa Hot", false).unwrap(),
    };
    assert_eq!(read_message(&message(&json!({})), &we()), Some(wanted));
}

#[test]
fn an_id_tells_when_it_was_made() {
    // The example of "Snowflakes".
    assert_eq!(super::made_ms("175928847299117063"), Some(1_462_015_105_796));
    assert_eq!(super::made_ms("x"), None);
}

#[test]
fn mentions_replies_and_direct_messages_are_for_us() {
    let others =
        json!([{"id": "42", "username": "ann", "global_name": "Ann"}, {"id": "43", "username": "bob"}]);
    let table = [
        (json!({"content": "<@777> hi"}), text("hi", true)),
        (json!({"content": "hi <@!777>"}), text("hi", true)),
        (json!({"content": "<@777>"}), text("", true)),
        (json!({"content": "<@42> <@43> <@44>", "mentions": others}), text("@Ann @bob @44", false)),
        (
            json!({"content": "<#5> <@&6> <:wave:7> <a:spin:8> <b> < 3"}),
            text("#5 @6 :wave: :spin: <b> < 3", false),
        ),
        (
            json!({"content": "yes", "type": 19, "referenced_message": {"author": {"id": "777"}}}),
            text("yes", true),
        ),
        (json!({"content": "yes", "type": 19, "referenced_message": null}), text("yes", false)),
        (json!({"content": "hi", "guild_id": null}), text("hi", true)),
        (json!({"content": "/new", "guild_id": null}), text("/new", true)),
    ];
    for (fields, wanted) in table {
        assert_eq!(said(&fields), wanted, "{fields}");
    }
    assert!(read_message(&message(&json!({"guild_id": null})), &we()).unwrap().direct);
}

#[test]
fn things_are_named_and_what_is_not_a_persons_is_ignored() {
    let picture = json!({"content": "", "attachments": [{"content_type": "image/png"}]});
    assert_eq!(said(&picture), Some(Said::Other { what: "a picture".to_owned() }));
    assert_eq!(
        said(&json!({"content": "", "sticker_items": [{}]})),
        Some(Said::Other { what: "a sticker".to_owned() })
    );
    for fields in [
        json!({"author": {"id": "1", "bot": true}}),
        json!({"author": {"id": "777"}}),
        json!({"author": {"id": "1", "system": true}}),
        json!({"author": null}),
        json!({"webhook_id": "9"}),
        json!({"type": 7}),
        json!({"content": ""}),
        json!({"channel_id": "../users"}),
    ] {
        assert_eq!(said(&fields), None, "{fields}");
    }
}

#[test]
fn a_press_is_read_in_servers_and_in_direct_messages() {
    let mut press = json!({
        "version": 1, "type": 3, "token": "unique_interaction_token", "application_id": "845027738276462632",
        "message": {"type": 0, "id": "848273938273", "content": "Run?"},
        "member": {"user": {"username": "mason", "id": "53908232506183680", "global_name": "Mason"}, "nick": "M"},
        "id": "846462639134605312", "guild_id": "290926798626357999", "channel_id": "345626669114982999",
        "data": {"custom_id": "approval:7f3a:yes", "component_type": 2},
    });
    let wanted = Incoming {
        id: "press:846462639134605312".to_owned(),
        conversation: "345626669114982999".to_owned(),
        message: None,
        sender: Sender::known("53908232506183680", "M"),
        direct: false,
        sent_ms: Some(1_621_887_236_000 + 250),
        said: Said::Press {
            data: "approval:7f3a:yes".to_owned(),
            message: Some("848273938273".to_owned()),
            ack: Some("846462639134605312/unique_interaction_token".to_owned()),
        },
    };
    let read = read_interaction(&press).unwrap();
    assert_eq!(Incoming { sent_ms: wanted.sent_ms, ..read }, wanted);
    press["user"] = json!({"id": "5", "username": "ann"});
    press["member"] = Value::Null;
    press["guild_id"] = Value::Null;
    let direct = read_interaction(&press).unwrap();
    assert!(direct.direct && direct.sender == Sender::known("5", "ann"));
    for kind in [1, 2, 4, 5] {
        press["type"] = kind.into();
        assert_eq!(read_interaction(&press), None, "kind {kind}");
    }
}

fn json_of(call: &Call) -> &Value {
    let Body::Json(body) = &call.body else { panic!("{call:?}") };
    body
}

#[test]
fn a_message_with_buttons() {
    let part = Part { markup: "**Run** @everyone?".to_owned(), plain: "Run @everyone?".to_owned() };
    let button = |style| Button { label: "B".to_owned(), data: "d".to_owned(), style };
    let buttons =
        [Style::Good, Style::Bad, Style::Plain, Style::Plain, Style::Plain, Style::Plain].map(button);
    let post = Post { part: &part, plain: false, reply_to: Some("9"), buttons: &buttons, key: "k1" };
    let said = call("5", &Outgoing::Say(post)).unwrap();
    assert_eq!((said.method, said.path.as_str()), (Method::Post, "/channels/5/messages"));
    let drawn = |style: u8| json!({"type": 2, "style": style, "label": "B", "custom_id": "d"});
    let wanted = json!({
        "content": "**Run** @everyone?", "allowed_mentions": {"parse": [], "replied_user": false},
        "nonce": "k1", "enforce_nonce": true, "flags": 4,
        "message_reference": {"message_id": "9", "fail_if_not_exists": false},
        "components": [
            {"type": 1, "components": [drawn(3), drawn(4), drawn(2), drawn(2), drawn(2)]},
            {"type": 1, "components": [drawn(2)]},
        ],
    });
    assert_eq!(json_of(&said), &wanted);
}

#[test]
fn a_long_key_is_a_digest_and_keeps_its_difference() {
    let long = |end: &str| nonce(&format!("0193a1b2-aaaa-7bbb-8ccc-1234567890ab.{end}"));
    assert_eq!(nonce(&"k".repeat(25)), "k".repeat(25));
    assert_eq!(long("1").len(), 22);
    assert_ne!(long("1"), long("2"));
    assert_eq!(long("1"), long("1"));
}

#[test]
fn edits_typing_and_presses() {
    let part = Part { markup: "x".to_owned(), plain: "x".to_owned() };
    let edit = call("5", &Outgoing::Edit { message: "7", part: &part, plain: false }).unwrap();
    assert_eq!((edit.method, edit.path.as_str()), (Method::Patch, "/channels/5/messages/7"));
    assert_eq!(json_of(&edit), &json!({"content": "x", "allowed_mentions": {"parse": []}, "components": []}));
    let typing = call("5", &Outgoing::Typing { message: None }).unwrap();
    assert_eq!((typing.path.as_str(), typing.body), ("/channels/5/typing", Body::None));
    let press = call("5", &Outgoing::AckPress { ack: "8/to-ken_1.x", text: None }).unwrap();
    assert_eq!(
        (press.path.as_str(), json_of(&press)),
        ("/interactions/8/to-ken_1.x/callback", &json!({"type": 6}))
    );
    assert_eq!(press_answer(Some("allowed"))["data"]["flags"], 64);
    for ack in ["", "8", "8/", "x/y", "8/../../users", "8/a?b"] {
        assert_eq!(call("5", &Outgoing::AckPress { ack, text: None }), Err(CannotSay::Address), "{ack}");
    }
    for channel in ["", "C1", "5/6", "-5", "999999999999999999999"] {
        assert_eq!(call(channel, &Outgoing::Typing { message: None }), Err(CannotSay::Address), "{channel}");
    }
    assert_eq!(json_of(&open_direct("42").unwrap()), &json!({"recipient_id": "42"}));
    assert_eq!(open_direct("@me"), Err(CannotSay::Address));
}

fn answer(status: u16, body: &[u8]) -> Answer<'_> {
    Answer { status, retry_after: Some("65"), body }
}

#[test]
fn what_the_answers_mean() {
    let error = |code: i64, message: &str| json!({"code": code, "message": message}).to_string();
    let refused = |why: &str, fix| Outcome::Refused { why: why.to_owned(), fix };
    let table = [
        (200, json!({"id": "5", "content": "x"}).to_string(), Outcome::Sent { message: "5".to_owned() }),
        (204, String::new(), Outcome::Done),
        (
            429,
            json!({"message": "You are being rate limited.", "retry_after": 64.57, "global": false})
                .to_string(),
            Outcome::Wait { after_ms: 64_571 },
        ),
        (429, "error code: 1015".to_owned(), Outcome::Wait { after_ms: 65_001 }),
        (
            401,
            json!({"message": "401: Unauthorized", "code": 0}).to_string(),
            Outcome::Unauthorized {
                fix: "reset the bot's token in the developer portal and store it in the vault",
            },
        ),
        (
            403,
            error(50_001, "Missing Access"),
            refused("Missing Access", "let the bot see the channel: View Channel"),
        ),
        (
            403,
            error(50_013, "Missing Permissions"),
            refused(
                "Missing Permissions",
                "give the bot the right to write: Send Messages, and Send Messages in Threads",
            ),
        ),
        (
            403,
            error(50_007, "Cannot send messages to this user"),
            refused(
                "Cannot send messages to this user",
                "the person takes no direct messages from members of the server, or shares none with the bot",
            ),
        ),
        (400, error(99_999, "New"), refused("New", "see what Discord says")),
        (404, error(10_062, "Unknown interaction"), Outcome::Done),
        (400, error(40_060, "Interaction has already been acknowledged."), Outcome::Done),
        (
            503,
            error(130_000, "API resource is currently overloaded."),
            Outcome::Again { why: "API resource is currently overloaded.".to_owned() },
        ),
        (
            500,
            error(0, "500: Internal Server Error"),
            Outcome::Unknown { why: "500: Internal Server Error".to_owned() },
        ),
    ];
    for (status, body, wanted) in table {
        assert_eq!(outcome(&answer(status, body.as_bytes())), wanted, "{status} {body}");
    }
    assert!(matches!(outcome(&answer(502, b"<html>")), Outcome::Unknown { .. }));
    assert!(matches!(outcome(&answer(404, b"<html>")), Outcome::Refused { .. }));
    assert!(matches!(outcome(&answer(403, b"{}")), Outcome::Refused { .. }));
}

#[test]
fn a_used_up_route_is_left_alone() {
    assert_eq!(pause_ms(Some("0"), Some("1.5")), Some(1_501));
    assert_eq!(pause_ms(Some("1"), Some("1.5")), None);
    assert_eq!(pause_ms(None, Some("1.5")), None);
    assert_eq!(pause_ms(Some("0"), Some("soon")), Some(5_000));
}

#[test]
fn answers_that_are_asked_for() {
    assert_eq!(us(&answer(200, br#"{"id":"777","username":"our_bot","bot":true}"#)), Ok(we()));
    let gateway = br#"{"url":"wss://gateway.discord.gg","shards":1,"session_start_limit":{"total":1000,"remaining":999,"reset_after":14400000,"max_concurrency":1}}"#;
    let wanted =
        GatewayAddress { url: "wss://gateway.discord.gg".to_owned(), left: 999, reset_after_ms: 14_400_000 };
    assert_eq!(gateway_address(&answer(200, gateway)), Ok(wanted));
    assert_eq!(
        direct_channel(&answer(200, br#"{"id":"319674150115610528","type":1}"#)).as_deref(),
        Ok("319674150115610528")
    );
    assert!(matches!(us(&answer(401, b"{}")), Err(Outcome::Unauthorized { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_makes_it_panic(content in "[<>@!#&:0-9a-z😀 ]{0,40}", body in "\\PC{0,80}", status in 0_u16..700) {
        let _ = said(&json!({"content": content, "id": body}));
        let _ = said(&json!({"content": content}));
        let _ = outcome(&answer(status, body.as_bytes()));
    }
}
