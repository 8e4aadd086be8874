//! Events of an answer in the shapes of Responses: the named events of a stream, each with its number, or the response that
//! the last of them holds.
//!
//! Text, reasoning and calls are items, one after another. A seal closes the reasoning that it is over, as its
//! `encrypted_content`; one that comes alone is an item of its own.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::tool::{Kind, Offered, input_of};
use crate::http::v1::call::Head;
use crate::http::v1::error::ApiError;
use crate::http::v1::respond::{Document, Frames};
use crate::protocol::chat::{StopReason, ToolCall, Usage};
use crate::protocol::model::{ModelErrorKind, ModelEvent};

/// Where reasoning has its seal.
const SEALED: &str = "encrypted_content";

/// See the module.
#[derive(Clone)]
pub(super) struct ResponseEvents {
    /// The response without its items and its end.
    blank: Map<String, Value>,
    tools: Offered,
    began: bool,
    /// Events that were sent.
    sent: u64,
    /// Items that are whole.
    output: Vec<Value>,
    open: Option<Open>,
    usage: Usage,
    /// The response, once it is whole.
    whole: Option<Value>,
}

/// An item that grows.
#[derive(Clone)]
struct Open {
    kind: Growing,
    id: String,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Growing {
    Text,
    Reasoning,
}

// === impl ResponseEvents ===

impl ResponseEvents {
    pub(super) fn new(head: &Head, echo: &Map<String, Value>, tools: Offered) -> Self {
        let blank = json!({
            "id": head.id, "object": "response", "created_at": head.created, "model": head.model, "output": [],
            "background": false, "error": null, "incomplete_details": null, "instructions": null,
            "previous_response_id": null, "tools": [], "truncation": "disabled", "usage": null,
        });
        let mut members = echo.clone();
        if let Value::Object(blank) = blank {
            members.extend(blank);
        }
        Self {
            blank: members,
            tools,
            began: false,
            sent: 0,
            output: Vec::new(),
            open: None,
            usage: Usage::default(),
            whole: None,
        }
    }

    fn response(&self, status: &str) -> Value {
        let mut response = self.blank.clone();
        response.insert("status".to_owned(), status.into());
        response.insert("output".to_owned(), self.output.clone().into());
        Value::Object(response)
    }

    /// Appends an event, whose data repeats its name.
    fn send(&mut self, name: &str, data: Value, out: &mut String) {
        let data = and(data, [("type", name.into()), ("sequence_number", self.sent.into())]);
        self.sent += 1;
        // silent-ok: writing to a String does not fail.
        let _ = write!(out, "event: {name}\ndata: {data}\n\n");
    }

    /// An event about the item that is being written, or, with the name of a member for its place, about its only part.
    fn tell(&mut self, name: &str, (id, part): (&str, Option<&str>), data: Value, out: &mut String) {
        let index = self.output.len().into();
        let data = and(data, [("item_id", id.into()), ("output_index", index)]);
        let data = and(data, part.map(|part| (part, 0.into())));
        self.send(name, data, out);
    }

    fn begin(&mut self, out: &mut String) {
        if !std::mem::replace(&mut self.began, true) {
            for name in ["response.created", "response.in_progress"] {
                let response = self.response("in_progress");
                self.send(name, json!({ "response": response }), out);
            }
        }
    }

    fn add(&mut self, item: &Value, out: &mut String) {
        let index = self.output.len();
        self.send("response.output_item.added", json!({ "output_index": index, "item": item }), out);
    }

    fn finish(&mut self, item: Value, out: &mut String) {
        let index = self.output.len();
        self.send("response.output_item.done", json!({ "output_index": index, "item": item }), out);
        self.output.push(item);
    }

    /// Adds to the open item, which becomes one of this kind.
    fn say(&mut self, kind: Growing, text: &str, out: &mut String) {
        if self.open.as_ref().map(|open| open.kind) != Some(kind) {
            self.close(None, out);
            self.open(kind, out);
        }
        let Some(open) = &mut self.open else { return };
        open.text.push_str(text);
        let id = open.id.clone();
        let data = kind.with_logprobs(json!({ "delta": text }));
        self.tell(kind.delta(), (&id, Some(kind.index())), data, out);
    }

