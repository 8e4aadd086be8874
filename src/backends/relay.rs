//! Requests of other programs' clients, sent on to a provider with its credential and otherwise as they are.
//!
//! Only what asks a model, counts or lists models is sent: an account can do much more, and none of it could be counted.
//! What a client says about itself goes along, its credentials do not, and nothing of it may name a secret of the vault.

mod tally;

pub use tally::Tally;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::answer::Upstream;
use super::credential::Credential;
use super::failure;
use crate::egress::{EgressError, Reply};
use crate::protocol::chat::{ChatMessage, Part, Role};
use crate::protocol::model::{ModelError, ModelErrorKind, ModelRequest};

/// Headers of a request that are not sent on: credentials, what belongs to one connection, and what would have the answer
/// packed so that nobody here can read its figures.
const KEPT_BACK: [&str; 16] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-api-key",
    "x-goog-api-key",
];
/// What the name of a secret begins with, for egress.
const SECRET_MARK: &str = "@secret:";
/// From so many characters without a blank on, a text is a picture or another file.
const FILE_CHARS_MIN: usize = 4_096;
/// How deep into a body texts are counted.
const DEPTH_MAX: usize = 64;

/// Which words a provider understands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RelayWire {
    /// Anthropic's Messages.
    Anthropic,
    /// Google's `generateContent`.
    Gemini,
    /// OpenAI's chat completions and Responses.
    Openai,
}

/// What a request wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wish {
    /// An answer of a model, which costs.
    Answer,
    /// Figures about a prompt.
    Count,
    /// The list of models, or one of them.
    Models,
}

/// A request that is sent on.
#[derive(Debug)]
pub struct Passing {
    /// The path below the provider's base address, as [`RelayWire::wish`] answered it.
    pub path: String,
    /// The query without its `?`; empty for none.
    pub query: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// `None` for a GET.
    pub body: Option<Bytes>,
}

/// A provider, for requests that are made elsewhere.
#[derive(Clone)]
pub struct Relay {
    wire: RelayWire,
    upstream: Arc<Upstream>,
}

// === impl RelayWire ===

impl RelayWire {
    /// The path under which clients expect the base address, without a slash at its end.
    #[must_use]
    pub const fn mount(self) -> &'static str {
        match self {
            Self::Openai => "/v1",
            Self::Anthropic | Self::Gemini => "",
        }
    }

    /// What a request to this path wants, and the path below the provider's base address. `None`: not sent on.
    #[must_use]
    pub fn wish(self, is_get: bool, path: &str) -> Option<(Wish, String)> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'/' | b'@');
        if !path.bytes().all(plain) || path.split('/').any(|part| matches!(part, "." | "..")) {
            return None;
        }
        let below = match self {
            Self::Anthropic => path,
            Self::Openai => path.strip_prefix("/v1")?,
            Self::Gemini => path.strip_prefix("/v1beta").or_else(|| path.strip_prefix("/v1"))?,
        };
        Some((self.wish_below(is_get, below)?, below.to_owned()))
    }

    fn wish_below(self, is_get: bool, path: &str) -> Option<Wish> {
        let models = if self == Self::Anthropic { "/v1/models" } else { "/models" };
        if is_get {
            let rest = path.strip_prefix(models)?;
            return (rest.is_empty() || rest.starts_with('/')).then_some(Wish::Models);
        }
        match (self, path) {
            (Self::Anthropic, "/v1/messages")
            | (Self::Openai, "/responses" | "/responses/compact" | "/chat/completions" | "/embeddings") => {
                Some(Wish::Answer)
            }
            (Self::Anthropic, "/v1/messages/count_tokens") => Some(Wish::Count),
            (Self::Gemini, _) => match path.strip_prefix("/models/")?.rsplit_once(':')? {
                (_, "generateContent" | "streamGenerateContent" | "embedContent" | "batchEmbedContents") => {
                    Some(Wish::Answer)
                }
                (_, "countTokens") => Some(Wish::Count),
                _ => None,
            },
            _ => None,
        }
    }

    /// What a body asks of which model, as far as it is needed to say what it may cost: its texts, pictures and limit.
    #[must_use]
    pub fn asked(self, path: &str, body: &Value) -> ModelRequest {
        let named = body.get("model").and_then(Value::as_str);
        let in_path = || path.strip_prefix("/models/")?.rsplit_once(':').map(|(model, _)| model);
        let limits = [
            "/max_tokens",
            "/max_completion_tokens",
            "/max_output_tokens",
            "/generationConfig/maxOutputTokens",
        ];
        let limit = limits.iter().find_map(|name| body.pointer(name)).and_then(Value::as_u64);
        let (mut text, mut parts) = (String::new(), Vec::new());
        gather(body, 0, &mut text, &mut parts);
        parts.push(Part::Text { text });
        ModelRequest {
            model: named.or_else(in_path).unwrap_or_default().to_owned(),
            messages: vec![ChatMessage { role: Role::User, parts }],
            max_tokens: limit.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX)),
            ..ModelRequest::default()
        }
    }
}

