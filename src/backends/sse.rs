//! Incremental parser of event streams (WHATWG HTML, "server-sent events").
//!
//! Bytes may be cut anywhere. A line and an event have limits, so that a provider cannot fill the
//! memory. An event that its empty line did not close is not an event.

use std::str::Utf8Error;

/// Longest line and largest event, in bytes: far above any real event, far below a problem.
const BYTES_MAX: usize = 4 * 1024 * 1024;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// One event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SseEvent<'a> {
    /// The `event:` field; empty for none.
    pub(super) name: &'a str,
    /// The `data:` lines, joined by line feeds; never empty.
    pub(super) data: &'a str,
}

/// A stream that is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum SseError {
    /// A line or an event is too long.
    #[error("an event of the stream is longer than {BYTES_MAX} bytes")]
    TooLong,
    /// Not UTF-8.
    #[error("the stream is not UTF-8")]
    Encoding(#[from] Utf8Error),
}

/// See the module.
#[derive(Default)]
pub(super) struct SseParser {
    /// The line that is not yet complete; at most `BYTES_MAX`.
    line: Vec<u8>,
    /// The data of the event so far, each line with a line feed; at most `BYTES_MAX`.
    data: Vec<u8>,
    name: Vec<u8>,
    /// The last byte was a carriage return, so a line feed now belongs to it.
    after_return: bool,
    /// A first line was seen, so a byte order mark can no longer come.
    begun: bool,
}

impl SseParser {
    /// Takes bytes and hands every event that they complete to `sink`, in order. After an error the parser is of
    /// no more use.
    pub(super) fn feed<E: From<SseError>>(
        &mut self,
        mut bytes: &[u8],
        mut sink: impl FnMut(SseEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (piece, rest) = bytes.split_at(end);
            let (ending, rest) = rest.split_at(1);
            bytes = rest;
            let feed_of_return = self.after_return && piece.is_empty() && ending == b"\n";
            self.after_return = ending == b"\r";
            if feed_of_return {
                continue;
            }
            if self.line.is_empty() {
                self.take_line(piece, &mut sink)?;
            } else {
                self.keep(piece)?;
                let line = std::mem::take(&mut self.line);
                self.take_line(&line, &mut sink)?;
                self.line = line;
                self.line.clear();
            }
        }
        if !bytes.is_empty() {
            self.after_return = false;
        }
        Ok(self.keep(bytes)?)
    }

    fn keep(&mut self, piece: &[u8]) -> Result<(), SseError> {
        if piece.len() > BYTES_MAX.saturating_sub(self.line.len()) {
            return Err(SseError::TooLong);
        }
        self.line.extend_from_slice(piece);
        Ok(())
    }

    fn take_line<E: From<SseError>>(
        &mut self,
        line: &[u8],
        sink: &mut impl FnMut(SseEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let line = if std::mem::replace(&mut self.begun, true) {
            line
        } else {
            line.strip_prefix(BOM).unwrap_or(line)
        };
        if line.is_empty() {
            return self.dispatch(sink);
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => {
                let (field, value) = line.split_at(colon);
                let value = value.get(1..).unwrap_or_default();
                (field, value.strip_prefix(b" ").unwrap_or(value))
            }
            None => (line, &[][..]),
        };
        match field {
            b"data" => {
                if value.len() >= BYTES_MAX.saturating_sub(self.data.len()) {
                    return Err(SseError::TooLong.into());
                }
                self.data.extend_from_slice(value);
                self.data.push(b'\n');
            }
            b"event" => {
                self.name.clear();
                self.name.extend_from_slice(value);
            }
            // `id`, `retry`, comments (an empty field name) and unknown fields mean nothing here.
            _ => {}
        }
        Ok(())
    }

    fn dispatch<E: From<SseError>>(
        &mut self,
        sink: &mut impl FnMut(SseEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let data = self.data.strip_suffix(b"\n").unwrap_or(&self.data);
        let result = if data.is_empty() {
            Ok(())
        } else {
            let name = std::str::from_utf8(&self.name).map_err(SseError::from)?;
            let data = std::str::from_utf8(data).map_err(SseError::from)?;
            sink(SseEvent { name, data })
        };
        self.data.clear();
        self.name.clear();
        result
    }
}

#[cfg(test)]
mod tests;
