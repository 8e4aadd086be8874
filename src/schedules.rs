#![doc = include_str!("schedules/README.md")]

mod beginning;
mod desk;
mod error;
mod firing;
mod ledger;
mod local;
mod looking;
mod making;
mod outcome;
mod plan;
mod policies;
mod recurrence;
mod rule;
mod run;
mod schedule;
mod slots;
mod store;
mod tool;
mod words;
mod work;

pub use beginning::{Begun, Refused, Then};
pub use desk::Schedules;
pub use error::ScheduleError;
pub use firing::ERRORS_MAX;
pub use ledger::{AHEAD_MAX, Ahead};
pub use looking::{Errand, Looked, What};
pub use policies::{CatchUp, ON_TIME_MS, Overlap, Policies};
pub use rule::{EVERY_S, Rule, Timetable, local_time, seconds_of, system_zone};
pub use run::{Run, RunCause, RunState};
pub use schedule::{
    EXPERIMENT_BYTES_MAX, JOB_BYTES_MAX, Job, NewSchedule, Place, Schedule, ScheduleChange, ScheduleState,
};
pub use tool::schedule_tool;
pub use work::Work;

#[cfg(test)]
mod tests;
