//! Notices: tables of the pure parts, and the handle over a real store with a clock of its own.

mod inbox;
mod outgoing;
mod rules;
mod times;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::db::{Db, DbOptions, WriterRun};
use crate::identity::Principal;
use crate::protocol::ids::{TenantId, WorkspaceId};

/// 2026-06-15 12:00:00 UTC, a Monday.
pub(super) const NOON_MS: i64 = 1_781_524_800_000;

/// A store with its writer, and notices on a clock that stands still.
pub(super) struct World {
    pub(super) notices: Notifications,
    pub(super) db: Db,
    pub(super) clock: Arc<AtomicI64>,
    writer: Option<WriterRun>,
    _home: tempfile::TempDir,
}

impl World {
    pub(super) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let db = Db::open(home.path().join("capuchin.db"), DbOptions::default()).unwrap();
        let writer = Some(db.start_writer().unwrap());
        let clock = Arc::new(AtomicI64::new(NOON_MS));
        let read = Arc::clone(&clock);
        let notices = Notifications::with_clock(db.clone(), Arc::new(move || read.load(Ordering::SeqCst)));
        Self { notices, db, clock, writer, _home: home }
    }

    pub(super) fn later(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }

    pub(super) fn raise(&self, happening: Happening) {
        self.notices.raise(&home(), happening);
    }

    /// What follows a commit is done before the next one.
    pub(super) async fn settled(&self) {
        self.notices.read_all(&home(), Some(WorkspaceId::new())).await.unwrap();
    }

    /// Everything that is in the inbox once all that was told is stored.
    pub(super) async fn all(&self) -> Vec<Notice> {
        self.notices.flush().await.unwrap();
        self.settled().await;
        self.notices.list(&home(), NoticeFilter::default(), None, 200).await.unwrap()
    }

    pub(super) async fn rule(&self, pattern: &str, severity: Severity, delivery: Delivery) -> Rule {
        let new = NewRule {
            workspace: None,
            name: String::new(),
            pattern: pattern.to_owned(),
            severity,
            delivery,
            enabled: true,
        };
        self.notices.create_rule(&owner(), new, None).await.unwrap().thing
    }

    /// The writer ends, as it does when the disk fails.
    pub(super) async fn without_writer(&mut self) {
        self.writer.take().unwrap().stop().await.unwrap();
    }

    pub(super) fn with_writer(&mut self) {
        self.writer = Some(self.db.start_writer().unwrap());
    }
}

pub(super) fn home() -> TenantId {
    TenantId::home()
}

pub(super) fn owner() -> Principal {
    Principal::owner(home())
}

pub(super) fn down(name: &str) -> Happening {
    Happening::new(Pattern::McpDown, format!("{name} is down")).to(SourceType::McpServer, name)
}
