//! The only place that writes to the terminal: data to stdout, talk to stderr.
//!
//! A reader that went away (`capuchin tree | head -1`) is no error worth a message: the writers below
//! say so by their answer, and a command that streams stops then.
#![expect(clippy::print_stderr, reason = "the command line's own voice")]

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

/// Data: one line on stdout.
pub(super) fn line(text: impl Display) {
    // silent-ok: nobody reads any more.
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Data: text on stdout as it is, visible at once. `false` when nobody reads any more.
pub(super) fn piece(text: &str) -> bool {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
}

/// Data: JSON on stdout, indented for a person who looks.
pub(super) fn json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => line(text),
        Err(error) => talk(format_args!("error: the answer cannot be written as JSON: {error}")),
    }
}

/// Talk: one line on stderr.
pub(super) fn talk(text: impl Display) {
    eprintln!("{text}");
}

/// Talk: text on stderr as it is, visible at once.
pub(super) fn whisper(text: &str) {
    eprint!("{text}");
}

/// How text looks on stderr.
#[derive(Clone, Copy)]
pub(super) struct Style {
    colour: bool,
}

impl Style {
    /// Plain unless stderr is a terminal and nobody said `NO_COLOR`.
    pub(super) fn of_stderr() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colour: io::stderr().is_terminal() && !refused }
    }

    /// Quieter than the rest.
    pub(super) fn dim(self, text: &str) -> String {
        self.wrap("\x1b[2m", text)
    }

    /// Louder than the rest.
    pub(super) fn bold(self, text: &str) -> String {
        self.wrap("\x1b[1m", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.colour { format!("{code}{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A table with a heading and columns as wide as their widest cell.
pub(super) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) {
    let mut widths = heading.map(|cell| cell.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let show = |cells: [&str; N]| {
        let padded: Vec<String> =
            cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        line(padded.join("  ").trim_end());
    };
    show(heading);
    for row in rows {
        show(row.each_ref().map(String::as_str));
    }
}
