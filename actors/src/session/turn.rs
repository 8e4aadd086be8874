//! The turn: one model turn of a thread, run to its end.
//!
//! Owns the model call and the answer while it grows. Started and watched by its lane;
//! never restarted. On a crash the lane settles it as what it is; after a kill of the
//! whole daemon the next life recovers it from the ledger.

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::SessionShared;
use super::clock::TurnClock;
use super::recorder::{RecordError, Recorder};
use crate::ports::run_turn::TurnReport;
use crate::protocol::model::{ModelError, ModelErrorKind};
use crate::protocol::turn::{TurnFailure, TurnState, TurnWork};

/// Reports that may wait between a backend and the recorder.
const REPORTS_MAX: usize = 64;

/// Why a turn's work ended.
#[derive(Debug)]
enum End {
    Answered,
    Failed(ModelError),
    Stopped,
    Deadline,
    Unrecorded(RecordError),
}

pub(super) struct Turn;

pub(super) struct TurnArgs {
    pub(super) work: TurnWork,
    pub(super) shared: Arc<SessionShared>,
    /// Resolves when the turn's message is durable; `None` if it is already.
    pub(super) gate: Option<oneshot::Receiver<()>>,
    pub(super) stop: CancellationToken,
}

/// The turn's only message.
#[derive(ractor_cluster_derive::RactorMessage)]
pub(super) enum TurnMsg {
    /// Run to the end, then stop.
    Run,
}

impl Actor for Turn {
    type Msg = TurnMsg;
    type State = Option<TurnArgs>;
    type Arguments = TurnArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<TurnMsg>,
        args: TurnArgs,
    ) -> Result<Option<TurnArgs>, ActorProcessingErr> {
        myself.cast(TurnMsg::Run)?;
        Ok(Some(args))
    }

    async fn handle(
        &self,
        myself: ActorRef<TurnMsg>,
        TurnMsg::Run: TurnMsg,
        state: &mut Option<TurnArgs>,
    ) -> Result<(), ActorProcessingErr> {
        if let Some(args) = state.take() {
            let span = span(&args.work);
            run(args).instrument(span).await;
        }
        myself.stop(None);
        Ok(())
    }
}

/// The span of one attempt, in the words of OpenTelemetry's conventions for generative AI. Ids and
/// counts only, never what was said; the runner's steps are spans below it.
fn span(work: &TurnWork) -> tracing::Span {
    tracing::info_span!(
        "turn",
        otel.name = "invoke_agent",
        gen_ai.operation.name = "invoke_agent",
        gen_ai.conversation.id = %work.thread,
        capuchin.tenant = work.tenant.as_str(),
        capuchin.turn = %work.turn_id,
        capuchin.attempt = work.attempt,
    )
}

async fn run(args: TurnArgs) {
    let TurnArgs { work, shared, gate, stop } = args;
    let mut recorder = Recorder::new(work.clone(), Arc::clone(&shared), gate);
    let tenant = work.tenant.clone();
    let end = tokio::select! {
        biased;
        () = stop.cancelled() => End::Stopped,
        end = answer(work, &shared, &mut recorder) => end,
    };
    let (state, failure) = match end {
        End::Answered => (TurnState::Done, None),
        End::Failed(error) => {
            tracing::warn!(kind = error.kind.as_str(), status = error.status, "the model call failed");
            (TurnState::Failed, Some(TurnFailure::from(&error)))
        }
        End::Stopped => (TurnState::Stopped, Some(shared.holds.stopped(&tenant))),
        End::Deadline => (TurnState::Failed, Some(deadline_failure(&shared))),
        End::Unrecorded(RecordError::TooLong) => (TurnState::Failed, Some(length_failure(&shared))),
        End::Unrecorded(RecordError::NotAccepted | RecordError::Fenced) => return,
    };
    if let Err(error) = recorder.settle(state, failure).await {
        tracing::debug!(?error, "the turn was not ours to settle");
    }
}

/// Runs the model call and keeps the log behind it, until either ends or the time is over.
async fn answer(work: TurnWork, shared: &SessionShared, recorder: &mut Recorder) -> End {
    let (reports, mut inbox) = mpsc::channel(REPORTS_MAX);
    let (turn, mut clock) = (work.turn_id, TurnClock::new(shared.limits.turn_deadline));
    let mut run = shared.ports.runner.run(work, reports);
    let (mut outcome, mut open) = (None, true);
    loop {
        if !open && let Some(outcome) = outcome {
            return conclude(outcome, recorder);
        }
        // Biased: a write starts only when nothing more is at hand, so that a quick answer
        // goes to the log in one piece with its settlement.
        tokio::select! {
            biased;
            () = clock.expired() => return End::Deadline,
            ended = &mut run, if outcome.is_none() => outcome = Some(ended),
            report = inbox.recv(), if open => match report {
                Some(report) => {
                    keep_time(&report, &mut clock);
                    shared.stops.set_waits(turn, clock.open() > 0);
                    if let Err(error) = recorder.absorb(report, clock.open()) {
                        return End::Unrecorded(error);
                    }
                }
                None => open = false,
            },
            error = recorder.write_log() => return End::Unrecorded(error),
        }
    }
}

fn keep_time(report: &TurnReport, clock: &mut TurnClock) {
    match report {
        TurnReport::Asking(asking) => clock.ask(asking.approval, asking.expires_in),
        TurnReport::Decided(decided) => clock.decide(decided.approval),
        TurnReport::Answering(_) | TurnReport::Model(_) | TurnReport::Tool(_) | TurnReport::Keep(_) => {}
    }
}

/// A good end without a stop event is no good end: the answer may be cut off.
fn conclude(outcome: Result<(), ModelError>, recorder: &Recorder) -> End {
    match outcome {
        Ok(()) if recorder.has_stopped() => End::Answered,
        Ok(()) => End::Failed(ModelError::new(
            ModelErrorKind::Truncated,
            "the answer ended without a finish reason, so it may not be whole",
        )),
        Err(error) => End::Failed(error),
    }
}

fn deadline_failure(shared: &SessionShared) -> TurnFailure {
    let seconds = shared.limits.turn_deadline.as_secs();
    TurnFailure::new("deadline", format!("the turn took longer than {seconds} s and was ended"), true)
}

fn length_failure(shared: &SessionShared) -> TurnFailure {
    let bytes = shared.limits.answer_bytes_max;
    TurnFailure::new("answer_too_long", format!("the answer is longer than {bytes} bytes and was cut"), false)
}
