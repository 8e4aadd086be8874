//! From what happened to what is in the store: rules, one notice for what is the same, and what is to go out.

use std::sync::Arc;

use super::desk::{NOTICES_MAX, Notifications};
use super::error::NotificationError;
use super::notice::{BODY_CHARS_MAX, Happening, Notice, NoticeStatus, TITLE_CHARS_MAX, cut_chars, one_line};
use super::pattern::Pattern;
use super::pending::{Batch, Gathered};
use super::rule::{Delivery, Rule, Way, delivery};
use super::sending::{LetterKind, Outgoing};
use super::settings::{NoticeSettings, When};
use super::store::{self, deliveries, rules, settings};
use crate::db::TenantTx;
use crate::protocol::ids::{LetterId, NotificationId, TenantId};

/// What happens again within this time is the same notice.
const SAME_WITHIN_MS: i64 = 24 * 3_600 * 1_000;
/// Messages of a tenant that wait to go out. What is more is in the inbox only.
const OPEN_MAX: usize = 1_000;
/// How long notices are kept.
const KEPT_MS: i64 = 90 * 24 * 3_600 * 1_000;
/// How long it is known what went out.
const SENT_KEPT_MS: i64 = 30 * 24 * 3_600 * 1_000;
/// Rows that one job deletes.
const PRUNE_ROWS: usize = 500;

/// What one transaction works with.
struct Keeper {
    now_ms: i64,
    rules: Arc<[Rule]>,
    settings: NoticeSettings,
    /// Ways out that are set up.
    ready: Vec<Way>,
    /// Messages that may still be made.
    room: usize,
    /// Messages that were not made.
    left_out: usize,
    inserted: bool,
}

impl Notifications {
    /// Stores everything that was told, and what is to go out for it. How many different things.
    ///
    /// # Errors
    /// The first that the store answers; what could not be stored waits for the next time.
    pub async fn flush(&self) -> Result<usize, NotificationError> {
        let (mut stored, mut outcome) = (0, Ok(()));
        for (tenant, batch) in self.inner.pending.take(self.now_ms()) {
            let count = batch.things.len();
            match self.keep(&tenant, batch.clone()).await {
                Ok(()) => stored += count,
                Err(error) => {
                    self.inner.pending.put_back(&tenant, batch);
                    outcome = outcome.and(Err(error));
                }
            }
        }
        outcome.map(|()| stored)
    }

    async fn keep(&self, tenant: &TenantId, batch: Batch) -> Result<(), NotificationError> {
        let (now_ms, ready, desk) = (self.now_ms(), self.ways(tenant), self.clone());
        let write = self.inner.db.write(tenant, move |tx| {
            let mut keeper = Keeper::new(tx, now_ms, ready)?;
            desk.know_rules(tx, Arc::clone(&keeper.rules));
            // What is over is older than what was told since.
            for source in batch.over {
                store::read_of(tx, &source, now_ms)?;
            }
            for one in batch.things {
                keeper.keep(tx, one)?;
            }
            if keeper.inserted {
                store::keep_newest(tx, NOTICES_MAX)?;
            }
            Ok::<_, NotificationError>(keeper.left_out)
        });
        let left_out = write.await?;
        if left_out > 0 {
            let title = format!("{left_out} notifications were not sent");
            let full = Happening::new(Pattern::DeliveryFailed, title)
                .saying(format!("{OPEN_MAX} messages wait to go out already. They are in the inbox only."));
            self.raise(tenant, full.told_apart_by("full"));
        }
        self.inner.due.notify_one();
        Ok(())
    }

    /// The ways out that are set up.
    #[must_use]
    pub fn ways(&self, tenant: &TenantId) -> Vec<Way> {
        let ways = self.inner.ways.read();
        ways.iter().filter(|(_, deliverer)| deliverer.is_ready(tenant)).map(|(way, _)| *way).collect()
    }

    /// Forgets what is old. How many rows went.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn prune(&self) -> Result<usize, NotificationError> {
        let now_ms = self.now_ms();
        let mut all = 0;
        loop {
            let write = self.inner.db.write_system(move |tx| {
                let notices = store::prune(tx, now_ms.saturating_sub(KEPT_MS), PRUNE_ROWS)?;
                let sent = deliveries::prune(tx, now_ms.saturating_sub(SENT_KEPT_MS), PRUNE_ROWS)?;
                Ok::<_, NotificationError>((notices, sent))
            });
            let (notices, sent) = write.await?;
            all += notices + sent;
            if notices < PRUNE_ROWS && sent < PRUNE_ROWS {
                return Ok(all);
            }
        }
    }
}

// === impl Keeper ===

