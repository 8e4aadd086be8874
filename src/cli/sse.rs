//! Reads a stream of server-sent events, however its bytes are cut.

/// One event with data. Comments and events without data are skipped, as the standard says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct SseEvent {
    /// The id that a reconnection resumes after; the last one that was sent.
    pub(super) id: Option<String>,
    /// Its name; `message` when the stream gave none.
    pub(super) name: String,
    /// Its data, lines joined.
    pub(super) data: String,
}

/// Bytes that one event may have. The daemon's are far smaller.
const EVENT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// An event was longer than any that the daemon sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an event of the stream is too long")]
pub(super) struct EventTooLong;

/// Collects bytes and gives events.
#[derive(Default)]
pub(super) struct SseReader {
    pending: Vec<u8>,
    id: Option<String>,
    name: String,
    data: Vec<String>,
}

impl SseReader {
    /// Adds bytes; the events that they complete come out in order.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<SseEvent>, EventTooLong> {
        self.pending.extend_from_slice(bytes);
        let mut events = Vec::new();
        let mut done = 0;
        while let Some(length) =
            self.pending.get(done..).and_then(|rest| rest.iter().position(|b| *b == b'\n'))
        {
            let line = self.pending.get(done..done + length).unwrap_or_default();
            let line = String::from_utf8_lossy(line).trim_end_matches('\r').to_owned();
            done += length + 1;
            events.extend(self.line(&line));
        }
        self.pending.drain(..done);
        let held: usize = self.pending.len() + self.data.iter().map(String::len).sum::<usize>();
        if held > EVENT_BYTES_MAX { Err(EventTooLong) } else { Ok(events) }
    }

    fn line(&mut self, line: &str) -> Option<SseEvent> {
        if line.is_empty() {
            return self.finish();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut self.name),
            "data" => self.data.push(value.to_owned()),
            _ => {}
        }
        None
    }

    fn finish(&mut self) -> Option<SseEvent> {
        let name = std::mem::take(&mut self.name);
        let data = std::mem::take(&mut self.data);
        if data.is_empty() {
            return None;
        }
        let name = if name.is_empty() { "message".to_owned() } else { name };
        Some(SseEvent { id: self.id.clone(), name, data: data.join("\n") })
    }
}

#[cfg(test)]
mod tests;
