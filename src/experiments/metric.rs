//! A number that a program prints: how it is read, and when one set of measurements is better than another.
//!
//! Every measurement is a fresh run. Of several the median counts; how far they lie apart (the median of the distances
//! from it) says how much of a difference is noise.

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::ExperimentError;

/// Most runs of one measurement.
const REPETITIONS_MAX: u32 = 50;
/// A difference below this share of the value is none, however still the machine is.
const LEAST_DIFFERENCE: f64 = 0.01;
/// From the median of distances to a standard deviation, for what is spread normally.
const MAD_TO_SIGMA: f64 = 1.4826;
/// So many standard errors apart are apart.
const SIGMAS: f64 = 2.0;

/// What is to become better.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// The program, then its arguments.
    pub command: Vec<String>,
    /// Longest time of one run in seconds, up to an hour.
    #[serde(default = "timeout_s")]
    pub timeout_s: u64,
    /// A regular expression whose first group is the number; or `pointer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// A JSON pointer to the number in what the program prints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Which way is better.
    #[serde(default)]
    pub direction: Direction,
    /// How often it is run, 1–50; the median counts.
    #[serde(default = "repetitions")]
    pub repetitions: u32,
    /// The gain over the untouched workspace that makes a full score: 0.2 is a fifth.
    #[serde(default = "goal")]
    pub goal: f64,
}

/// Which way is better.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Less is better: times, sizes.
    #[default]
    Lower,
    /// More is better.
    Higher,
}

/// What was measured.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// Every run, in order.
    pub values: Vec<f64>,
    /// The value in the middle.
    pub median: f64,
    /// The median of the distances from it.
    pub spread: f64,
}

const fn timeout_s() -> u64 {
    300
}

const fn repetitions() -> u32 {
    3
}

const fn goal() -> f64 {
    0.2
}

// === impl Metric ===

impl Metric {
    pub(super) fn check(&self) -> Result<(), ExperimentError> {
        let wrong = |why: &str| Err(ExperimentError::field("settings/metric", why.to_owned()));
        match (&self.regex, &self.pointer) {
            (Some(_), Some(_)) | (None, None) => return wrong("has either regex or pointer"),
            (Some(regex), None) if Regex::new(regex).map_or(0, |regex| regex.captures_len()) < 2 => {
                return wrong("has a regular expression with a group that is the number");
            }
            (None, Some(pointer)) if !(pointer.is_empty() || pointer.starts_with('/')) => {
                return wrong("has a JSON pointer, which begins with /");
            }
            _ => {}
        }
        if !(1..=REPETITIONS_MAX).contains(&self.repetitions) {
            return wrong("has 1 to 50 repetitions");
        }
        if !(self.goal.is_finite() && self.goal > 0.0 && self.goal <= 1_000.0) {
            return wrong("has a goal above 0: 0.2 is a fifth better");
        }
        Ok(())
    }

    /// The number in an output; `None` when there is none. Of several matches the last one counts.
    #[must_use]
    pub fn read(&self, output: &str) -> Option<f64> {
        let found = match (&self.regex, &self.pointer) {
            (Some(regex), _) => {
                let regex = Regex::new(regex).ok()?;
                regex.captures_iter(output).last()?.get(1)?.as_str().replace(',', "").parse().ok()
            }
            (None, Some(pointer)) => json_in(output)?.pointer(pointer)?.as_f64(),
            (None, None) => None,
        };
        found.filter(|number: &f64| number.is_finite())
    }

    /// How much better this is, as a share of the first: 0.25 is a quarter better, less than 0 is worse.
    #[must_use]
    pub fn gain(&self, before: &Sample, now: &Sample) -> f64 {
        let size = before.median.abs().max(f64::MIN_POSITIVE);
        match self.direction {
            Direction::Lower => (before.median - now.median) / size,
            Direction::Higher => (now.median - before.median) / size,
        }
    }

    /// 0–1: a half is as before, 1 is the goal or more.
    #[must_use]
    pub fn score(&self, before: &Sample, now: &Sample) -> f64 {
        (0.5 + 0.5 * self.gain(before, now) / self.goal).clamp(0.0, 1.0)
    }

    /// Whether one is better than the other by more than noise.
    #[must_use]
    pub fn is_better(&self, now: &Sample, than: &Sample) -> bool {
        self.gain(than, now) > 0.0 && now.differs(than)
    }
}

// === impl Sample ===

impl Sample {
    /// These runs; `None` without any.
    #[must_use]
    pub fn of(values: Vec<f64>) -> Option<Self> {
        let middle = median(&values)?;
        let distances: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
        let spread = median(&distances)?;
        Some(Self { values, median: middle, spread })
    }

    /// Whether the two are apart by more than noise, and by more than a hundredth.
    #[must_use]
    pub fn differs(&self, other: &Self) -> bool {
        let apart = (self.median - other.median).abs();
        let noise = SIGMAS * MAD_TO_SIGMA * self.spread.hypot(other.spread);
        apart > noise && apart > LEAST_DIFFERENCE * other.median.abs()
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    match sorted.len() % 2 {
        0 => Some((sorted.get(sorted.len() / 2 - 1)? + upper) / 2.0),
        _ => Some(upper),
    }
}

/// The whole output as JSON, else its last line that is some.
pub(super) fn json_in(output: &str) -> Option<Value> {
    let whole = serde_json::from_str(output.trim()).ok();
    whole.or_else(|| {
        output.lines().rev().find_map(|line| {
            let value: Value = serde_json::from_str(line.trim()).ok()?;
            (value.is_object() || value.is_array()).then_some(value)
        })
    })
}

#[cfg(test)]
mod tests;
