//! The tools with which an assistant remembers.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::fact::{TAGS_MAX, TEXT_BYTES_MAX, checked_key};
use super::version::{WHY_CHARS_MAX, checked_why};
use super::{Category, Confidence, Fact, FactScope, Memory, MemoryError, NewFact, last_day, parse_expiry};
use crate::protocol::chat::ToolSpec;
use crate::protocol::turn::Provenance;
use crate::tools::{Arguments, Place, Plan, Tool, ToolCallRun, ToolClass, ToolError, ToolOutput};

/// Most facts of one answer.
pub const RECALLED_MAX: usize = 20;
/// Facts of an answer unless the model says otherwise.
const RECALLED_DEFAULT: usize = 5;
/// Longest answer, in bytes: whole facts, as many as fit.
pub const RECALL_BYTES_MAX: usize = 16 << 10;

/// `memory_store`, `memory_recall`, `memory_get` and `memory_forget`.
#[must_use]
pub fn tools(memory: &Memory) -> Vec<Arc<dyn Tool>> {
    let tool = |kind| Arc::new(MemoryTool { memory: memory.clone(), kind }) as Arc<dyn Tool>;
    [Kind::Store, Kind::Recall, Kind::Get, Kind::Forget].map(tool).into()
}

#[derive(Clone, Copy)]
enum Kind {
    Store,
    Recall,
    Get,
    Forget,
}

#[derive(Clone)]
struct MemoryTool {
    memory: Memory,
    kind: Kind,
}

// === impl MemoryTool ===

impl MemoryTool {
    async fn call(self, call: ToolCallRun) -> Result<ToolOutput, ToolError> {
        let (arguments, place) = (&call.arguments, &call.place);
        match self.kind {
            Kind::Store => {
                let new = new_fact(arguments, place)?;
                let key = new.key.clone();
                let replaced = self.memory.remember(place, new).await.map_err(refused)?;
                let what = if replaced { "replaced" } else { "stored" };
                Ok(ToolOutput::system(format!("{key} is {what}")))
            }
            Kind::Recall => {
                let limit = arguments.get("limit").and_then(Value::as_u64).unwrap_or(RECALLED_DEFAULT as u64);
                let limit = usize::try_from(limit).unwrap_or(RECALLED_MAX).clamp(1, RECALLED_MAX);
                let (question, category) = (text(arguments, "query"), category(arguments)?);
                let found = self.memory.recall(place, question, category, limit).await;
                Ok(shown(&found.map_err(refused)?))
            }
            Kind::Get => {
                let found = self.memory.recall_key(place, text(arguments, "key")).await.map_err(refused)?;
                Ok(shown(&Vec::from_iter(found)))
            }
            Kind::Forget => {
                let (key, why) = (text(arguments, "key"), checked_why(text(arguments, "why")));
                let gone = self.memory.unlearn(place, key, &why.map_err(refused)?).await.map_err(refused)?;
                Ok(ToolOutput::system(if gone { "forgotten" } else { "there is no such fact of your own" }))
            }
        }
    }
}

impl Tool for MemoryTool {
    fn spec(&self) -> ToolSpec {
        let key = json!({ "type": "string", "description": "a-z, 0-9, - and _" });
        let category = json!({ "type": "string", "enum": Category::ALL.map(Category::as_str) });
        let why = json!({ "type": "string", "maxLength": WHY_CHARS_MAX, "description": "for its history" });
        let (name, description, properties, required) = match self.kind {
            Kind::Store => (
                "memory_store",
                "Keep a fact over conversations, or replace the one with this key. core: in every prompt; daily: \
                 this workspace, some weeks; conversation: here only; custom: recalled when needed.",
                json!({
                    "key": key, "text": { "type": "string", "maxLength": TEXT_BYTES_MAX }, "category": category,
                    "tags": { "type": "array", "items": { "type": "string" }, "maxItems": TAGS_MAX },
                    "confidence": { "type": "number", "minimum": 0, "maximum": 1, "description": "how sure it is" },
                    "expires": { "type": "string", "description": "its last day, 2026-12-31" },
                    "why": why,
                }),
                json!(["key", "text"]),
            ),
            Kind::Recall => (
                "memory_recall",
                "Find facts that were kept, by words.",
                json!({
                    "query": { "type": "string" }, "category": category,
                    "limit": { "type": "integer", "minimum": 1, "maximum": RECALLED_MAX },
                }),
                json!(["query"]),
            ),
            Kind::Get => {
                ("memory_get", "Read the fact with this key.", json!({ "key": key }), json!(["key"]))
            }
            Kind::Forget => {
                let properties = json!({ "key": key, "why": why });
                ("memory_forget", "Forget the fact with this key.", properties, json!(["key"]))
            }
        };
        ToolSpec {
            name: name.to_owned(),
            description: description.to_owned(),
            parameters: json!({
                "type": "object", "properties": properties, "required": required, "additionalProperties": false,
            }),
        }
    }

