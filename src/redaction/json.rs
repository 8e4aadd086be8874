//! JSON without its secrets.

use serde_json::{Map, Value};

use super::{Finding, Redactor};

/// Values deeper than this are not looked into; they are replaced. JSON that we read is never so deep.
const DEPTH_MAX: usize = 256;

// === impl Redactor ===

impl Redactor {
    /// Takes the secrets out of all strings of a JSON value, names of members included. The name of a member
    /// announces its value, as in `{"password": "…"}`. Places of findings count within their string.
    pub fn redact_json(&self, value: &mut Value) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.value(value, None, 0, &mut findings);
        findings
    }

    fn value(&self, value: &mut Value, name: Option<&str>, depth: usize, findings: &mut Vec<Finding>) {
        if depth > DEPTH_MAX {
            *value = Value::from(super::UNSCANNED);
            return;
        }
        match value {
            Value::String(text) => self.string(text, name, findings),
            Value::Array(items) => {
                items.iter_mut().for_each(|item| self.value(item, name, depth + 1, findings));
            }
            Value::Object(members) => self.members(members, depth, findings),
            Value::Number(number) => {
                let mut text = number.to_string();
                let before = findings.len();
                self.string(&mut text, name, findings);
                if findings.len() > before {
                    *value = Value::from(text);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn members(&self, members: &mut Map<String, Value>, depth: usize, findings: &mut Vec<Finding>) {
        for (name, value) in members.iter_mut() {
            self.value(value, Some(name), depth + 1, findings);
        }
        let named = |name: &String| !self.redact(name).findings.is_empty();
        let secret: Vec<String> = members.keys().filter(|name| named(name)).cloned().collect();
        for name in secret {
            if let Some(value) = members.remove(&name) {
                let mut clean = name;
                self.string(&mut clean, None, findings);
                members.insert(clean, value);
            }
        }
    }

    fn string(&self, text: &mut String, name: Option<&str>, findings: &mut Vec<Finding>) {
        let announced = name.and_then(|name| {
            let before = format!("\"{name}\": \"");
            let found = self.redact(&format!("{before}{text}")).into_owned();
            let clean = found.text.strip_prefix(&before)?.to_owned();
            let shifted = found.findings.into_iter().map(|finding| Finding {
                start: finding.start.saturating_sub(before.len()),
                end: finding.end.saturating_sub(before.len()),
                ..finding
            });
            Some((clean, shifted.collect::<Vec<_>>()))
        });
        let (clean, found) = announced.unwrap_or_else(|| {
            let found = self.redact(text).into_owned();
            (found.text.into_owned(), found.findings)
        });
        if !found.is_empty() {
            *text = clean;
            findings.extend(found);
        }
    }
}
