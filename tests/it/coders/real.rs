//! The real Claude Code in its cage, with a scripted provider behind its door. `CAPUCHIN_TEST_CLAUDE` says where it is, or it
//! is in `PATH`; without it the test says so and passes.
//!
//! `npm install --prefix target/tools @anthropic-ai/claude-code` installs it; the program is
//! `node_modules/@anthropic-ai/claude-code/bin/claude.exe`.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use capuchin::adapters::coders::CagedCoders;
use capuchin::coders::{
    Coders, Decision, Door, Ending, Event, Passage, SessionKey, Talk, ToolKind, Visitor, Went, Wish,
};
use capuchin::config::backends::{BackendConfig, BackendKind, BackendsConfig};
use capuchin::db::{Db, DbOptions, WriterRun};
use capuchin::protocol::chat::StopReason;
use capuchin::protocol::ids::{TenantId, ThreadId, TurnId};
use capuchin::protocol::model::ModelError;
use capuchin::sandbox::{Limits, Sandbox, SandboxOptions};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::upstream::{Act, Upstream, events};

/// What is shown in the place of a key.
const TOKEN: &str = "a-throw-away-token";

fn program() -> Option<PathBuf> {
    let named = std::env::var_os("CAPUCHIN_TEST_CLAUDE").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = named.or_else(|| {
        std::env::split_paths(&path).map(|folder| folder.join("claude")).find(|path| path.exists())
    });
    if found.is_none() {
        eprintln!("SKIPPED: Claude Code is missing; see the head of this file");
    }
    found
}

/// Goes straight to the provider.
struct Straight(SocketAddr);

impl Door for Straight {
    fn open(&self, _: &Visitor) -> Result<Passage, ModelError> {
        Ok(Passage::new((self.0, format!("http://{}", self.0)), TOKEN.to_owned(), ()))
    }
}

/// An answer of the provider.
fn said(blocks: &[Value], stop: &str) -> Vec<Act> {
    let mut text = String::new();
    let mut put = |event: Value| {
        text.push_str(&format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()));
    };
    let usage = json!({ "input_tokens": 12, "output_tokens": 1 });
    put(json!({ "type": "message_start", "message": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage,
    } }));
    for (index, block) in blocks.iter().enumerate() {
        let (start, delta) = match block["type"].as_str() {
            Some("text") => (
                json!({ "type": "text", "text": "" }),
                json!({ "type": "text_delta", "text": block["text"] }),
            ),
            _ => (
                json!({ "type": "tool_use", "id": block["id"], "name": block["name"], "input": {} }),
                json!({ "type": "input_json_delta", "partial_json": block["input"].to_string() }),
            ),
        };
        put(json!({ "type": "content_block_start", "index": index, "content_block": start }));
        put(json!({ "type": "content_block_delta", "index": index, "delta": delta }));
        put(json!({ "type": "content_block_stop", "index": index }));
    }
    let delta = json!({ "stop_reason": stop, "stop_sequence": null });
    put(json!({ "type": "message_delta", "delta": delta, "usage": { "output_tokens": 9 } }));
    put(json!({ "type": "message_stop" }));
    events(&text)
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

fn bash(id: &str, command: &str) -> Value {
    json!({ "type": "tool_use", "id": id, "name": "Bash", "input": { "command": command, "description": "x" } })
}

fn sandbox(folder: &Path) -> Sandbox {
    let mut options = SandboxOptions::new(folder.join("cages"));
    options.launcher = PathBuf::from(env!("CARGO_BIN_EXE_capuchin"));
    options.limits = Limits { disk_free_bytes: 0, ..Limits::default() };
    Sandbox::new(options)
}

/// Talks to the end of a prompt, allows or denies what is asked.
async fn to_the_end(mut talk: Talk, decision: Decision) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(event) = talk.next().await {
        if let Event::Ask(ask) = &event {
            talk.decide(&ask.id, decision.clone()).await;
        }
        events.push(event);
    }
    events
}

fn words(events: &[Event]) -> String {
    events
        .iter()
        .filter_map(|event| if let Event::Text(text) = event { Some(text.as_str()) } else { None })
        .collect()
}

fn ended(events: &[Event]) -> Vec<Went> {
    events
        .iter()
        .filter_map(|event| if let Event::ToolEnded { went, .. } = event { Some(*went) } else { None })
        .collect()
}

