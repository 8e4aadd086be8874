//! MCP with the peers and the conformance suite of its authors, both sides.
//!
//! They come from npm into `target/tools`: `npm install --prefix target/tools @modelcontextprotocol/conformance
//! @modelcontextprotocol/server-everything @modelcontextprotocol/server-filesystem node@22`. Without them the tests say
//! so and pass, in CI they fail. Which scenarios are run is in `src/mcp/README.md`.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

mod door;
mod host;

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::support::daemon::TestDaemon;
use host::Host;

/// Scenarios of a client that signs in, which this one leaves to the vault; the others are all of the suite's.
const CLIENT: [&str; 3] = ["initialize", "tools_call", "sse-retry"];
/// Scenarios of a server that need no fixtures of the suite's own.
const SERVER: [&str; 4] = ["server-initialize", "ping", "tools-list", "dns-rebinding-protection"];

fn modules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/node_modules")
}

/// Node and a script of these packages, if they are there.
fn node(script: &str) -> Option<Command> {
    let (node, script) =
        (modules().join("node/bin/node"), modules().join("@modelcontextprotocol").join(script));
    if !node.exists() || !script.exists() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", script.display());
        eprintln!("SKIPPED: {} is missing; see the head of this file", script.display());
        return None;
    }
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_fails_is_tried_again_and_says_so() {
    let daemon = TestDaemon::start();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (code, out, err) =
        daemon.cli(&["mcp", "add", "gone", "--url", &format!("http://127.0.0.1:{port}/mcp")]);
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("gone: failed") && err.contains("could not be connected"), "{out}{err}");
    let (_, out, _) = daemon.cli(&["mcp", "show", "gone", "--json"]);
    assert!(out.contains("\"log\""), "{out}");
}

/// The client of the conformance suite is this very test, started by the suite with an address as its last word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_conformance_suite_accepts_the_client() {
    let last = std::env::args().next_back().unwrap_or_default();
    if std::env::var_os("CAPUCHIN_CONFORMANCE").is_some() {
        let host = Host::start(&last).await;
        for name in host.names().await {
            host.call(&name, json!({ "a": 5, "b": 3 })).await;
        }
        return;
    }
    let own = std::env::current_exe().unwrap();
    let client = format!("{} --exact mcp::the_conformance_suite_accepts_the_client", own.display());
    for scenario in CLIENT {
        let Some(mut suite) = node("conformance/dist/index.js") else { return };
        let folder = tempfile::tempdir().unwrap();
        suite.args(["client", "--scenario", scenario, "--command", &client]);
        suite.env("CAPUCHIN_CONFORMANCE", "1").current_dir(folder.path());
        let output = suite.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{scenario}: {said}{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_conformance_suite_accepts_the_server() {
    let daemon = TestDaemon::start();
    let url = door::open(&daemon.console, &daemon.create_token("chat,read")).await;
    for scenario in SERVER {
        let Some(mut suite) = node("conformance/dist/index.js") else { return };
        let folder = tempfile::tempdir().unwrap();
        let output = suite.args(["server", "--scenario", scenario, "--url", &format!("{url}/mcp")]);
        let output = output.current_dir(folder.path()).output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{scenario}: {said}{}", String::from_utf8_lossy(&output.stderr));
    }
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
