//! `notification list|read|dismiss|rules|settings|test`: what people are told, and when.

mod settings;

use serde_json::{Value, json};

use super::args::{
    NotificationCommand, NotificationListArgs, NotificationRuleArgs, NotificationRulesCommand,
};
use super::client::Client;
use super::exit::{Exit, Outcome};
use super::output;
use super::place::Place;
use super::workspace;

const NOTIFICATIONS: &str = "/api/v1/notifications";
const RULES: &str = "/api/v1/notification-rules";
const PATTERNS: &str = "/api/v1/notification-patterns";

pub(super) async fn run(place: &Place, command: NotificationCommand) -> Outcome {
    let client = place.running()?;
    match command {
        NotificationCommand::List(args) => list(&client, &args).await,
        NotificationCommand::Read { all: true, .. } => {
            let marked = client.post(&format!("{NOTIFICATIONS}/read-all"), &json!({}), None).await?;
            let count = marked.get("marked_read").and_then(Value::as_u64).unwrap_or(0);
            output::talk(format_args!("{count} marked as read"));
            Ok(Exit::Done)
        }
        NotificationCommand::Read { ids, .. } => mark(&client, &ids, "read").await,
        NotificationCommand::Dismiss { ids } => mark(&client, &ids, "dismissed").await,
        NotificationCommand::Rules(command) => rules(&client, command).await,
        NotificationCommand::Settings(args) => settings::run(&client, &args).await,
        NotificationCommand::Test { way } => {
            client.post(&format!("{NOTIFICATIONS}/test"), &json!({ "way": way }), None).await?;
            output::talk("it is on its way; if it does not arrive, the inbox says why");
            Ok(Exit::Done)
        }
    }
}

async fn list(client: &Client, args: &NotificationListArgs) -> Outcome {
    let mut path = format!("{NOTIFICATIONS}?limit={}", args.limit);
    for (name, value) in
        [("status", &args.status), ("category", &args.category), ("severity", &args.severity)]
    {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={value}"));
        }
    }
    let page = client.get(&path).await?;
    if args.json {
        output::json(&page);
        return Ok(Exit::Done);
    }
    let items = page.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    if items.is_empty() {
        output::talk("there are no notifications");
        return Ok(Exit::Done);
    }
    let of = |item: &Value| {
        let times = item.get("count").and_then(Value::as_u64).unwrap_or(1);
        let times = if times > 1 { format!("{times}×") } else { String::new() };
        [
            text(item, "id"),
            text(item, "severity"),
            text(item, "status"),
            text(item, "last_at"),
            times,
            text(item, "title"),
        ]
    };
    let rows: Vec<_> = items.iter().map(of).collect();
    output::table(["ID", "SEVERITY", "STATUS", "LAST", "", "TITLE"], &rows);
    Ok(Exit::Done)
}

async fn mark(client: &Client, ids: &[String], status: &str) -> Outcome {
    for id in ids {
        client.patch(&format!("{NOTIFICATIONS}/{id}"), &json!({ "status": status })).await?;
    }
    output::talk(format_args!("{} {status}", ids.len()));
    Ok(Exit::Done)
}

async fn rules(client: &Client, command: NotificationRulesCommand) -> Outcome {
    match command {
        NotificationRulesCommand::List(args) => {
            let items = client.list(RULES).await?;
            if args.json {
                output::json(&json!({ "items": items, "next": null }));
            } else if items.is_empty() {
                output::talk("there are no rules: warnings and errors are in the inbox, and go nowhere else");
            } else {
                let rows: Vec<_> = items.iter().map(row).collect();
                output::table(["ID", "PATTERN", "FROM", "GOES TO", "WORKSPACE"], &rows);
            }
        }
        NotificationRulesCommand::Patterns(args) => {
            let items = client.list(PATTERNS).await?;
            if args.json {
                output::json(&json!({ "items": items, "next": null }));
            } else {
                let of = |item: &Value| [text(item, "pattern"), text(item, "severity"), text(item, "text")];
                let rows: Vec<_> = items.iter().map(of).collect();
                output::table(["PATTERN", "SEVERITY", "WHAT HAPPENED"], &rows);
            }
        }
        NotificationRulesCommand::Set(args) => return set(client, args).await,
        NotificationRulesCommand::Remove { id } => {
            client.delete(&format!("{RULES}/{id}")).await?;
            output::talk("removed");
        }
    }
    Ok(Exit::Done)
}

/// The rule of a workspace, or of everything, with this pattern: changed where there is one, else made.
async fn set(client: &Client, args: NotificationRuleArgs) -> Outcome {
    let workspace = match &args.workspace {
        Some(wanted) => Some(workspace::id(client, wanted).await?),
        None => None,
    };
    let known = client.list(RULES).await?;
    let found = known.iter().find(|rule| {
        text(rule, "pattern") == args.pattern
            && text(rule, "workspace_id") == workspace.as_deref().unwrap_or_default()
    });
    let rule = match found {
        Some(rule) => {
            let change =
                json!({ "severity": args.severity, "delivery": args.delivery, "enabled": !args.off });
            client.patch(&format!("{RULES}/{}", text(rule, "id")), &change).await?
        }
        None => {
            let new = json!({
                "pattern": args.pattern, "severity": args.severity, "delivery": args.delivery, "enabled": !args.off,
                "workspace_id": workspace,
            });
            client.post(RULES, &new, None).await?
        }
    };
    if args.json {
        output::json(&rule);
    } else {
        let [_, pattern, from, to, _] = row(&rule);
        output::talk(format_args!("{pattern}: {from}, {to}"));
    }
    Ok(Exit::Done)
}

fn row(rule: &Value) -> [String; 5] {
    let is_on = rule.get("enabled").and_then(Value::as_bool) == Some(true);
    let to = if is_on { text(rule, "delivery") } else { "muted".to_owned() };
    [text(rule, "id"), text(rule, "pattern"), text(rule, "severity"), to, text(rule, "workspace_id")]
}

fn text(item: &Value, key: &str) -> String {
    item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}
