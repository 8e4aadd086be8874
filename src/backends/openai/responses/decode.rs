//! An answer of Responses as events.

use serde::Deserialize;
use serde_json::Value;

use crate::backends::answer::{Decoder, Events, truncated};
use crate::backends::failure::{self, Failure};
use crate::backends::seal;
use crate::backends::sse::SseEvent;
use crate::egress::Secret;
use crate::protocol::chat::{StopReason, ToolCall, Usage};
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent};

/// Most tool calls of one answer.
const TOOL_CALLS_MAX: usize = 128;
/// Most items of reasoning of one answer.
const SEALED_MAX: usize = 64;
/// Most bytes of them together.
const SEALED_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What is known of one answer so far.
#[derive(Default)]
pub(in crate::backends::openai) struct ItemDecoder {
    tool_calls: usize,
    refused: bool,
    /// Items of reasoning as they came, at most [`SEALED_MAX`] of [`SEALED_BYTES_MAX`] bytes.
    sealed: Vec<Value>,
    sealed_bytes: usize,
    stop: Option<StopReason>,
}

/// One event of a stream, as far as it is used.
#[derive(Deserialize)]
struct Event {
    r#type: String,
    #[serde(default)]
    delta: Option<String>,
    #[serde(default)]
    summary_index: Option<u64>,
    #[serde(default)]
    item: Option<Value>,
    #[serde(default)]
    response: Option<Response>,
}

/// The whole answer.
#[derive(Default, Deserialize)]
struct Response {
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    output: Vec<Value>,
    #[serde(default)]
    usage: Option<WireUsage>,
    #[serde(default)]
    error: Option<Value>,
    #[serde(default)]
    incomplete_details: Option<Incomplete>,
}

#[derive(Deserialize)]
struct Incomplete {
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Deserialize)]
struct WireUsage {
    #[serde(default)]
    input_tokens: u64,
    #[serde(default)]
    output_tokens: u64,
    #[serde(default)]
    input_tokens_details: Option<InputDetails>,
    #[serde(default)]
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Deserialize)]
struct InputDetails {
    #[serde(default)]
    cached_tokens: u64,
}

#[derive(Deserialize)]
struct OutputDetails {
    #[serde(default)]
    reasoning_tokens: u64,
}

impl Decoder for ItemDecoder {
    fn event(
        &mut self,
        event: SseEvent<'_>,
        key: Option<&Secret>,
        out: &mut Events,
    ) -> Result<bool, Failure> {
        // Some servers that imitate the protocol end as chat completions do.
        if event.data.trim() == "[DONE]" {
            return self.end(out).map(|()| true);
        }
        let value: Value = serde_json::from_str(event.data).map_err(|_| none_of_it())?;
        let told: Event = serde_json::from_value(value.clone()).map_err(|_| none_of_it())?;
        let delta = told.delta.filter(|text| !text.is_empty());
        match told.r#type.as_str() {
            "response.output_text.delta" => out.extend(delta.map(ModelEvent::Text)),
            "response.refusal.delta" => {
                self.refused = true;
                out.extend(delta.map(ModelEvent::Text));
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                out.extend(delta.map(ModelEvent::Thinking));
            }
            // Each part is a paragraph.
            "response.reasoning_summary_part.added" if told.summary_index.is_some_and(|index| index > 0) => {
                out.push_back(ModelEvent::Thinking("\n\n".to_owned()));
            }
            "response.output_item.done" => self.take_item(told.item.unwrap_or_default(), out)?,
            "response.completed" | "response.incomplete" | "response.failed" => {
                self.take_end(told.response.unwrap_or_default(), key, out)?;
                return self.end(out).map(|()| true);
            }
            "error" => return Err(failure::of_error_object(&value, key)),
            _ => {}
        }
        Ok(false)
    }

    fn end(&mut self, out: &mut Events) -> Result<(), Failure> {
        let stop = self.stop.take().ok_or_else(truncated)?;
        if !self.sealed.is_empty() {
            let sealed = Value::Array(std::mem::take(&mut self.sealed)).to_string();
            out.push_back(ModelEvent::ThinkingSignature([seal::RESPONSES, &sealed].concat()));
        }
        out.push_back(ModelEvent::Stop(match stop {
            StopReason::EndTurn if self.refused => StopReason::Refusal,
            StopReason::EndTurn if self.tool_calls > 0 => StopReason::ToolUse,
            stop => stop,
        }));
        Ok(())
    }

    fn is_whole(&self) -> bool {
        self.stop.is_some()
    }

    fn whole(&mut self, body: &[u8], key: Option<&Secret>, out: &mut Events) -> Result<(), Failure> {
        let mut response: Response = serde_json::from_slice(body).map_err(|_| none_of_it())?;
        if response.status.is_none() && response.output.is_empty() && response.error.is_none() {
            return Err(none_of_it());
        }
        for item in std::mem::take(&mut response.output) {
            self.say(&item, out);
            self.take_item(item, out)?;
        }
        self.take_end(response, key, out)?;
        self.end(out)
    }
}

