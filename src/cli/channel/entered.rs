//! What a person gives for a channel: settings as arguments, credentials never.

use std::fs::File;
use std::io::Read as _;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::super::client::Client;
use super::super::exit::{Exit, Failure};
use super::super::typed;
use super::text;

/// What is asked for is what the daemon says.
pub(super) const PLATFORMS: &str = "/api/v1/channel-platforms";
/// Most bytes of credentials.
const BYTES_MAX: usize = 64 << 10;

/// What a platform asks for.
pub(super) async fn platform(client: &Client, word: &str) -> Result<Value, Failure> {
    let all = client.list(PLATFORMS).await?;
    let known: Vec<_> = all.iter().map(|one| text(one, "platform").to_owned()).collect();
    all.into_iter().find(|one| text(one, "platform") == word).ok_or_else(|| {
        Failure::text(Exit::Failed, format_args!("`{word}` is none of {}", known.join(", ")))
            .hint("`capuchin channel platforms` says what each one asks for")
    })
}

/// The way in which messages come: the one that is wanted, or the platform's first.
pub(super) fn mode(platform: &Value, wanted: Option<&str>) -> Result<String, Failure> {
    let modes: Vec<_> = rows(platform, "modes").iter().filter_map(Value::as_str).collect();
    let found = match wanted {
        None => modes.first().copied(),
        Some(wanted) => modes.iter().copied().find(|mode| *mode == wanted),
    };
    found.map(str::to_owned).ok_or_else(|| {
        Failure::text(Exit::Failed, format_args!("messages of it come by {}", modes.join(" or ")))
    })
}

/// Settings from `NAME=VALUE`, as the kind of each says.
pub(super) fn settings(platform: &Value, typed: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut all = Value::Object(Map::new());
    for pair in typed {
        let fail = |why: &str| Failure::text(Exit::Failed, format_args!("`{pair}` {why}"));
        let (name, value) = pair.split_once('=').ok_or_else(|| fail("is not NAME=VALUE"))?;
        let field = rows(platform, "settings").iter().find(|field| text(field, "name") == name);
        let field = field.ok_or_else(|| {
            fail("is no setting of this platform").hint("`capuchin channel platforms` names them")
        })?;
        let value = match text(field, "kind") {
            "number" => value.parse::<u32>().map(Value::from).map_err(|_| fail("is no whole number"))?,
            "switch" => value.parse::<bool>().map(Value::from).map_err(|_| fail("is not true or false"))?,
            "lines" => value.split(',').map(str::trim).map(Value::from).collect(),
            _ => value.into(),
        };
        put(&mut all, name, value);
    }
    Ok(match all {
        Value::Object(all) => all,
        _ => Map::new(),
    })
}

/// Puts a value at a place, with `/` between names.
fn put(within: &mut Value, path: &str, value: Value) {
    if !within.is_object() {
        *within = Value::Object(Map::new());
    }
    let Value::Object(object) = within else { return };
    match path.split_once('/') {
        None => {
            object.insert(path.to_owned(), value);
        }
        Some((first, rest)) => put(object.entry(first).or_insert(Value::Null), rest, value),
    }
}

/// The credentials: from a file or stdin as one JSON object, or asked for one by one without being seen. They are never an
/// argument, which others could read.
pub(super) fn credentials(
    platform: &Value,
    mode: &str,
    from: Option<&str>,
) -> Result<Map<String, Value>, Failure> {
    if let Some(from) = from {
        return object(&read(from)?);
    }
    let mut all = Map::new();
    for field in rows(platform, "credentials") {
        let is_for = rows(field, "modes").iter().any(|one| one.as_str() == Some(mode));
        if is_for && field.get("needed") == Some(&Value::Bool(true)) {
            let name = text(field, "name");
            let value = typed::hidden(&format!("{name} ({}): ", text(field, "help")))?;
            all.insert(name.to_owned(), value.trim().into());
        }
    }
    Ok(all)
}

fn read(from: &str) -> Result<Zeroizing<String>, Failure> {
    if from == "-" {
        return typed::from_stdin(BYTES_MAX);
    }
    let bad =
        |error: std::io::Error| Failure::text(Exit::Failed, format_args!("credentials from {from}: {error}"));
    let mut all = Zeroizing::new(String::new());
    File::open(from).map_err(bad)?.take(BYTES_MAX as u64).read_to_string(&mut all).map_err(bad)?;
    Ok(all)
}

/// What is wrong is said without what it was.
fn object(json: &str) -> Result<Map<String, Value>, Failure> {
    match serde_json::from_str(json) {
        Ok(Value::Object(all)) if all.values().all(Value::is_string) => Ok(all),
        _ => {
            let hint = r#"{"bot_token": "…"}, with the names of `capuchin channel platforms`"#;
            Err(Failure::text(Exit::Failed, "credentials are one JSON object of texts").hint(hint))
        }
    }
}

/// A list within an object.
pub(super) fn rows<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests;
