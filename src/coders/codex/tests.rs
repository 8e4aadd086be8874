//! Codex's dialect against recordings of 0.169.0, and against a program that means ill.
//!
//! | file | what |
//! |---|---|
//! | `turns.jsonl` | commands, patches and MCP tools, allowed and denied; reasoning |
//! | `failures.jsonl` | interrupts, 401, 429, 500, streams that are cut |
//! | `asked.jsonl` | an interrupt while a question is open |

use serde_json::{Value, json};

use super::{Codex, command};
use crate::coders::dialect::{Decision, Opening};
use crate::coders::rpc::testing::Replay;

const TURNS: &str = include_str!("tests/turns.jsonl");
const FAILURES: &str = include_str!("tests/failures.jsonl");
const ASKED: &str = include_str!("tests/asked.jsonl");

/// The beginning of a recording: its session.
fn handshake() -> String {
    TURNS.lines().take_while(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

fn ready() -> Replay {
    let mut replay = Replay::opened(Codex::new());
    assert_eq!(replay.play(&handshake()), ["ready id-1 gpt-6-sol 0.169.0"]);
    replay
}

/// A session with a turn under way, whose id is `t`.
fn turning() -> Replay {
    let mut replay = ready();
    replay.act(|dialect, out| dialect.prompt("x", out));
    let id = replay.written()[0]["id"].clone();
    replay.hear(&json!({ "id": id, "result": { "turn": { "id": "t" } } }));
    replay
}

fn notice(method: &str, mut params: Value) -> Value {
    params["threadId"] = json!("id-1");
    params["turnId"] = json!("t");
    json!({ "method": method, "params": params })
}

#[test]
fn commands_patches_and_tools_of_servers_are_asked_about_allowed_and_denied() {
    let told = ready().play(TURNS.trim_start_matches(handshake().as_str()));
    let answered = |name: &str, tool: &str, ended: &str| {
        [
            format!("# {name}"),
            "text Will do. ".to_owned(),
            format!("begun {tool}"),
            format!("ask {tool}"),
            format!("ended {ended}"),
            "usage 100 20 40 5".to_owned(),
            "text Tool is over.".to_owned(),
            "usage 200 40 80 10".to_owned(),
            "stopped EndTurn".to_owned(),
        ]
    };
    let mut expected: Vec<String> =
        ["# think", "thinking Let me think. ", "text After thought.", "usage 100 20 40 5", "stopped EndTurn"]
            .map(str::to_owned)
            .into();
    let touch = "commandExecution run touch made.txt && echo made";
    expected.extend(answered("sh:allow", touch, "done made"));
    expected.extend(answered("sh:deny", touch, "refused not today"));
    expected.extend(answered("edit:deny", r#"fileChange write ["/w/hello.txt"]"#, "refused not today"));
    expected.extend(answered("mcp:deny", "mcpToolCall mcp capuchin recall", "refused not today"));
    let failed = "failed ls: cannot access '/nonexistent': No such file or directory";
    expected.extend(answered("shfail:allow", "commandExecution run ls /nonexistent", failed));
    assert_eq!(told, expected);
}

#[test]
fn failures_have_their_kind_and_status_and_what_is_repeated_does_not_count() {
    let told = ready().play(FAILURES);
    let expected = [
        "# slow:int",
        "interrupted",
        "# e401",
        "retrying 401 unexpected status 401 Unauthorized: mock 401 bad key, url: http://127.0.0.1:1/v1/responses",
        "retrying 401 unexpected status 401 Unauthorized: mock 401 bad key, url: http://127.0.0.1:1/v1/responses",
        "failed authentication 401 unexpected status 401 Unauthorized: mock 401 bad key, url: http://127.0.0.1:1/v1/responses",
        "# e429",
        "failed rate_limited 429 exceeded retry limit, last status: 429 Too Many Requests",
        "# e500",
        "retrying 0 We\u{2019}re currently experiencing high demand, which may cause temporary errors.",
        "retrying 0 We\u{2019}re currently experiencing high demand, which may cause temporary errors.",
        "failed upstream 0 We\u{2019}re currently experiencing high demand, which may cause temporary errors.",
        "# cut",
        "text partial ",
        "text text ",
        "retrying 0 stream disconnected before completion: stream closed before response.completed",
        "again",
        "text partial ",
        "text text ",
        "retrying 0 stream disconnected before completion: stream closed before response.completed",
        "again",
        "text partial ",
        "text text ",
        "failed truncated 0 stream disconnected before completion: stream closed before response.completed",
        "# cutonce",
        "text partial ",
        "text text ",
        "retrying 0 stream disconnected before completion: stream closed before response.completed",
        "again",
        "text partial ",
        "text text ",
        "usage 100 20 40 5",
        "stopped EndTurn",
    ];
    let told: Vec<_> = told.into_iter().filter(|line| !line.starts_with("text word")).collect();
    assert_eq!(told, expected);
}

#[test]
fn an_interrupt_ends_the_turn_its_tool_and_its_question() {
    let mut replay = ready();
    let told = replay.play(ASKED);
    assert_eq!(
        told,
        [
            "# sh:intask",
            "text Will do. ",
            "begun commandExecution run touch made.txt && echo made",
            "ask commandExecution run touch made.txt && echo made",
            "usage 100 20 40 5",
            "ended failed ",
            "interrupted"
        ]
    );
    let ask = replay.asks().remove(0);
    replay.act(|dialect, out| dialect.decide(&ask, &Decision::Allow, out));
    assert_eq!(replay.written(), [] as [Value; 0], "an answer after the end is nothing");
}

#[test]
fn an_interrupt_before_the_turn_has_an_id_waits_for_it_and_is_sent_once() {
    let mut replay = ready();
    replay.act(|dialect, out| dialect.prompt("x", out));
    let id = replay.written()[0]["id"].clone();
    replay.act(|dialect, out| dialect.interrupt(out));
    assert_eq!(replay.written(), [] as [Value; 0]);
    replay.hear(&json!({ "id": id, "result": { "turn": { "id": "t" } } }));
    let written = replay.written();
    assert_eq!(written.len(), 1);
    assert_eq!(written[0]["params"], json!({ "threadId": "id-1", "turnId": "t" }));
}

#[test]
fn a_session_gets_the_daemons_tools_which_ask_and_a_policy_that_asks() {
    let mut replay = Replay::new(Codex::new());
    let opening = Opening {
        folder: "/w".into(),
        model: Some("m".to_owned()),
        resume: Some("old".to_owned()),
        instructions: "be brief".to_owned(),
        tools: Some(("http://127.0.0.1:1/mcp".to_owned(), "t".to_owned())),
    };
    replay.act(|dialect, out| dialect.open(&opening, out));
    replay.hear(&json!({ "id": 1, "result": { "userAgent": "capuchin/0.169.0 (x)" } }));
    let written = replay.written();
    assert_eq!(written[2]["method"], "thread/resume");
    let door = json!({ "url": "http://127.0.0.1:1/mcp", "http_headers": { "Authorization": "Bearer t" },
        "default_tools_approval_mode": "prompt" });
    assert_eq!(
        written[2]["params"],
        json!({ "threadId": "old", "excludeTurns": true, "cwd": "/w", "approvalPolicy": "untrusted", "model": "m",
            "developerInstructions": "be brief", "config": { "mcp_servers": { "capuchin": door } } })
    );
    replay.hear(
        &json!({ "id": 2, "error": { "code": -32600, "message": "no rollout found for thread id old" } }),
    );
    assert_eq!(replay.told(), ["lost"]);
}

#[test]
fn another_model_is_for_the_next_prompts() {
    let mut replay = ready();
    replay.act(|dialect, out| dialect.set_model("other", out));
    replay.act(|dialect, out| dialect.prompt("x", out));
    assert_eq!(replay.written()[0]["params"]["model"], "other");
}

#[test]
fn tokens_of_a_session_that_was_taken_up_count_from_its_next_turn() {
    let mut replay = Replay::opened(Codex::new());
    replay.hear(&json!({ "id": 1, "result": {} }));
    replay.hear(&json!({ "id": 2, "result": { "thread": { "id": "id-1" } } }));
    let count = |turn: &str, total: u64| {
        json!({ "method": "thread/tokenUsage/updated", "params": { "threadId": "id-1", "turnId": turn, "tokenUsage": {
            "total": { "inputTokens": total, "outputTokens": 1 }, "last": { "inputTokens": 10, "outputTokens": 0 } } } })
    };
    replay.act(|dialect, out| dialect.prompt("x", out));
    let id = replay.written().pop().unwrap()["id"].clone();
    // The program tells of the turn before, after the prompt was sent.
    replay.hear(&count("before", 500));
    replay.hear(&json!({ "id": id, "result": { "turn": { "id": "t" } } }));
    replay.hear(&count("t", 510));
    replay.hear(&count("t", 520));
    assert_eq!(replay.told()[1..], ["usage 10 0 0 0", "usage 20 0 0 0"]);
}

/// Questions whose answer would allow more than the tool at hand.
#[test]
fn what_would_allow_more_than_once_is_answered_with_no_and_nobody_is_asked() {
    let table = [
        (
            "item/fileChange/requestApproval",
            json!({ "itemId": "i", "grantRoot": "/" }),
            json!({ "decision": "decline" }),
        ),
        (
            "item/permissions/requestApproval",
            json!({ "permissions": { "network": {} } }),
            json!({ "permissions": {}, "scope": "turn" }),
        ),
        ("item/tool/requestUserInput", json!({ "questions": [] }), json!({ "answers": {} })),
        (
            "mcpServer/elicitation/request",
            json!({ "serverName": "s", "mode": "url" }),
            json!({ "action": "decline", "content": null, "_meta": null }),
        ),
    ];
    for (method, params, no) in table {
        let mut replay = turning();
        replay.hear(&json!({ "id": 7, "method": method, "params": params }));
        assert_eq!(replay.written(), [json!({ "id": 7, "result": no })], "{method}");
        assert!(replay.asks().is_empty(), "{method}");
    }
    let mut replay = turning();
    replay.hear(&json!({ "id": "x", "method": "attestation/generate", "params": {} }));
    assert_eq!(replay.written()[0]["error"]["code"], -32601);
}

#[test]
fn a_command_with_further_permissions_is_nothing_that_can_be_judged_by_its_text() {
    for more in ["networkApprovalContext", "additionalPermissions"] {
        let mut replay = turning();
        let params = json!({ "itemId": "i", "kind": "command", "command": "ls", more: {} });
        replay.hear(&json!({ "id": 7, "method": "item/commandExecution/requestApproval", "params": params }));
        assert_eq!(replay.told(), ["begun commandExecution other", "ask commandExecution other"], "{more}");
    }
}

#[test]
fn a_change_of_files_that_was_not_told_of_is_asked_about_as_the_unknown_that_it_is() {
    let mut replay = turning();
    replay
        .hear(&json!({ "id": 7, "method": "item/fileChange/requestApproval", "params": { "itemId": "i" } }));
    assert_eq!(replay.told(), ["begun fileChange other", "ask fileChange other"]);
}

#[test]
fn a_tool_that_runs_although_it_was_refused_is_told_of() {
    let mut replay = turning();
    let item = json!({ "type": "commandExecution", "id": "i", "command": "ls", "status": "completed", "aggregatedOutput": "a" });
    replay.hear(&notice("item/started", json!({ "item": item })));
    replay.hear(&json!({ "id": 7, "method": "item/commandExecution/requestApproval", "params": { "itemId": "i", "command": "ls" } }));
    let ask = replay.asks().remove(0);
    replay.act(|dialect, out| dialect.decide(&ask, &Decision::Deny("no".to_owned()), out));
    replay.hear(&notice("item/completed", json!({ "item": item })));
    replay.hear(&notice("item/completed", json!({ "item": item })));
    let told = replay.told();
    assert_eq!(told[2..], ["ended refused no", "begun commandExecution run ls", "ended done a"]);
}

#[test]
fn replies_twice_to_nothing_and_for_others_change_nothing() {
    let mut replay = turning();
    for line in [
        json!({ "id": 3, "result": { "turn": { "id": "other" } } }),
        json!({ "id": 999, "result": {} }),
        json!({ "id": "3", "result": {} }),
        json!({ "method": "_private/thing", "params": {} }),
        json!({ "method": "item/agentMessage/delta", "params": { "threadId": "another", "delta": "x" } }),
        json!({ "method": "turn/completed", "params": { "threadId": "id-1", "turn": { "id": "another", "status": "failed" } } }),
        json!({ "method": "item/started", "params": { "item": { "type": "newThing", "id": "z" } } }),
        json!({ "method": "error" }),
        json!([{ "method": "turn/completed" }]),
        json!(null),
    ] {
        replay.hear(&line);
    }
    assert_eq!(replay.told(), [] as [&str; 0]);
    replay.hear(&notice("turn/completed", json!({ "turn": { "id": "t", "status": "completed" } })));
    replay.hear(&notice("turn/completed", json!({ "turn": { "id": "t", "status": "completed" } })));
    assert_eq!(replay.told(), ["stopped EndTurn"]);
}

#[test]
fn the_script_of_a_shell_is_taken_out_only_where_it_is_certain() {
    let table = [
        ("/bin/bash -lc 'touch a && echo b'", "touch a && echo b"),
        (r#"bash -c "echo 'a'""#, "echo 'a'"),
        (r"/bin/sh -c ls", "ls"),
        (r"/bin/bash -lc 'echo '\''a'\'''", "echo 'a'"),
        ("/bin/bash -lc 'a' 'b'", "/bin/bash -lc 'a' 'b'"),
        ("/bin/bash -x 'a'", "/bin/bash -x 'a'"),
        ("bash -c a; rm b", "bash -c a; rm b"),
        (r#"bash -c "echo $(id)""#, r#"bash -c "echo $(id)""#),
        ("bash -c 'open", "bash -c 'open"),
        ("/tmp/evil -c 'a'", "/tmp/evil -c 'a'"),
        ("rm -rf /", "rm -rf /"),
        ("", ""),
    ];
    for (command, script) in table {
        assert_eq!(command::script(command), script, "{command}");
    }
}
