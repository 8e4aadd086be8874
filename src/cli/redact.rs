//! `capuchin redact`: a filter that takes secrets out of what passes. Needs no daemon, no home and no settings.

use std::io::{self, BufRead, Read};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::exit::{Exit, Failure, Outcome};
use super::output;
use crate::redaction::Redactor;

/// Bytes of one read: what is shown waits for no more than this.
const READ_BYTES: usize = 64 << 10;
/// Longest line of JSON.
const LINE_BYTES_MAX: usize = 32 << 20;

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    id: Value,
    text: String,
}

#[derive(Serialize)]
struct Clean<'l> {
    id: &'l Value,
    text: &'l str,
    findings: Vec<Found<'l>>,
}

/// Places count Unicode characters of the text that was read.
#[derive(Serialize)]
struct Found<'l> {
    kind: &'l str,
    start: usize,
    end: usize,
}

#[derive(Serialize)]
struct Bad {
    line: usize,
    error: String,
}

/// Filters stdin to stdout.
pub(super) fn run(jsonl: bool) -> Outcome {
    let mut input = io::stdin().lock();
    if jsonl { lines(&mut input) } else { text(&mut input) }
}

fn text(input: &mut impl Read) -> Outcome {
    let mut stream = Redactor::new().stream();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let size = match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(size) => size,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        let shown = stream.push_bytes(buffer.get(..size).unwrap_or_default());
        stream.take_findings();
        if !output::piece(&shown) {
            return Ok(Exit::Done);
        }
    }
    output::piece(&stream.finish());
    Ok(Exit::Done)
}

fn lines(input: &mut impl BufRead) -> Outcome {
    let redactor = Redactor::new();
    let (mut number, mut bad, mut line) = (0, 0, Vec::new());
    loop {
        line.clear();
        let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
        if input.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        number += 1;
        let whole = line.ends_with(b"\n") || line.len() < LINE_BYTES_MAX;
        if !whole {
            skip_line(input)?;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let answer = if whole { clean(&redactor, &line) } else { Err("the line is too long".to_owned()) };
        let answer = answer.or_else(|error| {
            bad += 1;
            output::talk(format_args!("line {number}: {error}"));
            serde_json::to_string(&Bad { line: number, error })
        });
        if !output::piece(&format!("{}\n", answer?)) {
            return Ok(Exit::Done);
        }
    }
    match bad {
        0 => Ok(Exit::Done),
        _ => Err(Failure::text(Exit::Failed, format_args!("{bad} of {number} lines could not be read"))),
    }
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let (size, ended) = {
            let buffer = input.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            (end.map_or(buffer.len(), |end| end + 1), end.is_some() || buffer.is_empty())
        };
        input.consume(size);
        if ended {
            return Ok(());
        }
    }
}

/// The answer to one line. What is wrong with a line is told without the line: it may hold a secret.
fn clean(redactor: &Redactor, line: &[u8]) -> Result<String, String> {
    let place =
        |error: &serde_json::Error| format!("is not {{\"id\", \"text\"}}: see column {}", error.column());
    let mut line: Line = serde_json::from_slice(line).map_err(|error| place(&error))?;
    let found = redactor.redact(&line.text);
    let mut characters = Characters { text: &line.text, bytes: 0, count: 0 };
    let findings = found.findings.iter().map(|finding| Found {
        kind: &finding.kind,
        start: characters.at(finding.start),
        end: characters.at(finding.end),
    });
    let findings = findings.collect();
    redactor.redact_json(&mut line.id);
    let clean = Clean { id: &line.id, text: &found.text, findings };
    serde_json::to_string(&clean).map_err(|_| "the answer cannot be written".to_owned())
}

/// Turns growing places in bytes into places in characters.
struct Characters<'t> {
    text: &'t str,
    bytes: usize,
    count: usize,
}

// === impl Characters ===

impl Characters<'_> {
    fn at(&mut self, place: usize) -> usize {
        self.count += self.text.get(self.bytes..place).map_or(0, |part| part.chars().count());
        self.bytes = place;
        self.count
    }
}

#[cfg(test)]
mod tests;
