//! A model request without its secrets: every text that the provider would get.

use serde_json::Value;

use crate::protocol::chat::{ChatMessage, Part, ToolSpec};
use crate::protocol::model::ModelRequest;
use crate::redaction::{Finding, Redactor};

/// Cleans the request in place, and answers what was found.
pub(super) fn clean(redactor: &Redactor, request: &mut ModelRequest) -> Vec<Finding> {
    let mut cleaner = Cleaner { redactor, findings: Vec::new() };
    cleaner.text(&mut request.system);
    for message in &mut request.messages {
        cleaner.message(message);
    }
    // The tools of a prompt are the same nearly every time, and have no secret: one look over all of their texts.
    if !redactor.redact(&texts(&request.tools)).findings.is_empty() {
        for tool in &mut request.tools {
            cleaner.text(&mut tool.description);
            cleaner.findings.extend(redactor.redact_json(&mut tool.parameters));
        }
    }
    let mut findings = cleaner.findings;
    for value in request.extra.values_mut() {
        findings.extend(redactor.redact_json(value));
    }
    findings
}

/// Every text of these tools, each on lines of its own.
fn texts(tools: &[ToolSpec]) -> String {
    fn add(value: &Value, text: &mut String) {
        match value {
            Value::String(word) => {
                text.push_str(word);
                text.push('\n');
            }
            Value::Array(items) => items.iter().for_each(|item| add(item, text)),
            Value::Object(fields) => {
                for (name, field) in fields {
                    // The name of a member announces its value.
                    text.push_str(name);
                    text.push_str(": ");
                    add(field, text);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => text.push('\n'),
        }
    }
    let mut text = String::new();
    for tool in tools {
        text.push_str(&tool.description);
        text.push('\n');
        add(&tool.parameters, &mut text);
    }
    text
}

/// Cleans the arguments of a tool call: JSON text, or whatever the model wrote.
pub(super) fn clean_arguments(redactor: &Redactor, arguments: &mut String) -> Vec<Finding> {
    let mut cleaner = Cleaner { redactor, findings: Vec::new() };
    cleaner.arguments(arguments);
    cleaner.findings
}

/// Members of providers' bodies that hold seals, ids and packed files.
const SEALED: [&str; 11] = [
    "call_id",
    "data",
    "encrypted_content",
    "id",
    "image_url",
    "signature",
    "thinking",
    "thoughtSignature",
    "thought_signature",
    "tool_call_id",
    "tool_use_id",
];
/// Members that hold what a tool is called with: there, the name of a member announces its value.
const GIVEN: [&str; 2] = ["args", "input"];
/// How deep into a body texts are looked at; what is deeper is no body of any provider.
const DEPTH_MAX: usize = 64;

/// Cleans the body of a request in a provider's words, and answers what was found.
pub(super) fn clean_body(redactor: &Redactor, body: &mut Value) -> Vec<Finding> {
    let mut cleaner = Cleaner { redactor, findings: Vec::new() };
    cleaner.body(body, 0);
    cleaner.findings
}

struct Cleaner<'r> {
    redactor: &'r Redactor,
    findings: Vec<Finding>,
}

impl Cleaner<'_> {
    fn text(&mut self, text: &mut String) {
        let found = self.redactor.redact(text);
        if !found.findings.is_empty() {
            self.findings.extend(found.findings);
            *text = found.text.into_owned();
        }
    }

    fn body(&mut self, value: &mut Value, depth: usize) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) if depth < DEPTH_MAX => {
                items.iter_mut().for_each(|item| self.body(item, depth + 1));
            }
            Value::Object(members) if depth < DEPTH_MAX => {
                for (name, member) in members {
                    match member {
                        _ if SEALED.contains(&name.as_str()) => {}
                        Value::String(arguments) if name == "arguments" => self.arguments(arguments),
                        Value::Object(_) if GIVEN.contains(&name.as_str()) => {
                            self.findings.extend(self.redactor.redact_json(member));
                        }
                        _ => self.body(member, depth + 1),
                    }
                }
            }
            Value::Array(_) | Value::Object(_) => self.findings.extend(self.redactor.redact_json(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Strings are cleaned one by one, so that what comes out is JSON again.
    fn arguments(&mut self, arguments: &mut String) {
        let Ok(mut value) = serde_json::from_str::<Value>(arguments) else { return self.text(arguments) };
        let found = self.redactor.redact_json(&mut value);
        if !found.is_empty() {
            *arguments = value.to_string();
            self.findings.extend(found);
        }
    }

    fn message(&mut self, message: &mut ChatMessage) {
        for part in &mut message.parts {
            match part {
                Part::Text { text } | Part::ToolResult { content: text, .. } => self.text(text),
                Part::ToolCall(call) => self.arguments(&mut call.arguments),
                // The bytes of a picture are no text.
                Part::Image { url } if url.starts_with("data:") => {}
                Part::Image { url } => self.text(url),
                Part::Thinking { text, signature } => {
                    let before = self.findings.len();
                    self.text(text);
                    if self.findings.len() > before {
                        // The provider's seal is over other words now.
                        *signature = None;
                    }
                }
            }
        }
    }
}
