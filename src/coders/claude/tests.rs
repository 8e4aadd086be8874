//! Lines of Claude Code 2.1.330, recorded against a provider on loopback and shortened.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;
use crate::coders::{Ending, ToolKind};
use crate::protocol::chat::StopReason;

fn opened() -> Claude {
    let mut claude = Claude::new("s-1");
    let opening =
        Opening { folder: "/work".into(), instructions: "Be kind.".to_owned(), ..Opening::default() };
    claude.open(&opening, &mut Out::default());
    claude
}

fn prompted() -> Claude {
    let mut claude = opened();
    claude.prompt("hi", &mut Out::default());
    claude
}

fn take(claude: &mut Claude, line: &str) -> Vec<Event> {
    let mut out = Out::default();
    claude.take(line, &mut out);
    out.events
}

fn lines(speak: impl FnOnce(&mut Out)) -> Vec<Value> {
    let mut out = Out::default();
    speak(&mut out);
    out.lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const HOOK: &str = r#"{"type":"control_request","request_id":"0a6b","request":{"subtype":"hook_callback","callback_id":"gate","input":{"session_id":"34ea","cwd":"/work","permission_mode":"default","hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"touch x.txt","description":"x"},"tool_use_id":"toolu_4_1"},"tool_use_id":"toolu_4_1"}}"#;

#[test]
fn it_shakes_hands_with_a_hook_on_every_tool() {
    let mut claude = Claude::new("s-1");
    let opening = Opening { instructions: "Be kind.".to_owned(), ..Opening::default() };
    let sent = lines(|out| claude.open(&opening, out));
    let request = &sent[0]["request"];
    assert_eq!(request["subtype"], "initialize");
    assert_eq!(request["appendSystemPrompt"], "Be kind.");
    assert_eq!(request["hooks"]["PreToolUse"][0]["matcher"], Value::Null);
    let hello = r#"{"type":"control_response","response":{"subtype":"success","request_id":"hello","response":{"commands":[]}}}"#;
    let ready = Event::Ready { session: "s-1".to_owned(), model: None, version: None };
    assert_eq!(take(&mut claude, hello), [ready]);
}

#[test]
fn every_line_means_what_it_means() {
    let use_of = |arguments: Value| ToolUse {
        id: "toolu_4_1".to_owned(),
        name: "Bash".to_owned(),
        kind: ToolKind::Run("touch x.txt".to_owned()),
        arguments,
    };
    let usage = Usage { input_tokens: 15, output_tokens: 9, cached_tokens: 3, reasoning_tokens: 0 };
    let ended = |went, output: &str| {
        vec![Event::ToolEnded { id: "toolu_4_1".to_owned(), went, output: output.to_owned() }]
    };
    let cases: Vec<(&str, Vec<Event>)> = vec![
        ("no line of the protocol", vec![]),
        ("[1, 2]", vec![]),
        (r#"{"type":"rate_limit_event","x":1}"#, vec![]),
        (r#"{"type":"system","subtype":"init","session_id":"34ea","tools":["Bash"],"model":"m"}"#, vec![]),
        (
            r#"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello "}},"parent_tool_use_id":null}"#,
            vec![Event::Text("Hello ".to_owned())],
        ),
        (
            r#"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"not mine"}},"parent_tool_use_id":"toolu_9"}"#,
            vec![],
        ),
        (
            r#"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}},"parent_tool_use_id":null}"#,
            vec![Event::Thinking("hm".to_owned())],
        ),
        (
            r#"{"type":"assistant","message":{"content":[{"type":"tool_use","id":"toolu_4_1","name":"Bash","input":{"command":"touch x.txt"}}]},"parent_tool_use_id":null}"#,
            vec![Event::ToolBegun(use_of(json!({ "command": "touch x.txt" })))],
        ),
        (
            HOOK,
            vec![Event::Ask(Ask {
                id: "0a6b".to_owned(),
                tool: use_of(json!({ "command": "touch x.txt", "description": "x" })),
            })],
        ),
        (
            r#"{"type":"user","message":{"role":"user","content":[{"tool_use_id":"toolu_4_1","type":"tool_result","content":"(Bash completed with no output)","is_error":false}]},"tool_result_meta":[{"id":"toolu_4_1","permission_decision":{"decision":"accept"}}]}"#,
            ended(Went::Done, "(Bash completed with no output)"),
        ),
        (
            r#"{"type":"user","message":{"role":"user","content":[{"type":"tool_result","content":"PreToolUse:Bash hook error: no","is_error":true,"tool_use_id":"toolu_4_1"}]},"tool_result_meta":[{"id":"toolu_4_1","non_execution_kind":"permission-rule"}]}"#,
            ended(Went::Refused, "PreToolUse:Bash hook error: no"),
        ),
        (
            r#"{"type":"system","subtype":"api_retry","attempt":1,"max_retries":1,"retry_delay_ms":566,"error_status":429,"error":"rate_limit"}"#,
            vec![Event::Retrying { status: Some(429), reason: "rate_limit".to_owned() }],
        ),
        (
            r#"{"type":"result","subtype":"success","is_error":false,"stop_reason":"end_turn","terminal_reason":"completed","result":"Hello","usage":{"input_tokens":12,"cache_read_input_tokens":3,"cache_creation_input_tokens":0,"output_tokens":9}}"#,
            vec![Event::Usage(usage), Event::Ended(Ending::Stopped(StopReason::EndTurn))],
        ),
    ];
    for (line, events) in cases {
        assert_eq!(take(&mut prompted(), line), events, "{line}");
    }
}

#[test]
fn a_decision_answers_its_question_once() {
    for (decision, word, reason) in [
        (Decision::Allow, "allow", "it was allowed"),
        (Decision::Deny("not here".to_owned()), "deny", "not here"),
    ] {
        let mut claude = prompted();
        take(&mut claude, HOOK);
        let sent = lines(|out| claude.decide("0a6b", &decision, out));
        let answer = &sent[0]["response"]["response"]["hookSpecificOutput"];
        assert_eq!(sent[0]["response"]["request_id"], "0a6b");
        assert_eq!(
            (&answer["permissionDecision"], &answer["permissionDecisionReason"]),
            (&word.into(), &reason.into())
        );
        assert!(lines(|out| claude.decide("0a6b", &decision, out)).is_empty());
    }
}

#[test]
fn what_the_hook_was_not_asked_about_is_refused_by_the_second_question() {
    let second = r#"{"type":"control_request","request_id":"c2","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"touch x.txt"},"tool_use_id":"toolu_4_1"}}"#;
    let mut claude = prompted();
    let asked =
        |claude: &mut Claude| lines(|out| claude.take(second, out))[0]["response"]["response"].clone();
    assert_eq!(asked(&mut claude)["behavior"], "deny");
    take(&mut claude, HOOK);
    claude.decide("0a6b", &Decision::Allow, &mut Out::default());
    assert_eq!(
        asked(&mut claude),
        json!({ "behavior": "allow", "updatedInput": { "command": "touch x.txt" } })
    );
}

#[test]
fn a_message_that_begins_again_takes_back_what_was_said() {
    let start = r#"{"type":"stream_event","event":{"type":"message_start","message":{"usage":{"input_tokens":4,"output_tokens":1}}},"parent_tool_use_id":null}"#;
    let stop = r#"{"type":"stream_event","event":{"type":"message_stop"},"parent_tool_use_id":null}"#;
    let mut claude = prompted();
    assert_eq!(take(&mut claude, start), []);
    assert_eq!(take(&mut claude, start), [Event::Again]);
    let once = Usage { input_tokens: 4, output_tokens: 1, ..Usage::default() };
    assert_eq!(take(&mut claude, stop), [Event::Usage(once)]);
    assert_eq!(take(&mut claude, start), []);
    assert_eq!(take(&mut claude, stop), [Event::Usage(once.plus(once))]);
}

#[test]
fn failures_keep_their_status() {
    for (status, kind) in [
        (400, ModelErrorKind::InvalidRequest),
        (401, ModelErrorKind::Authentication),
        (429, ModelErrorKind::RateLimited),
        (500, ModelErrorKind::Upstream),
        (529, ModelErrorKind::Overloaded),
    ] {
        let line = format!(
            r#"{{"type":"result","subtype":"success","is_error":true,"terminal_reason":"api_error","api_error_status":{status},"result":"API Error: {status}"}}"#
        );
        let events = take(&mut prompted(), &line);
        let [Event::Ended(Ending::Failed(error))] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((error.kind, error.status), (kind, Some(status)));
        assert!(error.message.contains("API Error"), "{error}");
    }
}

#[test]
fn an_interrupted_prompt_says_so_and_the_next_one_is_fresh() {
    let result = r#"{"type":"result","subtype":"error_during_execution","is_error":true,"stop_reason":null,"terminal_reason":"aborted_streaming","usage":{"input_tokens":0,"output_tokens":0}}"#;
    let mut claude = prompted();
    let sent = lines(|out| claude.interrupt(out));
    assert_eq!(sent[0]["request"]["subtype"], "interrupt");
    assert_eq!(take(&mut claude, result), [Event::Ended(Ending::Interrupted)]);
    assert_eq!(take(&mut claude, result), [], "nothing is under way");
    claude.prompt("again", &mut Out::default());
    let other = r#"{"type":"result","subtype":"error_during_execution","is_error":true,"errors":["x"]}"#;
    assert!(matches!(take(&mut claude, other)[..], [Event::Ended(Ending::Failed(_))]));
}

#[test]
fn a_session_that_is_gone_is_lost() {
    let line = r#"{"type":"result","subtype":"error_during_execution","is_error":true,"session_id":"1111","errors":["No conversation found with session ID: 1111"]}"#;
    assert_eq!(take(&mut prompted(), line), [Event::Lost]);
    assert_eq!(take(&mut opened(), line), [Event::Lost]);
}

#[test]
fn tools_are_known_by_what_they_do() {
    let folder = PathBuf::from("/work");
    let read = |path: &str| ToolKind::Read(vec![path.into()]);
    for (name, arguments, kind) in [
        ("Read", json!({ "file_path": "a.txt" }), read("/work/a.txt")),
        ("Read", json!({ "file_path": "/etc/passwd" }), read("/etc/passwd")),
        ("Read", json!({}), ToolKind::Other),
        ("Grep", json!({ "pattern": "x" }), read("/work")),
        ("Edit", json!({ "file_path": "a.txt" }), ToolKind::Write(vec!["/work/a.txt".into()])),
        ("Bash", json!({ "command": "ls" }), ToolKind::Run("ls".to_owned())),
        ("Bash", json!({ "command": "" }), ToolKind::Other),
        (
            "WebFetch",
            json!({ "url": "https://a.example/" }),
            ToolKind::Fetch("https://a.example/".to_owned()),
        ),
        ("mcp__notes__add", json!({}), ToolKind::Mcp("notes".to_owned(), "add".to_owned())),
        ("TodoWrite", json!({}), ToolKind::Internal),
        ("Unheard", json!({}), ToolKind::Other),
    ] {
        assert_eq!(tools::kind(name, &arguments, &folder), kind, "{name} {arguments}");
    }
}
