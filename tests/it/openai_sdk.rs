//! The official Python `openai` package against the daemon, before the demo and before a mock provider.
//!
//! The package comes from `target/tools/openai`: `python3 -m venv target/tools/openai &&
//! target/tools/openai/bin/pip install openai`. Without it the test says so and passes, in CI it fails.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::path::Path;

use serde_json::json;

use crate::support::daemon::{Setup, TestDaemon};
use crate::support::embeddings::Embeddings;
use crate::support::upstream::{Upstream, events, json as json_answer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_python_package_works_in_every_mode() {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/openai/bin/python");
    if !python.exists() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", python.display());
        eprintln!("SKIPPED: {} is missing; see the head of this file", python.display());
        return;
    }
    let upstream = Upstream::start(vec![whole(), events(&streamed("stop")), events(&streamed(""))]).await;
    let embeddings = Embeddings::start().await;
    let config = format!(
        "[backends.demo]\nkind = \"demo\"\npace_ms = 0\n\n[backends.mock]\nkind = \"openai\"\n\
         base_url = \"{}/v1\"\nmodel = \"m-1\"\nmodels = [\"m-1\"]\nretries = 0\n{}",
        upstream.url(),
        embeddings.settings()
    );
    let daemon = TestDaemon::with(Setup { config, ..Setup::default() });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/scripts/openai_sdk.py");
    let mut command = tokio::process::Command::new(python);
    command
        .arg(script)
        .env_clear()
        .env("BASE_URL", format!("{}/v1", daemon.console))
        .env("TOKEN", daemon.create_token("chat,read"));
    let output = command.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), 12, "{said}");
}

fn whole() -> Vec<crate::support::upstream::Act> {
    let message = json!({ "role": "assistant", "content": "whole" });
    json_answer(200, &json!({ "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }] }))
}

/// A stream of two pieces; without a finish reason it breaks off.
fn streamed(finish_reason: &str) -> String {
    let chunk = |content: &str, reason: &str| {
        let delta = json!({ "content": content });
        let reason = if reason.is_empty() { json!(null) } else { json!(reason) };
        format!(
            "data: {}\n\n",
            json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": reason }] })
        )
    };
    [chunk("stre", ""), chunk("amed", finish_reason)].concat()
}
