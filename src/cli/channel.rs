//! `channel list|platforms|add|show|approve|block|forget|test|restart|enable|disable|credentials|remove|outbox|retry`, through
//! the running daemon.

mod entered;
mod outbox;

use serde_json::{Value, json};

use super::args::{ChannelAddArgs, ChannelCommand};
use super::client::Client;
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;
use super::workspace;

const CHANNELS: &str = "/api/v1/channels";

pub(super) async fn run(place: &Place, command: ChannelCommand) -> Outcome {
    let client = &place.running()?;
    match command {
        ChannelCommand::List(args) => list(client, args.json).await,
        ChannelCommand::Platforms(args) => platforms(client, args.json).await,
        ChannelCommand::Add(args) => add(client, args).await,
        ChannelCommand::Show { name, json } => show(client, &name, json).await,
        ChannelCommand::Approve { code, decides } => approve(client, &code, decides).await,
        ChannelCommand::Block { name, sender } => person(client, &name, (&sender, "blocked")).await,
        ChannelCommand::Forget { name, sender } => person(client, &name, (&sender, "forgotten")).await,
        ChannelCommand::Test { name, words, to } => test(client, &name, (words, to)).await,
        ChannelCommand::Restart { name } => {
            client.post(&format!("{}/restart", path(client, &name).await?), &json!({}), None).await?;
            told("it is being connected anew")
        }
        ChannelCommand::Enable { name } => change(client, &name, &json!({ "enabled": true }), "on").await,
        ChannelCommand::Disable { name } => change(client, &name, &json!({ "enabled": false }), "off").await,
        ChannelCommand::Credentials { name, mode, credentials } => {
            replace(client, &name, (mode.as_deref(), credentials.as_deref())).await
        }
        ChannelCommand::Remove { name } => {
            client.delete(&path(client, &name).await?).await?;
            told("removed")
        }
        ChannelCommand::Outbox { name, json } => outbox::list(client, name.as_deref(), json).await,
        ChannelCommand::Retry { name, obligation } => {
            outbox::retry(client, &name, obligation.as_deref()).await
        }
    }
}

/// The channel with this name or id.
async fn found(client: &Client, name: &str) -> Result<Value, Failure> {
    let all = client.list(CHANNELS).await?;
    all.into_iter().find(|one| text(one, "name") == name || text(one, "id") == name).ok_or_else(|| {
        Failure::text(Exit::Failed, format_args!("there is no channel `{name}`"))
            .hint("`capuchin channel list` shows all")
    })
}

async fn path(client: &Client, name: &str) -> Result<String, Failure> {
    Ok(format!("{CHANNELS}/{}", text(&found(client, name).await?, "id")))
}

async fn list(client: &Client, json: bool) -> Outcome {
    let items = client.list(CHANNELS).await?;
    if json {
        return printed(&items);
    }
    if items.is_empty() {
        return told("there is no channel yet; `capuchin channel add NAME --platform telegram` makes one");
    }
    let row = |one: &Value| {
        let state = if one.get("enabled") == Some(&Value::Bool(false)) { "off" } else { text(one, "state") };
        let [name, platform, us, last] =
            ["name", "platform", "us", "last_message_at"].map(|key| text(one, key).to_owned());
        [name, state.to_owned(), platform, us, last]
    };
    let rows: Vec<_> = items.iter().map(row).collect();
    output::table(["NAME", "STATE", "PLATFORM", "AS", "LAST"], &rows);
    Ok(Exit::Done)
}

async fn platforms(client: &Client, json: bool) -> Outcome {
    let items = client.list(entered::PLATFORMS).await?;
    if json {
        return printed(&items);
    }
    for platform in &items {
        let modes: Vec<_> = entered::rows(platform, "modes").iter().filter_map(Value::as_str).collect();
        output::line(format_args!("{} (messages by {})", text(platform, "platform"), modes.join(", ")));
        for kind in ["credentials", "settings"] {
            for field in entered::rows(platform, kind) {
                let needed = if field.get("needed") == Some(&Value::Bool(true)) { "" } else { " (optional)" };
                let name = text(field, "name");
                output::line(format_args!("  {name}{needed}: {}", text(field, "help")));
            }
        }
    }
    Ok(Exit::Done)
}

