//! How an experiment is done and judged, as a person writes it.

use std::path::{Component, Path};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::ExperimentError;
use super::experiment::Kind;
use super::metric::Metric;
use super::results::Format;
use super::scope::Scope;

/// Longest time of one command of an evaluation, in seconds.
const TIMEOUT_S_MAX: u64 = 3_600;
/// Most iterations beside each other.
const PARALLEL_MAX: u32 = 4;
/// Iterations beside each other, where they are independent and nobody says otherwise.
pub const PARALLEL_DEFAULT: u32 = 2;
/// Most ideas, cases or patterns.
const LIST_MAX: usize = 200;
/// Most bytes of one text.
const TEXT_BYTES_MAX: usize = 64 << 10;

/// See the module. Every field has a default, so `{}` is complete but for what its kind needs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Files that may be changed, as patterns relative to the workspace (`src/**`); one that begins with `!` takes away.
    pub scope: Vec<String>,
    /// What has to go on working.
    pub tests: Option<TestCommand>,
    /// What is to become better.
    pub metric: Option<Metric>,
    /// What another model judges.
    pub rubric: Option<Rubric>,
    /// The score from which an iteration is accepted, 0–1.
    pub accept_threshold: f64,
    /// The score up to which it is taken back.
    pub reject_threshold: f64,
    /// Iterations without a better score after which it ends; 0 for never.
    pub stagnation_window: u32,
    /// Ideas of a person, one per iteration, tried in this order. The model is told the one that is its turn.
    pub ideas: Vec<String>,
    /// Who has the ideas; the assistant's own backend without it.
    pub backend: Option<String>,
    /// Its model.
    pub model: Option<String>,
    /// What it may spend.
    pub budget: Spending,
    /// Iterations beside each other; 2 where the strategy says that they are independent, else 1.
    pub parallel: Option<u32>,
    /// Whether a person is asked before an iteration counts, even if nothing is written into the workspace.
    pub gate: bool,
    /// What is done with what was accepted.
    pub apply: Apply,
    /// Of a prompt: what it is tried with.
    pub prompt: Option<PromptCases>,
    /// Of an external one: the program; this or `component`.
    pub command: Option<ShellCommand>,
    /// Of an external one: the WebAssembly component.
    pub component: Option<StrategyComponent>,
}

/// What an experiment may spend in all its turns. What is left out has no limit of its own.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spending {
    /// Tokens, in and out.
    pub tokens: Option<u64>,
    /// US dollars.
    pub cost_usd: Option<f64>,
    /// Calls of tools.
    pub tool_calls: Option<u64>,
}

/// What is done with what was accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Apply {
    /// A person is asked, then it goes into the workspace.
    #[default]
    Ask,
    /// It goes into the workspace, if the policy lets it be written there without a question and somebody attends.
    Auto,
    /// It stays where it is, and can be looked at.
    Never,
}

/// A program with its arguments; no shell unless it is named.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShellCommand {
    /// The program, then its arguments.
    pub command: Vec<String>,
    /// Its longest time in seconds, up to an hour.
    #[serde(default = "timeout_s")]
    pub timeout_s: u64,
}

/// A WebAssembly component that says what to try and judges it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StrategyComponent {
    /// Its file, relative to the workspace and not in the scope.
    pub file: String,
    /// What it is told when it begins.
    #[serde(default)]
    pub options: Map<String, Value>,
    /// Its longest time for one answer in seconds, up to an hour.
    #[serde(default = "timeout_s")]
    pub timeout_s: u64,
}

/// A command whose exit code says whether everything works.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestCommand {
    /// The program, then its arguments.
    pub command: Vec<String>,
    /// Its longest time in seconds, up to an hour.
    #[serde(default = "timeout_s")]
    pub timeout_s: u64,
    /// How it says what passed.
    #[serde(default)]
    pub format: Format,
    /// The file that it says it in, relative to the workspace; its output without it.
    #[serde(default)]
    pub report: Option<String>,
}

/// What another model judges by.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rubric {
    /// What is good, in the words of a person.
    pub text: String,
    /// Who judges: another backend than the one that had the idea.
    pub backend: String,
    /// Its model; the backend's own without it.
    #[serde(default)]
    pub model: String,
}

/// What a prompt is tried with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptCases {
    /// The file of the workspace that holds the prompt. `{{input}}` in it stands for the input of a case; without that
    /// it is the system prompt and the input the message.
    pub file: String,
    /// The backend that it is tried with; the assistant's own without it.
    #[serde(default)]
    pub backend: Option<String>,
    /// Its model.
    #[serde(default)]
    pub model: Option<String>,
    /// The cases.
    pub cases: Vec<Case>,
}

/// One case of a prompt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What goes in.
    pub input: String,
    /// What has to come out.
    pub expect: String,
    /// How that is compared.
    #[serde(default)]
    pub check: Check,
}

/// How an answer is compared with what was expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// It is in the answer.
    #[default]
    Contains,
    /// It is the answer, but for blanks around it.
    Equals,
    /// It is a regular expression that the answer fits.
    Matches,
    /// Both are JSON, and the same.
    Json,
}

const fn timeout_s() -> u64 {
    300
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            scope: Vec::new(),
            tests: None,
            metric: None,
            rubric: None,
            accept_threshold: 0.8,
            reject_threshold: 0.2,
            stagnation_window: 3,
            ideas: Vec::new(),
            backend: None,
            model: None,
            budget: Spending::default(),
            parallel: None,
            gate: false,
            apply: Apply::default(),
            prompt: None,
            command: None,
            component: None,
        }
    }
}

