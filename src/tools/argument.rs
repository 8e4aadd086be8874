//! Arguments of a call by their names. They fit the schema already; what does not is told to the model.

use serde_json::Value;

use super::{Arguments, ToolError};

/// A text that must be there.
pub(super) fn text<'a>(arguments: &'a Arguments, name: &str) -> Result<&'a str, ToolError> {
    optional_text(arguments, name)?.ok_or_else(|| ToolError::Arguments(format!("`{name}` is missing")))
}

/// A text.
pub(super) fn optional_text<'a>(arguments: &'a Arguments, name: &str) -> Result<Option<&'a str>, ToolError> {
    let wrong = || ToolError::Arguments(format!("`{name}` must be a text"));
    given(arguments, name).map(|value| value.as_str().ok_or_else(wrong)).transpose()
}

/// A yes or no; no where it is left out.
pub(super) fn flag(arguments: &Arguments, name: &str) -> Result<bool, ToolError> {
    let wrong = || ToolError::Arguments(format!("`{name}` must be true or false"));
    Ok(given(arguments, name).map(|value| value.as_bool().ok_or_else(wrong)).transpose()?.unwrap_or(false))
}

/// A number from 1.
pub(super) fn count(arguments: &Arguments, name: &str) -> Result<Option<usize>, ToolError> {
    let wrong = || ToolError::Arguments(format!("`{name}` must be a whole number from 1"));
    let number = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    given(arguments, name).map(|value| number(value).ok_or_else(wrong)).transpose()
}

/// Models write `null` for what they leave out.
fn given<'a>(arguments: &'a Arguments, name: &str) -> Option<&'a Value> {
    arguments.get(name).filter(|value| !value.is_null())
}
