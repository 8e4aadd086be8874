//! What a person types and nobody sees: read from the terminal without echo, or from a pipe.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Read as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::exit::{Exit, Failure};

/// What ctrl-c types while the terminal sends no signal for it.
const CTRL_C: u8 = 3;

/// Everything that stdin has, up to this many bytes and one more. White space at its end is no part of it.
pub(super) fn from_stdin(bytes_max: usize) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::with_capacity(bytes_max + 1));
    io::stdin().lock().take(bytes_max as u64 + 1).read_to_string(&mut text)?;
    let end = text.trim_end().len();
    text.truncate(end);
    if text.is_empty() {
        return Err(Failure::text(Exit::Failed, "nothing came from stdin"));
    }
    Ok(text)
}

/// A line that is typed without being seen; from a pipe, its first line.
pub(super) fn hidden(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    if !io::stdin().is_terminal() {
        let mut line = Zeroizing::new(String::with_capacity(4_096));
        io::stdin().read_line(&mut line)?;
        return finished(line);
    }
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    terminal.write_all(prompt.as_bytes())?;
    let line = {
        let quiet = Quiet::make(&terminal)?;
        read_line(&quiet)?
    };
    terminal.write_all(b"\n")?;
    finished(line)
}

/// The same twice, for what nobody could look up later.
pub(super) fn hidden_twice(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let first = hidden(prompt)?;
    if !io::stdin().is_terminal() || *hidden("Once more: ")? == *first {
        return Ok(first);
    }
    Err(Failure::text(Exit::Failed, "the two are not the same; nothing was changed"))
}

fn finished(mut line: Zeroizing<String>) -> Result<Zeroizing<String>, Failure> {
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    if line.is_empty() {
        return Err(Failure::text(Exit::Failed, "nothing was typed"));
    }
    Ok(line)
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Quiet<'t> {
    terminal: &'t File,
    before: Termios,
}

impl<'t> Quiet<'t> {
    fn make(terminal: &'t File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        // No signal either, which would leave the terminal silent: ctrl-c ends the line instead.
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        quiet.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
        tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // silent-ok: a terminal that is gone needs no echo.
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}

fn read_line(quiet: &Quiet<'_>) -> Result<Zeroizing<String>, Failure> {
    let mut bytes = Zeroizing::new(vec![0_u8; 4_096]);
    let mut terminal = quiet.terminal;
    let length = terminal.read(&mut bytes)?;
    let typed = bytes.get(..length).unwrap_or_default();
    if typed.last() == Some(&CTRL_C) {
        return Err(Failure::text(Exit::Failed, "stopped; nothing was changed"));
    }
    let text =
        std::str::from_utf8(typed).map_err(|_| Failure::text(Exit::Failed, "that is no UTF-8 text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}
