//! The screen of a pseudo-terminal, as people see it and models read it.

mod counts;

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;

use self::counts::Counts;
use crate::protocol::process::TerminalSize;

/// See the module.
pub struct Screen {
    parser: vt100::Parser,
    counts: Counts,
}

/// A line of a screen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ScreenLine(pub Vec<ScreenSpan>);

/// Characters of one look.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct ScreenSpan {
    /// The characters.
    pub text: String,
    /// Colour of the characters: 0–255, or `#rrggbb`; absent for the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fg: Option<String>,
    /// Colour behind them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bg: Option<String>,
    /// `b` bold, `d` dim, `i` italic, `u` underlined, `v` inverse; any of them in this order.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub look: String,
}

// === impl Screen ===

impl Screen {
    /// An empty screen.
    #[must_use]
    pub fn new(size: TerminalSize) -> Self {
        Self { parser: vt100::Parser::new(size.rows, size.cols, 0), counts: Counts::default() }
    }

    /// Draws what the program said. What breaks the drawing costs the screen and nothing else.
    pub fn draw(&mut self, text: &str) {
        let TerminalSize { rows, cols } = self.size();
        let text = self.counts.limit(text, rows.max(cols));
        let drawn = catch_unwind(AssertUnwindSafe(|| self.parser.process(text.as_bytes())));
        if drawn.is_err() {
            tracing::warn!("the screen of a process could not be drawn and begins anew");
            *self = Self::new(self.size());
        }
    }

    /// Its size.
    #[must_use]
    pub fn size(&self) -> TerminalSize {
        let (rows, cols) = self.parser.screen().size();
        TerminalSize { rows, cols }
    }

    /// Gives it another size. What no longer fits is gone.
    pub fn resize(&mut self, size: TerminalSize) {
        let resized =
            catch_unwind(AssertUnwindSafe(|| self.parser.screen_mut().set_size(size.rows, size.cols)));
        if resized.is_err() {
            *self = Self::new(size);
        }
    }

    /// As text, without the blanks at the ends of lines and the empty lines at its end.
    #[must_use]
    pub fn text(&self) -> String {
        let contents = self.parser.screen().contents();
        let lines: Vec<&str> = contents.lines().map(str::trim_end).collect();
        lines.join("\n").trim_end().to_owned()
    }

    /// Line and column of the cursor, from 0; `None` while it is hidden.
    #[must_use]
    pub fn cursor(&self) -> Option<(u16, u16)> {
        let screen = self.parser.screen();
        (!screen.hide_cursor()).then(|| screen.cursor_position())
    }

    /// Whether arrow keys are sent in their application form.
    #[must_use]
    pub fn application_keys(&self) -> bool {
        self.parser.screen().application_cursor()
    }

    /// Whether pasted text is put in brackets.
    #[must_use]
    pub fn bracketed_paste(&self) -> bool {
        self.parser.screen().bracketed_paste()
    }

    /// Its lines as they look, without the empty ones at its end.
    #[must_use]
    pub fn lines(&self) -> Vec<ScreenLine> {
        let size = self.size();
        let mut lines: Vec<ScreenLine> = (0..size.rows).map(|row| self.line(row, size.cols)).collect();
        let cursor = self.cursor().map_or(0, |(row, _)| usize::from(row) + 1);
        while lines.len() > cursor && lines.last().is_some_and(|line| line.0.is_empty()) {
            lines.pop();
        }
        lines
    }

    fn line(&self, row: u16, cols: u16) -> ScreenLine {
        let mut spans: Vec<ScreenSpan> = Vec::new();
        for col in 0..cols {
            let Some(cell) = self.parser.screen().cell(row, col) else { break };
            if cell.is_wide_continuation() {
                continue;
            }
            let text = if cell.has_contents() { cell.contents() } else { " " };
            let next = ScreenSpan {
                text: String::new(),
                fg: colour(cell.fgcolor()),
                bg: colour(cell.bgcolor()),
                look: look(cell),
            };
            match spans.last_mut() {
                Some(last) if (&last.fg, &last.bg, &last.look) == (&next.fg, &next.bg, &next.look) => {
                    last.text.push_str(text);
                }
                _ => spans.push(ScreenSpan { text: text.to_owned(), ..next }),
            }
        }
        trim(&mut spans);
        ScreenLine(spans)
    }
}

/// Takes away the blanks at the end that nobody sees.
fn trim(spans: &mut Vec<ScreenSpan>) {
    while let Some(last) = spans.last_mut() {
        let shown = last.bg.is_some() || last.look.contains(['u', 'v']);
        if !shown {
            last.text.truncate(last.text.trim_end().len());
        }
        if !last.text.is_empty() {
            break;
        }
        spans.pop();
    }
}

fn colour(colour: vt100::Color) -> Option<String> {
    match colour {
        vt100::Color::Default => None,
        vt100::Color::Idx(number) => Some(number.to_string()),
        vt100::Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
    }
}

fn look(cell: &vt100::Cell) -> String {
    let looks = [
        ('b', cell.bold()),
        ('d', cell.dim()),
        ('i', cell.italic()),
        ('u', cell.underline()),
        ('v', cell.inverse()),
    ];
    looks.iter().filter(|(_, has)| *has).map(|(letter, _)| *letter).collect()
}

#[cfg(test)]
mod tests;
