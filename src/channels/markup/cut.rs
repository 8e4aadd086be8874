//! Cuts a flow into parts: between blocks, else lines, else sentences, else words, else graphemes.

use std::rc::Rc;

use unicode_segmentation::UnicodeSegmentation as _;

use super::super::TextUnit;
use super::Part;
use super::dialect::Dialect;
use super::flow::{Rank, Run, Tag};
use super::writer::Writer;

/// How much a part may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    pub(super) unit: TextUnit,
    pub(super) units_max: usize,
    /// Longest markup in bytes.
    pub(super) bytes_max: Option<usize>,
    /// Whether `units_max` counts markup too, or only what is seen.
    pub(super) counts_markup: bool,
}

/// A piece that is cut only when it does not fit a part alone.
#[derive(Clone, Copy, Debug)]
struct Atom<'a> {
    text: &'a str,
    tags: &'a Rc<[Tag]>,
    /// How good a cut after this is.
    after: Rank,
    /// White space that is not needed at either end of a part.
    blank: bool,
}

/// From which share of a part on (in thousandths) a cut of this rank is taken, best rank first.
const GOOD_FROM: [(Rank, usize); 4] =
    [(Rank::Block, 250), (Rank::Line, 500), (Rank::Sentence, 500), (Rank::Word, 250)];

/// The parts of `runs`.
pub(super) fn parts(runs: &[Run], dialect: Dialect, budget: Budget) -> Vec<Part> {
    let mut atoms = atoms(runs);
    let mut parts = Vec::new();
    let mut at = 0;
    loop {
        at += atoms.iter().skip(at).take_while(|atom| atom.blank).count();
        if at >= atoms.len() {
            return parts;
        }
        let end = match end_of_part(atoms.get(at..).unwrap_or_default(), dialect, &budget) {
            0 => {
                split_first(&mut atoms, at, dialect, &budget);
                1
            }
            end => end,
        };
        let mut writer = Writer::new(dialect, budget.unit);
        for atom in atoms.iter().skip(at).take(end) {
            writer.push(atom.text, atom.tags);
        }
        at += end;
        let (markup, plain) = writer.finish();
        // A long line of spaces in a block of code says nothing, and platforms refuse it.
        if !plain.trim().is_empty() {
            parts.push(Part { markup, plain });
        }
    }
}

