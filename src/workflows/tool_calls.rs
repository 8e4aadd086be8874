//! Tool calls that a model wrote into its answer, for models without calls of their own.
//!
//! In this order: `<tool_call>{"name": …, "arguments": {…}}</tool_call>` as Hermes and Qwen write it, then one fenced
//! block of JSON at the very end of the answer. Only tools that were offered count, and only whole JSON objects of
//! that shape: JSON in running text is text.

use serde::Deserialize;
use serde_json::{Map, Value};

const OPEN: &str = "<tool_call>";
const CLOSE: &str = "</tool_call>";
const FENCE: &str = "```";
/// What may stand behind the opening fence.
const FENCE_WORDS: [&str; 4] = ["", "json", "tool_call", "tool_code"];

/// A call as it was written.
#[derive(Clone, PartialEq, Debug)]
pub struct WrittenCall {
    /// The tool.
    pub name: String,
    /// Its arguments.
    pub arguments: Map<String, Value>,
}

/// An answer without the calls in it.
#[derive(Clone, PartialEq, Debug)]
pub struct Written {
    /// What is left of the text.
    pub text: String,
    /// The calls, in order; never empty.
    pub calls: Vec<WrittenCall>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    #[serde(alias = "tool", alias = "function")]
    name: String,
    #[serde(alias = "parameters", alias = "args")]
    arguments: Map<String, Value>,
    #[serde(default, rename = "id")]
    _id: Option<Value>,
}

/// The calls in a text, if it has any of offered tools.
#[must_use]
pub fn written(text: &str, is_offered: impl Fn(&str) -> bool) -> Option<Written> {
    tagged(text, &is_offered).or_else(|| fenced(text, &is_offered))
}

fn tagged(text: &str, is_offered: &impl Fn(&str) -> bool) -> Option<Written> {
    let (mut left, mut rest, mut calls) = (String::new(), text, Vec::new());
    while let Some((before, inside)) = rest.split_once(OPEN) {
        let (body, after) = inside.split_once(CLOSE)?;
        left.push_str(before);
        calls.push(call(body, is_offered)?);
        rest = after;
    }
    left.push_str(rest);
    (!calls.is_empty()).then(|| Written { text: left.trim_end().to_owned(), calls })
}

fn fenced(text: &str, is_offered: &impl Fn(&str) -> bool) -> Option<Written> {
    let inside = text.trim_end().strip_suffix(FENCE)?;
    let (before, block) = inside.rsplit_once(FENCE)?;
    // An odd fence before it would make this block the text between two others.
    if before.matches(FENCE).count() % 2 == 1 || !(before.is_empty() || before.ends_with('\n')) {
        return None;
    }
    let (word, body) = block.split_once('\n')?;
    FENCE_WORDS.contains(&word.trim()).then_some(())?;
    let calls = match body.trim_start().starts_with('[') {
        true => {
            let list: Vec<Value> = serde_json::from_str(body).ok()?;
            list.iter().map(|item| call(&item.to_string(), is_offered)).collect::<Option<Vec<_>>>()?
        }
        false => vec![call(body, is_offered)?],
    };
    (!calls.is_empty()).then(|| Written { text: before.trim_end().to_owned(), calls })
}

fn call(body: &str, is_offered: &impl Fn(&str) -> bool) -> Option<WrittenCall> {
    let shape: Shape = serde_json::from_str(body.trim()).ok()?;
    is_offered(&shape.name).then_some(WrittenCall { name: shape.name, arguments: shape.arguments })
}

#[cfg(test)]
mod tests;
