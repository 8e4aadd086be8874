//! The body of a chat completion call, read and checked. Unknown members are passed on.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::call::Call;
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
pub(super) const TOOLS_MAX: usize = 512;

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

/// Reads a body. Also whether a stream's last chunk tells the tokens.
pub(super) fn parse(body: &[u8]) -> Result<(Call, bool), ApiError> {
    let wire: WireCall =
        serde_json::from_slice(body).map_err(|error| unreadable::<WireCall>(body, "messages", &error))?;
    wire.into_call()
}

impl WireCall {
    fn into_call(mut self) -> Result<(Call, bool), ApiError> {
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
        let include_usage = self.stream_options.and_then(|options| options.include_usage) == Some(true);
        let call = Call {
            model: self.model,
            agent_id: self.agent_id,
            session_id: self.session_id,
            store: self.store == Some(true),
            request: ModelRequest {
                model: String::new(),
                system: String::new(),
                messages: messages(self.messages)?,
                tools: tools.into_iter().map(WireTool::into_spec).collect::<Result<_, _>>()?,
                max_tokens: limit,
                extra: self.extra,
                stream: self.stream == Some(true),
            },
        };
        Ok((call, include_usage))
    }
}

fn messages(wire: Vec<WireMessage>) -> Result<Vec<ChatMessage>, ApiError> {
    let messages = wire.into_iter().enumerate().map(|(index, message)| message.into_message(index));
    check_messages(messages.collect::<Result<_, _>>()?)
}

/// The messages of a call, if there is something to answer and they are not too many.
pub(super) fn check_messages(messages: Vec<ChatMessage>) -> Result<Vec<ChatMessage>, ApiError> {
    if messages.is_empty() || messages.len() > MESSAGES_MAX {
        return Err(ApiError::invalid("messages", format!("`messages` has 1 to {MESSAGES_MAX} messages")));
    }
    if messages.iter().all(|message| message.role == Role::System) {
        return Err(ApiError::invalid(
            "messages",
            "`messages` has nothing to answer: it holds instructions only",
        ));
    }
    Ok(messages)
}

pub(super) fn check_name(param: &str, name: Option<&str>) -> Result<(), ApiError> {
    match name {
        Some(name) if !(1..=NAME_BYTES_MAX).contains(&name.len()) => {
            Err(ApiError::invalid(param, format!("`{param}` has 1 to {NAME_BYTES_MAX} bytes")))
        }
        _ => Ok(()),
    }
}

/// The error of a body that is no `T`, with the member that is to blame. Read twice, but only then. `needed` is the member
/// that holds what is to be answered.
pub(super) fn unreadable<T: DeserializeOwned>(
    body: &[u8],
    needed: &str,
    error: &serde_json::Error,
) -> ApiError {
    let Ok(members) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return ApiError::invalid("", format!("the body is not a JSON object: {error}"));
    };
    if !members.contains_key(needed) {
        return ApiError::invalid(needed, format!("`{needed}` is missing"));
    }
    let blamed = members.iter().find_map(|(name, value)| {
        let mut probe = Map::from_iter([(name.clone(), value.clone())]);
        probe.entry(needed).or_insert_with(|| Value::Array(Vec::new()));
        let problem = serde_json::from_value::<T>(Value::Object(probe)).err()?;
        Some((name, problem))
    });
    match blamed {
        Some((name, problem)) => ApiError::invalid(name, format!("`{name}`: {problem}")),
        None => ApiError::invalid("", error.to_string()),
    }
}

#[cfg(test)]
mod tests;
