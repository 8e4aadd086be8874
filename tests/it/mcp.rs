//! MCP with the peers and the conformance suite of its authors, both sides.
//!
//! They come from npm into `target/tools`: `npm install --prefix target/tools @modelcontextprotocol/conformance@0.2.0-alpha.12
//! @modelcontextprotocol/server-everything @modelcontextprotocol/server-filesystem node@22`. Without them the tests say
//! so and pass, in CI they fail. Which scenarios are run is in `src/mcp/README.md`.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

mod conformance;
mod door;
mod host;

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::support::client::Client;
use crate::support::daemon::{Setup, TestDaemon};
use host::Host;

fn modules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/node_modules")
}

/// Node and a script of these packages, if they are there.
fn program(script: &str) -> Option<[PathBuf; 2]> {
    let (node, script) =
        (modules().join("node/bin/node"), modules().join("@modelcontextprotocol").join(script));
    if !node.exists() || !script.exists() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", script.display());
        eprintln!("SKIPPED: {} is missing; see the head of this file", script.display());
        return None;
    }
    // A cage has no links of this machine.
    Some([node.canonicalize().unwrap(), script.canonicalize().unwrap()])
}

fn node(script: &str) -> Option<Command> {
    let [node, script] = program(script)?;
    let mut command = Command::new(node);
    command.arg(script).stdin(Stdio::null()).kill_on_drop(true);
    Some(command)
}

