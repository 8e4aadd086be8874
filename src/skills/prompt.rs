//! Names and descriptions as a part of the system prompt.

use super::{Skill, SkillState};

/// What skills add to a prompt at the most, in bytes.
pub const PROMPT_BYTES_MAX: usize = 4_096;
/// What of one description a prompt has, in bytes.
const DESCRIPTION_BYTES_MAX: usize = 300;
const HEAD: &str = "[Skills] Read one with the tool `skill` before you do what it is for.";
/// What stands for skills that did not fit. Their number has at most three digits.
const LEFT_OUT_BYTES: usize = "\n… and 000 more: call `skill` without a name".len();

/// The part of the system prompt; empty without skills that count.
pub(super) fn listed(skills: &[Skill]) -> String {
    let lines: Vec<String> = skills.iter().filter(|skill| skill.state == SkillState::On).map(line).collect();
    if lines.is_empty() {
        return String::new();
    }
    let mut text = HEAD.to_owned();
    let mut left_out = 0_usize;
    for line in &lines {
        if text.len() + line.len() + LEFT_OUT_BYTES <= PROMPT_BYTES_MAX {
            text.push_str(line);
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        text.push_str(&format!("\n… and {left_out} more: call `skill` without a name"));
    }
    text
}

/// One skill on one line.
pub(super) fn line(skill: &Skill) -> String {
    let words: Vec<String> = skill.description().split_whitespace().map(str::to_owned).collect();
    let description = words.join(" ");
    if description.len() <= DESCRIPTION_BYTES_MAX {
        return format!("\n- {}: {description}", skill.name);
    }
    let kept = description.get(..description.floor_char_boundary(DESCRIPTION_BYTES_MAX)).unwrap_or_default();
    format!("\n- {}: {}…", skill.name, kept.trim_end())
}
