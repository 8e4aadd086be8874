//! `schedule add|list|show|runs|next|run|cancel|pause|resume|pause-all|resume-all|remove`, through the running daemon.

use serde_json::{Map, Value, json};

use super::args::{ScheduleAddArgs, ScheduleCommand};
use super::client::Client;
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;
use super::workspace;

const SCHEDULES: &str = "/api/v1/schedules";

pub(super) async fn run(place: &Place, command: ScheduleCommand) -> Outcome {
    let client = place.running()?;
    match command {
        ScheduleCommand::Add(args) => add(&client, *args).await,
        ScheduleCommand::List(args) => list(&client, args.json).await,
        ScheduleCommand::Show { name, json } => show(&client, &name, json).await,
        ScheduleCommand::Runs { name, slot, json } => runs(&client, &name, slot.as_deref(), json).await,
        ScheduleCommand::Next { name, count, json } => next(&client, &name, count, json).await,
        ScheduleCommand::Run { name, key } => {
            let path = format!("{SCHEDULES}/{}/run-now", id(&client, &name).await?);
            let run = client.post(&path, &json!({}), key.as_deref()).await?;
            output::line(text(&run, "id"));
            output::talk(format_args!("`capuchin schedule runs {name}` shows what becomes of it"));
            Ok(Exit::Done)
        }
        ScheduleCommand::Cancel { run } => {
            let run = client.post(&format!("/api/v1/schedule-runs/{run}/cancel"), &json!({}), None).await?;
            output::talk(text(&run, "state"));
            Ok(Exit::Done)
        }
        ScheduleCommand::Pause { name } => turn(&client, &name, "pause").await,
        ScheduleCommand::Resume { name } => turn(&client, &name, "resume").await,
        ScheduleCommand::PauseAll => {
            client.post(&format!("{SCHEDULES}/pause-all"), &json!({}), None).await?;
            output::talk("all schedules rest until `capuchin schedule resume-all`");
            Ok(Exit::Done)
        }
        ScheduleCommand::ResumeAll => {
            client.post(&format!("{SCHEDULES}/resume-all"), &json!({}), None).await?;
            output::talk("schedules go on; those that are paused by themselves stay so");
            Ok(Exit::Done)
        }
        ScheduleCommand::Remove { name } => {
            client.delete(&format!("{SCHEDULES}/{}", id(&client, &name).await?)).await?;
            output::talk("removed");
            Ok(Exit::Done)
        }
    }
}

/// The id of the schedule with this name or id.
pub(super) async fn id(client: &Client, name: &str) -> Result<String, Failure> {
    let all = client.list(SCHEDULES).await?;
    let found = all.iter().find(|one| text(one, "name") == name || text(one, "id") == name);
    found.map(|one| text(one, "id").to_owned()).ok_or_else(|| {
        Failure::text(Exit::Failed, format_args!("there is no schedule `{name}`"))
            .hint("`capuchin schedule list` shows all")
    })
}

async fn add(client: &Client, args: ScheduleAddArgs) -> Outcome {
    let json = args.json;
    let body = wanted(client, args).await?;
    let made = client.post(SCHEDULES, &body, None).await?;
    if json {
        output::json(&made);
        return Ok(Exit::Done);
    }
    output::line(text(&made, "id"));
    output::talk(format_args!("{} ({})", text(&made, "words"), text(&made, "zone")));
    let ahead = client.get(&format!("{SCHEDULES}/{}/next", text(&made, "id"))).await?;
    for slot in ahead.get("items").and_then(Value::as_array).into_iter().flatten() {
        output::talk(format_args!("  {}{}", text(slot, "local"), moved(slot)));
    }
    Ok(Exit::Done)
}

/// The schedule that these arguments mean.
async fn wanted(client: &Client, args: ScheduleAddArgs) -> Result<Value, Failure> {
    let arguments: Option<Value> =
        args.arguments.as_deref().map(serde_json::from_str).transpose().map_err(|error| {
            Failure::text(Exit::Failed, format_args!("the arguments are not JSON: {error}"))
                .hint("they look like '{\"path\": \"notes.md\"}'")
        })?;
    let experiment = args.experiment.as_deref().map(super::experiment::read).transpose()?;
    let workspace = match args.workspace {
        Some(name) => Some(workspace::id(client, &name).await?),
        None => None,
    };
    let given = [
        ("catch_up", args.catch_up.map(Value::from)),
        ("overlap", args.overlap.map(Value::from)),
        ("jitter_s", args.jitter_s.map(Value::from)),
        ("timeout_s", args.timeout_s.map(Value::from)),
        ("retries", args.retries.map(Value::from)),
        ("runs_max", args.runs_max.map(Value::from)),
    ];
    let policies: Map<String, Value> =
        given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    Ok(json!({
        "name": args.name, "prompt": args.prompt, "tool": args.tool, "arguments": arguments,
        "experiment": experiment, "at": args.at,
        "every": args.every, "cron": args.cron, "rrule": args.rrule, "zone": args.zone, "thread_id": args.thread,
        "new_thread": args.new_thread, "workspace_id": workspace, "ceiling": args.ceiling, "policies": policies,
    }))
}

