//! The engine: walks a text from front to back and says which stretches are secrets.
//!
//! Whole texts and streams take the same way, so a stream shows what the whole text would: [`Walk::advance`]
//! decides as much as the text so far allows. What decides about a run is the run itself and the
//! [`CONTEXT_BYTES`] before it, never what comes after it. Every stretch is looked at a bounded number of
//! times, so the work is linear in the text.

use std::ops::Range;

use super::block::{self, Beginning, Ending};
use super::known::Table;
use super::prefilter::{self, Prefilter};
use super::run;
use super::scan::Scan;
use super::span::{Span, What};

/// How far back an announcement (`password is`) can be, and so how much is kept of what was shown.
pub(super) const CONTEXT_BYTES: usize = 192;
/// A run of twice this is judged in parts of this size: the longest stretch that is held back for one token
/// is twice this. A secret that reaches into the next part hides the rest of its run.
pub(super) const PART_BYTES: usize = 4_096;
/// Most text that is judged in one go.
const REGION_BYTES: usize = 128 << 10;

/// More than the header of a key block can be long.
const BLOCK_START_BYTES: usize = 512;

/// Where a walk is. Places count from the beginning of the text that [`Walk::advance`] is given.
#[derive(Default)]
pub(super) struct Walk {
    /// Up to here everything is decided.
    pub(super) done: usize,
    mode: Mode,
    /// Whether `done` is in the middle of a run that was judged up to there.
    inside: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Mode {
    #[default]
    Text,
    /// In a key block; looked for its end up to here.
    Block(usize),
    /// In the rest of a run that belongs to a secret.
    Rest,
}

/// What is done with a stretch of the text.
pub(super) enum Step {
    /// This is a secret; its marker stands where it begins.
    Secret(Span),
    /// The secret before goes on over this.
    More(Range<usize>),
}

// === impl Walk ===

impl Walk {
    /// Decides as much as `text` allows; with `last`, all of it. Answers the steps in order.
    pub(super) fn advance(&mut self, known: &Table, text: &str, last: bool) -> Vec<Step> {
        let mut steps = Vec::new();
        let Some(words) = prefilter::get() else {
            // Nothing can be scanned: nothing is shown.
            steps.push(Step::Secret(Span::new(self.done..text.len(), What::Unscanned)));
            self.done = text.len();
            return steps;
        };
        let scan = Scan { words, known, text };
        loop {
            let goes_on = match self.mode {
                Mode::Text => self.text(&scan, last, &mut steps),
                Mode::Block(from) => self.block(text, from, last, &mut steps),
                Mode::Rest => self.rest(text, &mut steps),
            };
            if !goes_on {
                return steps;
            }
        }
    }

    fn text(&mut self, scan: &Scan<'_>, last: bool, steps: &mut Vec<Step>) -> bool {
        let text = scan.text;
        let cap = run::floor(text, self.done + REGION_BYTES);
        let ahead = text.get(..run::floor(text, cap + BLOCK_START_BYTES)).unwrap_or(text);
        let last = last && ahead.len() == text.len();
        let beginning = block::beginning(ahead, self.done, last);
        let (limit, closed) = match beginning {
            Beginning::None => (ahead.len(), last),
            Beginning::Perhaps(start) => (start, false),
            Beginning::Certain { start, .. } => (start, true),
        };
        let (limit, closed, capped) = match limit > cap {
            true => (cap, false, true),
            false => (limit, closed, false),
        };
        if let Some(start) = endless(text, self.done, limit) {
            self.part(scan, start, steps);
            return true;
        }
        let to = match closed {
            true => limit,
            false => scan.known.hold(text, self.done, limit, run::open_start(text, self.done, limit)),
        };
        let moved = to > self.done;
        if moved {
            let found = scan.region(self.done, to, to, self.inside);
            steps.extend(found.into_iter().map(Step::Secret));
            (self.done, self.inside) = (to, false);
        }
        match beginning {
            Beginning::Certain { start, body } if start == self.done && closed => {
                steps.push(Step::Secret(Span::new(start..body, What::Block)));
                (self.done, self.mode) = (body, Mode::Block(body));
                true
            }
            _ => capped && moved,
        }
    }

    /// Judges what is before a run without end, and its first part.
    fn part(&mut self, scan: &Scan<'_>, start: usize, steps: &mut Vec<Step>) {
        let cut = run::floor(scan.text, start + PART_BYTES);
        let view = run::floor(scan.text, start + 2 * PART_BYTES);
        let found = scan.region(self.done, cut, view, self.inside);
        let end = found.last().map_or(cut, |span| span.end.max(cut));
        steps.extend(found.into_iter().map(Step::Secret));
        self.done = end;
        self.inside = true;
        if end == view {
            self.mode = Mode::Rest;
        }
    }

    fn block(&mut self, text: &str, from: usize, last: bool, steps: &mut Vec<Step>) -> bool {
        let ending = block::ending(text, from, last);
        let (end, mode) = match ending {
            Ending::Certain(end) => (end, Mode::Text),
            Ending::None(_) if last => (text.len(), Mode::Text),
            Ending::None(looked) => (run::floor(text, looked), Mode::Block(looked)),
        };
        if end > self.done {
            steps.push(Step::More(self.done..end));
        }
        (self.done, self.mode, self.inside) = (end, mode, false);
        matches!(ending, Ending::Certain(_))
    }

    fn rest(&mut self, text: &str, steps: &mut Vec<Step>) -> bool {
        let end = run::end(text, self.done, text.len());
        if end > self.done {
            steps.push(Step::More(self.done..end));
        }
        self.done = end;
        let ended = end < text.len();
        if ended {
            (self.mode, self.inside) = (Mode::Text, false);
        }
        ended
    }

    /// Whether the last secret may go on.
    pub(super) const fn is_open(&self) -> bool {
        !matches!(self.mode, Mode::Text)
    }

    /// Everything before `by` is gone from the text.
    pub(super) fn shift(&mut self, by: usize) {
        self.done -= by;
        if let Mode::Block(from) = &mut self.mode {
            *from -= by;
        }
    }
}

/// Where the first run begins of which [`PART_BYTES`] twice are there, in `text[from..limit]`.
fn endless(text: &str, from: usize, limit: usize) -> Option<usize> {
    let mut start = from;
    loop {
        let view = run::floor(text, start.checked_add(2 * PART_BYTES)?);
        if view > limit || start + 2 * PART_BYTES > limit {
            return None;
        }
        match run::open_start(text, start, view) {
            open if open == start && !begins_with_break(text, start) => return Some(start),
            open if open == start => start = open + 1,
            open => start = open,
        }
    }
}

fn begins_with_break(text: &str, at: usize) -> bool {
    text.get(at..).and_then(|rest| rest.chars().next()).is_some_and(run::is_break)
}

/// Whether the marker of a secret that was taken out before is at this run.
pub(super) fn is_marker(words: &Prefilter, text: &str, run: &Range<usize>) -> bool {
    let label = text.get(run.clone()).and_then(|run| run.strip_prefix("REDACTED:"));
    label.is_some_and(|label| words.is_label(label))
        && text.get(..run.start).is_some_and(|t| t.ends_with('['))
}
