//! Runs: the stretches of text that a secret can fill.
//!
//! A run is what stands between two breaks: white space, quotes, brackets, list punctuation, and the
//! characters of scripts that are written without spaces. Except for key blocks and known values no secret
//! has a break in it, so whether a run holds one is known as soon as its end is.

use std::ops::Range;

/// Whether a character can't be part of a token.
pub(super) const fn is_break(c: char) -> bool {
    match c {
        '\u{0}'..=' '
        | '"'
        | '\''
        | '`'
        | ','
        | ';'
        | '<'
        | '>'
        | '('
        | ')'
        | '['
        | ']'
        | '{'
        | '}'
        | '|' => true,
        '\u{7f}'..='\u{a0}' | '¡' | '«' | '»' | '¿' => true,
        '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2010}'..='\u{205f}' => true,
        '\u{feff}' => false,
        c => c >= '\u{2e80}',
    }
}

/// Whether a character takes no room, and is only there to break a word apart unseen.
pub(super) const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// The bytes by which invisible characters are found.
pub(super) const INVISIBLE: [&str; 12] = [
    "\u{ad}", "\u{200b}", "\u{200c}", "\u{200d}", "\u{200e}", "\u{200f}", "\u{2060}", "\u{2061}", "\u{2062}",
    "\u{2063}", "\u{2064}", "\u{feff}",
];

/// The run around `at`, within `text[floor..ceiling]`. `at` is a place in a run.
pub(super) fn around(text: &str, at: usize, floor: usize, ceiling: usize) -> Range<usize> {
    let before = text.get(floor..at).unwrap_or_default();
    let start = before.rfind(is_break).map_or(floor, |place| {
        let width = before.get(place..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        floor + place + width
    });
    start..end(text, at, ceiling)
}

/// Where the run that `at` is in ends.
pub(super) fn end(text: &str, at: usize, ceiling: usize) -> usize {
    let after = text.get(at..ceiling).unwrap_or_default();
    after.find(is_break).map_or(ceiling, |place| at + place)
}

/// The first run that begins at `from` or later and before `ceiling`.
pub(super) fn next(text: &str, from: usize, ceiling: usize) -> Option<Range<usize>> {
    let rest = text.get(from..ceiling)?;
    let start = from + rest.find(|c| !is_break(c))?;
    Some(start..end(text, start, ceiling))
}

/// Where the last run of `text[from..to]` begins if it touches `to`, else `to`: up to here all runs have ended.
pub(super) fn open_start(text: &str, from: usize, to: usize) -> usize {
    let part = text.get(from..to).unwrap_or_default();
    part.rfind(is_break).map_or(from, |place| {
        from + place + part.get(place..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
    })
}

/// The nearest place at or before `at` where a character begins.
pub(super) fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The nearest place at or after `at` where a character begins.
pub(super) fn ceil(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}
