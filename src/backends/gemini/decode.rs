//! A `generateContent` answer as events.

use serde_json::Value;

use super::wire::{Answer, Candidate, FunctionCall, Part};
use crate::backends::answer::{Decoder, Events, truncated};
use crate::backends::failure::{self, Failure};
use crate::backends::seal;
use crate::backends::sse::SseEvent;
use crate::egress::Secret;
use crate::protocol::chat::{StopReason, ToolCall};
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent};

/// Most tool calls of one answer.
const TOOL_CALLS_MAX: usize = 128;
/// Longest signature, in bytes.
const SEAL_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What is known of one answer so far.
#[derive(Default)]
pub(super) struct ContentDecoder {
    tool_calls: usize,
    /// The signature that has to go back: that of the first call, else the last one.
    seal: Option<String>,
    /// The seal is a call's.
    of_call: bool,
    stop: Option<StopReason>,
}

impl Decoder for ContentDecoder {
    fn event(
        &mut self,
        event: SseEvent<'_>,
        key: Option<&Secret>,
        out: &mut Events,
    ) -> Result<bool, Failure> {
        self.take(event.data.as_bytes(), key, out)?;
        // Nothing marks the last event: the end of the stream does.
        Ok(false)
    }

    fn end(&mut self, out: &mut Events) -> Result<(), Failure> {
        let stop = self.stop.take().ok_or_else(truncated)?;
        if let Some(signature) = self.seal.take() {
            out.push_back(ModelEvent::ThinkingSignature([seal::GEMINI, &signature].concat()));
        }
        let stop =
            if stop == StopReason::EndTurn && self.tool_calls > 0 { StopReason::ToolUse } else { stop };
        out.push_back(ModelEvent::Stop(stop));
        Ok(())
    }

    fn is_whole(&self) -> bool {
        self.stop.is_some()
    }

    fn whole(&mut self, body: &[u8], key: Option<&Secret>, out: &mut Events) -> Result<(), Failure> {
        // A proxy that dropped `alt=sse` answers a stream request with a list of chunks.
        match serde_json::from_slice(body) {
            Ok(Value::Array(chunks)) => {
                for chunk in chunks {
                    self.take_value(chunk, key, out)?;
                }
            }
            Ok(value) => self.take_value(value, key, out)?,
            Err(_) => return Err(none_of_it()),
        }
        self.end(out)
    }
}

impl ContentDecoder {
    fn take(&mut self, json: &[u8], key: Option<&Secret>, out: &mut Events) -> Result<(), Failure> {
        let value = serde_json::from_slice(json).map_err(|_| none_of_it())?;
        self.take_value(value, key, out)
    }

    fn take_value(&mut self, value: Value, key: Option<&Secret>, out: &mut Events) -> Result<(), Failure> {
        let answer: Answer = serde_json::from_value(value).map_err(|_| none_of_it())?;
        if let Some(error) = answer.error.filter(|error| !error.is_null()) {
            return Err(failure::of_error_object(&error, key));
        }
        if let Some(usage) = answer.usage_metadata {
            out.push_back(ModelEvent::Usage(usage.into()));
        }
        if answer.prompt_feedback.and_then(|feedback| feedback.block_reason).is_some() {
            self.stop = Some(StopReason::Refusal);
        }
        // One candidate is asked for; whatever else comes is not part of the answer.
        match answer.candidates.into_iter().next() {
            Some(candidate) => self.take_candidate(candidate, key, out),
            None => Ok(()),
        }
    }

    fn take_candidate(
        &mut self,
        candidate: Candidate,
        key: Option<&Secret>,
        out: &mut Events,
    ) -> Result<(), Failure> {
        for part in candidate.content.into_iter().flat_map(|content| content.parts) {
            self.take_part(part, out)?;
        }
        match candidate.finish_reason.as_deref() {
            None | Some("" | "FINISH_REASON_UNSPECIFIED") => {}
            Some(word) => self.stop = Some(stop_reason(word, candidate.finish_message.as_deref(), key)?),
        }
        Ok(())
    }

    fn take_part(&mut self, part: Part, out: &mut Events) -> Result<(), Failure> {
        if let Some(signature) = part.thought_signature.filter(|signature| !signature.is_empty()) {
            let is_call = part.function_call.is_some();
            if signature.len() > SEAL_BYTES_MAX {
                return Err(failure::protocol(format!("a signature is longer than {SEAL_BYTES_MAX} bytes")));
            }
            if !self.of_call {
                (self.seal, self.of_call) = (Some(signature), is_call);
            }
        }
        if let Some(text) = part.text.filter(|text| !text.is_empty()) {
            out.push_back(if part.thought { ModelEvent::Thinking(text) } else { ModelEvent::Text(text) });
        }
        match part.function_call {
            Some(call) => self.take_call(call, out),
            None => Ok(()),
        }
    }

    /// Calls come whole.
    fn take_call(&mut self, call: FunctionCall, out: &mut Events) -> Result<(), Failure> {
        if self.tool_calls >= TOOL_CALLS_MAX {
            let text = format!("the provider asks for more than {TOOL_CALLS_MAX} tool calls");
            return Err(failure::protocol(text));
        }
        let id = call.id.filter(|id| !id.is_empty()).unwrap_or_else(|| format!("call_{}", self.tool_calls));
        self.tool_calls += 1;
        let arguments = Value::Object(call.args.unwrap_or_default()).to_string();
        out.push_back(ModelEvent::ToolCall(ToolCall { id, name: call.name, arguments }));
        Ok(())
    }
}

fn stop_reason(word: &str, message: Option<&str>, key: Option<&Secret>) -> Result<StopReason, Failure> {
    let failed = |kind, text: &str| {
        let text = match message {
            Some(message) => failure::safe(&format!("{text}: {message}"), key),
            None => text.to_owned(),
        };
        Err(ModelError::new(kind, text).into())
    };
    match word {
        "MAX_TOKENS" => Ok(StopReason::MaxTokens),
        "SAFETY" | "RECITATION" | "LANGUAGE" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII"
        | "IMAGE_SAFETY" => Ok(StopReason::Refusal),
        "MALFORMED_FUNCTION_CALL" | "MALFORMED_RESPONSE" | "UNEXPECTED_TOOL_CALL" | "TOO_MANY_TOOL_CALLS" => {
            failed(
                ModelErrorKind::Upstream,
                "the model called a tool in a way that its provider does not understand",
            )
        }
        "MISSING_THOUGHT_SIGNATURE" => {
            failed(ModelErrorKind::InvalidRequest, "the provider misses the signature of an earlier thought")
        }
        "OTHER" => failed(ModelErrorKind::Upstream, "the provider ended the answer without saying why"),
        // `STOP`, also for tool calls.
        _ => Ok(StopReason::EndTurn),
    }
}

fn none_of_it() -> Failure {
    failure::protocol("the provider's answer is none of the Gemini API; is base_url right?")
}
