//! What no program should do, and what comes of it.

use serde_json::{Value, json};

use super::{prompted, says, update};
use crate::coders::acp::{ANY, GEMINI, OPENCODE};
use crate::coders::dialect::Decision;

fn question(id: &Value, options: &Value, call: &Value) -> Value {
    json!({ "id": id, "method": "session/request_permission",
        "params": { "sessionId": "s", "options": options, "toolCall": call } })
}

fn options(kinds: &[&str]) -> Value {
    kinds.iter().map(|kind| json!({ "optionId": format!("id of {kind}"), "kind": kind })).collect()
}

fn selected(kind: &str) -> Value {
    json!({ "outcome": { "outcome": "selected", "optionId": format!("id of {kind}") } })
}

#[test]
fn only_once_is_answered_whatever_is_offered() {
    let cancelled = json!({ "outcome": { "outcome": "cancelled" } });
    let all = ["allow_always", "allow_once", "reject_always", "reject_once"];
    let deny = Decision::Deny(String::new());
    let table = [
        (options(&all), Decision::Allow, selected("allow_once")),
        (options(&all), deny.clone(), selected("reject_once")),
        (options(&["allow_always"]), Decision::Allow, cancelled.clone()),
        (options(&["reject_always", "allow_once"]), deny, cancelled.clone()),
        (json!(null), Decision::Allow, cancelled),
    ];
    for (offered, decision, answer) in table {
        let mut replay = prompted(&ANY);
        replay.hear(&question(&json!("q"), &offered, &json!({ "toolCallId": "c", "kind": "execute" })));
        assert_eq!(replay.told(), ["begun execute other", "ask execute other"], "a command that is not said");
        let ask = replay.asks().remove(0);
        replay.act(|dialect, out| dialect.decide(&ask, &decision, out));
        replay.act(|dialect, out| dialect.decide(&ask, &Decision::Allow, out));
        assert_eq!(replay.written(), [json!({ "jsonrpc": "2.0", "id": "q", "result": answer })], "{offered}");
    }
}

#[test]
fn a_question_outside_of_a_prompt_or_twice_under_an_id_is_answered_with_no() {
    let offered = options(&["allow_once", "reject_once"]);
    let call = json!({ "toolCallId": "c", "kind": "other", "title": "t" });
    let mut replay = prompted(&ANY);
    replay.hear(&question(&json!(1), &offered, &call));
    replay.hear(&question(&json!(1), &offered, &call));
    assert_eq!(replay.asks().len(), 1);
    assert_eq!(replay.written()[0]["result"], selected("reject_once"));
    replay.hear(&json!({ "id": 3, "result": { "stopReason": "end_turn" } }));
    assert_eq!(replay.written()[0]["result"], json!({ "outcome": { "outcome": "cancelled" } }));
    replay.hear(&question(&json!(2), &offered, &call));
    assert_eq!(replay.written()[0]["result"], json!({ "outcome": { "outcome": "cancelled" } }));
    assert_eq!(replay.asks().len(), 1);
}

#[test]
fn a_tool_that_ran_although_it_was_refused_or_never_asked_is_told_of() {
    let offered = options(&["allow_once", "reject_once"]);
    let call = json!({ "toolCallId": "c", "kind": "execute", "rawInput": { "command": "ls" } });
    let ended = |id: &str| {
        update(&json!({ "sessionUpdate": "tool_call_update", "toolCallId": id, "status": "completed",
            "kind": "execute", "rawInput": { "command": "ls" } }))
    };
    let mut replay = prompted(&ANY);
    replay.hear(&question(&json!(1), &offered, &call));
    let ask = replay.asks().remove(0);
    replay.act(|dialect, out| dialect.decide(&ask, &Decision::Deny("no".to_owned()), out));
    replay.hear(&ended("c"));
    replay.hear(&ended("c"));
    replay.hear(&ended("d"));
    assert_eq!(
        replay.told(),
        [
            "begun execute run ls",
            "ask execute run ls",
            "ended refused no",
            "begun execute run ls",
            "ended done ",
            "begun execute run ls",
            "ended done "
        ]
    );
}

