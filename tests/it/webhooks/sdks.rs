//! The sources' own libraries as senders, and as a second opinion on every signature.
//!
//! Those for Python come into `target/tools/webhooks` (`python3 -m venv`, then `pip install`), those for Node into
//! `target/tools/node_modules` (`npm install --prefix target/tools`); `.ci/run` has the names and versions. Without
//! them the tests say so and pass, in CI they fail.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::support::daemon::{Setup, TestDaemon};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/scripts");
/// Where senders find the ingress of a daemon behind a proxy. Nothing is sent there.
const PUBLIC_URL: &str = "https://hooks.example.org";

fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools")
}

/// Whether these are all there.
fn installed(needed: &[&str]) -> bool {
    let Some(missing) = needed.iter().map(|file| tools().join(file)).find(|file| !file.exists()) else {
        return true;
    };
    assert!(std::env::var_os("CI").is_none(), "{} is missing", missing.display());
    eprintln!("SKIPPED: {} is missing; see the head of this file", missing.display());
    false
}

/// Runs a script against a daemon with this `config.toml`, and counts what it proved.
async fn proved(mut command: Command, config: &str, public_url: &str) -> usize {
    let quick = "[backends.demo]\nkind = \"demo\"\npace_ms = 0\n";
    let daemon = TestDaemon::with(Setup { config: format!("{quick}{config}"), ..Setup::default() });
    command
        .env_clear()
        .env("INGRESS", &daemon.ingress)
        .env("CONSOLE", &daemon.console)
        .env("PUBLIC_URL", public_url)
        .env("TOKEN", daemon.create_token("read,admin"))
        .kill_on_drop(true);
    let output = command.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said.lines().filter(|line| line.starts_with("ok ")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_source_is_understood_as_its_python_library_or_its_documents_say() {
    if !installed(&["webhooks/bin/python"]) {
        return;
    }
    let mut command = Command::new(tools().join("webhooks/bin/python"));
    command.arg(format!("{SCRIPTS}/webhook_sdks.py")).stdin(Stdio::null());
    assert_eq!(proved(command, "", "").await, 31);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sources_are_understood_as_their_packages_for_node_say_under_a_public_address() {
    if !installed(&[
        "node_modules/node/bin/node",
        "node_modules/svix",
        "node_modules/@octokit/webhooks-methods",
    ]) {
        return;
    }
    let mut command = Command::new(tools().join("node_modules/node/bin/node"));
    // Packages are looked for in the current folder only if the script has no folder of its own.
    let script = std::fs::File::open(format!("{SCRIPTS}/webhook_sdks.mjs")).unwrap();
    command.arg("--input-type=module").stdin(script).current_dir(tools());
    let config = format!("\n[ingress]\npublic_url = \"{PUBLIC_URL}\"\n");
    assert_eq!(proved(command, &config, PUBLIC_URL).await, 15);
}
