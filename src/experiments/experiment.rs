//! What an experiment is, and one iteration of it.

use serde::{Deserialize, Serialize};

use super::changes::DiffStat;
use super::evaluation::Evaluation;
use super::settings::Settings;
use crate::policy::SourceKind;
use crate::protocol::ids::{ApprovalId, ExperimentId, TenantId, ThreadId, TurnId, WorkspaceId};
use crate::protocol::turn::Provenance;

/// Most characters of a title.
pub const TITLE_CHARS_MAX: usize = 200;
/// Most characters of a goal.
pub const GOAL_CHARS_MAX: usize = 10_000;
/// Most iterations of an experiment.
pub const ITERATIONS_MAX: u32 = 100;
/// Iterations of one that says nothing about it.
pub const ITERATIONS_DEFAULT: u32 = 10;
/// Longest time of an experiment in seconds: a day.
pub const TIME_BUDGET_S_MAX: u64 = 86_400;
/// Time of one that says nothing about it, in seconds: an hour.
pub const TIME_BUDGET_S_DEFAULT: u64 = 3_600;

/// A closed list of words, as the store and the APIs have them.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
        pub enum $name { $($(#[$inner])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The one with this word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }
    };
}

words! {
    /// What is tried out.
    Kind {
        /// Files of the workspace are changed, and programs judge the change.
        Code = "code",
        /// A question is answered from sources, and the answer is judged.
        Research = "research",
        /// A prompt is changed, and cases judge it.
        Prompt = "prompt",
        /// A program says what to try and judges it.
        External = "external",
    }
}

words! {
    /// Where an experiment is.
    State {
        /// Nobody started it.
        Created = "created",
        /// Ideas are being worked on.
        Running = "running",
        /// What came of them is being measured.
        Evaluating = "evaluating",
        /// A person has to decide.
        AwaitingHuman = "awaiting_human",
        /// An idea was good, and counts.
        Accepted = "accepted",
        /// None was good enough, or a person said no.
        Rejected = "rejected",
        /// Somebody ended it.
        Cancelled = "cancelled",
        /// It ended before its end.
        Halted = "halted",
    }
}

words! {
    /// Why an experiment or an iteration ended, besides what its state says.
    Reason {
        /// No more than its state says.
        None = "none",
        /// Its time was over.
        Timeout = "timeout",
        /// Somebody cancelled it.
        UserCancel = "user_cancel",
        /// A part of the daemon failed again and again.
        Crash = "crash",
        /// Somebody let it end after what it was doing.
        GracefulStop = "graceful_stop",
        /// It had all its iterations.
        MaxIterations = "max_iterations_reached",
        /// The workspace could not be measured as it is.
        InitFailed = "init_failed",
        /// An iteration could not be prepared.
        PrepFailed = "iteration_prep_failed",
        /// The model could not be asked, or did not answer.
        QueryFailed = "query_failed",
        /// It changed what it must not change.
        ScopeViolation = "mutation_scope_violation",
        /// The strategy itself failed.
        StrategyCrashed = "strategy_crashed",
    }
}

words! {
    /// Where an iteration is.
    Status {
        /// The idea is being worked on.
        Running = "running",
        /// It is being measured.
        Evaluating = "evaluating",
        /// It is better than what was there.
        Accepted = "accepted",
        /// It is worse, breaks something or is out of scope: nothing of it is left.
        Rejected = "rejected",
        /// It is no result yet; later ones may go on from it.
        Continued = "continued",
        /// It was ended with its experiment.
        Halted = "halted",
        /// It could not be done.
        Failed = "failed",
    }
}

words! {
    /// What became of the workspace's files.
    Applied {
        /// They are as they were.
        No = "no",
        /// They are being changed.
        Applying = "applying",
        /// They are as the accepted iteration left them.
        Yes = "yes",
        /// They are being put back.
        Undoing = "undoing",
        /// They are as they were before.
        Undone = "undone",
    }
}

words! {
    /// What a person says at the gate.
    Answer {
        /// It counts.
        Accept = "accept",
        /// It does not, and the experiment is over.
        Reject = "reject",
        /// It does not, and the experiment goes on.
        Continue = "continue",
    }
}

/// An experiment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Experiment {
    /// Its id.
    pub id: ExperimentId,
    /// Where it works.
    pub workspace_id: WorkspaceId,
    /// For people; 1–200 characters.
    pub title: String,
    /// What is tried out.
    pub kind: Kind,
    /// What is wanted, in the words of a person.
    pub goal: String,
    /// How it is done and judged.
    pub settings: Settings,
    /// Where it is.
    pub state: State,
    /// Why it ended.
    pub reason: Reason,
    /// Whether it ends after this round.
    pub stopping: bool,
    /// Who made it.
    pub source: String,
    /// What they are.
    pub provenance: Provenance,
    /// How often it tries.
    pub iterations_max: u32,
    /// How long it may take, in milliseconds.
    pub time_budget_ms: u64,
    /// The last iteration that began; 0 for none.
    pub iteration: u32,
    /// The accepted one that counts.
    pub best: Option<u32>,
    /// The commit that holds the workspace as it was.
    pub base: Option<String>,
    /// What was measured on it.
    pub baseline: Option<Evaluation>,
    /// The question to a person.
    pub approval: Option<ApprovalId>,
    /// What a person said at the gate.
    pub answer: Option<Answer>,
    /// What became of the workspace's files.
    pub applied: Applied,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Counts changes, from 1.
    pub version: i64,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it was started.
    pub started_ms: Option<i64>,
    /// When its time is over.
    pub deadline_ms: Option<i64>,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// When it was changed last.
    pub updated_ms: i64,
}

