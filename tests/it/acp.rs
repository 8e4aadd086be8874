//! `capuchin acp` as an editor meets it: lines in, lines out.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

use crate::support::daemon::TestDaemon;

/// Far above what a slow machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// An editor with an agent.
struct Editor {
    agent: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    asked: u64,
}

impl Editor {
    fn open(daemon: &TestDaemon) -> Self {
        let mut agent = tokio::process::Command::new(env!("CARGO_BIN_EXE_capuchin"))
            .arg("acp")
            .args(["--home".as_ref(), daemon.home().as_os_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let input = agent.stdin.take().unwrap();
        let output = BufReader::new(agent.stdout.take().unwrap()).lines();
        Self { agent, input, output, asked: 0 }
    }

    async fn say(&mut self, line: &Value) {
        self.input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    async fn next(&mut self) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.output.next_line()).await;
        let line = line.expect("the agent says something").unwrap().expect("the agent is there");
        serde_json::from_str(&line).unwrap()
    }

    async fn ask(&mut self, method: &str, params: Value) {
        self.asked += 1;
        self.say(&json!({ "jsonrpc": "2.0", "id": self.asked, "method": method, "params": params })).await;
    }

    /// The updates up to the answer of the last request, and the answer.
    async fn answer(&mut self) -> (Vec<Value>, Value) {
        let mut updates = Vec::new();
        loop {
            let told = self.next().await;
            if told["id"] == json!(self.asked) && told.get("method").is_none() {
                return (updates, told);
            }
            assert_eq!(told["method"], "session/update", "{told}");
            updates.push(told["params"]["update"].clone());
        }
    }

    async fn call(&mut self, method: &str, params: Value) -> (Vec<Value>, Value) {
        self.ask(method, params).await;
        self.answer().await
    }

    async fn session(&mut self) -> String {
        let (_, made) = self.call("session/new", json!({ "cwd": "/tmp", "mcpServers": [] })).await;
        made["result"]["sessionId"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
    }
}

fn prompt(session: &str, text: &str) -> Value {
    json!({ "sessionId": session, "prompt": [{ "type": "text", "text": text }] })
}

/// What the updates of this kind say together.
fn said(updates: &[Value], kind: &str) -> String {
    let of_kind = updates.iter().filter(|update| update["sessionUpdate"] == kind);
    of_kind.map(|update| update["content"]["text"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_editor_talks_to_the_assistant_and_comes_back_to_what_was_said() {
    let daemon = TestDaemon::start();
    let mut editor = Editor::open(&daemon);
    let (_, hello) =
        editor.call("initialize", json!({ "protocolVersion": 1, "clientCapabilities": {} })).await;
    assert_eq!(
        (&hello["result"]["protocolVersion"], &hello["result"]["agentCapabilities"]["loadSession"]),
        (&json!(1), &json!(true))
    );
    let session = editor.session().await;
    let (updates, done) = editor.call("session/prompt", prompt(&session, "/tour")).await;
    assert_eq!(done["result"], json!({ "stopReason": "end_turn" }));
    assert!(said(&updates, "agent_message_chunk").contains("| part | kept in |"), "{updates:?}");
    assert!(!said(&updates, "agent_thought_chunk").is_empty(), "{updates:?}");
    assert!(updates.iter().any(|update| update["sessionUpdate"] == "tool_call"), "{updates:?}");
    let (_, failed) = editor.call("session/prompt", prompt(&session, "/error rate_limited")).await;
    assert_eq!(failed["error"]["data"], "rate_limited", "{failed}");
    let (_, unknown) = editor.call("session/fly", json!({})).await;
    assert_eq!(unknown["error"]["code"], -32_601);
    drop(editor);
    let mut editor = Editor::open(&daemon);
    let (updates, loaded) =
        editor.call("session/load", json!({ "sessionId": session, "cwd": "/", "mcpServers": [] })).await;
    assert_eq!(loaded["result"], Value::Null, "{loaded}");
    assert!(said(&updates, "user_message_chunk").contains("/tour"), "{updates:?}");
    assert!(said(&updates, "agent_message_chunk").contains("| part | kept in |"), "{updates:?}");
    let Editor { mut agent, input, .. } = editor;
    drop(input);
    let ended = tokio::time::timeout(PATIENCE, agent.wait()).await.expect("it ends with its input").unwrap();
    assert!(ended.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_editor_cancels_a_turn() {
    let daemon = TestDaemon::start();
    let mut editor = Editor::open(&daemon);
    let session = editor.session().await;
    editor.ask("session/prompt", prompt(&session, "/slow 600")).await;
    // The turn runs once something of it is there.
    let first = editor.next().await;
    assert_eq!(first["method"], "session/update", "{first}");
    editor
        .say(&json!({ "jsonrpc": "2.0", "method": "session/cancel", "params": { "sessionId": session } }))
        .await;
    let (_, done) = editor.answer().await;
    assert_eq!(done["result"], json!({ "stopReason": "cancelled" }), "{done}");
}
