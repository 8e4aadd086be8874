//! `memory list|search|add|forget|pin|unpin|expire`: what assistants remember, through the running daemon. Their history
//! is beside.

mod history;

use hyper::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::agent::{find as find_agent, text};
use super::args::{MemoryAddArgs, MemoryCommand, MemoryListArgs};
use super::client::Client;
use super::exit::{Exit, Failure, Outcome};
use super::place::Place;
use super::token::expiry;
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
        MemoryCommand::Forget { key, why, for_good } => forget(&client, &key, &why, for_good).await,
        MemoryCommand::Pin { key } => change(&client, &key, &json!({ "pinned": true }), "pinned").await,
        MemoryCommand::Unpin { key } => change(&client, &key, &json!({ "pinned": false }), "unpinned").await,
        MemoryCommand::Expire { key, when } => {
            let end = if when == "never" { None } else { Some(moment(&when)?) };
            let said = end.clone().map_or_else(|| "stays".to_owned(), |end| format!("is over at {end}"));
            change(&client, &key, &json!({ "expires_at": end }), &said).await
        }
        MemoryCommand::Log { key, json } => history::log(&client, &key, json).await,
        MemoryCommand::Diff { key, from, to, json } => history::diff(&client, &key, (from, to), json).await,
        MemoryCommand::Restore { key, version, why } => history::restore(&client, &key, version, &why).await,
    }
}

async fn list(client: &Client, args: MemoryListArgs) -> Outcome {
    if args.forgotten {
        return history::forgotten(&client.list(&format!("{MEMORY}/forgotten")).await?, args.json);
    }
    let mut path = format!("{MEMORY}?");
    if args.pinned {
        path.push_str("pinned=true&");
    }
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
    let mut body = json!({
        "key": args.key, "text": fact, "category": args.category, "tags": args.tag, "confidence": args.confidence,
        "pinned": args.pin, "why": args.why,
    });
    if let (Some(when), Some(fields)) = (&args.expires, body.as_object_mut()) {
        fields.insert("expires_at".to_owned(), moment(when)?.into());
    }
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

async fn forget(client: &Client, key: &str, why: &str, for_good: bool) -> Outcome {
    let fact = one(client, key).await?;
    let (path, version) = (address(&fact), fact.get("version").and_then(Value::as_i64));
    let reason: String = form_urlencoded::byte_serialize(why.as_bytes()).collect();
    client.change(Method::DELETE, &format!("{path}?why={reason}"), &Value::Null, version).await?;
    if for_good {
        client.delete(&format!("{path}/versions")).await?;
    }
    output::talk(if for_good { "forgotten, with its history" } else { "forgotten" });
    Ok(Exit::Done)
}

async fn change(client: &Client, key: &str, body: &Value, done: &str) -> Outcome {
    let fact = one(client, key).await?;
    let version = fact.get("version").and_then(Value::as_i64);
    client.change(Method::PATCH, &address(&fact), body, version).await?;
    output::talk(format_args!("{} {done}", text(&fact, "key")));
    Ok(Exit::Done)
}

/// The fact with this key or id.
async fn one(client: &Client, key: &str) -> Result<Value, Failure> {
    only(client.list(MEMORY).await?, key)
}

/// The one of these facts with this key or id.
fn only(all: Vec<Value>, key: &str) -> Result<Value, Failure> {
    let mut found: Vec<Value> =
        all.into_iter().filter(|fact| text(fact, "id") == key || text(fact, "key") == key).collect();
    match (found.pop(), found.len()) {
        (Some(only), 0) => Ok(only),
        (None, _) => Err(Failure::text(Exit::Failed, format_args!("there is no fact `{key}`"))
            .hint("`capuchin memory list` shows all")),
        (Some(_), more) => {
            Err(Failure::text(Exit::Failed, format_args!("{} facts have the key `{key}`", more + 1))
                .hint("name one by its id: capuchin memory list --json"))
        }
    }
}

fn address(fact: &Value) -> String {
    format!("{MEMORY}/{}", text(fact, "id"))
}

/// A time as the daemon takes it.
fn moment(when: &str) -> Result<String, Failure> {
    let parsed = expiry::parse(when, Timestamp::now());
    let moment = parsed.map_err(|error| Failure::text(Exit::Failed, error))?;
    Ok(format!("{moment:.3}"))
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
            let first = text(fact, "text").lines().next().unwrap_or_default();
            [text(fact, "key"), text(fact, "category"), &marks(fact), first].map(str::to_owned)
        })
        .collect();
    output::table(["KEY", "CATEGORY", "", "TEXT"], &rows);
    Ok(Exit::Done)
}

/// What is special about a fact.
fn marks(fact: &Value) -> String {
    let is = |field: &str| fact.get(field).and_then(Value::as_bool).unwrap_or_default();
    let sure = text(fact, "confidence_word");
    let marks = [
        (is("pinned"), "pinned"),
        (!is("trusted"), "unread"),
        (is("expired"), "over"),
        (sure == "unsure" || sure == "doubtful", sure),
    ];
    let marks: Vec<&str> = marks.into_iter().filter(|(holds, _)| *holds).map(|(_, mark)| mark).collect();
    marks.join(", ")
}
