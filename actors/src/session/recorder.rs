//! Gathers what a model produces and keeps the durable log close behind it.
//!
//! One write is under way at a time; what arrives meanwhile is joined and goes with the
//! next one. So the log is as fast as the disk allows and no faster, without a timer.
//! Owned by the turn. Nothing is written before the turn's message is accepted.

use std::sync::Arc;

use futures::future::{BoxFuture, pending};
use serde_json::{Map, Value};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::SessionShared;
use super::retry::RetryDelay;
use crate::ports::keep_ledger::LedgerError;
use crate::ports::run_turn::{ToKeep, TurnReport};
use crate::protocol::chat::{ToolCall, Usage};
use crate::protocol::event::{EventKind, NewEvent};
use crate::protocol::journal::{JournalEntry, TurnLog};
use crate::protocol::model::ModelEvent;
use crate::protocol::turn::{Settlement, TurnAnswer, TurnFailure, TurnState, TurnWork};

/// Why recording ends a turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RecordError {
    /// The message was not accepted: there is no such turn, nothing may be written.
    NotAccepted,
    /// Somebody else ended the turn.
    Fenced,
    /// The answer is longer than the limit.
    TooLong,
}

pub(super) struct Recorder {
    work: TurnWork,
    shared: Arc<SessionShared>,
    /// Resolves when the message is durable; `None` once it is.
    gate: Option<oneshot::Receiver<()>>,
    /// What the model says in this round.
    answer: TurnAnswer,
    /// Which round this is; 1 for an answer without tools.
    round: u32,
    /// Tokens of the rounds before it, of this life.
    spent: Usage,
    /// Not yet given to the ledger. Neighbouring pieces of one kind are joined.
    pending: TurnLog,
    /// Who waits until what is pending is durable: one for every entry.
    waiting: Vec<oneshot::Sender<()>>,
    /// Given to the ledger, kept until it is durable.
    in_flight: TurnLog,
    in_flight_waiting: Vec<oneshot::Sender<()>>,
    write: Option<BoxFuture<'static, Result<(), LedgerError>>>,
    retry_at: Option<Instant>,
    retry_delay: RetryDelay,
}

impl Recorder {
    pub(super) fn new(
        work: TurnWork,
        shared: Arc<SessionShared>,
        gate: Option<oneshot::Receiver<()>>,
    ) -> Self {
        Self {
            work,
            shared,
            gate,
            answer: TurnAnswer::default(),
            round: 1,
            spent: Usage::default(),
            pending: TurnLog::default(),
            waiting: Vec::new(),
            in_flight: TurnLog::default(),
            in_flight_waiting: Vec::new(),
            write: None,
            retry_at: None,
            retry_delay: RetryDelay::new(),
        }
    }

    /// Takes one report into the answer and the events to write. `open` questions wait for a person now.
    pub(super) fn absorb(&mut self, report: TurnReport, open: usize) -> Result<(), RecordError> {
        match report {
            TurnReport::Asking(asking) => self.push_question(asking.data, open),
            TurnReport::Decided(decided) => self.push_question(decided.data, open),
            TurnReport::Answering(answering) => {
                self.answer.backend = answering.backend;
                self.answer.model = answering.model;
                self.round = answering.round;
            }
            TurnReport::Model(ModelEvent::Text(text)) => {
                self.answer.text.push_str(&text);
                self.push_text(EventKind::Delta, &text);
            }
            TurnReport::Model(ModelEvent::Thinking(text)) => {
                self.answer.thinking.push_str(&text);
                self.push_text(EventKind::Thinking, &text);
            }
            TurnReport::Model(ModelEvent::ThinkingSignature(seal)) => self.answer.signature = Some(seal),
            TurnReport::Model(ModelEvent::ToolCall(call)) => self.push_tool_call(call),
            TurnReport::Model(ModelEvent::Usage(usage)) => self.answer.usage = usage,
            TurnReport::Model(ModelEvent::Stop(reason)) => self.answer.stop_reason = Some(reason),
            TurnReport::Tool(data) => self.pending.events.push(NewEvent { kind: EventKind::Tool, data }),
            TurnReport::Keep(keep) => self.keep(*keep),
        }
        let bytes = self.answer.text.len() + self.answer.thinking.len();
        if bytes > self.shared.limits.answer_bytes_max { Err(RecordError::TooLong) } else { Ok(()) }
    }

    fn push_text(&mut self, kind: EventKind, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(last) = self.pending.events.last_mut().filter(|last| last.kind == kind)
            && last.data.get("round").and_then(Value::as_u64).unwrap_or(1) == u64::from(self.round)
            && let Some(Value::String(joined)) = last.data.get_mut("text")
        {
            joined.push_str(text);
            return;
        }
        let mut data = Map::new();
        data.insert("text".into(), text.into());
        if self.round > 1 {
            data.insert("round".into(), self.round.into());
        }
        self.pending.events.push(NewEvent { kind, data });
    }

