//! Judging one region of a text: which words are in it, which runs they make worth a look, and what holds.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::engine::{CONTEXT_BYTES, is_marker};
use super::kind::{Kind, Place};
use super::known::Table;
use super::prefilter::{Prefilter, Target};
use super::run;
use super::span::{Span, What, gaps, merge};

/// How far after an announcement a secret may begin.
const REACH_BYTES: usize = 96;
/// How many runs after its own an announcement is tried on.
const REACH_RUNS: usize = 8;
/// Shortest run that can be announced.
const ANNOUNCED_BYTES_MIN: usize = 6;
/// How often what is left of a run is looked at again. A run that still has secrets then is hidden whole.
const ROUNDS: usize = 8;
/// So much of an announced value is matched.
const VALUE_BYTES: usize = 512;
/// How often base64 is decoded in one piece of a run: more words of base64 than this are noise.
const ENCODED_TRIES: usize = 16;
/// How many announcements are tried in one piece of a run.
const OWN_TRIES: usize = 160;
/// Longest stretch of base64 that is decoded.
const ENCODED_BYTES_MAX: usize = 4_096;
/// Shortest.
const ENCODED_BYTES_MIN: usize = 16;

/// A text with all that is needed to judge it.
#[derive(Clone, Copy)]
pub(super) struct Scan<'t> {
    pub(super) words: &'static Prefilter,
    pub(super) known: &'t Table,
    pub(super) text: &'t str,
}

/// Something that makes a run worth a look.
struct Job {
    run: Range<usize>,
    /// Where the word is.
    at: usize,
    target: Target,
}

/// What was tried on one piece of a run.
#[derive(Default)]
struct Tried {
    shapes: Vec<&'static Kind>,
    /// Stretches of base64 that were decoded.
    decoded: usize,
    /// Announcements within the piece.
    own: usize,
    invisible: bool,
}

// === impl Job ===

impl Job {
    /// Whether it is an announcement within this piece of its run.
    fn is_own(&self, piece: &Range<usize>) -> bool {
        matches!(self.target, Target::Kind(kind) if kind.place == Place::After) && piece.contains(&self.at)
    }
}

// === impl Scan ===

