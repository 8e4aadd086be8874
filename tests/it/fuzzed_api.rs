//! The API against its own document: schemathesis makes requests of every operation, valid and broken,
//! alone and in sequences; no answer is a 5xx, and none has a status or a shape that is not documented.
//!
//! The program comes from `target/tools/schemathesis`: `python3 -m venv target/tools/schemathesis &&
//! target/tools/schemathesis/bin/pip install schemathesis`. Without it the test says so and passes, in CI
//! it fails. `CAPUCHIN_FUZZ` is the number of examples per operation.

use std::path::Path;

use crate::support::daemon::TestDaemon;

/// What each answer is checked for.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance,response_headers_conformance";
/// Streams have no end; random commands are not run; restarting, stopping and sealing parts of the daemon would end the run.
const LEFT_OUT: &str = "(^/sessions$|/events|runtime/actors|vault/(seal|rotate)|kill-switch|/export)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_gets_a_server_error_or_an_undocumented_answer() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/schemathesis/bin/schemathesis");
    if !program.exists() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", program.display());
        eprintln!("SKIPPED: {} is missing; see the head of this file", program.display());
        return;
    }
    let daemon = TestDaemon::start();
    let token = daemon.create_token("chat,read,processes,operate,metrics,admin");
    let console = daemon.console.replace("127.0.0.1", "localhost");
    let examples = std::env::var("CAPUCHIN_FUZZ").unwrap_or_else(|_| "12".to_owned());
    let folder = tempfile::tempdir().unwrap();
    let output = tokio::process::Command::new(program)
        .args(["run", &format!("{console}/api/openapi.json")])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing,stateful"])
        .args(["--max-examples", &examples, "--seed", "1", "--exclude-path-regex", LEFT_OUT])
        .args(["--no-color", "--suppress-health-check", "all"])
        .env("SCHEMATHESIS_HOOKS", "schemathesis_hooks")
        .env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/scripts"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(folder.path())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("API Operations:"), "{said}");
}
