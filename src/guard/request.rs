//! A model request without its secrets: every text that the provider would get.

use serde_json::Value;

use crate::protocol::chat::{ChatMessage, Part};
use crate::protocol::model::ModelRequest;
use crate::redaction::{Finding, Redactor};

/// Cleans the request in place, and answers what was found.
pub(super) fn clean(redactor: &Redactor, request: &mut ModelRequest) -> Vec<Finding> {
    let mut cleaner = Cleaner { redactor, findings: Vec::new() };
    cleaner.text(&mut request.system);
    for message in &mut request.messages {
        cleaner.message(message);
    }
    for tool in &mut request.tools {
        cleaner.text(&mut tool.description);
        cleaner.findings.extend(redactor.redact_json(&mut tool.parameters));
    }
    let mut findings = cleaner.findings;
    for value in request.extra.values_mut() {
        findings.extend(redactor.redact_json(value));
    }
    findings
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
