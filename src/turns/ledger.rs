//! `Turns`: the ledger's writes. Each queues one transaction at the call.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

use crate::backends::Prices;
use crate::channels::OutboxBell;
use crate::db::{Db, DbError, TenantTx};
use crate::protocol::chat::Usage;
use crate::protocol::ids::{MessageId, TenantId, ThreadId, TurnId};
use crate::protocol::journal::{JournalEntry, TurnLog};
use crate::protocol::turn::{Accepted, Inbound, Settlement, TurnFailure, TurnState};

use super::data::{self, EventRow};
use super::error::TurnsError;
use super::hub::EventHub;
use super::store;
use super::store::journal::{At, NewEntry};

/// The writer's queue above which no new message is taken in, so that turns that run can still end.
const ACCEPT_QUEUE_MAX: usize = 4_096;

/// The ledger of turns. Cheap to clone.
#[derive(Clone)]
pub struct Turns {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    hub: EventHub,
    prices: Prices,
    /// Rung when a conversation elsewhere is owed something.
    bell: OutboxBell,
    /// This life of the daemon; 0 before [`Turns::begin_boot`].
    epoch: AtomicI64,
}

// === impl Turns ===

impl Turns {
    /// The ledger in this store, which shows what it logs through this hub.
    #[must_use]
    pub fn new(db: Db, hub: EventHub) -> Self {
        Self::priced(db, hub, Prices::default())
    }

    /// The same, which also knows what calls cost.
    #[must_use]
    pub fn priced(db: Db, hub: EventHub, prices: Prices) -> Self {
        Self::owing(db, hub, prices, OutboxBell::default())
    }

    /// The same, which also rings when a conversation elsewhere is owed something.
    #[must_use]
    pub fn owing(db: Db, hub: EventHub, prices: Prices, bell: OutboxBell) -> Self {
        Self { inner: Arc::new(Inner { db, hub, prices, bell, epoch: AtomicI64::new(0) }) }
    }

    /// Who watches what.
    #[must_use]
    pub fn hub(&self) -> &EventHub {
        &self.inner.hub
    }

    pub(super) fn db(&self) -> &Db {
        &self.inner.db
    }

