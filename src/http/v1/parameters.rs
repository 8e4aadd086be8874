//! Further parameters of a call: those that are known are checked for their type, all are passed on.

use serde_json::{Map, Value};

use super::error::ApiError;

/// What a parameter must be.
#[derive(Clone, Copy)]
enum Shape {
    Number { low: f64, high: f64 },
    Integer,
    Boolean,
    Text,
    Object,
    TextOrObject,
    TextOrTexts,
}

const KNOWN: [(&str, Shape); 16] = [
    ("temperature", Shape::Number { low: 0.0, high: 2.0 }),
    ("top_p", Shape::Number { low: 0.0, high: 1.0 }),
    ("presence_penalty", Shape::Number { low: -2.0, high: 2.0 }),
    ("frequency_penalty", Shape::Number { low: -2.0, high: 2.0 }),
    ("seed", Shape::Integer),
    ("top_logprobs", Shape::Integer),
    ("logprobs", Shape::Boolean),
    ("parallel_tool_calls", Shape::Boolean),
    ("user", Shape::Text),
    ("reasoning_effort", Shape::Text),
    ("service_tier", Shape::Text),
    ("response_format", Shape::Object),
    ("logit_bias", Shape::Object),
    ("metadata", Shape::Object),
    ("tool_choice", Shape::TextOrObject),
    ("stop", Shape::TextOrTexts),
];

/// Drops what is `null`, which means "not set", and refuses what has the wrong type.
pub(super) fn check(extra: &mut Map<String, Value>) -> Result<(), ApiError> {
    extra.retain(|_, value| !value.is_null());
    for (name, shape) in KNOWN {
        if let Some(value) = extra.get(name) {
            shape
                .check(value)
                .map_err(|wanted| ApiError::invalid(name, format!("`{name}` must be {wanted}")))?;
        }
    }
    Ok(())
}

impl Shape {
    fn check(self, value: &Value) -> Result<(), String> {
        let (fits, wanted) = match self {
            Self::Number { low, high } => {
                let fits = value.as_f64().is_some_and(|number| (low..=high).contains(&number));
                return if fits { Ok(()) } else { Err(format!("a number from {low} to {high}")) };
            }
            Self::Integer => (value.is_i64() || value.is_u64(), "an integer"),
            Self::Boolean => (value.is_boolean(), "true or false"),
            Self::Text => (value.is_string(), "a string"),
            Self::Object => (value.is_object(), "an object"),
            Self::TextOrObject => (value.is_string() || value.is_object(), "a string or an object"),
            Self::TextOrTexts => {
                let texts = value.as_array().is_some_and(|list| list.iter().all(Value::is_string));
                (value.is_string() || texts, "a string or a list of strings")
            }
        };
        if fits { Ok(()) } else { Err(wanted.to_owned()) }
    }
}
