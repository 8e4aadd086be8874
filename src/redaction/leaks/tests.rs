//! The record: kinds, places and counts, per tenant, newest first, for 90 days.

use std::borrow::Cow;

use super::{KEPT_MS, LeakLog};
use crate::db::{Db, DbOptions, WriterRun};
use crate::protocol::ids::{TenantId, ThreadId};
use crate::redaction::Finding;
use crate::turns::{EventHub, Turns};

struct World {
    log: LeakLog,
    home: TenantId,
    _writer: WriterRun,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path().join("capuchin.db"), DbOptions::default()).unwrap();
        let writer = db.start_writer().unwrap();
        Turns::new(db.clone(), EventHub::new()).begin_boot("test").await.unwrap();
        Self { log: LeakLog::new(db), home: TenantId::home(), _writer: writer, _folder: folder }
    }
}

fn found(kind: &'static str) -> Finding {
    Finding { kind: Cow::Borrowed(kind), start: 0, end: 40 }
}

#[tokio::test]
async fn equal_findings_are_one_row_and_the_newest_is_first() {
    let world = World::new().await;
    let thread = ThreadId::new();
    world.log.note(&world.home, "prompt", Some(thread), &[found("github_token"), found("github_token")]);
    world.log.note(&world.home, "prompt", Some(thread), &[found("github_token")]);
    world.log.note(&world.home, "log", None, &[found("jwt")]);
    world.log.note(&world.home, "log", None, &[]);
    let all = world.log.list(&world.home, None, 10).await.unwrap();
    let rows: Vec<_> = all.iter().map(|leak| (&*leak.place, &*leak.kind, leak.thread, leak.count)).collect();
    assert_eq!(rows, [("log", "jwt", None, 1), ("prompt", "github_token", Some(thread), 3)]);
    let second = world.log.list(&world.home, Some(all[0].id), 10).await.unwrap();
    assert_eq!(second, all[1..]);
    assert!(world.log.list(&"stranger".parse().unwrap(), None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_batch_is_written_once_and_a_new_one_is_a_new_row() {
    let world = World::new().await;
    for _ in 0..2 {
        world.log.note(&world.home, "answer", None, &[found("jwt")]);
        world.log.flush().await.unwrap();
        world.log.flush().await.unwrap();
    }
    assert_eq!(world.log.list(&world.home, None, 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn records_go_after_ninety_days_and_not_before() {
    let world = World::new().await;
    world.log.note(&world.home, "answer", None, &[found("jwt")]);
    let at_ms = world.log.list(&world.home, None, 10).await.unwrap()[0].at_ms;
    assert_eq!(world.log.prune(at_ms + KEPT_MS).await.unwrap(), 0);
    assert_eq!(world.log.prune(at_ms + KEPT_MS + 1).await.unwrap(), 1);
    assert!(world.log.list(&world.home, None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_written_is_kept() {
    let world = World::new().await;
    let nobody: TenantId = "nobody".parse().unwrap();
    world.log.note(&nobody, "answer", None, &[found("jwt")]);
    world.log.note(&world.home, "answer", None, &[found("jwt")]);
    assert!(world.log.flush().await.is_err());
    assert_eq!(world.log.tallies.lock().len(), 1);
}
