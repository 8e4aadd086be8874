//! `experiment create|list|show|start|stop|cancel|decide|rollback|diff|report|remove`, through the running daemon.

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::{ExperimentCommand, ReportFormat};
use super::client::Client;
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;
use super::workspace;

const EXPERIMENTS: &str = "/api/v1/experiments";
/// Most bytes of a file that says what is tried out.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// How often it is looked whether one is over.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// States in which nothing happens by itself any more.
const RESTING: [&str; 6] = ["created", "awaiting_human", "accepted", "rejected", "cancelled", "halted"];

pub(super) async fn run(place: &Place, command: ExperimentCommand) -> Outcome {
    let client = place.running()?;
    match command {
        ExperimentCommand::Create { file, start, wait, workspace, folder } => {
            let mut body = read(&file)?;
            let place = match (workspace, folder) {
                (Some(name), _) => Some(workspace::id(&client, &name).await?),
                (None, Some(folder)) => Some(workspace::of_folder(&client, &folder).await?),
                (None, None) => None,
            };
            if let (Some(id), Some(body)) = (place, body.as_object_mut()) {
                body.insert("workspace_id".to_owned(), id.into());
            }
            let made = client.post(EXPERIMENTS, &body, None).await?;
            let id = text(&made, "id").to_owned();
            output::line(&id);
            if start { begin(&client, &id, wait).await } else { Ok(Exit::Done) }
        }
        ExperimentCommand::Start { id, wait } => begin(&client, &id, wait).await,
        ExperimentCommand::List(args) => list(&client, args.json).await,
        ExperimentCommand::Show { id, json } => show(&client, &id, json).await,
        ExperimentCommand::Stop { id } => act(&client, (&id, "stop"), &json!({})).await,
        ExperimentCommand::Cancel { id } => act(&client, (&id, "cancel"), &json!({})).await,
        ExperimentCommand::Decide { id, decision, reason } => {
            act(&client, (&id, "decide"), &json!({ "decision": decision, "reason": reason })).await
        }
        ExperimentCommand::Rollback { id } => {
            let after = client.post(&format!("{EXPERIMENTS}/{id}/rollback"), &json!({}), None).await?;
            output::talk(format_args!("files: {}", text(&after, "applied")));
            Ok(Exit::Done)
        }
        ExperimentCommand::Diff { id, iteration } => {
            let patch = client.text(&format!("{EXPERIMENTS}/{id}/iterations/{iteration}/diff")).await?;
            output::line(patch.trim_end());
            Ok(Exit::Done)
        }
        ExperimentCommand::Report { id, format } => {
            let format = match format {
                ReportFormat::Markdown => "markdown",
                ReportFormat::Html => "html",
            };
            let report = client.text(&format!("{EXPERIMENTS}/{id}/report?format={format}")).await?;
            output::line(report.trim_end());
            Ok(Exit::Done)
        }
        ExperimentCommand::Remove { id } => {
            client.delete(&format!("{EXPERIMENTS}/{id}")).await?;
            output::talk("removed");
            Ok(Exit::Done)
        }
    }
}

/// An experiment as a person wrote it down.
pub(super) fn read(file: &Path) -> Result<Value, Failure> {
    let mut typed = String::new();
    if file == Path::new("-") {
        std::io::stdin().lock().take(FILE_BYTES_MAX).read_to_string(&mut typed)?;
    } else {
        std::fs::File::open(file)?.take(FILE_BYTES_MAX).read_to_string(&mut typed)?;
    }
    serde_json::from_str(&typed).map_err(|error| {
        Failure::text(Exit::Failed, format_args!("{} is no JSON: {error}", file.display()))
            .hint("examples/faster/experiment.json is one")
    })
}

