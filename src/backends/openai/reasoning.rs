//! OpenRouter's details of reasoning: pieces that are put together by their index, and go back to the model as they came.

use serde_json::Value;

use crate::backends::failure::{self, Failure};
use crate::backends::seal;

/// Most details of one answer.
const DETAILS_MAX: usize = 256;
/// Most bytes of all of them.
const BYTES_MAX: usize = 4 * 1024 * 1024;
/// Members that grow with every piece; others are said once.
const GROWING: [&str; 4] = ["text", "summary", "data", "signature"];

/// See the module.
#[derive(Default)]
pub(super) struct Details {
    /// At most [`DETAILS_MAX`], of [`BYTES_MAX`] bytes together.
    whole: Vec<Value>,
    bytes: usize,
}

impl Details {
    /// Takes a piece; what it says for people.
    pub(super) fn take(&mut self, piece: Value) -> Result<&str, Failure> {
        let size: usize = GROWING.iter().filter_map(|name| piece.get(name)?.as_str()).map(str::len).sum();
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > BYTES_MAX || self.whole.len() >= DETAILS_MAX {
            return Err(failure::protocol(format!("the details of reasoning exceed {BYTES_MAX} bytes")));
        }
        let same = |known: &Value| {
            piece.get("index").is_some()
                && known.get("index") == piece.get("index")
                && known.get("type") == piece.get("type")
        };
        let text = |piece: &Value| {
            let said = piece.get("text").or_else(|| piece.get("summary"));
            said.and_then(Value::as_str).map_or(0, str::len)
        };
        let said = text(&piece);
        let at = match self.whole.iter().position(same) {
            Some(at) => {
                if let (Some(known), Value::Object(piece)) = (self.whole.get_mut(at), piece) {
                    grow(known, piece);
                }
                at
            }
            None => {
                self.whole.push(piece);
                self.whole.len() - 1
            }
        };
        let whole =
            self.whole.get(at).and_then(|known| known.get("text").or_else(|| known.get("summary"))?.as_str());
        let whole = whole.unwrap_or_default();
        Ok(whole.get(whole.len().saturating_sub(said)..).unwrap_or_default())
    }

    /// All of them as a seal; `None` when there are none.
    pub(super) fn seal(&mut self) -> Option<String> {
        let whole = std::mem::take(&mut self.whole);
        (!whole.is_empty()).then(|| [seal::OPENROUTER, &Value::Array(whole).to_string()].concat())
    }
}

fn grow(known: &mut Value, piece: serde_json::Map<String, Value>) {
    let Value::Object(known) = known else { return };
    for (name, value) in piece {
        let grown = match (known.get(&name), &value) {
            (Some(Value::String(before)), Value::String(more)) if GROWING.contains(&name.as_str()) => {
                Value::String([before.as_str(), more].concat())
            }
            (Some(before), Value::Null) => before.clone(),
            _ => value,
        };
        known.insert(name, grown);
    }
}

#[cfg(test)]
mod tests;
