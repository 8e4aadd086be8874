//! The body of a Messages call, read and checked.
//!
//! Parameters get OpenAI's names, which every backend knows. Those that only Anthropic has ([`Own`]) go to backends that
//! speak its words, and elsewhere become what comes nearest.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::block::{Content, WireMessage, WireTool};
use crate::http::v1::call::Call;
use crate::http::v1::error::ApiError;
use crate::http::v1::request::{TOOLS_MAX, check_messages, check_name, unreadable};
use crate::protocol::chat::{ChatMessage, Role};
use crate::protocol::model::ModelRequest;

/// Budgets of thinking, in tokens, from which on it is some or much effort.
const MEDIUM_EFFORT_TOKENS: u64 = 4_096;
const HIGH_EFFORT_TOKENS: u64 = 16_384;

/// A call, and what only backends of Anthropic's protocol understand.
#[derive(Debug)]
pub(super) struct MessagesCall {
    pub(super) call: Call,
    pub(super) own: Own,
}

/// Parameters of Anthropic's protocol alone.
#[derive(Debug, Default)]
pub(super) struct Own(Map<String, Value>);

#[derive(Deserialize)]
struct WireCall {
    #[serde(default)]
    model: Option<String>,
    messages: Vec<WireMessage>,
    #[serde(default)]
    system: Option<Content>,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    tools: Option<Vec<WireTool>>,
    #[serde(default)]
    tool_choice: Option<ToolChoice>,
    #[serde(default)]
    stop_sequences: Option<Vec<String>>,
    #[serde(default)]
    temperature: Option<f64>,
    #[serde(default)]
    top_p: Option<f64>,
    #[serde(default)]
    top_k: Option<u64>,
    #[serde(default)]
    thinking: Option<Map<String, Value>>,
    #[serde(default)]
    output_config: Option<Map<String, Value>>,
    #[serde(default)]
    metadata: Option<Map<String, Value>>,
    #[serde(default)]
    session_id: Option<String>,
    #[serde(default)]
    agent_id: Option<String>,
    #[serde(default)]
    store: Option<bool>,
}

#[derive(Deserialize)]
struct ToolChoice {
    r#type: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    disable_parallel_tool_use: Option<bool>,
}

impl MessagesCall {
    /// Reads a body. Members that are not known are dropped, as betas come and go.
    pub(super) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let wire: WireCall =
            serde_json::from_slice(body).map_err(|error| unreadable::<WireCall>(body, "messages", &error))?;
        wire.into_call()
    }
}

impl WireCall {
    fn into_call(self) -> Result<MessagesCall, ApiError> {
        check_name("model", self.model.as_deref())?;
        check_name("agent_id", self.agent_id.as_deref())?;
        check_name("session_id", self.session_id.as_deref())?;
        if self.model.is_none() && self.agent_id.is_none() {
            return Err(ApiError::invalid("model", "model: Field required"));
        }
        if self.max_tokens == Some(0) {
            return Err(ApiError::invalid("max_tokens", "max_tokens: must be at least 1"));
        }
        let extra = self.parameters()?;
        let own = self.own();
        let tools = self.tools.unwrap_or_default();
        if tools.len() > TOOLS_MAX {
            return Err(ApiError::invalid("tools", format!("tools: at most {TOOLS_MAX} are taken")));
        }
        let tools = tools.into_iter().enumerate().map(|(index, tool)| tool.into_spec(index));
        let request = ModelRequest {
            model: String::new(),
            system: String::new(),
            messages: messages(self.system, self.messages)?,
            tools: tools.collect::<Result<_, _>>()?,
            max_tokens: self.max_tokens,
            extra,
            stream: self.stream == Some(true),
        };
        let call = Call {
            model: self.model,
            agent_id: self.agent_id,
            session_id: self.session_id,
            store: self.store == Some(true),
            request,
        };
        Ok(MessagesCall { call, own })
    }

