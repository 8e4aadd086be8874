//! The tool `bash`, in cages of the built program.

use std::path::Path;
use std::time::{Duration, Instant};

use capuchin::protocol::ids::{AssistantId, TenantId, ThreadId, TurnId, WorkspaceId};
use capuchin::protocol::turn::Provenance;
use capuchin::sandbox::Network;
use capuchin::tools::{BashTool, JqTool, OUTPUT_BYTES_MAX, Place, Tool, ToolCallRun, ToolOutput};
use serde_json::{Value, json};

use super::{Range, SECRET, wait_for};

fn call(range: &Range, arguments: &Value) -> ToolCallRun {
    let place = Place {
        tenant: TenantId::home(),
        thread: ThreadId::new(),
        turn: TurnId::new(),
        assistant: AssistantId::new(),
        workspace: WorkspaceId::new(),
        folder: Path::new(&range.workspace).into(),
        depth: 0,
    };
    ToolCallRun { arguments: arguments.as_object().unwrap().clone(), place }
}

async fn bash(range: &Range, command: &str) -> ToolOutput {
    let tool = BashTool::new(range.sandbox.clone(), Network::Off);
    tool.run(call(range, &json!({ "command": command }))).await.unwrap()
}

#[tokio::test]
async fn a_command_works_in_the_workspace_and_says_how_it_ended() {
    let Some(range) = Range::new().await else { return };
    let output = bash(&range, "echo one; echo two >&2; echo three | tee file; exit 3").await;
    assert_eq!(output.text, "one\ntwo\nthree\n[exit code 3]", "both streams, in order");
    assert!(output.failed && output.provenance == Provenance::Tool);
    assert_eq!(std::fs::read_to_string(range.workspace.join("file")).unwrap(), "three\n");
    let output = bash(&range, "true").await;
    assert_eq!((output.text.as_str(), output.failed), ("[exit code 0]", false));
}

#[tokio::test]
async fn what_a_command_writes_is_bounded() {
    let Some(range) = Range::new().await else { return };
    let output = bash(&range, "echo begin; head -c 1M /dev/zero | tr '\\0' x; echo end").await;
    assert!(output.text.len() < OUTPUT_BYTES_MAX + 200);
    assert!(output.text.starts_with("begin\n") && output.text.ends_with("end\n[exit code 0]"));
    assert!(output.text.contains(" bytes are cut here …]"));
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_stopped_with_everything_that_it_started() {
    let Some(range) = Range::new().await else { return };
    let tool = BashTool::new(range.sandbox.clone(), Network::Off);
    let command = format!("echo begun; bash -c 'sleep 60; :' {0} & sleep 60; echo {0}", range.marker);
    let output = tool.run(call(&range, &json!({ "command": command, "timeout_s": 1 }))).await.unwrap();
    assert_eq!(output.text, "begun\n[stopped: its time was over]");
    assert!(output.failed);
    range.all_gone().await;
}

#[tokio::test]
async fn dropping_the_call_ends_the_command_with_everything_that_it_started() {
    let Some(range) = Range::new().await else { return };
    let tool = BashTool::new(range.sandbox.clone(), Network::Off);
    let command = format!("touch begun; bash -c 'sleep 60; :' {0} & sleep 60; echo {0}", range.marker);
    let running = tool.run(call(&range, &json!({ "command": command })));
    let begun = wait_for("it began", || range.workspace.join("begun").exists());
    tokio::select! {
        output = running => panic!("it ended: {output:?}"),
        () = begun => {}
    }
    let started = Instant::now();
    range.all_gone().await;
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn an_injected_command_reads_no_secret_and_reaches_nobody() {
    let Some(range) = Range::new().await else { return };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let command = format!(
        "cat {}; cat ~/.ssh/* /etc/shadow; env; echo x > /dev/tcp/127.0.0.1/{}; ls -la / /root",
        range.secret.display(),
        listener.local_addr().unwrap().port(),
    );
    let output = bash(&range, &command).await;
    assert!(!output.text.contains(SECRET), "{}", output.text);
    assert!(listener.accept().is_err());
}

#[tokio::test]
async fn a_jq_filter_reads_a_file_of_the_workspace_and_its_crash_is_its_own() {
    let Some(range) = Range::new().await else { return };
    std::fs::write(
        range.workspace.join("tea.json"),
        "{\"teas\": [{\"name\": \"oolong\"}, {\"name\": \"mate\"}]}",
    )
    .unwrap();
    let jq = async |arguments: Value| {
        let tool = JqTool::new(range.sandbox.clone());
        tool.run(call(&range, &arguments)).await
    };
    let names = jq(json!({ "filter": ".teas[].name", "path": "tea.json", "raw": true })).await.unwrap();
    assert_eq!((names.text.as_str(), names.failed), ("oolong\nmate", false));
    let text = jq(json!({ "filter": "map(. + 1)", "json": "[1, 2]" })).await.unwrap();
    assert_eq!(text.text, "[\n  2,\n  3\n]");
    let wrong = jq(json!({ "filter": ".a", "json": "[1]" })).await.unwrap();
    assert!(wrong.failed && wrong.text.contains("cannot index"), "{}", wrong.text);
    // It never ends, and takes the whole stack.
    let deep = jq(json!({ "filter": "def f: [f]; f", "json": "1" })).await.unwrap();
    assert!(deep.failed && deep.text.contains("signal"), "{}", deep.text);
    for path in ["../tea.json", "/etc/passwd"] {
        assert!(jq(json!({ "filter": ".", "path": path })).await.is_err(), "{path}");
    }
}
