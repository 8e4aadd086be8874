//! Plugs that are programs, run for real in their cages: those that help, and those that do not. And settings of plugs that
//! change while the daemon works.

use std::fs;
use std::time::Duration;

use capuchin::extensions::{CommandPlug, CommandWish, Context, Hook, Pipelines, Placed, Plug, PlugReport};
use capuchin::protocol::ids::TenantId;
use capuchin::sandbox::Sandbox;
use serde_json::{Map, Value, json};

use crate::sandbox::Range;
use crate::support::daemon::{Setup, TestDaemon};

/// Answers every line with its process id and how many lines it has read.
const COUNTS: &str =
    r#"n=0; while read -r line; do n=$((n+1)); echo "{\"assigns\":{\"pid\":$$,\"n\":$n}}"; done"#;

fn wish(script: &str, marker: &str) -> CommandWish {
    CommandWish {
        command: vec!["/bin/bash".into(), "-c".into(), script.into(), marker.into()],
        options: Map::new(),
        read: Vec::new(),
        memory_bytes: 64 << 20,
        once: false,
        trusted: false,
        guards: false,
    }
}

fn plug(sandbox: &Sandbox, script: &str, marker: &str) -> CommandPlug {
    CommandPlug::new("script", wish(script, marker), sandbox.clone())
}

fn context() -> Context {
    Context::new(Hook::QueryPre, TenantId::home(), json!({ "prompt": "hello" }))
}

async fn fails(range: &Range, script: &str) -> String {
    let plug = plug(&range.sandbox, script, &range.marker);
    let error = plug.call(context()).await.expect_err("it fails").to_string();
    drop(plug);
    range.all_gone().await;
    error
}

/// How a plug did that is called once and has half a second.
async fn hurried(range: &Range, script: &str) -> PlugReport {
    let plug = std::sync::Arc::new(plug(&range.sandbox, script, &range.marker));
    let placed = Placed { plug, within: Duration::from_millis(500) };
    let pipelines = Pipelines::compile(&[], &[(Hook::QueryPre, placed)]);
    pipelines.run(context()).await;
    let report = pipelines.reports(Hook::QueryPre).remove(0).1;
    range.all_gone().await;
    report
}

