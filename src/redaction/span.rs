//! Places of secrets in a text, and how overlapping ones become one.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::kind::Kind;

/// What was found.
#[derive(Clone)]
pub(super) enum What {
    /// A stored secret of this name.
    Known(Arc<str>),
    /// A secret of a kind.
    Kind(&'static Kind),
    /// A key block.
    Block,
    /// Text that could not be scanned.
    Unscanned,
}

/// One secret in a text.
#[derive(Clone)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) what: What,
}

// === impl What ===

impl What {
    /// The word of a finding.
    pub(super) fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Known(name) => Cow::Owned(format!("vault:{name}")),
            Self::Kind(kind) => Cow::Borrowed(kind.name),
            Self::Block => Cow::Borrowed("private_key"),
            Self::Unscanned => Cow::Borrowed("unscanned"),
        }
    }

    /// The word in the text that replaces it.
    pub(super) const fn label(&self) -> &'static str {
        match self {
            Self::Known(_) => "SECRET",
            Self::Kind(kind) => kind.label,
            Self::Block => "PRIVATE_KEY",
            Self::Unscanned => "UNSCANNED",
        }
    }

    /// Which of two that overlap gives its name: stored secrets, then shapes, then what is announced.
    const fn rank(&self) -> u8 {
        match self {
            Self::Known(_) => 0,
            Self::Block => 1,
            Self::Unscanned => 2,
            Self::Kind(kind) if matches!(kind.place, super::kind::Place::Run) => 3,
            Self::Kind(_) => 4,
        }
    }
}

// === impl Span ===

impl Span {
    pub(super) const fn new(range: Range<usize>, what: What) -> Self {
        Self { start: range.start, end: range.end, what }
    }
}

/// Sorts spans, and makes one of those that overlap.
pub(super) fn merge(spans: &mut Vec<Span>) {
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans.drain(..) {
        match merged.last_mut().filter(|last| span.start < last.end) {
            None => merged.push(span),
            Some(last) => {
                last.end = last.end.max(span.end);
                if span.what.rank() < last.what.rank() {
                    last.what = span.what;
                }
            }
        }
    }
    *spans = merged;
}

/// What of `whole` no span covers. Spans are merged.
pub(super) fn gaps(whole: &Range<usize>, spans: &[Span]) -> Vec<Range<usize>> {
    let mut gaps = Vec::with_capacity(spans.len() + 1);
    let mut from = whole.start;
    for span in spans {
        if span.start > from {
            gaps.push(from..span.start.min(whole.end));
        }
        from = from.max(span.end);
    }
    if from < whole.end {
        gaps.push(from..whole.end);
    }
    gaps
}
