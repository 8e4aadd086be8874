//! What a person sees of an answer while it comes: text on stdout, the rest dimmed on stderr.

use std::io::IsTerminal;

use super::super::output::{self, Style};

/// See the module.
pub(super) struct Screen {
    shown: bool,
    thinking: bool,
    style: Style,
    /// What the line on stderr is in the middle of.
    in_thinking: bool,
    at_line_start: bool,
    open: bool,
}

// === impl Screen ===

impl Screen {
    /// Shows everything as it comes.
    pub(super) fn live() -> Self {
        Self {
            shown: true,
            thinking: std::io::stderr().is_terminal(),
            style: Style::of_stderr(),
            in_thinking: false,
            at_line_start: true,
            open: true,
        }
    }

    /// Shows nothing: somebody wants the whole answer as data.
    pub(super) fn silent() -> Self {
        Self { shown: false, thinking: false, ..Self::live() }
    }

    /// A piece of the answer.
    pub(super) fn text(&mut self, text: &str) {
        if !self.shown || text.is_empty() {
            return;
        }
        self.end_thinking();
        self.open = self.open && output::piece(text);
        self.at_line_start = text.ends_with('\n');
    }

    /// A piece of reasoning, for people who watch.
    pub(super) fn thinking(&mut self, text: &str) {
        if self.thinking {
            self.in_thinking = true;
            output::whisper(&self.style.dim(text));
        }
    }

    /// Something that happened besides.
    pub(super) fn note(&mut self, text: &str) {
        if self.shown {
            self.end_line();
            output::talk(self.style.dim(text));
        }
    }

    /// Something that a person must not miss.
    pub(super) fn trouble(&mut self, text: &str) {
        self.end_line();
        output::talk(self.style.bold(text));
    }

    /// The answer is over.
    pub(super) fn end_line(&mut self) {
        self.end_thinking();
        if self.shown && !self.at_line_start {
            self.text("\n");
        }
    }

    /// Whether somebody still reads stdout.
    pub(super) const fn is_open(&self) -> bool {
        self.open
    }

    fn end_thinking(&mut self) {
        if std::mem::take(&mut self.in_thinking) {
            output::whisper("\n");
        }
    }
}
