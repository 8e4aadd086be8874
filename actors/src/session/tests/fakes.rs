//! A ledger in memory, a runner that follows a script, and an opener without a supervisor.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, oneshot};

use super::super::factory::spawn_lane;
use super::super::*;
use crate::ports::keep_ledger::{AcceptError, KeepLedger, LedgerError};
use crate::ports::run_turn::{Answering, Asking, Decided, RunTurn, ToKeep, TurnReport};
use crate::ports::watch_session::{Refusal, Rest, WatchSession};
use crate::protocol::chat::{StopReason, Usage};
use crate::protocol::event::{EventKind, NewEvent};
use crate::protocol::ids::{ApprovalId, MessageId, TenantId, ThreadId, TurnId};
use crate::protocol::journal::{JournalEntry, TurnLog};
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent};
use crate::protocol::turn::{
    Accepted, Cause, Inbound, PendingTurn, Provenance, Settlement, TurnOverrides, TurnState, TurnWork,
};

/// A turn as the fake ledger keeps it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) thread: ThreadId,
    pub(super) turn: TurnId,
    pub(super) state: TurnState,
    pub(super) attempt: u32,
    /// Whether the last `approval` event left a question open, and how many begins ended like that.
    pub(super) waiting: bool,
    pub(super) waits: u32,
    pub(super) approvals: Vec<NewEvent>,
    pub(super) logged: String,
    pub(super) entries: Vec<JournalEntry>,
    pub(super) settlements: Vec<Settlement>,
}

impl Row {
    fn new(thread: ThreadId, turn: TurnId, state: TurnState) -> Self {
        Self {
            thread,
            turn,
            state,
            attempt: 0,
            waiting: false,
            waits: 0,
            approvals: Vec::new(),
            logged: String::new(),
            entries: Vec::new(),
            settlements: Vec::new(),
        }
    }
}

/// Rows in the order of their messages. Commits can be held back and refused.
#[derive(Default)]
pub(super) struct FakeLedger {
    pub(super) rows: Mutex<Vec<Row>>,
    keys: Mutex<HashMap<String, Accepted>>,
    /// Commits of accepts wait for this while it is set.
    pub(super) hold_accepts: Mutex<Option<Arc<Notify>>>,
    /// The next writes fail with this, one each.
    pub(super) refuse: Mutex<Vec<LedgerError>>,
}

impl FakeLedger {
    pub(super) fn row(&self, turn: TurnId) -> Row {
        self.rows.lock().iter().find(|row| row.turn == turn).cloned().expect("the turn is in the ledger")
    }

    pub(super) fn insert(&self, thread: ThreadId, state: TurnState, attempt: u32, logged: &str) -> TurnId {
        let turn = TurnId::new();
        let logged = logged.to_owned();
        self.rows.lock().push(Row { attempt, logged, ..Row::new(thread, turn, state) });
        turn
    }