impl Scan<'_> {
    /// The secrets that begin in `text[from..cut]`. Of the text, only what is before `view` is looked at.
    /// `inside`: `from` is in the middle of a run.
    pub(super) fn region(&self, from: usize, cut: usize, view: usize, inside: bool) -> Vec<Span> {
        let mut spans = self.known.find(self.text, from, view);
        let mut jobs = self.jobs(from, cut, view, inside);
        jobs.sort_by_key(|job| job.run.start);
        let stored = spans.clone();
        for group in jobs.chunk_by(|a, b| a.run == b.run) {
            let Some(run) = group.first().map(|job| job.run.clone()) else { continue };
            if !is_marker(self.words, self.text, &run) {
                let inside = inside && run.start == from;
                spans.extend(self.run(&run, group, &stored, inside));
            }
        }
        spans.retain(|span| span.start < cut && !self.is_within_marker(span));
        merge(&mut spans);
        spans
    }

    /// A stored value that is part of a marker is not taken out of it.
    fn is_within_marker(&self, span: &Span) -> bool {
        matches!(span.what, What::Known(_)) && {
            let around = run::around(self.text, span.start, span.start.saturating_sub(64), self.text.len());
            run::floor(self.text, around.start) == around.start && is_marker(self.words, self.text, &around)
        }
    }

    fn jobs(&self, from: usize, cut: usize, view: usize, inside: bool) -> Vec<Job> {
        let context = run::floor(self.text, from.saturating_sub(CONTEXT_BYTES));
        let part = self.text.get(context..view).unwrap_or_default();
        let mut jobs = Vec::new();
        let mut home = 0..0;
        for (start, targets) in self.words.hits(part) {
            let at = context + start;
            let across = at >= from && home.start < from;
            if across || !home.contains(&at) {
                let floor = if at >= from { from } else { context };
                home = run::around(self.text, at, floor, view);
            }
            let judged = home.start >= from && home.start < cut;
            for target in targets {
                if judged {
                    jobs.push(Job { run: home.clone(), at, target: *target });
                }
                if matches!(target, Target::Kind(kind) if kind.place == Place::After) {
                    self.announce(&home, at, *target, (from, cut, view, inside), &mut jobs);
                }
            }
        }
        jobs
    }

    /// An announcement is tried on each of the next runs.
    fn announce(
        &self,
        home: &Range<usize>,
        at: usize,
        target: Target,
        (from, cut, view, inside): (usize, usize, usize, bool),
        jobs: &mut Vec<Job>,
    ) {
        let mut end = home.end.max(at);
        for _ in 0..REACH_RUNS {
            let Some(run) = run::next(self.text, end, view).filter(|run| run.start < cut) else { return };
            if run.start > at + REACH_BYTES {
                return;
            }
            end = run.end;
            let begun_before = inside && run.start <= from;
            if run.start >= from && !begun_before && self.may_be_announced(&run) {
                jobs.push(Job { run, at, target });
            }
        }
    }

    fn may_be_announced(&self, run: &Range<usize>) -> bool {
        let text = self.text.get(run.clone()).unwrap_or_default();
        text.len() >= ANNOUNCED_BYTES_MIN && text.bytes().any(|byte| !byte.is_ascii_alphabetic())
    }

    /// The secrets of one run: again and again what is left of it, until nothing is found.
    fn run(&self, run: &Range<usize>, jobs: &[Job], stored: &[Span], inside: bool) -> Vec<Span> {
        let overlaps = |span: &&Span| span.start < run.end && span.end > run.start;
        let mut spans: Vec<Span> = stored.iter().filter(overlaps).cloned().collect();
        merge(&mut spans);
        for _ in 0..ROUNDS {
            let mut found = Vec::new();
            for piece in gaps(run, &spans) {
                let before = usize::from(inside && piece.start == run.start);
                let mut tried = Tried::default();
                for job in jobs {
                    if tried.own > OWN_TRIES {
                        // More announcements in one run than anybody writes: nothing of it is shown.
                        found.push(Span::new(piece.clone(), What::Unscanned));
                        break;
                    }
                    tried.own += usize::from(job.is_own(&piece));
                    if self.is_due(&piece, job, &mut tried) {
                        self.judge(run, &piece, job, before, &mut found);
                    }
                }
            }
            if found.is_empty() {
                return spans;
            }
            spans.extend(found);
            merge(&mut spans);
        }
        vec![Span::new(run.clone(), What::Unscanned)]
    }

    /// Whether a job is to be tried on this piece: a shape and what hides behind invisible characters once,
    /// however often their words are there; base64 where a stretch of it may begin, and not without end.
    fn is_due(&self, piece: &Range<usize>, job: &Job, tried: &mut Tried) -> bool {
        match job.target {
            Target::Kind(kind) if kind.place == Place::Run && piece.contains(&job.at) => {
                let first = !tried.shapes.iter().any(|other| std::ptr::eq(*other, kind));
                if first {
                    tried.shapes.push(kind);
                }
                first
            }
            Target::Invisible if piece.contains(&job.at) => !std::mem::replace(&mut tried.invisible, true),
            Target::Encoded => {
                let before = self.text.get(piece.start..job.at).and_then(|text| text.bytes().last());
                let begins =
                    before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && !b"+-_".contains(&byte));
                tried.decoded += usize::from(begins);
                begins && tried.decoded <= ENCODED_TRIES
            }
            _ => true,
        }
    }

    /// Whether a piece of a run holds what a job looks for. `before`: so many bytes before it belong to it.
    fn judge(
        &self,
        run: &Range<usize>,
        piece: &Range<usize>,
        job: &Job,
        before: usize,
        found: &mut Vec<Span>,
    ) {
        match job.target {
            Target::Kind(kind) if kind.place == Place::Run => {
                if piece.contains(&job.at) {
                    self.shape(kind, piece, before, found);
                }
            }
            Target::Kind(kind) => {
                let is_own = job.at >= piece.start && job.at < piece.end;
                if is_own || (piece.start == run.start && job.at < run.start) {
                    self.announced(kind, job.at, piece, found);
                }
            }
            Target::Encoded if piece.contains(&job.at) => self.encoded(job.at, piece, found),
            Target::Invisible if piece.contains(&job.at) => self.invisible(piece, found),
            Target::Encoded | Target::Invisible => {}
        }
    }

    fn shape(&self, kind: &'static Kind, piece: &Range<usize>, before: usize, found: &mut Vec<Span>) {
        let Some(regex) = kind.regex() else {
            found.push(Span::new(piece.clone(), What::Unscanned));
            return;
        };
        let start = run::floor(self.text, piece.start - before);
        let text = self.text.get(start..piece.end).unwrap_or_default();
        work::done(text.len());
        for groups in regex.captures_iter(text.as_bytes()) {
            let secret = groups.get(1).map(|group| start + group.start()..start + group.end());
            if let Some(secret) = secret.filter(|secret| secret.start >= piece.start) {
                self.accept(kind, secret, found);
            }
        }
    }

    fn announced(&self, kind: &'static Kind, at: usize, piece: &Range<usize>, found: &mut Vec<Span>) {
        let Some(regex) = kind.regex() else {
            found.push(Span::new(piece.clone(), What::Unscanned));
            return;
        };
        let end = piece.end.min(run::ceil(self.text, at + REACH_BYTES + VALUE_BYTES));
        let text = self.text.get(at..end).unwrap_or_default();
        work::done(text.len());
        if !regex.is_match(text.as_bytes()) {
            return;
        }
        let home = run::around(self.text, at, run::floor(self.text, at.saturating_sub(64)), piece.end);
        if is_marker(self.words, self.text, &home) {
            return;
        }
        let groups = regex.captures(text.as_bytes());
        let secret =
            groups.and_then(|groups| groups.get(1)).map(|group| at + group.start()..at + group.end());
        // A longer value hides the rest of its run.
        let whole = |secret: Range<usize>| if secret.end == end { secret.start..piece.end } else { secret };
        let secret = secret.map(whole);
        if let Some(secret) = secret.filter(|secret| secret.start >= piece.start) {
            self.accept(kind, secret, found);
        }
    }

    /// A match counts if what its shape can't say holds too. What ends a sentence is no part of it.
    fn accept(&self, kind: &'static Kind, secret: Range<usize>, found: &mut Vec<Span>) {
        let secret = run::floor(self.text, secret.start)..run::ceil(self.text, secret.end);
        let text = self.text.get(secret.clone()).unwrap_or_default();
        let text = text.trim_end_matches(['.', ':', '*', '!', '?', '~', '…']);
        if !text.is_empty() && kind.check.holds(text) {
            found.push(Span::new(secret.start..secret.start + text.len(), What::Kind(kind)));
        }
    }

    /// Base64 that begins at a word's base64: is it the base64 of a secret?
    fn encoded(&self, at: usize, piece: &Range<usize>, found: &mut Vec<Span>) {
        let text = self.text.get(at..piece.end).unwrap_or_default();
        let is_code = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
        let size = text.bytes().take_while(is_code).count();
        let padding = text.bytes().skip(size).take_while(|byte| *byte == b'=').count();
        if size < ENCODED_BYTES_MIN {
            return;
        }
        let part = text.get(..size.min(ENCODED_BYTES_MAX)).unwrap_or_default();
        work::done(part.len());
        let Some(decoded) = decode(part) else { return };
        let clear = String::from_utf8_lossy(&decoded);
        let begun = Table::default();
        let inner = Scan { words: self.words, known: &begun, text: &clear };
        if let Some(what) = inner.plain() {
            found.push(Span::new(at..at + size + padding, what));
        }
    }

    /// The first secret of a text, without looking for encoded ones in it.
    fn plain(&self) -> Option<What> {
        if matches!(super::block::beginning(self.text, 0, true), super::block::Beginning::Certain { .. }) {
            return Some(What::Block);
        }
        let mut jobs = self.jobs(0, self.text.len(), self.text.len(), false);
        jobs.retain(|job| matches!(job.target, Target::Kind(_)));
        jobs.iter().find_map(|job| {
            let mut found = Vec::new();
            self.judge(&job.run, &job.run, job, 0, &mut found);
            found.into_iter().next().map(|span| span.what)
        })
    }

    /// A piece with invisible characters: what would be seen is judged.
    fn invisible(&self, piece: &Range<usize>, found: &mut Vec<Span>) {
        let text = self.text.get(piece.clone()).unwrap_or_default();
        work::done(text.len());
        let kept = || text.char_indices().filter(|(_, c)| !run::is_invisible(*c));
        let seen: String = kept().map(|(_, c)| c).collect();
        let places: Vec<usize> = kept().flat_map(|(place, c)| place..place + c.len_utf8()).collect();
        let place = |at: usize| places.get(at).map_or(piece.end, |place| piece.start + place);
        let inner = Scan { words: self.words, known: self.known, text: &seen };
        for span in inner.region(0, seen.len(), seen.len(), false) {
            let end = span.end.checked_sub(1).map_or(piece.start, |last| place(last) + 1);
            found.push(Span::new(place(span.start)..run::ceil(self.text, end), span.what));
        }
    }
}

/// How many bytes were given to the costly steps, for the test of hostile texts.
mod work {
    #[cfg(test)]
    thread_local! {
        static DONE: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }

    #[cfg_attr(not(test), expect(clippy::missing_const_for_fn, reason = "counts in tests"))]
    pub(super) fn done(_bytes: usize) {
        #[cfg(test)]
        DONE.set(DONE.get() + _bytes);
    }

    #[cfg(test)]
    pub(super) fn take() -> usize {
        DONE.take()
    }
}

#[cfg(test)]
pub(super) fn work_done() -> usize {
    work::take()
}

/// Decodes either alphabet, as far as whole groups go.
fn decode(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    let usable = if text.len() % 4 == 1 { text.len() - 1 } else { text.len() };
    let plain = text.get(..usable)?.replace('-', "+").replace('_', "/");
    engine.decode(plain).ok()
}
