//! The spans of a turn's steps, in the words of OpenTelemetry's conventions for generative AI.
//!
//! The turn's own span (`invoke_agent`) is made by its actor; below it is one per step: a model call
//! (`chat`) or a tool call (`execute_tool`). Ids and counts only: never what was said.

use tracing::field::Empty;
use tracing::{Span, info_span};

use crate::protocol::chat::Usage;

/// The span of one model call.
#[must_use]
pub fn model_call(backend: &str, model: &str) -> Span {
    info_span!(
        "model_call",
        otel.name = format_args!("chat {model}"),
        otel.kind = "client",
        otel.status_code = Empty,
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = backend,
        gen_ai.request.model = model,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        error.type = Empty,
    )
}

/// The span of one tool call.
#[must_use]
pub fn tool_call(tool: &str, call_id: &str) -> Span {
    info_span!(
        "tool_call",
        otel.name = format_args!("execute_tool {tool}"),
        otel.status_code = Empty,
        gen_ai.operation.name = "execute_tool",
        gen_ai.tool.name = tool,
        gen_ai.tool.call.id = call_id,
        error.type = Empty,
    )
}

/// Notes the tokens on a turn's or a model call's span.
pub fn record_usage(span: &Span, usage: &Usage) {
    span.record("gen_ai.usage.input_tokens", usage.input_tokens);
    span.record("gen_ai.usage.output_tokens", usage.output_tokens);
}

/// Marks a span as failed, with the stable word of the failure.
pub fn record_failure(span: &Span, code: &str) {
    span.record("otel.status_code", "ERROR");
    span.record("error.type", code);
}
