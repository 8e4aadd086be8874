//! Claude Code: JSON lines with its control protocol, as `--input-format stream-json --output-format stream-json` speaks them.
//!
//! | file | what |
//! |---|---|
//! | `tools` | what its tools do |
//! | `results` | what the end of a prompt means |
//!
//! Measured with 2.1.330. Every call of a tool is asked about by a hook before its use, also calls that the program would
//! allow by itself; `can_use_tool` is asked about some only, and repeats what the hook has decided.

mod results;
mod tools;

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::dialect::{Ask, Decision, Dialect, Event, Opening, Out, ToolUse, Went};
use crate::protocol::chat::Usage;
use crate::protocol::model::{ModelError, ModelErrorKind};

/// The control request that shakes hands.
const HELLO: &str = "hello";
/// The hook that is called before every use of a tool.
const GATE: &str = "gate";

/// A conversation with Claude Code. The id of its session is chosen by who starts it (`--session-id`, `--resume`).
#[derive(Debug, Default)]
pub(super) struct Claude {
    session: String,
    opening: Opening,
    /// Control requests of ours so far.
    requests: u64,
    /// Questions that wait: the tool's use of each.
    open: HashMap<String, ToolUse>,
    /// Uses that a decision allowed.
    allowed: HashSet<String>,
    /// Whether a message of the model is under way.
    speaking: bool,
    interrupted: bool,
    /// Whether a prompt is under way.
    prompted: bool,
    /// Tokens of the messages of this prompt that are whole, and of the one under way.
    whole: Usage,
    message: Usage,
}

// === impl Claude ===

impl Claude {
    /// A conversation in this session.
    #[must_use]
    pub(super) fn new(session: impl Into<String>) -> Self {
        Self { session: session.into(), ..Self::default() }
    }

    fn request(&mut self, request: &Value, out: &mut Out) {
        self.requests += 1;
        let id = format!("host-{}", self.requests);
        out.lines
            .push(json!({ "type": "control_request", "request_id": id, "request": request }).to_string());
    }

    /// The program's answer to a control request of ours.
    fn answered(&self, line: &Value, out: &mut Out) {
        let response = &line["response"];
        if response["request_id"] != HELLO {
            return;
        }
        if response["subtype"] == "success" {
            let (session, model) = (self.session.clone(), self.opening.model.clone());
            out.events.push(Event::Ready { session, model, version: None });
        } else {
            let text = format!("Claude Code did not shake hands: {}", text_of(&response["error"]));
            out.events.push(Event::Broken(ModelError::new(ModelErrorKind::Protocol, text)));
        }
    }

    /// A control request of the program.
    fn asked(&mut self, line: &Value, out: &mut Out) {
        let Some(id) = line["request_id"].as_str() else { return };
        let request = &line["request"];
        match request["subtype"].as_str() {
            Some("hook_callback") if request["callback_id"] == GATE => {
                let input = &request["input"];
                let tool = self.tool(&input["tool_use_id"], &input["tool_name"], &input["tool_input"]);
                self.open.insert(id.to_owned(), tool.clone());
                out.events.push(Event::Ask(Ask { id: id.to_owned(), tool }));
            }
            Some("can_use_tool") => {
                // Only what the hook was told may be done gets here; a use of which it was not told is none of those.
                let known = request["tool_use_id"].as_str().is_some_and(|id| self.allowed.contains(id));
                let answer = match known {
                    true => json!({ "behavior": "allow", "updatedInput": request["input"] }),
                    false => json!({ "behavior": "deny", "message": "nobody was asked about this" }),
                };
                respond(id, &answer, out);
            }
            _ => {
                let error =
                    json!({ "subtype": "error", "request_id": id, "error": "this host does not do that" });
                out.lines.push(json!({ "type": "control_response", "response": error }).to_string());
            }
        }
    }

    fn tool(&self, id: &Value, name: &Value, arguments: &Value) -> ToolUse {
        let name = name.as_str().unwrap_or_default();
        let kind = tools::kind(name, arguments, &self.opening.folder);
        ToolUse { id: text_of(id), name: name.to_owned(), kind, arguments: arguments.clone() }
    }

    /// An event of the provider's stream, passed through.
    fn streamed(&mut self, line: &Value, out: &mut Out) {
        // What sub-agents say is not the answer.
        if !line["parent_tool_use_id"].is_null() {
            return;
        }
        let event = &line["event"];
        match event["type"].as_str() {
            Some("message_start") => {
                if std::mem::replace(&mut self.speaking, true) {
                    out.events.push(Event::Again);
                }
                let message = &event["message"];
                self.message = results::usage(&message["usage"]);
            }
            Some("content_block_delta") => {
                let delta = &event["delta"];
                match delta["type"].as_str() {
                    Some("text_delta") => out.events.push(Event::Text(text_of(&delta["text"]))),
                    Some("thinking_delta") => out.events.push(Event::Thinking(text_of(&delta["thinking"]))),
                    _ => {}
                }
            }
            Some("message_delta") => {
                let usage = &event["usage"];
                let output = usage["output_tokens"].as_u64();
                self.message.output_tokens = output.unwrap_or(self.message.output_tokens);
            }
            Some("message_stop") => {
                self.speaking = false;
                self.whole = self.whole.plus(std::mem::take(&mut self.message));
                out.events.push(Event::Usage(self.whole));
            }
            _ => {}
        }
    }

