//! `agent create|list|show|delete|edit|route`: assistants and their files, through the running daemon.

use std::io::IsTerminal as _;

use hyper::Method;
use serde_json::{Value, json};

use super::args::{AgentCommand, AgentCreateArgs};
use super::client::Client;
use super::exit::{Exit, Failure, Outcome};
use super::place::Place;
use super::{editor, output};
use crate::models::{Link, Routing};

pub(super) const ASSISTANTS: &str = "/api/v1/assistants";

pub(super) async fn run(place: &Place, command: AgentCommand) -> Outcome {
    let client = place.running()?;
    match command {
        AgentCommand::Create(args) => create(&client, args).await,
        AgentCommand::List(args) => list(&client, args.json).await,
        AgentCommand::Show { name, json } => show(&client, &name, json).await,
        AgentCommand::Delete { name } => {
            let agent = find(&client, &name).await?;
            let version = agent.get("version").and_then(Value::as_i64);
            let path = format!("{ASSISTANTS}/{}", text(&agent, "id"));
            client.change(Method::DELETE, &path, &Value::Null, version).await?;
            output::talk("deleted");
            Ok(Exit::Done)
        }
        AgentCommand::Route { name, clear, routing } => {
            let wanted = if clear { Some(Routing::default()) } else { routing.routing() };
            route(&client, &name, wanted).await
        }
        AgentCommand::Edit { name, file } => edit(place, &client, &name, &file).await,
    }
}

/// The assistant with this name, or else with this id.
pub(super) async fn find(client: &Client, name: &str) -> Result<Value, Failure> {
    let all = client.list(ASSISTANTS).await?;
    let by = |key: &str| all.iter().find(|agent| text(agent, key) == name).cloned();
    by("name").or_else(|| by("id")).ok_or_else(|| {
        Failure::text(Exit::Failed, format_args!("there is no assistant `{name}`"))
            .hint("`capuchin agent list` shows all")
    })
}

async fn create(client: &Client, args: AgentCreateArgs) -> Outcome {
    let backend = args.backend.unwrap_or_else(|| "demo".to_owned());
    let mut body = json!({ "name": args.name, "backend": backend });
    if let (Some(fields), Some(routing)) = (body.as_object_mut(), args.routing.routing()) {
        fields.insert("routing".to_owned(), json!(routing));
    }
    let more = [("model", args.model), ("system_prompt", args.system_prompt)];
    if let Some(fields) = body.as_object_mut() {
        let given = more.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into())));
        fields.extend(given);
    }
    let made = client.post(ASSISTANTS, &body, None).await?;
    if args.json {
        output::json(&made);
    } else {
        output::line(text(&made, "id"));
        output::talk(format_args!("write what it is with: capuchin agent edit {} SOUL", args.name));
    }
    Ok(Exit::Done)
}

/// Shows the chain of an assistant, as it is or as it was wanted.
async fn route(client: &Client, name: &str, wanted: Option<Routing>) -> Outcome {
    let mut agent = find(client, name).await?;
    if let Some(routing) = wanted {
        let version = agent.get("version").and_then(Value::as_i64);
        let path = format!("{ASSISTANTS}/{}", text(&agent, "id"));
        agent = client.change(Method::PATCH, &path, &json!({ "routing": routing }), version).await?;
    }
    for link in chain(&agent) {
        output::line(link);
    }
    if agent.pointer("/routing/local_only").and_then(Value::as_bool) == Some(true) {
        output::talk("only models on this machine are asked");
    }
    Ok(Exit::Done)
}

/// The models of an assistant in the order in which they are asked, with their conditions.
fn chain(agent: &Value) -> Vec<Link> {
    let routing = agent.get("routing").cloned().unwrap_or_default();
    // silent-ok: a daemon of another version may say it differently; its own model is shown then
    let routing: Routing = serde_json::from_value(routing).unwrap_or_default();
    routing.chain(text(agent, "backend"), text(agent, "model"))
}

async fn list(client: &Client, json: bool) -> Outcome {
    let items = client.list(ASSISTANTS).await?;
    if json {
        output::json(&json!({ "items": items, "next": null }));
        return Ok(Exit::Done);
    }
    let rows: Vec<_> = items
        .iter()
        .map(|agent| {
            let mark = if agent.get("is_default").and_then(Value::as_bool) == Some(true) { "*" } else { "" };
            [mark, text(agent, "name"), text(agent, "backend"), text(agent, "model"), text(agent, "id")]
                .map(str::to_owned)
        })
        .collect();
    output::table(["", "NAME", "BACKEND", "MODEL", "ID"], &rows);
    Ok(Exit::Done)
}

async fn show(client: &Client, name: &str, json: bool) -> Outcome {
    let mut agent = find(client, name).await?;
    let files = client.get(&format!("{ASSISTANTS}/{}/files", text(&agent, "id"))).await?;
    let files = files.get("items").cloned().unwrap_or_default();
    if json {
        if let Some(fields) = agent.as_object_mut() {
            fields.insert("files".to_owned(), files);
        }
        output::json(&agent);
        return Ok(Exit::Done);
    }
    for link in chain(&agent).into_iter().skip(1) {
        output::line(format_args!("{:<15} {link}", "fallback"));
    }
    for key in ["id", "name", "backend", "model", "permission_mode", "autonomy", "system_prompt"] {
        output::line(format_args!("{key:<15} {}", text(&agent, key)));
    }
    let rows: Vec<_> = files
        .as_array()
        .into_iter()
        .flatten()
        .map(|file| {
            let bytes = file.get("bytes").and_then(Value::as_u64).unwrap_or_default();
            [text(file, "name").to_owned(), bytes.to_string(), text(file, "purpose").to_owned()]
        })
        .collect();
    output::line("");
    output::table(["FILE", "BYTES", "WHAT BELONGS THERE"], &rows);
    Ok(Exit::Done)
}

/// Puts a text in the place of the file that was read: somebody else's change in between is not lost.
async fn edit(place: &Place, client: &Client, name: &str, file: &str) -> Outcome {
    let agent = find(client, name).await?;
    let path = format!("{ASSISTANTS}/{}/files/{file}", text(&agent, "id"));
    let known = client.get(&path).await.map_err(|error| {
        Failure::from(error).hint("the files are IDENTITY, SOUL, USER, TOOLS, AGENTS and MEMORY")
    })?;
    let before = text(&known, "text");
    let after = if std::io::stdin().is_terminal() {
        editor::edit(place, text(&known, "name"), before)?
    } else {
        editor::from_stdin()?
    };
    if after == before {
        output::talk("nothing is changed");
        return Ok(Exit::Done);
    }
    let version = known.get("version").and_then(Value::as_i64);
    let written = client.put(&path, &json!({ "text": after }), version).await?;
    output::talk(format_args!("{} is written; it counts from the next message on", text(&written, "name")));
    if written.get("cut").and_then(Value::as_bool) == Some(true) {
        output::talk("it is longer than a prompt takes: only its beginning counts");
    }
    Ok(Exit::Done)
}

pub(super) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
