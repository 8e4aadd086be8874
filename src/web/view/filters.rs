//! Words and times of the templates.

#![allow(missing_docs, reason = "the macro turns each function into undocumented items")]

use askama::Values;

/// A state as a person reads it: `needs_key` becomes `Needs key`.
///
/// # Errors
/// None.
#[askama::filter_fn]
pub fn word(state: &str, _: &dyn Values) -> askama::Result<String> {
    Ok(sentence(state))
}

/// An RFC 3339 time to the minute, for readers without scripts; scripts write it in the reader's zone.
///
/// # Errors
/// None.
#[askama::filter_fn]
pub fn clock(time: &str, _: &dyn Values) -> askama::Result<String> {
    Ok(time.get(..16).unwrap_or(time).replace('T', " "))
}

fn sentence(word: &str) -> String {
    let mut text = word.replace(['_', '-'], " ");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}
