//! The tokens of an answer that is passed on, read beside it: of whole answers and of streams, in all words.
//!
//! It reads and never changes; an answer that it cannot read has no figures, and is passed on all the same.

use serde_json::Value;

use crate::backends::sse::{SseError, SseParser};
use crate::protocol::chat::Usage;

/// Longest whole answer that is read, in bytes.
const WHOLE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// See the module.
pub struct Tally {
    reading: Reading,
    input: Option<u64>,
    /// Read from and written to a cache, where the provider does not count them as input.
    beside: [Option<u64>; 2],
    cached: Option<u64>,
    output: Option<u64>,
    reasoning: Option<u64>,
    /// Events of a stream so far.
    events: u64,
}

enum Reading {
    Stream(Box<SseParser>),
    Whole(Vec<u8>),
    Nothing,
}

impl Tally {
    /// For an answer of this content type.
    #[must_use]
    pub fn new(content_type: &str) -> Self {
        let reading = if content_type.starts_with("text/event-stream") {
            Reading::Stream(Box::default())
        } else if content_type.contains("json") {
            Reading::Whole(Vec::new())
        } else {
            Reading::Nothing
        };
        Self {
            reading,
            input: None,
            beside: [None; 2],
            cached: None,
            output: None,
            reasoning: None,
            events: 0,
        }
    }

    /// Sees the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut reading = std::mem::replace(&mut self.reading, Reading::Nothing);
        match &mut reading {
            Reading::Nothing => return,
            Reading::Whole(body) if bytes.len() > WHOLE_BYTES_MAX.saturating_sub(body.len()) => return,
            Reading::Whole(body) => body.extend_from_slice(bytes),
            Reading::Stream(parser) => {
                let seen = parser.feed(bytes, |event| {
                    self.events += 1;
                    // Only these have figures, and most events of a stream have none.
                    if event.data.contains("sage")
                        && let Ok(data) = serde_json::from_str(event.data)
                    {
                        self.read(&data);
                    }
                    Ok::<(), SseError>(())
                });
                if seen.is_err() {
                    return;
                }
            }
        }
        self.reading = reading;
    }

    /// The tokens of everything that was seen. `whole`: the answer came to its end; of another one each event counts as a
    /// token at least, so that who hangs up early does not read for nothing.
    #[must_use]
    pub fn usage(mut self, whole: bool) -> Usage {
        if let Reading::Whole(body) = std::mem::replace(&mut self.reading, Reading::Nothing) {
            match serde_json::from_slice(&body) {
                // Google's streams without `alt=sse`.
                Ok(Value::Array(pieces)) => pieces.iter().for_each(|piece| self.read(piece)),
                Ok(value) => self.read(&value),
                Err(_) => {}
            }
        }
        let beside: u64 = self.beside.into_iter().flatten().fold(0, u64::saturating_add);
        let output = self.output.unwrap_or_default();
        Usage {
            input_tokens: self.input.unwrap_or_default().saturating_add(beside),
            output_tokens: if whole { output } else { output.max(self.events) },
            cached_tokens: self.cached.unwrap_or_default(),
            reasoning_tokens: self.reasoning.unwrap_or_default(),
        }
    }

    /// Later figures count; one that is not there stays.
    fn read(&mut self, value: &Value) {
        if let Some(meta) = value.get("usageMetadata") {
            return self.read_gemini(meta);
        }
        let places = ["/usage", "/message/usage", "/response/usage"];
        let Some(usage) =
            places.iter().find_map(|place| value.pointer(place)).filter(|usage| usage.is_object())
        else {
            return;
        };
        let number =
            |paths: &[&str]| paths.iter().find_map(|path| usage.pointer(path)).and_then(Value::as_u64);
        let keep = |place: &mut Option<u64>, paths: &[&str]| *place = number(paths).or(*place);
        keep(&mut self.input, &["/prompt_tokens", "/input_tokens"]);
        keep(&mut self.output, &["/completion_tokens", "/output_tokens"]);
        let [read, written] = &mut self.beside;
        keep(read, &["/cache_read_input_tokens"]);
        keep(written, &["/cache_creation_input_tokens"]);
        let cached = [
            "/cache_read_input_tokens",
            "/prompt_tokens_details/cached_tokens",
            "/input_tokens_details/cached_tokens",
        ];
        keep(&mut self.cached, &cached);
        let reasoning =
            ["/completion_tokens_details/reasoning_tokens", "/output_tokens_details/reasoning_tokens"];
        keep(&mut self.reasoning, &reasoning);
    }

    fn read_gemini(&mut self, meta: &Value) {
        let number = |name: &str| meta.get(name).and_then(Value::as_u64);
        let sum = |names: [&str; 2]| {
            let mut found = names.into_iter().filter_map(number).peekable();
            found.peek().is_some().then(|| found.fold(0, u64::saturating_add))
        };
        self.input = sum(["promptTokenCount", "toolUsePromptTokenCount"]).or(self.input);
        self.output = sum(["candidatesTokenCount", "thoughtsTokenCount"]).or(self.output);
        self.cached = number("cachedContentTokenCount").or(self.cached);
        self.reasoning = number("thoughtsTokenCount").or(self.reasoning);
    }
}

#[cfg(test)]
mod tests;