#[tokio::test]
async fn a_program_is_kept_and_answers_line_by_line() {
    let Some(range) = Range::new().await else { return };
    let plug = plug(&range.sandbox, COUNTS, &range.marker);
    let mut seen = Vec::new();
    for _ in 0..3 {
        let said = plug.call(context()).await.unwrap().assigns;
        seen.push((said["pid"].clone(), said["n"].as_u64().unwrap()));
    }
    assert_eq!(seen.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(seen.iter().all(|(pid, _)| *pid == seen[0].0));
    drop(plug);
    range.all_gone().await;
}

#[tokio::test]
async fn a_program_that_answers_once_is_started_again_and_one_for_each_call_reads_to_the_end() {
    let Some(range) = Range::new().await else { return };
    let answers_once = r#"read -r line; echo '{"assigns":{"ok":true}}'"#;
    let plug = plug(&range.sandbox, answers_once, &range.marker);
    for _ in 0..3 {
        assert_eq!(plug.call(context()).await.unwrap().assigns["ok"], true);
    }
    let reads_all = r#"all="$(cat)"; echo "{\"assigns\":{\"bytes\":${#all}}}"; echo"#;
    let once = CommandWish { once: true, ..wish(reads_all, &range.marker) };
    let once = CommandPlug::new("once", once, range.sandbox.clone());
    for _ in 0..2 {
        assert!(once.call(context()).await.unwrap().assigns["bytes"].as_u64().unwrap() > 100);
    }
    range.all_gone().await;
}

#[tokio::test]
async fn what_floods_or_talks_nonsense_is_ended() {
    let Some(range) = Range::new().await else { return };
    assert!(fails(&range, "read -r line; yes").await.contains("more than one line"));
    assert!(fails(&range, "read -r line; tr '\\0' x < /dev/zero").await.contains("KiB in an answer"));
    assert!(fails(&range, "read -r line; echo hello; sleep 60").await.contains("not what was agreed"));
    assert!(
        fails(&range, "read -r line; echo '{\"halt\":1}'; sleep 60").await.contains("not what was agreed")
    );
    range.all_gone().await;
}

#[tokio::test]
async fn what_dies_at_start_rests_before_it_is_tried_again_and_says_why() {
    let Some(range) = Range::new().await else { return };
    let plug = plug(&range.sandbox, "echo 'no such thing' >&2; exit 3", &range.marker);
    let first = plug.call(context()).await.unwrap_err().to_string();
    assert_eq!(first, "it ended without an answer: no such thing");
    let second = plug.call(context()).await.unwrap_err().to_string();
    assert!(second.starts_with(&first) && second.contains("it is tried again in 1 s"), "{second}");
    let missing = CommandWish { command: vec!["/no/such/program".into()], ..wish("", "") };
    let missing = CommandPlug::new("missing", missing, range.sandbox.clone()).call(context()).await;
    assert!(missing.unwrap_err().to_string().contains("it was not started"));
}

#[tokio::test]
async fn what_hangs_forks_or_grows_goes_with_everything_that_it_started() {
    let Some(range) = Range::new().await else { return };
    let hangs = hurried(&range, "sleep 300").await;
    assert_eq!(hangs.trouble.unwrap().what, "it takes more than 500 ms");
    let forks = hurried(&range, "for i in 1 2 3 4 5 6 7 8; do (setsid sleep 300 &) ; done; sleep 300").await;
    assert_eq!(forks.failures, 1);
    let bomb = hurried(&range, "while true; do sleep 20 & done").await;
    assert_eq!(bomb.failures, 1);
    let grows = "read -r line; x=x; for i in $(seq 40); do x=$x$x; done; echo '{}'";
    assert!(!fails(&range, grows).await.is_empty());
}

#[tokio::test]
async fn it_sees_neither_files_nor_the_network() {
    let Some(range) = Range::new().await else { return };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = format!(
        r#"read -r line
        reads=no; cat {secret} >/dev/null 2>&1 && reads=yes
        writes=no; echo x >/etc/x 2>/dev/null && writes=yes
        net=no; (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && net=yes
        own=no; echo x >"$HOME/x" && own=yes
        echo "{{\"assigns\":{{\"reads\":\"$reads\",\"writes\":\"$writes\",\"net\":\"$net\",\"own\":\"$own\"}}}}""#,
        secret = range.secret.display()
    );
    let said = plug(&range.sandbox, &script, &range.marker).call(context()).await.unwrap().assigns;
    assert_eq!(Value::Object(said), json!({ "reads": "no", "writes": "no", "net": "no", "own": "yes" }));
    range.all_gone().await;
}

const RAIN: &str = r#"
[extensions.plugs.rain]
command = ["/bin/sh", "-c", "while read -r l; do echo '{\"injections\":[{\"key\":\"rain\",\"title\":\"Weather\",\"text\":\"It rains.\"}]}'; done"]
[extensions.hooks]
query_pre = ["secret_scanner", "rain"]
session_started = ["rain"]
"#;

fn rewrite(daemon: &TestDaemon, config: &str) {
    fs::write(daemon.home().join("config/config.toml"), config).unwrap();
}

async fn names(daemon: &TestDaemon) -> Vec<String> {
    let (status, points) = daemon.client().get("/api/v1/extensions").await;
    assert_eq!((status.as_u16(), points["items"].as_array().unwrap().len()), (200, 16));
    let plugs = points["items"][0]["plugs"].as_array().unwrap().iter();
    plugs.map(|plug| plug["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn settings_are_taken_in_as_a_whole_or_not_at_all_and_a_plug_is_tried() {
    if Range::new().await.is_none() {
        return;
    }
    let mut daemon = TestDaemon::with(Setup { config: RAIN.to_owned(), ..Setup::default() });
    assert_eq!(names(&daemon).await, ["secret_scanner", "rain"]);
    let client = daemon.client();
    let thread = client.thread("Weather").await;
    client.ask(&thread, "hello").await;
    let (_, shown) = client.get(&format!("/api/v1/threads/{thread}/injections")).await;
    assert!(shown.to_string().contains("It rains."), "{shown}");

    // Problems of all kinds leave what is there.
    for wrong in [
        "[extensions.hooks]\nquery_pre = [\"rain\"]\n",
        "[extensions.hooks]\nquery_pree = []\n",
        "[extensions.plugs.x]\ncomponent = \"/no/such/file\"\n",
        "[extensions\n",
    ] {
        rewrite(&daemon, wrong);
        let (code, _, said) = daemon.cli(&["extension", "reload"]);
        assert_eq!(code, 1, "{wrong}: {said}");
        assert!(said.contains("the plugs of before stay"), "{wrong}: {said}");
        assert_eq!(names(&daemon).await, ["secret_scanner", "rain"], "{wrong}");
    }

    // Under load: whoever asks meanwhile is answered.
    rewrite(&daemon, "[extensions.hooks]\nquery_pre = []\n");
    let asked = async {
        for _ in 0..5 {
            client.ask(&thread, "hello again").await;
        }
    };
    let reloads = async {
        for _ in 0..10 {
            let (status, _) = client.post("/api/v1/extensions/reload", &json!({})).await;
            assert_eq!(status.as_u16(), 200);
        }
    };
    futures::join!(asked, reloads);
    assert!(names(&daemon).await.is_empty());

    // A plug that is at no point yet says what it would say.
    rewrite(
        &daemon,
        &RAIN.replace("[\"secret_scanner\", \"rain\"]", "[]").replace("session_started = [\"rain\"]", ""),
    );
    assert_eq!(daemon.cli(&["extension", "reload"]).0, 0);
    let (code, said, _) = daemon.cli(&["extension", "test", "rain", "query_pre"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &said["injections"][0]["text"]), (0, &json!("It rains.")));
    assert_eq!(said["injections"][0]["provenance"], "tool");
    let (code, hooks, _) = daemon.cli(&["extension", "hooks", "--json"]);
    assert_eq!(
        (code, serde_json::from_str::<Value>(&hooks).unwrap()["items"].as_array().unwrap().len()),
        (0, 16)
    );
    assert_eq!(daemon.cli(&["extension", "list"]).0, 0);
    assert_eq!(daemon.cli(&["extension", "test", "nobody", "query_pre"]).0, 1);

    // SIGKILL in between: the next life has the settings of now.
    rewrite(&daemon, RAIN);
    daemon.kill();
    daemon.launch();
    assert_eq!(names(&daemon).await, ["secret_scanner", "rain"]);
}
