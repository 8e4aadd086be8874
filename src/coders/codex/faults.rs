//! Codex's typed errors: a word, or a word with the provider's HTTP status.

use serde_json::Value;

use crate::coders::rpc::{Fault, failed, kind_of, str_at};
use crate::protocol::model::{ModelError, ModelErrorKind as Kind};

/// The error of a turn: `{message, codexErrorInfo, additionalDetails}`.
pub(super) fn of_turn(error: &Value) -> ModelError {
    let message = str_at(error, "message").unwrap_or_default();
    let details = str_at(error, "additionalDetails").filter(|details| !details.is_empty());
    let info = error.get("codexErrorInfo").unwrap_or(&Value::Null);
    let words = details.unwrap_or(message);
    match info {
        Value::Object(info) => {
            let (name, with) =
                info.iter().next().map_or(("", &Value::Null), |(name, with)| (name.as_str(), with));
            let status =
                with.get("httpStatusCode").and_then(Value::as_u64).and_then(|s| u16::try_from(s).ok());
            let kind = status.map_or_else(|| of_word(name), kind_of);
            failed(kind, status, words)
        }
        Value::String(word) if word != "other" => failed(of_word(word), None, words),
        _ => untyped(words),
    }
}

/// A request of ours that the program refused.
pub(super) fn of_request(fault: &Fault) -> ModelError {
    let kind = match fault.code {
        -32600 | -32602 => Kind::InvalidRequest,
        _ => Kind::Protocol,
    };
    failed(kind, None, &fault.message)
}

fn of_word(word: &str) -> Kind {
    match word {
        "unauthorized" => Kind::Authentication,
        "usageLimitExceeded" | "rateLimitExceeded" | "flexUnavailable" => Kind::RateLimited,
        "serverOverloaded" | "policyCapacityUnavailable" => Kind::Overloaded,
        "contextWindowExceeded" => Kind::TooLarge,
        "modelNotFound" => Kind::NotFound,
        "badRequest" => Kind::InvalidRequest,
        "inferenceHookDenied" | "cyberPolicy" | "misalignmentPolicyViolation" | "tooManyDenials" => {
            Kind::Permission
        }
        "sessionBudgetExceeded" => Kind::BudgetExceeded,
        "sandboxError" => Kind::Configuration,
        "responseStreamDisconnected" => Kind::Truncated,
        "httpConnectionFailed" | "responseStreamConnectionFailed" => Kind::Network,
        _ => Kind::Upstream,
    }
}

/// `other` is a stream that ended too early, or the provider's body for a request that it refused with 400.
fn untyped(words: &str) -> ModelError {
    if words.starts_with("stream disconnected") {
        return failed(Kind::Truncated, None, words);
    }
    let body: Option<Value> = serde_json::from_str(words).ok();
    match body.as_ref().and_then(|body| body.get("error")) {
        Some(error) => failed(Kind::InvalidRequest, None, str_at(error, "message").unwrap_or(words)),
        None => failed(Kind::Upstream, None, words),
    }
}
