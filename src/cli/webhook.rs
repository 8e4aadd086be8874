//! `webhook add|list|show|rotate|pause|resume|deliveries|replay|remove`, through the running daemon.

use std::io::Read as _;

use serde_json::{Value, json};

use super::args::{WebhookAddArgs, WebhookCommand};
use super::client::Client;
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;
use super::schedule;

const ENDPOINTS: &str = "/api/v1/webhook-endpoints";
/// Most bytes of a secret on the standard input.
const SECRET_BYTES_MAX: u64 = 4_096;

pub(super) async fn run(place: &Place, command: WebhookCommand) -> Outcome {
    let client = place.running()?;
    match command {
        WebhookCommand::Add(args) => add(&client, args).await,
        WebhookCommand::List(args) => list(&client, args.json).await,
        WebhookCommand::Show { name, json } => show(&client, &name, json).await,
        WebhookCommand::Rotate { name, secret, overlap_s } => {
            rotate(&client, &name, secret.as_deref(), overlap_s).await
        }
        WebhookCommand::Pause { name } => state(&client, &name, "paused").await,
        WebhookCommand::Resume { name } => state(&client, &name, "active").await,
        WebhookCommand::Deliveries { name, json } => deliveries(&client, &name, json).await,
        WebhookCommand::Replay { name, delivery } => {
            let id = found(&client, &name).await?;
            client.post(&format!("{ENDPOINTS}/{id}/deliveries/{delivery}/replay"), &json!({}), None).await?;
            output::talk("it is worked on once more");
            Ok(Exit::Done)
        }
        WebhookCommand::Remove { name } => {
            client.delete(&format!("{ENDPOINTS}/{}", found(&client, &name).await?)).await?;
            output::talk("removed");
            Ok(Exit::Done)
        }
    }
}

/// The id of the endpoint with this name or id.
async fn found(client: &Client, name: &str) -> Result<String, Failure> {
    let all = client.list(ENDPOINTS).await?;
    let found = all.iter().find(|one| text(one, "name") == name || text(one, "id") == name);
    found.map(|one| text(one, "id").to_owned()).ok_or_else(|| {
        Failure::text(Exit::Failed, format_args!("there is no webhook `{name}`"))
            .hint("`capuchin webhook list` shows all")
    })
}

/// A secret from the standard input for `-`; none to have one made. It is never an argument, which others could read.
fn secret(from: Option<&str>) -> Result<Option<String>, Failure> {
    let Some(from) = from else { return Ok(None) };
    if from != "-" {
        let hint = "`--secret -` reads it from the standard input";
        return Err(Failure::text(Exit::Failed, "a secret is not typed as an argument").hint(hint));
    }
    let mut typed = String::new();
    std::io::stdin().lock().take(SECRET_BYTES_MAX).read_to_string(&mut typed)?;
    Ok(Some(typed.trim_end_matches(['\r', '\n']).to_owned()))
}

async fn add(client: &Client, args: WebhookAddArgs) -> Outcome {
    let schedule = match &args.schedule {
        Some(name) => Some(schedule::id(client, name).await?),
        None => None,
    };
    let mut body = json!({
        "name": args.name, "source": args.source, "allowed_events": args.event, "ceiling": args.ceiling,
        "instructions": args.instructions, "rate_per_minute": args.rate,
        "schedule_id": schedule,
    });
    if let (Some(object), Some(secret)) = (body.as_object_mut(), secret(args.secret.as_deref())?) {
        object.insert("secret".to_owned(), secret.into());
    }
    let made = client.post(ENDPOINTS, &body, None).await?;
    if args.json {
        output::json(&made);
        return Ok(Exit::Done);
    }
    output::line(text(&made, "url"));
    shown_once(&made);
    Ok(Exit::Done)
}

/// A secret that was made for the caller: data, so that it can be piped; what it is, beside it.
fn shown_once(made: &Value) {
    if let Some(secret) = made.get("secret").and_then(Value::as_str) {
        output::line(secret);
        output::talk("enter address and secret at the source; the secret cannot be shown again");
    }
}

async fn rotate(client: &Client, name: &str, from: Option<&str>, overlap_s: Option<u64>) -> Outcome {
    let id = found(client, name).await?;
    let body = json!({ "secret": secret(from)?, "overlap_s": overlap_s });
    let rotated = client.post(&format!("{ENDPOINTS}/{id}/rotate"), &body, None).await?;
    shown_once(&rotated);
    output::talk(format_args!("the old secret is good until {}", text(&rotated, "old_secret_until")));
    Ok(Exit::Done)
}

async fn state(client: &Client, name: &str, state: &str) -> Outcome {
    let id = found(client, name).await?;
    client.patch(&format!("{ENDPOINTS}/{id}"), &json!({ "state": state })).await?;
    output::talk(state);
    Ok(Exit::Done)
}

async fn list(client: &Client, json: bool) -> Outcome {
    let items = client.list(ENDPOINTS).await?;
    if json {
        output::json(&json!({ "items": items, "next": null }));
        return Ok(Exit::Done);
    }
    let row = |one: &Value| {
        let refused = one.get("refused").and_then(Value::as_u64).unwrap_or_default().to_string();
        let [name, state, source, last, url] =
            ["name", "state", "source", "last_delivery_at", "url"].map(|key| text(one, key).to_owned());
        [name, state, source, last, refused, url]
    };
    let rows: Vec<_> = items.iter().map(row).collect();
    output::table(["NAME", "STATE", "SOURCE", "LAST", "REFUSED", "ADDRESS"], &rows);
    Ok(Exit::Done)
}

async fn show(client: &Client, name: &str, json: bool) -> Outcome {
    let endpoint = client.get(&format!("{ENDPOINTS}/{}", found(client, name).await?)).await?;
    if json {
        output::json(&endpoint);
        return Ok(Exit::Done);
    }
    for (key, label) in [
        ("url", "address"),
        ("source", "source"),
        ("state", "state"),
        ("ceiling", "its turns"),
        ("old_secret_until", "old secret good until"),
        ("last_delivery_at", "last delivery"),
        ("instructions", "instructions"),
    ] {
        if let Some(value) = endpoint.get(key).and_then(Value::as_str).filter(|value| !value.is_empty()) {
            output::line(format_args!("{label}: {value}"));
        }
    }
    let refusals = endpoint.get("refusals").and_then(Value::as_array).cloned().unwrap_or_default();
    for one in &refusals {
        let status = one.get("status").and_then(Value::as_u64).unwrap_or_default();
        output::line(format_args!("refused {} {status} {}", text(one, "at"), text(one, "why")));
    }
    Ok(Exit::Done)
}

async fn deliveries(client: &Client, name: &str, json: bool) -> Outcome {
    let items = client.list(&format!("{ENDPOINTS}/{}/deliveries", found(client, name).await?)).await?;
    if json {
        output::json(&json!({ "items": items, "next": null }));
        return Ok(Exit::Done);
    }
    let row =
        |one: &Value| ["id", "received_at", "event", "status", "reason"].map(|key| text(one, key).to_owned());
    let rows: Vec<_> = items.iter().map(row).collect();
    output::table(["ID", "RECEIVED", "EVENT", "STATUS", "REASON"], &rows);
    Ok(Exit::Done)
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or("-")
}
