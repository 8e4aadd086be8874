//! Seals over reasoning, as they are kept: with a word in front that says whose they are.
//!
//! A provider refuses another's seal, and a conversation may change its model between two rounds. Anthropic's have no word
//! in front, because they were kept before there were others; none of them has a colon in it.

/// Google's: the signature of a thought, which goes back on the part that it came with.
pub(super) const GEMINI: &str = "gemini:";
/// OpenAI's Responses: the reasoning items as JSON.
pub(super) const RESPONSES: &str = "responses:";
/// OpenRouter's: the details of reasoning as JSON.
pub(super) const OPENROUTER: &str = "openrouter:";

/// Anthropic's over a block whose whole content is sealed; no signature of theirs starts like this.
pub const REDACTED: &str = "redacted_thinking:";

/// The seal without its word, if it is this one's.
pub(super) fn own<'s>(seal: Option<&'s str>, word: &str) -> Option<&'s str> {
    seal?.strip_prefix(word)
}

/// Whether somebody else than Anthropic made it.
pub(super) fn is_others(seal: &str) -> bool {
    [GEMINI, RESPONSES, OPENROUTER].iter().any(|word| seal.starts_with(word))
}
