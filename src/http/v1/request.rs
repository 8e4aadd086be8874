//! The body of a chat completion call, read and checked. Unknown members are passed on.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::ApiError;
use super::message::{WireMessage, WireTool};
use super::parameters;
use crate::protocol::chat::{ChatMessage, Role};
use crate::protocol::model::ModelRequest;

/// Longest `session_id`, `agent_id` and `model`, in bytes.
const NAME_BYTES_MAX: usize = 200;
/// Most messages of one call.
const MESSAGES_MAX: usize = 10_000;
/// Most tools of one call.
const TOOLS_MAX: usize = 512;

/// What is asked for.
#[derive(Debug)]
pub(super) struct ChatCall {
    /// `backend/model`, a backend, or an assistant; `None` when only `agent_id` says who answers.
    pub(super) model: Option<String>,
    /// An assistant, by name or id.
    pub(super) agent_id: Option<String>,
    /// The conversation that this call is a turn of.
    pub(super) session_id: Option<String>,
    /// Whether the call is stored even without a session.
    pub(super) store: bool,
    /// Whether a stream's last chunk tells the tokens.
    pub(super) include_usage: bool,
    /// The call itself; its model is still to be found.
    pub(super) request: ModelRequest,
}

#[derive(Deserialize)]
struct WireCall {
    #[serde(default)]
    model: Option<String>,
    messages: Vec<WireMessage>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    tools: Option<Vec<WireTool>>,
    #[serde(default)]
    n: Option<u32>,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    max_completion_tokens: Option<u32>,
    #[serde(default)]
    session_id: Option<String>,
    #[serde(default)]
    agent_id: Option<String>,
    #[serde(default)]
    store: Option<bool>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
}

impl ChatCall {
    /// Reads a body.
    pub(super) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let wire: WireCall = serde_json::from_slice(body).map_err(|error| unreadable(body, &error))?;
        wire.into_call()
    }

    /// Whether the call is a turn of a stored thread.
    pub(super) const fn is_durable(&self) -> bool {
        self.store || self.session_id.is_some()
    }
}

impl WireCall {
    fn into_call(mut self) -> Result<ChatCall, ApiError> {
        check_name("model", self.model.as_deref())?;
        check_name("agent_id", self.agent_id.as_deref())?;
        check_name("session_id", self.session_id.as_deref())?;
        if self.model.is_none() && self.agent_id.is_none() {
            return Err(ApiError::invalid("model", "`model` is missing"));
        }
        if self.n.is_some_and(|n| n != 1) {
            return Err(ApiError::invalid("n", "one choice is made for each call; `n` must be 1"));
        }
        let limit = self.max_completion_tokens.or(self.max_tokens);
        if limit == Some(0) {
            return Err(ApiError::invalid("max_tokens", "`max_tokens` must be at least 1"));
        }
        let tools = self.tools.unwrap_or_default();
        if tools.len() > TOOLS_MAX {
            return Err(ApiError::invalid("tools", format!("at most {TOOLS_MAX} tools are taken")));
        }
        parameters::check(&mut self.extra)?;
        Ok(ChatCall {
            model: self.model,
            agent_id: self.agent_id,
            session_id: self.session_id,
            store: self.store == Some(true),
            include_usage: self.stream_options.and_then(|options| options.include_usage) == Some(true),
            request: ModelRequest {
                model: String::new(),
                system: String::new(),
                messages: messages(self.messages)?,
                tools: tools.into_iter().map(WireTool::into_spec).collect::<Result<_, _>>()?,
                max_tokens: limit,
                extra: self.extra,
                stream: self.stream == Some(true),
            },
        })
    }
}

fn messages(wire: Vec<WireMessage>) -> Result<Vec<ChatMessage>, ApiError> {
    if wire.is_empty() || wire.len() > MESSAGES_MAX {
        return Err(ApiError::invalid("messages", format!("`messages` has 1 to {MESSAGES_MAX} messages")));
    }
    let messages: Vec<ChatMessage> = wire
        .into_iter()
        .enumerate()
        .map(|(index, message)| message.into_message(index))
        .collect::<Result<_, _>>()?;
    if messages.iter().all(|message| message.role == Role::System) {
        return Err(ApiError::invalid(
            "messages",
            "`messages` has nothing to answer: it holds instructions only",
        ));
    }
    Ok(messages)
}

fn check_name(param: &str, name: Option<&str>) -> Result<(), ApiError> {
    match name {
        Some(name) if !(1..=NAME_BYTES_MAX).contains(&name.len()) => {
            Err(ApiError::invalid(param, format!("`{param}` has 1 to {NAME_BYTES_MAX} bytes")))
        }
        _ => Ok(()),
    }
}

/// The error of a body that cannot be read, with the member that is to blame. Read twice, but only then.
fn unreadable(body: &[u8], error: &serde_json::Error) -> ApiError {
    let Ok(members) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return ApiError::invalid("", format!("the body is not a JSON object: {error}"));
    };
    if !members.contains_key("messages") {
        return ApiError::invalid("messages", "`messages` is missing");
    }
    let blamed = members.iter().find_map(|(name, value)| {
        let alone = Map::from_iter([(name.clone(), value.clone())]);
        let mut probe = alone;
        probe.entry("messages").or_insert_with(|| Value::Array(Vec::new()));
        let problem = serde_json::from_value::<WireCall>(Value::Object(probe)).err()?;
        Some((name, problem))
    });
    match blamed {
        Some((name, problem)) => ApiError::invalid(name, format!("`{name}`: {problem}")),
        None => ApiError::invalid("", error.to_string()),
    }
}

#[cfg(test)]
mod tests;
