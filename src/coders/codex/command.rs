//! The script of a command that Codex wraps in a shell: `/bin/bash -lc 'touch a && echo b'` is about `touch a && echo b`.
//!
//! The program quotes what it runs for people. Only what is certain is taken apart: exactly a shell, its option and one script,
//! each quoted as a POSIX shell reads it. Everything else is judged as it stands.

use std::path::Path;

/// Shells whose wrapping is taken off.
const SHELLS: [&str; 4] = ["bash", "sh", "zsh", "dash"];
/// The options with which a shell runs a script.
const OPTIONS: [&str; 2] = ["-c", "-lc"];

/// The script, or the whole command where it is not certain to be a shell with one script.
pub(super) fn script(command: &str) -> String {
    let words = words(command).unwrap_or_default();
    let [shell, option, script] = words.as_slice() else { return command.to_owned() };
    let name = Path::new(shell).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if SHELLS.contains(&name) && OPTIONS.contains(&option.as_str()) {
        script.clone()
    } else {
        command.to_owned()
    }
}

/// The words as a shell reads them, where they are nothing but words: no expansion, no operator, no open quote.
fn words(command: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = command.chars();
    while let Some(next) = rest.next() {
        match next {
            ' ' => words.extend(word.take()),
            '\'' => loop {
                match rest.next()? {
                    '\'' => {
                        word.get_or_insert_default();
                        break;
                    }
                    inner => word.get_or_insert_default().push(inner),
                }
            },
            '"' => double_quoted(&mut rest, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(rest.next().filter(|next| *next != '\n')?),
            plain if plain.is_alphanumeric() || "-_./=+:,@%^~".contains(plain) => {
                word.get_or_insert_default().push(plain);
            }
            _ => return None,
        }
    }
    words.extend(word);
    Some(words)
}

fn double_quoted(rest: &mut std::str::Chars<'_>, word: &mut String) -> Option<()> {
    loop {
        match rest.next()? {
            '"' => return Some(()),
            '$' | '`' => return None,
            '\\' => match rest.next()? {
                escaped @ ('"' | '\\' | '$' | '`') => word.push(escaped),
                other => word.extend(['\\', other]),
            },
            inner => word.push(inner),
        }
    }
}
