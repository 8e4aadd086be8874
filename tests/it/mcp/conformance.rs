//! The conformance suite of the protocol's authors, both sides, in both eras of the protocol.
//!
//! Whatever a scenario checks must hold, but for checks that are named here with their reason.

use std::path::Path;

use serde_json::{Value, json};

use super::host::Host;
use super::{door, node};
use crate::support::daemon::TestDaemon;

/// Tells this program that it is the client that the suite started.
const AS_CLIENT: &str = "CAPUCHIN_CONFORMANCE";

const OLD: &str = "2025-11-25";
const NEW: &str = "2026-07-28";

const CLIENT: [(&str, &str); 9] = [
    ("initialize", OLD),
    ("tools_call", OLD),
    ("tools_call", NEW),
    ("sse-retry", OLD),
    ("request-metadata", NEW),
    ("http-standard-headers", NEW),
    ("http-custom-headers", NEW),
    ("http-invalid-tool-headers", NEW),
    ("json-schema-ref-no-deref", NEW),
];

const SERVER: [(&str, &str); 12] = [
    ("server-initialize", OLD),
    ("ping", OLD),
    ("tools-list", OLD),
    ("tools-list", NEW),
    ("dns-rebinding-protection", OLD),
    ("dns-rebinding-protection", NEW),
    ("server-stateless", NEW),
    ("http-header-validation", NEW),
    ("server-sse-multiple-streams", NEW),
    ("server-session-lifecycle", OLD),
    ("sep-2164-resource-not-found", NEW),
    ("caching", NEW),
];

/// Checks that want tools of the suite's own, which no real server has; and those of lists that `/mcp` does not have.
const NOT_OFFERED: [&str; 7] = [
    "sep-2575-server-rejects-undeclared-capability",
    "sep-2575-missing-capability-http-400",
    "sep-2575-http-server-no-independent-requests-on-stream",
    "sep-2575-server-no-log-without-loglevel",
    "sep-2549-prompts-list-caching-hints",
    "sep-2549-resources-list-caching-hints",
    "sep-2549-resources-templates-list-caching-hints",
];

/// The checks that failed, from what the suite wrote into this folder; `None` if it wrote nothing.
fn failed(folder: &Path) -> Option<Vec<String>> {
    let written = std::fs::read_dir(folder).ok()?.flatten().next()?.path().join("checks.json");
    let checks: Vec<Value> = serde_json::from_slice(&std::fs::read(written).ok()?).ok()?;
    let failed = checks.iter().filter(|check| check["status"] == "FAILURE");
    Some(failed.map(|check| check["id"].as_str().unwrap_or_default().to_owned()).collect())
}

/// Runs a scenario; false if the suite is not here.
async fn passes(side: &str, (scenario, revision): (&str, &str), how: &[&str], allowed: &[&str]) -> bool {
    let Some(mut suite) = node("conformance/dist/index.js") else { return false };
    let folder = tempfile::tempdir().unwrap();
    suite.args([side, "--scenario", scenario, "--spec-version", revision, "-o", "out"]).args(how);
    let output = suite.env(AS_CLIENT, "1").current_dir(folder.path()).output().await.unwrap();
    let said =
        || format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let failed = failed(&folder.path().join("out")).unwrap_or_else(|| panic!("{scenario}: {}", said()));
    let bad: Vec<_> = failed.iter().filter(|check| !allowed.contains(&check.as_str())).collect();
    assert!(bad.is_empty(), "{side} {scenario} of {revision}: {bad:?} failed\n{}", said());
    true
}

/// The client of the suite is this very test, started by the suite with an address as its last word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_conformance_suite_accepts_the_client() {
    if std::env::var_os(AS_CLIENT).is_some() {
        return use_every_tool(&std::env::args().next_back().unwrap_or_default()).await;
    }
    let own = std::env::current_exe().unwrap();
    let test = "mcp::conformance::the_conformance_suite_accepts_the_client";
    let client = format!("{} --exact {test}", own.display());
    for scenario in CLIENT {
        if !passes("client", scenario, &["--command", &client], &[]).await {
            return;
        }
    }
}

/// Makes the calls that the suite names, or else calls every tool that the server offers.
async fn use_every_tool(url: &str) {
    let host = Host::start(url).await;
    let context = std::env::var("MCP_CONFORMANCE_CONTEXT").unwrap_or_default();
    let context: Value = serde_json::from_str(&context).unwrap_or_default();
    if let Some(calls) = context["toolCalls"].as_array() {
        for call in calls {
            host.attempt(&format!("peer__{}", call["name"].as_str().unwrap()), call["arguments"].clone())
                .await
                .ok();
        }
        return;
    }
    for name in host.names().await.iter().filter(|name| name.starts_with("peer__")) {
        host.attempt(name, json!({ "a": 5, "b": 3 })).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_conformance_suite_accepts_the_server() {
    let daemon = TestDaemon::start();
    let url = door::open(&daemon.console, &daemon.create_token("chat,read")).await;
    for scenario in SERVER {
        if !passes("server", scenario, &["--url", &format!("{url}/mcp")], &NOT_OFFERED).await {
            return;
        }
    }
}
