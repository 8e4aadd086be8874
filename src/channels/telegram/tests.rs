//! Updates, calls and answers in the shapes of the Bot API's reference.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::outgoing::{Answer, Body, Button, Call, CannotSay, Outcome, Outgoing, Post, Style, Us};
use super::super::{Incoming, Part, Said, Sender};
use super::{call, get_updates, outcome, read, set_commands, set_webhook, updates, us};

fn we() -> Us {
    Us { id: "777".to_owned(), name: "our_bot".to_owned(), bot_id: None }
}

/// A message in the group −100 by Ann, with `fields` over it.
fn in_group(fields: &Value) -> Value {
    let mut message = json!({
        "message_id": 9, "date": 1_700_000_000,
        "from": {"id": 42, "is_bot": false, "first_name": "Ann", "last_name": "Lee", "username": "ann"},
        "chat": {"id": -100, "title": "Home", "type": "supergroup"},
    });
    for (key, value) in fields.as_object().unwrap() {
        message[key] = value.clone();
    }
    json!({"update_id": 10_000, "message": message})
}

fn words(update: &Value) -> Option<(String, bool)> {
    match read(update, &we())?.said {
        Said::Text { text, mentions_us, .. } => Some((text, mentions_us)),
        Said::Press { .. } | Said::Other { .. } => None,
    }
}

#[test]
fn a_private_message_is_read_whole() {
    // The example of "Making requests when getting updates".
    let update = json!({
        "update_id": 10000,
        "message": {
            "date": 1_441_645_532,
            "chat": {"last_name": "Test Lastname", "id": 1_111_111, "first_name": "Test", "username": "Test", "type": "private"},
            "message_id": 1365,
            "from": {"last_name": "Test Lastname", "id": 1_111_111, "first_name": "Test", "username": "Test"},
            "text": "/start",
        },
    });
    let wanted = Incoming {
        id: "1111111:1365".to_owned(),
        conversation: "1111111".to_owned(),
        message: Some("1365".to_owned()),
        sender: Sender::known("1111111", "Test Test Lastname"),
        direct: true,
        sent_ms: Some(1_441_645_532_000),
        said: Said::Text { text: "/start".to_owned(), mentions_us: true, with: None },
    };
    assert_eq!(read(&update, &we()), Some(wanted));
}

#[test]
fn in_groups_a_mention_a_reply_and_a_command_are_for_us() {
    let entity = |kind: &str, offset: usize, length: usize| json!([{"type": kind, "offset": offset, "length": length}]);
    let table = [
        (json!({"text": "hi all"}), "hi all", false),
        (json!({"text": "@our_bot hi", "entities": entity("mention", 0, 8)}), "hi", true),
        (json!({"text": "@OUR_bot hi", "entities": entity("mention", 0, 8)}), "hi", true),
        (json!({"text": "😀 @our_bot hi", "entities": entity("mention", 3, 8)}), "😀  hi", true),
        (json!({"text": "@other hi", "entities": entity("mention", 0, 6)}), "@other hi", false),
        (json!({"text": "@our_bot", "entities": entity("mention", 0, 8)}), "", true),
        (json!({"text": "/new@our_bot", "entities": entity("bot_command", 0, 12)}), "/new", true),
        (
            json!({"text": "/new@their_bot", "entities": entity("bot_command", 0, 14)}),
            "/new@their_bot",
            false,
        ),
        (json!({"text": "/status", "entities": entity("bot_command", 0, 7)}), "/status", true),
        (
            json!({"text": "Bot, hi", "entities": [{"type": "text_mention", "offset": 0, "length": 4, "user": {"id": 777}}]}),
            "hi",
            true,
        ),
        (json!({"text": "yes", "reply_to_message": {"from": {"id": 777}}}), "yes", true),
        (json!({"text": "yes", "reply_to_message": {"from": {"id": 43}}}), "yes", false),
        (
            json!({"text": "yes", "reply_to_message": {"from": {"id": 777}, "forum_topic_created": {}}}),
            "yes",
            false,
        ),
        (json!({"text": "x", "entities": entity("mention", 5, 9_000)}), "x", false),
        (
            json!({"text": "x", "entities": [{"type": "mention", "offset": -1, "length": i64::MAX}]}),
            "x",
            false,
        ),
    ];
    for (fields, text, ours) in table {
        assert_eq!(words(&in_group(&fields)), Some((text.to_owned(), ours)), "{fields}");
    }
}