impl Keeper {
    fn new(tx: &TenantTx<'_>, now_ms: i64, ready: Vec<Way>) -> Result<Self, NotificationError> {
        Ok(Self {
            now_ms,
            rules: Arc::from(rules::all(tx)?),
            settings: settings::of(tx)?,
            ready,
            room: OPEN_MAX.saturating_sub(deliveries::open(tx)?),
            left_out: 0,
            inserted: false,
        })
    }

    fn keep(&mut self, tx: &mut TenantTx<'_>, mut one: Gathered) -> Result<(), NotificationError> {
        let digest = one.happening.digest();
        if one.happening.is_somewhere() {
            one.happening.workspace = store::workspace_of(tx, one.happening.source.as_ref())?;
        }
        let Some(delivery) = delivery(&self.rules, &one.happening) else { return Ok(()) };
        let stays_inside = one.happening.pattern.stays_inside();
        let since_ms = self.now_ms.saturating_sub(SAME_WITHIN_MS);
        let new = self.notice(tx, one);
        let (notice, is_news) = match store::standing(tx, &digest, since_ms)? {
            Some(known) => {
                let joined = joined(known, new);
                store::update(tx, &joined.0)?;
                joined
            }
            None => {
                store::insert(tx, &new, &digest)?;
                self.inserted = true;
                (new, true)
            }
        };
        if is_news && !stays_inside {
            self.send(tx, &notice, delivery)?;
        }
        Ok(())
    }

    /// The notice of something that happened for the first time, without its secrets.
    fn notice(&self, tx: &TenantTx<'_>, one: Gathered) -> Notice {
        let Happening { pattern, severity, workspace, source, title, body, .. } = one.happening;
        let clean = |text: &str| tx.redactor().redact(text).text.into_owned();
        let title = cut_chars(&one_line(&clean(&title)), TITLE_CHARS_MAX);
        Notice {
            id: NotificationId::new(),
            workspace,
            pattern: pattern.as_str().to_owned(),
            category: pattern.category(),
            severity,
            status: NoticeStatus::Unread,
            title: if title.is_empty() { pattern.text().to_owned() } else { title },
            body: cut_chars(clean(&body).trim(), BODY_CHARS_MAX),
            source,
            count: one.count,
            first_ms: one.first_ms,
            last_ms: one.last_ms,
            read_ms: None,
            updated_ms: self.now_ms,
            version: 1,
        }
    }

    /// Promises to send it by every way that is wanted.
    fn send(
        &mut self,
        tx: &mut TenantTx<'_>,
        notice: &Notice,
        wanted: Delivery,
    ) -> Result<(), NotificationError> {
        let wanted = self.settings.delivery(wanted, self.now_ms);
        for way in wanted.ways().iter().copied() {
            // What a rule names is promised, and when it cannot be kept somebody is told; `all` is all there is.
            let is_named = wanted != Delivery::All;
            if !is_named && !self.ready.contains(&way) {
                continue;
            }
            let mut targets = vec![None];
            if way == Way::Push {
                let browsers: Vec<_> = store::browsers::all(tx)?.into_iter().map(|one| one.id).collect();
                if !browsers.is_empty() || !is_named {
                    targets = browsers.into_iter().map(Some).collect();
                }
            }
            for target in targets {
                if self.room == 0 {
                    self.left_out += 1;
                    continue;
                }
                self.room -= 1;
                let (is_held, due_ms) = match self.settings.when(notice.severity, self.now_ms) {
                    When::Now => (false, self.now_ms),
                    When::Held(until_ms) => (true, until_ms),
                };
                let out = Outgoing {
                    id: LetterId::new(),
                    kind: LetterKind::Notice,
                    way,
                    target,
                    notification: Some(notice.id),
                    pattern: notice.pattern.clone(),
                    severity: notice.severity,
                    title: notice.title.clone(),
                    body: notice.body.clone(),
                    attempts: 0,
                    duplicate: false,
                    due_ms,
                    created_ms: self.now_ms,
                };
                deliveries::insert(tx, &out, is_held)?;
            }
        }
        Ok(())
    }
}

/// A notice that happened again, and whether that is news: whoever has read it does not expect it any more.
fn joined(known: Notice, again: Notice) -> (Notice, bool) {
    let is_news = known.status != NoticeStatus::Unread;
    let joined = Notice {
        severity: known.severity.max(again.severity),
        status: NoticeStatus::Unread,
        title: again.title,
        body: again.body,
        count: known.count.saturating_add(again.count),
        last_ms: known.last_ms.max(again.last_ms),
        read_ms: None,
        updated_ms: again.updated_ms,
        version: known.version + 1,
        ..known
    };
    (joined, is_news)
}
