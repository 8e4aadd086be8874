//! What became of a slot.

use serde::{Deserialize, Serialize};

use super::schedule::words;
use super::work::Work;
use crate::protocol::ids::{ExperimentId, ScheduleId, ScheduleRunId, ThreadId, TurnId};

/// Where a run is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It waits for its time, for the run before it, or for its next try.
    Due,
    /// Its work goes on.
    Running,
    /// Its work waits for a person.
    Parked,
    /// It did what it should.
    Done,
    /// It did not.
    Failed,
    /// It took too long, and its work has ended since.
    TimedOut,
    /// It never began.
    Skipped,
    /// A later one took its place.
    Replaced,
    /// Somebody did not want it any more.
    Cancelled,
    /// Nobody knows what it did: a tool was begun, and its answer is lost.
    Unknown,
}

/// Why there is a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunCause {
    /// It was time.
    Slot,
    /// Somebody asked for it.
    Manual,
    /// A webhook came.
    Webhook,
}

words!(RunState: Due = "due", Running = "running", Parked = "parked", Done = "done", Failed = "failed",
       TimedOut = "timed_out", Skipped = "skipped", Replaced = "replaced", Cancelled = "cancelled", Unknown = "unknown");
words!(RunCause: Slot = "slot", Manual = "manual", Webhook = "webhook");

/// A row of the ledger: one slot that fired, or a stretch of slots that did not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: ScheduleRunId,
    /// Its schedule.
    pub schedule: ScheduleId,
    /// Why there is one.
    pub cause: RunCause,
    /// The slot, or when somebody asked for it, in milliseconds since 1970.
    pub slot_ms: i64,
    /// The last slot that it stands for.
    pub until_ms: i64,
    /// How many it stands for; 0 for more than are counted.
    pub slots: u64,
    /// Whether it was missed and is done late.
    pub caught_up: bool,
    /// Where it is.
    pub state: RunState,
    /// Why it is there.
    pub reason: String,
    /// As what it ends once its work has stopped.
    pub ending: Option<RunState>,
    /// How often it was begun.
    pub attempt: u32,
    /// When it begins, or is tried again, at the earliest.
    pub due_ms: i64,
    /// Until when it must have begun, or ended.
    pub deadline_ms: i64,
    /// Since when it waits for a person.
    pub parked_ms: Option<i64>,
    /// The thread of its turn.
    pub thread: Option<ThreadId>,
    /// The turn of its last attempt.
    pub turn: Option<TurnId>,
    /// The experiment of its last attempt, where it is one.
    #[serde(default)]
    pub experiment: Option<ExperimentId>,
    /// When it began first.
    pub started_ms: Option<i64>,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// When the row was made.
    pub created_ms: i64,
}

// === impl RunState ===

impl RunState {
    /// Whether nothing follows any more.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        !matches!(self, Self::Due | Self::Running | Self::Parked)
    }

    /// Whether it counts as an error of its schedule.
    #[must_use]
    pub const fn is_error(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut | Self::Unknown)
    }
}

// === impl Run ===

impl Run {
    /// What its last attempt began; `None` while nobody noted that.
    #[must_use]
    pub fn work(&self) -> Option<Work> {
        let turn = || Some(Work::Turn(self.thread?, self.turn?));
        self.experiment.map(Work::Experiment).or_else(turn)
    }

    /// Whether its work goes on or waits for a person.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self.state, RunState::Running | RunState::Parked)
    }

    /// The key of the work of its present attempt: whoever begins it twice gets the same.
    pub(super) fn key(&self) -> String {
        format!("{}:{}", self.id, self.attempt)
    }
}
