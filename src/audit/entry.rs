//! What is told, before it has its place in the chain.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::redaction::Redactor;

/// Most characters of a name: actor, principal, target.
const NAME_CHARS_MAX: usize = 300;
/// Most characters of a reason.
const REASON_CHARS_MAX: usize = 2_000;
/// Most characters of one text in the detail.
const DETAIL_CHARS_MAX: usize = 2_000;
/// Most bytes of the whole detail; one that is larger is replaced by its size.
const DETAIL_BYTES_MAX: usize = 16 * 1024;
/// Stands for what was cut off.
const CUT: char = '…';

/// What came of an action.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was allowed.
    Allowed,
    /// It was refused.
    Denied,
    /// A person was asked.
    Asked,
    /// It happened, without a decision in between.
    Done,
    /// It was tried and failed.
    Failed,
}

/// One entry, before it has its place in the chain. Texts are redacted before they are stored.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Which part of the daemon tells it: `http`, `cli`, `turn`, `housekeeper`, …
    pub actor: Cow<'static, str>,
    /// On whose behalf: `owner`, a member's or a token's id, `system`.
    pub principal: String,
    /// What was done: `secret.set`, `policy.changed`, `approval.decided`, `sign_in`, …
    pub action: &'static str,
    /// To what: a name or an id; may be empty.
    pub target: String,
    /// What came of it.
    pub outcome: Outcome,
    /// Why, for people; may be empty.
    pub reason: String,
    /// More, without secrets.
    pub detail: Map<String, Value>,
}

/// An entry as it is stored: cut, redacted, its detail canonical JSON.
pub(super) struct Told {
    pub(super) actor: String,
    pub(super) principal: String,
    pub(super) action: String,
    pub(super) target: String,
    pub(super) outcome: String,
    pub(super) reason: String,
    pub(super) detail: String,
}

// === impl Outcome ===

impl Outcome {
    /// The stored word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Asked => "asked",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

// === impl Entry ===

impl Entry {
    /// Something that happened, without a reason or more.
    pub fn done(actor: &'static str, principal: impl Into<String>, action: &'static str) -> Self {
        Self {
            actor: Cow::Borrowed(actor),
            principal: principal.into(),
            action,
            target: String::new(),
            outcome: Outcome::Done,
            reason: String::new(),
            detail: Map::new(),
        }
    }

    /// The same about this target.
    #[must_use]
    pub fn on(self, target: impl Into<String>) -> Self {
        Self { target: target.into(), ..self }
    }

    /// The same with this outcome.
    #[must_use]
    pub fn with_outcome(self, outcome: Outcome) -> Self {
        Self { outcome, ..self }
    }

    /// The same for this reason.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..self }
    }

    /// The same with one more detail.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.detail.insert(key.to_owned(), value.into());
        self
    }

    pub(super) fn told(self, redactor: &Redactor) -> Told {
        let text = |text: &str, chars_max| cut(&redactor.redact(text).text, chars_max);
        Told {
            actor: text(&self.actor, NAME_CHARS_MAX),
            principal: text(&self.principal, NAME_CHARS_MAX),
            action: self.action.to_owned(),
            target: text(&self.target, NAME_CHARS_MAX),
            outcome: self.outcome.as_str().to_owned(),
            reason: text(&self.reason, REASON_CHARS_MAX),
            detail: detail(self.detail, redactor),
        }
    }
}

/// Redacted first and cut then: half a secret would not be recognised.
fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some((end, _)) => text.get(..end).unwrap_or_default().chars().chain([CUT]).collect(),
    }
}

/// The detail as canonical JSON: keys in order, no spaces.
fn detail(detail: Map<String, Value>, redactor: &Redactor) -> String {
    let text = canonical(Value::Object(detail), redactor).to_string();
    if text.len() <= DETAIL_BYTES_MAX {
        return text;
    }
    let mut size = Map::new();
    size.insert("left_out_bytes".to_owned(), Value::from(text.len()));
    Value::Object(size).to_string()
}

fn canonical(value: Value, redactor: &Redactor) -> Value {
    let clean = |text: String| cut(&redactor.redact(&text).text, DETAIL_CHARS_MAX);
    match value {
        Value::String(text) => Value::String(clean(text)),
        Value::Array(items) => items.into_iter().map(|item| canonical(item, redactor)).collect(),
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> =
                fields.into_iter().map(|(key, value)| (clean(key), canonical(value, redactor))).collect();
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(fields.into_iter().collect())
        }
        other => other,
    }
}
