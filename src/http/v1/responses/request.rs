//! The body of a Responses call, read and checked. Parameters get the names of chat completions, which every backend
//! knows; members that are not known are dropped.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::item;
use super::tool::{Offered, WireTool};
use crate::http::v1::call::Call;
use crate::http::v1::error::ApiError;
use crate::http::v1::parameters;
use crate::http::v1::request::{check_messages, check_name, unreadable};
use crate::protocol::chat::{ChatMessage, Role};
use crate::protocol::model::ModelRequest;

/// Parameters that a response repeats, with what stands for one that was not sent. What can be long is not repeated.
const REPEATED: [(&str, &str); 9] = [
    ("max_output_tokens", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("reasoning", r#"{"effort":null,"summary":null}"#),
    ("store", "false"),
    ("temperature", "null"),
    ("text", r#"{"format":{"type":"text"}}"#),
    ("tool_choice", r#""auto""#),
    ("top_p", "null"),
];

/// A call, its tools as the caller knows them, and what its answer repeats.
#[derive(Debug)]
pub(super) struct ResponsesCall {
    pub(super) call: Call,
    pub(super) tools: Offered,
    pub(super) echo: Map<String, Value>,
}

#[derive(Deserialize)]
struct WireCall {
    #[serde(default)]
    model: Option<String>,
    input: Input,
    #[serde(default)]
    instructions: Option<String>,
    #[serde(default)]
    max_output_tokens: Option<u32>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    tools: Option<Vec<WireTool>>,
    #[serde(default)]
    tool_choice: Option<Value>,
    #[serde(default)]
    parallel_tool_calls: Option<bool>,
    #[serde(default)]
    reasoning: Option<Map<String, Value>>,
    #[serde(default)]
    text: Option<Map<String, Value>>,
    #[serde(default)]
    temperature: Option<f64>,
    #[serde(default)]
    top_p: Option<f64>,
    #[serde(default)]
    previous_response_id: Option<String>,
    #[serde(default)]
    conversation: Option<Value>,
    #[serde(default)]
    background: Option<bool>,
    #[serde(default)]
    store: Option<bool>,
    #[serde(default)]
    session_id: Option<String>,
    #[serde(default)]
    agent_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Text(String),
    Items(Vec<Value>),
}

impl ResponsesCall {
    /// Reads a body.
    pub(super) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let wire: WireCall =
            serde_json::from_slice(body).map_err(|error| unreadable::<WireCall>(body, "input", &error))?;
        let sent: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default(); // silent-ok: it was an object
        wire.into_call(sent)
    }
}

impl WireCall {
    fn into_call(self, sent: Map<String, Value>) -> Result<ResponsesCall, ApiError> {
        check_name("model", self.model.as_deref())?;
        check_name("agent_id", self.agent_id.as_deref())?;
        check_name("session_id", self.session_id.as_deref())?;
        if self.model.is_none() && self.agent_id.is_none() {
            return Err(ApiError::invalid("model", "`model` is missing"));
        }
        self.refuse_kept()?;
        if self.max_output_tokens == Some(0) {
            return Err(ApiError::invalid("max_output_tokens", "`max_output_tokens` must be at least 1"));
        }
        let extra = self.parameters()?;
        let mut tools = Offered::default();
        tools.add(self.tools.unwrap_or_default())?;
        let said = match self.input {
            Input::Text(text) => vec![ChatMessage::text(Role::User, text)],
            Input::Items(items) => item::messages(items, &mut tools)?,
        };
        let instructions = self.instructions.filter(|text| !text.is_empty());
        let instructions = instructions.map(|text| ChatMessage::text(Role::System, text));
        let messages = check_messages(instructions.into_iter().chain(said).collect())
            .map_err(|error| ApiError { param: Some("input".to_owned()), ..error })?;
        let request = ModelRequest {
            model: String::new(),
            system: String::new(),
            messages,
            tools: tools.specs(),
            max_tokens: self.max_output_tokens,
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
        Ok(ResponsesCall { call, tools, echo: echo(sent) })
    }

    /// Refuses what would need answers that are kept under their ids.
    fn refuse_kept(&self) -> Result<(), ApiError> {
        if self.previous_response_id.is_some() {
            let text = "answers are not kept under their ids; send the whole conversation as `input`, or `session_id`";
            return Err(ApiError::invalid("previous_response_id", text));
        }
        if self.conversation.as_ref().is_some_and(|conversation| !conversation.is_null()) {
            let text = "conversations of OpenAI are not here; send `session_id` instead";
            return Err(ApiError::invalid("conversation", text));
        }
        if self.background == Some(true) {
            return Err(ApiError::invalid("background", "nothing is answered later; leave out `background`"));
        }
        Ok(())
    }

    /// Parameters in the names of chat completions.
    fn parameters(&self) -> Result<Map<String, Value>, ApiError> {
        let effort = self.reasoning.as_ref().and_then(|reasoning| reasoning.get("effort"));
        let format = self.text.as_ref().and_then(|text| text.get("format"));
        let members = [
            ("temperature", self.temperature.map(Value::from)),
            ("top_p", self.top_p.map(Value::from)),
            ("parallel_tool_calls", self.parallel_tool_calls.map(Value::from)),
            ("reasoning_effort", effort.cloned()),
            ("response_format", format.and_then(response_format)),
            ("tool_choice", self.tool_choice.as_ref().map(tool_choice).transpose()?),
        ];
        let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let mut extra: Map<String, Value> = members.collect();
        if self.tools.as_ref().is_none_or(Vec::is_empty) {
            // Without tools, some servers refuse every word about them.
            extra.remove("parallel_tool_calls");
            extra.remove("tool_choice");
        }
        parameters::check(&mut extra)?;
        Ok(extra)
    }
}

/// The choice in the shape of chat completions.
fn tool_choice(choice: &Value) -> Result<Value, ApiError> {
    let word = |name: &str| choice.get(name).and_then(Value::as_str);
    match (choice, word("type"), word("name")) {
        (Value::Null, _, _) => Ok(Value::Null),
        (Value::String(choice), _, _) => Ok(choice.as_str().into()),
        (_, Some("function" | "custom"), Some(name)) => {
            Ok(json!({ "type": "function", "function": { "name": name } }))
        }
        _ => Err(ApiError::invalid(
            "tool_choice",
            "`tool_choice` names a function or a custom tool, or is a word",
        )),
    }
}

/// The format of an answer in the shape of chat completions, which has the schema one level deeper.
fn response_format(format: &Value) -> Option<Value> {
    match format.get("type").and_then(Value::as_str)? {
        "json_schema" => {
            let mut schema = format.as_object()?.clone();
            schema.remove("type");
            Some(json!({ "type": "json_schema", "json_schema": schema }))
        }
        "json_object" => Some(json!({ "type": "json_object" })),
        _ => None,
    }
}

fn echo(mut sent: Map<String, Value>) -> Map<String, Value> {
    let repeat = |(name, default): (&str, &str)| {
        let value = sent.remove(name).filter(|value| !value.is_null());
        // silent-ok: the defaults above are JSON
        let value = value.unwrap_or_else(|| serde_json::from_str(default).unwrap_or_default());
        (name.to_owned(), value)
    };
    REPEATED.into_iter().map(repeat).collect()
}

#[cfg(test)]
mod tests;
