//! `model list|probes|refresh|probe`: what can be picked, through the running daemon.

use serde_json::{Map, Value, json};

use super::args::ModelCommand;
use super::client::Client;
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;

const MODELS: &str = "/api/v1/models";
const PROBES: &str = "/api/v1/model-probes";

pub(super) async fn run(place: &Place, command: ModelCommand) -> Outcome {
    let client = place.running()?;
    match command {
        ModelCommand::List { all, json } => list(&client, all, json).await,
        ModelCommand::Probes(args) => probes(&client, args.json).await,
        ModelCommand::Refresh { backend } => refresh(&client, backend.as_deref()).await,
        ModelCommand::Probe { backend, every, on, off } => {
            let enabled = (on || off).then_some(on);
            change(&client, &backend, enabled, every).await
        }
    }
}

async fn list(client: &Client, all: bool, json: bool) -> Outcome {
    let path = if all { format!("{MODELS}?state=all") } else { MODELS.to_owned() };
    let models = client.list(&path).await?;
    if json {
        output::json(&json!({ "items": models, "next": null }));
        return Ok(Exit::Done);
    }
    let row = |model: &Value| {
        let count = |key: &str| number(at(model, key));
        [
            text(model, "id"),
            text(model, "display_name"),
            text(model, "state"),
            count("context_tokens"),
            count("output_tokens"),
            price(at(model, "price")),
            text(model, "source"),
        ]
    };
    let rows: Vec<_> = models.iter().map(row).collect();
    output::table(["MODEL", "NAME", "STATE", "TAKES", "ANSWERS", "USD PER MILLION", "KNOWN FROM"], &rows);
    Ok(Exit::Done)
}

async fn probes(client: &Client, json: bool) -> Outcome {
    let probes = client.list(PROBES).await?;
    if json {
        output::json(&json!({ "items": probes, "next": null }));
        return Ok(Exit::Done);
    }
    let rows: Vec<_> = probes.iter().map(probe_row).collect();
    output::table(["BACKEND", "STATE", "MODELS", "EVERY", "ANSWERED", "NEXT", "LAST TROUBLE"], &rows);
    Ok(Exit::Done)
}

fn probe_row(probe: &Value) -> [String; 7] {
    [
        text(probe, "id"),
        text(probe, "state"),
        number(at(probe, "models")),
        format!("{} s", number(at(probe, "every_s"))),
        text(probe, "answered_at"),
        text(probe, "next_at"),
        text(probe, "error"),
    ]
}

async fn refresh(client: &Client, backend: Option<&str>) -> Outcome {
    let mut exit = Exit::Done;
    for id in named(client, backend).await? {
        let probe = client.post(&format!("{PROBES}/{id}/refresh"), &json!({}), None).await?;
        match at(&probe, "error").as_str() {
            Some(why) => {
                output::talk(format_args!("{id}: {why}"));
                exit = Exit::Failed;
            }
            None => output::talk(format_args!("{id}: {} models", number(at(&probe, "models")))),
        }
    }
    Ok(exit)
}

async fn change(client: &Client, backend: &str, enabled: Option<bool>, every: Option<u64>) -> Outcome {
    let mut wish = Map::new();
    wish.extend(enabled.map(|enabled| ("enabled".to_owned(), enabled.into())));
    wish.extend(every.map(|every| ("every_s".to_owned(), every.into())));
    if wish.is_empty() {
        return Err(Failure::text(Exit::Failed, "say what to change: --every SECONDS, --on or --off"));
    }
    let wish = Value::Object(wish);
    for id in named(client, Some(backend)).await? {
        let probe = client.patch(&format!("{PROBES}/{id}"), &wish).await?;
        output::talk(format_args!(
            "{id}: {}, every {} s",
            text(&probe, "state"),
            number(at(&probe, "every_s"))
        ));
    }
    Ok(Exit::Done)
}

/// The probes that a name stands for: one, those of a backend, or all.
async fn named(client: &Client, name: Option<&str>) -> Result<Vec<String>, Failure> {
    let fits =
        |probe: &Value| name.is_none_or(|name| text(probe, "id") == name || text(probe, "backend") == name);
    let probes = client.list(PROBES).await?;
    let found: Vec<String> =
        probes.iter().filter(|probe| fits(probe)).map(|probe| text(probe, "id")).collect();
    if found.is_empty() {
        let name = name.unwrap_or("any");
        return Err(Failure::text(
            Exit::Failed,
            format_args!("there is no backend `{name}`; see `capuchin model probes`"),
        ));
    }
    Ok(found)
}

/// US dollars per million tokens, in and out.
fn price(price: &Value) -> String {
    let of = |key: &str| at(price, key).as_u64();
    let dollars = |nano: u64| format!("{}.{:02}", nano / 1_000, nano % 1_000 / 10);
    match (of("input_nano"), of("output_nano")) {
        (Some(0), Some(0)) => "free".to_owned(),
        (Some(input), Some(output)) => format!("{}/{}", dollars(input), dollars(output)),
        _ => "-".to_owned(),
    }
}

fn at<'v>(value: &'v Value, key: &str) -> &'v Value {
    value.get(key).unwrap_or(&Value::Null)
}

fn text(value: &Value, key: &str) -> String {
    at(value, key).as_str().unwrap_or("-").to_owned()
}

fn number(value: &Value) -> String {
    value.as_u64().map_or_else(|| "-".to_owned(), |number| number.to_string())
}
