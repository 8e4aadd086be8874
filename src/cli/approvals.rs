//! `approvals list|show|allow|deny|ask`: questions to people.

use std::io::Read as _;

use serde_json::{Value, json};

use super::args::{ApprovalsCommand, AskArgs, DecideArgs};
use super::client::Client;
use super::described::described;
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;

const APPROVALS: &str = "/api/v1/approvals";
/// Most bytes that are read as a payload; more is refused by the daemon anyhow.
const PAYLOAD_BYTES_MAX: u64 = 64 * 1_024;

pub(super) async fn run(place: &Place, command: ApprovalsCommand) -> Outcome {
    let client = place.running()?;
    match command {
        ApprovalsCommand::List { state, json } => list(&client, &state, json).await,
        ApprovalsCommand::Show { id, json } => {
            let found = client.get(&format!("{APPROVALS}/{id}")).await?;
            show(&found, json);
            Ok(Exit::Done)
        }
        ApprovalsCommand::Allow(args) => {
            let decision = match (args.thread, args.always) {
                (true, _) => "allow_thread",
                (_, true) => "allow_always",
                (false, false) => "allow",
            };
            decide(&client, decision, &args).await
        }
        ApprovalsCommand::Deny(args) => decide(&client, "deny", &args).await,
        ApprovalsCommand::Ask(args) => ask(&client, args).await,
    }
}

async fn list(client: &Client, state: &str, json: bool) -> Outcome {
    let path = if state == "all" { APPROVALS.to_owned() } else { format!("{APPROVALS}?state={state}") };
    let items = client.list(&path).await?;
    if json {
        output::json(&json!({ "items": items, "next": null }));
    } else if items.is_empty() {
        output::talk("nothing waits for you");
    } else {
        let first_line = |item: &Value| text(item, "shown").lines().next().unwrap_or_default().to_owned();
        let rows: Vec<_> = items
            .iter()
            .map(|item| {
                [
                    text(item, "id"),
                    text(item, "state"),
                    text(item, "expires_at"),
                    first_line(item),
                    text(item, "why"),
                ]
            })
            .collect();
        output::table(["ID", "STATE", "EXPIRES", "ACTION", "WHY"], &rows);
    }
    Ok(Exit::Done)
}

async fn decide(client: &Client, decision: &str, args: &DecideArgs) -> Outcome {
    let body = json!({ "decision": decision, "reason": args.reason });
    let decided = client.post(&format!("{APPROVALS}/{}", args.id), &body, None).await?;
    if args.json {
        output::json(&decided);
    } else {
        output::talk(format_args!("{}: {}", text(&decided, "state"), text(&decided, "shown")));
    }
    Ok(Exit::Done)
}

async fn ask(client: &Client, args: AskArgs) -> Outcome {
    let payload = if args.payload == "-" { stdin()? } else { args.payload };
    let mut body = json!({ "actions": [described(&args.action)?], "payload": payload, "why": args.why });
    if let (Some(seconds), Some(body)) = (args.expires_in_s, body.as_object_mut()) {
        body.insert("expires_in_s".to_owned(), seconds.into());
    }
    let mut asked = client.post(APPROVALS, &body, None).await?;
    let id = text(&asked, "id");
    if args.no_wait {
        if args.json {
            output::json(&asked);
        } else {
            output::line(&id);
        }
        return Ok(Exit::Done);
    }
    output::talk(format_args!("asked as {id}; waiting until {}", text(&asked, "expires_at")));
    while text(&asked, "state") == "pending" {
        asked = client.get(&format!("{APPROVALS}/{id}?wait=20")).await?;
    }
    if args.json {
        output::json(&asked);
    } else {
        output::line(text(&asked, "state"));
    }
    Ok(if text(&asked, "state") == "allowed" { Exit::Done } else { Exit::Denied })
}

fn stdin() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin().take(PAYLOAD_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

fn show(item: &Value, json: bool) {
    if json {
        output::json(item);
        return;
    }
    output::line(text(item, "shown"));
    for (name, key) in [
        ("why", "why"),
        ("caused by", "source"),
        ("asked", "requested_at"),
        ("expires", "expires_at"),
        ("state", "state"),
        ("decided by", "decided_by"),
        ("reason", "reason"),
        ("digest", "digest"),
    ] {
        let value = text(item, key);
        if !value.is_empty() {
            output::line(format_args!("{name:<11}{value}"));
        }
    }
    if item.get("tainted").and_then(Value::as_bool) == Some(true) {
        output::line("The turn has read untrusted text.");
    }
}

fn text(item: &Value, key: &str) -> String {
    item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}
