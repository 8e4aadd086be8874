//! Events of an answer in Anthropic's shapes: one message, or the events of a stream.
//!
//! Text, reasoning and tool calls are blocks, one after another. A seal closes the reasoning that it is over; one that
//! comes alone is a block of reasoning without words, so that it can go back.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::error;
use crate::backends::REDACTED;
use crate::http::v1::call::Head;
use crate::http::v1::error::ApiError;
use crate::http::v1::respond::{Document, Frames};
use crate::protocol::chat::{StopReason, ToolCall, Usage};
use crate::protocol::model::ModelEvent;

/// A message in the making.
pub(super) struct Message {
    head: Head,
    content: Vec<Value>,
    usage: Usage,
    stop: Option<StopReason>,
}

/// The events of one stream.
pub(super) struct MessageEvents {
    head: Head,
    began: bool,
    /// Blocks that were begun.
    blocks: u32,
    open: Option<Open>,
    usage: Usage,
}

/// A block that grows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Text,
    Thinking,
}

// === impl Message ===

impl Message {
    pub(super) fn new(head: &Head) -> Self {
        Self { head: head.clone(), content: Vec::new(), usage: Usage::default(), stop: None }
    }

    /// The last block, if it is of this kind and not sealed.
    fn open(&mut self, kind: &str) -> Option<&mut Map<String, Value>> {
        let block = self.content.last_mut()?.as_object_mut()?;
        let fits = block.get("type").is_some_and(|found| found == kind);
        let sealed = block.get("signature").is_some_and(|seal| seal != "");
        (fits && !sealed).then_some(block)
    }

    /// Adds to the open block of this kind, else begins one.
    fn say(&mut self, kind: &str, text: &str) {
        match self.open(kind).and_then(|block| block.get_mut(kind)) {
            Some(Value::String(said)) => said.push_str(text),
            _ => self.content.push(begun(kind, text)),
        }
    }

    fn seal(&mut self, seal: &str) {
        if let Some(data) = seal.strip_prefix(REDACTED) {
            self.content.push(redacted(data));
            return;
        }
        if self.open("thinking").is_none() {
            self.content.push(begun("thinking", ""));
        }
        if let Some(block) = self.open("thinking") {
            block.insert("signature".to_owned(), seal.into());
        }
    }
}

impl Document for Message {
    fn take(&mut self, event: ModelEvent) {
        match event {
            ModelEvent::Text(text) => self.say("text", &text),
            ModelEvent::Thinking(text) => self.say("thinking", &text),
            ModelEvent::ThinkingSignature(seal) => self.seal(&seal),
            ModelEvent::ToolCall(call) => {
                self.content.push(and(tool_use(&call), "input", input(&call)));
            }
            ModelEvent::Usage(usage) => self.usage = usage,
            ModelEvent::Stop(reason) => self.stop = Some(reason),
        }
    }

    fn json(&self) -> Option<Vec<u8>> {
        let message = and(message(&self.head, self.usage), "content", self.content.clone().into());
        serde_json::to_vec(&and(message, "stop_reason", stop_reason(self.stop?).into())).ok()
    }
}

// === impl MessageEvents ===

impl MessageEvents {
    pub(super) fn new(head: &Head) -> Self {
        Self { head: head.clone(), began: false, blocks: 0, open: None, usage: Usage::default() }
    }

    fn begin(&mut self, out: &mut String) {
        if !std::mem::replace(&mut self.began, true) {
            send("message_start", json!({ "message": message(&self.head, self.usage) }), out);
        }
    }

    /// Makes the open block one of this kind.
    fn open(&mut self, kind: Open, out: &mut String) {
        if self.open != Some(kind) {
            self.close(out);
            self.start(&begun(kind.word(), ""), out);
            self.open = Some(kind);
        }
    }

    fn start(&self, block: &Value, out: &mut String) {
        send("content_block_start", json!({ "index": self.blocks, "content_block": block }), out);
    }

    fn delta(&self, delta: &Value, out: &mut String) {
        send("content_block_delta", json!({ "index": self.blocks, "delta": delta }), out);
    }

    fn end(&mut self, out: &mut String) {
        send("content_block_stop", json!({ "index": self.blocks }), out);
        self.blocks += 1;
    }

    fn close(&mut self, out: &mut String) {
        if self.open.take().is_some() {
            self.end(out);
        }
    }

