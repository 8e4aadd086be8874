//! The prompt under way: what is said, what is asked, how it ends, what it costs.

use serde_json::{Value, json};

use super::notes::{self, Note};
use super::{Acp, Sent, tools};
use crate::coders::dialect::{Ask, Decision, Ending, Event, Out, ToolUse};
use crate::coders::rpc::{Fault, bounded, failed, list_at, str_at, text_of, u64_at};
use crate::protocol::chat::{StopReason, Usage};
use crate::protocol::model::{ModelError, ModelErrorKind};

/// Questions that may wait for the arguments of their tools; of more, the newest is passed on without.
const HELD_MAX: usize = 16;

/// The prompt under way.
#[derive(Debug)]
pub(super) struct Turn {
    /// The text, until it was sent.
    pub(super) waiting: Option<String>,
    pub(super) stopped: bool,
    /// Something was said since the last tool, retry or beginning.
    said: bool,
    /// The message that was said last.
    message: Option<String>,
    /// A note of a failure, which is one if nothing follows.
    note: Option<String>,
    /// Questions whose tools' arguments are to come: the program's id, and what it asks. Bounded by [`HELD_MAX`].
    pub(super) held: Vec<(Value, Value)>,
    /// What the session had counted before.
    before: Usage,
}

/// The answers that a question takes.
#[derive(Debug)]
pub(super) struct Choice {
    allow: Option<String>,
    deny: Option<String>,
}

impl Turn {
    pub(super) fn new(text: &str, before: Usage) -> Self {
        Self {
            waiting: Some(text.to_owned()),
            stopped: false,
            said: false,
            message: None,
            note: None,
            held: Vec::new(),
            before,
        }
    }
}

impl Choice {
    fn of(params: &Value) -> Self {
        let options = list_at(params, "options");
        let id = |kind: &str| {
            let option = options.iter().find(|option| str_at(option, "kind") == Some(kind))?;
            str_at(option, "optionId").map(str::to_owned)
        };
        Self { allow: id("allow_once"), deny: id("reject_once") }
    }

    pub(super) fn answer(&self, decision: &Decision) -> Value {
        let option = match decision {
            Decision::Allow => &self.allow,
            Decision::Deny(_) => &self.deny,
        };
        match option {
            Some(id) => json!({ "outcome": { "outcome": "selected", "optionId": id } }),
            None => cancelled(),
        }
    }
}

/// The answer to a question of a prompt that is over.
pub(super) fn cancelled() -> Value {
    json!({ "outcome": { "outcome": "cancelled" } })
}

/// The words of a fault: JSON of the provider is taken apart, details are more than "Internal error".
pub(super) fn words(fault: &Fault) -> String {
    let body: Option<Value> = serde_json::from_str(&fault.message).ok();
    let inner = body.as_ref().and_then(|body| body.get("error")).and_then(|error| str_at(error, "message"));
    let details = str_at(&fault.data, "details");
    inner.or(details).unwrap_or(&fault.message).to_owned()
}

// === what comes ===

impl Acp {
    /// Sends the prompt that waits for its model.
    pub(super) fn go_on(&mut self, out: &mut Out) {
        if self.settings > 0 {
            return;
        }
        let Some(text) = self.turn.as_mut().and_then(|turn| turn.waiting.take()) else { return };
        if let Some(error) = self.no_model.clone() {
            self.end(Ending::Failed(error), out);
            return;
        }
        let texts = self.preface.take().into_iter().chain([text]);
        let blocks: Vec<Value> = texts.map(|text| json!({ "type": "text", "text": text })).collect();
        let params = json!({ "sessionId": self.session, "prompt": blocks });
        self.rpc.ask("session/prompt", params, Sent::Prompt, out);
    }

    pub(super) fn updated(&mut self, update: &Value, out: &mut Out) {
        let what = str_at(update, "sessionUpdate").unwrap_or_default();
        if !self.ready {
            self.replaying |= what.ends_with("_chunk") || what.starts_with("tool_call");
            return;
        }
        if self.turn.is_none() {
            return;
        }
        match what {
            "agent_message_chunk" => self.said(update, out),
            "agent_thought_chunk" => {
                let text = chunk(update);
                if !text.is_empty() {
                    self.spoke(update, out);
                    out.events.push(Event::Thinking(text));
                }
            }
            "tool_call" | "tool_call_update" => self.tool(update, out),
            _ => {}
        }
    }