impl ItemDecoder {
    /// What streams come to as deltas.
    fn say(&mut self, item: &Value, out: &mut Events) {
        let texts = |list: &str| item.get(list).and_then(Value::as_array).into_iter().flatten();
        for part in texts("summary") {
            out.extend(
                part.get("text").and_then(Value::as_str).map(|text| ModelEvent::Thinking(text.to_owned())),
            );
        }
        for part in texts("content") {
            let refusal = part.get("refusal").and_then(Value::as_str);
            self.refused |= refusal.is_some();
            let text = part.get("text").and_then(Value::as_str).or(refusal);
            let text = text.filter(|_| part.get("type").and_then(Value::as_str) != Some("reasoning_text"));
            out.extend(text.map(|text| ModelEvent::Text(text.to_owned())));
        }
    }

    fn take_item(&mut self, item: Value, out: &mut Events) -> Result<(), Failure> {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        match item.get("type").and_then(Value::as_str) {
            Some("function_call") => {
                if self.tool_calls >= TOOL_CALLS_MAX {
                    let text = format!("the provider asks for more than {TOOL_CALLS_MAX} tool calls");
                    return Err(failure::protocol(text));
                }
                self.tool_calls += 1;
                let mut arguments = text("arguments");
                if arguments.is_empty() {
                    arguments.push_str("{}");
                }
                // Cut by a limit: half a call is none.
                if serde_json::from_str::<serde::de::IgnoredAny>(&arguments).is_ok() {
                    let call = ToolCall { id: text("call_id"), name: text("name"), arguments };
                    out.push_back(ModelEvent::ToolCall(call));
                }
                Ok(())
            }
            Some("reasoning") => self.keep(item),
            _ => Ok(()),
        }
    }

    /// Reasoning that is not sealed cannot go back: nothing is stored that its id could name.
    fn keep(&mut self, mut item: Value) -> Result<(), Failure> {
        let Some(size) = item.get("encrypted_content").and_then(Value::as_str).map(str::len) else {
            return Ok(());
        };
        self.sealed_bytes = self.sealed_bytes.saturating_add(size);
        if self.sealed.len() >= SEALED_MAX || self.sealed_bytes > SEALED_BYTES_MAX {
            return Err(failure::protocol(format!(
                "the reasoning of the answer exceeds {SEALED_BYTES_MAX} bytes"
            )));
        }
        if let Value::Object(item) = &mut item {
            item.remove("status");
        }
        self.sealed.push(item);
        Ok(())
    }

    fn take_end(
        &mut self,
        response: Response,
        key: Option<&Secret>,
        out: &mut Events,
    ) -> Result<(), Failure> {
        out.extend(response.usage.map(|usage| ModelEvent::Usage(usage.into())));
        if let Some(error) = response.error.filter(|error| !error.is_null()) {
            return Err(failure::of_error_object(&error, key));
        }
        let why = response.incomplete_details.and_then(|details| details.reason);
        self.stop = Some(match (response.status.as_deref(), why.as_deref()) {
            (_, Some("max_output_tokens")) => StopReason::MaxTokens,
            (_, Some("content_filter")) => StopReason::Refusal,
            (Some("failed" | "cancelled"), _) => {
                let text = "the provider ended the answer without saying why";
                return Err(ModelError::new(ModelErrorKind::Upstream, text).into());
            }
            (Some("incomplete"), _) => return Err(truncated()),
            _ => StopReason::EndTurn,
        });
        Ok(())
    }
}

impl From<WireUsage> for Usage {
    fn from(usage: WireUsage) -> Self {
        Self {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cached_tokens: usage.input_tokens_details.map_or(0, |details| details.cached_tokens),
            reasoning_tokens: usage.output_tokens_details.map_or(0, |details| details.reasoning_tokens),
        }
    }
}

fn none_of_it() -> Failure {
    failure::protocol("the provider's answer is none of Responses; is base_url right, and `wire`?")
}
