//! Strategies: what is tried, how it is judged, and from where the next try begins. Each is pure but for what its
//! measurements run; none of them writes to the store or to the workspace.

mod code;
mod decide;
mod external;
mod prompt;
mod research;

use futures::future::BoxFuture;

use super::error::ExperimentError;
use super::evaluation::{Evaluation, Lab, Trial, Unmeasured};
use super::experiment::{Experiment, Iteration, Kind, Status};
use super::scope::Scope;
use super::settings::PARALLEL_DEFAULT;

pub use decide::{Decision, Verdict, is_stuck};

/// What is known when an iteration is prepared or judged.
#[derive(Clone, Copy)]
pub struct Past<'p> {
    /// The experiment.
    pub experiment: &'p Experiment,
    /// Its iterations so far, in order.
    pub iterations: &'p [Iteration],
}

/// How iterations are begun.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preparation {
    /// The commit to begin from.
    pub from: String,
    /// How many may run beside each other.
    pub beside: u32,
}

/// See the module. The seven that every strategy has, in the order in which they are called.
pub trait Strategy: Send + Sync + 'static {
    /// Measures the untouched workspace, which is in `folder`.
    fn init<'s>(
        &'s self,
        lab: &'s Lab,
        trial: Trial<'s>,
        past: Past<'s>,
    ) -> BoxFuture<'s, Result<Evaluation, Unmeasured>>;

    /// From where the next iterations begin.
    fn prepare_iteration(&self, past: Past<'_>) -> Preparation {
        let beside = past.experiment.settings.parallel.unwrap_or(1);
        Preparation { from: self.rollback(past), beside }
    }

    /// What the model is told. `trial` is the tree that the iteration begins from.
    fn build_prompt<'s>(
        &'s self,
        lab: &'s Lab,
        trial: Trial<'s>,
        past: Past<'s>,
        number: u32,
    ) -> BoxFuture<'s, Result<String, Unmeasured>>;

    /// Measures what an iteration left.
    fn evaluate<'s>(
        &'s self,
        lab: &'s Lab,
        trial: Trial<'s>,
        past: Past<'s>,
    ) -> BoxFuture<'s, Result<Evaluation, Unmeasured>>;

    /// What becomes of an iteration with this evaluation.
    fn decide(&self, evaluation: &Evaluation, past: Past<'_>) -> Verdict {
        decide::decide(evaluation, past)
    }

    /// The commit that is left when what was not accepted is taken back: the best one that others may go on from, else
    /// the untouched workspace.
    fn rollback(&self, past: Past<'_>) -> String {
        decide::best(past)
            .and_then(|one| one.tree.clone())
            .or_else(|| past.experiment.base.clone())
            .unwrap_or_default()
    }

    /// What may be changed.
    fn mutation_scope(&self) -> &Scope;

    /// The tools that a turn of it has.
    fn tools(&self) -> &'static [&'static str];

    /// Whether an iteration has to change a file to be one.
    fn changes_files(&self) -> bool {
        true
    }
}

/// Iterations that a prompt is told of: the last ones.
const TOLD_MAX: usize = 10;
/// Tools that read the files of a tree.
const READING: [&str; 3] = ["read_file", "list_files", "search_files"];
/// Those, and tools that change them.
const WRITING: [&str; 6] = ["read_file", "list_files", "search_files", "write_file", "edit", "bash"];

/// The strategy of an experiment.
///
/// # Errors
/// [`ExperimentError::Field`] for settings that are not of its kind.
pub fn strategy(experiment: &Experiment) -> Result<Box<dyn Strategy>, ExperimentError> {
    experiment.settings.check(experiment.kind)?;
    let settings = &experiment.settings;
    let scope = Scope::new(&settings.scope)?;
    Ok(match experiment.kind {
        Kind::Code => Box::new(code::Code { scope }),
        Kind::Research => Box::new(research::Research { scope }),
        Kind::Prompt => Box::new(prompt::Prompt::new(settings)?),
        Kind::External => Box::new(external::External { code: code::Code { scope } }),
    })
}

/// Iterations beside each other, for strategies whose iterations do not need each other.
fn independent(past: Past<'_>) -> u32 {
    past.experiment.settings.parallel.unwrap_or(PARALLEL_DEFAULT)
}

/// What every prompt says: the goal, the limits, and what came of the earlier iterations.
fn common(past: Past<'_>, number: u32, judged_by: &str) -> String {
    let experiment = past.experiment;
    let mut text = format!(
        "This is iteration {number} of at most {} of the experiment \"{}\".\n\nThe goal: {}\n\n",
        experiment.iterations_max, experiment.title, experiment.goal
    );
    text.push_str("Your tools work in a private copy of the workspace. ");
    match experiment.settings.scope.is_empty() {
        true => text.push_str("No file of it may be changed.\n"),
        false => text.push_str(&format!(
            "Only these files may be changed: {}. If anything else is changed, made or deleted, all of it is thrown away.\n",
            experiment.settings.scope.join(", ")
        )),
    }
    text.push_str(judged_by);
    text.push_str("\nWhat you say about your own work does not count.\n");
    let told = past.iterations.iter().filter(|one| one.number < number && one.ended_ms.is_some());
    let told: Vec<String> = told.map(line).collect();
    let told = told.rchunks(TOLD_MAX).next().unwrap_or_default();
    if !told.is_empty() {
        text.push_str(&format!("\nWhat came of the iterations before:\n{}\n", told.join("\n")));
    }
    let idea =
        usize::try_from(number).unwrap_or(1).checked_sub(1).and_then(|at| experiment.settings.ideas.get(at));
    match idea {
        Some(idea) => text.push_str(&format!("\nTry this now:\n{idea}\n")),
        None => text
            .push_str("\nTry one thing now that was not tried before, then say in a sentence what it was.\n"),
    }
    text
}

fn line(one: &Iteration) -> String {
    let score = one.score.map_or_else(String::new, |score| format!(" (score {score:.2})"));
    let summary: String = one.summary.lines().next().unwrap_or_default().chars().take(300).collect();
    format!("- iteration {}: {}{score}. {summary}", one.number, one.status.as_str())
}

/// Whether later iterations may go on from this one.
fn goes_on(one: &Iteration) -> bool {
    matches!(one.status, Status::Accepted | Status::Continued) && one.tree.is_some()
}

#[cfg(test)]
mod tests;
