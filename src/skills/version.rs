//! Texts of a skill as they were, and what came of using it.

use super::estimate::Outcome;

/// Most versions of a skill; the oldest go first.
pub const VERSIONS_MAX: usize = 50;

/// What was done to a skill.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SkillDeed {
    /// It was learnt from an experiment.
    Learnt,
    /// A person wrote it.
    Written,
    /// A version of it was put back.
    Restored,
    /// It was removed.
    Removed,
    /// Its file was changed by hand.
    Found,
}

/// A text of a skill of the home.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SkillVersion {
    /// Its number: 1 is the oldest.
    pub number: i64,
    /// What was done.
    pub deed: SkillDeed,
    /// The experiment that it was learnt from; empty for none.
    pub origin: String,
    /// The `SKILL.md`.
    pub text: String,
    /// Who did it.
    pub by: String,
    /// When, in ms since 1970.
    pub at_ms: i64,
}

/// Where an outcome is known from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OutcomeKind {
    /// Somebody said whether an answer helped.
    Feedback,
    /// An experiment that had it, or that it was learnt from, or an iteration that had it, was accepted or rejected.
    Experiment,
    /// A turn that had it failed.
    Failure,
}

/// Something that came of using a skill.
#[derive(Clone, PartialEq, Debug)]
pub struct SkillOutcome {
    /// Where it is known from.
    pub kind: OutcomeKind,
    /// The turn, with who said it, or the experiment, with the number of the iteration where it is one.
    pub subject: String,
    /// What it says.
    pub outcome: Outcome,
}

// === impl SkillDeed and OutcomeKind ===

impl SkillDeed {
    const ALL: [Self; 5] = [Self::Learnt, Self::Written, Self::Restored, Self::Removed, Self::Found];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Learnt => "learnt",
            Self::Written => "written",
            Self::Restored => "restored",
            Self::Removed => "removed",
            Self::Found => "found",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.as_str() == word)
    }
}

impl OutcomeKind {
    const ALL: [Self; 3] = [Self::Feedback, Self::Experiment, Self::Failure];

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Feedback => "feedback",
            Self::Experiment => "experiment",
            Self::Failure => "failure",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}