/// How many of `atoms` make the next part; 0 when not even the first one fits.
fn end_of_part(atoms: &[Atom<'_>], dialect: Dialect, budget: &Budget) -> usize {
    let mut writer = Writer::new(dialect, budget.unit);
    // The last cut of each rank, and the share of the part that it uses.
    let mut cuts: Vec<(Rank, usize, usize)> = Vec::new();
    for (at, atom) in atoms.iter().enumerate() {
        // Too long in any unit: a character has at most four bytes.
        if atom.text.len() > budget.units_max.saturating_mul(4) {
            return best(&cuts);
        }
        writer.push(atom.text, atom.tags);
        if atom.blank {
            continue;
        }
        if !writer.fits(budget) {
            return best(&cuts);
        }
        cuts.retain(|(rank, ..)| *rank != atom.after);
        cuts.push((atom.after, at + 1, writer.share(budget)));
    }
    atoms.len()
}

fn best(cuts: &[(Rank, usize, usize)]) -> usize {
    for (rank, from) in GOOD_FROM {
        if let Some((_, end, _)) = cuts.iter().find(|(found, _, share)| *found == rank && *share >= from) {
            return *end;
        }
    }
    let last =
        |ranks: &[Rank]| cuts.iter().filter(|(rank, ..)| ranks.contains(rank)).map(|(_, end, _)| *end).max();
    last(&[Rank::Block, Rank::Line, Rank::Sentence, Rank::Word])
        .or_else(|| last(&[Rank::Span]))
        .or_else(|| last(&[Rank::Hard]))
        .unwrap_or(0)
}

/// Splits the atom at `at`, which is too long for a part, after as many graphemes as fit.
fn split_first(atoms: &mut Vec<Atom<'_>>, at: usize, dialect: Dialect, budget: &Budget) {
    let Some(atom) = atoms.get(at).copied() else { return };
    let room = budget.units_max.saturating_add(1);
    let graphemes: Vec<usize> =
        atom.text.grapheme_indices(true).map(|(start, text)| start + text.len()).take(room).collect();
    let ends = if fits(&atom, graphemes.first().copied(), dialect, budget) {
        graphemes
    } else {
        // A letter under a tower of marks.
        atom.text.char_indices().map(|(start, c)| start + c.len_utf8()).take(room).collect()
    };
    let many = ends.partition_point(|end| fits(&atom, Some(*end), dialect, budget));
    // One character is always taken, or this would never end.
    let Some(end) = ends.get(many.saturating_sub(1)).copied() else { return };
    let Some((head, tail)) = atom.text.split_at_checked(end) else { return };
    if tail.is_empty() {
        return;
    }
    if let Some(first) = atoms.get_mut(at) {
        *first = Atom { text: head, after: Rank::Hard, ..atom };
    }
    atoms.insert(at + 1, Atom { text: tail, ..atom });
}

fn fits(atom: &Atom<'_>, end: Option<usize>, dialect: Dialect, budget: &Budget) -> bool {
    let text = end.and_then(|end| atom.text.get(..end)).unwrap_or_default();
    let mut writer = Writer::new(dialect, budget.unit);
    writer.push(text, atom.tags);
    writer.fits(budget)
}

fn atoms(runs: &[Run]) -> Vec<Atom<'_>> {
    let mut atoms = Vec::new();
    for run in runs {
        let block = run.tags.iter().any(|tag| matches!(tag, Tag::Block { .. }));
        if let Some(rank) = run.gap {
            atoms.push(Atom { text: &run.text, tags: &run.tags, after: rank, blank: true });
        } else if run.tags.contains(&Tag::Verbatim) {
            atoms.push(Atom { text: &run.text, tags: &run.tags, after: Rank::Hard, blank: false });
        } else {
            for text in pieces(&run.text) {
                let white = text.chars().all(char::is_whitespace);
                let after = if text == "\n" { Rank::Line } else { Rank::Word };
                let blank = if block { text == "\n" } else { white };
                atoms.push(Atom { text, tags: &run.tags, after, blank });
            }
        }
    }
    rank(&mut atoms);
    atoms
}

/// Words, white space between them, and ends of lines.
fn pieces(text: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        '\n' => 2,
        c if c.is_whitespace() => 1,
        _ => 0,
    };
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut last: Option<char> = None;
    for (at, c) in text.char_indices() {
        let edge =
            last.is_some_and(|last| kind(last) != kind(c) || last == '\n' || ends_sentence_alone(last));
        if edge {
            pieces.extend(text.get(start..at));
            start = at;
        }
        last = Some(c);
    }
    pieces.extend(text.get(start..).filter(|rest| !rest.is_empty()));
    pieces
}

/// Marks that end a sentence in scripts that need no space after it.
const fn ends_sentence_alone(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '；' | '，' | '、')
}

/// Says of each atom how good a cut after it is, from what follows.
fn rank(atoms: &mut [Atom<'_>]) {
    let mut next: Option<Atom<'_>> = None;
    for atom in atoms.iter_mut().rev() {
        atom.after = match &next {
            None => Rank::Block,
            Some(next) if atom.blank && next.blank => atom.after.max(next.after),
            Some(_) if atom.blank => atom.after,
            Some(next) => rank_between(atom, next),
        };
        next = Some(*atom);
    }
}

fn rank_between(atom: &Atom<'_>, next: &Atom<'_>) -> Rank {
    let last = atom.text.chars().next_back().unwrap_or(' ');
    let narrow = |tag: &Tag| matches!(tag, Tag::Link(_) | Tag::Code | Tag::Block { .. });
    let inside = atom.tags.iter().any(|tag| narrow(tag) && next.tags.contains(tag));
    let in_block = atom.tags.iter().any(|tag| matches!(tag, Tag::Block { .. }));
    if next.blank {
        return match next.after {
            Rank::Word if inside => Rank::Span,
            Rank::Word if matches!(last, '.' | '!' | '?' | ':' | ';' | '…') => Rank::Sentence,
            // What announces something stays with it.
            Rank::Line | Rank::Block if last == ':' && !in_block => Rank::Word,
            rank => rank,
        };
    }
    match (inside, atom.tags.contains(&Tag::Verbatim)) {
        (true, _) if in_block => Rank::Span,
        (false, false) if ends_sentence_alone(last) => Rank::Sentence,
        _ => Rank::Hard,
    }
}
