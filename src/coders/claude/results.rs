//! What the end of a prompt means, and what a tool's answer says as text.

use serde_json::Value;

use super::super::dialect::Ending;
use crate::protocol::chat::{StopReason, Usage};
use crate::protocol::model::{ModelError, ModelErrorKind as Kind};

/// Longest error text that is passed on, in bytes.
const MESSAGE_BYTES_MAX: usize = 600;

/// Whether the session that was to be taken up is not there any more.
pub(super) fn is_lost(result: &Value) -> bool {
    let errors = result["errors"].as_array().into_iter().flatten();
    errors.filter_map(Value::as_str).any(|error| error.starts_with("No conversation found"))
}

pub(super) fn ending(result: &Value, interrupted: bool) -> Ending {
    let failed = result["is_error"].as_bool().unwrap_or(false) || result["subtype"] != "success";
    if !failed {
        return Ending::Stopped(reason(&result["stop_reason"]));
    }
    let terminal = result["terminal_reason"].as_str().unwrap_or_default();
    if interrupted || terminal.starts_with("aborted") {
        return Ending::Interrupted;
    }
    let status = result["api_error_status"].as_u64().and_then(|status| u16::try_from(status).ok());
    let first = result["errors"].get(0).and_then(Value::as_str);
    let said = result["result"].as_str().or(first);
    let said = said.unwrap_or_else(|| result["subtype"].as_str().unwrap_or("it does not say why"));
    let end = said.floor_char_boundary(MESSAGE_BYTES_MAX);
    let message = format!("Claude Code: {}", said.get(..end).unwrap_or_default());
    Ending::Failed(ModelError { status, ..ModelError::new(kind(status, result), message) })
}

fn kind(status: Option<u16>, result: &Value) -> Kind {
    match status {
        Some(400) => Kind::InvalidRequest,
        Some(401) => Kind::Authentication,
        Some(402 | 403) => Kind::Permission,
        Some(404) => Kind::NotFound,
        Some(413) => Kind::TooLarge,
        Some(429) => Kind::RateLimited,
        Some(529 | 503) => Kind::Overloaded,
        Some(_) => Kind::Upstream,
        None if result["subtype"] == "error_max_turns" => Kind::TooLarge,
        None if result["terminal_reason"] == "api_error" => Kind::Network,
        None => Kind::Upstream,
    }
}

fn reason(word: &Value) -> StopReason {
    match word.as_str() {
        Some("max_tokens" | "model_context_window_exceeded") => StopReason::MaxTokens,
        Some("stop_sequence") => StopReason::StopSequence,
        Some("refusal") => StopReason::Refusal,
        _ => StopReason::EndTurn,
    }
}

/// Tokens as the provider counts them: those of the cache are not among its input tokens.
pub(super) fn usage(usage: &Value) -> Usage {
    let count = |key: &str| usage[key].as_u64().unwrap_or(0);
    let (cached, details) = (count("cache_read_input_tokens"), &usage["output_tokens_details"]);
    Usage {
        input_tokens: count("input_tokens") + cached + count("cache_creation_input_tokens"),
        output_tokens: count("output_tokens"),
        cached_tokens: cached,
        reasoning_tokens: details["thinking_tokens"].as_u64().unwrap_or(0),
    }
}

/// A tool's answer: a text, or blocks of which those with text count.
pub(super) fn text(content: &Value) -> String {
    if let Some(text) = content.as_str() {
        return text.to_owned();
    }
    let blocks = content.as_array().into_iter().flatten();
    let texts: Vec<&str> = blocks.filter_map(|block| block["text"].as_str()).collect();
    if texts.is_empty() && !content.is_null() { "(no text)".to_owned() } else { texts.join("\n") }
}
