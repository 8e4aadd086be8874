//! `search_files`: lines of files that a pattern matches.

use std::ops::ControlFlow;
use std::time::Duration;

use futures::future::BoxFuture;
use regex::bytes::{Regex, RegexBuilder};
use serde_json::json;

use super::walk::{Ended, glob, walk};
use crate::policy::Action;
use crate::protocol::chat::ToolSpec;
use crate::tools::blocking::{Stop, blocking};
use crate::tools::content::not_text;
use crate::tools::{Arguments, Place, Plan, Tool, ToolCallRun, ToolClass, ToolError, ToolOutput, argument};
use crate::workspaces::files::{Folder, Kind, WorkspacePath};

/// Lines of one answer.
pub(super) const MATCHES_MAX: usize = 200;
/// Bytes of one line that are shown.
const LINE_BYTES_MAX: usize = 300;
/// Bytes of one answer.
const ANSWER_BYTES_MAX: usize = 28 << 10;
/// Largest file that is searched.
const FILE_BYTES_MAX: u64 = 8 << 20;
/// Largest compiled pattern, and its longest text.
const PATTERN_BYTES_MAX: usize = 1 << 20;
const PATTERN_TEXT_MAX: usize = 1_000;
const TIME: Duration = Duration::from_secs(15);

pub(super) struct SearchFiles;

impl Tool for SearchFiles {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "search_files".to_owned(),
            description: "Finds lines in the files of the workspace by a regular expression.".to_owned(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "pattern": {"type": "string"},
                    "path": {"type": "string", "description": "Folder or file; all of the workspace without it"},
                    "glob": {"type": "string", "description": "Only files like *.md or src/**/*.rs"},
                    "ignore_case": {"type": "boolean"},
                },
                "required": ["pattern"],
                "additionalProperties": false,
            }),
        }
    }

    fn plan(&self, arguments: &Arguments, place: &Place) -> Result<Plan, ToolError> {
        let path = path(arguments, place)?;
        pattern(arguments)?;
        glob(argument::optional_text(arguments, "glob")?)?;
        Ok(Plan::new(ToolClass::ReadOnly).doing(Action::ReadPath { path: path.to_string() }))
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        blocking(TIME, move |stop| {
            let folder = Folder::open(&call.place.folder)?;
            search(&folder, &path(&call.arguments, &call.place)?, &call.arguments, stop).map(ToolOutput::tool)
        })
    }
}

fn path(arguments: &Arguments, place: &Place) -> Result<WorkspacePath, ToolError> {
    let text = argument::optional_text(arguments, "path")?.unwrap_or(".");
    Ok(WorkspacePath::parse(text, &place.folder)?)
}

/// Matching is linear in the text, whatever the pattern.
fn pattern(arguments: &Arguments) -> Result<Regex, ToolError> {
    let text = argument::text(arguments, "pattern")?;
    if text.is_empty() || text.len() > PATTERN_TEXT_MAX {
        return Err(ToolError::Arguments(format!("`pattern` must have 1 to {PATTERN_TEXT_MAX} bytes")));
    }
    let mut builder = RegexBuilder::new(text);
    builder.case_insensitive(argument::flag(arguments, "ignore_case")?);
    builder.size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX);
    builder.build().map_err(|error| ToolError::Arguments(format!("`pattern`: {error}")))
}

fn search(
    folder: &Folder,
    start: &WorkspacePath,
    arguments: &Arguments,
    stop: &Stop,
) -> Result<String, ToolError> {
    let wanted = glob(argument::optional_text(arguments, "glob")?)?;
    let mut matches = Matches { pattern: pattern(arguments)?, text: String::new(), lines: 0, skipped: 0 };
    if folder.file(start).is_ok() {
        let (content, _) = folder.content(start, FILE_BYTES_MAX)?;
        let whole = matches.file(&start.to_string(), &content).is_continue();
        return Ok(matches.ended(if whole { Ended::Whole } else { Ended::Enough }));
    }
    let ended = walk(folder, start, usize::MAX, stop, |found| {
        let is_meant = wanted.as_ref().is_none_or(|glob| glob.is_match(found.path));
        if found.kind != Kind::File || !is_meant {
            return ControlFlow::Continue(());
        }
        match found.content(FILE_BYTES_MAX) {
            Some(content) => matches.file(found.path, &content),
            None => {
                matches.skipped += 1;
                ControlFlow::Continue(())
            }
        }
    })?;
    Ok(matches.ended(ended))
}

struct Matches {
    pattern: Regex,
    text: String,
    lines: usize,
    /// Files that are too large or may not be read.
    skipped: usize,
}

impl Matches {
    fn file(&mut self, path: &str, content: &[u8]) -> ControlFlow<()> {
        if not_text(content).is_some() {
            return ControlFlow::Continue(());
        }
        for (at, line) in content.split(|byte| *byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let Some(found) = self.pattern.find(line) else { continue };
            if self.lines >= MATCHES_MAX || self.text.len() > ANSWER_BYTES_MAX {
                return ControlFlow::Break(());
            }
            self.lines += 1;
            let (shown, more) = around(line, found.start());
            self.text.push_str(&format!("{path}:{}: {}{more}\n", at + 1, String::from_utf8_lossy(shown)));
        }
        ControlFlow::Continue(())
    }

    fn ended(mut self, ended: Ended) -> String {
        if self.skipped > 0 {
            let (count, mib) = (self.skipped, FILE_BYTES_MAX >> 20);
            self.text
                .push_str(&format!("[{count} files were not searched: larger than {mib} MiB, or closed]\n"));
        }
        match ended {
            Ended::Whole if self.lines == 0 => self.text.push_str("[no line matches]\n"),
            Ended::Whole => {}
            Ended::Enough => {
                self.text.push_str(&format!("[more than {} lines match; narrow it down]\n", self.lines));
            }
            Ended::Bounded => self.text.push_str("[it was too much to search; name a folder or a glob]\n"),
        }
        self.text
    }
}

/// The part of a long line in which something was found.
fn around(line: &[u8], found: usize) -> (&[u8], &'static str) {
    if line.len() <= LINE_BYTES_MAX {
        return (line, "");
    }
    let from = found.saturating_sub(LINE_BYTES_MAX / 3);
    let shown = line.get(from..(from + LINE_BYTES_MAX).min(line.len())).unwrap_or(line);
    (shown, " [… part of a long line …]")
}
