//! What an error status, an error body or a broken exchange means for a caller.
//!
//! Sources: the error tables of Anthropic's and OpenAI's API references, the retry rules of their SDKs
//! (`x-should-retry`, then `retry-after-ms`, then `retry-after`), OpenRouter's numeric codes.

use std::time::Duration;

use serde_json::Value;

use crate::egress::{EgressError, Reply, Secret, mask_keys};
use crate::protocol::model::{ModelError, ModelErrorKind as Kind};

/// Longest error body that is read, in bytes.
pub(super) const ERROR_BODY_BYTES_MAX: usize = 16 * 1024;
/// Longest error text that is passed on, in characters.
const MESSAGE_CHARS_MAX: usize = 500;
/// The longest delay that is believed; a provider that asks for more means "not today".
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3600);

/// A failed try of a call.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// What the caller is told.
    pub(super) error: ModelError,
    /// What the provider says about another try.
    pub(super) should_retry: Option<bool>,
}

/// The headers that say something about another try.
#[derive(Clone, Debug, Default)]
pub(super) struct RetryHeaders {
    pub(super) x_should_retry: Option<String>,
    pub(super) retry_after_ms: Option<String>,
    pub(super) retry_after: Option<String>,
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        Self { error, should_retry: None }
    }
}

impl From<EgressError> for Failure {
    fn from(error: EgressError) -> Self {
        let kind = match &error {
            EgressError::BadUrl { .. }
            | EgressError::Refused { .. }
            | EgressError::Redirect { .. }
            | EgressError::Secret(_)
            | EgressError::NoVault
            | EgressError::SecretPlace { .. }
            | EgressError::BadHeader { .. }
            | EgressError::Setup { .. } => Kind::Configuration,
            EgressError::Unknown { .. }
            | EgressError::Lookup { .. }
            | EgressError::Connect { .. }
            | EgressError::NoStream { .. }
            | EgressError::Broken { .. } => Kind::Network,
            EgressError::Timeout { .. } => Kind::Timeout,
            EgressError::TooLong { .. } => Kind::Protocol,
        };
        ModelError::new(kind, error.to_string()).into()
    }
}

impl RetryHeaders {
    pub(super) fn of(reply: &Reply) -> Self {
        let header = |name| reply.header(name).map(str::to_owned);
        Self {
            x_should_retry: header("x-should-retry"),
            retry_after_ms: header("retry-after-ms"),
            retry_after: header("retry-after"),
        }
    }

    fn should_retry(&self) -> Option<bool> {
        match self.x_should_retry.as_deref() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => None,
        }
    }

    /// The delay that is asked for: milliseconds, seconds (fractions too), or a date.
    pub(super) fn delay(&self, now: jiff::Timestamp) -> Option<Duration> {
        let positive = |text: &str, unit: f64| {
            let number: f64 = text.trim().parse().ok()?;
            Duration::try_from_secs_f64(number * unit).ok()
        };
        let milliseconds = self.retry_after_ms.as_deref().and_then(|text| positive(text, 0.001));
        let delay = milliseconds.or_else(|| {
            let text = self.retry_after.as_deref()?;
            positive(text, 1.0).or_else(|| {
                Some(Duration::try_from(date(text.trim())?.duration_since(now)).unwrap_or(Duration::ZERO))
            })
        });
        delay.map(|delay| delay.min(RETRY_AFTER_MAX))
    }
}

/// A date in one of the three forms of RFC 9110 §5.6.7; the newest first.
fn date(text: &str) -> Option<jiff::Timestamp> {
    let usual = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
    usual.or_else(|| {
        let forms = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
        let civil = forms.iter().find_map(|form| jiff::civil::DateTime::strptime(form, text).ok())?;
        Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    })
}

/// The failure that an error answer describes.
pub(super) fn of_answer(
    status: u16,
    headers: &RetryHeaders,
    body: &[u8],
    key: Option<&Secret>,
    now: jiff::Timestamp,
) -> Failure {
    let told = serde_json::from_slice::<Value>(body).ok().and_then(|value| Told::of(&value));
    let told = told.unwrap_or_default();
    let message = match told.message.as_deref() {
        Some(message) => format!("the provider answered {status}: {message}"),
        None => format!("the provider answered {status}{}", meaning(status)),
    };
    let error = ModelError {
        kind: told.kind.unwrap_or_else(|| kind_of_status(status)),
        message: safe(&message, key),
        retry_after: headers.delay(now).or(told.delay),
        status: Some(status),
    };
    Failure { error, should_retry: headers.should_retry() }
}

/// The failure that an error object inside a stream or a 200 describes, when `value` is one.
pub(super) fn of_error_object(value: &Value, key: Option<&Secret>) -> Failure {
    let told = Told::of(value).unwrap_or_default();
    let kind = told.kind.or(told.status.map(kind_of_status)).unwrap_or(Kind::Upstream);
    let message = told.message.as_deref().unwrap_or("the provider reported an error without a text");
    let error = ModelError {
        status: told.status,
        retry_after: told.delay,
        ..ModelError::new(kind, safe(message, key))
    };
    error.into()
}

