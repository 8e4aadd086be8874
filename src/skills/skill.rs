//! Skills as they are found.

use super::{SkillDocument, SkillProblem};
use crate::protocol::ids::WorkspaceId;

/// Where a skill is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SkillPlace {
    /// In the home: every assistant's.
    Home,
    /// In a workspace: known there only.
    Workspace(WorkspaceId),
}

/// Whether a skill counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SkillState {
    /// It is in prompts, and can be read.
    On,
    /// A person has turned it off.
    Off,
    /// It is in a workspace, and nobody has turned on this text of it.
    Unseen,
    /// It is not valid.
    Broken,
}

/// A file beside `SKILL.md`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SkillFile {
    /// Its path in the folder, with `/`.
    pub path: String,
    /// Its length.
    pub bytes: u64,
}

/// A skill as it was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Skill {
    /// Where.
    pub place: SkillPlace,
    /// Its folder, which is its name.
    pub name: String,
    /// What it says, or why it is none.
    pub document: Result<SkillDocument, SkillProblem>,
    /// The `SKILL.md` as it is.
    pub text: String,
    /// Whether it counts.
    pub state: SkillState,
    /// Stands for exactly this text; 0 when there is none.
    pub version: i64,
    /// When it was changed last.
    pub modified_ms: i64,
}

// === impl SkillPlace ===

impl SkillPlace {
    /// The word used in the APIs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Workspace(_) => "workspace",
        }
    }

    /// The workspace, if it is one.
    #[must_use]
    pub const fn workspace(self) -> Option<WorkspaceId> {
        match self {
            Self::Home => None,
            Self::Workspace(id) => Some(id),
        }
    }
}

// === impl SkillState ===

impl SkillState {
    /// The word used in the APIs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Unseen => "unseen",
            Self::Broken => "broken",
        }
    }
}

// === impl Skill ===

impl Skill {
    /// What it does, or why it is none.
    #[must_use]
    pub fn description(&self) -> String {
        match &self.document {
            Ok(document) => document.description.clone(),
            Err(problem) => problem.to_string(),
        }
    }
}
