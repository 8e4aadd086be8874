//! A chat completion's answer as events.

use std::collections::BTreeMap;

use serde_json::Value;

use super::reasoning::Details;
use super::wire::{Answer, Choice, Delta, ToolCallPiece};
use crate::backends::answer::{Decoder, Events, truncated};
use crate::backends::failure::{self, Failure};
use crate::backends::sse::SseEvent;
use crate::egress::Secret;
use crate::protocol::chat::{StopReason, ToolCall};
use crate::protocol::model::ModelEvent;

/// Most tool calls of one answer.
const TOOL_CALLS_MAX: usize = 128;
/// Longest arguments of one tool call, in bytes.
const ARGUMENTS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What is known of one answer so far.
#[derive(Default)]
pub(super) struct ChatDecoder {
    /// By index; at most `TOOL_CALLS_MAX`.
    tool_calls: BTreeMap<u32, ToolCall>,
    refused: bool,
    details: Details,
    /// Set by the finish reason; handed out last, because usage follows it.
    stop: Option<StopReason>,
}

impl Decoder for ChatDecoder {
    fn event(
        &mut self,
        event: SseEvent<'_>,
        key: Option<&Secret>,
        out: &mut Events,
    ) -> Result<bool, Failure> {
        let data = event.data.trim();
        if data == "[DONE]" {
            return self.end(out).map(|()| true);
        }
        self.take(data.as_bytes(), key, out)?;
        Ok(false)
    }

    fn end(&mut self, out: &mut Events) -> Result<(), Failure> {
        let stop = self.stop.take().ok_or_else(truncated)?;
        // A limit may have cut the last call in two: half a call is none.
        let cut = stop == StopReason::MaxTokens;
        for mut call in std::mem::take(&mut self.tool_calls).into_values() {
            if cut && !is_json(&call.arguments) {
                continue;
            }
            if call.arguments.is_empty() {
                call.arguments.push_str("{}");
            }
            out.push_back(ModelEvent::ToolCall(call));
        }
        out.extend(self.details.seal().map(ModelEvent::ThinkingSignature));
        out.push_back(ModelEvent::Stop(stop));
        Ok(())
    }

    fn is_whole(&self) -> bool {
        self.stop.is_some()
    }

    fn whole(&mut self, body: &[u8], key: Option<&Secret>, out: &mut Events) -> Result<(), Failure> {
        if !self.take(body, key, out)? {
            return Err(failure::protocol("the provider's answer has no choice in it; is base_url right?"));
        }
        self.end(out)
    }
}

impl ChatDecoder {
    /// Whether there was a choice in it.
    fn take(&mut self, json: &[u8], key: Option<&Secret>, out: &mut Events) -> Result<bool, Failure> {
        let answer: Answer = serde_json::from_slice(json).map_err(|_| {
            failure::protocol("the provider's answer is not a chat completion; is base_url right?")
        })?;
        if let Some(error) = answer.error.filter(|error| !error.is_null()) {
            return Err(failure::of_error_object(&error, key));
        }
        if let Some(usage) = answer.usage {
            out.push_back(ModelEvent::Usage(usage.into()));
        }
        // One choice is asked for; whatever else comes is not part of the answer.
        match answer.choices.into_iter().flatten().next() {
            Some(choice) => self.take_choice(choice, out).map(|()| true),
            None => Ok(false),
        }
    }

    fn take_choice(&mut self, choice: Choice, out: &mut Events) -> Result<(), Failure> {
        if let Some(delta) = choice.delta {
            self.take_delta(delta, out)?;
        }
        let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) else { return Ok(()) };
        self.stop = Some(match reason.as_str() {
            "length" => StopReason::MaxTokens,
            "content_filter" => StopReason::Refusal,
            // OpenRouter's word for a provider that failed behind it.
            "error" => return Err(failure::of_error_object(&Value::Null, None)),
            _ if self.refused => StopReason::Refusal,
            // Some servers say `stop` for tool calls too.
            _ if !self.tool_calls.is_empty() => StopReason::ToolUse,
            _ => StopReason::EndTurn,
        });
        Ok(())
    }

    fn take_delta(&mut self, delta: Delta, out: &mut Events) -> Result<(), Failure> {
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        let mut detailed = String::new();
        for detail in delta.reasoning_details.into_iter().flatten() {
            detailed.push_str(self.details.take(detail)?);
        }
        let thought =
            said(delta.reasoning_content).or_else(|| said(delta.reasoning)).or_else(|| said(Some(detailed)));
        if let Some(text) = thought {
            out.push_back(ModelEvent::Thinking(text));
        }
        if let Some(text) = said(delta.content) {
            out.push_back(ModelEvent::Text(text));
        }
        if let Some(text) = said(delta.refusal) {
            self.refused = true;
            out.push_back(ModelEvent::Text(text));
        }
        delta.tool_calls.into_iter().flatten().try_for_each(|piece| self.take_tool_call(piece))
    }

    fn take_tool_call(&mut self, piece: ToolCallPiece) -> Result<(), Failure> {
        let next = self.tool_calls.last_key_value().map_or(0, |(index, _)| index.saturating_add(1));
        let index = piece.index.unwrap_or(next);
        if self.tool_calls.len() >= TOOL_CALLS_MAX && !self.tool_calls.contains_key(&index) {
            return Err(failure::protocol(format!(
                "the provider asks for more than {TOOL_CALLS_MAX} tool calls"
            )));
        }
        let call = self.tool_calls.entry(index).or_insert_with(|| ToolCall {
            id: format!("call_{index}"),
            name: String::new(),
            arguments: String::new(),
        });
        if let Some(id) = piece.id.filter(|id| !id.is_empty()) {
            call.id = id;
        }
        let Some(function) = piece.function else { return Ok(()) };
        if let Some(name) = function.name.filter(|name| !name.is_empty()) {
            call.name = name;
        }
        match function.arguments {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => call.arguments.push_str(&text),
            Some(value) => call.arguments.push_str(&value.to_string()),
        }
        if call.arguments.len() > ARGUMENTS_BYTES_MAX {
            let text = format!("the provider's arguments of a tool call exceed {ARGUMENTS_BYTES_MAX} bytes");
            return Err(failure::protocol(text));
        }
        Ok(())
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}
