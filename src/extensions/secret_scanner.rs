//! The plug that takes secrets out of what other plugs see, and of what they have said so far. First in its pipelines.
//!
//! It is not what keeps secrets from models: the guard underneath scans every prompt and every answer whatever plugs do. This
//! one keeps them from plugs, and says in `assigns.secrets_redacted` how many it took out. It guards: what it cannot scan
//! halts, with `assigns.secret_scan_error`.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::context::{Context, EFFECTIVE_PROMPT};
use super::plug::{Plug, PlugError};
use crate::redaction::{Redactor, UNSCANNED};

/// Its name in settings and reports.
const NAME: &str = "secret_scanner";
/// How many secrets were taken out.
const COUNT: &str = "secrets_redacted";
/// Why it could not look.
const TROUBLE: &str = "secret_scan_error";

/// See the module.
pub struct SecretScanner {
    redactor: Redactor,
}

/// What is found in a context.
struct Scan<'r> {
    redactor: &'r Redactor,
    found: usize,
    unscanned: bool,
}

// === impl SecretScanner ===

impl SecretScanner {
    /// A scanner with this engine.
    #[must_use]
    pub const fn new(redactor: Redactor) -> Self {
        Self { redactor }
    }

    fn look(&self, mut context: Context) -> Context {
        let mut scan = Scan { redactor: &self.redactor, found: 0, unscanned: false };
        if let Some(prompt) = scan.at(context.assigns.get_mut(EFFECTIVE_PROMPT)) {
            context.assigns.insert(EFFECTIVE_PROMPT.to_owned(), prompt.into());
        }
        if let Some(prompt) = scan.at(context.data.get_mut("prompt"))
            && !context.assigns.contains_key(EFFECTIVE_PROMPT)
        {
            context.assigns.insert(EFFECTIVE_PROMPT.to_owned(), prompt.into());
        }
        let messages = context.data.get_mut("messages").and_then(Value::as_array_mut);
        for message in messages.into_iter().flatten() {
            scan.at(message.get_mut("content"));
        }
        for injection in &mut context.injections {
            scan.text(&mut injection.title);
            scan.text(&mut injection.text);
        }
        let (found, unscanned) = (scan.found, scan.unscanned);
        let before = context.assigns.get(COUNT).and_then(Value::as_u64).unwrap_or_default();
        let count = before.saturating_add(u64::try_from(found).unwrap_or(u64::MAX));
        context.assigns.insert(COUNT.to_owned(), json!(count));
        if unscanned {
            let reason = "what was said could not be scanned for secrets";
            context.assigns.insert(TROUBLE.to_owned(), reason.into());
            return context.halt(NAME, reason);
        }
        context
    }
}

impl Plug for SecretScanner {
    fn name(&self) -> &str {
        NAME
    }

    fn call(&self, context: Context) -> BoxFuture<'_, Result<Context, PlugError>> {
        async move { Ok(self.look(context)) }.boxed()
    }

    fn guards(&self) -> bool {
        true
    }
}

// === impl Scan ===

impl Scan<'_> {
    /// Cleans a text of a tree; the clean one, if it was not.
    fn at(&mut self, value: Option<&mut Value>) -> Option<String> {
        let Value::String(text) = value? else { return None };
        self.text(text).then(|| text.clone())
    }

    /// Cleans a text. Whether it was not clean.
    fn text(&mut self, text: &mut String) -> bool {
        let redacted = self.redactor.redact(text);
        if redacted.findings.is_empty() {
            return false;
        }
        self.found += redacted.findings.len();
        self.unscanned |= redacted.text == UNSCANNED;
        let clean = redacted.text.into_owned();
        *text = clean;
        true
    }
}
