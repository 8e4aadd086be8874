//! What the audit is told about the daemon itself: its lives, and what its supervisors decide.
//!
//! Also keeps the anchors of the trail: at start, every ten minutes and at the end the heads of all chains go
//! to a file outside the data folder.

use std::collections::HashMap;
use std::sync::Arc;

use capuchin_actors::supervision::report::{Report, ReportKind};
use jiff::Timestamp;
use parking_lot::Mutex;

use crate::audit::{Anchor, Anchors, Audit, Bursts, Entry, Head, Outcome};
use crate::config::Config;
use crate::db::fingerprint;
use crate::notifications::{Happening, Notifications, Pattern};
use crate::protocol::ids::TenantId;
use crate::turns::Turns;

/// Restarts below one supervisor are told at once, and then counted for so long.
const RESTARTS_WINDOW_MS: i64 = 60_000;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(super) struct Told {
    audit: Audit,
    turns: Turns,
    anchors: Anchors,
    /// Restarts by supervisor, with the child that was the last.
    restarts: Arc<Mutex<Bursts<String, String>>>,
    /// The heads that are in the file.
    anchored: Arc<Mutex<HashMap<TenantId, Head>>>,
    notices: Notifications,
}

// === impl Told ===

impl Told {
    pub(super) fn new(audit: Audit, turns: Turns, anchors: Anchors, notices: Notifications) -> Self {
        let restarts = Arc::new(Mutex::new(Bursts::new(RESTARTS_WINDOW_MS)));
        Self { audit, turns, anchors, restarts, anchored: Arc::default(), notices }
    }

    /// The daemon runs, with these settings.
    pub(super) async fn started(&self, config: &Config) {
        let settings = fingerprint(&[format!("{config:?}").as_bytes()]);
        let settings: String = settings.iter().map(|byte| format!("{byte:02x}")).collect();
        let entry = Entry::done("daemon", "system", "daemon.started")
            .with("version", env!("CARGO_PKG_VERSION"))
            .with("settings_sha256", settings);
        self.record(entry).await;
    }

    /// The daemon was told to end.
    pub(super) async fn stopping(&self) {
        self.record(Entry::done("daemon", "system", "daemon.stopping")).await;
    }

    async fn record(&self, entry: Entry) {
        if let Err(error) = self.audit.record(&TenantId::home(), entry).await {
            tracing::error!(notice = "capuchin.audit.not_written", %error, "an audit entry is lost");
        }
    }

    /// Something that a supervisor has to say.
    pub(super) fn report(&self, report: &Report) {
        let path = report.path.as_str();
        let entry = |action| Entry::done("supervisor", "system", action).on(path);
        match &report.kind {
            ReportKind::Restarted { .. } => self.restarted(report),
            ReportKind::Quarantined { reason } => {
                self.note(entry("actor.quarantined").because(reason.as_str()));
            }
            ReportKind::Released => self.note(entry("actor.released")),
            ReportKind::GaveUp { child, exit } => {
                let entry = entry("supervisor.gave_up").with_outcome(Outcome::Failed);
                self.note(entry.because(exit.as_str()).with("child", child.as_str()));
            }
            ReportKind::Leaked => self.note(entry("actor.leaked").with_outcome(Outcome::Failed)),
            ReportKind::StartFailed { error } => {
                self.note(entry("actor.start").with_outcome(Outcome::Failed).because(error.as_str()));
            }
            _ => {}
        }
    }

    fn restarted(&self, report: &Report) {
        let supervisor = report.path.parent().map_or_else(String::new, |path| path.as_str().to_owned());
        let (child, now_ms) = (report.path.as_str().to_owned(), Timestamp::now().as_millisecond());
        let first = self.restarts.lock().count(supervisor, child, now_ms, |last, this| *last = this);
        if let Some(burst) = first {
            self.note(restarts(burst.key, &burst.sum, 1));
        }
    }

    /// Tells what was only counted until now.
    pub(super) fn tell_rest(&self, end: bool) {
        let due = self.restarts.lock().due(Timestamp::now().as_millisecond(), end);
        for burst in due {
            self.note(restarts(burst.key, &burst.sum, burst.times));
        }
    }

    fn note(&self, entry: Entry) {
        self.audit.note(&TenantId::home(), entry);
    }

    // === Anchors ===

    /// Looks whether the trail still fits the last anchors. A trail that does not was cut or written anew, or
    /// an older backup was restored: it is told, and the daemon goes on.
    pub(super) async fn check_anchors(&self) {
        let anchors = self.anchors.clone();
        let read = tokio::task::spawn_blocking(move || anchors.read()).await;
        let Ok(Ok(anchors)) = read.inspect(|read| {
            if let Err(error) = read {
                tracing::error!(%error, "the anchors of the audit trail cannot be read");
            }
        }) else {
            return;
        };
        let last: HashMap<String, Anchor> =
            anchors.into_iter().map(|anchor| (anchor.tenant.clone(), anchor)).collect();
        for anchor in last.into_values() {
            let Ok(tenant) = anchor.tenant.parse::<TenantId>() else { continue };
            match self.audit.holds(&tenant, anchor.head).await {
                Ok(true) => drop(self.anchored.lock().insert(tenant, anchor.head)),
                Ok(false) => self.misfit(&tenant, &anchor),
                Err(error) => tracing::warn!(%error, "the audit trail could not be compared with its anchor"),
            }
        }
    }

    fn misfit(&self, tenant: &TenantId, anchor: &Anchor) {
        let place = self.anchors.path().display();
        let text = "The audit trail does not fit its anchor";
        let why = "It was cut or written anew, or an older backup was restored.";
        self.notices.raise(tenant, Happening::new(Pattern::AuditMisfit, text).saying(why));
        tracing::error!(noticed = true, %tenant, entry = anchor.head.seq, anchors = %place,
            "the audit trail does not fit its anchor: it was cut or written anew, or an older backup was restored");
        let entry = Entry::done("daemon", "system", "audit.anchor_misfit").with_outcome(Outcome::Failed);
        self.audit.note(tenant, entry.with("entry", anchor.head.seq).with("hash", anchor.head.hex()));
    }

    /// Notes the heads that moved.
    pub(super) async fn anchor(&self) {
        let tenants = match self.turns.tenants().await {
            Ok(tenants) => tenants,
            Err(error) => return tracing::warn!(%error, "the audit trail was not anchored"),
        };
        for tenant in tenants {
            let Ok(Some(head)) = self.audit.head(&tenant).await else { continue };
            if self.anchored.lock().get(&tenant) == Some(&head) {
                continue;
            }
            let at_ms = Timestamp::now().as_millisecond();
            let (anchors, anchor) =
                (self.anchors.clone(), Anchor { tenant: tenant.to_string(), head, at_ms });
            match tokio::task::spawn_blocking(move || anchors.note(&anchor)).await {
                Ok(Ok(())) => drop(self.anchored.lock().insert(tenant, head)),
                Ok(Err(error)) => {
                    tracing::error!(notice = "capuchin.audit.not_written", %error, "the audit trail was not anchored");
                }
                Err(_) => return,
            }
        }
    }
}

fn restarts(supervisor: String, last: &str, times: u64) -> Entry {
    Entry::done("supervisor", "system", "actor.restarted")
        .on(supervisor)
        .with("last", last)
        .with("times", times)
}
