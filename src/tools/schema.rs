//! Arguments against the schema of their tool.

use serde_json::Value;

/// Mistakes that a model is told at a time.
const TOLD_MAX: usize = 3;

/// Whether arguments fit a schema; no schema fits everything, and one that is broken refuses everything. References
/// to other documents are not followed.
///
/// # Errors
/// What is wrong and where, in words from which a model can do better.
pub fn fits(schema: &Value, arguments: &Value) -> Result<(), String> {
    if schema.is_null() {
        return Ok(());
    }
    let validator = jsonschema::validator_for(schema)
        .map_err(|error| format!("the schema of this tool is broken, so it cannot be called: {error}"))?;
    let mut errors = validator.iter_errors(arguments).take(TOLD_MAX).map(|error| {
        let place = error.instance_path().to_string();
        if place.is_empty() { error.to_string() } else { format!("{place}: {error}") }
    });
    match errors.next() {
        None => Ok(()),
        Some(first) => {
            let all = std::iter::once(first).chain(errors).collect::<Vec<_>>().join("; ");
            Err(format!("the arguments do not fit the schema: {all}"))
        }
    }
}

#[cfg(test)]
mod tests;
