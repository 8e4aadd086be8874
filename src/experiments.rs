#![doc = include_str!("experiments/README.md")]

mod changes;
mod desk;
mod ending;
mod error;
mod evaluation;
mod experiment;
mod files;
mod launching;
mod live;
mod machine;
mod metric;
mod report;
mod results;
mod rules;
mod scope;
mod settings;
mod store;
mod strategy;
mod telling;
mod wanted;
mod workbench;

pub use changes::{Change, DiffStat, How};
pub use desk::{EXPERIMENTS_MAX, ExperimentParts, Experiments, LIVE_MAX};
pub use error::ExperimentError;
pub use evaluation::{
    AskModel, Cited, Evaluation, Evidence, Judged, Lab, ModelQuestion, Tested, Trial, Unmeasured, shown,
};
pub use experiment::{
    Answer, Applied, Experiment, GOAL_CHARS_MAX, ITERATIONS_DEFAULT, ITERATIONS_MAX, Iteration, Kind, Maker,
    Outcome, Reason, State, Status, TIME_BUDGET_S_DEFAULT, TIME_BUDGET_S_MAX, TITLE_CHARS_MAX,
};
pub use live::{ExperimentKey, Signal};
pub use machine::{Effect, Event, Judgement, Machine};
pub use metric::{Direction, Metric, Sample};
pub use report::{Report, chart};
pub use results::{Counts, Format};
pub use settings::{
    Apply, Case, Check, PARALLEL_DEFAULT, PromptCases, Rubric, Settings, ShellCommand, Spending,
    StrategyComponent, TestCommand,
};
pub use strategy::{Decision, Past, Preparation, Strategy, Verdict, is_stuck, strategy};
pub use wanted::NewExperiment;
pub use workbench::{BYTES_MAX, FILES_MAX, WorkError, Workbench};

#[cfg(test)]
mod tests;