async fn list(client: &Client, json: bool) -> Outcome {
    let items = client.list(SCHEDULES).await?;
    if json {
        output::json(&json!({ "items": items, "next": null }));
        return Ok(Exit::Done);
    }
    let row =
        |one: &Value| ["name", "state", "words", "zone", "next_at"].map(|key| text(one, key).to_owned());
    let rows: Vec<_> = items.iter().map(row).collect();
    output::table(["NAME", "STATE", "WHEN", "ZONE", "NEXT"], &rows);
    let hold = client.get(&format!("{SCHEDULES}/pause-all")).await?;
    if hold.get("paused").and_then(Value::as_bool) == Some(true) {
        output::talk(format_args!(
            "all of them are paused since {} by {}",
            text(&hold, "since"),
            text(&hold, "by")
        ));
    }
    Ok(Exit::Done)
}

async fn show(client: &Client, name: &str, json: bool) -> Outcome {
    let schedule = client.get(&format!("{SCHEDULES}/{}", id(client, name).await?)).await?;
    if json {
        output::json(&schedule);
        return Ok(Exit::Done);
    }
    for (key, label) in [
        ("state", "state"),
        ("reason", "why"),
        ("words", "when"),
        ("zone", "zone"),
        ("next_at", "next"),
        ("place", "thread"),
        ("ceiling", "its turns"),
        ("made_by", "made by"),
    ] {
        if let Some(value) = schedule.get(key).and_then(Value::as_str).filter(|value| !value.is_empty()) {
            output::line(format_args!("{label}: {value}"));
        }
    }
    for key in ["job", "policies"] {
        let value = schedule.get(key).map(Value::to_string).unwrap_or_default();
        output::line(format_args!("{key}: {value}"));
    }
    Ok(Exit::Done)
}

async fn runs(client: &Client, name: &str, slot: Option<&str>, json: bool) -> Outcome {
    let path = format!("{SCHEDULES}/{}/runs", id(client, name).await?);
    let items = match slot {
        None => client.list(&path).await?,
        Some(slot) => {
            let slot: String =
                slot.chars().map(|c| if c == '+' { "%2B".to_owned() } else { c.to_string() }).collect();
            let page = client.get(&format!("{path}?slot={slot}")).await?;
            page.get("items").and_then(Value::as_array).cloned().unwrap_or_default()
        }
    };
    if json {
        output::json(&json!({ "items": items, "next": null }));
        return Ok(Exit::Done);
    }
    let row = |one: &Value| {
        let slots = one.get("slots").and_then(Value::as_u64).unwrap_or(1);
        let count = if slots == 0 { "many".to_owned() } else { slots.to_string() };
        let [slot, state, reason, id] =
            ["slot_at", "state", "reason", "id"].map(|key| text(one, key).to_owned());
        [slot, count, state, id, reason]
    };
    let rows: Vec<_> = items.iter().map(row).collect();
    output::table(["TIME", "TIMES", "STATE", "RUN", "WHY"], &rows);
    Ok(Exit::Done)
}

async fn next(client: &Client, name: &str, count: u32, json: bool) -> Outcome {
    let ahead = client.get(&format!("{SCHEDULES}/{}/next?count={count}", id(client, name).await?)).await?;
    if json {
        output::json(&ahead);
        return Ok(Exit::Done);
    }
    for slot in ahead.get("items").and_then(Value::as_array).into_iter().flatten() {
        output::line(format_args!("{}{}", text(slot, "local"), moved(slot)));
    }
    Ok(Exit::Done)
}

/// What is said of a time that clocks never show.
fn moved(slot: &Value) -> &'static str {
    match slot.get("moved").and_then(Value::as_bool) {
        Some(true) => "  (moved: clocks are put forward over its time)",
        _ => "",
    }
}

async fn turn(client: &Client, name: &str, how: &str) -> Outcome {
    let id = id(client, name).await?;
    let turned = client.post(&format!("{SCHEDULES}/{id}/{how}"), &json!({}), None).await?;
    output::talk(text(&turned, "state"));
    Ok(Exit::Done)
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or("-")
}