// === impl Relay ===

impl Relay {
    pub(super) const fn new(wire: RelayWire, upstream: Arc<Upstream>) -> Self {
        Self { wire, upstream }
    }

    /// Which words it understands.
    #[must_use]
    pub const fn wire(&self) -> RelayWire {
        self.wire
    }

    /// Whether what it is asked stays on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.upstream.destination.is_this_machine()
    }

    /// How long the next piece of an answer is waited for.
    #[must_use]
    pub fn idle(&self) -> Duration {
        self.upstream.limits.idle.max(self.upstream.limits.first)
    }

    /// Sends a request and waits for the head of the answer, whatever its status. Nothing is tried again.
    ///
    /// # Errors
    /// `Configuration` for a key that is missing, `Network` and `Timeout`.
    pub async fn send(&self, passing: Passing) -> Result<Reply, ModelError> {
        let upstream = &self.upstream;
        let missing = |missing: &String| ModelError::new(ModelErrorKind::Configuration, missing);
        let credential = upstream.credential.as_ref().map_err(missing)?;
        let mut path = passing.path;
        if !passing.query.is_empty() {
            path = [&path, "?", &passing.query].concat();
        }
        let request = match passing.body {
            Some(body) => upstream.destination.post_json(&path, body),
            None => upstream.destination.get(&path),
        };
        let prepare = || -> Result<_, EgressError> {
            let mut request = (upstream.authorise)(request, credential)?;
            for (name, value) in &passing.headers {
                if !KEPT_BACK.contains(&name.as_str()) && !value.contains(SECRET_MARK) {
                    request = request.with_header(name, value)?;
                }
            }
            Ok(request)
        };
        let limit = upstream.limits.whole.max(upstream.limits.first);
        let sent = async { prepare()?.send(limit).await };
        sent.await.map_err(|error: EgressError| failure::Failure::from(error).error)
    }

    /// A text of an answer without the provider's key.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        let key = self.upstream.credential.as_ref().ok().and_then(Credential::value);
        key.map_or_else(|| text.to_owned(), |key| key.mask_in(text))
    }
}

/// Every text of a body, and a picture for each that is none.
fn gather(value: &Value, depth: usize, text: &mut String, parts: &mut Vec<Part>) {
    match value {
        Value::String(said) if is_file(said) => parts.push(Part::Image { url: String::new() }),
        Value::String(said) => {
            text.push_str(said);
            text.push(' ');
        }
        Value::Array(items) if depth < DEPTH_MAX => {
            items.iter().for_each(|item| gather(item, depth + 1, text, parts));
        }
        Value::Object(members) if depth < DEPTH_MAX => {
            for (name, member) in members {
                text.push_str(name);
                gather(member, depth + 1, text, parts);
            }
        }
        _ => text.push_str("0 "),
    }
}

fn is_file(text: &str) -> bool {
    let packed = |b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_' | b':' | b';' | b',')
    };
    text.len() >= FILE_CHARS_MIN && text.bytes().all(packed)
}

#[cfg(test)]
mod tests;