    fn said(&mut self, update: &Value, out: &mut Out) {
        let text = chunk(update);
        if text.is_empty() {
            return;
        }
        match notes::note(&text).filter(|_| self.quirks.notes_in_text) {
            Some(Note::Refused) => {}
            Some(Note::Retrying) => {
                out.events.push(Event::Retrying { status: None, reason: text });
                self.again(out);
            }
            Some(Note::Failed) => {
                self.flush(out);
                if let Some(turn) = &mut self.turn {
                    turn.note = Some(text);
                }
            }
            None => {
                self.spoke(update, out);
                out.events.push(Event::Text(text));
            }
        }
    }

    /// The model says something: what looked like a note of a failure was its text.
    fn spoke(&mut self, update: &Value, out: &mut Out) {
        self.flush(out);
        let Some(turn) = &mut self.turn else { return };
        let id = str_at(update, "messageId")
            .filter(|_| str_at(update, "sessionUpdate") == Some("agent_message_chunk"));
        let other = id.is_some() && turn.message.is_some() && turn.message.as_deref() != id;
        if let Some(id) = id {
            turn.message = Some(id.to_owned());
        }
        if other && self.quirks.new_message_is_again {
            self.again(out);
        }
        if let Some(turn) = &mut self.turn {
            turn.said = true;
        }
    }

    fn again(&mut self, out: &mut Out) {
        if self.turn.as_mut().is_some_and(|turn| std::mem::take(&mut turn.said)) {
            out.events.push(Event::Again);
        }
    }

    fn flush(&mut self, out: &mut Out) {
        if let Some(note) = self.turn.as_mut().and_then(|turn| turn.note.take()) {
            out.events.push(Event::Text(note));
        }
    }

    fn tool(&mut self, update: &Value, out: &mut Out) {
        self.flush(out);
        if let Some(turn) = &mut self.turn {
            turn.said = false;
            turn.message = None;
        }
        let Some(id) = str_at(update, "toolCallId") else { return };
        let tool = self.known(update);
        if let Some((went, output)) = tools::ended(update) {
            self.release(id, out);
            self.tools.end(tool, went, &output, out);
        } else if self.quirks.late_arguments && str_at(update, "status") == Some("pending") {
            self.tools.name(tool, out);
        } else {
            self.tools.begin(tool, out);
            self.release(id, out);
        }
    }

    fn known(&self, call: &Value) -> ToolUse {
        let id = str_at(call, "toolCallId").unwrap_or_default();
        tools::tool(call, self.tools.find(id), &self.opening.folder, self.quirks)
    }
}

// === questions ===

impl Acp {
    pub(super) fn asked(&mut self, request: Value, params: Value, out: &mut Out) {
        let Some(turn) = self.turn.as_mut().filter(|turn| !turn.stopped) else {
            self.rpc.answer(request, cancelled(), out);
            return;
        };
        turn.said = false;
        let call = params.get("toolCall").unwrap_or(&Value::Null);
        let id = str_at(call, "toolCallId").unwrap_or_default();
        let known = self.tools.find(id).is_some() && !self.tools.is_under_way(id);
        if self.quirks.late_arguments && known && turn.held.len() < HELD_MAX {
            turn.held.push((request, params));
        } else {
            self.ask(request, &params, out);
        }
    }

    /// Passes on the questions that waited for this tool's arguments.
    fn release(&mut self, id: &str, out: &mut Out) {
        let Some(turn) = &mut self.turn else { return };
        let of =
            |params: &Value| params.get("toolCall").and_then(|call| str_at(call, "toolCallId")) == Some(id);
        let (released, held) = std::mem::take(&mut turn.held).into_iter().partition(|(_, params)| of(params));
        turn.held = held;
        let released: Vec<(Value, Value)> = released;
        for (request, params) in released {
            self.ask(request, &params, out);
        }
    }

    fn ask(&mut self, request: Value, params: &Value, out: &mut Out) {
        let call = params.get("toolCall").unwrap_or(&Value::Null);
        let asked = bounded(self.known(call));
        let choice = Choice::of(params);
        if !self.tools.is_under_way(&asked.id) {
            self.tools.begin(asked.clone(), out);
        }
        let no = choice.answer(&Decision::Deny(String::new()));
        match self.asks.open(&request, &asked.id, choice) {
            Some(name) => out.events.push(Event::Ask(Ask { id: name, tool: asked })),
            None => self.rpc.answer(request, no, out),
        }
    }
}