    /// What has another name at OpenAI, or the same.
    fn parameters(&self) -> Result<Map<String, Value>, ApiError> {
        let mut extra = Map::new();
        for (name, value) in [("temperature", self.temperature), ("top_p", self.top_p)] {
            let Some(value) = value else { continue };
            if !(0.0..=1.0).contains(&value) {
                return Err(ApiError::invalid(name, format!("{name}: must be from 0 to 1")));
            }
            extra.insert(name.to_owned(), value.into());
        }
        if let Some(stop) = self.stop_sequences.as_ref().filter(|stop| !stop.is_empty()) {
            extra.insert("stop".to_owned(), json!(stop));
        }
        if let Some(choice) = &self.tool_choice {
            extra.insert("tool_choice".to_owned(), choice.to_openai()?);
            if choice.disable_parallel_tool_use == Some(true) {
                extra.insert("parallel_tool_calls".to_owned(), false.into());
            }
        }
        Ok(extra)
    }

    fn own(&self) -> Own {
        let object = |map: &Option<Map<String, Value>>| map.clone().map(Value::Object);
        let members = [
            ("thinking", object(&self.thinking)),
            ("output_config", object(&self.output_config)),
            ("metadata", object(&self.metadata)),
            ("top_k", self.top_k.map(Value::from)),
        ];
        Own(members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
    }
}

impl Own {
    /// Adds them to a request, for a backend that speaks Anthropic's words or for another.
    pub(super) fn add_to(self, request: &mut ModelRequest, speaks_messages: bool) {
        if speaks_messages {
            request.extra.extend(self.0);
            return;
        }
        if let Some(effort) = self.effort() {
            request.extra.insert("reasoning_effort".to_owned(), effort);
        }
        let schema = self.0.get("output_config").and_then(|config| config.pointer("/format/schema"));
        if let Some(schema) = schema {
            let format =
                json!({ "type": "json_schema", "json_schema": { "name": "answer", "schema": schema } });
            request.extra.insert("response_format".to_owned(), format);
        }
    }

    /// How hard to think, in OpenAI's words; `None` where the call does not ask for thinking.
    fn effort(&self) -> Option<Value> {
        let effort = self.0.get("output_config").and_then(|config| config.get("effort"));
        if let Some(word) = effort.and_then(Value::as_str) {
            return Some(if word == "max" { "high".into() } else { word.into() });
        }
        let thinking = self.0.get("thinking")?;
        if thinking.get("type").and_then(Value::as_str) != Some("enabled") {
            return None;
        }
        Some(match thinking.get("budget_tokens").and_then(Value::as_u64) {
            Some(budget) if budget >= HIGH_EFFORT_TOKENS => "high".into(),
            Some(budget) if budget < MEDIUM_EFFORT_TOKENS => "low".into(),
            _ => "medium".into(),
        })
    }
}

impl ToolChoice {
    fn to_openai(&self) -> Result<Value, ApiError> {
        match (self.r#type.as_str(), &self.name) {
            ("auto", _) => Ok("auto".into()),
            ("any", _) => Ok("required".into()),
            ("none", _) => Ok("none".into()),
            ("tool", Some(name)) => Ok(json!({ "type": "function", "function": { "name": name } })),
            _ => Err(ApiError::invalid(
                "tool_choice",
                "tool_choice: one of auto, any, none, and tool with a name",
            )),
        }
    }
}

/// The conversation, the system prompt first.
fn messages(system: Option<Content>, wire: Vec<WireMessage>) -> Result<Vec<ChatMessage>, ApiError> {
    let system = system.map(|system| system.into_system("system")).transpose()?;
    let system = system.filter(|text| !text.is_empty()).map(|text| ChatMessage::text(Role::System, text));
    let said = wire.into_iter().enumerate().map(|(index, message)| message.into_messages(index));
    let said = said.collect::<Result<Vec<_>, _>>()?;
    check_messages(system.into_iter().chain(said.into_iter().flatten()).collect())
}

#[cfg(test)]
mod tests;