    /// Records a new life of the daemon: from now on turns that earlier lives left running can be taken
    /// over, and those lives can write no more. Once per process, before any other write.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn begin_boot(&self, version: &str) -> Result<i64, TurnsError> {
        let (version, now_ms) = (version.to_owned(), now_ms());
        let boot = self
            .inner
            .db
            .write_system(move |tx| {
                tx.insert("INSERT INTO boots (started_ms, version) VALUES (?1, ?2)", &[&now_ms, &version])
            })
            .await;
        let epoch = boot.map_err(|error: DbError| TurnsError::from(error))?;
        self.inner.epoch.store(epoch, Ordering::SeqCst);
        Ok(epoch)
    }

    /// Stores a message with its turn and its `accepted` event, in one transaction with its idempotency
    /// key. With `begin` the turn runs from the first moment (attempt 1), else it is queued.
    ///
    /// # Errors
    /// [`TurnsError::KeyReused`], [`TurnsError::NoThread`], or the store's; `Busy` when too much waits.
    pub fn accept(
        &self,
        inbound: Inbound,
        turn: TurnId,
        begin: bool,
    ) -> impl Future<Output = Result<Accepted, TurnsError>> + Send + 'static + use<> {
        let room = self.inner.db.queue_depth() < ACCEPT_QUEUE_MAX;
        let queued = room.then(|| {
            let message = MessageId::new();
            let row = store::NewTurn {
                event: data::accepted(&inbound, turn, message),
                fingerprint: inbound.idempotency_key.is_some().then(|| data::inbound_fingerprint(&inbound)),
                epoch: self.epoch(),
                now_ms: now_ms(),
                inbound,
                turn,
                message,
                begin,
            };
            let (hub, tenant) = (self.inner.hub.clone(), row.inbound.tenant.clone());
            self.inner.db.write(&tenant, move |tx| store::accept(tx, &hub, &row))
        });
        async move {
            match queued {
                Some(accepting) => accepting.await,
                None => Err(DbError::Busy.into()),
            }
        }
    }

    /// Marks a queued turn, or one of an earlier life or attempt, as running with this attempt. Steps that
    /// were under way become `unknown`, and a new `model_call` starts.
    ///
    /// # Errors
    /// [`TurnsError::Fenced`], or the store's.
    pub fn begin(
        &self,
        tenant: &TenantId,
        turn: TurnId,
        attempt: u32,
    ) -> impl Future<Output = Result<(), TurnsError>> + Send + 'static + use<> {
        let (epoch, now_ms) = (self.epoch(), now_ms());
        self.inner.db.write(tenant, move |tx| store::begin(tx, turn, attempt, (epoch, now_ms)))
    }

    /// Appends events and journal entries of a turn that runs in this life, all or none; watchers see the events
    /// once they are durable.
    ///
    /// # Errors
    /// [`TurnsError::Fenced`], or the store's.
    pub fn append(
        &self,
        tenant: &TenantId,
        thread: ThreadId,
        turn: TurnId,
        log: TurnLog,
    ) -> impl Future<Output = Result<(), TurnsError>> + Send + 'static + use<> {
        let rows: Vec<EventRow> = log.events.iter().map(|event| data::of_turn(turn, event)).collect();
        let (hub, epoch, waiting) = (self.inner.hub.clone(), self.epoch(), data::waiting(&log.events));
        let bell = self.inner.bell.clone();
        let entries = self.priced_entries(log.entries);
        let (events, at) = (log.events, At { thread, turn, now_ms: now_ms() });
        self.inner.db.write(tenant, move |tx| {
            store::require_running(tx, thread, turn, epoch)?;
            if let Some(waiting) = waiting {
                store::set_waiting(tx, turn, waiting)?;
            }
            for event in &events {
                if store::journal::keep_question(tx, at, event)? {
                    store::ring(tx, &bell);
                }
            }
            for entry in entries {
                store::journal::keep(tx, at, entry)?;
            }
            store::log(tx, &hub, (thread, turn), rows)
        })
    }

    /// Entries with what their model calls cost.
    fn priced_entries(&self, entries: Vec<JournalEntry>) -> Vec<NewEntry> {
        let cost = |entry: &JournalEntry| match entry {
            JournalEntry::Round { answer, .. } => {
                self.inner.prices.cost_nano(&answer.backend, &answer.model, answer.usage).unwrap_or(0)
            }
            JournalEntry::Spent { backend, model, usage } => {
                self.inner.prices.cost_nano(backend, model, *usage).unwrap_or(0)
            }
            _ => 0,
        };
        entries.into_iter().map(|entry| NewEntry { cost_nano: cost(&entry), entry }).collect()
    }

    /// Ends a queued or running turn: its state, the answer as a message (partial unless the turn is
    /// done), the rest of its events, usage, and its last event, in one transaction.
    ///
    /// # Errors
    /// [`TurnsError::Fenced`] when it has ended already or a newer life owns it, or the store's.
    pub fn settle(
        &self,
        mut settlement: Settlement,
    ) -> impl Future<Output = Result<(), TurnsError>> + Send + 'static + use<> {
        let entries = self.priced_entries(std::mem::take(&mut settlement.tail.entries));
        let answer = &settlement.answer;
        let cost_nano = self.inner.prices.cost_nano(&answer.backend, &answer.model, answer.usage);
        let row = EndedTurn::new(settlement, entries, (self.epoch(), cost_nano.unwrap_or(0)));
        let (hub, bell) = (self.inner.hub.clone(), self.inner.bell.clone());
        let tenant = row.settlement.tenant.clone();
        self.inner.db.write(&tenant, move |tx| store::settle(tx, (&hub, &bell), row))
    }

    /// Counts a model call that belongs to no turn.
    ///
    /// # Errors
    /// What the store answers.
    pub fn record_usage(
        &self,
        tenant: &TenantId,
        source: &str,
        answered: (&str, &str),
        usage: Usage,
    ) -> impl Future<Output = Result<(), TurnsError>> + Send + 'static + use<> {
        let source = source.to_owned();
        let (backend, model) = (answered.0.to_owned(), answered.1.to_owned());
        let day = day(now_ms());
        let cost_nano = self.inner.prices.cost_nano(&backend, &model, usage).unwrap_or(0);
        self.inner.db.write(tenant, move |tx: &mut TenantTx<'_>| {
            store::count_usage(tx, &day, &source, (&backend, &model), (usage, cost_nano))
        })
    }

    fn epoch(&self) -> i64 {
        self.inner.epoch.load(Ordering::SeqCst)
    }
}

/// A settlement with everything that can be made before its transaction.
pub(super) struct EndedTurn {
    pub(super) settlement: Settlement,
    pub(super) epoch: i64,
    pub(super) now_ms: i64,
    pub(super) day: String,
    /// What the call cost, in billionths of a dollar; 0 when nobody knows.
    pub(super) cost_nano: u64,
    /// The answer's message, when there is anything to keep.
    pub(super) message: Option<MessageId>,
    pub(super) failure: Option<TurnFailure>,
    pub(super) events: Vec<EventRow>,
    pub(super) entries: Vec<NewEntry>,
}

// === impl EndedTurn ===

impl EndedTurn {
    fn new(mut settlement: Settlement, entries: Vec<NewEntry>, (epoch, cost_nano): (i64, u64)) -> Self {
        let now_ms = now_ms();
        let (done, turn) = (settlement.state == TurnState::Done, settlement.turn_id);
        let answer = &settlement.answer;
        let said = !(answer.text.is_empty() && answer.thinking.is_empty() && answer.tool_calls.is_empty());
        let message = (done || said).then(MessageId::new);
        let failure = settlement.failure.take().or_else(|| {
            let word = settlement.state.as_str();
            (!done).then(|| TurnFailure::new(word, format!("the turn ended: {word}"), false))
        });
        let mut events: Vec<EventRow> =
            settlement.tail.events.drain(..).map(|event| data::of_turn(turn, &event)).collect();
        if done || data::total(&settlement) != Usage::default() {
            events.push(data::usage(&settlement));
        }
        events.push(match &failure {
            Some(failure) if !done => data::error(&settlement, failure, message),
            _ => data::done(&settlement, message),
        });
        Self { epoch, now_ms, cost_nano, day: day(now_ms), message, failure, events, entries, settlement }
    }
}

/// Now, in ms since 1970.
pub(super) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// The day in UTC: `2026-11-21`.
pub(super) fn day(ms: i64) -> String {
    let mut text = Timestamp::from_millisecond(ms).unwrap_or_default().to_string();
    text.truncate(10);
    text
}