    fn push_question(&mut self, mut data: Map<String, Value>, open: usize) {
        data.insert("open".into(), open.into());
        self.pending.events.push(NewEvent { kind: EventKind::Approval, data });
    }

    fn push_tool_call(&mut self, call: ToolCall) {
        let mut data = Map::new();
        data.insert("id".into(), call.id.clone().into());
        data.insert("name".into(), call.name.clone().into());
        data.insert("arguments".into(), call.arguments.clone().into());
        data.insert("state".into(), "requested".into());
        self.pending.events.push(NewEvent { kind: EventKind::Tool, data });
        self.answer.tool_calls.push(call);
    }

    /// Takes an entry into the log. A kept round is a message of its own: the next one begins with nothing said.
    fn keep(&mut self, keep: ToKeep) {
        if let JournalEntry::Spent { usage, .. } = &keep.entry {
            self.spent = self.spent.plus(*usage);
        }
        if matches!(keep.entry, JournalEntry::Round { .. }) {
            let said = std::mem::take(&mut self.answer);
            self.spent = self.spent.plus(said.usage);
            self.answer.backend = said.backend;
            self.answer.model = said.model;
        }
        self.pending.entries.push(keep.entry);
        self.waiting.push(keep.kept);
    }

    /// Whether the model said that it is finished.
    pub(super) fn has_stopped(&self) -> bool {
        self.answer.stop_reason.is_some()
    }

    /// Writes for as long as there is something to write, then waits for ever. Ends only when
    /// recording is over. Safe to drop and call again.
    pub(super) async fn write_log(&mut self) -> RecordError {
        if let Err(refused) = self.wait_for_gate().await {
            return refused;
        }
        loop {
            if let Some(at) = self.retry_at {
                sleep_until(at).await;
                self.retry_at = None;
            }
            if self.write.is_none() {
                if self.pending.is_empty() {
                    pending::<()>().await;
                }
                self.in_flight = std::mem::take(&mut self.pending);
                self.in_flight_waiting = std::mem::take(&mut self.waiting);
                let (tenant, thread, turn) = (&self.work.tenant, self.work.thread, self.work.turn_id);
                let write = self.shared.ports.ledger.append(tenant, thread, turn, self.in_flight.clone());
                self.write = Some(write);
            }
            if let Err(fenced) = self.finish_write().await {
                return fenced;
            }
        }
    }

    /// Waits until the turn's message is durable.
    async fn wait_for_gate(&mut self) -> Result<(), RecordError> {
        if let Some(gate) = &mut self.gate {
            gate.await.map_err(|_closed| RecordError::NotAccepted)?;
            self.gate = None;
        }
        Ok(())
    }

    /// Awaits the write under way. A refused one goes back to the front of what is pending.
    async fn finish_write(&mut self) -> Result<(), RecordError> {
        let Some(write) = &mut self.write else { return Ok(()) };
        let outcome = write.await;
        self.write = None;
        let mut log = std::mem::take(&mut self.in_flight);
        let mut waiting = std::mem::take(&mut self.in_flight_waiting);
        match outcome {
            Ok(()) => {
                self.retry_delay.reset();
                for kept in waiting {
                    // silent-ok: a turn that was stopped does not wait any more
                    let _ = kept.send(());
                }
            }
            Err(LedgerError::Fenced) => return Err(RecordError::Fenced),
            Err(LedgerError::DiskFull | LedgerError::Unavailable) => {
                log.extend(std::mem::take(&mut self.pending));
                self.pending = log;
                waiting.append(&mut self.waiting);
                self.waiting = waiting;
                self.retry_at = Some(Instant::now() + self.retry_delay.next());
            }
        }
        Ok(())
    }

    /// Ends the turn in the ledger. Tries until the store takes it: an answer is never dropped
    /// because a disk was full for a while.
    pub(super) async fn settle(
        mut self,
        state: TurnState,
        failure: Option<TurnFailure>,
    ) -> Result<(), RecordError> {
        self.wait_for_gate().await?;
        self.finish_write().await?;
        let settlement = Settlement {
            tenant: self.work.tenant.clone(),
            thread: self.work.thread,
            turn_id: self.work.turn_id,
            state,
            answer: std::mem::take(&mut self.answer),
            spent: self.spent,
            tail: std::mem::take(&mut self.pending),
            failure,
        };
        loop {
            match self.shared.ports.ledger.settle(settlement.clone()).await {
                Ok(()) => return Ok(()),
                Err(LedgerError::Fenced) => return Err(RecordError::Fenced),
                Err(LedgerError::DiskFull | LedgerError::Unavailable) => {
                    tokio::time::sleep(self.retry_delay.next()).await;
                }
            }
        }
    }
}
