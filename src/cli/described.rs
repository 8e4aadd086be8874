//! Actions and patterns as people type them: `KIND FIELD=VALUE …`, or JSON.

use serde_json::{Map, Value};

use super::exit::{Exit, Failure};

/// The JSON of what was typed. `arg=…` may be repeated and makes the list `args`.
pub(super) fn described(words: &[String]) -> Result<Value, Failure> {
    let wrong = |text: String| {
        Failure::text(Exit::Failed, text)
            .hint("write for instance `run_command program=git arg=push`, or JSON")
    };
    if let [json] = words
        && json.trim_start().starts_with('{')
    {
        return serde_json::from_str(json).map_err(|error| wrong(format!("that is no JSON: {error}")));
    }
    let Some((kind, fields)) = words.split_first() else { return Err(wrong("nothing is named".to_owned())) };
    let mut object = Map::new();
    object.insert("kind".to_owned(), kind.as_str().into());
    for field in fields {
        let (name, value) = field
            .split_once('=')
            .ok_or_else(|| wrong(format!("`{field}` has no `=`: fields are written as name=value")))?;
        match name {
            "arg" => match object.entry("args").or_insert_with(|| Value::Array(Vec::new())) {
                Value::Array(args) => args.push(value.into()),
                _ => return Err(wrong("`args` and `arg` do not go together".to_owned())),
            },
            "port" | "local" | "exact" => {
                let typed = serde_json::from_str(value).unwrap_or_else(|_| value.into());
                object.insert(name.to_owned(), typed);
            }
            _ => drop(object.insert(name.to_owned(), value.into())),
        }
    }
    Ok(Value::Object(object))
}

#[cfg(test)]
mod tests;