    /// A whole message: what it calls is begun.
    fn said(&self, line: &Value, out: &mut Out) {
        for block in blocks(line).filter(|block| block["type"] == "tool_use") {
            out.events.push(Event::ToolBegun(self.tool(&block["id"], &block["name"], &block["input"])));
        }
    }

    /// What tools answered.
    fn heard(&mut self, line: &Value, out: &mut Out) {
        for block in blocks(line).filter(|block| block["type"] == "tool_result") {
            let id = text_of(&block["tool_use_id"]);
            let metas = line["tool_result_meta"].as_array().into_iter().flatten();
            let refused = metas
                .filter(|meta| meta["id"] == block["tool_use_id"])
                .any(|meta| !meta["non_execution_kind"].is_null());
            let went = match (block["is_error"].as_bool().unwrap_or(false), refused) {
                (_, true) => Went::Refused,
                // An error of a tool that was never allowed is that it was not run: older versions say no more.
                (true, false) if !self.allowed.contains(&id) => Went::Refused,
                (true, false) => Went::Failed,
                (false, false) => Went::Done,
            };
            out.events.push(Event::ToolEnded { id, went, output: results::text(&block["content"]) });
        }
    }

    fn ended(&mut self, line: &Value, out: &mut Out) {
        if results::is_lost(line) {
            out.events.push(Event::Lost);
            return;
        }
        if !std::mem::take(&mut self.prompted) {
            return;
        }
        self.speaking = false;
        self.open.clear();
        self.allowed.clear();
        let usage = results::usage(&line["usage"]);
        // Of an interrupted prompt the program counts nothing.
        if usage.output_tokens > 0 || usage.input_tokens > 0 {
            out.events.push(Event::Usage(usage));
        }
        out.events.push(Event::Ended(results::ending(line, self.interrupted)));
    }
}

impl Dialect for Claude {
    fn open(&mut self, opening: &Opening, out: &mut Out) {
        self.opening = opening.clone();
        let hooks =
            json!({ "PreToolUse": [{ "matcher": null, "hookCallbackIds": [GATE], "timeout": 86_400 }] });
        let mut request = json!({ "subtype": "initialize", "hooks": hooks });
        if let Some(members) = request.as_object_mut().filter(|_| !opening.instructions.is_empty()) {
            members.insert("appendSystemPrompt".to_owned(), opening.instructions.as_str().into());
        }
        out.lines
            .push(json!({ "type": "control_request", "request_id": HELLO, "request": request }).to_string());
    }

    fn take(&mut self, line: &str, out: &mut Out) {
        let Ok(line) = &serde_json::from_str::<Value>(line) else { return };
        match line["type"].as_str() {
            Some("control_response") => self.answered(line, out),
            Some("control_request") => self.asked(line, out),
            Some("control_cancel_request") => {
                self.open.remove(line["request_id"].as_str().unwrap_or_default());
            }
            Some("stream_event") => self.streamed(line, out),
            Some("assistant") => self.said(line, out),
            Some("user") => self.heard(line, out),
            Some("system") if line["subtype"] == "api_retry" => {
                let status = line["error_status"].as_u64().and_then(|status| u16::try_from(status).ok());
                out.events.push(Event::Retrying { status, reason: text_of(&line["error"]) });
            }
            Some("result") => self.ended(line, out),
            _ => {}
        }
    }

    fn prompt(&mut self, text: &str, out: &mut Out) {
        (self.prompted, self.interrupted, self.speaking) = (true, false, false);
        (self.whole, self.message) = (Usage::default(), Usage::default());
        let message = json!({ "role": "user", "content": text });
        let line =
            json!({ "type": "user", "session_id": "", "parent_tool_use_id": null, "message": message });
        out.lines.push(line.to_string());
    }

    fn decide(&mut self, ask: &str, decision: &Decision, out: &mut Out) {
        let Some(tool) = self.open.remove(ask) else { return };
        let (word, reason) = match decision {
            Decision::Allow => {
                self.allowed.insert(tool.id);
                ("allow", "it was allowed")
            }
            Decision::Deny(reason) => ("deny", reason.as_str()),
        };
        let decided = json!({
            "hookEventName": "PreToolUse", "permissionDecision": word, "permissionDecisionReason": reason,
        });
        respond(ask, &json!({ "hookSpecificOutput": decided }), out);
    }

    fn interrupt(&mut self, out: &mut Out) {
        self.interrupted = true;
        self.request(&json!({ "subtype": "interrupt" }), out);
    }

    fn set_model(&mut self, model: &str, out: &mut Out) {
        self.request(&json!({ "subtype": "set_model", "model": model }), out);
    }
}

fn respond(id: &str, answer: &Value, out: &mut Out) {
    let response = json!({ "subtype": "success", "request_id": id, "response": answer });
    out.lines.push(json!({ "type": "control_response", "response": response }).to_string());
}

fn blocks(line: &Value) -> impl Iterator<Item = &Value> {
    let message = &line["message"];
    message["content"].as_array().into_iter().flatten()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
