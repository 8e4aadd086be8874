//! What becomes of an iteration: a pure function of what was measured now and before.

use super::{Past, goes_on};
use crate::experiments::evaluation::Evaluation;
use crate::experiments::experiment::Iteration;
use crate::experiments::results::Counts;
use crate::experiments::settings::Settings;

/// What becomes of an iteration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// It is good enough to end with.
    Accept,
    /// It is not, and later ones may go on from it.
    Continue,
    /// Nothing of it is left.
    Reject,
}

/// A decision with why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// What becomes of it.
    pub decision: Decision,
    /// Why, in words.
    pub why: String,
}

fn verdict(decision: Decision, why: impl Into<String>) -> Verdict {
    Verdict { decision, why: why.into() }
}

/// All that was measured as one number. What is broken is never above the threshold of rejection.
pub(super) fn score(settings: &Settings, before: Option<&Evaluation>, now: &Evaluation) -> f64 {
    let share = now.tests.as_ref().and_then(|tests| tests.counts).and_then(Counts::share);
    if !now.works() {
        return settings.reject_threshold * share.unwrap_or(0.0);
    }
    let mut parts = Vec::new();
    if let (Some(metric), Some(sample)) = (&settings.metric, &now.metric) {
        let before = before.and_then(|before| before.metric.as_ref()).unwrap_or(sample);
        parts.push(metric.score(before, sample));
    } else if settings.metric.is_some() {
        return 0.0;
    }
    parts.extend(now.judged.as_ref().map(|judged| judged.score));
    if parts.is_empty() {
        parts.push(share.unwrap_or(1.0));
    }
    #[allow(clippy::cast_precision_loss, reason = "at most three")]
    let mean = parts.iter().sum::<f64>() / parts.len() as f64;
    mean * now.cited.as_ref().map_or(1.0, |cited| cited.share())
}

/// The iteration that others go on from: the one with the highest score that is better than the untouched workspace.
pub(super) fn best(past: Past<'_>) -> Option<&Iteration> {
    let floor = past.experiment.baseline.as_ref().map_or(0.0, |base| base.score);
    let better =
        past.iterations.iter().filter(|one| goes_on(one) && one.score.is_some_and(|score| score > floor));
    better.max_by(|a, b| a.score.unwrap_or(0.0).total_cmp(&b.score.unwrap_or(0.0)))
}

pub(super) fn decide(now: &Evaluation, past: Past<'_>) -> Verdict {
    let settings = &past.experiment.settings;
    let baseline = past.experiment.baseline.as_ref();
    let reference = best(past).and_then(|one| one.evaluation.as_ref()).or(baseline);
    if !now.works() {
        return broken(now, reference);
    }
    if let Some(metric) = &settings.metric {
        let (Some(sample), Some(before)) = (&now.metric, reference.and_then(|one| one.metric.as_ref()))
        else {
            return verdict(Decision::Reject, "no number was measured");
        };
        let gain = format!("{:+.1} %", 100.0 * metric.gain(before, sample));
        if metric.is_better(before, sample) {
            return verdict(Decision::Reject, format!("worse than before by more than noise ({gain})"));
        }
        if !metric.is_better(sample, before) {
            return verdict(Decision::Reject, format!("no difference beyond noise ({gain})"));
        }
    } else if let Some(known) = reference.filter(|one| one.works() && one.score >= now.score) {
        let why = format!("not better than before ({:.2}, was {:.2})", now.score, known.score);
        return verdict(Decision::Reject, why);
    }
    match now.score {
        score if score >= settings.accept_threshold => {
            verdict(Decision::Accept, format!("score {score:.2}, {} is enough", settings.accept_threshold))
        }
        score if score <= settings.reject_threshold => verdict(
            Decision::Reject,
            format!("score {score:.2}, {} is too little", settings.reject_threshold),
        ),
        score => verdict(Decision::Continue, format!("score {score:.2}: better, and not there yet")),
    }
}

/// Something does not work. Where nothing worked before either, more tests that pass are a step.
fn broken(now: &Evaluation, before: Option<&Evaluation>) -> Verdict {
    let passed = |one: &Evaluation| {
        one.tests.as_ref().and_then(|tests| tests.counts).map_or(0, |counts| counts.passed)
    };
    let ended = now.tests.as_ref().map_or("", |tests| tests.ended.as_str());
    match before.filter(|before| !before.works()) {
        Some(before) if passed(now) > passed(before) => {
            verdict(Decision::Continue, format!("{} tests pass, it were {}", passed(now), passed(before)))
        }
        _ => verdict(Decision::Reject, format!("tests fail: {ended}")),
    }
}

/// Whether the last iterations brought nothing better.
#[must_use]
pub fn is_stuck(past: Past<'_>) -> bool {
    let window = usize::try_from(past.experiment.settings.stagnation_window).unwrap_or(0);
    let ended: Vec<&Iteration> = past.iterations.iter().filter(|one| one.ended_ms.is_some()).collect();
    if window == 0 || ended.len() < window {
        return false;
    }
    ended.iter().rev().take(window).all(|one| !goes_on(one))
}
