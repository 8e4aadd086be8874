//! The way out of a program: its provider through the daemon, and nothing else.

use serde_json::json;

use super::{Host, program_in};
use crate::support::daemon::{PLANTED_SECRET, Setup, TestDaemon};
use crate::support::upstream::{Upstream, json as answer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_reaches_its_provider_without_its_credential_and_nothing_else() {
    let said = json!({
        "id": "m1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
        "content": [{ "type": "text", "text": "from the provider" }], "usage": { "input_tokens": 3, "output_tokens": 2 },
    });
    let upstream = Upstream::start(vec![answer(200, &said)]).await;
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "[assistant]\nbackend = \"coder\"\n[backends.paid]\nkind = \"anthropic\"\nbase_url = \"{}\"\n\
         api_key = \"env:TEST_API_KEY\"\nmodel = \"m\"\nmodels = [\"m\"]\n\
         [backends.coder]\nkind = \"claude\"\nprovider = \"paid\"\ncommand = \"{}\"\n",
        upstream.url(),
        program_in(folder.path()).display()
    );
    let daemon = TestDaemon::with(Setup { config, ..Setup::default() });
    let client = daemon.client();
    let host = Host { client, daemon, _folder: folder };
    let thread = host.client.thread("door").await;
    assert_eq!(host.answer(&thread, "model").await, "from the provider");
    let asked = upstream.received();
    assert!(asked.last().unwrap().head.contains(PLANTED_SECRET), "the provider sees its key");
    let home = host.daemon.home().join("data/coders/home/coder").join(&thread);
    let starts = std::fs::read_to_string(home.join("starts.jsonl")).unwrap();
    assert!(!starts.contains(PLANTED_SECRET) && starts.contains("ANTHROPIC_BASE_URL"), "{starts}");
    let (address, console) = (upstream.address(), host.daemon.console.rsplit(':').next().unwrap().to_owned());
    for port in [address.port().to_string(), console] {
        let said = host.answer(&thread, &format!("reach 127.0.0.1 {port}")).await;
        assert!(said.starts_with("out of reach"), "{said}");
    }
}