/// The everything server, listening.
async fn everything() -> Option<(Child, String)> {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = node("server-everything/dist/index.js")?;
    let mut child =
        command.arg("streamableHttp").env("PORT", port.to_string()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.contains("listening") {
            break;
        }
    }
    Some((child, format!("http://127.0.0.1:{port}/mcp")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_everything_server_is_used_over_http() {
    let Some((_child, url)) = everything().await else { return };
    let host = Host::start(&url).await;
    let output = host.call("peer__echo", json!({ "message": "hello" })).await;
    assert_eq!(output.text, "Echo: hello");
    let sum = host.call("peer__get_sum", json!({ "a": 2, "b": 40 })).await;
    assert!(sum.text.contains("42"), "{}", sum.text);
    let listed = host.call("mcp_resources", json!({})).await.text;
    assert!(listed.contains("resource ") && listed.contains("prompt "), "{listed}");
    let prompt = host.call("mcp_prompt", json!({ "server": "peer", "name": "simple-prompt" })).await;
    assert!(prompt.text.starts_with("person: "), "{}", prompt.text);
    assert!(host.names().await.len() > 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_added_shown_and_removed_on_the_command_line() {
    let Some((_child, url)) = everything().await else { return };
    let daemon = TestDaemon::start();
    let (code, out, err) = daemon.cli(&["mcp", "add", "peer", "--url", &url]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("peer: ready"), "{out}");
    let (code, out, _) = daemon.cli(&["mcp", "show", "peer"]);
    assert!(code == 0 && out.contains("echo") && out.contains("accepted"), "{out}");
    let (code, out, _) = daemon.cli(&["mcp", "list"]);
    assert!(code == 0 && out.contains("2025-11-25"), "{out}");
    assert_eq!(daemon.cli(&["mcp", "restart", "peer"]).0, 0);
    assert_eq!(daemon.cli(&["mcp", "remove", "peer"]).0, 0);
    let (_, out, _) = daemon.cli(&["mcp", "list", "--json"]);
    assert!(out.contains("\"items\": []") || out.contains("\"items\":[]"), "{out}");
}

/// What the tools of a thread answered.
async fn answers(client: &Client, thread: &str) -> Vec<String> {
    let messages = client.messages(thread).await;
    let tools = messages.iter().filter(|message| message["role"] == "tool");
    tools.map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_as_servers_are_used_by_an_assistant() {
    let Some([node, files]) = program("server-filesystem/dist/index.js") else { return };
    let Some([_, everything]) = program("server-everything/dist/index.js") else { return };
    let modules = modules().canonicalize().unwrap().display().to_string();
    let config = "[backends.demo]\nkind = \"demo\"\npace_ms = 0\n".to_owned();
    let daemon = TestDaemon::with(Setup { config, ..Setup::default() });
    let (shared, secret) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (shared, secret) = (shared.path().display().to_string(), secret.path().display().to_string());
    std::fs::write(format!("{shared}/note.txt"), "the tea is in the tin").unwrap();
    std::fs::write(format!("{secret}/key.txt"), "not for servers").unwrap();
    let (node, files, everything) =
        (node.display().to_string(), files.display().to_string(), everything.display().to_string());
    // It is told that it may have both folders, and its cage has one of them.
    let added = daemon.cli(&[
        "mcp", "add", "files", "--read", &modules, "--write", &shared, "--", &node, &files, &shared, &secret,
    ]);
    assert!(added.0 == 0 && added.1.contains("files: ready"), "{added:?}");
    let added = daemon.cli(&["mcp", "add", "all", "--read", &modules, "--", &node, &everything, "stdio"]);
    assert!(added.0 == 0 && added.1.contains("all: ready"), "{added:?}");
    let client = daemon.client();
    let allow = json!({ "effect": "allow", "action": { "kind": "call_tool" }, "even_untrusted": true });
    assert_eq!(client.post("/api/v1/policy/rules", &allow).await.0, 201);
    let thread = client.thread("programs").await;
    let say = format!(
        "use files__read_text_file {{\"path\": \"{shared}/note.txt\"}}\n\
         use files__read_text_file {{\"path\": \"{secret}/key.txt\"}}\n\
         use files__write_file {{\"path\": \"{shared}/new.txt\", \"content\": \"milk\"}}\n\
         use all__echo {{\"message\": \"hello\"}}"
    );
    assert_eq!(client.ask(&thread, &say).await.kind, "done");
    let told = answers(&client, &thread).await;
    assert!(told.len() == 4 && told[0].contains("the tea is in the tin"), "{told:#?}");
    assert!(!told[1].contains("not for servers"), "{told:#?}");
    assert!(told[3].contains("Echo: hello"), "{told:#?}");
    assert_eq!(std::fs::read_to_string(format!("{shared}/new.txt")).unwrap(), "milk");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_fails_is_tried_again_and_says_so() {
    let daemon = TestDaemon::start();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (code, out, err) =
        daemon.cli(&["mcp", "add", "gone", "--url", &format!("http://127.0.0.1:{port}/mcp")]);
    assert_eq!(code, 1, "{out}{err}");
    assert!(
        out.contains("gone: failed") && err.contains("could not be connected: no connection"),
        "{out}{err}"
    );
    assert!(!err.contains("::"), "{err}");
    let (_, out, _) = daemon.cli(&["mcp", "show", "gone", "--json"]);
    assert!(out.contains("\"log\""), "{out}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn assistants_are_asked_over_mcp_by_our_own_client() {
    let daemon = TestDaemon::start();
    let url = door::open(&daemon.console, &daemon.create_token("chat,read")).await;
    let host = Host::start(&format!("{url}/mcp")).await;
    assert_eq!(
        host.names().await,
        [
            "peer__ask",
            "peer__list_assistants",
            "peer__list_workspaces",
            "peer__list_threads",
            "peer__read_thread"
        ]
    );
    let answer = host.call("peer__ask", json!({ "message": "hello" })).await;
    let thread = answer.text.rsplit("thread_id: ").next().unwrap().trim_end_matches(']').to_owned();
    assert!(!answer.failed && answer.text.len() > thread.len() + 20, "{}", answer.text);
    let read = host.call("peer__read_thread", json!({ "thread_id": thread })).await;
    assert!(read.text.starts_with("user ") && read.text.contains("assistant "), "{}", read.text);
    assert!(host.call("peer__list_threads", json!({})).await.text.contains(&thread));
    assert!(host.call("peer__ask", json!({ "wrong": 1 })).await.failed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mcp_door_needs_a_token_and_a_right() {
    let daemon = TestDaemon::start();
    let post = |token: Option<String>| {
        let mut request = reqwest::Client::new()
            .post(format!("{}/mcp", daemon.console))
            .header("accept", "application/json, text/event-stream")
            .json(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
                "name": "ask", "arguments": { "message": "hi" },
            } }));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send()
    };
    assert_eq!(post(None).await.unwrap().status(), 401);
    assert_eq!(post(Some(daemon.create_token("metrics"))).await.unwrap().status(), 403);
    // Who may read sees the tools, but does not ask.
    let refused = post(Some(daemon.create_token("read"))).await.unwrap();
    assert_eq!(refused.status(), 200);
    let text = refused.text().await.unwrap();
    assert!(text.contains("\"isError\":true"), "{text}");
}