// === the end ===

impl Acp {
    pub(super) fn prompted(&mut self, reply: &Value, out: &mut Out) {
        let Some(turn) = &mut self.turn else { return };
        let (stopped, note) = (turn.stopped, turn.note.take());
        let quota = reply.get("_meta").and_then(|meta| meta.get("quota"));
        self.used(reply, quota, out);
        let uncounted = quota.is_some_and(|quota| {
            quota.get("model_usage").and_then(Value::as_array).is_some_and(Vec::is_empty)
        });
        let reason = str_at(reply, "stopReason").unwrap_or_default();
        let ending = match reason {
            "cancelled" => Ending::Interrupted,
            _ if stopped => Ending::Interrupted,
            _ if note.is_some() => Ending::Failed(notes::failure(&note.unwrap_or_default())),
            "end_turn" if uncounted && self.quirks.no_usage_is_cut => {
                let words = "the answer ended before it was whole";
                Ending::Failed(failed(ModelErrorKind::Truncated, None, words))
            }
            "max_tokens" | "max_turn_requests" => Ending::Stopped(StopReason::MaxTokens),
            "refusal" => Ending::Stopped(StopReason::Refusal),
            _ => Ending::Stopped(StopReason::EndTurn),
        };
        self.end(ending, out);
    }

    pub(super) fn failed(&mut self, error: ModelError, out: &mut Out) {
        let stopped = self.turn.as_ref().is_some_and(|turn| turn.stopped);
        self.flush(out);
        self.end(if stopped { Ending::Interrupted } else { Ending::Failed(error) }, out);
    }

    pub(super) fn end(&mut self, ending: Ending, out: &mut Out) {
        let Some(turn) = self.turn.take() else { return };
        let open: Vec<Value> = self.asks.close_all().map(|asked| asked.request).collect();
        for request in open.into_iter().chain(turn.held.into_iter().map(|(request, _)| request)) {
            self.rpc.answer(request, cancelled(), out);
        }
        self.tools.close(out);
        out.events.push(Event::Ended(ending));
    }

    fn used(&mut self, reply: &Value, quota: Option<&Value>, out: &mut Out) {
        let counted = quota.and_then(|quota| quota.get("token_count")).map(|count| Usage {
            input_tokens: u64_at(count, "input_tokens"),
            output_tokens: u64_at(count, "output_tokens"),
            ..Usage::default()
        });
        let Some(told) = counted.or_else(|| reply.get("usage").map(tokens)) else { return };
        let usage = if self.quirks.counts_sessions {
            let before = self.turn.as_ref().map(|turn| turn.before).unwrap_or_default();
            self.counted = told;
            minus(told, before)
        } else if self.quirks.counts_apart {
            Usage {
                input_tokens: told.input_tokens.saturating_add(told.cached_tokens),
                output_tokens: told.output_tokens.saturating_add(told.reasoning_tokens),
                ..told
            }
        } else {
            told
        };
        if usage != Usage::default() {
            out.events.push(Event::Usage(usage));
        }
    }
}

/// The text of a chunk; empty for what is no text.
fn chunk(update: &Value) -> String {
    update.get("content").map(|content| text_of(std::slice::from_ref(content))).unwrap_or_default()
}

fn tokens(usage: &Value) -> Usage {
    Usage {
        input_tokens: u64_at(usage, "inputTokens"),
        output_tokens: u64_at(usage, "outputTokens"),
        cached_tokens: u64_at(usage, "cachedReadTokens"),
        reasoning_tokens: u64_at(usage, "thoughtTokens"),
    }
}

/// What came after `before`; a program that counts from nothing again has counted all of it since.
fn minus(all: Usage, before: Usage) -> Usage {
    if all.input_tokens < before.input_tokens || all.output_tokens < before.output_tokens {
        return all;
    }
    Usage {
        input_tokens: all.input_tokens - before.input_tokens,
        output_tokens: all.output_tokens - before.output_tokens,
        cached_tokens: all.cached_tokens.saturating_sub(before.cached_tokens),
        reasoning_tokens: all.reasoning_tokens.saturating_sub(before.reasoning_tokens),
    }
}
