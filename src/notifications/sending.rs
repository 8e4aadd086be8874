//! What goes out: promised in the store, claimed, sent, and ended.
//!
//! What was claimed when a life of the daemon ended may have arrived: it is sent again and marked as a possible
//! duplicate, never lost. What cannot be sent for good is a notice in the inbox, which goes nowhere else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::desk::Notifications;
use super::error::NotificationError;
use super::notice::{BODY_CHARS_MAX, Happening, Severity, cut_chars, words};
use super::pattern::Pattern;
use super::rule::Way;
use super::store::deliveries;
use crate::db::TenantTx;
use crate::protocol::ids::{LetterId, NotificationId, PushSubscriptionId, TenantId};

/// Attempts to send one message.
const ATTEMPTS_MAX: u32 = 8;
/// The pause after the first failure; each further one doubles it.
const PAUSE_MS: i64 = 30_000;
const PAUSE_MAX_MS: i64 = 3_600_000;
/// Longest time that one attempt may take.
const SEND_WITHIN: Duration = Duration::from_secs(60);
/// Messages that are claimed at a time, and sent beside each other.
const CLAIM_MAX: usize = 16;
const BESIDE_MAX: usize = 4;
/// Held messages that become one.
const DIGEST_MAX: usize = 200;
/// Longest sleep of whoever sends, and the pause after the store did not answer.
const LOOK_EVERY: Duration = Duration::from_secs(30);
const STORE_PAUSE: Duration = Duration::from_secs(2);

words! {
    /// What a message is.
    LetterKind {
        /// One notice.
        Notice = "notice",
        /// What was held, in one message.
        Digest = "digest",
        /// Somebody tries it out.
        Test = "test",
    } "notice, digest or test"
}

/// A message in the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Outgoing {
    pub(super) id: LetterId,
    pub(super) kind: LetterKind,
    pub(super) way: Way,
    /// The browser of a push.
    pub(super) target: Option<PushSubscriptionId>,
    pub(super) notification: Option<NotificationId>,
    pub(super) pattern: String,
    pub(super) severity: Severity,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) attempts: u32,
    pub(super) duplicate: bool,
    pub(super) due_ms: i64,
    pub(super) created_ms: i64,
}

/// A message as whoever sends it gets it. The same one has the same id with every attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter {
    /// Its id.
    pub id: LetterId,
    /// What it is.
    pub kind: LetterKind,
    /// The browser that it is for, when it is a push.
    pub target: Option<PushSubscriptionId>,
    /// The notice that it tells.
    pub notification: Option<NotificationId>,
    /// The word of what happened; empty for a digest.
    pub pattern: String,
    /// How bad it is.
    pub severity: Severity,
    /// One line, without secrets.
    pub title: String,
    /// The rest, without secrets; may be empty.
    pub body: String,
    /// When it happened, in Unix milliseconds.
    pub at_ms: i64,
    /// Whether an earlier attempt may have arrived.
    pub possible_duplicate: bool,
}

/// Why a message did not go out.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DeliverFailure {
    /// It did not arrive, and may another time.
    #[error("{why}")]
    Later {
        /// Why, for people.
        why: String,
        /// When the other side wants to be asked again.
        after: Option<Duration>,
    },
    /// Whether it arrived is not known.
    #[error("{why}")]
    Unknown {
        /// Why, for people.
        why: String,
    },
    /// It will never arrive.
    #[error("{why}")]
    Never {
        /// Why, for people.
        why: String,
    },
}

/// A way out of the daemon. What it is given is bounded and without secrets.
pub trait DeliverNotice: Send + Sync + 'static {
    /// Whether it is set up: if not, what is sent to *all* leaves it out.
    fn is_ready(&self, tenant: &TenantId) -> bool;

    /// Sends one message. Dropped after a minute; what that leaves is not known.
    fn deliver(&self, tenant: TenantId, letter: Letter) -> BoxFuture<'static, Result<(), DeliverFailure>>;
}

/// What becomes of a message after an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// It is over, in this state.
    End { state: &'static str, why: String },
    /// It is tried again.
    Again { due_ms: i64, duplicate: bool, why: String },
}

impl Notifications {
    /// Stores what is told and sends what is to go out, until `stop` is cancelled; then stores what is left.
    pub async fn run(self, stop: CancellationToken) {
        let (keeping, sending) = (self.clone(), self.clone());
        let both = async { futures::join!(keeping.keep_on(), sending.send_on()) };
        stop.run_until_cancelled(both).await;
        if let Err(error) = self.flush().await {
            tracing::warn!(%error, "the last notices are lost");
        }
    }

    async fn keep_on(&self) {
        loop {
            self.inner.work.notified().await;
            while let Err(error) = self.flush().await {
                tracing::warn!(%error, "notices could not be stored; they are kept for the next try");
                tokio::time::sleep(STORE_PAUSE).await;
            }
        }
    }

