//! An answer of `/api/chat` as events.

use serde_json::Value;

use super::wire::{Answer, Called};
use crate::backends::answer::{Decoder, Events, truncated};
use crate::backends::failure::{self, Failure};
use crate::backends::sse::SseEvent;
use crate::egress::Secret;
use crate::protocol::chat::{StopReason, ToolCall, Usage};
use crate::protocol::model::{ModelErrorKind, ModelEvent};

/// Most tool calls of one answer.
const TOOL_CALLS_MAX: usize = 128;

/// What is known of one answer so far.
#[derive(Default)]
pub(super) struct LineDecoder {
    tool_calls: usize,
    stop: Option<StopReason>,
}

impl Decoder for LineDecoder {
    const LINES: bool = true;

    fn event(
        &mut self,
        event: SseEvent<'_>,
        key: Option<&Secret>,
        out: &mut Events,
    ) -> Result<bool, Failure> {
        if self.take(event.data.as_bytes(), key, out)? {
            return self.end(out).map(|()| true);
        }
        Ok(false)
    }

    fn end(&mut self, out: &mut Events) -> Result<(), Failure> {
        let stop = self.stop.take().ok_or_else(truncated)?;
        let stop =
            if stop == StopReason::EndTurn && self.tool_calls > 0 { StopReason::ToolUse } else { stop };
        out.push_back(ModelEvent::Stop(stop));
        Ok(())
    }

    fn is_whole(&self) -> bool {
        self.stop.is_some()
    }

    fn whole(&mut self, body: &[u8], key: Option<&Secret>, out: &mut Events) -> Result<(), Failure> {
        self.take(body, key, out)?;
        self.end(out)
    }
}

impl LineDecoder {
    /// Whether it was the last line.
    fn take(&mut self, json: &[u8], key: Option<&Secret>, out: &mut Events) -> Result<bool, Failure> {
        let answer: Answer = serde_json::from_slice(json).map_err(|_| {
            failure::protocol("the provider's answer is none of Ollama's; is base_url right, without /v1?")
        })?;
        if let Some(error) = answer.error.filter(|error| !error.is_null()) {
            return Err(failure::of_error_object(&error, key));
        }
        if let Some(message) = answer.message {
            let said = |text: Option<String>| text.filter(|text| !text.is_empty());
            out.extend(said(message.thinking).map(ModelEvent::Thinking));
            out.extend(said(message.content).map(ModelEvent::Text));
            for called in message.tool_calls.into_iter().flatten() {
                self.take_call(called, out)?;
            }
        }
        if !answer.done {
            return Ok(false);
        }
        let usage = Usage {
            input_tokens: answer.prompt_eval_count.unwrap_or_default(),
            output_tokens: answer.eval_count.unwrap_or_default(),
            ..Usage::default()
        };
        out.push_back(ModelEvent::Usage(usage));
        self.stop = Some(match answer.done_reason.as_deref() {
            Some("length") => StopReason::MaxTokens,
            // The model was loaded or thrown out, and nothing was asked of it.
            Some(word @ ("load" | "unload")) => {
                let text = format!("the provider only did `{word}`: the request had no message for it");
                return Err(
                    crate::protocol::model::ModelError::new(ModelErrorKind::InvalidRequest, text).into()
                );
            }
            _ => StopReason::EndTurn,
        });
        Ok(true)
    }

    /// Calls come whole, most without an id.
    fn take_call(&mut self, called: Called, out: &mut Events) -> Result<(), Failure> {
        if self.tool_calls >= TOOL_CALLS_MAX {
            let text = format!("the provider asks for more than {TOOL_CALLS_MAX} tool calls");
            return Err(failure::protocol(text));
        }
        let id = called.id.filter(|id| !id.is_empty()).unwrap_or_else(|| format!("call_{}", self.tool_calls));
        self.tool_calls += 1;
        let arguments = match called.function.arguments {
            Value::Null => "{}".to_owned(),
            Value::String(text) => text,
            value => value.to_string(),
        };
        out.push_back(ModelEvent::ToolCall(ToolCall { id, name: called.function.name, arguments }));
        Ok(())
    }
}
