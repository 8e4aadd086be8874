//! The official Python `anthropic` package against the daemon, before the demo and before a mock provider.
//!
//! The package comes from `target/tools/anthropic`: `python3 -m venv target/tools/anthropic &&
//! target/tools/anthropic/bin/pip install anthropic`. Without it the test says so and passes, in CI it fails.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::daemon::{Setup, TestDaemon};
use crate::support::upstream::{Upstream, events, json as json_answer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_python_package_of_anthropic_works_in_every_mode() {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/anthropic/bin/python");
    if !python.exists() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", python.display());
        eprintln!("SKIPPED: {} is missing; see the head of this file", python.display());
        return;
    }
    let whole = json!({ "type": "message", "role": "assistant", "content": [{ "type": "text", "text": "whole" }],
        "stop_reason": "end_turn", "usage": { "input_tokens": 1, "output_tokens": 1 } });
    let upstream = Upstream::start(vec![events(&sealed()), json_answer(200, &whole)]).await;
    let config = format!(
        "[backends.demo]\nkind = \"demo\"\npace_ms = 0\n\n[backends.mock]\nkind = \"anthropic\"\n\
         base_url = \"{}\"\nmodel = \"m-1\"\nmodels = [\"m-1\"]\nretries = 0\n",
        upstream.url()
    );
    let daemon = TestDaemon::with(Setup { config, ..Setup::default() });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/scripts/anthropic_sdk.py");
    let mut command = tokio::process::Command::new(python);
    command
        .arg(script)
        .env_clear()
        .env("BASE_URL", &daemon.console)
        .env("TOKEN", daemon.create_token("chat,read"));
    let output = command.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), 8, "{said}");
    let received = upstream.received();
    let [first, second] = &received[..] else { panic!("{received:?}") };
    let thinking = json!({ "type": "enabled", "budget_tokens": 1_024 });
    assert_eq!((&first.json()["thinking"], &first.json()["max_tokens"]), (&thinking, &json!(2_000)));
    let sealed = json!({ "type": "thinking", "thinking": "hm", "signature": "c2VhbA==" });
    assert_eq!(second.json()["messages"][1]["content"][0], sealed, "reasoning goes back as it came");
}

/// A streamed answer with reasoning and its seal.
fn sealed() -> String {
    let mut wire = String::new();
    let mut send = |name: &str, mut data: Value| {
        data["type"] = name.into();
        write!(wire, "event: {name}\ndata: {data}\n\n").unwrap();
    };
    let usage = json!({ "input_tokens": 7, "cache_read_input_tokens": 3, "output_tokens": 1 });
    send("message_start", json!({ "message": { "id": "msg_x", "usage": usage } }));
    let thinking = json!({ "type": "thinking", "thinking": "", "signature": "" });
    send("content_block_start", json!({ "index": 0, "content_block": thinking }));
    for delta in [
        json!({ "type": "thinking_delta", "thinking": "hm" }),
        json!({ "type": "signature_delta", "signature": "c2VhbA==" }),
    ] {
        send("content_block_delta", json!({ "index": 0, "delta": delta }));
    }
    send("content_block_stop", json!({ "index": 0 }));
    send("content_block_start", json!({ "index": 1, "content_block": { "type": "text", "text": "" } }));
    let text = json!({ "type": "text_delta", "text": "sealed" });
    send("content_block_delta", json!({ "index": 1, "delta": text }));
    send("content_block_stop", json!({ "index": 1 }));
    let delta = json!({ "stop_reason": "end_turn" });
    send("message_delta", json!({ "delta": delta, "usage": { "output_tokens": 5 } }));
    send("message_stop", json!({}));
    wire
}
