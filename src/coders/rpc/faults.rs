//! What a status or a text of an error means.

use crate::egress::mask_keys;
use crate::protocol::model::{ModelError, ModelErrorKind};

/// Longest text of an error that is passed on, in bytes.
pub(super) const MESSAGE_BYTES_MAX: usize = 2_000;

/// A failure in a program's words, shortened and without keys.
pub(in crate::coders) fn failed(kind: ModelErrorKind, status: Option<u16>, message: &str) -> ModelError {
    let message = mask_keys(clip(message, MESSAGE_BYTES_MAX));
    ModelError { status, ..ModelError::new(kind, message) }
}

/// What a provider's HTTP status means.
pub(in crate::coders) const fn kind_of(status: u16) -> ModelErrorKind {
    match status {
        401 => ModelErrorKind::Authentication,
        402 | 403 => ModelErrorKind::Permission,
        404 => ModelErrorKind::NotFound,
        408 | 504 => ModelErrorKind::Timeout,
        413 => ModelErrorKind::TooLarge,
        429 => ModelErrorKind::RateLimited,
        503 | 529 => ModelErrorKind::Overloaded,
        400..=499 => ModelErrorKind::InvalidRequest,
        _ => ModelErrorKind::Upstream,
    }
}

/// The status of an error that `text` begins with: three digits from 400 to 599 and no further one.
pub(in crate::coders) fn status_in(text: &str) -> Option<u16> {
    let digits: String = text.trim_start().chars().take_while(char::is_ascii_digit).take(4).collect();
    digits.parse().ok().filter(|status| (400..600).contains(status))
}

/// The beginning of `text`, at most `bytes` long.
pub(in crate::coders) fn clip(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or_default()
}
