//! A schedule: when, what, where, and how far it may go.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::ScheduleError;
use super::policies::Policies;
use super::rule::{Rule, Timetable};
use crate::experiments::{ExperimentError, NewExperiment};
use crate::policy::Ceiling;
use crate::protocol::ids::{ScheduleId, ThreadId, WorkspaceId};
use crate::protocol::turn::Provenance;

/// Most schedules of a tenant.
pub(super) const SCHEDULES_MAX: usize = 1_000;
/// Most characters of a name.
const NAME_CHARS_MAX: usize = 100;
/// Most bytes of a prompt, and of the arguments of a tool.
pub const JOB_BYTES_MAX: usize = 16 * 1024;
/// Most bytes of an experiment, as JSON.
pub const EXPERIMENT_BYTES_MAX: usize = 64 * 1024;
/// Most characters of the name of a tool.
const TOOL_CHARS_MAX: usize = 64;

/// What is done.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Job {
    /// An assistant is told something.
    Prompt {
        /// What.
        text: String,
    },
    /// A tool is called, without a model.
    Tool {
        /// Its name.
        name: String,
        /// Its arguments.
        arguments: Map<String, Value>,
    },
    /// Something is tried out.
    Experiment {
        /// What. Where is the schedule's; without a title it has the schedule's name.
        experiment: Box<NewExperiment>,
    },
}

/// In which thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// One thread of its own for all runs.
    Own,
    /// A thread of somebody.
    Named,
    /// A thread for each run.
    New,
}

/// Whether it fires.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleState {
    /// It does.
    Active,
    /// Not now: somebody said so.
    Paused,
    /// Not any more: it failed too often.
    Disabled,
    /// Never again: no slot follows, or its workspace is gone.
    Ended,
}

/// See the module.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Schedule {
    /// Its id.
    pub id: ScheduleId,
    /// Where it works; `None` once that was deleted.
    pub workspace_id: Option<WorkspaceId>,
    /// The named thread.
    pub thread_id: Option<ThreadId>,
    /// For people, unique in the tenant.
    pub name: String,
    /// When.
    pub rule: Rule,
    /// The IANA name of the zone whose clocks count.
    pub zone: String,
    /// What.
    pub job: Job,
    /// In which thread.
    pub place: Place,
    /// What if.
    pub policies: Policies,
    /// How far its turns may go; `None` for as far as the assistant.
    pub ceiling: Option<Ceiling>,
    /// Whose words its prompt is: `schedule`, or `tool` for words that may be a stranger's.
    pub provenance: Provenance,
    /// Who made it.
    pub made_by: String,
    /// Whether it fires.
    pub state: ScheduleState,
    /// Why it does not.
    pub reason: String,
    /// The next slot, in milliseconds since 1970.
    pub next_ms: Option<i64>,
    /// Slots that fired.
    pub fired: u64,
    /// Runs in a row that failed.
    pub errors: u32,
    /// Counts changes, from 1.
    pub version: i64,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it was changed last.
    pub updated_ms: i64,
}

/// What is asked for when a schedule is made.
#[derive(Clone, Debug)]
pub struct NewSchedule {
    /// For people, unique in the tenant.
    pub name: String,
    /// Where it works; `None` for the default workspace, or that of its thread.
    pub workspace_id: Option<WorkspaceId>,
    /// The named thread.
    pub thread_id: Option<ThreadId>,
    /// When.
    pub rule: Rule,
    /// The IANA name of its zone.
    pub zone: String,
    /// What.
    pub job: Job,
    /// In which thread; a named one is [`Place::Named`].
    pub place: Place,
    /// What if.
    pub policies: Policies,
    /// How far its turns may go.
    pub ceiling: Option<Ceiling>,
}

/// What changes. `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ScheduleChange {
    /// Another name.
    pub name: Option<String>,
    /// Another workspace.
    pub workspace_id: Option<WorkspaceId>,
    /// Another rule in another zone.
    pub rule: Option<(Rule, String)>,
    /// Something else.
    pub job: Option<Job>,
    /// In another thread.
    pub place: Option<(Place, Option<ThreadId>)>,
    /// Other policies.
    pub policies: Option<Policies>,
    /// Another ceiling; `Some(None)` for as far as the assistant.
    pub ceiling: Option<Option<Ceiling>>,
}

macro_rules! words {
    ($name:ident: $($variant:ident = $word:literal),+) => {
        impl $name {
            /// Its word in the store and in the APIs.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The one with this word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                [$(Self::$variant),+].into_iter().find(|one| one.as_str() == word)
            }
        }
    };
}
pub(super) use words;