    /// Waits, in paused time, until the turn has ended.
    pub(super) async fn ended(&self, turn: TurnId) -> Row {
        loop {
            let row = self.row(turn);
            if row.state.is_terminal() {
                return row;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn refusal(&self) -> Option<LedgerError> {
        self.refuse.lock().pop()
    }

    fn update(&self, turn: TurnId, change: impl FnOnce(&mut Row)) -> Result<(), LedgerError> {
        let mut rows = self.rows.lock();
        let row = rows.iter_mut().find(|row| row.turn == turn).ok_or(LedgerError::Fenced)?;
        if row.state.is_terminal() {
            return Err(LedgerError::Fenced);
        }
        change(row);
        Ok(())
    }
}

impl KeepLedger for FakeLedger {
    fn pending(
        &self,
        _tenant: &TenantId,
        thread: ThreadId,
    ) -> BoxFuture<'static, Result<Vec<PendingTurn>, LedgerError>> {
        let rows = self.rows.lock();
        let open = rows.iter().filter(|row| row.thread == thread && !row.state.is_terminal());
        let pending = open.map(|row| PendingTurn {
            turn_id: row.turn,
            message_id: MessageId::new(),
            state: row.state,
            attempt: row.attempt,
            waits: row.waits + u32::from(row.waiting),
            cause: Cause { source: "test".to_owned(), provenance: Provenance::Owner },
            visible: !row.logged.is_empty(),
            partial: row.logged.clone(),
            overrides: TurnOverrides::default(),
        });
        futures::future::ready(Ok(pending.collect())).boxed()
    }

    fn accept(
        &self,
        inbound: Inbound,
        turn: TurnId,
        begin: bool,
    ) -> BoxFuture<'static, Result<Accepted, AcceptError>> {
        if let Some(error) = self.refusal() {
            return futures::future::ready(Err(error.into())).boxed();
        }
        if let Some(key) = &inbound.idempotency_key
            && let Some(first) = self.keys.lock().get(key)
        {
            let repeated = Accepted { repeated: true, ..*first };
            return futures::future::ready(Ok(repeated)).boxed();
        }
        let accepted = Accepted { turn_id: turn, message_id: MessageId::new(), event_id: 1, repeated: false };
        if let Some(key) = inbound.idempotency_key {
            self.keys.lock().insert(key, accepted);
        }
        let (state, attempt) = if begin { (TurnState::Running, 1) } else { (TurnState::Queued, 0) };
        let row = Row { attempt, ..Row::new(inbound.thread, turn, state) };
        self.rows.lock().push(row);
        let hold = self.hold_accepts.lock().clone();
        async move {
            if let Some(hold) = hold {
                hold.notified().await;
            }
            Ok(accepted)
        }
        .boxed()
    }

    fn begin(
        &self,
        _tenant: &TenantId,
        turn: TurnId,
        attempt: u32,
    ) -> BoxFuture<'static, Result<(), LedgerError>> {
        let begun = self.update(turn, |row| {
            row.state = TurnState::Running;
            row.attempt = attempt;
            row.waits += u32::from(std::mem::take(&mut row.waiting));
        });
        futures::future::ready(begun).boxed()
    }

    fn append(
        &self,
        _tenant: &TenantId,
        _thread: ThreadId,
        turn: TurnId,
        log: TurnLog,
    ) -> BoxFuture<'static, Result<(), LedgerError>> {
        if let Some(error) = self.refusal() {
            return futures::future::ready(Err(error)).boxed();
        }
        let appended = self.update(turn, |row| {
            row.logged.push_str(&texts(&log.events));
            row.entries.extend(log.entries);
            for event in log.events.into_iter().filter(|event| event.kind == EventKind::Approval) {
                row.waiting = event.data["open"].as_u64().expect("a count") > 0;
                row.approvals.push(event);
            }
        });
        futures::future::ready(appended).boxed()
    }

    fn settle(&self, settlement: Settlement) -> BoxFuture<'static, Result<(), LedgerError>> {
        if let Some(error) = self.refusal() {
            return futures::future::ready(Err(error)).boxed();
        }
        let settled = self.update(settlement.turn_id, |row| {
            row.state = settlement.state;
            row.logged.push_str(&texts(&settlement.tail.events));
            row.settlements.push(settlement);
        });
        futures::future::ready(settled).boxed()
    }
}

fn texts(events: &[NewEvent]) -> String {
    let deltas = events.iter().filter(|event| event.kind == EventKind::Delta);
    deltas.filter_map(|event| event.data.get("text").and_then(|text| text.as_str())).collect()
}

/// What the scripted runner does in one turn.
#[derive(Clone)]
pub(super) enum Play {
    /// Streams these pieces and stops well.
    Say(&'static [&'static str]),
    /// Streams these pieces, then waits for ever.
    SayThenHang(&'static [&'static str]),
    /// Streams one piece, then fails.
    Fail(ModelErrorKind),
    /// Ends without a stop event.
    EndEarly,
    /// Panics after one piece.
    Panic,
    /// Asks a person, who has this long to decide, and says so after a while; `None` never hears of it.
    AskFirst { expires_in: Duration, decided_after: Option<Duration> },
    /// Says something, has it kept as a round, and answers in the next one.
    Rounds,
    /// Waits for ever and does not hear the stop signal in time to settle.
    Hang,
}