    /// A block that is there at once, with what it holds.
    fn whole(&mut self, block: &Value, delta: Option<&Value>, out: &mut String) {
        self.close(out);
        self.start(block, out);
        if let Some(delta) = delta {
            self.delta(delta, out);
        }
        self.end(out);
    }

    fn seal(&mut self, seal: &str, out: &mut String) {
        if let Some(data) = seal.strip_prefix(REDACTED) {
            self.whole(&redacted(data), None, out);
            return;
        }
        self.open(Open::Thinking, out);
        self.delta(&json!({ "type": "signature_delta", "signature": seal }), out);
        self.close(out);
    }

    fn stop(&mut self, reason: StopReason, out: &mut String) {
        self.close(out);
        let delta = json!({ "stop_reason": stop_reason(reason), "stop_sequence": null });
        send("message_delta", json!({ "delta": delta, "usage": usage(self.usage) }), out);
        send("message_stop", json!({}), out);
    }
}

impl Frames for MessageEvents {
    fn take(&mut self, event: &ModelEvent, out: &mut String) {
        if let ModelEvent::Usage(usage) = event {
            self.usage = *usage;
        }
        self.begin(out);
        match event {
            ModelEvent::Text(text) => {
                self.open(Open::Text, out);
                self.delta(&json!({ "type": "text_delta", "text": text }), out);
            }
            ModelEvent::Thinking(text) => {
                self.open(Open::Thinking, out);
                self.delta(&json!({ "type": "thinking_delta", "thinking": text }), out);
            }
            ModelEvent::ThinkingSignature(seal) => self.seal(seal, out),
            ModelEvent::ToolCall(call) => {
                let arguments = input(call).to_string();
                let delta = json!({ "type": "input_json_delta", "partial_json": arguments });
                self.whole(&tool_use(call), Some(&delta), out);
            }
            ModelEvent::Usage(_) => {}
            ModelEvent::Stop(reason) => self.stop(*reason, out),
        }
    }

    fn fail(&mut self, failure: &ApiError, out: &mut String) {
        let json = error::json(failure, None);
        // silent-ok: writing to a String does not fail.
        let _ = write!(out, "event: error\ndata: {}\n\n", String::from_utf8_lossy(&json));
    }
}

impl Open {
    const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Thinking => "thinking",
        }
    }
}

/// An object with this member.
fn and(mut value: Value, name: &str, member: Value) -> Value {
    if let Value::Object(members) = &mut value {
        members.insert(name.to_owned(), member);
    }
    value
}

/// Appends an event, whose data repeats its name.
fn send(name: &str, data: Value, out: &mut String) {
    let data = and(data, "type", name.into());
    // silent-ok: writing to a String does not fail.
    let _ = write!(out, "event: {name}\ndata: {data}\n\n");
}

/// A message without its content and its end.
fn message(head: &Head, counted: Usage) -> Value {
    json!({
        "id": head.id, "type": "message", "role": "assistant", "model": head.model, "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage(counted),
    })
}

/// Anthropic does not count what came from the cache among the tokens of the prompt.
fn usage(usage: Usage) -> Value {
    json!({
        "input_tokens": usage.input_tokens.saturating_sub(usage.cached_tokens),
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.cached_tokens,
        "output_tokens": usage.output_tokens,
    })
}

fn begun(kind: &str, text: &str) -> Value {
    match kind {
        "thinking" => json!({ "type": "thinking", "thinking": text, "signature": "" }),
        _ => json!({ "type": "text", "text": text }),
    }
}

fn redacted(data: &str) -> Value {
    json!({ "type": "redacted_thinking", "data": data })
}

fn tool_use(call: &ToolCall) -> Value {
    json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": {} })
}

/// The arguments as the object that clients expect. What is none is shown under a name, so that the caller's own check
/// of the tool's schema refuses it.
fn input(call: &ToolCall) -> Value {
    match serde_json::from_str(&call.arguments) {
        Ok(Value::Object(members)) => Value::Object(members),
        _ if call.arguments.trim().is_empty() => json!({}),
        _ => json!({ "arguments": call.arguments }),
    }
}

const fn stop_reason(reason: StopReason) -> &'static str {
    match reason {
        StopReason::EndTurn => "end_turn",
        StopReason::MaxTokens => "max_tokens",
        StopReason::StopSequence => "stop_sequence",
        StopReason::ToolUse => "tool_use",
        StopReason::Refusal => "refusal",
    }
}

#[cfg(test)]
mod tests;