/// Sessions of this program, whose provider is there.
fn coders(program: &Path, folder: &Path, sandbox: Sandbox, provider: SocketAddr) -> (Coders, WriterRun) {
    let db = Db::open(folder.join("data/test.db"), DbOptions::default()).unwrap();
    let writer = db.start_writer().unwrap();
    let coder = BackendConfig {
        command: Some(program.display().to_string()),
        provider: Some("provider".to_owned()),
        ..BackendConfig::new(BackendKind::Claude)
    };
    let config = BackendsConfig([("coder".to_owned(), coder)].into());
    let coders =
        Coders::new((db, &config), folder.join("homes"), Arc::new(CagedCoders(sandbox)), (None, None));
    coders.open_door(Arc::new(Straight(provider)));
    (coders, writer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_real_program_speaks_as_its_dialect_says() {
    let Some(program) = program() else { return };
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().canonicalize().unwrap();
    let work = folder.join("work");
    std::fs::create_dir_all(&work).unwrap();
    let sandbox = sandbox(&folder);
    if let Some(missing) = sandbox.layers().await.refusal() {
        eprintln!("SKIPPED: this system lacks {}: {}", missing.layer, missing.evidence);
        return;
    }
    let secret =
        "cat /proc/self/environ | tr '\\0' '\\n'; (exec 3<>/dev/tcp/127.0.0.1/1) 2>&1; touch made.txt";
    let upstream = Upstream::start(vec![
        said(&[text("Hello from the provider.")], "end_turn"),
        said(&[text("I run it."), bash("toolu_1", secret)], "tool_use"),
        said(&[text("It ran.")], "end_turn"),
        said(&[bash("toolu_2", "touch never.txt")], "tool_use"),
        said(&[text("It was refused.")], "end_turn"),
    ])
    .await;
    let (coders, _writer) = coders(&program, &folder, sandbox, upstream.address());
    let tenant = TenantId::home();
    let key = SessionKey { tenant: tenant.clone(), thread: ThreadId::new(), backend: "coder".to_owned() };
    let wish = |text: &str| Wish {
        turn: TurnId::new(),
        model: Some("claude-sonnet-4-5".to_owned()),
        instructions: "You are a capuchin.".to_owned(),
        folder: work.clone(),
        text: text.to_owned(),
        again: text.to_owned(),
        seeded: text.to_owned(),
    };
    let stop = CancellationToken::new();
    let talk = coders.talk(&key, wish("hi")).await.unwrap();
    let name = coders.wanted(&tenant).remove(0).0;
    let life = tokio::spawn({
        let (coders, tenant, stop) = (coders.clone(), tenant.clone(), stop.clone());
        async move { coders.live(&tenant, &name, &stop).await }
    });
    let first = to_the_end(talk, Decision::Allow).await;
    assert_eq!(words(&first), "Hello from the provider.", "{first:?}");
    assert_eq!(first.last(), Some(&Event::Ended(Ending::Stopped(StopReason::EndTurn))));
    let asked = upstream.received();
    assert!(asked[0].head.contains(TOKEN) && asked[0].json().to_string().contains("You are a capuchin."));
    let second = to_the_end(coders.talk(&key, wish("run")).await.unwrap(), Decision::Allow).await;
    assert_eq!(ended(&second), [Went::Done], "{second:?}");
    let kinds: Vec<&ToolKind> = second
        .iter()
        .filter_map(|event| if let Event::Ask(ask) = event { Some(&ask.tool.kind) } else { None })
        .collect();
    assert_eq!(kinds, [&ToolKind::Run(secret.to_owned())]);
    assert!(work.join("made.txt").exists());
    let third =
        to_the_end(coders.talk(&key, wish("again")).await.unwrap(), Decision::Deny("not today".to_owned()))
            .await;
    assert_eq!(
        (ended(&third), words(&third)),
        (vec![Went::Refused], "It was refused.".to_owned()),
        "{third:?}"
    );
    assert!(!work.join("never.txt").exists());
    let told = upstream.received().last().unwrap().json().to_string();
    assert!(told.contains("not today"), "the model is told why");
    stop.cancel();
    life.await.unwrap().unwrap();
}