/// Plays one script per turn; the last one repeats.
pub(super) struct ScriptedRunner {
    script: Mutex<Vec<Play>>,
    pub(super) runs: AtomicUsize,
}

impl RunTurn for ScriptedRunner {
    fn run(
        &self,
        work: TurnWork,
        reports: mpsc::Sender<TurnReport>,
    ) -> BoxFuture<'static, Result<(), ModelError>> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        let mut script = self.script.lock();
        let play = if script.len() > 1 { script.remove(0) } else { script[0].clone() };
        drop(script);
        async move { play_out(play, work, reports).await }.boxed()
    }
}

async fn play_out(play: Play, _work: TurnWork, reports: mpsc::Sender<TurnReport>) -> Result<(), ModelError> {
    let say = async |text: &str| {
        reports.send(TurnReport::Model(ModelEvent::Text(text.to_owned()))).await.expect("the turn listens");
        tokio::task::yield_now().await;
    };
    match play {
        Play::Say(pieces) => {
            for piece in pieces {
                say(piece).await;
            }
            let stop = ModelEvent::Stop(StopReason::EndTurn);
            reports.send(TurnReport::Model(stop)).await.expect("the turn listens");
            Ok(())
        }
        Play::SayThenHang(pieces) => {
            for piece in pieces {
                say(piece).await;
            }
            futures::future::pending().await
        }
        Play::Fail(kind) => {
            say("half ").await;
            Err(ModelError::new(kind, "the provider said no"))
        }
        Play::EndEarly => {
            say("cut of").await;
            Ok(())
        }
        Play::Panic => {
            say("before the panic").await;
            tokio::time::sleep(Duration::from_millis(5)).await;
            panic!("scripted panic")
        }
        Play::Rounds => play_rounds(&reports).await,
        Play::Hang => futures::future::pending().await,
        Play::AskFirst { expires_in, decided_after } => {
            let approval = ApprovalId::new();
            let data = |state: &str| match serde_json::json!({ "approval_id": approval, "state": state }) {
                serde_json::Value::Object(data) => data,
                _ => unreachable!(),
            };
            let asking = Asking { approval, data: data("pending"), expires_in };
            reports.send(TurnReport::Asking(asking)).await.expect("the turn listens");
            let Some(after) = decided_after else { return futures::future::pending().await };
            tokio::time::sleep(after).await;
            let decided = Decided { approval, data: data("allowed") };
            reports.send(TurnReport::Decided(decided)).await.expect("the turn listens");
            say("approved").await;
            let stop = ModelEvent::Stop(StopReason::EndTurn);
            reports.send(TurnReport::Model(stop)).await.expect("the turn listens");
            Ok(())
        }
    }
}

/// A round that is kept, then the answer.
async fn play_rounds(reports: &mpsc::Sender<TurnReport>) -> Result<(), ModelError> {
    let send = async |report: TurnReport| {
        reports.send(report).await.expect("the turn listens");
        tokio::task::yield_now().await;
    };
    let text = |text: &str| TurnReport::Model(ModelEvent::Text(text.to_owned()));
    let usage =
        |input_tokens| TurnReport::Model(ModelEvent::Usage(Usage { input_tokens, ..Usage::default() }));
    let answering = |round| {
        let (backend, model) = ("b".to_owned(), "m".to_owned());
        TurnReport::Answering(Answering { backend, model, round })
    };
    for report in [answering(1), text("I look."), usage(7)] {
        send(report).await;
    }
    let (kept, durable) = oneshot::channel();
    let entry = JournalEntry::Round { message: MessageId::new(), answer: Box::default() };
    send(TurnReport::Keep(Box::new(ToKeep { entry, kept }))).await;
    durable.await.map_err(|_| ModelError::new(ModelErrorKind::Overloaded, "it was not kept"))?;
    let stop = TurnReport::Model(ModelEvent::Stop(StopReason::EndTurn));
    for report in [answering(2), text("It is there."), usage(9), stop] {
        send(report).await;
    }
    Ok(())
}

