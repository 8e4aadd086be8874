//! An assistant's Markdown as each platform writes it, cut into messages that the platform takes.
//!
//! Markdown becomes a flow of runs (text with what it is shown as), the same for all platforms; a dialect says
//! how a run is written; the cut measures what was written and looks for a good place. Because styles belong
//! to runs, a part closes what is open and the next one opens it again, wherever the cut is.
//! **Invariant:** the same text gives the same parts, so that a crash repeats the same messages.
//! **Invariant:** no part is empty, none is over the limit, and together they say everything once.

mod cut;
mod dialect;
mod flow;
mod table;
#[cfg(test)]
mod tests;
mod writer;

use self::cut::Budget;
use self::dialect::Dialect;
use super::platform::{Limits, Platform, shortened};

/// One message's worth of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// In the platform's own markup.
    pub markup: String,
    /// The same words without any, for where markup is refused and for notices.
    pub plain: String,
}

/// The messages that say `markdown` on `platform`; none when there is nothing to show. `spare` units of each stay free.
#[must_use]
pub fn parts(platform: Platform, markdown: &str, spare: usize) -> Vec<Part> {
    let limits = platform.limits();
    cut_into(Dialect::of(platform), budget(&limits, limits.text_units_max, spare), markdown)
}

/// The text of a message with buttons: what fits into one, with an ellipsis when there is more.
#[must_use]
pub fn question(platform: Platform, markdown: &str) -> Part {
    let limits = platform.limits();
    let mut parts = one(platform, limits.question_units_max, markdown);
    if parts.len() > 1
        && let Some(first) = parts.first_mut()
    {
        go_on(first);
    }
    parts.into_iter().next().unwrap_or_else(|| Part { markup: "…".to_owned(), plain: "…".to_owned() })
}

/// What is there of an answer that grows, in one message: it ends in an ellipsis. None while there is nothing to show.
#[must_use]
pub fn draft(platform: Platform, markdown: &str) -> Option<Part> {
    let mut first = one(platform, platform.limits().text_units_max, markdown).into_iter().next()?;
    go_on(&mut first);
    Some(first)
}

/// Messages of `units_max` in which an ellipsis has room.
fn one(platform: Platform, units_max: usize, markdown: &str) -> Vec<Part> {
    let limits = platform.limits();
    cut_into(Dialect::of(platform), budget(&limits, units_max, limits.unit.count("…")), markdown)
}

fn go_on(part: &mut Part) {
    part.markup.push('…');
    part.plain.push('…');
}

fn budget(limits: &Limits, units_max: usize, spare: usize) -> Budget {
    Budget {
        unit: limits.unit,
        units_max: units_max.saturating_sub(spare),
        bytes_max: limits.markup_bytes_max.map(|bytes| bytes.saturating_sub(spare)),
        counts_markup: limits.markup_bytes_max.is_none(),
    }
}

/// `markdown` as plain text, as mail has it.
#[must_use]
pub fn plain(markdown: &str) -> String {
    let budget =
        Budget { unit: super::TextUnit::Bytes, units_max: usize::MAX, bytes_max: None, counts_markup: true };
    cut_into(Dialect::Plain, budget, markdown).into_iter().next().map(|part| part.markup).unwrap_or_default()
}

/// The beginning of `markdown` in one line of plain text, for previews.
#[must_use]
pub fn preview(markdown: &str, chars_max: usize) -> String {
    let line = plain(markdown).split_whitespace().collect::<Vec<_>>().join(" ");
    shortened(&line, super::TextUnit::Chars, chars_max)
}

fn cut_into(dialect: Dialect, budget: Budget, markdown: &str) -> Vec<Part> {
    // A link that could fill a part alone is written as text, which can be cut.
    let url_bytes_max = (budget.units_max / 8).min(flow::URL_BYTES_MAX);
    let runs = dialect::fitted(dialect, flow::of(markdown, dialect, url_bytes_max));
    cut::parts(&runs, dialect, budget)
}