words!(Place: Own = "own", Named = "named", New = "new");
words!(ScheduleState: Active = "active", Paused = "paused", Disabled = "disabled", Ended = "ended");

// === impl Job ===

impl Job {
    /// The word of its kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Prompt { .. } => "prompt",
            Self::Tool { .. } => "tool",
            Self::Experiment { .. } => "experiment",
        }
    }

    /// In a line, for people.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Prompt { text } => {
                text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
            }
            Self::Tool { name, .. } => format!("calls {name}"),
            Self::Experiment { experiment } => {
                let goal = experiment.goal.lines().map(str::trim).find(|line| !line.is_empty());
                format!("tries out: {}", goal.unwrap_or_default())
            }
        }
    }

    fn check(&self) -> Result<(), ScheduleError> {
        match self {
            Self::Prompt { text } if text.trim().is_empty() || text.len() > JOB_BYTES_MAX => {
                Err(ScheduleError::field("prompt", format!("has 1 to {JOB_BYTES_MAX} bytes")))
            }
            Self::Tool { name, .. } if name.is_empty() || name.chars().count() > TOOL_CHARS_MAX => {
                Err(ScheduleError::field(
                    "tool",
                    format!("is the name of a tool, {TOOL_CHARS_MAX} characters at most"),
                ))
            }
            Self::Tool { arguments, .. } if bytes(arguments) > JOB_BYTES_MAX => {
                Err(ScheduleError::field("arguments", format!("has at most {JOB_BYTES_MAX} bytes")))
            }
            Self::Experiment { experiment } if bytes(experiment) > EXPERIMENT_BYTES_MAX => {
                Err(ScheduleError::field("experiment", format!("has at most {EXPERIMENT_BYTES_MAX} bytes")))
            }
            Self::Prompt { .. } | Self::Tool { .. } | Self::Experiment { .. } => Ok(()),
        }
    }
}

// === impl Schedule ===

impl Schedule {
    /// The source of its turns: its keys, its usage and its approvals are kept under it.
    #[must_use]
    pub fn source(&self) -> String {
        format!("schedule:{}", self.id)
    }

    /// The experiment of a run, where its job is one.
    #[must_use]
    pub fn experiment(&self) -> Option<NewExperiment> {
        let Job::Experiment { experiment } = &self.job else { return None };
        let title = if experiment.title.trim().is_empty() { &self.name } else { &experiment.title };
        Some(NewExperiment {
            workspace_id: self.workspace_id,
            title: title.clone(),
            ..experiment.as_ref().clone()
        })
    }

    /// Its slots.
    pub(super) fn timetable(&self) -> Result<Timetable, ScheduleError> {
        self.rule.read(&self.zone)
    }

    /// Everything that is wrong with it, one by one.
    pub(super) fn check(&self) -> Result<Timetable, ScheduleError> {
        let name = self.name.chars();
        if self.name.is_empty() || name.clone().count() > NAME_CHARS_MAX || name.clone().any(char::is_control)
        {
            let why = format!("has 1 to {NAME_CHARS_MAX} characters and no control characters");
            return Err(ScheduleError::field("name", why));
        }
        self.job.check()?;
        self.policies.check()?;
        if matches!(self.job, Job::Tool { .. }) && self.ceiling.is_some_and(|ceiling| !ceiling.has_tools()) {
            return Err(ScheduleError::field(
                "ceiling",
                "lets no tool be called, and this schedule calls one",
            ));
        }
        if let Some(experiment) = self.experiment() {
            self.check_experiment(&experiment)?;
        }
        self.timetable()
    }
    fn check_experiment(&self, experiment: &NewExperiment) -> Result<(), ScheduleError> {
        if self.place == Place::Named {
            let why = "cannot be there beside an experiment, which has threads of its own";
            return Err(ScheduleError::field("thread_id", why));
        }
        if self.ceiling.is_some_and(|ceiling| ceiling != Ceiling::Supervised) {
            let why = "lets nothing be changed, and an experiment changes a copy";
            return Err(ScheduleError::field("ceiling", why));
        }
        experiment.check().map_err(|error| match error {
            ExperimentError::Field { field, why } => {
                ScheduleError::field("experiment", format!("has a wrong {field}: {why}"))
            }
            other => ScheduleError::field("experiment", other.to_string()),
        })
    }
}

/// How much of something is stored.
fn bytes(of: &impl Serialize) -> usize {
    serde_json::to_string(of).map_or(usize::MAX, |text| text.len())
}