    async fn send_on(&self) {
        let mut is_recovered = false;
        loop {
            let pause = match self.send_due(!is_recovered).await {
                Ok(next) => {
                    is_recovered = true;
                    next
                }
                Err(error) => {
                    // What could not be ended is still claimed.
                    is_recovered = false;
                    tracing::warn!(%error, "notifications could not be sent; they are kept for the next try");
                    STORE_PAUSE
                }
            };
            // silent-ok: nobody woke it, so it is time to look
            let _ = timeout(pause, self.inner.due.notified()).await;
        }
    }

    /// Sends everything that is due, and says when to look again. `after_a_life`: what is claimed now was claimed by
    /// somebody who is gone.
    pub(super) async fn send_due(&self, after_a_life: bool) -> Result<Duration, NotificationError> {
        if after_a_life {
            let now_ms = self.now_ms();
            let write = self
                .inner
                .db
                .write_system(move |tx| Ok::<_, NotificationError>(deliveries::recover(tx, now_ms)?));
            match write.await? {
                0 => {}
                count => {
                    tracing::info!(count, "notifications may have been sent before; they are sent again");
                }
            }
        }
        self.release_held().await?;
        loop {
            let now_ms = self.now_ms();
            let write = self.inner.db.write_system(move |tx| {
                Ok::<_, NotificationError>(deliveries::claim(tx, now_ms, CLAIM_MAX)?)
            });
            let claimed = write.await?;
            if claimed.is_empty() {
                break;
            }
            let mut sent = stream::iter(claimed)
                .map(|(tenant, out)| self.send(tenant, out))
                .buffer_unordered(BESIDE_MAX);
            while let Some(ended) = sent.next().await {
                ended?;
            }
        }
        let next_ms =
            self.inner.db.read_system(deliveries::next_due).await.map_err(NotificationError::from)?;
        let left = next_ms.map(|due_ms| u64::try_from(due_ms.saturating_sub(self.now_ms())).unwrap_or(0));
        Ok(left.map_or(LOOK_EVERY, |left| Duration::from_millis(left.saturating_add(1)).min(LOOK_EVERY)))
    }

    /// One attempt, and what became of it.
    async fn send(&self, tenant: TenantId, out: Outgoing) -> Result<(), NotificationError> {
        let deliverer = self.inner.ways.read().get(&out.way).map(Arc::clone);
        let outcome = match deliverer {
            None => Err(DeliverFailure::Never { why: format!("the way `{}` is not set up", out.way) }),
            Some(deliverer) => {
                let sending = deliverer.deliver(tenant.clone(), out.letter());
                timeout(SEND_WITHIN, sending).await.unwrap_or_else(|_| {
                    let why = format!("it took longer than {} s", SEND_WITHIN.as_secs());
                    Err(DeliverFailure::Unknown { why })
                })
            }
        };
        let now_ms = self.now_ms();
        let (next, id) = (next(&out, outcome, now_ms), out.id);
        let kept = next.clone();
        let write = self.inner.db.write(&tenant, move |tx| {
            let why = |tx: &TenantTx<'_>, why: &str| tx.redactor().redact(why).text.into_owned();
            match &kept {
                Next::End { state, why: text } => {
                    let text = why(tx, text);
                    deliveries::end(tx, id, (state, &text), now_ms)?;
                }
                Next::Again { due_ms, duplicate, why: text } => {
                    let text = why(tx, text);
                    deliveries::again(tx, id, (*duplicate, &text), *due_ms)?;
                }
            }
            Ok::<_, NotificationError>(())
        });
        write.await?;
        if let Next::End { state: state @ ("dead" | "unknown"), why } = next {
            self.raise(&tenant, failed(&out, state, &why));
        }
        Ok(())
    }

    /// What was held and is due goes out: alone as it is, with others in one message.
    async fn release_held(&self) -> Result<(), NotificationError> {
        let now_ms = self.now_ms();
        let due = self.inner.db.read_system(move |read| deliveries::tenants_with_held(read, now_ms));
        for tenant in due.await.map_err(NotificationError::from)? {
            let write = self.inner.db.write(&tenant, move |tx| {
                let held = deliveries::held(tx, now_ms, DIGEST_MAX)?;
                let mut groups: BTreeMap<(Way, Option<PushSubscriptionId>), Vec<Outgoing>> = BTreeMap::new();
                for one in held {
                    groups.entry((one.way, one.target)).or_default().push(one);
                }
                for group in groups.into_values() {
                    release(tx, &group, now_ms)?;
                }
                Ok::<_, NotificationError>(())
            });
            write.await?;
        }
        Ok(())
    }

