//! Incremental parser of JSON lines, as Ollama streams them. Bytes may be cut anywhere; a line has a limit.

use super::sse::{SseError, SseEvent};

/// Longest line, in bytes.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// See the module.
#[derive(Default)]
pub(super) struct LineParser {
    /// The line that is not yet complete; at most `BYTES_MAX`.
    line: Vec<u8>,
}

impl LineParser {
    /// Takes bytes and hands every line that they complete to `sink`, in order, as an event without a name.
    pub(super) fn feed<E: From<SseError>>(
        &mut self,
        mut bytes: &[u8],
        mut sink: impl FnMut(SseEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (piece, rest) = bytes.split_at(end);
            bytes = rest.get(1..).unwrap_or_default();
            self.keep(piece)?;
            let line = std::mem::take(&mut self.line);
            let text = std::str::from_utf8(&line).map_err(SseError::from)?.trim();
            if !text.is_empty() {
                sink(SseEvent { name: "", data: text })?;
            }
        }
        Ok(self.keep(bytes)?)
    }

    /// The last line, which some servers do not end.
    pub(super) fn rest<E: From<SseError>>(
        &mut self,
        sink: impl FnOnce(SseEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let line = std::mem::take(&mut self.line);
        let text = std::str::from_utf8(&line).map_err(SseError::from)?.trim();
        if text.is_empty() { Ok(()) } else { sink(SseEvent { name: "", data: text }) }
    }

    fn keep(&mut self, piece: &[u8]) -> Result<(), SseError> {
        if piece.len() > BYTES_MAX.saturating_sub(self.line.len()) {
            return Err(SseError::TooLong);
        }
        self.line.extend_from_slice(piece);
        Ok(())
    }
}
