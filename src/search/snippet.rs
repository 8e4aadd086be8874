//! The part of a text that shows why it was found: plain text, and which characters made it fit.

use std::collections::HashSet;

use super::language::Word;
use super::marks::Marks;

/// Characters of a snippet, about.
const SNIPPET_CHARS: usize = 240;
/// Characters before the first word that fits.
const BEFORE_CHARS: usize = 60;
/// A part of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snippet {
    /// Plain text on one line. `…` stands for what was left out.
    pub text: String,
    /// Ranges of characters that fit, first to one past last.
    pub highlights: Vec<(usize, usize)>,
}

// === impl Marks ===

impl Marks {
    /// The part of a text where most of the words are.
    #[must_use]
    pub fn snippet(&self, text: &str) -> Snippet {
        cut(text, &self.read().fitting(text))
    }
}

/// The window with the most different words, as one line.
fn cut(text: &str, found: &[Word]) -> Snippet {
    let start = best_start(found).map_or(0, |at| back(text, at, BEFORE_CHARS));
    let mut snippet = Snippet::default();
    let mut count = 0;
    if start > 0 {
        snippet.text.push('…');
        count = 1;
    }
    let mut open: Option<usize> = None;
    let mut marks = found.iter().skip_while(|word| word.start < start).peekable();
    let (mut taken, mut blank) = (0, true);
    for (at, c) in text.get(start..).unwrap_or_default().char_indices().map(|(at, c)| (start + at, c)) {
        while let Some(word) = marks.next_if(|word| word.end <= at) {
            close(&mut open, count, &mut snippet);
            debug_assert!(word.start <= at, "marks are in order");
        }
        if marks.peek().is_some_and(|word| word.start <= at) && open.is_none() {
            open = Some(count);
        }
        let end_of_word = c.is_whitespace() || taken >= SNIPPET_CHARS + BEFORE_CHARS;
        if taken >= SNIPPET_CHARS && end_of_word && open.is_none() {
            snippet.text = snippet.text.trim_end().to_owned();
            snippet.text.push('…');
            return snippet;
        }
        let c = if c.is_control() { ' ' } else { c };
        if c.is_whitespace() && blank {
            continue;
        }
        blank = c.is_whitespace();
        snippet.text.push(if blank { ' ' } else { c });
        (taken, count) = (taken + 1, count + 1);
    }
    close(&mut open, count, &mut snippet);
    snippet.text.truncate(snippet.text.trim_end().len());
    snippet
}

fn close(open: &mut Option<usize>, count: usize, snippet: &mut Snippet) {
    let Some(start) = open.take().filter(|start| *start < count) else { return };
    match snippet.highlights.last_mut() {
        // The pairs of a script without spaces overlap.
        Some((_, end)) if *end >= start => *end = count,
        _ => snippet.highlights.push((start, count)),
    }
}

/// Where the word stands from which on the most different words are near.
fn best_start(found: &[Word]) -> Option<usize> {
    let mut best: Option<(usize, usize)> = None;
    // Of a text with thousands of hits the first ones tell enough.
    for (at, first) in found.iter().enumerate().take(500) {
        let near = found.iter().skip(at).take(40).take_while(|word| word.start < first.start + SNIPPET_CHARS);
        let different = near.map(|word| word.text.as_str()).collect::<HashSet<_>>().len();
        if best.is_none_or(|(most, _)| different > most) {
            best = Some((different, first.start));
        }
    }
    best.map(|(_, start)| start)
}

/// The start of a word about so many characters before.
fn back(text: &str, at: usize, chars: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    let Some((from, _)) = before.char_indices().rev().take(chars).last() else { return 0 };
    if from == 0 {
        return 0;
    }
    let rest = before.get(from..).unwrap_or_default();
    rest.char_indices().find(|(_, c)| c.is_whitespace()).map_or(at, |(gap, c)| from + gap + c.len_utf8())
}
