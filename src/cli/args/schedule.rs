//! The arguments of `schedule`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::JsonArgs;

/// What to do with schedules.
#[derive(Subcommand, Debug)]
pub enum ScheduleCommand {
    /// Make a schedule; prints its next times
    Add(Box<ScheduleAddArgs>),
    /// Schedules, and when they run next
    List(JsonArgs),
    /// One schedule
    Show {
        /// Name or id
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// What became of its times, newest first, and why it did not run
    Runs {
        /// Name or id
        name: String,
        /// Only what stands for this time (RFC 3339)
        #[arg(long, value_name = "TIME")]
        slot: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Its next times
    Next {
        /// Name or id
        name: String,
        /// How many, 1 to 100
        #[arg(long, value_name = "NUMBER", default_value_t = 5)]
        count: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Run it now, also while it is paused; prints the id of the run
    Run {
        /// Name or id
        name: String,
        /// Asked again with the same key it runs once
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
    /// End a run that waits or works
    Cancel {
        /// Id of the run
        run: String,
    },
    /// Let it rest: its times are skipped, and say so
    Pause {
        /// Name or id
        name: String,
    },
    /// Let it go on, also after it failed too often
    Resume {
        /// Name or id
        name: String,
    },
    /// Let all of them rest, over restarts too
    PauseAll,
    /// Let all of them go on that are not paused by themselves
    ResumeAll,
    /// Remove a schedule with its ledger
    Remove {
        /// Name or id
        name: String,
    },
}

/// What a schedule is.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("when").required(true).multiple(true).args(["at", "every", "cron", "rrule"]))]
#[command(group = ArgGroup::new("what").required(true).args(["prompt", "tool", "experiment"]))]
pub struct ScheduleAddArgs {
    /// Its name
    pub name: String,
    /// What an assistant is told
    pub prompt: Option<String>,
    /// Once, at this local time: 2026-12-01T09:00; with --rrule its first time
    #[arg(long, value_name = "TIME", conflicts_with_all = ["every", "cron"])]
    pub at: Option<String>,
    /// Again and again: 90s, 15m, 2h, 1d
    #[arg(long, value_name = "SPAN", conflicts_with_all = ["cron", "rrule"])]
    pub every: Option<String>,
    /// A cron pattern: '0 9 * * 1-5', @daily
    #[arg(long, value_name = "PATTERN", conflicts_with = "rrule")]
    pub cron: Option<String>,
    /// A rule of iCalendar: 'FREQ=WEEKLY;BYDAY=MO EXDATE:20271227', counted from --at
    #[arg(long, value_name = "RULE", requires = "at")]
    pub rrule: Option<String>,
    /// The zone whose clocks count: Europe/Berlin [default: that of the daemon]
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// Call this tool instead of telling an assistant something
    #[arg(long, value_name = "TOOL")]
    pub tool: Option<String>,
    /// Its arguments as JSON
    #[arg(long, value_name = "JSON", requires = "tool")]
    pub arguments: Option<String>,
    /// Make and start an experiment: a JSON file `{"kind", "goal", "settings", …}`, or `-` for stdin
    #[arg(long, value_name = "FILE")]
    pub experiment: Option<PathBuf>,
    /// Work in this thread [default: one of its own]
    #[arg(long, value_name = "ID")]
    pub thread: Option<String>,
    /// A thread for each run
    #[arg(long, conflicts_with = "thread")]
    pub new_thread: bool,
    /// Workspace, by name or id [default: the default one]
    #[arg(long, short, value_name = "WORKSPACE")]
    pub workspace: Option<String>,
    /// How far its turns may go: no_tools, read_only or supervised [default: as far as the assistant]
    #[arg(long, value_name = "WORD")]
    pub ceiling: Option<String>,
    /// What becomes of missed times: run, skip or once
    #[arg(long, value_name = "WORD", value_parser = ["run", "skip", "once"])]
    pub catch_up: Option<String>,
    /// What becomes of a time while a run goes on: skip, queue or replace
    #[arg(long, value_name = "WORD", value_parser = ["skip", "queue", "replace"])]
    pub overlap: Option<String>,
    /// Begin up to so many seconds later, always as many for the same time
    #[arg(long, value_name = "SECONDS")]
    pub jitter_s: Option<u64>,
    /// Seconds that a run may work
    #[arg(long, value_name = "SECONDS")]
    pub timeout_s: Option<u64>,
    /// How often a run that failed is tried again
    #[arg(long, value_name = "NUMBER")]
    pub retries: Option<u32>,
    /// End after so many times
    #[arg(long, value_name = "NUMBER")]
    pub runs_max: Option<u64>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