    fn plan(&self, arguments: &Arguments, place: &Place) -> Result<Plan, ToolError> {
        match self.kind {
            Kind::Store => {
                let new = new_fact(arguments, place)?;
                let payload = format!("{} ({}): {}", new.key, new.category, new.text);
                Ok(Plan::new(ToolClass::Idempotent).with_payload(payload))
            }
            Kind::Recall => category(arguments).map(|_| Plan::new(ToolClass::ReadOnly)),
            Kind::Get => Ok(Plan::new(ToolClass::ReadOnly)),
            Kind::Forget => Ok(Plan::new(ToolClass::Idempotent).with_payload(text(arguments, "key"))),
        }
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        self.clone().call(call).boxed()
    }
}

fn new_fact(arguments: &Arguments, place: &Place) -> Result<NewFact, ToolError> {
    let category = category(arguments)?.unwrap_or(Category::Custom);
    let tags = arguments.get("tags").and_then(Value::as_array).into_iter().flatten();
    let scope = FactScope {
        assistant: Some(place.assistant),
        workspace: (category == Category::Daily).then_some(place.workspace),
        thread: (category == Category::Conversation).then_some(place.thread),
    };
    let key = checked_key(text(arguments, "key").to_owned()).map_err(refused)?;
    let wrong = |text: &str| ToolError::Arguments(text.to_owned());
    let confidence = match arguments.get("confidence").and_then(Value::as_f64) {
        Some(fraction) => Confidence::of(fraction).ok_or_else(|| wrong("confidence is from 0 to 1"))?,
        None => Confidence::OF_A_MODEL,
    };
    let expires_ms = match text(arguments, "expires") {
        "" => None,
        day => Some(parse_expiry(day).ok_or_else(|| wrong("expires is a day, 2026-12-31"))?),
    };
    let fact = NewFact {
        tags: tags.filter_map(Value::as_str).map(str::to_owned).collect(),
        confidence,
        expires_ms,
        why: text(arguments, "why").to_owned(),
        ..NewFact::new(scope, key, category, text(arguments, "text"))
    };
    // Everything that can be wrong with it is said before anybody is asked.
    fact.clone().into_fact((String::new(), Provenance::Model), 0).map_err(refused)?;
    Ok(fact)
}

fn category(arguments: &Arguments) -> Result<Option<Category>, ToolError> {
    let word = arguments.get("category").and_then(Value::as_str);
    word.map(|word| word.parse().map_err(|error| ToolError::Arguments(format!("category {error}"))))
        .transpose()
}

/// Facts as a model reads them. One that may have somebody else's words makes the whole answer untrusted.
fn shown(facts: &[Fact]) -> ToolOutput {
    if facts.is_empty() {
        return ToolOutput::system("nothing is kept about that");
    }
    let (mut text, mut left_out) = (String::new(), 0);
    for fact in facts {
        let day = Timestamp::from_millisecond(fact.updated_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let day = day.strftime("%Y-%m-%d");
        let mut about = format!("{}, {day}", fact.category);
        if fact.confidence.is_doubted() {
            about.push_str(&format!(", {}", fact.confidence.word()));
        }
        if let Some(end) = fact.expires_ms {
            about.push_str(&format!(", until {}", last_day(end)));
        }
        let line = format!("- {} ({about}): {}\n", fact.key, fact.text);
        if text.len() + line.len() <= RECALL_BYTES_MAX {
            text.push_str(&line);
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        text.push_str(&format!("… and {left_out} more: ask more exactly"));
    }
    let trusted = facts.iter().all(Fact::is_trusted);
    let provenance = if trusted { Provenance::Model } else { Provenance::Tool };
    ToolOutput { text: text.trim_end().to_owned(), provenance, failed: false }
}

fn text<'a>(arguments: &'a Arguments, key: &str) -> &'a str {
    arguments.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn refused(error: MemoryError) -> ToolError {
    match error {
        MemoryError::Field { field, text } => ToolError::Arguments(format!("{field} {text}")),
        error @ (MemoryError::Trusted | MemoryError::TooMany | MemoryError::PinnedFull(_)) => {
            ToolError::Refused(error.to_string())
        }
        error => ToolError::Failed(error.to_string()),
    }
}