#[test]
fn floods_of_tools_and_questions_are_bounded_and_every_tool_that_began_ends() {
    let offered = options(&["allow_once", "reject_once"]);
    let mut replay = prompted(&OPENCODE);
    for n in 0..2_000 {
        let call =
            |id: String| json!({ "toolCallId": id, "kind": "execute", "title": "bash", "status": "pending" });
        replay.hear(&question(&json!(format!("q{n}")), &offered, &call(format!("c{n}"))));
        // The arguments of these never come, and their questions wait for them, as many as may.
        let mut told = call(format!("h{n}"));
        told["sessionUpdate"] = json!("tool_call");
        replay.hear(&update(&told));
        replay.hear(&question(&json!(format!("r{n}")), &offered, &call(format!("h{n}"))));
    }
    let answered = replay.written().len();
    assert!(replay.asks().len() <= 64, "{}", replay.asks().len());
    let held = 16;
    assert_eq!(answered, 4_000 - replay.asks().len() - held, "what is not asked is answered");
    replay.hear(&json!({ "id": 3, "result": { "stopReason": "end_turn" } }));
    let told = replay.told();
    let count = |word: &str| told.iter().filter(|line| line.starts_with(word)).count();
    assert_eq!(count("begun "), count("ended "));
    assert_eq!(replay.written().len(), replay.asks().len() + held, "open questions are answered at the end");
}

#[test]
fn long_lines_deep_json_and_wrong_shapes_are_nothing() {
    let mut replay = prompted(&GEMINI);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let long =
        format!(r#"{{"method":"session/update","params":{{"x":"{}"}}}}"#, "a".repeat(17 * 1024 * 1024));
    let lines = [
        deep.as_str(),
        long.as_str(),
        "",
        "not json",
        "{}",
        r#"{"method":5,"id":1}"#,
        r#"{"method":"x","id":{}}"#,
        r#"{"id":1e99,"result":{}}"#,
        r#"{"id":-1,"result":{}}"#,
        r#"{"method":"session/update"}"#,
        r#"{"method":"session/update","params":{"update":[]}}"#,
        r#"{"method":"session/update","params":{"update":{"sessionUpdate":"tool_call"}}}"#,
        r#"{"method":"session/update","params":{"sessionId":"other","update":{"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"x"}}}}"#,
    ];
    for line in lines {
        replay.act(|dialect, out| dialect.take(line, out));
    }
    assert_eq!(replay.told(), [] as [&str; 0]);
    assert_eq!(replay.written(), [] as [Value; 0]);
    replay.hear(&json!({ "id": "z", "method": "fs/read_text_file", "params": { "path": "/etc/shadow" } }));
    assert_eq!(replay.written()[0]["error"]["code"], -32601);
    replay.hear(&says("still here"));
    assert_eq!(replay.told(), ["text still here"]);
}

#[test]
fn arguments_that_are_too_long_are_left_out_and_judged_as_unknown() {
    let mut replay = prompted(&ANY);
    let call = json!({ "sessionUpdate": "tool_call", "toolCallId": "c".repeat(10_000), "kind": "execute",
        "rawInput": { "command": "a".repeat(1024 * 1024) } });
    replay.hear(&update(&call));
    assert_eq!(replay.told(), ["begun execute other"]);
}

#[test]
fn a_second_end_of_a_prompt_and_a_prompt_within_a_prompt_are_nothing() {
    let mut replay = prompted(&ANY);
    replay.act(|dialect, out| dialect.prompt("y", out));
    assert_eq!(replay.written(), [] as [Value; 0]);
    for reason in ["max_tokens", "refusal", "end_turn"] {
        replay.hear(&json!({ "id": 3, "result": { "stopReason": reason } }));
    }
    assert_eq!(replay.told(), ["stopped MaxTokens"]);
}
