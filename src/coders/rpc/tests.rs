//! Ids, replies and limits of JSON-RPC by lines.

use serde_json::{Value, json};

use super::{Fault, Heard, LINE_BYTES_MAX, Rpc, UNANSWERED_MAX, clip, kind_of, status_in};
use crate::coders::dialect::Out;
use crate::protocol::model::ModelErrorKind;

#[test]
fn a_reply_comes_once_and_to_what_was_asked() {
    let mut rpc = Rpc::new(true);
    let mut out = Out::default();
    rpc.ask("a", json!({}), "first", &mut out);
    rpc.ask("b", json!({}), "second", &mut out);
    let written: Value = serde_json::from_str(&out.lines[0]).unwrap();
    assert_eq!(written, json!({ "jsonrpc": "2.0", "id": 1, "method": "a", "params": {} }));
    let Some(Heard::Reply("second", Err(fault))) =
        rpc.hear(r#"{"id":2,"error":{"code":-1,"message":"no","data":[1]}}"#)
    else {
        panic!("not a failed reply")
    };
    assert_eq!(fault, Fault { code: -1, message: "no".to_owned(), data: json!([1]) });
    assert!(rpc.hear(r#"{"id":2,"result":1}"#).is_none(), "twice");
    assert!(rpc.hear(r#"{"id":3,"result":1}"#).is_none(), "never asked");
    assert!(matches!(rpc.hear(r#"{"id":1}"#), Some(Heard::Reply("first", Ok(_)))));
}

#[test]
fn a_program_that_never_answers_costs_a_bounded_amount() {
    let mut rpc = Rpc::new(false);
    let mut out = Out::default();
    for n in 0..=UNANSWERED_MAX {
        rpc.ask("a", json!({}), n, &mut out);
    }
    assert_eq!(rpc.unanswered.len(), UNANSWERED_MAX);
    assert!(rpc.hear(r#"{"id":1,"result":1}"#).is_none(), "the oldest is given up");
    assert!(matches!(rpc.hear(r#"{"id":2,"result":1}"#), Some(Heard::Reply(1, Ok(_)))));
}

#[test]
fn private_notifications_are_nothing_and_private_requests_are_answered() {
    let mut rpc: Rpc<()> = Rpc::new(true);
    assert!(rpc.hear(r#"{"method":"_auth/status_update","params":{}}"#).is_none());
    assert!(matches!(rpc.hear(r#"{"method":"_x","id":1}"#), Some(Heard::Request { .. })));
    assert!(matches!(rpc.hear(r#"{"method":"x","id":null}"#), Some(Heard::Notice { .. })));
    let long = format!(r#"{{"method":"x","id":"{}"}}"#, "i".repeat(257));
    assert!(rpc.hear(&long).is_none());
}

#[test]
fn a_line_is_read_up_to_its_limit() {
    let mut rpc: Rpc<()> = Rpc::new(true);
    let line = |bytes: usize| {
        let head = r#"{"method":"x","params":""#;
        format!(r#"{head}{}"}}"#, "a".repeat(bytes - head.len() - 2))
    };
    assert!(rpc.hear(&line(LINE_BYTES_MAX)).is_some());
    assert!(rpc.hear(&line(LINE_BYTES_MAX + 1)).is_none());
}

#[test]
fn a_status_is_three_digits_of_an_error() {
    let table = [
        ("429 slow down", Some(429)),
        (" 500", Some(500)),
        ("4290", None),
        ("200 fine", None),
        ("x 500", None),
        ("", None),
    ];
    for (text, status) in table {
        assert_eq!(status_in(text), status, "{text}");
    }
    assert_eq!(kind_of(401), ModelErrorKind::Authentication);
    assert_eq!(kind_of(529), ModelErrorKind::Overloaded);
    assert_eq!(kind_of(418), ModelErrorKind::InvalidRequest);
    assert_eq!(kind_of(500), ModelErrorKind::Upstream);
    assert_eq!(clip("a\u{e9}b", 2), "a");
}