    /// Promises a message that tries out one way, to one browser or to whoever it leads to.
    ///
    /// # Errors
    /// [`NotificationError::NotSetUp`], or what the store answers.
    pub async fn test(
        &self,
        tenant: &TenantId,
        way: Way,
        target: Option<PushSubscriptionId>,
    ) -> Result<LetterId, NotificationError> {
        let is_known = self.ways(tenant).contains(&way);
        if !is_known {
            return Err(NotificationError::NotSetUp(match way {
                Way::Email => "e-mail is not set up: [notifications.email] of the settings says which server",
                Way::Push => "no browser gets pushes: subscribe one under Settings, Notifications",
                Way::Channel => "no channel is set up for notifications",
            }));
        }
        let out = Outgoing {
            id: LetterId::new(),
            kind: LetterKind::Test,
            way,
            target,
            notification: None,
            pattern: Pattern::Test.as_str().to_owned(),
            severity: Severity::Info,
            title: "A test from Capuchin".to_owned(),
            body: "If you read this, notifications reach you this way.".to_owned(),
            attempts: 0,
            duplicate: false,
            due_ms: self.now_ms(),
            created_ms: self.now_ms(),
        };
        let id = out.id;
        let write = self
            .inner
            .db
            .write(tenant, move |tx| Ok::<_, NotificationError>(deliveries::insert(tx, &out, false)?));
        write.await?;
        self.inner.due.notify_one();
        Ok(id)
    }
}

// === impl Outgoing ===

impl Outgoing {
    fn letter(&self) -> Letter {
        Letter {
            id: self.id,
            kind: self.kind,
            target: self.target,
            notification: self.notification,
            pattern: self.pattern.clone(),
            severity: self.severity,
            title: self.title.clone(),
            body: self.body.clone(),
            at_ms: self.created_ms,
            possible_duplicate: self.duplicate,
        }
    }
}

/// One message goes as it is; several become a digest, the first first.
fn release(tx: &mut TenantTx<'_>, group: &[Outgoing], now_ms: i64) -> Result<(), NotificationError> {
    let Some(first) = group.first() else { return Ok(()) };
    if group.len() == 1 {
        return Ok(deliveries::release(tx, first.id)?);
    }
    let lines: Vec<String> = group.iter().map(|one| format!("{}: {}", one.severity, one.title)).collect();
    let digest = Outgoing {
        id: LetterId::new(),
        kind: LetterKind::Digest,
        notification: None,
        pattern: String::new(),
        severity: group.iter().map(|one| one.severity).max().unwrap_or(first.severity),
        title: format!("{} notifications", group.len()),
        body: cut_chars(&lines.join("\n"), BODY_CHARS_MAX),
        due_ms: now_ms,
        ..first.clone()
    };
    deliveries::insert(tx, &digest, false)?;
    for one in group {
        deliveries::end(tx, one.id, ("folded", ""), now_ms)?;
    }
    Ok(())
}

/// What becomes of a message after this attempt. Pure.
pub(super) fn next(out: &Outgoing, outcome: Result<(), DeliverFailure>, now_ms: i64) -> Next {
    let (why, after, duplicate) = match outcome {
        Ok(()) => return Next::End { state: "sent", why: String::new() },
        Err(DeliverFailure::Never { why }) => return Next::End { state: "dead", why },
        Err(DeliverFailure::Later { why, after }) => (why, after, false),
        Err(DeliverFailure::Unknown { why }) => (why, None, true),
    };
    if out.attempts >= ATTEMPTS_MAX || out.kind == LetterKind::Test {
        let state = if duplicate || out.duplicate { "unknown" } else { "dead" };
        return Next::End { state, why };
    }
    let pause = PAUSE_MS.saturating_mul(1 << out.attempts.saturating_sub(1).min(20)).min(PAUSE_MAX_MS);
    let asked = after.map_or(0, |after| i64::try_from(after.as_millis()).unwrap_or(i64::MAX));
    Next::Again { due_ms: now_ms.saturating_add(pause.max(asked.min(PAUSE_MAX_MS))), duplicate, why }
}

/// What is told in the inbox when a message did not go out.
fn failed(out: &Outgoing, state: &str, why: &str) -> Happening {
    let way = match out.way {
        Way::Email => "by e-mail",
        Way::Push => "to a browser",
        Way::Channel => "over a channel",
    };
    let title = match state {
        "unknown" => format!("It is not known whether a notification arrived {way}"),
        _ => format!("A notification could not be sent {way}"),
    };
    let target = out.target.map(|id| id.to_string()).unwrap_or_default();
    Happening::new(Pattern::DeliveryFailed, title)
        .saying(format!("{why}\n\nIt was: {}", out.title))
        .told_apart_by(format!("{} {target}", out.way))
}
