//! What a kind of secret is, as data; and its expression, built when it is needed first.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

use super::check::Check;

/// Where a kind is looked for once one of its words was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// Anywhere in the run that the word is in.
    Run,
    /// From the word on, in its own run or one of the next: the word is what announces the secret.
    After,
}

/// One kind of secret.
pub(super) struct Kind {
    /// The word in a finding.
    pub(super) name: &'static str,
    /// The word in the text that replaces it.
    pub(super) label: &'static str,
    /// Texts, in any case, without which there is nothing to look for.
    pub(super) words: &'static [&'static str],
    /// The expression of the secret. A group `s` is the secret alone.
    shape: &'static str,
    /// What else must hold.
    pub(super) check: Check,
    pub(super) place: Place,
    /// Whether letters and digits may stand directly before it.
    glued: bool,
    built: OnceLock<Option<Regex>>,
}

/// What may stand before a token: nothing, no letter and no digit, or an escape of JSON or of a URL.
const BEFORE: &str = r"(?:^|[^A-Za-z0-9]|\\[nrtbf]|\\u00[0-9a-fA-F]{2}|%[0-9A-Fa-f]{2})";
/// Bounds of the memory of one expression.
const PROGRAM_BYTES: usize = 4 << 20;
const CACHE_BYTES: usize = 256 << 10;

/// A kind that is known by its own shape.
pub(super) const fn token(
    name: &'static str,
    label: &'static str,
    words: &'static [&'static str],
    shape: &'static str,
) -> Kind {
    let built = OnceLock::new();
    Kind { name, label, words, shape, check: Check::Varied, place: Place::Run, glued: false, built }
}

/// A kind that is known by what stands before it.
pub(super) const fn announced(
    name: &'static str,
    label: &'static str,
    words: &'static [&'static str],
    shape: &'static str,
) -> Kind {
    let built = OnceLock::new();
    Kind { name, label, words, shape, check: Check::Varied, place: Place::After, glued: true, built }
}

// === impl Kind ===

impl Kind {
    /// The same with another check.
    pub(super) const fn if_(mut self, check: Check) -> Self {
        self.check = check;
        self
    }

    /// The same, also directly after a letter or digit.
    pub(super) const fn glued(mut self) -> Self {
        self.glued = true;
        self
    }

    /// The expression; `None` if it is broken, which a test excludes.
    pub(super) fn regex(&self) -> Option<&Regex> {
        self.built.get_or_init(|| self.build()).as_ref()
    }

    fn build(&self) -> Option<Regex> {
        let shape = match self.shape.contains("(?P<s>") {
            true => self.shape.to_owned(),
            false => format!("(?P<s>{})", self.shape),
        };
        let pattern = match (self.place, self.glued) {
            (Place::After, _) => format!("^(?i-u:{shape})"),
            (Place::Run, true) => shape,
            (Place::Run, false) => format!("{BEFORE}{shape}"),
        };
        RegexBuilder::new(&pattern)
            .unicode(false)
            .size_limit(PROGRAM_BYTES)
            .dfa_size_limit(CACHE_BYTES)
            .build()
            .ok()
    }
}
