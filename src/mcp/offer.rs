//! What a server says about its tools, made safe to show a model: names that are unique and plain, descriptions that
//! are short and marked as somebody else's words, schemas without anything that works on its own.

use std::collections::HashSet;

use rmcp::model::Tool as RawTool;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::policy::ToolClass;

/// Most bytes of a description that a model sees.
pub(super) const DESCRIPTION_BYTES_MAX: usize = 600;
/// Most bytes of a description inside a schema.
const FIELD_BYTES_MAX: usize = 160;
/// Most bytes of a whole schema as the server sent it. A tool with a longer one is left out.
const SCHEMA_BYTES_MAX: usize = 32 << 10;
/// Most bytes of the name of a tool in a prompt.
const NAME_BYTES_MAX: usize = 64;
/// How deep a schema is followed, references included.
const DEPTH_MAX: usize = 12;
/// Most parts of one schema once its references are written out.
const PARTS_MAX: usize = 2_000;

/// A tool of a server as it was seen last.
#[derive(Clone, PartialEq, Debug)]
pub struct FoundTool {
    /// As the server calls it.
    pub name: String,
    /// As a model calls it: `server__tool`.
    pub offered: String,
    /// The server's own words, cut.
    pub description: String,
    /// The schema of its arguments.
    pub schema: Value,
    /// SHA-256 of everything that it says about itself.
    pub hash: [u8; 32],
    /// What it does to the world, as far as the server is believed.
    pub class: ToolClass,
}

// === impl FoundTool ===

impl FoundTool {
    /// Its hash as text.
    #[must_use]
    pub fn hash_text(&self) -> String {
        self.hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The hash that a text stands for.
    #[must_use]
    pub fn hash_of(text: &str) -> Option<[u8; 32]> {
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut hash = [0; 32];
        for (at, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
        }
        Some(hash)
    }
}

/// The tools of a server, and how many were left out because they are too large or have no usable name.
pub(super) fn offer(server: &str, trusted: bool, found: &[RawTool]) -> (Vec<FoundTool>, usize) {
    let (mut tools, mut left_out, mut taken, mut seen) = (Vec::new(), 0, HashSet::new(), HashSet::new());
    for raw in found {
        let schema = Value::Object(raw.input_schema.as_ref().clone());
        let fits =
            !raw.name.is_empty() && raw.name.len() <= 256 && schema.to_string().len() <= SCHEMA_BYTES_MAX;
        // Of two tools with one name the server itself could not say which is meant.
        if !fits || !seen.insert(raw.name.to_string()) {
            left_out += 1;
            continue;
        }
        let hash = fingerprint(raw);
        let mut offered = plain_name(server, &raw.name);
        if offered.len() > NAME_BYTES_MAX || taken.contains(&offered) {
            let id: String =
                Sha256::digest(raw.name.as_bytes()).iter().take(4).map(|b| format!("{b:02x}")).collect();
            offered.truncate(NAME_BYTES_MAX - id.len() - 1);
            offered = format!("{offered}_{id}");
        }
        if !taken.insert(offered.clone()) {
            left_out += 1;
            continue;
        }
        tools.push(FoundTool {
            name: raw.name.to_string(),
            offered,
            description: plain_text(raw.description.as_deref().unwrap_or_default(), DESCRIPTION_BYTES_MAX),
            schema: plain_schema(&schema),
            hash,
            class: class(raw, trusted),
        });
    }
    (tools, left_out)
}

/// `server__tool` with nothing but `a-z`, `0-9` and `_`.
fn plain_name(server: &str, tool: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let tool: String = tool.chars().map(plain).collect();
    format!("{}__{tool}", server.replace('-', "_"))
}

/// Hints are what a server says about itself: only one that a person trusts is believed.
fn class(tool: &RawTool, trusted: bool) -> ToolClass {
    let Some(hints) = tool.annotations.as_ref().filter(|_| trusted) else { return ToolClass::Effectful };
    match (hints.read_only_hint, hints.idempotent_hint) {
        (Some(true), _) => ToolClass::ReadOnly,
        (_, Some(true)) => ToolClass::Idempotent,
        _ => ToolClass::Effectful,
    }
}

fn fingerprint(tool: &RawTool) -> [u8; 32] {
    // Objects of serde_json are sorted by key, so the same words have the same hash.
    let said = serde_json::json!({
        "name": tool.name, "title": tool.title, "description": tool.description,
        "schema": Value::Object(tool.input_schema.as_ref().clone()),
        "annotations": tool.annotations,
    });
    Sha256::digest(said.to_string().as_bytes()).into()
}

/// One line without control, invisible and direction characters, cut at `bytes_max`.
pub(super) fn plain_text(text: &str, bytes_max: usize) -> String {
    let hidden = |c: char| {
        matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    let spaced: String =
        text.chars().filter(|c| !hidden(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let joined = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    if joined.len() <= bytes_max {
        return joined;
    }
    let cut = joined.get(..joined.floor_char_boundary(bytes_max)).unwrap_or_default();
    format!("{cut} […]")
}

/// The schema with its references written out, and without patterns, formats, examples and foreign references.
fn plain_schema(schema: &Value) -> Value {
    let mut walk = Walk { root: schema, parts: 0 };
    match walk.schema(schema, 0) {
        Value::Object(mut object) => {
            object.insert("type".to_owned(), Value::from("object"));
            Value::Object(object)
        }
        _ => serde_json::json!({ "type": "object" }),
    }
}

struct Walk<'s> {
    root: &'s Value,
    parts: usize,
}

impl Walk<'_> {
    fn schema(&mut self, schema: &Value, depth: usize) -> Value {
        self.parts += 1;
        let Some(object) = schema.as_object() else {
            return if schema.is_boolean() { schema.clone() } else { Value::Object(Map::new()) };
        };
        if depth > DEPTH_MAX || self.parts > PARTS_MAX {
            return Value::Object(Map::new());
        }
        if let Some(target) = object.get("$ref") {
            let local = target.as_str().and_then(|target| target.strip_prefix('#'));
            let found =
                local.filter(|path| !path.is_empty()).and_then(|path| self.root.pointer(path)).cloned();
            return found.map_or_else(|| Value::Object(Map::new()), |found| self.schema(&found, depth + 1));
        }
        let mut plain = Map::new();
        for (key, value) in object {
            let kept = match (key.as_str(), value) {
                ("description", Value::String(text)) => Some(Value::from(plain_text(text, FIELD_BYTES_MAX))),
                ("properties", Value::Object(fields)) => {
                    let fields =
                        fields.iter().map(|(name, field)| (name.clone(), self.schema(field, depth + 1)));
                    Some(Value::Object(fields.collect()))
                }
                ("items" | "additionalProperties" | "not" | "contains" | "if" | "then" | "else", inner) => {
                    Some(self.schema(inner, depth + 1))
                }
                ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(inner)) => {
                    Some(inner.iter().map(|one| self.schema(one, depth + 1)).collect())
                }
                (
                    "type" | "required" | "enum" | "const" | "default" | "minimum" | "maximum"
                    | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" | "minLength" | "maxLength"
                    | "minItems" | "maxItems" | "uniqueItems" | "minProperties" | "maxProperties",
                    value,
                ) => Some(value.clone()),
                _ => None,
            };
            if let Some(kept) = kept {
                plain.insert(key.clone(), kept);
            }
        }
        Value::Object(plain)
    }
}
