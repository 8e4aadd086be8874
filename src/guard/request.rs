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