#[test]
fn a_topic_is_part_of_the_conversation_and_a_reply_thread_is_not() {
    let conversation = |fields: Value| read(&in_group(&fields), &we()).map(|incoming| incoming.conversation);
    let in_topic = json!({"text": "x", "message_thread_id": 5, "is_topic_message": true});
    assert_eq!(conversation(in_topic), Some("-100/5".to_owned()));
    assert_eq!(conversation(json!({"text": "x", "message_thread_id": 5})), Some("-100".to_owned()));
}

#[test]
fn things_without_words_are_named_and_captions_are_words() {
    let said = |fields: Value| read(&in_group(&fields), &we()).map(|incoming| incoming.said);
    let other = |what: &str| Some(Said::Other { what: what.to_owned() });
    assert_eq!(said(json!({"photo": [{"file_id": "x"}]})), other("a picture"));
    assert_eq!(said(json!({"voice": {"file_id": "x"}})), other("a voice message"));
    assert_eq!(said(json!({"animation": {}, "document": {}})), other("an animation"));
    let caption = json!({"photo": [], "caption": "@our_bot what is it", "caption_entities": [{"type": "mention", "offset": 0, "length": 8}]});
    let text =
        Said::Text { text: "what is it".to_owned(), mentions_us: true, with: Some("a picture".to_owned()) };
    assert_eq!(said(caption), Some(text));
}

#[test]
fn bots_edits_joins_and_channels_are_ignored() {
    let table = [
        in_group(&json!({"text": "x", "from": {"id": 42, "is_bot": true, "first_name": "B"}})),
        in_group(&json!({"text": "x", "from": null})),
        in_group(&json!({"text": "x", "sender_chat": {"id": -5}})),
        in_group(&json!({"new_chat_members": [{"id": 1}]})),
        in_group(&json!({"new_chat_title": "x", "chat": {"id": 42, "type": "private"}})),
        json!({"update_id": 1, "edited_message": {"text": "x"}}),
        json!({"update_id": 1, "channel_post": {"text": "x"}}),
        json!({"update_id": 1, "my_chat_member": {}}),
        json!({"update_id": 1}),
        json!([]),
        json!(null),
    ];
    for update in table {
        assert_eq!(read(&update, &we()), None, "{update}");
    }
}

#[test]
fn a_press_carries_its_data_its_message_and_what_acknowledges_it() {
    let update = json!({"update_id": 3, "callback_query": {
        "id": "4382bfdwdsb323b2d9", "from": {"id": 42, "is_bot": false, "first_name": "Ann"},
        "message": {"message_id": 77, "date": 0, "chat": {"id": -100, "type": "supergroup"}, "message_thread_id": 5, "is_topic_message": true},
        "chat_instance": "x", "data": "approval:7f3a:yes",
    }});
    let press = read(&update, &we()).unwrap();
    assert_eq!((press.id.as_str(), press.conversation.as_str()), ("press:4382bfdwdsb323b2d9", "-100/5"));
    assert!(!press.direct);
    let said = Said::Press {
        data: "approval:7f3a:yes".to_owned(),
        message: Some("77".to_owned()),
        ack: Some("4382bfdwdsb323b2d9".to_owned()),
    };
    assert_eq!(press.said, said);
}

fn answer(status: u16, body: &[u8]) -> Answer<'_> {
    Answer { status, retry_after: None, body }
}

