//! What Copilot says of its provider in the model's place: notes in the text of an answer, each a piece of its own.

use crate::coders::rpc::{failed, kind_of, status_in};
use crate::protocol::model::{ModelError, ModelErrorKind};

/// What a piece of text is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Note {
    /// The model is asked again.
    Retrying,
    /// A tool was refused; the host knows.
    Refused,
    /// The prompt failed, where nothing follows.
    Failed,
}

/// The note that `text` is; `None` for what the model says.
pub(super) fn note(text: &str) -> Option<Note> {
    if let Some(info) = text.strip_prefix("Info: ") {
        return match info {
            "Operation cancelled by user" => Some(Note::Refused),
            "Request failed due to a transient API error. Retrying..."
            | "Response was interrupted due to a server error. Retrying..." => Some(Note::Retrying),
            _ => None,
        };
    }
    let error = text.strip_prefix("Error: ")?;
    let known = error.starts_with("Failed to get response from the AI model")
        || error.starts_with("Authentication failed with provider")
        || status_in(error).is_some();
    known.then_some(Note::Failed)
}

/// The failure in the words of a [`Note::Failed`]: `(HTTP 401)`, `Last error: 429 …`, `Error: 400 …`.
pub(super) fn failure(text: &str) -> ModelError {
    let error = text.strip_prefix("Error: ").unwrap_or(text);
    let after = |mark: &str| error.split_once(mark).and_then(|(_, rest)| status_in(rest));
    let status = after("(HTTP ").or_else(|| after("Last error: ")).or_else(|| status_in(error));
    let kind = match status {
        Some(status) => kind_of(status),
        None if error.starts_with("Authentication failed") => ModelErrorKind::Authentication,
        None if error.contains("missing finish_reason") => ModelErrorKind::Truncated,
        None => ModelErrorKind::Upstream,
    };
    failed(kind, status, error)
}
