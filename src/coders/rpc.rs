//! JSON-RPC by lines, as coding CLIs speak it: ids, what is not answered yet, replies. No process, no clock.
//!
//! | file | what |
//! |---|---|
//! | `asks` | questions of the program that are open |
//! | `faults` | what a status or a text of an error means |
//! | `testing` | recordings of real programs, played to a dialect |
//! | `tools` | the tools of a prompt, each begun once and ended once |
//!
//! Both sides ask. What a program asks and nobody here knows is answered with "method not found", so that it does not wait; a
//! notification that nobody knows is nothing, one whose name begins with `_` in particular. A reply counts once: to an id that
//! was never asked, or a second time, nothing happens.

mod asks;
mod faults;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
mod tools;

pub(super) use asks::Asks;
pub(super) use faults::{clip, failed, kind_of, status_in};
pub(super) use tools::{PATHS_MAX, Tools, bounded};

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use super::dialect::Out;

/// Longest line that is read, in bytes; a longer one is nothing.
pub(super) const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Requests of ours that may be unanswered; of more, the oldest is given up.
const UNANSWERED_MAX: usize = 64;
/// Longest id of a program's request, in bytes.
const ID_BYTES_MAX: usize = 256;
/// "Method not found" in JSON-RPC.
const METHOD_NOT_FOUND: i64 = -32601;

/// One side of a connection. `T` says what a request of ours was for.
#[derive(Debug)]
pub(super) struct Rpc<T> {
    /// Whether messages carry `"jsonrpc":"2.0"`.
    versioned: bool,
    next: u64,
    /// Bounded by [`UNANSWERED_MAX`].
    unanswered: VecDeque<(u64, T)>,
}

/// What a line says.
#[derive(Debug)]
pub(super) enum Heard<T> {
    /// The answer to a request of ours.
    Reply(T, Result<Value, Fault>),
    /// The program asks.
    Request {
        /// To be given back as it is.
        id: Value,
        /// What it asks for.
        method: String,
        /// With what.
        params: Value,
    },
    /// The program tells.
    Notice {
        /// What happened.
        method: String,
        /// To what.
        params: Value,
    },
}

/// A request that failed.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Fault {
    /// The protocol's code, or the program's own.
    pub(super) code: i64,
    /// The program's words.
    pub(super) message: String,
    /// What it adds.
    pub(super) data: Value,
}

impl<T> Rpc<T> {
    pub(super) const fn new(versioned: bool) -> Self {
        Self { versioned, next: 1, unanswered: VecDeque::new() }
    }

    /// Asks the program; the reply comes as [`Heard::Reply`] with `purpose`.
    pub(super) fn ask(&mut self, method: &str, params: Value, purpose: T, out: &mut Out) {
        let id = self.next;
        self.next = self.next.saturating_add(1);
        if self.unanswered.len() >= UNANSWERED_MAX {
            self.unanswered.pop_front();
        }
        self.unanswered.push_back((id, purpose));
        self.send([("id", json!(id)), ("method", json!(method)), ("params", params)], out);
    }

    /// Tells the program.
    pub(super) fn tell(&self, method: &str, params: Option<Value>, out: &mut Out) {
        let params = params.map(|params| ("params", params));
        self.send([("method", json!(method))].into_iter().chain(params), out);
    }

    /// Answers a request of the program.
    pub(super) fn answer(&self, id: Value, result: Value, out: &mut Out) {
        self.send([("id", id), ("result", result)], out);
    }

    /// Answers a request of the program that nobody here knows.
    pub(super) fn refuse(&self, id: Value, out: &mut Out) {
        let error = json!({ "code": METHOD_NOT_FOUND, "message": "method not found" });
        self.send([("id", id), ("error", error)], out);
    }

    /// What `line` says; `None` where it says nothing of this protocol.
    pub(super) fn hear(&mut self, line: &str) -> Option<Heard<T>> {
        if line.len() > LINE_BYTES_MAX {
            return None;
        }
        let Ok(Value::Object(mut message)) = serde_json::from_str(line) else { return None };
        let id = message.remove("id").filter(|id| !id.is_null());
        match (message.remove("method"), id) {
            (Some(Value::String(method)), id) => Self::told(method, id, &mut message),
            (Some(_), _) | (None, None) => None,
            (None, Some(id)) => self.reply(&id, &mut message),
        }
    }

    fn told(method: String, id: Option<Value>, message: &mut Map<String, Value>) -> Option<Heard<T>> {
        let params = message.remove("params").unwrap_or(Value::Null);
        match id {
            None => (!method.starts_with('_')).then_some(Heard::Notice { method, params }),
            Some(Value::String(id)) if id.len() > ID_BYTES_MAX => None,
            Some(id @ (Value::String(_) | Value::Number(_))) => Some(Heard::Request { id, method, params }),
            Some(_) => None,
        }
    }

    fn reply(&mut self, id: &Value, message: &mut Map<String, Value>) -> Option<Heard<T>> {
        let id = id.as_u64()?;
        let at = self.unanswered.iter().position(|(asked, _)| *asked == id)?;
        let (_, purpose) = self.unanswered.remove(at)?;
        let result = match message.remove("error").filter(|error| !error.is_null()) {
            Some(error) => Err(Fault {
                code: error.get("code").and_then(Value::as_i64).unwrap_or_default(),
                message: clip(str_at(&error, "message").unwrap_or_default(), faults::MESSAGE_BYTES_MAX)
                    .to_owned(),
                data: error.get("data").cloned().unwrap_or(Value::Null),
            }),
            None => Ok(message.remove("result").unwrap_or(Value::Null)),
        };
        Some(Heard::Reply(purpose, result))
    }

    fn send(&self, members: impl IntoIterator<Item = (&'static str, Value)>, out: &mut Out) {
        let version = self.versioned.then(|| ("jsonrpc", json!("2.0")));
        let message: Map<String, Value> =
            version.into_iter().chain(members).map(|(name, value)| (name.to_owned(), value)).collect();
        out.lines.push(Value::Object(message).to_string());
    }
}

/// The text at a member.
pub(super) fn str_at<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

/// The items of a list at a member; none where there is no list.
pub(super) fn list_at<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The number at a member; 0 where there is none.
pub(super) fn u64_at(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// The text of a list of content blocks: `{"type":"text","text":…}` as MCP has them, in ACP once more in `content`.
pub(super) fn text_of(blocks: &[Value]) -> String {
    let text = |block: &'_ Value| str_at(block.get("content").unwrap_or(block), "text").map(str::to_owned);
    blocks.iter().filter_map(text).collect::<Vec<_>>().join("\n")
}
