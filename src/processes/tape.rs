//! The newest output of a process, bounded in bytes, cut between characters.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::protocol::process::OutputStream;

/// Longest piece in bytes: what is dropped when the tape is full.
const PIECE_BYTES_MAX: usize = 8 << 10;

/// A stretch of output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// Where it came from.
    pub stream: OutputStream,
    /// The text.
    pub text: Arc<str>,
    /// The place in the transcript after it, in bytes.
    pub end: u64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Tape {
    pieces: VecDeque<Piece>,
    bytes: usize,
    bytes_max: usize,
    /// The place in the transcript where the first piece begins.
    start: u64,
}

/// What a peer that has everything up to a place gets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Since {
    /// What came after it; may be nothing.
    Pieces(Vec<Piece>),
    /// What came right after it is no longer here. The tape begins at this place.
    Gone(u64),
}

// === impl Tape ===

impl Tape {
    /// An empty tape that begins at this place of the transcript.
    pub(super) const fn new(bytes_max: usize, start: u64) -> Self {
        Self { pieces: VecDeque::new(), bytes: 0, bytes_max, start }
    }

    /// Takes a text in, which takes up so many bytes of the transcript: its own and those of marks.
    pub(super) fn push(&mut self, stream: OutputStream, text: &str, marked_bytes: u64) {
        let mut rest = text;
        let mut at = self.end() + marked_bytes;
        while !rest.is_empty() {
            let (head, tail) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES_MAX));
            at += head.len() as u64;
            self.bytes += head.len();
            self.pieces.push_back(Piece { stream, text: Arc::from(head), end: at });
            rest = tail;
        }
        while self.bytes > self.bytes_max {
            let Some(oldest) = self.pieces.pop_front() else { break };
            self.bytes -= oldest.text.len();
            self.start = oldest.end;
        }
    }

    /// The place in the transcript after the newest piece.
    pub(super) fn end(&self) -> u64 {
        self.pieces.back().map_or(self.start, |piece| piece.end)
    }

    /// The place in the transcript of the oldest piece.
    pub(super) const fn start(&self) -> u64 {
        self.start
    }

    /// What came after a place, at most so many bytes of it and at least one piece.
    pub(super) fn since(&self, place: u64, bytes_max: usize) -> Since {
        if place < self.start {
            return Since::Gone(self.start);
        }
        let first = self.pieces.partition_point(|piece| piece.end <= place);
        let mut found = Vec::new();
        let mut bytes = 0;
        for piece in self.pieces.range(first..) {
            bytes += piece.text.len();
            if bytes > bytes_max && !found.is_empty() {
                break;
            }
            found.push(after(piece, place));
        }
        Since::Pieces(found)
    }

    /// Everything, as one text.
    pub(super) fn text(&self) -> String {
        self.pieces.iter().map(|piece| &*piece.text).collect()
    }
}

/// The part of a piece behind a place in the middle of it.
fn after(piece: &Piece, place: u64) -> Piece {
    let start = piece.end.saturating_sub(piece.text.len() as u64);
    let skip = usize::try_from(place.saturating_sub(start)).unwrap_or(0);
    if skip == 0 {
        return piece.clone();
    }
    let text = piece.text.get(piece.text.ceil_char_boundary(skip)..).unwrap_or_default();
    Piece { text: Arc::from(text), ..piece.clone() }
}

#[cfg(test)]
mod tests;