/// How an experiment ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// Its last state.
    pub decision: State,
    /// Of the iteration that counts, else of the best one.
    pub score: Option<f64>,
    /// In words.
    pub summary: String,
    /// What the iteration that counts changed.
    pub diff_stat: Option<DiffStat>,
    /// How many there were.
    pub iterations: u32,
}

/// One try.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Iteration {
    /// From 1.
    pub number: u32,
    /// Those of one round run beside each other.
    pub round: u32,
    /// Where it is.
    pub status: Status,
    /// Why it ended.
    pub reason: Reason,
    /// The commit that it began from.
    pub parent: String,
    /// The commit that it left.
    pub tree: Option<String>,
    /// The thread of its turn.
    pub thread: Option<ThreadId>,
    /// The turn in which it was worked on.
    pub turn: Option<TurnId>,
    /// What the model was told.
    pub prompt: String,
    /// What it said. That is never a result.
    pub answer: String,
    /// 0–1.
    pub score: Option<f64>,
    /// What came of it, in words.
    pub summary: String,
    /// What was measured.
    pub evaluation: Option<Evaluation>,
    /// What it changed.
    pub diff: Option<DiffStat>,
    /// Tokens of its turn.
    pub tokens: u64,
    /// Calls of tools in its turn.
    pub tool_calls: u64,
    /// When it began, in milliseconds since 1970.
    pub started_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
}

/// On whose behalf an experiment is made: a principal, or a schedule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Maker {
    /// Whose data it may have.
    pub tenant: TenantId,
    /// Who: `owner`, the id of a member or of a token, `schedule:ID`.
    pub source: String,
    /// What they are.
    pub provenance: Provenance,
}

// === impl State ===

impl State {
    /// Whether it is over.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Accepted | Self::Rejected | Self::Cancelled | Self::Halted)
    }

    /// Whether it has an actor.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Running | Self::Evaluating | Self::AwaitingHuman)
    }
}

// === impl Maker ===

impl Maker {
    /// A schedule, with its id.
    #[must_use]
    pub fn schedule(tenant: TenantId, id: impl std::fmt::Display) -> Self {
        Self { tenant, source: format!("schedule:{id}"), provenance: Provenance::Schedule }
    }
}

impl From<&crate::identity::Principal> for Maker {
    fn from(by: &crate::identity::Principal) -> Self {
        Self { tenant: by.tenant.clone(), source: by.source(), provenance: by.provenance() }
    }
}

// === impl Experiment ===

impl Experiment {
    /// Whether nobody who may decide is known to look.
    #[must_use]
    pub const fn is_unattended(&self) -> bool {
        SourceKind::of(self.provenance).is_unattended()
    }

    /// The door of its threads.
    #[must_use]
    pub fn door(&self) -> String {
        format!("experiment:{}", self.id)
    }
}