    fn open(&mut self, kind: Growing, out: &mut String) {
        let id = kind.new_id();
        self.add(&kind.item(&id, None, "in_progress"), out);
        let part = json!({ "part": kind.part("") });
        self.tell(kind.part_added(), (&id, Some(kind.index())), part, out);
        self.open = Some(Open { kind, id, text: String::new() });
    }

    /// Ends the open item, sealed if it is reasoning and there is a seal.
    fn close(&mut self, seal: Option<&str>, out: &mut String) {
        let Some(Open { kind, id, text }) = self.open.take() else { return };
        let place = (id.as_str(), Some(kind.index()));
        self.tell(kind.done(), place, kind.with_logprobs(json!({ "text": text })), out);
        self.tell(kind.part_done(), place, json!({ "part": kind.part(&text) }), out);
        let seal = seal.filter(|_| kind == Growing::Reasoning);
        let item = kind.item(&id, Some(&text), "completed");
        self.finish(and(item, seal.map(|seal| (SEALED, seal.into()))), out);
    }

    fn seal(&mut self, seal: &str, out: &mut String) {
        if self.open.as_ref().is_some_and(|open| open.kind == Growing::Reasoning) {
            return self.close(Some(seal), out);
        }
        self.close(None, out);
        let kind = Growing::Reasoning;
        let item = kind.item(&kind.new_id(), None, "completed");
        self.add(&item, out);
        self.finish(and(item, [(SEALED, seal.into())]), out);
    }

    fn call(&mut self, call: &ToolCall, out: &mut String) {
        self.close(None, out);
        let custom = *self.tools.kind(&call.name) == Kind::Custom;
        let (prefix, member, event) = if custom {
            ("ctc_", "input", "response.custom_tool_call_input")
        } else {
            ("fc_", "arguments", "response.function_call_arguments")
        };
        let text = if custom { input_of(call) } else { call.arguments.clone() };
        let id = new_id(prefix);
        let item = call_item(&id, call, self.tools.kind(&call.name));
        self.add(&item, out);
        self.tell(&format!("{event}.delta"), (&id, None), json!({ "delta": text }), out);
        let name = item.get("name").cloned().filter(|_| !custom).map(|name| ("name", name));
        self.tell(&format!("{event}.done"), (&id, None), and(json!({ member: text }), name), out);
        self.finish(and(item, [(member, text.into()), ("status", "completed".into())]), out);
    }

    fn stop(&mut self, reason: StopReason, out: &mut String) {
        self.close(None, out);
        let why = match reason {
            StopReason::MaxTokens => Some("max_output_tokens"),
            StopReason::Refusal => Some("content_filter"),
            StopReason::EndTurn | StopReason::StopSequence | StopReason::ToolUse => None,
        };
        let status = if why.is_some() { "incomplete" } else { "completed" };
        let why = why.map(|why| ("incomplete_details", json!({ "reason": why })));
        let response = and(and(self.response(status), why), [("usage", usage(self.usage))]);
        self.send(&format!("response.{status}"), json!({ "response": response }), out);
        self.whole = Some(response);
    }
}

impl Frames for ResponseEvents {
    fn take(&mut self, event: &ModelEvent, out: &mut String) {
        self.begin(out);
        match event {
            ModelEvent::Text(text) => self.say(Growing::Text, text, out),
            ModelEvent::Thinking(text) => self.say(Growing::Reasoning, text, out),
            ModelEvent::ThinkingSignature(seal) => self.seal(seal, out),
            ModelEvent::ToolCall(call) => self.call(call, out),
            ModelEvent::Usage(usage) => self.usage = *usage,
            ModelEvent::Stop(reason) => self.stop(*reason, out),
        }
    }

    fn fail(&mut self, error: &ApiError, out: &mut String) {
        let why = json!({ "code": code(error), "message": error.message });
        let response = and(self.response("failed"), [("error", why)]);
        self.send("response.failed", json!({ "response": response }), out);
    }
}

impl Document for ResponseEvents {
    fn take(&mut self, event: ModelEvent) {
        Frames::take(self, &event, &mut String::new());
    }

