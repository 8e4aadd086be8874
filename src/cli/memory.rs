//! `memory list|search|add|forget`: what assistants remember, through the running daemon.

use hyper::Method;
use serde_json::{Value, json};

use super::agent::{find as find_agent, text};
use super::args::{MemoryAddArgs, MemoryCommand, MemoryListArgs};
use super::client::Client;
use super::exit::{Exit, Failure, Outcome};
use super::place::Place;
use super::{editor, output};

const MEMORY: &str = "/api/v1/memory";

pub(super) async fn run(place: &Place, command: MemoryCommand) -> Outcome {
    let client = place.running()?;
    match command {
        MemoryCommand::List(args) => list(&client, args).await,
        MemoryCommand::Search { question, json } => {
            let words: String = form_urlencoded::byte_serialize(question.as_bytes()).collect();
            let found = client.get(&format!("{MEMORY}?q={words}")).await?;
            show(found.get("items").and_then(Value::as_array).map_or(&[], Vec::as_slice), json)
        }
        MemoryCommand::Add(args) => add(&client, args).await,
        MemoryCommand::Forget { key } => forget(&client, &key).await,
    }
}

async fn list(client: &Client, args: MemoryListArgs) -> Outcome {
    let mut path = format!("{MEMORY}?");
    if let Some(category) = &args.category {
        path.push_str(&format!("category={category}&"));
    }
    if let Some(name) = &args.assistant {
        let agent = find_agent(client, name).await?;
        path.push_str(&format!("assistant={}&", text(&agent, "id")));
    }
    let items = client.list(path.trim_end_matches(['?', '&'])).await?;
    show(&items, args.json)
}

async fn add(client: &Client, args: MemoryAddArgs) -> Outcome {
    let fact = if args.text == "-" { editor::from_stdin()? } else { args.text };
    let mut body = json!({ "key": args.key, "text": fact, "category": args.category, "tags": args.tag });
    if let (Some(name), Some(fields)) = (&args.assistant, body.as_object_mut()) {
        let agent = find_agent(client, name).await?;
        fields.insert("assistant_id".to_owned(), text(&agent, "id").into());
    }
    let made = client.post(MEMORY, &body, None).await?;
    if args.json {
        output::json(&made);
    } else {
        output::line(text(&made, "id"));
    }
    Ok(Exit::Done)
}

async fn forget(client: &Client, key: &str) -> Outcome {
    let all = client.list(MEMORY).await?;
    let found: Vec<&Value> =
        all.iter().filter(|fact| text(fact, "id") == key || text(fact, "key") == key).collect();
    let fact = match found.as_slice() {
        [only] => only,
        [] => {
            return Err(Failure::text(Exit::Failed, format_args!("there is no fact `{key}`"))
                .hint("`capuchin memory list` shows all"));
        }
        _ => {
            return Err(Failure::text(
                Exit::Failed,
                format_args!("{} facts have the key `{key}`", found.len()),
            )
            .hint("name one by its id: capuchin memory list --json"));
        }
    };
    let version = fact.get("version").and_then(Value::as_i64);
    client.change(Method::DELETE, &format!("{MEMORY}/{}", text(fact, "id")), &Value::Null, version).await?;
    output::talk("forgotten");
    Ok(Exit::Done)
}

fn show(items: &[Value], json: bool) -> Outcome {
    if json {
        output::json(&json!({ "items": items, "next": null }));
        return Ok(Exit::Done);
    }
    if items.is_empty() {
        output::talk("nothing is kept");
        return Ok(Exit::Done);
    }
    let rows: Vec<_> = items
        .iter()
        .map(|fact| {
            let trusted = fact.get("trusted").and_then(Value::as_bool).unwrap_or_default();
            let mark = if trusted { "" } else { "unread" };
            let first = text(fact, "text").lines().next().unwrap_or_default();
            [text(fact, "key"), text(fact, "category"), mark, first].map(str::to_owned)
        })
        .collect();
    output::table(["KEY", "CATEGORY", "", "TEXT"], &rows);
    Ok(Exit::Done)
}
