//! Redaction: one engine that takes secrets out of text, on every way in and out.
//!
//! | file | what |
//! |---|---|
//! | `kinds` | the table of kinds, and `kind`, `check`: what a kind is, and what its shape can't say |
//! | `prefilter` | one automaton over the words of all kinds |
//! | `run`, `block`, `span` | stretches of text: what a secret can fill, key blocks, what was found |
//! | `engine`, `scan` | the walk over a text, and the judgement of a region |
//! | `known` | exact values from the vault, in all the forms in which they travel |
//! | `stream`, `json` | text in pieces; JSON values |
//! | `leaks`, `store` | the record of what was found, without values |
//!
//! **Invariant:** it fails closed: text that could not be scanned is not passed on.
//! **Invariant:** what a stream shows is what the whole text would show, however it is cut.
//! **Invariant:** work is linear in the text; no text is refused for its size, and a stream holds back at most
//! 12 KiB. **Invariant:** redacting twice is redacting once.

mod block;
mod check;
mod engine;
mod json;
mod kind;
mod kinds;
mod known;
mod leaks;
mod prefilter;
mod run;
mod scan;
mod span;
mod store;
mod stream;

pub use known::{KNOWN_BYTES_MIN, KnownValues};
pub use leaks::{Leak, LeakId, LeakLog};
pub use stream::StreamRedactor;

use std::borrow::Cow;

use engine::{Step, Walk};

/// What stands for a text that could not be scanned.
pub const UNSCANNED: &str = "[REDACTED:UNSCANNED]";

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
pub struct Redactor {
    known: KnownValues,
}

// === impl Redactor ===

impl Redactor {
    /// The engine with its built-in kinds and no known value. Nothing is built before the first scan.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The exact values that are looked for besides the kinds.
    #[must_use]
    pub const fn known(&self) -> &KnownValues {
        &self.known
    }

    /// Takes the secrets out of a whole text.
    #[must_use]
    pub fn redact<'t>(&self, text: &'t str) -> Redacted<'t> {
        let steps = Walk::default().advance(&self.known.table(), text, true);
        if steps.is_empty() {
            return Redacted { text: Cow::Borrowed(text), findings: Vec::new() };
        }
        let (mut shown, mut shown_to) = (String::with_capacity(text.len()), 0);
        let mut findings: Vec<Finding> = Vec::with_capacity(steps.len());
        for step in steps {
            match step {
                Step::Secret(span) => {
                    shown.push_str(text.get(shown_to..span.start).unwrap_or_default());
                    stream::mark(&mut shown, &span.what);
                    shown_to = span.end;
                    findings.push(Finding { kind: span.what.name(), start: span.start, end: span.end });
                }
                Step::More(range) => {
                    shown_to = range.end;
                    if let Some(last) = findings.last_mut() {
                        last.end = range.end;
                    }
                }
            }
        }
        shown.push_str(text.get(shown_to..).unwrap_or_default());
        Redacted { text: Cow::Owned(shown), findings }
    }

    /// Begins a text that comes in pieces. What is known is what was known when it began.
    #[must_use]
    pub fn stream(&self) -> StreamRedactor {
        StreamRedactor::new(self.known.table())
    }
}

// === impl Redacted ===

impl Redacted<'_> {
    /// The same without a borrow.
    #[must_use]
    pub fn into_owned(self) -> Redacted<'static> {
        Redacted { text: Cow::Owned(self.text.into_owned()), findings: self.findings }
    }
}

#[cfg(test)]
mod tests;
