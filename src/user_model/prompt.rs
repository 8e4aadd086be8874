//! What a model is told about the person who asks.

use super::profile::Profile;

/// Topics that a prompt has.
pub const INTERESTS_MAX: usize = 10;
/// Shorter questions are not enriched, in characters.
pub const QUESTION_CHARS_MIN: usize = 10;
/// The longest text, in bytes: whole lines, as many as fit.
pub const CONTEXT_BYTES_MAX: usize = 2_000;

/// The text; empty when nothing is known. Pure.
#[must_use]
pub fn context(profile: &Profile, now_ms: i64) -> String {
    let interests: Vec<&str> =
        profile.interests(now_ms).into_iter().take(INTERESTS_MAX).map(|(word, _)| word).collect();
    let mut lines = Vec::new();
    if !interests.is_empty() {
        lines.push(format!("Often writes about: {}", interests.join(", ")));
    }
    if !profile.preferences.is_empty() {
        lines.push("Says about themselves:".to_owned());
        lines.extend(profile.preferences.iter().map(|one| format!("- {}", one.text.replace('\n', " "))));
    }
    let mut text = String::new();
    for line in lines {
        if text.len() + line.len() < CONTEXT_BYTES_MAX {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text.truncate(text.trim_end().len());
    text
}
