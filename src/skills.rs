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

mod desk;
mod document;
mod error;
mod folders;
mod prompt;
mod skill;
mod store;
mod tool;

pub use desk::Skills;
pub use document::{DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX, SkillDocument, SkillProblem};
pub use error::SkillError;
pub use folders::{FILE_BYTES_MAX, FILES_BYTES_MAX, FILES_MAX, NewSkill, SKILLS_MAX, TEXT_BYTES_MAX};
pub use prompt::PROMPT_BYTES_MAX;
pub use skill::{Skill, SkillFile, SkillPlace, SkillState};
pub use tool::SkillTool;

#[cfg(test)]
mod tests;
