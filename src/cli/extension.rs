//! `extension list|hooks|reload|test`: plugs, through the running daemon.

use serde_json::{Value, json};

use super::args::ExtensionCommand;
use super::client::Client;
use super::editor;
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;

const EXTENSIONS: &str = "/api/v1/extensions";

pub(super) async fn run(place: &Place, command: ExtensionCommand) -> Outcome {
    let client = place.running()?;
    match command {
        ExtensionCommand::List(args) => list(&client, args.json).await,
        ExtensionCommand::Hooks(args) => hooks(&client, args.json).await,
        ExtensionCommand::Reload => {
            let points = client.post(&format!("{EXTENSIONS}/reload"), &json!({}), None).await?;
            let plugs: usize = items(&points).iter().map(|point| plugs(point).len()).sum();
            output::talk(format_args!("in place: {plugs} plugs at {} points", items(&points).len()));
            Ok(Exit::Done)
        }
        ExtensionCommand::Test { name, hook, data } => test(&client, (name, hook), data).await,
    }
}

async fn list(client: &Client, json: bool) -> Outcome {
    let points = client.list(EXTENSIONS).await?;
    if json {
        output::json(&json!({ "items": points, "next": null }));
        return Ok(Exit::Done);
    }
    let mut rows = Vec::new();
    for point in &points {
        for plug in plugs(point) {
            let trouble = plug.pointer("/trouble/what").and_then(Value::as_str).unwrap_or_default();
            rows.push([
                text(point, "hook"),
                text(&plug, "name"),
                text(&plug, "state"),
                number(&plug, "runs").to_string(),
                number(&plug, "failures").to_string(),
                milliseconds(number(&plug, "mean_us")),
                milliseconds(number(&plug, "longest_us")),
                trouble.to_owned(),
            ]);
        }
    }
    output::table(["HOOK", "PLUG", "STATE", "RUNS", "FAILED", "MEAN", "LONGEST", "LAST TROUBLE"], &rows);
    Ok(Exit::Done)
}

async fn hooks(client: &Client, json: bool) -> Outcome {
    let hooks = client.list(&format!("{EXTENSIONS}/hooks")).await?;
    if json {
        output::json(&json!({ "items": hooks, "next": null }));
        return Ok(Exit::Done);
    }
    for hook in &hooks {
        let halts = if at(hook, "can_halt").as_bool() == Some(true) { "; a plug can halt it" } else { "" };
        output::line(format_args!("{}: {}{halts}", text(hook, "hook"), text(hook, "about")));
        output::line(format_args!("  {}", at(hook, "data")));
    }
    Ok(Exit::Done)
}

async fn test(client: &Client, (plug, hook): (String, String), data: Option<String>) -> Outcome {
    let typed = match data.as_deref() {
        Some("-") => Some(editor::from_stdin()?),
        _ => data,
    };
    let data = typed.map(|typed| {
        serde_json::from_str::<Value>(&typed).map_err(|error| {
            Failure::text(Exit::Failed, format_args!("what the plug is told is no JSON: {error}"))
        })
    });
    let wish = json!({ "plug": plug, "hook": hook, "data": data.transpose()? });
    let said = client.post(&format!("{EXTENSIONS}/test"), &wish, None).await?;
    output::json(&said);
    match at(&said, "failure").as_str() {
        Some(why) => Err(Failure::text(Exit::Failed, format_args!("the plug failed: {why}"))),
        None => Ok(Exit::Done),
    }
}

fn items(page: &Value) -> Vec<Value> {
    at(page, "items").as_array().cloned().unwrap_or_default()
}

fn plugs(point: &Value) -> Vec<Value> {
    at(point, "plugs").as_array().cloned().unwrap_or_default()
}

fn at<'v>(value: &'v Value, key: &str) -> &'v Value {
    value.get(key).unwrap_or(&Value::Null)
}

fn text(value: &Value, key: &str) -> String {
    at(value, key).as_str().unwrap_or("-").to_owned()
}

fn number(value: &Value, key: &str) -> u64 {
    at(value, key).as_u64().unwrap_or_default()
}

fn milliseconds(us: u64) -> String {
    format!("{}.{} ms", us / 1_000, us % 1_000 / 100)
}
