//! The tools of a prompt: each begins once and ends once, whatever the program repeats or leaves out.

use std::collections::VecDeque;
use std::path::PathBuf;

use serde_json::json;

use super::clip;
use crate::coders::dialect::{Event, Out, ToolKind, ToolUse, Went};

/// Tools of one prompt that are remembered; of more, the oldest is forgotten, and ends where it was under way.
const REMEMBERED_MAX: usize = 128;
/// Longest id and longest name, in bytes.
const NAME_BYTES_MAX: usize = 512;
/// Longest arguments that are passed on, in bytes of JSON; with longer ones nothing is known of the tool but its name.
const ARGUMENTS_BYTES_MAX: usize = 128 * 1024;
/// Most paths of one tool; with more it is [`ToolKind::Other`].
pub(in crate::coders) const PATHS_MAX: usize = 512;
/// Longest answer of a tool that is passed on, in bytes.
const OUTPUT_BYTES_MAX: usize = 256 * 1024;

/// The tools of the prompt under way.
#[derive(Debug)]
pub(in crate::coders) struct Tools {
    /// Oldest first; bounded by [`REMEMBERED_MAX`], each by [`ARGUMENTS_BYTES_MAX`].
    seen: VecDeque<Seen>,
}

#[derive(Debug)]
struct Seen {
    tool: ToolUse,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// The program named it; nobody was told.
    Named,
    Begun,
    /// Ended because it was not allowed.
    Refused,
    Ended,
}

impl Tools {
    pub(in crate::coders) const fn new() -> Self {
        Self { seen: VecDeque::new() }
    }

    /// Remembers a tool of which too little is known to tell anybody.
    pub(in crate::coders) fn name(&mut self, tool: ToolUse, out: &mut Out) {
        if self.at(&tool.id).is_none() {
            self.remember(tool, Stage::Named, out);
        }
    }

    /// A tool has begun. Told once; what is known of it is replaced while it is under way.
    pub(in crate::coders) fn begin(&mut self, tool: ToolUse, out: &mut Out) -> ToolUse {
        let tool = bounded(tool);
        match self.at(&tool.id) {
            Some(seen) if seen.stage == Stage::Named => {
                seen.tool = tool.clone();
                seen.stage = Stage::Begun;
                out.events.push(Event::ToolBegun(tool.clone()));
            }
            Some(seen) => seen.tool = tool.clone(),
            None => {
                self.remember(tool.clone(), Stage::Begun, out);
                out.events.push(Event::ToolBegun(tool.clone()));
            }
        }
        tool
    }

    /// What is known of a tool of this prompt.
    pub(in crate::coders) fn find(&self, id: &str) -> Option<&ToolUse> {
        let id = clip(id, NAME_BYTES_MAX);
        self.seen.iter().map(|seen| &seen.tool).find(|tool| tool.id == id)
    }

    /// The newest tool under way of which `wanted` holds.
    pub(in crate::coders) fn under_way(&self, wanted: impl Fn(&ToolUse) -> bool) -> Option<&ToolUse> {
        let begun = self.seen.iter().rev().filter(|seen| seen.stage == Stage::Begun);
        begun.map(|seen| &seen.tool).find(|tool| wanted(tool))
    }

    /// Whether it was told of and has not ended.
    pub(in crate::coders) fn is_under_way(&self, id: &str) -> bool {
        self.under_way(|tool| tool.id == clip(id, NAME_BYTES_MAX)).is_some()
    }

    /// It may not run: it ends here, whatever the program says of it later, unless that it ran nevertheless.
    pub(in crate::coders) fn refuse(&mut self, id: &str, reason: &str, out: &mut Out) {
        let Some(seen) = self.at(id).filter(|seen| seen.stage == Stage::Begun) else { return };
        seen.stage = Stage::Refused;
        out.events.push(ended(&seen.tool, Went::Refused, reason));
    }

    /// A tool has ended. One that was refused and ran nevertheless is told of once more: somebody has to know.
    pub(in crate::coders) fn end(&mut self, tool: ToolUse, went: Went, output: &str, out: &mut Out) {
        let again = self.at(&tool.id).map(|seen| seen.stage);
        let tool = match again {
            Some(Stage::Ended) => return,
            Some(Stage::Refused) if went != Went::Done => return,
            Some(Stage::Refused) => {
                let tool = bounded(tool);
                out.events.push(Event::ToolBegun(tool.clone()));
                tool
            }
            Some(Stage::Begun) => bounded(tool),
            Some(Stage::Named) | None => self.begin(tool, out),
        };
        out.events.push(ended(&tool, went, output));
        if let Some(seen) = self.at(&tool.id) {
            seen.stage = Stage::Ended;
        }
    }

    /// The prompt is over: what is still under way ends with it.
    pub(in crate::coders) fn close(&mut self, out: &mut Out) {
        for seen in self.seen.drain(..).filter(|seen| seen.stage == Stage::Begun) {
            out.events.push(ended(&seen.tool, Went::Failed, ""));
        }
    }

    fn at(&mut self, id: &str) -> Option<&mut Seen> {
        let id = clip(id, NAME_BYTES_MAX);
        self.seen.iter_mut().find(|seen| seen.tool.id == id)
    }

    fn remember(&mut self, tool: ToolUse, stage: Stage, out: &mut Out) {
        if self.seen.len() >= REMEMBERED_MAX {
            let over = |seen: &Seen| matches!(seen.stage, Stage::Ended | Stage::Refused | Stage::Named);
            let at = self.seen.iter().position(over).unwrap_or_default();
            if let Some(forgotten) = self.seen.remove(at).filter(|seen| seen.stage == Stage::Begun) {
                out.events.push(ended(&forgotten.tool, Went::Failed, ""));
            }
        }
        self.seen.push_back(Seen { tool: bounded(tool), stage });
    }
}

fn ended(tool: &ToolUse, went: Went, output: &str) -> Event {
    Event::ToolEnded { id: tool.id.clone(), went, output: clip(output, OUTPUT_BYTES_MAX).to_owned() }
}

/// The tool within its limits. What is judged is never a part of what it does: a tool that is too long is
/// [`ToolKind::Other`].
pub(in crate::coders) fn bounded(mut tool: ToolUse) -> ToolUse {
    tool.id.truncate(clip(&tool.id, NAME_BYTES_MAX).len());
    tool.name.truncate(clip(&tool.name, NAME_BYTES_MAX).len());
    let bytes = tool.arguments.to_string().len();
    if bytes > ARGUMENTS_BYTES_MAX {
        tool.arguments = json!({ "omitted_bytes": bytes });
    }
    if length(&tool.kind) > ARGUMENTS_BYTES_MAX {
        tool.kind = ToolKind::Other;
    }
    tool
}

fn length(kind: &ToolKind) -> usize {
    let paths = |paths: &[PathBuf]| {
        if paths.len() > PATHS_MAX {
            return usize::MAX;
        }
        paths.iter().map(|path| path.as_os_str().len()).sum()
    };
    match kind {
        ToolKind::Read(read) => paths(read),
        ToolKind::Write(written) => paths(written),
        ToolKind::Run(text) | ToolKind::Fetch(text) => text.len(),
        ToolKind::Mcp(server, tool) => server.len() + tool.len(),
        ToolKind::Internal | ToolKind::Other => 0,
    }
}