impl Settings {
    /// Whether this can be done at all.
    pub(super) fn check(&self, kind: Kind) -> Result<(), ExperimentError> {
        let wrong = |field, why: &str| Err(ExperimentError::field(field, why.to_owned()));
        let scores = 0.0..=1.0;
        if !scores.contains(&self.accept_threshold) || !scores.contains(&self.reject_threshold) {
            return wrong("settings/accept_threshold", "both thresholds are 0 to 1");
        }
        if self.reject_threshold >= self.accept_threshold {
            return wrong("settings/reject_threshold", "is below accept_threshold");
        }
        if self.parallel.is_some_and(|count| !(1..=PARALLEL_MAX).contains(&count)) {
            return wrong("settings/parallel", "is 1 to 4");
        }
        if self.scope.len() > LIST_MAX || self.ideas.len() > LIST_MAX {
            return wrong("settings/ideas", "has at most 200 entries, as the scope has");
        }
        if self.ideas.iter().chain(&self.scope).any(|text| text.len() > TEXT_BYTES_MAX) {
            return wrong("settings/ideas", "has entries of at most 64 KiB");
        }
        Scope::new(&self.scope)?;
        for command in self.commands() {
            check_command(command.0, command.1, command.2)?;
        }
        if let Some(metric) = &self.metric {
            metric.check()?;
        }
        if let Some(rubric) = &self.rubric {
            if rubric.text.trim().is_empty() || rubric.text.len() > TEXT_BYTES_MAX {
                return wrong("settings/rubric", "has a text of at most 64 KiB");
            }
            if self.backend.as_deref() == Some(rubric.backend.as_str()) {
                return wrong(
                    "settings/rubric",
                    "is judged by another backend than the one that has the ideas",
                );
            }
        }
        self.check_kind(kind)
    }

    /// Every command that it runs.
    pub(super) fn each_command(&self) -> impl Iterator<Item = &[String]> {
        self.commands().into_iter().map(|(_, command, _)| command)
    }

    fn commands(&self) -> Vec<(&'static str, &[String], u64)> {
        let tests = self.tests.iter().map(|one| ("settings/tests", one.command.as_slice(), one.timeout_s));
        let metric = self.metric.iter().map(|one| ("settings/metric", one.command.as_slice(), one.timeout_s));
        let own = self.command.iter().map(|one| ("settings/command", one.command.as_slice(), one.timeout_s));
        tests.chain(metric).chain(own).collect()
    }

    fn check_kind(&self, kind: Kind) -> Result<(), ExperimentError> {
        let needs = |field, why: &str| Err(ExperimentError::field(field, why.to_owned()));
        match kind {
            Kind::Code if self.scope.is_empty() => {
                needs("settings/scope", "names the files that may be changed, such as src/**")
            }
            Kind::Code if self.tests.is_none() && self.metric.is_none() && self.rubric.is_none() => needs(
                "settings/tests",
                "is needed, or metric or rubric: what a model says of itself is no result",
            ),
            Kind::Research if self.rubric.is_none() => {
                needs("settings/rubric", "is needed: another model judges the answer")
            }
            Kind::Prompt => match &self.prompt {
                Some(prompt) if (1..=LIST_MAX).contains(&prompt.cases.len()) => check_cases(prompt),
                _ => needs("settings/prompt", "names a file and 1 to 200 cases"),
            },
            Kind::External if self.command.is_some() == self.component.is_some() => {
                needs("settings/command", "names the program, or component the component; one of them")
            }
            Kind::External if self.scope.is_empty() => {
                needs("settings/scope", "names the files that may be changed; the program cannot widen it")
            }
            Kind::External => self.component.as_ref().map_or(Ok(()), |one| check_component(one, &self.scope)),
            Kind::Code | Kind::Research => Ok(()),
        }
    }
}

fn check_command(field: &'static str, command: &[String], timeout_s: u64) -> Result<(), ExperimentError> {
    let fits = command.first().is_some_and(|program| !program.trim().is_empty())
        && command.len() <= LIST_MAX
        && command.iter().all(|part| part.len() <= TEXT_BYTES_MAX && !part.contains('\0'));
    if !fits {
        return Err(ExperimentError::field(field, "has a command: a program and its arguments".to_owned()));
    }
    if !(1..=TIMEOUT_S_MAX).contains(&timeout_s) {
        return Err(ExperimentError::field(field, format!("has a timeout_s of 1 to {TIMEOUT_S_MAX}")));
    }
    Ok(())
}

fn check_component(component: &StrategyComponent, scope: &[String]) -> Result<(), ExperimentError> {
    let wrong = |why: &str| Err(ExperimentError::field("settings/component", why.to_owned()));
    let file = Path::new(&component.file);
    let is_plain = file.components().all(|part| matches!(part, Component::Normal(_)));
    if !is_plain || component.file.is_empty() || component.file.len() > TEXT_BYTES_MAX {
        return wrong("has a file: its path in the workspace");
    }
    if Scope::new(scope)?.allows(&component.file) {
        return wrong("has a file that the scope lets be changed; what judges must stay as it is");
    }
    if !(1..=TIMEOUT_S_MAX).contains(&component.timeout_s) {
        return wrong("has a timeout_s of 1 to 3600");
    }
    Ok(())
}

fn check_cases(prompt: &PromptCases) -> Result<(), ExperimentError> {
    for case in prompt.cases.iter().filter(|case| case.check == Check::Matches) {
        regex::Regex::new(&case.expect).map_err(|_| {
            ExperimentError::field("settings/prompt", format!("`{}` is no regular expression", case.expect))
        })?;
    }
    Ok(())
}
