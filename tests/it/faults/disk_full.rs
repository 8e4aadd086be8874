//! A full disk: new messages are refused with the reason, reads go on, running answers wait, and
//! everything works again when there is space, without a restart.

use std::path::Path;
use std::process::Command;

use reqwest::StatusCode;

use super::{copies, insist, send, skip};
use crate::support::daemon::{Setup, TestDaemon};

const DISK_BYTES: u64 = 16 << 20;

/// Threads that write at once, and more messages than one of them lets wait.
const THREADS: usize = 8;
const QUEUE_MOST: usize = 17;

/// A small file system of its own, unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={DISK_BYTES},mode=0700");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Leaves no free block.
    fn fill(&self) {
        let mut filler = std::fs::File::create(self.path().join("filler")).unwrap();
        let block = vec![0_u8; 4096];
        while std::io::Write::write_all(&mut filler, &block).is_ok() {}
    }

    fn free(&self) {
        std::fs::remove_file(self.path().join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_refuses_new_messages_with_its_reason_and_loses_nothing() {
    let Some(disk) = SmallDisk::mount() else { return skip("a small disk needs the right to mount one") };
    let home = disk.path().join("home");
    let mut daemon = TestDaemon::with(Setup { home: Some(home), ..Setup::default() });
    let client = daemon.client();
    let before = client.thread("before").await;
    client.ask(&before, "before").await;

    let mut threads = Vec::new();
    for number in 0..THREADS {
        threads.push(client.thread(&format!("full {number}")).await);
    }

    disk.fill();
    let mut refused = None;
    // Space that the database holds already may take a few more, until the line of a thread is full.
    for (number, thread) in threads.iter().cycle().enumerate().take(THREADS * QUEUE_MOST) {
        let content = format!("{number} {}", "x".repeat(20_000));
        let (status, problem) = send(&client, thread, &format!("fill-{number}"), &content).await;
        if status == StatusCode::INSUFFICIENT_STORAGE {
            refused = Some((number, thread, content, problem));
            break;
        }
        assert!(matches!(status.as_u16(), 202 | 429), "{status}: {problem}");
    }
    let (number, thread, content, problem) = refused.expect("the disk is full at some point");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("disk")), "{problem}");
    assert_eq!(copies(&client, &before, "before").await, 1, "reads go on");
    assert_eq!(copies(&client, thread, &content).await, 0, "what was refused is not there");

    disk.free();
    insist(&client, thread, &format!("fill-{number}"), &content).await;
    assert_eq!(copies(&client, thread, &content).await, 1);
    let answer = client.ask(thread, "after").await;
    assert_eq!(answer.kind, "done", "{answer:?}");
    daemon.kill();
    daemon.launch();
    assert_eq!(copies(&daemon.client(), thread, &content).await, 1);
    assert_eq!(daemon.terminate(), 0);
}
