//! The prefilter: one automaton over the words of all kinds. Text without a word is never looked at again.
//!
//! Built once per process, at the first scan.

use std::collections::{BTreeMap, HashSet};
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::kind::{Kind, Place};
use super::{kinds, run};

/// What a word makes worth a look.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// This kind.
    Kind(&'static Kind),
    /// The start of a kind's secret in base64.
    Encoded,
    /// A character that takes no room.
    Invisible,
}

/// See the module.
pub(super) struct Prefilter {
    words: AhoCorasick,
    /// By pattern: everything that its word is a word of.
    targets: Vec<Vec<Target>>,
    labels: HashSet<&'static str>,
}

/// Shortest word whose base64 is looked for: fewer bytes would be found everywhere.
const ENCODED_BYTES_MIN: usize = 4;
/// The start of a key block in base64.
const BLOCK_START: &str = "-----BEGIN ";

/// The prefilter of this process; `None` if it could not be built, which a test excludes.
pub(super) fn get() -> Option<&'static Prefilter> {
    static BUILT: OnceLock<Option<Prefilter>> = OnceLock::new();
    BUILT.get_or_init(build).as_ref()
}

fn build() -> Option<Prefilter> {
    let mut words: BTreeMap<String, Vec<Target>> = BTreeMap::new();
    let mut labels = HashSet::from(["SECRET", "PRIVATE_KEY", "UNSCANNED"]);
    for kind in kinds::each() {
        labels.insert(kind.label);
        for word in kind.words.iter().map(|word| (*word).to_owned()).chain(made(kind)) {
            if kind.place == Place::Run && is_beginning(&word) {
                words.entry(in_base64(&word)).or_default().push(Target::Encoded);
            }
            words.entry(word).or_default().push(Target::Kind(kind));
        }
    }
    words.entry(in_base64(BLOCK_START)).or_default().push(Target::Encoded);
    for invisible in run::INVISIBLE {
        words.entry(invisible.to_owned()).or_default().push(Target::Invisible);
    }
    let (words, targets): (Vec<_>, Vec<_>) = words.into_iter().unzip();
    let words = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .kind(Some(AhoCorasickKind::DFA))
        .build(words)
        .ok()?;
    Some(Prefilter { words, targets, labels })
}

/// Whether secrets begin with this word, and often enough in base64 to be worth a pattern.
fn is_beginning(word: &str) -> bool {
    word.len() >= ENCODED_BYTES_MIN
        && word.starts_with(|c: char| c.is_ascii_alphabetic())
        && !word.contains(['/', '=', ' '])
}

/// The characters of a word's base64 that don't depend on what follows.
fn in_base64(word: &str) -> String {
    let mut text = STANDARD_NO_PAD.encode(word);
    text.truncate(word.len() * 8 / 6);
    text
}

/// Words that are too many to write down.
fn made(kind: &Kind) -> Vec<String> {
    match kind.name {
        "twilio_key" => hexadecimal("SK"),
        "twilio_account" => hexadecimal("AC"),
        "discord_bot_token" => numbers_in_base64(),
        _ => Vec::new(),
    }
}

fn hexadecimal(prefix: &str) -> Vec<String> {
    (0..=u8::MAX).map(|byte| format!("{prefix}{byte:02x}")).collect()
}

/// The first four characters of base64 of every number: the id that a bot's token begins with.
fn numbers_in_base64() -> Vec<String> {
    (100..1_000).map(|number| STANDARD_NO_PAD.encode(number.to_string())).collect()
}

// === impl Prefilter ===

impl Prefilter {
    /// Every word in a text: where it begins, and what it makes worth a look. Ordered by where words end.
    pub(super) fn hits<'s>(&'s self, text: &'s str) -> impl Iterator<Item = (usize, &'s [Target])> {
        self.words.find_overlapping_iter(text).filter_map(|hit| {
            let targets = self.targets.get(hit.pattern().as_usize())?;
            Some((hit.start(), targets.as_slice()))
        })
    }

    /// Whether this is a label of ours.
    pub(super) fn is_label(&self, text: &str) -> bool {
        self.labels.contains(text)
    }
}