async fn begin(client: &Client, id: &str, wait: bool) -> Outcome {
    let mut found = client.post(&format!("{EXPERIMENTS}/{id}/start"), &json!({}), None).await?;
    if wait {
        let mut told = 0;
        while !RESTING.contains(&text(&found, "state")) {
            tokio::time::sleep(LOOK_EVERY).await;
            found = client.get(&format!("{EXPERIMENTS}/{id}")).await?;
            told = tell(client, id, told).await?;
        }
    }
    output::talk(words(&found));
    Ok(Exit::Done)
}

/// Says what became of iterations since the last look; how many have ended.
async fn tell(client: &Client, id: &str, told: usize) -> Result<usize, Failure> {
    let page = client.get(&format!("{EXPERIMENTS}/{id}/iterations")).await?;
    let items = page.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    let ended: Vec<&Value> =
        items.iter().filter(|one| one.get("ended_at").is_some_and(|at| !at.is_null())).collect();
    for one in ended.iter().skip(told) {
        output::talk(format_args!(
            "iteration {}: {} · {}",
            one.get("number").and_then(Value::as_u64).unwrap_or_default(),
            text(one, "status"),
            text(one, "summary")
        ));
    }
    Ok(ended.len())
}

async fn act(client: &Client, (id, what): (&str, &str), body: &Value) -> Outcome {
    let after = client.post(&format!("{EXPERIMENTS}/{id}/{what}"), body, None).await?;
    output::talk(words(&after));
    Ok(Exit::Done)
}

fn words(found: &Value) -> String {
    let summary = found.pointer("/result/summary").and_then(Value::as_str).unwrap_or_default();
    let stopping = found.get("stopping").and_then(Value::as_bool).unwrap_or_default();
    let word = if stopping { "ends after this round" } else { text(found, "state") };
    if summary.is_empty() { word.to_owned() } else { format!("{word}: {summary}") }
}

async fn list(client: &Client, json: bool) -> Outcome {
    let items = client.list(EXPERIMENTS).await?;
    if json {
        output::json(&json!({ "items": items, "next": null }));
        return Ok(Exit::Done);
    }
    let row = |one: &Value| {
        let count = |key: &str| one.get(key).and_then(Value::as_u64).unwrap_or_default();
        let score = one.pointer("/result/score").and_then(Value::as_f64);
        let [id, state, kind, title] = ["id", "state", "kind", "title"].map(|key| text(one, key).to_owned());
        let tried = format!("{}/{}", count("iteration"), count("iterations_max"));
        [id, state, kind, tried, score.map(|score| format!("{score:.2}")).unwrap_or_default(), title]
    };
    let rows: Vec<_> = items.iter().map(row).collect();
    output::table(["ID", "STATE", "KIND", "TRIED", "SCORE", "TITLE"], &rows);
    Ok(Exit::Done)
}

async fn show(client: &Client, id: &str, json: bool) -> Outcome {
    let found = client.get(&format!("{EXPERIMENTS}/{id}")).await?;
    let page = client.get(&format!("{EXPERIMENTS}/{id}/iterations")).await?;
    let items = page.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    if json {
        output::json(&json!({ "experiment": found, "iterations": items }));
        return Ok(Exit::Done);
    }
    for key in ["title", "goal", "state", "reason", "applied", "started_at", "ended_at"] {
        if let Some(value) = found.get(key).and_then(Value::as_str) {
            output::line(format_args!("{}: {value}", key.trim_end_matches("_at")));
        }
    }
    if let Some(summary) = found.pointer("/result/summary").and_then(Value::as_str) {
        output::line(format_args!("summary: {summary}"));
    }
    let row = |one: &Value| {
        let number = one.get("number").and_then(Value::as_u64).unwrap_or_default().to_string();
        let score = one.get("score").and_then(Value::as_f64).map(|score| format!("{score:.2}"));
        [number, text(one, "status").to_owned(), score.unwrap_or_default(), text(one, "summary").to_owned()]
    };
    let rows: Vec<_> = items.iter().map(row).collect();
    output::table(["ITERATION", "RESULT", "SCORE", "WHY"], &rows);
    Ok(Exit::Done)
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or("-")
}
