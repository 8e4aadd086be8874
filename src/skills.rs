//! Skills: folders with a `SKILL.md` that says how something is done, in the Agent Skills format.
//!
//! Disclosure is progressive: a prompt has names and descriptions ([`PROMPT_BYTES_MAX`]), the tool `skill` gives the
//! text of one and the files beside it. Folders are in the home (what people put there is on until they turn it off)
//! and in `skills/` of a workspace. Everything is read anew when it is used, by handle and never through a link.
//! `allowed-tools` of a skill allows nothing: policy does.
//!
//! **Invariant:** a skill that is not a valid one is shown with its error, is in no prompt and breaks nothing.
//! **Invariant:** tools can write into a workspace, so a skill there counts only after a person has turned on exactly
//! this `SKILL.md`; when it changes it is off. The files beside it are untrusted text.
//! **Invariant:** without skills no byte is added to a prompt.
//!
//! The plug of `query_pre` puts the skills before a question that it needs: five with 2,000 characters unless
//! the settings say otherwise, by how well their words fit, times how useful they have been. How useful is a Beta posterior over what came
//! of them (`estimate`): what people say of an answer (1), an experiment that had it, or that it was learnt from (1), an
//! iteration of one that had it (1/4), a turn that failed (1/4), each halved for every `skills.half_life_days`. Ranking uses its lower bound.
//!
//! An experiment that was accepted becomes a skill of the home: what it was for, what worked, what changed and what proved
//! it. Every text of a skill of the home is a version that can be put back, also after the skill was removed.
//!
//! **Invariant:** a skill that was learnt is off until a person turns it on, unless its experiment says that nothing
//! untrusted had a hand in it.

mod desk;
mod document;
mod error;
mod estimate;
mod folders;
mod learning;
mod library;
mod plugs;
mod prompt;
mod ranking;
mod skill;
mod store;
mod tool;
mod version;

pub use desk::Skills;
pub use document::{DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX, SkillDocument, SkillProblem};
pub use error::SkillError;
pub use estimate::{Estimate, Outcome, estimate};
pub use folders::{FILE_BYTES_MAX, FILES_BYTES_MAX, FILES_MAX, NewSkill, SKILLS_MAX, TEXT_BYTES_MAX};
pub use plugs::SkillsPlug;
pub use prompt::PROMPT_BYTES_MAX;
pub use skill::{Skill, SkillFile, SkillPlace, SkillState};
pub use tool::SkillTool;
pub use version::{OutcomeKind, SkillDeed, SkillOutcome, SkillVersion, VERSIONS_MAX};

#[cfg(test)]
mod tests;
