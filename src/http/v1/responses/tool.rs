//! The tools of a call. Functions are offered as they are; a custom tool, whose input is free text, as a function with one
//! member; a namespace as its functions. What OpenAI would run itself is left out: the model does not see it.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::v1::error::ApiError;
use crate::http::v1::request::TOOLS_MAX;
use crate::protocol::chat::{ToolCall, ToolSpec};

/// The member of a custom tool's arguments that holds its input.
const INPUT: &str = "input";
/// Between the name of a namespace and that of its function.
const JOINT: &str = "__";

/// What a call offers, and under which names.
#[derive(Clone, Debug, Default)]
pub(super) struct Offered {
    specs: Vec<ToolSpec>,
    kinds: HashMap<String, Kind>,
}

/// What a tool is for the caller.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Function,
    /// A function of a namespace, and its own name.
    Member(String, String),
    Custom,
}

/// A tool as the caller says it.
#[derive(Deserialize)]
pub(super) struct WireTool {
    r#type: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    parameters: Option<Value>,
    /// Of a custom tool.
    #[serde(default)]
    format: Option<Value>,
    /// Of a namespace.
    #[serde(default)]
    tools: Vec<WireTool>,
}

impl Offered {
    /// Adds tools of a call.
    pub(super) fn add(&mut self, tools: Vec<WireTool>) -> Result<(), ApiError> {
        for tool in tools {
            self.add_one(tool)?;
        }
        if self.specs.len() > TOOLS_MAX {
            return Err(ApiError::invalid("tools", format!("at most {TOOLS_MAX} tools are taken")));
        }
        Ok(())
    }

    fn add_one(&mut self, tool: WireTool) -> Result<(), ApiError> {
        if matches!(tool.r#type.as_str(), "function" | "custom" | "namespace") && tool.name.is_empty() {
            return Err(ApiError::invalid(
                "tools",
                format!("a tool of the type `{}` needs a `name`", tool.r#type),
            ));
        }
        match tool.r#type.as_str() {
            "function" => self.offer(tool.name, tool.description, tool.parameters, Kind::Function),
            "custom" => {
                let text = described(tool.description, tool.format.as_ref());
                let members =
                    json!({ INPUT: { "type": "string", "description": "The whole input, as plain text." } });
                let schema = json!({ "type": "object", "properties": members, "required": [INPUT],
                    "additionalProperties": false });
                self.offer(tool.name, Some(text), Some(schema), Kind::Custom);
            }
            "namespace" => {
                for member in tool.tools.into_iter().filter(|member| member.r#type == "function") {
                    let kind = Kind::Member(tool.name.clone(), member.name.clone());
                    let name = joined(Some(&tool.name), &member.name);
                    self.offer(name, member.description, member.parameters, kind);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A tool that is offered twice counts as it was said last.
    fn offer(&mut self, name: String, description: Option<String>, parameters: Option<Value>, kind: Kind) {
        self.specs.retain(|spec| spec.name != name);
        self.kinds.insert(name.clone(), kind);
        let parameters = parameters.unwrap_or(Value::Null);
        self.specs.push(ToolSpec { name, description: description.unwrap_or_default(), parameters });
    }

    /// The tools as a model gets them.
    pub(super) fn specs(&self) -> Vec<ToolSpec> {
        self.specs.clone()
    }

    /// What the tool of this name is for the caller.
    pub(super) fn kind(&self, name: &str) -> &Kind {
        self.kinds.get(name).unwrap_or(&Kind::Function)
    }
}

/// The name under which a function of a namespace is offered.
pub(super) fn joined(namespace: Option<&str>, name: &str) -> String {
    namespace.map_or_else(|| name.to_owned(), |namespace| [namespace, JOINT, name].concat())
}

/// The arguments that stand for the input of a custom tool.
pub(super) fn arguments_of(input: &str) -> String {
    json!({ INPUT: input }).to_string()
}

/// The input of a custom tool. A model that did not keep to the shape is taken at its word.
pub(super) fn input_of(call: &ToolCall) -> String {
    let arguments: Option<Value> = serde_json::from_str(&call.arguments).ok();
    let input = arguments.as_ref().and_then(|arguments| arguments.get(INPUT)).and_then(Value::as_str);
    input.map_or_else(|| call.arguments.clone(), str::to_owned)
}

/// What the tool does, and the grammar of its input, which a function cannot hold a model to.
fn described(description: Option<String>, format: Option<&Value>) -> String {
    let description = description.unwrap_or_default();
    let grammar = format.and_then(|format| format.get("definition")).and_then(Value::as_str);
    match grammar {
        Some(grammar) => format!("{description}\n\nThe input keeps to this grammar:\n{grammar}"),
        None => description,
    }
}
