//! The way of output into transcript and tape: bytes become text between characters and without secrets.

use super::transcript::Writer;
use crate::protocol::ids::{TenantId, ThreadId};
use crate::protocol::process::OutputStream;
use crate::redaction::{Finding, LeakLog, Redactor, StreamRedactor};

/// The way of output into transcript and tape. One report at a time goes through it.
pub(super) struct Channel {
    pub(super) writer: Writer,
    stdout: Cleaner,
    stderr: Cleaner,
}

/// Output of one stream on its way to text without secrets.
struct Cleaner {
    redactor: StreamRedactor,
    /// The beginning of a character whose rest has not come.
    begun: Vec<u8>,
    /// What a scanner that rested had found and nobody has noted.
    findings: Vec<Finding>,
}

// === impl Channel ===

impl Channel {
    pub(super) fn new(writer: Writer, scanner: &Redactor) -> Self {
        Self { writer, stdout: Cleaner::new(scanner.stream()), stderr: Cleaner::new(scanner.stream()) }
    }

    /// Takes bytes of a stream; what can be shown now.
    pub(super) fn push(&mut self, stream: OutputStream, bytes: &[u8]) -> Vec<(OutputStream, String)> {
        vec![(stream, self.of(stream).push(bytes))]
    }

    fn of(&mut self, stream: OutputStream) -> &mut Cleaner {
        match stream {
            OutputStream::Stdout => &mut self.stdout,
            OutputStream::Stderr => &mut self.stderr,
        }
    }

    /// What was held back, because nothing has come for a moment.
    pub(super) fn rest(&mut self, fresh: &Redactor) -> Vec<(OutputStream, String)> {
        vec![(OutputStream::Stdout, self.stdout.rest(fresh)), (OutputStream::Stderr, self.stderr.rest(fresh))]
    }

    /// Everything that was held back, half characters too.
    pub(super) fn finish(&mut self, fresh: &Redactor) -> Vec<(OutputStream, String)> {
        let mut last = self.rest(fresh);
        for (stream, text) in &mut last {
            if !std::mem::take(&mut self.of(*stream).begun).is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        last
    }

    /// Records what was taken out.
    pub(super) fn note(&mut self, leaks: &LeakLog, tenant: &TenantId, thread: Option<ThreadId>) {
        for cleaner in [&mut self.stdout, &mut self.stderr] {
            leaks.note(tenant, "process", thread, &cleaner.take_findings());
        }
    }
}

// === impl Cleaner ===

impl Cleaner {
    const fn new(redactor: StreamRedactor) -> Self {
        Self { redactor, begun: Vec::new(), findings: Vec::new() }
    }

    fn take_findings(&mut self) -> Vec<Finding> {
        let mut findings = std::mem::take(&mut self.findings);
        findings.extend(self.redactor.take_findings());
        findings
    }

    /// What can be shown after these bytes.
    fn push(&mut self, bytes: &[u8]) -> String {
        self.begun.extend_from_slice(bytes);
        let bytes = std::mem::take(&mut self.begun);
        let whole = match bytes.utf8_chunks().last() {
            // At the end, and not wrong whatever comes: it waits for its rest.
            Some(last) if std::str::from_utf8(last.invalid()).is_err_and(|e| e.error_len().is_none()) => {
                bytes.len() - last.invalid().len()
            }
            _ => bytes.len(),
        };
        let (whole, begun) = bytes.split_at(whole);
        self.begun = begun.to_vec();
        self.redactor.push(&String::from_utf8_lossy(whole))
    }

    /// What was held back, because nothing has come for a moment. What comes next is scanned anew.
    fn rest(&mut self, fresh: &Redactor) -> String {
        if self.redactor.held() == 0 {
            return String::new();
        }
        let mut finished = std::mem::replace(&mut self.redactor, fresh.stream());
        let shown = finished.finish();
        self.findings.extend(finished.take_findings());
        shown
    }
}

#[cfg(test)]
mod tests;
