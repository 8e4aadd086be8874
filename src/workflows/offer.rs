//! Which tools a prompt holds: a few always, the others when they were asked for.
//!
//! The prompt names every tool that there is in the description of `find_tools`; a schema is in it only for the few that
//! are always there, and for those that the conversation has found or called. So a bare greeting stays small however
//! many servers there are.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::protocol::chat::{ChatMessage, Part, ToolSpec};
use crate::tools::{Reach, ToolOutput};

/// The tool that gives the schemas of others.
pub const FIND_TOOLS: &str = "find_tools";
/// Longest list of names in the description of `find_tools`, in bytes.
const NAMES_BYTES_MAX: usize = 2_048;
/// Tools that one search gives.
const FOUND_MAX: usize = 12;

/// A tool as far as a prompt is concerned.
#[derive(Clone, PartialEq, Debug)]
pub struct Offered {
    /// Its schema.
    pub spec: Arc<ToolSpec>,
    /// Whether it is always in prompts.
    pub reach: Reach,
    /// Whether a server wrote its name, description and schema: words of others.
    pub foreign: bool,
}

/// The tools of a prompt for this conversation.
#[must_use]
pub fn offer(tools: &[Offered], conversation: &[ChatMessage]) -> Vec<ToolSpec> {
    let wanted = wanted(tools, conversation);
    let is_in = |tool: &&Offered| tool.reach == Reach::Always || wanted.contains(&tool.spec.name.as_str());
    let mut offered: Vec<ToolSpec> =
        tools.iter().filter(is_in).map(|tool| ToolSpec::clone(&tool.spec)).collect();
    if tools.iter().any(|tool| tool.reach == Reach::OnDemand) {
        offered.push(find_tools(tools));
    }
    offered
}

/// Names of the tools on demand that this conversation has called or found.
fn wanted<'t>(tools: &'t [Offered], conversation: &[ChatMessage]) -> Vec<&'t str> {
    let mut wanted = Vec::new();
    let calls = conversation.iter().flat_map(|message| &message.parts).filter_map(|part| match part {
        Part::ToolCall(call) => Some(call),
        Part::Text { .. } | Part::Image { .. } | Part::Thinking { .. } | Part::ToolResult { .. } => None,
    });
    for call in calls {
        if call.name == FIND_TOOLS {
            let arguments = serde_json::from_str::<Map<String, Value>>(&call.arguments).unwrap_or_default();
            wanted.extend(found(tools, &arguments).into_iter().map(|tool| tool.spec.name.as_str()));
        } else {
            wanted.extend(tools.iter().map(|tool| tool.spec.name.as_str()).filter(|name| *name == call.name));
        }
    }
    wanted
}

/// The tools that a search means: those with these names, or else those in whose name or description the words are;
/// those with more of the words first, at most twelve.
#[must_use]
pub fn found<'t>(tools: &'t [Offered], arguments: &Map<String, Value>) -> Vec<&'t Offered> {
    let query = arguments.get("query").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let words: Vec<&str> =
        query.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    let named: Vec<&Offered> = tools.iter().filter(|tool| words.contains(&tool.spec.name.as_str())).collect();
    if !named.is_empty() {
        return named.into_iter().take(FOUND_MAX).collect();
    }
    let score = |tool: &Offered| {
        let text = format!("{} {}", tool.spec.name, tool.spec.description).to_lowercase();
        words.iter().filter(|word| text.contains(**word)).count()
    };
    let mut scored: Vec<(usize, &Offered)> =
        tools.iter().map(|tool| (score(tool), tool)).filter(|(score, _)| *score > 0).collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, tool)| tool).take(FOUND_MAX).collect()
}

/// What `find_tools` answers: the schemas, which are in the prompts from now on. Text of others if one of them is.
#[must_use]
pub fn findings(tools: &[Offered], arguments: &Map<String, Value>) -> ToolOutput {
    let found = found(tools, arguments);
    if found.is_empty() {
        return ToolOutput::system(format!("There is no such tool. There are: {}", names(tools)));
    }
    let lines = found.iter().map(|tool| {
        json!({ "name": tool.spec.name, "description": tool.spec.description, "parameters": tool.spec.parameters })
            .to_string()
    });
    let lines: Vec<String> = lines.collect();
    let text = format!("You can call these now:\n{}", lines.join("\n"));
    if found.iter().any(|tool| tool.foreign) { ToolOutput::tool(text) } else { ToolOutput::system(text) }
}

fn find_tools(tools: &[Offered]) -> ToolSpec {
    ToolSpec {
        name: FIND_TOOLS.to_owned(),
        description: format!(
            "Gives the schemas of more tools, by name or words. There are: {}",
            names(tools)
        ),
        parameters: json!({
            "type": "object",
            "properties": { "query": { "type": "string" } },
            "required": ["query"],
            "additionalProperties": false,
        }),
    }
}

/// The names of the tools on demand, as many as fit.
fn names(tools: &[Offered]) -> String {
    let mut names = String::new();
    let on_demand: Vec<&str> = tools
        .iter()
        .filter(|tool| tool.reach == Reach::OnDemand)
        .map(|tool| tool.spec.name.as_str())
        .collect();
    for (place, name) in on_demand.iter().enumerate() {
        if names.len() + name.len() > NAMES_BYTES_MAX {
            names.push_str(&format!(" and {} more", on_demand.len() - place));
            break;
        }
        if !names.is_empty() {
            names.push_str(", ");
        }
        names.push_str(name);
    }
    names
}

#[cfg(test)]
mod tests;
