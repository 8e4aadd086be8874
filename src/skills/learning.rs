//! A skill out of an experiment that was accepted: what it was for, what changed, and what proved it. Pure.

use serde::Deserialize;
use serde_json::Value;

use super::SkillPlace;
use super::document::{DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX};

/// Most skills whose outcome is noted.
const USED_MAX: usize = 100;
/// Most characters of each part.
const PART_CHARS_MAX: usize = 4_000;

/// What is known of an experiment that has ended.
#[derive(Deserialize)]
struct Experiment {
    id: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    goal: String,
    #[serde(default)]
    config: Value,
    /// Whether it had read untrusted text; whoever does not say so may have.
    tainted: Option<bool>,
}

/// What came of it.
#[derive(Deserialize)]
struct Outcome {
    decision: String,
    score: Option<f64>,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    diff_stat: Value,
    tainted: Option<bool>,
}

/// A skill that was learnt, before it is kept.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Learnt {
    /// The experiment.
    pub(super) origin: String,
    /// The name that it gets if nobody has it.
    pub(super) name: String,
    pub(super) description: String,
    pub(super) body: String,
    /// Whether nothing untrusted had a hand in it.
    pub(super) is_trusted: bool,
}

/// An experiment that has ended, as far as skills are concerned.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Ended {
    pub(super) id: String,
    /// Whether it was accepted; `None` when nobody judged it.
    pub(super) accepted: Option<bool>,
    /// Skills that it had.
    pub(super) used: Vec<(SkillPlace, String)>,
    /// What is learnt of it.
    pub(super) learnt: Option<Learnt>,
}

/// An iteration that was judged, as far as skills are concerned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Judged {
    /// The experiment and its number.
    pub(super) subject: String,
    pub(super) accepted: bool,
    /// Skills that it had.
    pub(super) used: Vec<(SkillPlace, String)>,
}

/// What the data of `experiment_completed` says; `None` when it is not what was agreed.
pub(super) fn ended(data: &Value) -> Option<Ended> {
    // silent-ok: data of another shape teaches nothing.
    let experiment = Experiment::deserialize(data.get("experiment")?).ok()?;
    let outcome = Outcome::deserialize(data.get("result")?).ok()?; // silent-ok: the same
    let accepted = match outcome.decision.as_str() {
        "accepted" | "accept" => Some(true),
        "rejected" | "reject" => Some(false),
        _ => None,
    };
    let used = skills(experiment.config.get("skills"));
    let learnt = (accepted == Some(true)).then(|| learn(&experiment, &outcome)).flatten();
    Some(Ended { id: experiment.id, accepted, used, learnt })
}

/// What the data of `iteration_completed` says; `None` when it is not what was agreed, or says neither yes nor no.
pub(super) fn judged(data: &Value) -> Option<Judged> {
    let iteration = data.get("iteration")?;
    let accepted = match iteration.get("status")?.as_str()? {
        "accepted" => true,
        "rejected" => false,
        _ => return None,
    };
    let (id, number) = (data.get("experiment_id")?.as_str()?, iteration.get("number")?.as_u64()?);
    Some(Judged { subject: format!("{id} {number}"), accepted, used: skills(iteration.get("skills")) })
}

/// Skills by their ids: a name, in a workspace behind the id of that.
fn skills(ids: Option<&Value>) -> Vec<(SkillPlace, String)> {
    let read = |id: &str| match id.split_once('/') {
        Some((workspace, name)) => Some((SkillPlace::Workspace(workspace.parse().ok()?), name.to_owned())),
        None => Some((SkillPlace::Home, id.to_owned())),
    };
    let ids = ids.and_then(Value::as_array).into_iter().flatten();
    ids.filter_map(Value::as_str).filter_map(read).take(USED_MAX).collect()
}

fn learn(experiment: &Experiment, outcome: &Outcome) -> Option<Learnt> {
    let goal = one_line(&experiment.goal);
    let title = one_line(&experiment.title);
    let what = if goal.is_empty() { &title } else { &goal };
    if what.is_empty() || outcome.summary.trim().is_empty() {
        return None;
    }
    let mut body = format!(
        "# {}\n\n## What it is for\n\n{}\n",
        if title.is_empty() { what } else { &title },
        part(what)
    );
    body.push_str(&format!("\n## What worked\n\n{}\n", part(&outcome.summary)));
    let changed = match &outcome.diff_stat {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if !changed.trim().is_empty() {
        body.push_str(&format!("\n## What changed\n\n{}\n", part(&changed)));
    }
    let score = outcome.score.map(|score| format!(" with the score {score:.3}")).unwrap_or_default();
    body.push_str(&format!(
        "\n## What proved it\n\nThe {} experiment {} was accepted{score}.\n",
        one_line(&experiment.kind),
        one_line(&experiment.id)
    ));
    let named = if title.is_empty() { what } else { &title };
    let description: String =
        format!("How this was done: {what}").chars().take(DESCRIPTION_CHARS_MAX).collect();
    Some(Learnt {
        origin: experiment.id.clone(),
        name: slug(named),
        description,
        body,
        is_trusted: [experiment.tainted, outcome.tainted].contains(&Some(false))
            && ![experiment.tainted, outcome.tainted].contains(&Some(true)),
    })
}

/// The `SKILL.md` under this name. What goes into the front matter is quoted, so that it stays one value.
pub(super) fn document(learnt: &Learnt, name: &str) -> String {
    let quoted = |text: &str| Value::String(text.to_owned()).to_string();
    let (description, origin) = (quoted(&learnt.description), quoted(&learnt.origin));
    format!(
        "---\nname: {name}\ndescription: {description}\nmetadata:\n  origin: {origin}\n---\n\n{}",
        learnt.body
    )
}

/// A name out of a title: what is no letter or digit of ASCII is a hyphen.
fn slug(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut name = String::new();
    for word in words {
        // Room for a number behind it.
        if name.len() + word.len() + 1 > NAME_CHARS_MAX - 8 {
            break;
        }
        if !name.is_empty() {
            name.push('-');
        }
        name.push_str(&word.to_ascii_lowercase());
    }
    if name.is_empty() { "learnt".to_owned() } else { name }
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    words.join(" ")
}

fn part(text: &str) -> String {
    let text: String = text.trim().chars().filter(|c| *c == '\n' || *c == '\t' || !c.is_control()).collect();
    text.chars().take(PART_CHARS_MAX).collect()
}