#[test]
fn a_poll_goes_past_updates_that_nobody_understands() {
    let body = json!({"ok": true, "result": [{"update_id": 5, "message": 7}, {"update_id": 6, "new_kind": {}}, {"no": 1}]});
    let body = body.to_string();
    let numbers: Vec<_> =
        updates(&answer(200, body.as_bytes())).unwrap().iter().map(|update| update.number).collect();
    assert_eq!(numbers, [5, 6]);
    let conflict = br#"{"ok":false,"error_code":409,"description":"Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"}"#;
    assert_eq!(updates(&answer(409, conflict)), Err(Outcome::Conflict { webhook: false }));
    let hooked = br#"{"ok":false,"error_code":409,"description":"Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"}"#;
    assert_eq!(updates(&answer(409, hooked)), Err(Outcome::Conflict { webhook: true }));
    assert!(matches!(updates(&answer(200, b"<html>")), Err(Outcome::Unknown { .. })));
}

#[test]
fn what_the_answers_mean() {
    let error =
        |code: u16, description: &str| json!({"ok": false, "error_code": code, "description": description});
    let unauthorized =
        Outcome::Unauthorized { fix: "take a new token from @BotFather and store it in the vault" };
    let table = [
        (200, json!({"ok": true, "result": {"message_id": 7}}), Outcome::Sent { message: "7".to_owned() }),
        (200, json!({"ok": true, "result": true}), Outcome::Done),
        (
            429,
            json!({"ok": false, "error_code": 429, "description": "Too Many Requests: retry after 35", "parameters": {"retry_after": 35}}),
            Outcome::Wait { after_ms: 35_001 },
        ),
        (
            400,
            error(400, "Bad Request: can't parse entities: Unsupported start tag \"x\" at byte offset 0"),
            Outcome::Markup,
        ),
        (
            400,
            error(400, "Bad Request: message is not modified: specified new message content…"),
            Outcome::Done,
        ),
        (
            400,
            error(400, "Bad Request: query is too old and response timeout expired or query ID is invalid"),
            Outcome::Done,
        ),
        (
            400,
            json!({"ok": false, "error_code": 400, "description": "Bad Request: group chat was upgraded to a supergroup chat", "parameters": {"migrate_to_chat_id": -1_001_234}}),
            Outcome::Moved { conversation: "-1001234".to_owned() },
        ),
        (
            403,
            error(403, "Forbidden: bot was blocked by the user"),
            Outcome::Refused {
                why: "bot was blocked by the user".to_owned(),
                fix: "the person has to unblock the bot",
            },
        ),
        (
            400,
            error(400, "Bad Request: chat not found"),
            Outcome::Refused {
                why: "chat not found".to_owned(),
                fix: "check the chat's id, and let somebody write to the bot there first",
            },
        ),
        (
            400,
            error(400, "Bad Request: message text is empty"),
            Outcome::Refused { why: "message text is empty".to_owned(), fix: "see what Telegram says" },
        ),
        (401, error(401, "Unauthorized"), unauthorized.clone()),
        (404, error(404, "Not Found"), unauthorized),
        (502, error(502, "Bad Gateway"), Outcome::Unknown { why: "Bad Gateway".to_owned() }),
    ];
    for (status, body, wanted) in table {
        let text = body.to_string();
        assert_eq!(outcome(&answer(status, text.as_bytes())), wanted, "{body}");
    }
    assert!(matches!(outcome(&answer(502, b"<html>Bad Gateway</html>")), Outcome::Unknown { .. }));
    assert!(matches!(outcome(&answer(404, b"<html>nginx</html>")), Outcome::Refused { .. }));
    let limited = Answer { status: 429, retry_after: Some("3"), body: b"" };
    assert_eq!(outcome(&limited), Outcome::Wait { after_ms: 3_001 });
}

