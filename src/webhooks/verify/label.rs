//! Names of events and ids of deliveries, made fit for a page, a log and a prompt.

use super::LABEL_CHARS_MAX;
use super::refusal::Refusal;

/// The name of an event: without invisible characters, cut where it is too long. One with control characters
/// is refused. Blank ones are none.
pub(super) fn event(text: Option<&str>, part: &'static str) -> Result<Option<String>, Refusal> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().any(char::is_control) {
        return Err(Refusal::Unusable { part });
    }
    let seen: String = text.chars().filter(|c| !is_invisible(*c)).take(LABEL_CHARS_MAX).collect();
    Ok(Some(seen).filter(|seen| !seen.is_empty()))
}

/// The id of a delivery. It is never cut: two long ones could become one. Blank ones are none.
pub(super) fn id(text: Option<&str>, part: &'static str) -> Result<Option<String>, Refusal> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let fit = text.chars().take(LABEL_CHARS_MAX + 1).count() <= LABEL_CHARS_MAX
        && !text.chars().any(|c| c.is_control() || is_invisible(c));
    if fit { Ok(Some(text.to_owned())) } else { Err(Refusal::Unusable { part }) }
}

/// Two words of an event, with a dot between them if there are two.
pub(super) fn dotted(first: Option<&str>, second: Option<&str>) -> Option<String> {
    match (first, second) {
        (Some(first), Some(second)) => Some(format!("{first}.{second}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

/// Characters without a picture, and those that change the direction of what follows.
const fn is_invisible(c: char) -> bool {
    matches!(
        c as u32,
        0xad | 0x34f | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff
            | 0xfff9..=0xfffb | 0xe0000..=0xe0fff
    )
}
