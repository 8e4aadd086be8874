//! A text in the person's own editor, or from a pipe.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::Command;

use super::exit::{Exit, Failure};
use super::place::Place;

/// No text that is edited here is longer.
const TEXT_BYTES_MAX: u64 = 1024 * 1024;

/// What the person made of this text. The file is in the home, which only they can open, and is removed.
pub(super) fn edit(place: &Place, name: &str, text: &str) -> Result<String, Failure> {
    let wanted = ["VISUAL", "EDITOR"].into_iter().filter_map(|key| std::env::var(key).ok());
    let command = wanted.into_iter().find(|value| !value.trim().is_empty());
    let Some(command) = command else {
        return Err(Failure::text(Exit::Failed, "no editor is known")
            .hint("set EDITOR, or give the text on stdin: capuchin agent edit NAME FILE < file.md"));
    };
    place.prepare()?;
    let path = place.home.run.join(format!("edit-{}-{name}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    let edited = file.write_all(text.as_bytes()).map_err(Failure::from).and_then(|()| {
        let mut words = command.split_whitespace();
        let program = words.next().unwrap_or_default();
        let status = Command::new(program).args(words).arg(&path).status().map_err(|error| {
            Failure::text(Exit::Failed, format_args!("{program} does not start: {error}"))
        })?;
        if !status.success() {
            return Err(Failure::text(Exit::Failed, "the editor gave up; nothing was changed"));
        }
        Ok(std::fs::read_to_string(&path)?)
    });
    std::fs::remove_file(&path)?;
    edited
}

/// Everything that stdin has.
pub(super) fn from_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin().lock().take(TEXT_BYTES_MAX + 1).read_to_string(&mut text)?;
    Ok(text)
}
