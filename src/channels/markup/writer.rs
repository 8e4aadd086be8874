//! Writes runs one after the other, opening and closing what they are shown as.

use std::rc::Rc;

use super::super::TextUnit;
use super::cut::Budget;
use super::dialect::Dialect;
use super::flow::Tag;

/// A part as it grows.
pub(super) struct Writer {
    dialect: Dialect,
    unit: TextUnit,
    markup: String,
    plain: String,
    /// Units of `markup`, and of `plain`.
    markup_units: usize,
    plain_units: usize,
    open: Vec<Tag>,
    /// White space that is written only when something follows.
    blank: String,
}

impl Writer {
    pub(super) const fn new(dialect: Dialect, unit: TextUnit) -> Self {
        Self {
            dialect,
            unit,
            markup: String::new(),
            plain: String::new(),
            markup_units: 0,
            plain_units: 0,
            open: Vec::new(),
            blank: String::new(),
        }
    }

    /// Writes `text` shown as `tags`.
    pub(super) fn push(&mut self, text: &str, tags: &Rc<[Tag]>) {
        let code = tags.iter().any(|tag| matches!(tag, Tag::Code | Tag::Block { .. }));
        if !code && text.chars().all(char::is_whitespace) {
            self.blank.push_str(text);
            return;
        }
        let blank = std::mem::take(&mut self.blank);
        let new_line = blank.contains('\n');
        let mut kept = self.open.iter().zip(tags.iter()).take_while(|(open, tag)| open == tag).count();
        if new_line && self.dialect.is_by_line() {
            let inline = |tag: &&Tag| !matches!(tag, Tag::Block { .. } | Tag::Quote | Tag::Heading(_));
            kept = self.open.iter().take(kept).position(|tag| inline(&tag)).unwrap_or(kept);
        }
        self.close_beyond(kept);
        self.begin_line(&blank, tags);
        for tag in tags.iter().skip(kept) {
            let opening = self.dialect.open(tag);
            if matches!(tag, Tag::Block { .. }) && !self.at_line_start() {
                self.write("\n");
            }
            self.write(&opening);
            self.open.push(tag.clone());
        }
        let line_start = self.at_line_start() || self.markup.ends_with("> ");
        let written = self.dialect.written(text, tags, line_start);
        self.write(&written);
        self.say(text);
    }

    /// Whether all of it, closed, is within `budget`.
    pub(super) fn fits(&self, budget: &Budget) -> bool {
        let closing: usize = self.open.iter().map(|tag| self.unit.count(&self.dialect.close(tag))).sum();
        let closing_bytes: usize = self.open.iter().map(|tag| self.dialect.close(tag).len()).sum();
        let units =
            if budget.counts_markup { self.markup_units.saturating_add(closing) } else { self.plain_units };
        let bytes = self.markup.len().saturating_add(closing_bytes);
        units <= budget.units_max && budget.bytes_max.is_none_or(|max| bytes <= max)
    }

    /// How much of `budget` is used, in thousandths of it.
    pub(super) fn share(&self, budget: &Budget) -> usize {
        let units = if budget.counts_markup { self.markup_units } else { self.plain_units };
        let of = |used: usize, max: usize| used.saturating_mul(1_000) / max.max(1);
        of(units, budget.units_max).max(budget.bytes_max.map_or(0, |max| of(self.markup.len(), max)))
    }

    /// The markup and the plain text.
    pub(super) fn finish(mut self) -> (String, String) {
        self.close_beyond(0);
        (self.markup, self.plain)
    }

    fn close_beyond(&mut self, kept: usize) {
        while self.open.len() > kept {
            if let Some(tag) = self.open.pop() {
                let closing = self.dialect.close(&tag);
                self.write(&closing);
            }
        }
    }

    /// White space before a text, and what its line begins with.
    fn begin_line(&mut self, blank: &str, tags: &[Tag]) {
        let lines = blank.rfind('\n').map_or(0, |at| at + 1);
        let (lines, indent) = blank.split_at_checked(lines).unwrap_or((blank, ""));
        self.write(lines);
        let new_line = self.at_line_start();
        if new_line {
            self.write(self.dialect.line_prefix(tags));
        }
        self.write(indent);
        if new_line {
            self.write(self.dialect.heading_prefix(tags));
        }
        self.say(blank);
    }

    fn at_line_start(&self) -> bool {
        self.markup.is_empty() || self.markup.ends_with('\n')
    }

    fn write(&mut self, markup: &str) {
        self.markup_units = self.markup_units.saturating_add(self.unit.count(markup));
        self.markup.push_str(markup);
    }

    fn say(&mut self, text: &str) {
        self.plain_units = self.plain_units.saturating_add(self.unit.count(text));
        self.plain.push_str(text);
    }
}
