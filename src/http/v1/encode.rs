//! Events of an answer in OpenAI's shapes: one completion, or the chunks of a stream.
//!
//! Which members clients cannot do without was measured: `id`, `object`, `created`, `model`,
//! `choices[].index`, the role in the first chunk, `finish_reason`, `usage`, `[DONE]`.

use std::fmt::Write as _;

use serde::Serialize;

use super::call::Head;
use super::error::ApiError;
use super::respond::{Document, Frames};
use crate::protocol::chat::{StopReason, ToolCall, Usage};
use crate::protocol::model::ModelEvent;

/// A completion in the making.
pub(super) struct Completion {
    head: Head,
    text: String,
    reasoning: String,
    tool_calls: Vec<ToolCall>,
    usage: Usage,
    stop: Option<StopReason>,
}

/// The chunks of one stream.
pub(super) struct Chunks {
    /// Everything of a chunk before its delta.
    before: String,
    include_usage: bool,
    began: bool,
    tool_calls: u32,
    usage: Usage,
}

#[derive(Serialize)]
struct WireCompletion<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: [WireChoice<'a>; 1],
    usage: WireUsage,
}

#[derive(Serialize)]
struct WireChoice<'a> {
    index: u32,
    message: WireMessage<'a>,
    logprobs: Option<()>,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct WireMessage<'a> {
    role: &'static str,
    content: Option<&'a str>,
    refusal: Option<()>,
    #[serde(skip_serializing_if = "str::is_empty")]
    reasoning_content: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<WireToolCall<'a>>,
}

#[derive(Serialize)]
struct WireToolCall<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u32>,
    id: &'a str,
    r#type: &'static str,
    function: WireFunction<'a>,
}

#[derive(Serialize)]
struct WireFunction<'a> {
    name: &'a str,
    arguments: &'a str,
}

#[derive(Serialize)]
struct WireUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
}

#[derive(Serialize)]
struct PromptDetails {
    cached_tokens: u64,
}

#[derive(Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
}

// === impl Completion ===

impl Completion {
    pub(super) fn new(head: &Head) -> Self {
        Self {
            head: head.clone(),
            text: String::new(),
            reasoning: String::new(),
            tool_calls: Vec::new(),
            usage: Usage::default(),
            stop: None,
        }
    }
}

impl Document for Completion {
    fn take(&mut self, event: ModelEvent) {
        match event {
            ModelEvent::Text(text) if self.text.is_empty() => self.text = text,
            ModelEvent::Text(text) => self.text.push_str(&text),
            ModelEvent::Thinking(text) => self.reasoning.push_str(&text),
            ModelEvent::ThinkingSignature(_) => {}
            ModelEvent::ToolCall(call) => self.tool_calls.push(call),
            ModelEvent::Usage(usage) => self.usage = usage,
            ModelEvent::Stop(reason) => self.stop = Some(reason),
        }
    }

    fn json(&self) -> Option<Vec<u8>> {
        let tool_calls: Vec<_> = self.tool_calls.iter().map(|call| wire_call(call, None)).collect();
        let content = (!self.text.is_empty() || tool_calls.is_empty()).then_some(self.text.as_str());
        let message = WireMessage {
            role: "assistant",
            content,
            refusal: None,
            reasoning_content: &self.reasoning,
            tool_calls,
        };
        let finish_reason = finish_reason(self.stop?);
        let completion = WireCompletion {
            id: &self.head.id,
            object: "chat.completion",
            created: self.head.created,
            model: &self.head.model,
            choices: [WireChoice { index: 0, message, logprobs: None, finish_reason }],
            usage: self.usage.into(),
        };
        serde_json::to_vec(&completion).ok()
    }
}

// === impl Chunks ===

impl Chunks {
    pub(super) fn new(head: &Head, include_usage: bool) -> Self {
        let model = json(&head.model);
        let before = format!(
            "data: {{\"id\":\"{}\",\"object\":\"chat.completion.chunk\",\"created\":{},\"model\":{model},",
            head.id, head.created
        );
        Self { before, include_usage, began: false, tool_calls: 0, usage: Usage::default() }
    }

    fn delta(&mut self, name: &str, value: &str, out: &mut String) {
        let role = if std::mem::replace(&mut self.began, true) { "" } else { "\"role\":\"assistant\"," };
        self.chunk(&format!("{{{role}\"{name}\":{value}}}"), "null", out);
    }

    fn stop(&mut self, reason: StopReason, out: &mut String) {
        if !self.began {
            self.delta("content", "\"\"", out);
        }
        self.chunk("{}", &format!("\"{}\"", finish_reason(reason)), out);
        if self.include_usage {
            let usage = json(&WireUsage::from(self.usage));
            // silent-ok: writing to a String does not fail.
            let _ = write!(out, "{}\"choices\":[],\"usage\":{usage}}}\n\n", self.before);
        }
        out.push_str("data: [DONE]\n\n");
    }

    fn chunk(&self, delta: &str, finish_reason: &str, out: &mut String) {
        let usage = if self.include_usage { ",\"usage\":null" } else { "" };
        // silent-ok: writing to a String does not fail.
        let _ = write!(
            out,
            "{}\"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{finish_reason}}}]{usage}}}\n\n",
            self.before
        );
    }
}

impl Frames for Chunks {
    /// After a stop, everything up to `[DONE]`.
    fn take(&mut self, event: &ModelEvent, out: &mut String) {
        match event {
            ModelEvent::Text(text) => self.delta("content", &json(text), out),
            ModelEvent::Thinking(text) => self.delta("reasoning_content", &json(text), out),
            ModelEvent::ToolCall(call) => {
                let call = wire_call(call, Some(self.tool_calls));
                self.tool_calls += 1;
                self.delta("tool_calls", &json(&[call]), out);
            }
            ModelEvent::Usage(usage) => self.usage = *usage,
            ModelEvent::ThinkingSignature(_) => {}
            ModelEvent::Stop(reason) => self.stop(*reason, out),
        }
    }

    fn fail(&mut self, error: &ApiError, out: &mut String) {
        // silent-ok: writing to a String does not fail.
        let _ = write!(out, "data: {}\n\n", String::from_utf8_lossy(&error.json()));
    }
}

const fn finish_reason(reason: StopReason) -> &'static str {
    match reason {
        StopReason::EndTurn | StopReason::StopSequence => "stop",
        StopReason::MaxTokens => "length",
        StopReason::ToolUse => "tool_calls",
        StopReason::Refusal => "content_filter",
    }
}

fn wire_call(call: &ToolCall, index: Option<u32>) -> WireToolCall<'_> {
    let function = WireFunction { name: &call.name, arguments: &call.arguments };
    WireToolCall { index, id: &call.id, r#type: "function", function }
}

fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).unwrap_or_default() // silent-ok: our own shapes always encode
}

impl From<Usage> for WireUsage {
    fn from(usage: Usage) -> Self {
        Self {
            prompt_tokens: usage.input_tokens,
            completion_tokens: usage.output_tokens,
            total_tokens: usage.input_tokens.saturating_add(usage.output_tokens),
            prompt_tokens_details: PromptDetails { cached_tokens: usage.cached_tokens },
            completion_tokens_details: CompletionDetails { reasoning_tokens: usage.reasoning_tokens },
        }
    }
}

#[cfg(test)]
mod tests;
