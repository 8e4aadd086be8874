//! What is wrong with a configuration, all of it, each problem with its place.

use std::fmt;

use super::reader::Refusal;
use super::tree::{Node, Origin};

/// One problem: where it was written and what to change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigProblem {
    /// `file:line:column`, the name of a variable, or a flag.
    pub place: String,
    /// What is wrong, with the setting's dotted name.
    pub text: String,
}

/// Every problem of a configuration. The daemon does not start with one: exit code 64.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigProblems(Vec<ConfigProblem>);

impl ConfigProblems {
    /// The problems in the order of their places.
    #[must_use]
    pub fn as_slice(&self) -> &[ConfigProblem] {
        &self.0
    }
}

impl fmt::Display for ConfigProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0.len() == 1 { "" } else { "s" };
        write!(f, "{} problem{plural} in the configuration", self.0.len())?;
        for problem in &self.0 {
            write!(f, "\n  {}: {}", problem.place, problem.text)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigProblems {}

/// Problems while they are collected.
#[derive(Default)]
pub(super) struct Problems(Vec<(Origin, String)>);

impl Problems {
    pub(super) fn push(&mut self, origin: Origin, text: String) {
        self.0.push((origin, text));
    }

    /// A value or key that does not fit the types.
    pub(super) fn unreadable(&mut self, tree: &Node, refusal: Refusal) {
        let name = refusal.path.join(".");
        let entry = tree.nearest(&refusal.path);
        let origin = match entry {
            Some(entry) if refusal.of_key => entry.key.clone(),
            Some(entry) => entry.node.origin.clone(),
            None => tree.origin.clone(),
        };
        // An unknown key names itself; every other text needs the name of its setting.
        let text = match (refusal.of_key, refusal.path.split_last()) {
            (true, Some((_, section))) if !section.is_empty() => {
                format!("{} in [{}]", refusal.text, section.join("."))
            }
            (true, _) => refusal.text,
            (false, _) => format!("{name}: {}", refusal.text),
        };
        self.push(origin, text);
    }

    pub(super) fn of<'a>(&'a mut self, tree: &'a Node) -> Check<'a> {
        Check { problems: self, tree }
    }

    pub(super) fn into_result<T>(mut self, value: T) -> Result<T, ConfigProblems> {
        if self.0.is_empty() {
            return Ok(value);
        }
        self.0.sort();
        self.0.dedup();
        let problems =
            self.0.into_iter().map(|(origin, text)| ConfigProblem { place: origin.to_string(), text });
        Err(ConfigProblems(problems.collect()))
    }
}

/// What a section's `validate` reports to.
pub(super) struct Check<'a> {
    problems: &'a mut Problems,
    tree: &'a Node,
}

impl Check<'_> {
    /// The setting with this dotted name has a value that cannot work.
    pub(super) fn problem(&mut self, name: &str, text: impl fmt::Display) {
        let path: Vec<String> = name.split('.').map(str::to_owned).collect();
        let origin = self.tree.nearest(&path).map_or(Origin::Default, |entry| entry.node.origin.clone());
        self.problems.push(origin, format!("{name} {text}"));
    }

    /// The setting is a number outside its bounds, both inclusive.
    pub(super) fn within<N: Copy + PartialOrd + fmt::Display>(
        &mut self,
        name: &str,
        value: N,
        low: N,
        high: N,
    ) {
        if value < low || value > high {
            self.problem(name, format_args!("is {value}, must be {low} to {high}"));
        }
    }
}
