//! What was measured of a tree, and the measuring: programs in the sandbox, and models that did not write what they judge.
//!
//! **Invariant:** nothing here reads what the model that had the idea says of it, but for the answer to a question of
//! research, which is the very thing that is judged.

mod citations;
mod measure;

use std::path::Path;
use std::sync::Arc;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::metric::Sample;
use super::results::Counts;
use crate::policy::KillSwitches;
use crate::protocol::ids::TenantId;
use crate::sandbox::Sandbox;

pub use citations::{Cited, Evidence};
pub(super) use measure::{cases, component, external, judged, metric, rubric, tests};

/// Most bytes of a program's output that are looked at.
const OUTPUT_BYTES_MAX: usize = 1 << 20;
/// Most bytes of it that are kept.
const TAIL_BYTES_MAX: usize = 4_000;

/// What was measured.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Evaluation {
    /// Whether everything works that has to.
    pub tests: Option<Tested>,
    /// The number that is to become better.
    pub metric: Option<Sample>,
    /// What another model, or a program, thinks of it.
    pub judged: Option<Judged>,
    /// The sources that an answer names.
    pub cited: Option<Cited>,
    /// 0–1, all of it together.
    pub score: f64,
    /// The end of what the programs wrote.
    pub output: String,
}

/// What a test command said.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Tested {
    /// Whether everything passed: the exit code says so, and nothing else says otherwise.
    pub passed: bool,
    /// How it ended.
    pub ended: String,
    /// What it counted.
    pub counts: Option<Counts>,
}

/// What somebody else thinks of it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Judged {
    /// Who.
    pub by: String,
    /// 0–1.
    pub score: f64,
    /// Why.
    pub why: String,
}

/// A question to a model, on behalf of an experiment.
#[derive(Clone, Debug, Default)]
pub struct ModelQuestion {
    /// The backend; the assistant's own without it.
    pub backend: Option<String>,
    /// Its model; the backend's own without it.
    pub model: Option<String>,
    /// The system prompt.
    pub system: String,
    /// The message.
    pub message: String,
}

/// Asks models within the policy, the kill switch and the budget of the experiment.
pub trait AskModel: Send + Sync + 'static {
    /// The whole answer, or why there is none.
    fn ask(&self, question: ModelQuestion) -> BoxFuture<'_, Result<String, String>>;
}

/// Why something could not be measured. It says nothing about the idea.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unmeasured(pub String);

/// What is needed to measure.
#[derive(Clone)]
pub struct Lab {
    /// Whose experiment it is.
    pub tenant: TenantId,
    /// Where programs run; they have no network there.
    pub sandbox: Sandbox,
    /// Whether anything may be started.
    pub switches: KillSwitches,
    /// Who asks models.
    pub asker: Arc<dyn AskModel>,
}

/// What is measured.
#[derive(Clone, Copy)]
pub struct Trial<'t> {
    /// A fresh folder with the files of the tree.
    pub folder: &'t Path,
    /// What the model answered; only research judges it.
    pub answer: &'t str,
    /// What its tools read.
    pub evidence: &'t [Evidence],
    /// What it changed, as text.
    pub patch: &'t str,
}

// === impl Evaluation ===

impl Evaluation {
    /// Whether nothing is known to be broken.
    #[must_use]
    pub fn works(&self) -> bool {
        self.tests.as_ref().is_none_or(|tests| tests.passed)
    }

    /// What was measured, in a few words.
    #[must_use]
    pub fn words(&self) -> String {
        let mut parts = Vec::new();
        if let Some(tests) = &self.tests {
            let word = if tests.passed { "tests pass" } else { "tests fail" };
            parts.push(match tests.counts {
                // Cases: some that fail are a lower score only.
                Some(counts) if tests.passed && counts.passed < counts.run() => tests.ended.clone(),
                Some(counts) => format!("{word} ({} of {})", counts.passed, counts.run()),
                None => format!("{word} ({})", tests.ended),
            });
        }
        if let Some(metric) = &self.metric {
            parts.push(format!("measured {} (±{})", shown(metric.median), shown(metric.spread)));
        }
        if let Some(judged) = &self.judged {
            parts.push(format!("{} gives {:.2}", judged.by, judged.score));
        }
        if let Some(cited) = &self.cited {
            parts.push(format!("{} of {} citations hold", cited.held, cited.held + cited.false_ones.len()));
        }
        parts.join("; ")
    }

    /// Adds the end of an output.
    pub(super) fn keep(&mut self, output: &str) {
        if !self.output.is_empty() && !output.is_empty() {
            self.output.push('\n');
        }
        self.output.push_str(output);
        let cut = self.output.len().saturating_sub(TAIL_BYTES_MAX);
        if cut > 0 {
            let from = (cut..=self.output.len()).find(|at| self.output.is_char_boundary(*at)).unwrap_or(0);
            self.output.drain(..from);
        }
    }
}

/// A number with as many digits as people read.
#[must_use]
pub fn shown(number: f64) -> String {
    let digits = match number.abs() {
        size if size >= 1_000.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.1 => 3,
        _ => 6,
    };
    let text = format!("{number:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests;
