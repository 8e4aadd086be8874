//! What a person sees of an action: all of it, with everything that hides or disguises made visible.

use crate::policy::Action;

use super::error::ApprovalError;

/// Most bytes that a question may show. What is longer is refused: nobody reads it.
pub const SHOWN_BYTES_MAX: usize = 16 * 1_024;

/// A text in which every character is seen as what it is: control characters, invisible ones, those that
/// turn the direction of writing and unusual spaces are written as `\u{…}`, and a backslash as `\\`.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for next in text.chars() {
        match next {
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            next if hides(next) => shown.extend(next.escape_unicode()),
            next => shown.push(next),
        }
    }
    shown
}

/// All actions, one a line, and then the bytes that go with them, each line behind `| `.
pub(super) fn shown(actions: &[Action], payload: &str) -> Result<String, ApprovalError> {
    let mut lines: Vec<String> = actions.iter().map(|action| visible(&action.to_string())).collect();
    if !payload.is_empty() {
        lines.extend(payload.split('\n').map(|line| format!("| {}", visible(line))));
    }
    let shown = lines.join("\n");
    if shown.len() > SHOWN_BYTES_MAX { Err(ApprovalError::TooLong) } else { Ok(shown) }
}

/// Whether a character is not seen, or makes others look different from what they are.
fn hides(next: char) -> bool {
    next.is_control()
        || (next.is_whitespace() && next != ' ')
        || matches!(u32::from(next),
            0x00ad | 0x034f | 0x061c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f
            | 0x200b..=0x200f | 0x2028..=0x202f | 0x205f..=0x206f | 0x2800 | 0x3164 | 0xfe00..=0xfe0f | 0xfeff
            | 0xffa0 | 0xfff0..=0xfffb | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a
            // Private use and tags.
            | 0xe000..=0xf8ff | 0xe0000..=0x10_ffff
            // Marks that sit on the letter before them and can hide it.
            | 0x0300..=0x036f | 0x0483..=0x0489 | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff
            | 0xfe20..=0xfe2f)
}

#[cfg(test)]
mod tests;
