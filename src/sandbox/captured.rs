//! The output of a program within a bound: its beginning and its end.

use std::collections::VecDeque;

/// The beginning and the end of an output. What was between them is only counted.
#[derive(Clone, Debug)]
pub struct Captured {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    half: usize,
    cut_bytes: u64,
}

// === impl Captured ===

impl Captured {
    /// Nothing yet; at most this many bytes.
    #[must_use]
    pub const fn new(bytes_max: usize) -> Self {
        Self { head: Vec::new(), tail: VecDeque::new(), half: bytes_max / 2, cut_bytes: 0 }
    }

    /// Takes in what came.
    pub fn push(&mut self, bytes: &[u8]) {
        let room = self.half.saturating_sub(self.head.len()).min(bytes.len());
        let (first, rest) = bytes.split_at(room);
        self.head.extend_from_slice(first);
        self.tail.extend(rest);
        let over = self.tail.len().saturating_sub(self.half);
        self.tail.drain(..over);
        self.cut_bytes += over as u64;
    }

    /// How many bytes are missing in the middle.
    #[must_use]
    pub const fn cut_bytes(&self) -> u64 {
        self.cut_bytes
    }

    /// As text: what is no UTF-8 is U+FFFD, and a mark says what is missing.
    #[must_use]
    pub fn text(&self) -> String {
        if self.cut_bytes == 0 {
            let whole: Vec<u8> = self.head.iter().chain(&self.tail).copied().collect();
            return String::from_utf8_lossy(&whole).into_owned();
        }
        let head = whole_characters(&self.head);
        let tail: Vec<u8> = self.tail.iter().copied().skip_while(|byte| byte & 0xC0 == 0x80).collect();
        let missing = self.cut_bytes;
        format!(
            "{}\n[… {missing} bytes are cut here …]\n{}",
            String::from_utf8_lossy(head),
            String::from_utf8_lossy(&tail)
        )
    }
}

/// Without the beginning of a character whose rest is missing.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => bytes.get(..error.valid_up_to()).unwrap_or(bytes),
        _ => bytes,
    }
}

#[cfg(test)]
mod tests;
