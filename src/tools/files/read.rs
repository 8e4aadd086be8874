//! `read_file`: lines of a text file with their numbers.

use std::io::{BufRead as _, BufReader, Read as _};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::json;

use super::{Seen, open};
use crate::policy::Action;
use crate::protocol::chat::ToolSpec;
use crate::tools::blocking::{Stop, blocking};
use crate::tools::content::{LOOK_BYTES, not_text};
use crate::tools::{
    Arguments, Place, Plan, Reach, Tool, ToolCallRun, ToolClass, ToolError, ToolOutput, argument,
};
use crate::workspaces::files::WorkspacePath;

/// Lines of one answer without `limit`.
const LINES: usize = 2_000;
/// Bytes of one answer: less than what an answer may have, so that nothing is cut from its middle.
const ANSWER_BYTES_MAX: usize = 28 << 10;
/// Bytes of one line that are shown.
const LINE_BYTES_MAX: usize = 2_000;
/// Bytes of a file that are gone through to find a line.
const SCAN_BYTES_MAX: u64 = 256 << 20;
const TIME: Duration = Duration::from_secs(10);

pub(super) struct ReadFile {
    pub(super) seen: Arc<Seen>,
}

impl Tool for ReadFile {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "read_file".to_owned(),
            description: "Reads a text file of the workspace, as numbered lines.".to_owned(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "path": {"type": "string"},
                    "offset": {"type": "integer", "minimum": 1, "description": "First line"},
                    "limit": {"type": "integer", "minimum": 1, "description": "Number of lines"},
                },
                "required": ["path"],
                "additionalProperties": false,
            }),
        }
    }

    fn reach(&self) -> Reach {
        Reach::Always
    }

    fn plan(&self, arguments: &Arguments, place: &Place) -> Result<Plan, ToolError> {
        let path = WorkspacePath::parse(argument::text(arguments, "path")?, &place.folder)?;
        Ok(Plan::new(ToolClass::ReadOnly).doing(Action::ReadPath { path: path.to_string() }))
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        let seen = Arc::clone(&self.seen);
        blocking(TIME, move |stop| {
            let (folder, path) = open(argument::text(&call.arguments, "path")?, &call.place)?;
            let first = argument::count(&call.arguments, "offset")?.unwrap_or(1);
            let limit = argument::count(&call.arguments, "limit")?.unwrap_or(LINES);
            let (file, bytes, stamp) = folder.file(&path)?;
            let text = read(file, bytes, &path, (first, limit), stop)?;
            seen.note(&call.place, &path, Some(stamp));
            Ok(ToolOutput::tool(text))
        })
    }
}

fn read(
    file: std::fs::File,
    size: u64,
    path: &WorkspacePath,
    (first, limit): (usize, usize),
    stop: &Stop,
) -> Result<String, ToolError> {
    let failed = |error: std::io::Error| ToolError::Failed(format!("{path}: {error}"));
    let mut reader = BufReader::with_capacity(LOOK_BYTES, file.take(SCAN_BYTES_MAX));
    if let Some(what) = not_text(reader.fill_buf().map_err(failed)?) {
        return Err(ToolError::Refused(format!("{path} is {what}, {size} bytes; this tool reads text only")));
    }
    let mut page = Page { text: String::new(), next: first, cut: false };
    let mut line = Vec::new();
    for number in 1_usize.. {
        if number % 4_096 == 0 && stop.is_due() {
            return Err(ToolError::Failed(format!("{path}: it took too long to get to line {first}")));
        }
        let wanted = number >= first;
        if !next_line(&mut reader, &mut line, wanted).map_err(failed)? {
            return Ok(page.ended(path, number - 1, size));
        }
        if wanted && (number - first >= limit || !page.take(number, &line)) {
            let next = page.next;
            page.text.push_str(&format!("[the file goes on; the next line is offset {next}]\n"));
            return Ok(page.text);
        }
    }
    Ok(page.text)
}

/// The next line without its end, of which no more than the shown beginning is kept. No line is `false`.
fn next_line(reader: &mut impl std::io::BufRead, line: &mut Vec<u8>, keep: bool) -> std::io::Result<bool> {
    line.clear();
    let mut any = false;
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = memchr::memchr(b'\n', buffer);
        let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
        if keep {
            // One byte more than is shown says that the line goes on.
            let room = (LINE_BYTES_MAX + 1).saturating_sub(line.len());
            line.extend_from_slice(part.get(..room).unwrap_or(part));
        }
        let used = end.map_or(buffer.len(), |end| end + 1);
        reader.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

/// Numbered lines.
struct Page {
    text: String,
    /// The line that comes next.
    next: usize,
    /// Whether a line was too long.
    cut: bool,
}

impl Page {
    /// Adds a line, if it still fits.
    fn take(&mut self, number: usize, line: &[u8]) -> bool {
        let long = line.len() > LINE_BYTES_MAX;
        let shown = line.get(..LINE_BYTES_MAX).unwrap_or(line);
        let shown = String::from_utf8_lossy(shown.strip_suffix(b"\r").unwrap_or(shown));
        let mark = if long { " [… the line goes on …]" } else { "" };
        let text = format!("{number:>6}\t{shown}{mark}\n");
        if self.text.len() + text.len() > ANSWER_BYTES_MAX {
            return false;
        }
        self.text.push_str(&text);
        (self.next, self.cut) = (number + 1, self.cut || long);
        true
    }

    fn ended(mut self, path: &WorkspacePath, lines: usize, size: u64) -> String {
        if size > SCAN_BYTES_MAX {
            self.text.push_str(&format!("[only the first {} MiB are read]\n", SCAN_BYTES_MAX >> 20));
        }
        if !self.text.is_empty() {
            return self.text;
        }
        if lines == 0 { format!("[{path} is empty]") } else { format!("[{path} has only {lines} lines]") }
    }
}