/// Starts lanes without a supervisor: what a supervisor adds is tested with the tree.
#[derive(Default)]
pub(super) struct BareOpener {
    directory: OnceLock<Arc<SessionDirectory>>,
    pub(super) opened: AtomicUsize,
}

impl OpenLane for BareOpener {
    fn open(&self, key: LaneKey) -> BoxFuture<'static, Result<Opened, OpenError>> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        let directory = Arc::clone(self.directory.get().expect("set by the stage"));
        async move {
            spawn_lane(directory, key, None).await.map_err(|error| OpenError::Failed(error.to_string()))?;
            Ok(Opened::Fresh)
        }
        .boxed()
    }
}

/// Hears everything, and lets nothing wake while it has a reason.
#[derive(Default)]
pub(super) struct Watched {
    pub(super) heard: Mutex<Vec<String>>,
    pub(super) against: Mutex<Option<String>>,
}

impl Watched {
    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().clone()
    }
}

impl WatchSession for Watched {
    fn starting(&self, _: &TenantId, _: ThreadId) -> BoxFuture<'static, Result<(), Refusal>> {
        self.heard.lock().push("starting".to_owned());
        let answer = self.against.lock().clone().map_or(Ok(()), |reason| Err(Refusal { reason }));
        futures::future::ready(answer).boxed()
    }

    fn started(&self, _: &TenantId, _: ThreadId) {
        self.heard.lock().push("started".to_owned());
    }

    fn stopping(&self, _: &TenantId, _: ThreadId, why: Rest) {
        self.heard.lock().push(format!("stopping: {}", why.as_str()));
    }

    fn stopped(&self, _: &TenantId, _: ThreadId, why: Rest) {
        self.heard.lock().push(format!("stopped: {}", why.as_str()));
    }
}

/// Everything a session test needs.
pub(super) struct Stage {
    pub(super) ledger: Arc<FakeLedger>,
    pub(super) runner: Arc<ScriptedRunner>,
    pub(super) opener: Arc<BareOpener>,
    pub(super) watch: Arc<Watched>,
    pub(super) directory: Arc<SessionDirectory>,
    pub(super) thread: ThreadId,
}

impl Stage {
    pub(super) fn new(script: &[Play]) -> Self {
        Self::with_limits(script, SessionLimits::default())
    }

    pub(super) fn with_limits(script: &[Play], limits: SessionLimits) -> Self {
        let ledger = Arc::new(FakeLedger::default());
        let runner =
            Arc::new(ScriptedRunner { script: Mutex::new(script.to_vec()), runs: AtomicUsize::new(0) });
        let (opener, watch) = (Arc::new(BareOpener::default()), Arc::new(Watched::default()));
        let ports = SessionPorts {
            ledger: Arc::clone(&ledger) as _,
            runner: Arc::clone(&runner) as _,
            watch: Arc::clone(&watch) as _,
        };
        let directory = SessionDirectory::new(ports, limits, Arc::clone(&opener) as _);
        assert!(opener.directory.set(Arc::clone(&directory)).is_ok());
        Self { ledger, runner, opener, watch, directory, thread: ThreadId::new() }
    }

    pub(super) fn message(&self, content: &str) -> Inbound {
        Inbound {
            tenant: TenantId::home(),
            thread: self.thread,
            content: content.to_owned(),
            provenance: Provenance::Owner,
            source: "test".to_owned(),
            idempotency_key: None,
            overrides: TurnOverrides::default(),
        }
    }

    pub(super) async fn say(&self, content: &str) -> Accepted {
        self.directory.submit(self.message(content)).await.expect("accepted")
    }

    /// Waits, in paused time, until `true`.
    pub(super) async fn until(&self, what: impl Fn(&Self) -> bool) {
        while !what(self) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
