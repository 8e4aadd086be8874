//! A text that comes in pieces.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::engine::{CONTEXT_BYTES, PART_BYTES, Step, Walk};
use super::known::Table;
use super::span::What;
use super::{Finding, run};

/// One text that comes in pieces. Shows, piece by piece, what [`super::Redactor::redact`] shows of the whole.
///
/// Held back is what may be the beginning of a secret: the run at the end (a word, until what ends it), the
/// header of a key block, and the beginning of a known value. **Bound:** never more than 12 KiB; a run that
/// goes on for ever is judged in parts, and a key block is swallowed as it comes.
pub struct StreamRedactor {
    known: Arc<Table>,
    /// The last of what was decided, and everything that was not.
    text: Zeroizing<String>,
    walk: Walk,
    /// How much of the whole was before `text`.
    gone: usize,
    /// The bytes of a character that is not whole yet, from [`StreamRedactor::push_bytes`].
    bytes: Vec<u8>,
    findings: Vec<Finding>,
    /// The last secret, until it is known where it ends.
    open: Option<Finding>,
}

// === impl StreamRedactor ===

impl StreamRedactor {
    pub(super) fn new(known: Arc<Table>) -> Self {
        Self {
            known,
            text: Zeroizing::default(),
            walk: Walk::default(),
            gone: 0,
            bytes: Vec::new(),
            findings: Vec::new(),
            open: None,
        }
    }

    /// Takes a piece, and answers what can be shown now: it may be empty.
    #[must_use]
    pub fn push(&mut self, piece: &str) -> String {
        self.text.push_str(piece);
        // Nothing is decided before a run ends, unless there is more of it than is judged at once.
        let decides = piece.contains(run::is_break) || self.held() >= 2 * PART_BYTES || self.walk.is_open();
        if decides { self.show(false) } else { String::new() }
    }

    /// Takes a piece of UTF-8 that may end, or begin, within a character. What is no UTF-8 becomes `U+FFFD`.
    #[must_use]
    pub fn push_bytes(&mut self, piece: &[u8]) -> String {
        self.bytes.extend_from_slice(piece);
        let bytes = std::mem::take(&mut self.bytes);
        let mut rest = bytes.as_slice();
        for chunk in bytes.utf8_chunks() {
            self.text.push_str(chunk.valid());
            let invalid = chunk.invalid();
            rest = rest.get(chunk.valid().len() + invalid.len()..).unwrap_or_default();
            if invalid.is_empty() {
                continue;
            }
            if rest.is_empty() && is_begun(invalid) {
                self.bytes = invalid.to_vec();
            } else {
                self.text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.show(false)
    }

    /// Ends the text: what was held back.
    #[must_use]
    pub fn finish(&mut self) -> String {
        if !std::mem::take(&mut self.bytes).is_empty() {
            self.text.push(char::REPLACEMENT_CHARACTER);
        }
        let shown = self.show(true);
        self.findings.extend(self.open.take());
        shown
    }

    /// What was replaced since the last call of this. Places count, in bytes, from the beginning of the whole
    /// text. A secret that has not ended yet comes later.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    /// How many bytes are held back.
    #[must_use]
    pub fn held(&self) -> usize {
        self.text.len() - self.walk.done
    }

    fn show(&mut self, last: bool) -> String {
        let mut shown_to = self.walk.done;
        let steps = self.walk.advance(&self.known, &self.text, last);
        let mut shown = String::with_capacity(self.walk.done.saturating_sub(shown_to));
        for step in steps {
            let (range, marker) = match &step {
                Step::Secret(span) => (span.start..span.end, Some(&span.what)),
                Step::More(range) => (range.clone(), None),
            };
            shown.push_str(self.text.get(shown_to..range.start).unwrap_or_default());
            shown_to = range.end;
            match marker {
                Some(what) => {
                    mark(&mut shown, what);
                    self.findings.extend(self.open.take());
                    let (start, end) = (self.gone + range.start, self.gone + range.end);
                    self.open = Some(Finding { kind: what.name(), start, end });
                }
                None => {
                    if let Some(open) = &mut self.open {
                        open.end = self.gone + range.end;
                    }
                }
            }
        }
        shown.push_str(self.text.get(shown_to..self.walk.done).unwrap_or_default());
        if !self.walk.is_open() {
            self.findings.extend(self.open.take());
        }
        self.forget();
        shown
    }

    /// Drops what no later decision needs.
    fn forget(&mut self) {
        let by = run::floor(&self.text, self.walk.done.saturating_sub(CONTEXT_BYTES));
        if by > 0 {
            self.text.drain(..by);
            self.walk.shift(by);
            self.gone += by;
        }
    }
}

/// The marker of a secret.
pub(super) fn mark(text: &mut String, what: &What) {
    text.push_str("[REDACTED:");
    text.push_str(what.label());
    text.push(']');
}

/// Whether more bytes could make these a character.
fn is_begun(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}
