//! `memory log|diff|restore`: what facts said before.

use hyper::Method;
use serde_json::{Value, json};

use super::super::agent::text;
use super::super::client::Client;
use super::super::exit::{Exit, Failure, Outcome};
use super::super::output;
use super::{MEMORY, address, only};

pub(super) async fn log(client: &Client, key: &str, as_json: bool) -> Outcome {
    let versions = versions(client, &any(client, key).await?).await?;
    if as_json {
        output::json(&json!({ "items": versions, "next": null }));
        return Ok(Exit::Done);
    }
    let rows: Vec<_> = versions
        .iter()
        .map(|version| {
            let fact = version.get("fact").unwrap_or(&Value::Null);
            let said = text(fact, "text").lines().next().unwrap_or_default();
            let fields =
                [text(version, "deed"), text(version, "at"), text(version, "by"), text(version, "why"), said];
            let [deed, at, by, why, said] = fields.map(str::to_owned);
            [number(version).to_string(), deed, at, by, why, said]
        })
        .collect();
    output::table(["VERSION", "", "WHEN", "BY", "WHY", "TEXT"], &rows);
    Ok(Exit::Done)
}

pub(super) async fn diff(
    client: &Client,
    key: &str,
    (from, to): (Option<i64>, Option<i64>),
    as_json: bool,
) -> Outcome {
    let fact = any(client, key).await?;
    let versions = versions(client, &fact).await?;
    let newest = versions.first().map(number).unwrap_or_default();
    let to = to.unwrap_or(newest);
    let from = from.or_else(|| versions.iter().map(number).find(|number| *number < to)).unwrap_or(to);
    let found = client.get(&format!("{}/diff?from={from}&to={to}", address(&fact))).await?;
    if as_json {
        output::json(&found);
        return Ok(Exit::Done);
    }
    let all = |name: &str| found.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    for field in all("fields") {
        let (name, before, after) = (text(&field, "name"), text(&field, "before"), text(&field, "after"));
        output::line(format_args!("{name}: {before} → {after}"));
    }
    let pieces: String = all("text")
        .iter()
        .map(|piece| match text(piece, "change") {
            "added" => format!("{{+{}+}}", text(piece, "text")),
            "removed" => format!("[-{}-]", text(piece, "text")),
            _ => text(piece, "text").to_owned(),
        })
        .collect();
    output::line(pieces);
    Ok(Exit::Done)
}

pub(super) async fn restore(client: &Client, key: &str, version: Option<i64>, why: &str) -> Outcome {
    let fact = any(client, key).await?;
    let path = address(&fact);
    let chosen = match version {
        Some(version) => version,
        None => before(&versions(client, &fact).await?)
            .ok_or_else(|| Failure::text(Exit::Failed, format_args!("`{key}` never said anything else")))?,
    };
    let current = client.list(MEMORY).await?;
    let current = current.iter().find(|other| text(other, "id") == text(&fact, "id"));
    let known = current.and_then(|fact| fact.get("version")).and_then(Value::as_i64);
    let body = json!({ "version": chosen, "why": why });
    let restored = client.change(Method::POST, &format!("{path}/restore"), &body, known).await?;
    output::talk(format_args!("{} says again: {}", text(&restored, "key"), text(&restored, "text")));
    Ok(Exit::Done)
}

pub(super) fn forgotten(gone: &[Value], as_json: bool) -> Outcome {
    if as_json {
        output::json(&json!({ "items": gone, "next": null }));
        return Ok(Exit::Done);
    }
    if gone.is_empty() {
        output::talk("nothing that was forgotten can be had back");
        return Ok(Exit::Done);
    }
    let rows: Vec<_> = gone
        .iter()
        .map(|version| {
            let fact = version.get("fact").unwrap_or(&Value::Null);
            let said = text(fact, "text").lines().next().unwrap_or_default();
            [text(fact, "key"), text(version, "at"), text(version, "by"), said].map(str::to_owned)
        })
        .collect();
    output::table(["KEY", "FORGOTTEN", "BY", "TEXT"], &rows);
    Ok(Exit::Done)
}

/// The newest version that says something else than the newest one; of a forgotten fact, what it said last.
fn before(versions: &[Value]) -> Option<i64> {
    let said = |version: &Value| version.get("fact").map(|fact| text(fact, "text").to_owned());
    let newest = versions.first()?;
    if matches!(text(newest, "deed"), "forgotten" | "expired") {
        return Some(number(newest));
    }
    versions.iter().find(|version| said(version) != said(newest)).map(number)
}

/// The fact with this key or id, also one that was forgotten.
async fn any(client: &Client, key: &str) -> Result<Value, Failure> {
    let mut all = client.list(MEMORY).await?;
    if !all.iter().any(|fact| text(fact, "id") == key || text(fact, "key") == key) {
        let gone = client.list(&format!("{MEMORY}/forgotten")).await?;
        all.extend(gone.into_iter().filter_map(|mut version| version.get_mut("fact").map(Value::take)));
    }
    only(all, key)
}

async fn versions(client: &Client, fact: &Value) -> Result<Vec<Value>, Failure> {
    Ok(client.list(&format!("{}/versions", address(fact))).await?)
}

fn number(version: &Value) -> i64 {
    version.get("number").and_then(Value::as_i64).unwrap_or_default()
}