async fn add(client: &Client, args: ChannelAddArgs) -> Outcome {
    let platform = entered::platform(client, &args.platform).await?;
    let mode = entered::mode(&platform, args.mode.as_deref())?;
    let mut settings = entered::settings(&platform, &args.set)?;
    let given = [
        ("mode", Some(json!(mode))),
        ("groups", args.groups.map(Value::from)),
        ("allowed", Some(json!(args.allow))),
        ("ceiling", args.ceiling.map(Value::from)),
    ];
    settings.extend(given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    let workspace = match &args.workspace {
        Some(wanted) => Some(workspace::id(client, wanted).await?),
        None => None,
    };
    // Last, so that nobody types secrets for something that is refused.
    let credentials = entered::credentials(&platform, &mode, args.credentials.as_deref())?;
    let body = json!({
        "name": args.name, "platform": args.platform, "settings": settings, "credentials": credentials,
        "workspace_id": workspace,
    });
    let made = client.post(CHANNELS, &body, None).await?;
    if args.json {
        output::json(&made);
        return Ok(Exit::Done);
    }
    output::line(text(&made, "id"));
    if let Some(url) = made.get("webhook_url").and_then(Value::as_str) {
        output::talk(format_args!("the platform sends to {url}"));
    }
    told("it is being connected; write there, and approve the code: capuchin channel approve CODE")
}

async fn show(client: &Client, name: &str, json: bool) -> Outcome {
    let mut channel = found(client, name).await?;
    let people = client.get(&format!("{CHANNELS}/{}/senders", text(&channel, "id"))).await?;
    let people = people.get("items").cloned().unwrap_or_default();
    if json {
        if let Some(object) = channel.as_object_mut() {
            object.insert("senders".to_owned(), people);
        }
        output::json(&channel);
        return Ok(Exit::Done);
    }
    output::line(format_args!(
        "{}: {} on {}",
        text(&channel, "name"),
        text(&channel, "state"),
        text(&channel, "platform")
    ));
    for (key, label) in [
        ("trouble", "trouble"),
        ("us", "there it is"),
        ("webhook_url", "the platform sends to"),
        ("last_message_at", "last message"),
    ] {
        if let Some(value) = channel.get(key).and_then(Value::as_str) {
            output::line(format_args!("{label}: {value}"));
        }
    }
    let rows: Vec<_> = people.as_array().into_iter().flatten().map(person_row).collect();
    if !rows.is_empty() {
        output::table(["SENDER", "NAME", "STATE", "DECIDES", "SINCE"], &rows);
    }
    Ok(Exit::Done)
}

fn person_row(one: &Value) -> [String; 5] {
    let [sender, name, state, since] =
        ["sender", "name", "state", "created_at"].map(|key| text(one, key).to_owned());
    let decides = if one.get("decides") == Some(&Value::Bool(true)) { "yes" } else { "no" };
    [sender, name, state, decides.to_owned(), since]
}

async fn approve(client: &Client, code: &str, decides: bool) -> Outcome {
    let body = json!({ "code": code, "decides": decides });
    let person = client.post(&format!("{CHANNELS}/approve"), &body, None).await?;
    let may = if decides { "may talk and decide" } else { "may talk" };
    output::talk(format_args!("{} ({}) {may}", text(&person, "name"), text(&person, "sender")));
    Ok(Exit::Done)
}

async fn person(client: &Client, name: &str, (sender, state): (&str, &str)) -> Outcome {
    let body = json!({ "sender": sender, "state": state });
    client.post(&format!("{}/senders", path(client, name).await?), &body, None).await?;
    told(state)
}

async fn test(client: &Client, name: &str, (words, to): (Option<String>, Option<String>)) -> Outcome {
    let path = path(client, name).await?;
    let to = match to {
        Some(to) => to,
        None => only(&client.list(&format!("{path}/conversations")).await?)?,
    };
    client.post(&format!("{path}/test"), &json!({ "conversation": to, "text": words }), None).await?;
    told(&format!("it is on its way; `capuchin channel outbox {name}` says what becomes of it"))
}

/// The only conversation there is.
fn only(known: &[Value]) -> Result<String, Failure> {
    match known {
        [one] => Ok(text(one, "conversation").to_owned()),
        [] => Err(Failure::text(Exit::Failed, "nobody has written there yet")
            .hint("write there first, and approve the code")),
        many => {
            let rows: Vec<_> = many
                .iter()
                .map(|one| ["conversation", "title"].map(|key| text(one, key).to_owned()))
                .collect();
            output::table(["ADDRESS", "TITLE"], &rows);
            Err(Failure::text(Exit::Failed, "there is more than one conversation")
                .hint("choose one with --to"))
        }
    }
}

async fn change(client: &Client, name: &str, body: &Value, word: &str) -> Outcome {
    client.patch(&path(client, name).await?, body).await?;
    told(word)
}

async fn replace(client: &Client, name: &str, (mode, from): (Option<&str>, Option<&str>)) -> Outcome {
    let channel = found(client, name).await?;
    let platform = entered::platform(client, text(&channel, "platform")).await?;
    let mut settings = channel.get("settings").and_then(Value::as_object).cloned().unwrap_or_default();
    let now = settings.get("mode").and_then(Value::as_str).map(str::to_owned);
    let mode = entered::mode(&platform, mode.or(now.as_deref()))?;
    settings.insert("mode".to_owned(), json!(mode));
    let credentials = entered::credentials(&platform, &mode, from)?;
    let body = json!({ "settings": settings, "credentials": credentials });
    client.patch(&format!("{CHANNELS}/{}", text(&channel, "id")), &body).await?;
    told("replaced; it is being connected anew")
}

fn printed(items: &[Value]) -> Outcome {
    output::json(&json!({ "items": items, "next": null }));
    Ok(Exit::Done)
}

fn told(words: &str) -> Outcome {
    output::talk(words);
    Ok(Exit::Done)
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or("-")
}
