//! One failed fsync. The kernel may have dropped the dirty pages, so nothing of that commit may be
//! acknowledged and nothing may be retried on the same file handle.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{copies, insist, send, skip};
use crate::support::daemon::{Setup, TestDaemon};

/// Builds the library that fails an fsync. `None` without a C compiler.
fn shim(folder: &Path) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/faults/fsync_once.c");
    let library = folder.join("fsync_once.so");
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).arg("-ldl").status();
    built.is_ok_and(|status| status.success()).then_some(library)
}

#[tokio::test]
async fn a_failed_fsync_is_an_error_of_exactly_those_messages_and_the_store_recovers() {
    let folder = tempfile::tempdir().unwrap();
    let Some(library) = shim(folder.path()) else { return skip("no C compiler for the fault") };
    let trigger = folder.path().join("trigger");
    let env = vec![
        ("LD_PRELOAD".to_owned(), library.to_string_lossy().into_owned()),
        ("FAULT_TRIGGER".to_owned(), trigger.to_string_lossy().into_owned()),
    ];
    let mut daemon = TestDaemon::with(Setup { env, ..Setup::default() });
    let client = daemon.client();
    let thread = client.thread("fsync").await;
    client.ask(&thread, "before").await;

    std::fs::write(&trigger, "").unwrap();
    let (status, problem) = send(&client, &thread, "k", "during").await;
    assert!(!trigger.exists(), "the fault happened");
    assert_eq!(status.as_u16(), 503, "{problem}");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("store")), "{problem}");

    insist(&client, &thread, "k", "during").await;
    assert_eq!(copies(&client, &thread, "during").await, 1);
    assert_eq!(copies(&client, &thread, "before").await, 1);
    let (_, tree) = client.get("/api/v1/runtime/tree").await;
    assert!(tree.to_string().contains("store-writer"), "{tree}");

    // What was acknowledged after the fault survives a kill as well.
    insist(&client, &thread, "k2", "after").await;
    daemon.kill();
    daemon.launch();
    let client = daemon.client();
    for content in ["before", "during", "after"] {
        assert_eq!(copies(&client, &thread, content).await, 1, "{content}");
    }
}