/// An answer that the protocol does not allow.
pub(super) fn protocol(message: impl Into<String>) -> Failure {
    ModelError::new(Kind::Protocol, message).into()
}

/// The error of a call without a model.
pub(super) fn no_model(backend: &str) -> ModelError {
    let text = format!("no model is named, and backends.{backend}.model sets none");
    ModelError::new(Kind::Configuration, text)
}

/// A text of a provider as people may see it: short, of one line, without a key.
pub(super) fn safe(text: &str, key: Option<&Secret>) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let masked = mask_keys(&key.map_or_else(|| line.clone(), |key| key.mask_in(&line)));
    match masked.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", masked.get(..end).unwrap_or_default()),
        None => masked,
    }
}

const fn kind_of_status(status: u16) -> Kind {
    match status {
        401 => Kind::Authentication,
        402 | 403 => Kind::Permission,
        404 => Kind::NotFound,
        408 => Kind::Timeout,
        413 => Kind::TooLarge,
        429 => Kind::RateLimited,
        503 | 529 => Kind::Overloaded,
        409 | 425 | 500..=599 => Kind::Upstream,
        400..=499 => Kind::InvalidRequest,
        _ => Kind::Protocol,
    }
}

const fn meaning(status: u16) -> &'static str {
    match status {
        300..=399 => " and another address; redirects are not followed, correct base_url",
        404 => "; is base_url right, with its version path?",
        _ => "",
    }
}

/// What an error object says. Shapes: `{"error":{message,type,code}}`, `{"error":"text"}`,
/// `{"type":"error","error":{type,message}}`, `{"message":…}`, `{"detail":…}`.
#[derive(Default)]
struct Told {
    message: Option<String>,
    kind: Option<Kind>,
    status: Option<u16>,
    /// How long to wait, where the body says so and no header does.
    delay: Option<Duration>,
}

impl Told {
    fn of(value: &Value) -> Option<Self> {
        // Google's streams that are none are lists.
        let value = value.get(0).unwrap_or(value);
        let error = value.get("error").unwrap_or(value);
        if let Value::String(text) = error {
            return Some(Self { message: Some(text.clone()), ..Self::default() });
        }
        let text = |key: &str| error.get(key).and_then(Value::as_str);
        let code = error.get("code");
        let status = code.and_then(|code| code.as_u64().or_else(|| code.as_str()?.parse().ok()));
        let reason = details(error).find_map(|detail| detail.get("reason")?.as_str());
        let words = [reason, text("code"), text("type"), text("status")];
        Some(Self {
            message: text("message").or_else(|| text("detail")).map(|message| with_raw(message, error)),
            kind: words.into_iter().flatten().find_map(kind_of_word),
            status: status.and_then(|status| u16::try_from(status).ok()).filter(|s| (300..=599).contains(s)),
            delay: details(error).find_map(|detail| delay(detail.get("retryDelay")?.as_str()?)),
        })
    }
}

/// Google's further words about an error.
fn details(error: &Value) -> impl Iterator<Item = &Value> {
    error.get("details").and_then(Value::as_array).into_iter().flatten()
}

/// Google's durations: `1s`, `0.847655010s`.
fn delay(text: &str) -> Option<Duration> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    Some(Duration::try_from_secs_f64(seconds).ok()?.min(RETRY_AFTER_MAX))
}

/// OpenRouter says that the provider behind it failed, and beside it what that provider said.
fn with_raw(message: &str, error: &Value) -> String {
    match error.pointer("/metadata/raw").and_then(Value::as_str) {
        Some(raw) => format!("{message}: {raw}"),
        None => message.to_owned(),
    }
}

/// Only words that say more than the status, or that stand where there is no status.
fn kind_of_word(word: &str) -> Option<Kind> {
    Some(match word {
        "context_length_exceeded" | "request_too_large" | "exceed_context_size_error" => Kind::TooLarge,
        "insufficient_quota" | "billing_error" | "permission_error" | "billing_hard_limit_reached" => {
            Kind::Permission
        }
        "model_not_found" | "not_found_error" => Kind::NotFound,
        "invalid_api_key" | "authentication_error" => Kind::Authentication,
        "rate_limit_error" | "rate_limit_exceeded" => Kind::RateLimited,
        "overloaded_error" => Kind::Overloaded,
        "api_error" | "server_error" => Kind::Upstream,
        "timeout_error" | "DEADLINE_EXCEEDED" => Kind::Timeout,
        "API_KEY_INVALID" | "UNAUTHENTICATED" => Kind::Authentication,
        "PERMISSION_DENIED" => Kind::Permission,
        "RESOURCE_EXHAUSTED" => Kind::RateLimited,
        "UNAVAILABLE" => Kind::Overloaded,
        "INTERNAL" => Kind::Upstream,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