    fn json(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(self.whole.as_ref()?).ok()
    }
}

// === impl Growing ===

impl Growing {
    fn new_id(self) -> String {
        new_id(if self == Self::Text { "msg_" } else { "rs_" })
    }

    /// The item, with its text once that is whole.
    fn item(self, id: &str, text: Option<&str>, status: &str) -> Value {
        let parts: Vec<Value> = text.map(|text| self.part(text)).into_iter().collect();
        match self {
            Self::Text => {
                json!({ "id": id, "type": "message", "status": status, "role": "assistant", "content": parts })
            }
            Self::Reasoning => json!({ "id": id, "type": "reasoning", "summary": parts }),
        }
    }

    fn part(self, text: &str) -> Value {
        match self {
            Self::Text => json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] }),
            Self::Reasoning => json!({ "type": "summary_text", "text": text }),
        }
    }

    fn with_logprobs(self, data: Value) -> Value {
        and(data, (self == Self::Text).then(|| ("logprobs", json!([]))))
    }

    /// The member that says which part of the item it is; there is one.
    const fn index(self) -> &'static str {
        if matches!(self, Self::Text) { "content_index" } else { "summary_index" }
    }

    const fn part_added(self) -> &'static str {
        match self {
            Self::Text => "response.content_part.added",
            Self::Reasoning => "response.reasoning_summary_part.added",
        }
    }

    const fn part_done(self) -> &'static str {
        match self {
            Self::Text => "response.content_part.done",
            Self::Reasoning => "response.reasoning_summary_part.done",
        }
    }

    const fn delta(self) -> &'static str {
        match self {
            Self::Text => "response.output_text.delta",
            Self::Reasoning => "response.reasoning_summary_text.delta",
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Text => "response.output_text.done",
            Self::Reasoning => "response.reasoning_summary_text.done",
        }
    }
}

/// An object with these members besides.
fn and<'m>(mut value: Value, members: impl IntoIterator<Item = (&'m str, Value)>) -> Value {
    if let Value::Object(all) = &mut value {
        all.extend(members.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    value
}

fn new_id(prefix: &str) -> String {
    format!("{prefix}{}", Uuid::now_v7().simple())
}

/// A call before its arguments.
fn call_item(id: &str, call: &ToolCall, kind: &Kind) -> Value {
    let status = "in_progress";
    let of = |name: &str| {
        json!({ "id": id, "type": "function_call", "status": status, "call_id": call.id, "name": name,
            "arguments": "" })
    };
    match kind {
        Kind::Function => of(&call.name),
        Kind::Member(namespace, name) => and(of(name), [("namespace", namespace.as_str().into())]),
        Kind::Custom => json!({ "id": id, "type": "custom_tool_call", "status": status, "call_id": call.id,
            "name": call.name, "input": "" }),
    }
}

fn usage(usage: Usage) -> Value {
    json!({
        "input_tokens": usage.input_tokens,
        "input_tokens_details": { "cached_tokens": usage.cached_tokens },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": { "reasoning_tokens": usage.reasoning_tokens },
        "total_tokens": usage.input_tokens.saturating_add(usage.output_tokens),
    })
}

/// The word of Responses for an error, by which clients decide whether to ask again.
fn code(error: &ApiError) -> &'static str {
    let is = |kind: ModelErrorKind| error.code == kind.as_str();
    if is(ModelErrorKind::RateLimited) {
        "rate_limit_exceeded"
    } else if is(ModelErrorKind::TooLarge) {
        "context_length_exceeded"
    } else if is(ModelErrorKind::BudgetExceeded) {
        "insufficient_quota"
    } else if is(ModelErrorKind::Overloaded) {
        "server_is_overloaded"
    } else if is(ModelErrorKind::InvalidRequest) {
        "invalid_prompt"
    } else {
        "server_error"
    }
}

#[cfg(test)]
mod tests;