#[test]
fn we_learn_who_we_are() {
    let body = br#"{"ok":true,"result":{"id":777,"is_bot":true,"first_name":"Our bot","username":"our_bot","can_join_groups":true}}"#;
    assert_eq!(us(&answer(200, body)), Ok(we()));
    assert!(matches!(
        us(&answer(401, br#"{"ok":false,"error_code":401}"#)),
        Err(Outcome::Unauthorized { .. })
    ));
}

fn body(call: &Call) -> &Value {
    let Body::Json(body) = &call.body else { panic!("{call:?}") };
    body
}

#[test]
fn a_message_with_buttons_in_a_topic() {
    let part = Part { markup: "<b>Run</b>?".to_owned(), plain: "Run?".to_owned() };
    let button = |label: &str, data: &str| Button {
        label: label.to_owned(),
        data: data.to_owned(),
        style: Style::Good,
    };
    let buttons = [
        button("Allow", "a:1:yes"),
        button("Always", "a:1:always"),
        button("Deny", "a:1:no"),
        button("More", "m"),
    ];
    let post = Post { part: &part, plain: false, reply_to: Some("9"), buttons: &buttons, key: "k" };
    let said = call("-100/5", &Outgoing::Say(post)).unwrap();
    assert_eq!(said.path, "/bot{token}/sendMessage");
    let wanted = json!({
        "chat_id": -100, "message_thread_id": 5, "text": "<b>Run</b>?", "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": true},
        "reply_parameters": {"message_id": 9, "allow_sending_without_reply": true},
        "reply_markup": {"inline_keyboard": [
            [{"text": "Allow", "callback_data": "a:1:yes"}, {"text": "Always", "callback_data": "a:1:always"}, {"text": "Deny", "callback_data": "a:1:no"}],
            [{"text": "More", "callback_data": "m"}],
        ]},
    });
    assert_eq!(body(&said), &wanted);
    let plain =
        call("5", &Outgoing::Say(Post { plain: true, reply_to: None, buttons: &[], ..post })).unwrap();
    assert_eq!(
        body(&plain),
        &json!({"chat_id": 5, "text": "Run?", "link_preview_options": {"is_disabled": true}})
    );
}

#[test]
fn edits_typing_presses_and_settings() {
    let part = Part { markup: "<i>x</i>".to_owned(), plain: "x".to_owned() };
    let edit = call("5", &Outgoing::Edit { message: "7", part: &part, plain: false }).unwrap();
    assert_eq!(edit.path, "/bot{token}/editMessageText");
    assert_eq!(body(&edit)["message_id"], 7);
    assert_eq!(body(&edit).get("reply_markup"), None, "buttons go");
    let typing = call("-100/5", &Outgoing::Typing { message: None }).unwrap();
    assert_eq!(body(&typing), &json!({"chat_id": -100, "message_thread_id": 5, "action": "typing"}));
    let press = call("5", &Outgoing::AckPress { ack: "q", text: Some("allowed") }).unwrap();
    assert_eq!(body(&press), &json!({"callback_query_id": "q", "text": "allowed"}));
    assert_eq!(body(&get_updates(6, 50))["allowed_updates"], json!(["message", "callback_query"]));
    assert_eq!(body(&set_webhook("https://e.x/w", "s"))["secret_token"], "s");
    assert_eq!(body(&set_commands())["commands"][0]["command"], "new");
}

#[test]
fn other_platforms_addresses_are_refused() {
    let part = Part { markup: "x".to_owned(), plain: "x".to_owned() };
    for conversation in ["", "C1/17.2", "5/", "/5", "5/6/7", "a@b.example <x>"] {
        let typing = call(conversation, &Outgoing::Typing { message: None });
        assert_eq!(typing, Err(CannotSay::Address), "{conversation}");
    }
    let edit = call("5", &Outgoing::Edit { message: "wamid.x", part: &part, plain: false });
    assert_eq!(edit, Err(CannotSay::Address));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_makes_it_panic(status in 0_u16..700, body in "\\PC{0,80}") {
        let _ = outcome(&answer(status, body.as_bytes()));
        updates(&answer(status, body.as_bytes())).ok();
    }

    #[test]
    fn no_entity_makes_it_panic(text in "\\PC{0,30}", offset in -5_i64..50, length in -5_i64..50) {
        let entities = json!([{"type": "bot_command", "offset": offset, "length": length}]);
        let _ = read(&in_group(&json!({"text": text, "entities": entities})), &we());
    }
}
